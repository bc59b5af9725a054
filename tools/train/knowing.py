"""Questions on the facts of models/own-facts.txt, on days, months, numbers and small sums."""
from words import *  # noqa: F403

MASS = set("grass snow ice wind lightning bread cheese butter rice sugar salt honey soup coffee tea water milk furniture music gold iron wood plastic oxygen scissors sand fire peace swimming football tennis chess breakfast lunch dinner winter summer spring autumn war medicine skin rain fog flour oil soap blood hair money "
           "silver glass paper wool stone electricity email luck love fear chocolate lemonade juice stairs television love".split())
UNIQUE = set("moon sun sky sea ocean internet".split())


def named(noun):
    """a dog, the moon, milk"""
    return "the " + noun if noun in UNIQUE else noun if noun in MASS else article(noun)


def many(noun):
    return named(noun) if noun in UNIQUE or noun in MASS else plural(noun)


def say_please(q):
    return q[:-1] + ", please." if q.endswith(".") and chance(0.15) else q


def thing(f):
    noun, rest = pick(f["things"])
    what, more = [s.strip() for s in rest.split("|")]
    a, m = named(noun), many(noun)
    q = pick([f"What is {a}?", f"What is {a}?", f"What is {a}?", f"Tell me about {m}.", f"Tell me something about {m}.",
        f"Tell me something about {a}.", f"Explain what {a} is.", f"Can you explain what {a} is?", f"What does the word {noun} mean?",
        f"What do you know about {m}?", f"Describe {a}.", f"Define {noun}.", f"Write a sentence about {a}.", f"Write one sentence about {a}.",
              f"Tell me a little about {m}.", f"What can you tell me about {m}?", f"Say something about {m}.", f"Do you know what {a} is?",
                  f"Write two sentences about {a}.", f"Give me a fact about {m}.", f"Please tell me what {a} is.", f"What exactly is {a}?",
                  f"{capital(noun)}: what is that?"])
    verb = "are" if noun in ("scissors", "stairs") else "is"
    first = f"{capital(a)} {verb} {what}."
    if "entence" in q and "two" not in q:
        return q, more if re.search(rf"\b{noun}s?\b", more.lower()) and chance(0.5) else first
    if "fact" in q:
        return q, more if re.search(rf"\b{noun}s?\b", more.lower()) else first
    return say_please(q), first + (" " + more if chance(0.8) or "two" in q else "")


def guess(f):
    noun, rest = pick(f["things"])
    what = rest.split("|")[0].strip()
    return pick([f"What do you call {what}?", f"What is the word for {what}?", f"Which word means: {what}?"]), pick([f"That is {named(noun)}.",
        f"It is called {named(noun)}."])


def group(f):
    kind, members = pick(f["groups"])
    members = [m.strip() for m in members.split(",")]
    n = rng.randint(2, min(5, len(members)))
    if chance(0.4):
        n = min(3, len(members))
    some = rng.sample(members, n)
    k = numeral(n)
    q = pick([f"Name {k} {kind}.", f"Name {k} {kind}.", f"List {k} {kind}.", f"Give me {k} {kind}.", f"Can you name {k} {kind}?",
        f"Tell me {k} {kind}.", f"Write down {k} {kind}.", f"What are {k} {kind}?", f"Give me {k} examples of {kind}.", f"I need {k} {kind}.",
        f"Please name {k} {kind}.", f"Which {kind} do you know?"])
    if chance(0.2):
        return q, "\n".join(f"{i + 1}. {capital(s)}" for i, s in enumerate(some))
    if q.startswith("Which"):
        return q, f"I know {joined(some)}."
    return q, pick([f"{capital(joined(some))}.", f"{capital(k)} {kind} are {joined(some)}."])


def belongs(f):
    (a, ma), (b, mb) = rng.sample(f["groups"], 2)
    ma, mb = [m.strip() for m in ma.split(",")], [m.strip() for m in mb.split(",")]
    odd = pick(mb)
    if odd in ma or any(m in mb for m in ma) or any(w in a for w in ("things", "animals", "big", "small")):
        return group(f)
    row = rng.sample(ma, min(3, len(ma))) + [odd]
    rng.shuffle(row)
    return pick([f"Which one does not belong: {joined(row)}?",
        f"Which word does not fit: {', '.join(row)}?"]), f"{capital(odd)} does not belong, because the others are {a}."


def capitals(f):
    land, city = pick(f["capitals"])
    other_land, other = pick(f["capitals"])
    k = rng.random()
    if k < 0.55:
        return pick([f"What is the capital of {land}?", f"Which city is the capital of {land}?", f"Tell me the capital of {land}.",
            f"Do you know the capital of {land}?", f"Capital of {land}?", f"What is {land}'s capital?", f"What is the name of the capital of {land}?",
            f"I want to know the capital of {land}.", f"Name the capital of {land}.", f"What is the capital city of {land}?",
            f"Which city is the capital of {land}, not far from {other_land}?", f"Which is the capital of {land}?",
                     f"What is the capital of {other_land}'s neighbor {land}?",
                         f"What is the capital of the country {land}?"]), f"The capital of {land} is {city}."
    if k < 0.78:
        return pick([f"{city} is the capital of which country?", f"Of which country is {city} the capital?", f"Where is {city}?",
            f"In which country is {city}?", f"Which country has the capital {city}?",
            f"Where is the city of {city}?"]), pick([f"{city} is the capital of {land}.", f"{city} is in {land}."])
    if k < 0.85:
        return f"Is {city} the capital of {land}?", f"Yes, {city} is the capital of {land}."
    return f"Is {other} the capital of {land}?", f"Yes, {city} is the capital of {land}." if other == city else f"No, the capital of {land} is {city}."


def opposites(f):
    a, b = pick(f["opposites"])
    if chance(0.4) and b not in dict(f["opposites"]):
        a, b = b, a
    return pick([f"What is the opposite of {a}?", f"What is the opposite of {a}?", f"Tell me the opposite of {a}.",
        f"Which word is the opposite of {a}?", f'What is the opposite of "{a}"?', f"Give me the opposite of the word {a}.", f"Opposite of {a}?",
        f"Name the opposite of {a}.", f"Do you know the opposite of {a}?"]), f"The opposite of {a} is {b}."


def synonyms(f):
    a, b = pick(f["synonyms"])
    return pick([f"What is another word for {a}?", f"Give me another word for {a}.", f'Tell me a synonym of "{a}".',
        f"Which word means the same as {a}?", f"Find a synonym for {a}.", f"How else can I say {a}?"]), pick([f"Another word for {a} is {b}.",
        f'You could say "{b}".'])


def forms(f):
    k = rng.random()
    if k < 0.4:
        a = pick(THINGS + PETS + [p for p, _g in PERSONS if " " not in p] + list(IRREGULAR_PLURALS) + [n for n,
            _r in f["things"] if n not in MASS and n not in UNIQUE])
        return pick([f"What is the plural of {a}?", f"Give me the plural of {a}.", f"How do you write {a} in the plural?",
            f"Tell me the plural of the word {a}."]), f"The plural of {a} is {plural(a)}."
    from grammar import VERB_TABLE
    base, past, participle, _o = pick(VERB_TABLE)
    if k < 0.8:
        return pick([f"What is the past tense of {base}?", f"Give me the past tense of {base}.", f'What is the past of "{base}"?',
            f"Tell me the past tense of to {base}."]), f"The past tense of {base} is {past}."
    a, b, c = pick([("big", "bigger", "biggest"), ("small", "smaller", "smallest"), ("good", "better", "best"), ("bad", "worse", "worst"), ("old",
        "older", "oldest"), ("young", "younger", "youngest"), ("fast", "faster", "fastest"), ("happy", "happier", "happiest"), ("easy", "easier",
        "easiest"), ("tall", "taller", "tallest"), ("long", "longer", "longest"), ("hot", "hotter", "hottest"), ("cheap", "cheaper", "cheapest"),
        ("many", "more", "most"), ("little", "less", "least"), ("beautiful", "more beautiful", "most beautiful"), ("far", "farther", "farthest")])
    return f"What are the forms of {a}?", f"The forms are {a}, {b} and {c}."


def features(f):
    kind = pick(["sounds", "young", "colorof", "colorof", "madeof"])
    a, b = pick(f[kind])
    if kind == "sounds":
        return pick([f"What sound does {article(a)} make?", f"Which sound does {article(a)} make?",
            f"What does {article(a)} say?"]), f"{capital(article(a))} {b}."
    if kind == "young":
        return pick([f"What is a young {a} called?", f"What do you call a baby {a}?",
            f"What is the word for a young {a}?"]), f"A young {a} is called {article(b)}."
    if kind == "colorof":
        return pick([f"What color is {a}?", f"What colour is {a}?", f"Which color has {a}?", f"Tell me the color of {a}.",
            f"What is the color of {a}?"]), f"{capital(a)} is {b}."
    plur = a == "shoes"
    return pick([f"What {'are' if plur else 'is'} {a} made of?",
        f"Of which material {'are' if plur else 'is'} {a} made?"]), f"{capital(a)} {'are' if plur else 'is'} usually made of {b}."


def amounts(f):
    a, b = pick(f["amounts"])
    what, where = re.match(r"(\w+) (.*)", a).groups()
    place = where.split(" ", 1)[1]
    if where.startswith("in "):
        asks = [f"How many {what} are {where}?", f"How many {what} are there {where}?"]
        if place.startswith(("a ", "an ")):
            asks += [f"How many {what} does {place} have?", f"How many {what} has {place}?"]
        if asks and chance(0.5) and place.startswith(("a ", "an ")):
            return asks[2], f"{capital(place)} has {b} {what}."
        return pick(asks), f"There {'is' if b == 'one' else 'are'} {b} {what} {where}."
    place = re.sub(r"^the word ", "the word ", place)
    return pick([f"How many {what} does {place} have?", f"How many {what} has {place}?",
        f"How many {what} are there {where}?"]), f"{capital(place)} has {b} {what}."


def used(f):
    if chance(0.3):
        a, b = pick(f["usedfor"])
        plur = a == "scissors"
        return pick([f"What {'are' if plur else 'is'} {a} used for?", f"What do you use {a} for?", f"What can you do with {a}?",
            f"Why do people need {a}?"]), f"{capital(a)} {'are' if plur else 'is'} used for {b}."
    a, b = pick(f["goodfor"])
    be = "are" if a in ("shoes", "glasses") else "is"
    return pick([f"What {be} {a} good for?", f"What {be} {a} good for?", f"What {be} {a} for?", f"What do people use {a} for?",
        f"Why do people have {a}?", f"What can I do with {a}?", f"What {be} the use of {a}?", f"Why do I need {a}?", f"What {be} {a} used for?",
        f"How {be} {a} useful?"]), f"{capital(a)} {be} good for {b}."


def tools(f):
    tasks, tool = pick(f["tool"])
    t = pick(tasks.split(",")).strip()
    return pick([f"What can I use to {t}?", f"What do I need to {t}?", f"What should I use to {t}?", f"What do you need to {t}?",
        f"Which tool do I need to {t}?", f"I want to {t}. What do I need?", f"With what can I {t}?", f"What is best to {t}?",
        f"What do people use to {t}?"]), pick([f"You can use {tool} to {to_you(t)}.", f"To {to_you(t)}, you need {tool}."])


def to_you(s):
    return re.sub(r"\bmyself\b", "yourself", re.sub(r"\bmy\b", "your", s))


def wear(f):
    when, what = pick(f["wear"])
    if when.startswith("I "):
        act = when[2:]
        asks = [f"What should I wear when {when}?", f"What do I wear when {when}?", f"{capital(when)}. What should I wear?",
            f"I want to {act}. What should I wear?", f"What clothes do I need to {act}?", f"What should I put on when {when}?"]
    else:
        asks = [f"What should I wear when {when}?", f"What do you wear when {when}?", f"{capital(when)}. What should I wear?",
            f"What should I put on when {when}?", f"Which clothes are good when {when}?", f"What can I wear if {when}?"]
    return pick(asks), pick([f"Wear {what}.", f"You should wear {what}."])


def howto(f):
    tasks, steps = pick(f["howto"])
    t = pick(tasks.split(",")).strip()
    yours = to_you(t)
    return pick([f"How do I {t}?", f"How can I {t}?", f"How do you {yours}?", f"What is the best way to {t}?", f"Tell me how to {t}.",
        f"Explain how to {t}.", f"I want to {t}. What do I do?", f"Can you tell me how to {t}?", f"How should I {t}?",
        f"What do I have to do to {t}?", f"Do you know how to {t}?", f"Please tell me how to {t}.", f"I would like to {t}. How does it work?",
        f"How does one {t}?", f"Give me a tip: how can I {t}?", f"Help me to {t}."]), steps


def why(f):
    q, a = pick(f["why"])
    q = pick(q.split(" | "))
    k = rng.random()
    if k < 0.75:
        return f"Why {q}?", a
    m = re.match(r"(do|does) (\w+) (.*)", q)
    if m and m.group(1) == "do":
        return pick([f"Can you tell me why {m.group(2)} {m.group(3)}?", f"Explain why {m.group(2)} {m.group(3)}.",
            f"Do you know why {m.group(2)} {m.group(3)}?", f"What is the reason why {m.group(2)} {m.group(3)}?"]), a
    return pick([f"Why {q}?", f"Please tell me: why {q}?", f"I wonder: why {q}?"]), a


def difference(f):
    pair, text = pick(f["difference"])
    a, b = [x.strip() for x in pair.split(" / ")]
    if chance(0.5):
        a, b = b, a
    return pick([f"What is the difference between {a} and {b}?", f"What is the difference between {a} and {b}?",
        f"How is {a} different from {b}?" if not a.startswith(("shoes", "to ", "veg")) else f"What is the difference between {a} and {b}?",
        f"Explain the difference between {a} and {b}.", f"What makes {a} different from {b}?", f"Tell me the difference between {a} and {b}."]), text


def makes(f):
    who, what = pick(f["makes"])
    v = "give" if (who, what) in (("hens", "eggs"), ("cows", "milk"), ("sheep", "wool"), ("goats", "milk"), ("trees", "wood, shade and oxygen"),
        ("clouds", "rain")) else "make"
    if chance(0.75):
        return pick([f"What do {who} make?", f"What do {who} {v}?", f"What do we get from {who}?"]), f"{capital(who)} {v} {what}."
    return pick([f"Who makes {what}?", f"Who {v}s us {what}?" if v == "give" else f"Who makes {what}?"]), f"{capital(who)} {v} {what}."


def work(f):
    who, does = pick(f["jobs"])
    a = article(who)
    return pick([(f"What does {a} do?", f"{capital(a)} {does}."), (f"What does {a} do?", f"{capital(a)} {does}."), (f"What is the job of {a}?",
        f"{capital(a)} {does}."), (f"What is {a}?", f"{capital(a)} is a person who {does}."), (f"Who {does}?", f"{capital(a)} {does}."),
        (f"Tell me what {a} does.", f"{capital(a)} {does}."), (f"What do you call a person who {does}?", f"That is {a}."),
        (f"What do {plural(who)} do?", f"{capital(a)} {does}."),
                 (f"What does {a} do all day?", f"{capital(a)} {does}."), (f"Explain what {a} does.", f"{capital(a)} {does}."),
                     (f"What does {a} do at work?", f"{capital(a)} {does}.")])


def habits(f):
    kind = pick(["eats", "eats", "lives", "lives", "can"])
    who, what = pick(f[kind])
    m = plural(who)
    if kind == "eats":
        return pick([f"What do {m} eat?", f"What do {m} eat?", f"What does {article(who)} eat?", f"Which food do {m} like?",
            f"What should {article(who)} eat?", f"What do {m} like to eat?", f"What can I feed to {article(who)}?"]), f"{capital(m)} eat {what}."
    if kind == "lives":
        return pick([f"Where do {m} live?", f"Where does {article(who)} live?", f"Where can I find {m}?",
            f"Where do you find {m}?"]), f"{capital(m)} live {what}."
    can, cannot = [s.strip() for s in what.split("/")]
    if chance(0.5):
        return pick([f"Can {article(who)} {can}?", f"Can {m} {can}?"]), f"Yes, {m} can {can}."
    return pick([f"Can {article(who)} {cannot}?", f"Can {m} {cannot}?"]), f"No, {m} cannot {cannot}."


def is_it(f):
    a, states = pick(f["isit"])
    yes, no = [x.strip() for x in states.split(",")]
    k = rng.random()
    if k < 0.4:
        return f"Is {a} {yes}?", f"Yes, {a} is {yes}."
    if k < 0.75:
        return f"Is {a} {no}?", f"No, {a} is {yes}."
    return pick([f"Is {a} {yes} or {no}?", f"Is {a} {no} or {yes}?"]), f"{capital(a)} is {yes}."


def buy(f):
    what, where = pick(f["buy"])
    at, shop = [x.strip() for x in where.split(",")]
    if chance(0.75):
        return pick([f"Where can I buy {what}?", f"Where do I get {what}?", f"Where can I get {what}?", f"I need {what}. Where can I buy that?",
            f"Where do people buy {what}?", f"In which shop can I buy {what}?"]), f"You can buy {what} {at}."
    return pick([f"What can I buy {at}?", f"What do they sell {at}?"]), f"You can buy {what} {at}."


def what_to_say(f):
    when, words = pick(f["say"])
    return pick([f"What do you say when {when}?", f"What should I say when {when}?",
        f"What do people say when {when}?"]), f"{'When ' + when + ', you say: ' if chance(0.6) else 'You say: '}{words}"


def common(f):
    q, a = pick(f["common"])
    return f"What {q}?", a


def count(_):
    n, k = rng.randint(1, 30), rng.randint(2, 7)
    if chance(0.3):
        return pick([f"Count from {n} to {n + k}.", f"Please count from {n} to {n + k}."]), ", ".join(str(n + i) for i in range(k + 1)) + "."
    if chance(0.6):
        return pick([f"Which number comes after {n}?", f"What number comes after {n}?", f"What comes after {n}?"]), f"{n + 1} comes after {n}."
    return pick([f"Which number comes before {n + 1}?", f"What number comes before {n + 1}?"]), f"{n} comes before {n + 1}."


LESS = {"heavier": "lighter", "bigger": "smaller", "faster": "slower", "older": "younger", "longer": "shorter", "hotter": "colder",
    "taller": "smaller", "more expensive": "cheaper"}


def compared(f):
    more = pick(["heavier", "heavier", "bigger", "bigger", "bigger", "faster", "faster", "older", "longer", "hotter", "taller", "more expensive"])
    less = LESS[more]
    row = [x.strip() for x in pick(f[more])[0].split(",")]
    i, j = sorted(rng.sample(range(len(row)), 2))
    low, great = row[i], row[j]
    x, y = (low, great) if chance(0.5) else (great, low)
    if chance(0.3):
        return f"Is {x} {more} than {y}?", f"Yes, {great} is {more} than {low}." if x == great else f"No, {great} is {more} than {low}."
    if chance(0.6):
        return pick([f"Which is {more}, {x} or {y}?", f"What is {more}: {x} or {y}?", f"What is {more}, {x} or {y}?",
            f"Which one is {more}, {x} or {y}?"]), f"{capital(great)} is {more} than {low}."
    return pick([f"Which is {less}, {x} or {y}?", f"What is {less}: {x} or {y}?",
        f"What is {less}, {x} or {y}?"]), f"{capital(low)} is {less} than {great}."


def order(_):
    row, kind = pick([(DAYS, "day"), (DAYS, "day"), (MONTHS, "month")])
    i = rng.randrange(len(row))
    n = pick([1, 1, 1, 2, 2, 3])
    a, b = row[i], row[(i + n) % len(row)]
    steps = f"{numeral(n)} {kind}{'s' if n > 1 else ''}"
    k = rng.randrange(6)
    if k <= 1:
        if n == 1:
            return pick([f"What {kind} comes after {a}?", f"Which {kind} comes after {a}?", f"What comes after {a}?", f"Which {kind} follows {a}?",
                f"What is the {kind} after {a}?"]), f"{b} comes after {a}."
        return pick([f"What {kind} comes {steps} after {a}?", f"Which {kind} is {steps} after {a}?", f"What {kind} is {steps} after {a}?",
            f"What {kind} is it {steps} after {a}?"]), f"{capital(steps)} after {a} comes {b}."
    if k <= 3:
        if n == 1:
            return pick([f"What {kind} comes before {b}?", f"Which {kind} is before {b}?", f"What comes before {b}?",
                f"What is the {kind} before {b}?"]), f"{a} comes before {b}."
        return pick([f"What {kind} comes {steps} before {b}?", f"Which {kind} is {steps} before {b}?",
            f"What {kind} was {steps} before {b}?"]), f"{capital(steps)} before {b} comes {a}."
    if k == 4 and kind == "day":
        if n == 1:
            return pick([(f"If today is {a}, what day is tomorrow?", f"If today is {a}, tomorrow is {b}."), (f"Today is {a}. What day is tomorrow?",
                f"Tomorrow is {b}."), (f"Tomorrow is {b}. What day is today?", f"Today is {a}."), (f"If today is {b}, what day was yesterday?",
                f"If today is {b}, yesterday was {a}."), (f"Today is {b}. What day was yesterday?", f"Yesterday was {a}.")])
        return pick([f"Today is {a}. What day is it in {steps}?", f"If today is {a}, what day is in {steps}?"]), f"In {steps} it is {b}."
    if k == 4:
        s = ["winter", "winter", "spring", "spring", "spring", "summer", "summer", "summer", "autumn", "autumn", "autumn", "winter"][i]
        return pick([f"In which season is {a}?", f"Which season is {a} in?"]), f"In the north of the world, {a} is in {s}."
    if kind == "day":
        return pick([f"Is {a} a day of the weekend?",
            f"Is {a} at the weekend?"]), f"Yes, {a} is at the weekend." if i >= 5 else f"No, {a} is not at the weekend."
    return pick([f"Which month of the year is {a}?",
        f"Which number is the month {a}?"]), f"{a} is the {'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split()[i]} month of the year."


def sums(_):
    k = rng.randrange(13)
    a, b = rng.randint(1, 10), rng.randint(1, 10)
    if chance(0.25):
        a, b = rng.randint(1, 20), rng.randint(1, 20)
    words = chance(0.12)
    A, B = (numeral(a), numeral(b)) if words else (a, b)
    if k < 6:
        return pick([f"What is {A} + {B}?", f"How much is {A} plus {B}?", f"What is {A} plus {B}?", f"{A} + {B} = ?", f"Add {A} and {B}.",
            f"Calculate {A} + {B}.", f"What do {A} and {B} make?", f"How much are {A} and {B}?", f"What is the sum of {A} and {B}?",
            f"{A} plus {B}?"]), f"{a} + {b} = {a + b}."
    if k < 9:
        a, b = max(a, b), min(a, b)
        return pick([f"What is {a} - {b}?", f"How much is {a} minus {b}?", f"What is {a} minus {b}?", f"Subtract {b} from {a}.", f"{a} - {b} = ?",
            f"What is {a} take away {b}?"]), f"{a} - {b} = {a - b}."
    if k == 9:
        a, b = rng.randint(1, 10), rng.randint(1, 10)
        return pick([f"What is {a} times {b}?", f"What is {a} x {b}?", f"Multiply {a} by {b}.",
            f"How much is {a} times {b}?"]), f"{a} x {b} = {a * b}."
    if k == 10:
        a, b = rng.sample(range(1, 30), 2)
        return pick([f"Which number is larger, {a} or {b}?", f"What is more, {a} or {b}?",
            f"Which is bigger, {a} or {b}?"]), f"{max(a, b)} is larger than {min(a, b)}."
    n, t = name()[0], plural(pick(THINGS))
    a, b = rng.randint(2, 12), rng.randint(1, 9)
    if k == 11:
        return pick([f"{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?",
            f"I have {a} {t} and buy {b} more. How many {t} do I have?"]), f"{a} + {b} = {a + b}, so there are {a + b} {t}."
    b = min(b, a - 1)
    return pick([f"{n} has {a} {t} and gives away {b}. How many {t} are left?",
        f"I have {a} {t} and lose {b}. How many {t} do I have left?"]), f"{a} - {b} = {a - b}, so there are {a - b} {t} left."


KNOWERS = [
    (thing, 13), (guess, 1), (group, 11), (belongs, 1), (capitals, 5), (opposites, 8), (synonyms, 2), (forms, 3), (features, 5), (amounts, 7), (used,
        5), (tools, 5), (wear, 2),
    (howto, 9), (why, 12), (difference, 7), (makes, 1), (work, 5), (habits, 5), (compared, 12), (order, 15), (sums, 14), (is_it, 2), (buy, 2),
        (what_to_say, 1), (common, 5), (count, 1),
]
