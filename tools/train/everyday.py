"""Makes everyday dialogues for training out of models/own-dialogues.txt, models/own-facts.txt and the sentence patterns below.

    everyday.py MODELS_DIR OUT_DIR [SEED]

Writes OUT_DIR/own.txt (wordings of the written dialogues) and OUT_DIR/everyday.txt (facts, rewriting, small sums, passages with questions) in
the corpus format. Questions of models/eval/prompts.json are left out, so that the evaluation asks nothing that was in the training text.
"""
import json
import os
import random
import re
import sys

rng = random.Random(1)
pick = rng.choice


def chance(p):
    return rng.random() < p


def article(noun):
    return ("an " if noun[0] in "aeiou" and not noun.startswith("uni") or noun.startswith("hour") else "a ") + noun


MASS = set("grass snow ice wind lightning bread cheese butter rice sugar salt honey soup coffee tea water milk furniture music gold iron wood plastic oxygen "
           "scissors sand fire peace swimming football tennis chess breakfast lunch dinner winter summer spring autumn war medicine skin".split())


def plural(noun):
    irregular = {"mouse": "mice", "wolf": "wolves", "knife": "knives", "fish": "fish", "sheep": "sheep", "tooth": "teeth", "scissors": "scissors", "child": "children"}
    if noun in irregular:
        return irregular[noun]
    if noun[-1] == "y" and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x", "tomato", "potato", "volcano")) else "s")


def capital(s):
    return s[:1].upper() + s[1:]


def numeral(n):
    return ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"][n] if n < 13 else str(n)


def joined(items):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def disturbed(q):
    """People leave out the capital letter or the mark at the end, and some are polite."""
    if chance(0.08):
        q = q[:1].lower() + q[1:] if not q.startswith("I ") and not q.startswith("I'") else q
    if chance(0.08) and q.endswith((".", "?")):
        q = q[:-1]
    if chance(0.05) and q.endswith("?"):
        q = pick(["I have a question. ", "Please tell me: ", "Hello! ", "Hi, "]) + q
    return q


def read_dialogues(path):
    blocks = open(path, encoding="utf-8").read().split("\n\n")
    for b in blocks:
        turns = [[line[0], [v.strip().replace("\\n", "\n") for v in line[1:].split(" | ")]] for line in b.split("\n") if line.startswith(("?", "="))]
        if turns:
            yield turns


def read_facts(path):
    out, part = {}, None
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            part = out.setdefault(line.strip("[]"), [])
        elif line and line[0] != "#":
            part.append(tuple(s.strip() for s in line.split(":", 1)))
    return out


# ---- facts

def thing(f):
    noun, rest = pick(f["things"])
    what, more = [s.strip() for s in rest.split("|")]
    a = noun if noun in MASS else article(noun)
    q = pick([f"What is {a}?", f"What is {a}?", f"Tell me about {noun if noun in MASS else plural(noun)}.", f"Explain what {a} is.", f"Can you explain what {a} is?", f"What does the word {noun} mean?",
              f"What do you know about {noun if noun in MASS else plural(noun)}?", f"Describe {a}.", f"Define {noun}.", f"Write a sentence about {a}.", f"Tell me something about {a}."])
    if q.startswith("Write a sentence"):
        return q, more if more.lower().count(noun) else f"{capital(a)} is {what}."
    return q, f"{capital(a)} is {what}." + (" " + more if chance(0.75) else "")


def guess(f):
    noun, rest = pick(f["things"])
    a = noun if noun in MASS else article(noun)
    what = rest.split("|")[0].strip()
    return pick([f"What do you call {what}?", f"What is the word for {what}?", f"Which word means: {what}?"]), pick([f"That is {a}.", f"It is called {a}." if noun not in MASS else f"It is called {noun}."])


def group(f):
    name, members = pick(f["groups"])
    members = [m.strip() for m in members.split(",")]
    n = rng.randint(2, min(5, len(members)))
    some = rng.sample(members, n)
    q = pick([f"Name {numeral(n)} {name}.", f"List {numeral(n)} {name}.", f"Give me {numeral(n)} {name}.", f"Can you name {numeral(n)} {name}?", f"Tell me {numeral(n)} {name}.", f"Write down {numeral(n)} {name}."])
    if chance(0.25):
        return q, "\n".join(f"{i + 1}. {capital(s)}" for i, s in enumerate(some))
    return q, pick([f"{capital(joined(some))}.", f"{capital(numeral(n))} {name} are {joined(some)}."])


def belongs(f):
    (a, ma), (b, mb) = rng.sample(f["groups"], 2)
    ma, mb = [m.strip() for m in ma.split(",")], [m.strip() for m in mb.split(",")]
    odd = pick(mb)
    if odd in ma or any(m in mb for m in ma):
        return group(f)
    some = rng.sample(ma, min(3, len(ma)))
    row = some + [odd]
    rng.shuffle(row)
    return pick([f"Which one does not belong: {joined(row)}?", f"Which word does not fit: {', '.join(row)}?"]), f"{capital(odd)} does not belong, because the others are {a}."


def capitals(f):
    land, town = pick(f["capitals"])
    k = rng.random()
    if k < 0.5:
        return pick([f"What is the capital of {land}?", f"Which city is the capital of {land}?", f"Tell me the capital of {land}.", f"Do you know the capital of {land}?", f"Capital of {land}?"]), f"The capital of {land} is {town}."
    if k < 0.75:
        return pick([f"{town} is the capital of which country?", f"Of which country is {town} the capital?", f"Where is {town}?", f"In which country is {town}?"]), pick([f"{town} is the capital of {land}.", f"{town} is in {land}."])
    other = pick(f["capitals"])[1]
    good = other == town or chance(0.5)
    c = town if good else other
    return f"Is {c} the capital of {land}?", f"Yes, {town} is the capital of {land}." if c == town else f"No, the capital of {land} is {town}."


def pairs(f):
    kind = pick(["opposites", "opposites", "synonyms", "synonyms", "plurals", "past", "sounds", "young", "colorof", "amounts", "amounts", "usedfor", "usedfor", "madeof"])
    a, b = pick(f[kind])
    if kind == "opposites":
        if chance(0.4) and b not in dict(f[kind]):
            a, b = b, a
        return pick([f"What is the opposite of {a}?", f"Tell me the opposite of {a}.", f"Which word is the opposite of {a}?", f'What is the opposite of "{a}"?', f"Give me the opposite of the word {a}."]), pick([f"The opposite of {a} is {b}.", f"The opposite of {a} is {b}."])
    if kind == "synonyms":
        return pick([f"What is another word for {a}?", f"Give me another word for {a}.", f'Tell me a synonym of "{a}".', f"Which word means the same as {a}?", f"Find a synonym for {a}."]), pick([f"Another word for {a} is {b}.", f'You could say "{b}".'])
    if kind == "plurals":
        return pick([f"What is the plural of {a}?", f"Give me the plural of {a}.", f"How do you write {a} in the plural?"]), f"The plural of {a} is {b}."
    if kind == "past":
        return pick([f"What is the past tense of {a}?", f"Give me the past tense of {a}.", f'What is the past of "{a}"?']), f"The past tense of {a} is {b}."
    if kind == "sounds":
        return pick([f"What sound does {article(a)} make?", f"What does {article(a)} do when it makes a sound?", f"Which sound does {article(a)} make?"]), f"{capital(article(a))} {b}."
    if kind == "young":
        return pick([f"What is a young {a} called?", f"What do you call a baby {a}?", f"What is the word for a young {a}?"]), f"A young {a} is called {article(b)}."
    if kind == "colorof":
        return pick([f"What color is {a}?", f"What colour is {a}?", f"Which color has {a}?", f"Tell me the color of {a}."]), pick([f"{capital(a)} is {b}.", f"{capital(a)} is {b}."])
    if kind == "amounts":
        what, where = re.match(r"(\w+) (.*)", a).groups()
        be = "is" if b == "one" else "are"
        return pick([f"How many {what} are {where}?", f"How many {what} are there {where}?"]) if where.startswith("in ") else f"How many {what} does {where[3:]} have?", f"There {be} {b} {what} {where}." if where.startswith("in ") else f"{capital(where[3:])} has {b} {what}."
    if kind == "usedfor":
        if chance(0.3):
            return pick([f"What do you need for {b}?", f"Which thing is used for {b}?"]), f"You can use {a} for {b}."
        plur = a == "scissors"
        return pick([f"What {'are' if plur else 'is'} {a} used for?", f"What do you use {a} for?", f"What can you do with {a}?", f"Why do people need {a}?"]), f"{capital(a)} {'are' if plur else 'is'} used for {b}."
    plur = a == "shoes"
    return pick([f"What {'are' if plur else 'is'} {a} made of?", f"Of which material {'are' if plur else 'is'} {a} made?"]), f"{capital(a)} {'are' if plur else 'is'} usually made of {b}."


def work(f):
    who, does = pick(f["jobs"])
    a = article(who)
    return pick([(f"What does {a} do?", f"{capital(a)} {does}."), (f"What is the job of {a}?", f"{capital(a)} {does}."), (f"What is {a}?", f"{capital(a)} is a person who {does}."),
                 (f"Who {does}?", f"{capital(a)} {does}."), (f"Tell me what {a} does.", f"{capital(a)} {does}."), (f"What do you call a person who {does}?", f"That is {a}.")])


def habits(f):
    kind = pick(["eats", "eats", "lives", "lives", "can"])
    who, what = pick(f[kind])
    many = plural(who)
    if kind == "eats":
        return pick([f"What do {many} eat?", f"What does {article(who)} eat?", f"Which food do {many} like?", f"What should {article(who)} eat?"]), f"{capital(many)} eat {what}."
    if kind == "lives":
        return pick([f"Where do {many} live?", f"Where does {article(who)} live?", f"Where can I find {many}?"]), f"{capital(many)} live {what}."
    can, cannot = [s.strip() for s in what.split("/")]
    if chance(0.5):
        return pick([f"Can {article(who)} {can}?", f"Can {many} {can}?"]), f"Yes, {many} can {can}."
    return pick([f"Can {article(who)} {cannot}?", f"Can {many} {cannot}?"]), f"No, {many} cannot {cannot}."


SIZES = "an ant, a mouse, a cat, a dog, a sheep, a horse, an elephant, a house, a mountain, the Earth, the sun".split(", ")
SPEEDS = "a snail, a turtle, a man on foot, a bicycle, a car, a plane, a rocket".split(", ")
WEIGHTS = "a feather, a letter, a book, a chair, a piano, a car, a ship".split(", ")
AGES = "a baby, a child, a parent, a grandparent".split(", ")


def compared(_):
    row, more, less = pick([(SIZES, "bigger", "smaller"), (SIZES, "larger", "smaller"), (SPEEDS, "faster", "slower"), (WEIGHTS, "heavier", "lighter"), (AGES, "older", "younger")])
    i, j = sorted(rng.sample(range(len(row)), 2))
    small, great = row[i], row[j]
    x, y = (small, great) if chance(0.5) else (great, small)
    if chance(0.35):
        yes = x == great
        return f"Is {x} {more} than {y}?", f"Yes, {x} is {more} than {y}." if yes else f"No, {y} is {more} than {x}."
    if chance(0.5):
        return pick([f"Which is {more}, {x} or {y}?", f"What is {more}: {x} or {y}?"]), f"{capital(great)} is {more} than {small}."
    return pick([f"Which is {less}, {x} or {y}?", f"What is {less}: {x} or {y}?"]), f"{capital(small)} is {less} than {great}."


DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()


def order(_):
    row, kind = pick([(DAYS, "day"), (MONTHS, "month")])
    i = rng.randrange(len(row))
    a, b = row[i], row[(i + 1) % len(row)]
    k = rng.randrange(4)
    if k == 0:
        return pick([f"What {kind} comes after {a}?", f"Which {kind} comes after {a}?", f"What comes after {a}?"]), f"{b} comes after {a}."
    if k == 1:
        return pick([f"What {kind} comes before {b}?", f"Which {kind} is before {b}?"]), f"{a} comes before {b}."
    if k == 2 and kind == "day":
        return f"If today is {a}, what day is tomorrow?", f"If today is {a}, tomorrow is {b}."
    if k == 2:
        s = ["winter", "winter", "spring", "spring", "spring", "summer", "summer", "summer", "autumn", "autumn", "autumn", "winter"][i]
        return f"In which season is {a}?", f"In the north of the world, {a} is in {s}."
    if kind == "day":
        return f"If today is {b}, what day was yesterday?", f"If today is {b}, yesterday was {a}."
    return f"Which month of the year is {a}?", f"{a} is the {'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split()[i]} month of the year."


THINGS = "apples oranges books pencils coins cookies balls eggs flowers stamps cards toys pears cups".split()
NAMES = ("Anna Ben Carla David Emma Frank Grace Henry Ida Jack Kate Leo Mia Nina Oscar Paul Rosa Sam Tina Victor Lucy Tom Maria Peter Sara Max Julia Noah Ella Daniel Laura Simon Clara Felix "
         "Hannah Martin Olivia Robert Sophie Thomas Alice Amir Arthur Astrid Bruno Chloe Diego Edith Elias Erik Fatima Fiona George Gita Hugo Ingrid Irene Ivan Jacob Jasmin John Judith Karl Kofi Lena Lily "
         "Louis Luis Magda Marcus Marie Marta Mary Mei Michael Mohammed Monica Naomi Nora Omar Otto Patrick Pedro Rachel Ravi Ruth Samir Sarah Sofia Stefan Susan Tariq Teresa Theo Vera William Yuki Yusuf Zoe").split()
GIRLS = set("Anna Carla Emma Grace Ida Kate Mia Nina Rosa Tina Lucy Maria Sara Julia Ella Laura Clara Hannah Olivia Sophie Alice Astrid Chloe Edith Fatima Fiona Gita "
            "Ingrid Irene Jasmin Judith Lena Lily Magda Marie Marta Mary Mei Monica Naomi Nora Rachel Ruth Sarah Sofia Susan Teresa Vera Yuki Zoe".split())


def he(name):
    return "She" if name in GIRLS else "He"


def sums(_):
    k = rng.randrange(9)
    a, b = rng.randint(1, 20), rng.randint(1, 20)
    if k < 2:
        return pick([f"What is {a} + {b}?", f"How much is {a} plus {b}?", f"{a} + {b} = ?", f"Add {a} and {b}.", f"Calculate {a} + {b}."]), pick([f"{a} + {b} = {a + b}.", f"{a} plus {b} is {a + b}."])
    if k < 4:
        a, b = max(a, b), min(a, b)
        return pick([f"What is {a} - {b}?", f"How much is {a} minus {b}?", f"Subtract {b} from {a}.", f"{a} - {b} = ?"]), pick([f"{a} - {b} = {a - b}.", f"{a} minus {b} is {a - b}."])
    if k == 4:
        a, b = rng.randint(1, 10), rng.randint(1, 10)
        return pick([f"What is {a} times {b}?", f"What is {a} x {b}?", f"Multiply {a} by {b}.", f"How much is {a} times {b}?"]), f"{a} times {b} is {a * b}."
    if k == 5:
        b, c = rng.randint(2, 9), rng.randint(2, 9)
        return pick([f"What is {b * c} divided by {b}?", f"Divide {b * c} by {b}."]), f"{b * c} divided by {b} is {c}."
    if k == 6:
        a, b = rng.sample(range(1, 100), 2)
        return pick([f"Which number is larger, {a} or {b}?", f"What is more, {a} or {b}?"]), f"{max(a, b)} is larger than {min(a, b)}."
    n, t = pick(NAMES), pick(THINGS)
    a, b = rng.randint(2, 12), rng.randint(1, 9)
    if k == 7:
        return f"{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?", f"{n} has {a} + {b} = {a + b} {t} now."
    b = min(b, a - 1)
    return f"{n} has {a} {t} and gives away {b}. How many {t} are left?", f"{n} has {a} - {b} = {a - b} {t} left."


WORDS = ("apple house friend school water garden window mother father sister brother paper bread table chair green yellow orange summer winter monday letter number animal flower "
         "river mountain island doctor teacher farmer market street music picture story kitchen bottle butter cheese pencil rabbit tiger monkey").split()


def letters(_):
    w = pick(WORDS)
    k = rng.randrange(4)
    if k == 0:
        return pick([f"How do you spell {w}?", f"Spell the word {w}.", f"Can you spell {w}?"]), "-".join(w.upper()) + "."
    if k == 1:
        return pick([f"What is the first letter of {w}?", f"Which letter does {w} begin with?"]), f'The first letter of {w} is "{w[0]}".'
    if k == 2:
        return pick([f"Write {w} in capital letters.", f"Put the word {w} in capital letters."]), w.upper()
    some = sorted(rng.sample(WORDS, rng.randint(3, 4)))
    mixed = some[:]
    rng.shuffle(mixed)
    return pick([f"Put these words in the order of the alphabet: {', '.join(mixed)}", f"Sort these words: {', '.join(mixed)}"]), ", ".join(some)


# ---- rewriting

PLACES = "park,school,market,station,library,beach,museum,office,shop,garden,kitchen,cinema,zoo,lake,village,church,hospital,bakery,restaurant,farm".split(",")
OBJECTS = "book,letter,cake,picture,bicycle,key,lamp,map,ticket,newspaper,flower,cup,bag,phone,coat,chair,hat,box,camera,ball".split(",")
ADJECTIVES = "old,new,small,big,red,blue,green,beautiful,heavy,cheap,broken,lovely,long,black,white,warm".split(",")
# base, third person, past, object
VERBS = [("buy", "buys", "bought"), ("find", "finds", "found"), ("lose", "loses", "lost"), ("bring", "brings", "brought"), ("see", "sees", "saw"), ("take", "takes", "took"), ("need", "needs", "needed"),
         ("want", "wants", "wanted"), ("sell", "sells", "sold"), ("carry", "carries", "carried"), ("make", "makes", "made"), ("forget", "forgets", "forgot"), ("paint", "paints", "painted"), ("clean", "cleans", "cleaned")]
MOVES = [("go", "goes", "went"), ("walk", "walks", "walked"), ("run", "runs", "ran"), ("drive", "drives", "drove"), ("come", "comes", "came")]
TIMES = ["in the morning", "in the evening", "at noon", "after school", "before dinner", "in the afternoon"]
PAST_TIMES = ["yesterday", "last week", "last night", "on Monday", "two days ago"]


def clause():
    """Present (third person), past, and base form of one short sentence."""
    n = pick(NAMES + ["My sister", "My friend", "The man", "The teacher", "Our neighbor", "The girl", "The boy", "My brother", "The doctor"])
    if chance(0.5):
        v, tail = pick(VERBS), f"{pick(['a', 'the'])} {pick(ADJECTIVES)} {pick(OBJECTS)}".replace("a old", "an old")
    else:
        v, tail = pick(MOVES), f"to the {pick(PLACES)}"
    if chance(0.5):
        tail += " " + pick(TIMES)
    return n, v, tail


def small_n(n):
    return n if n in NAMES else n[0].lower() + n[1:]


POLITE = ["open the window", "close the door", "give me the book", "help me", "pass the salt", "call me back", "send me the file", "wait here", "bring me some water", "turn down the music", "tell me the time",
          "show me the way", "come here", "speak more slowly", "write it down", "clean the table", "read the letter", "turn on the light", "move your car", "answer my question", "explain this", "carry this bag",
          "fix the lamp", "sign the form", "check the list", "feed the cat", "lend me a pen", "make some tea"]
FORMAL = [("I can't come.", "I am afraid that I cannot come."), ("Thanks for your help.", "Thank you very much for your help."), ("Sorry I'm late.", "I apologize for being late."),
          ("Send me the stuff.", "Please send me the documents."), ("Hey, what's up?", "Good day, how are you?"), ("I need this now.", "I would need this as soon as possible."),
          ("I want a refund.", "I would like to ask for a refund."), ("Call me.", "Please call me at your convenience."), ("That's a bad idea.", "I do not think that this is the best solution."),
          ("See you!", "I look forward to seeing you."), ("I don't get it.", "I am afraid I do not understand."), ("Can you fix this?", "Could you please repair this?"),
          ("The food was awful.", "Unfortunately, the food was not good."), ("We gotta talk.", "We need to speak with each other."), ("He's a nice guy.", "He is a friendly man."),
          ("I'm gonna leave soon.", "I am going to leave soon."), ("It's kinda expensive.", "It is rather expensive."), ("Kids love it.", "Children enjoy it very much."), ("I wanna know more.", "I would like to know more.")]
SHORTER = [("Due to the fact that it was raining, we stayed at home.", "We stayed at home because it was raining."), ("At this point in time, I do not have any money.", "I have no money now."),
           ("In order to win, you have to train very hard every single day.", "To win, you must train hard every day."), ("The reason why I am late is that I missed the bus.", "I am late because I missed the bus."),
           ("In spite of the fact that he was ill, he went to work.", "He went to work although he was ill."), ("It is necessary that you bring your own lunch with you.", "You must bring your own lunch."),
           ("There are many people who like to drink coffee in the morning.", "Many people like coffee in the morning."), ("She made the decision to sell her house.", "She decided to sell her house."),
           ("We would like to take this opportunity to thank you for your help.", "Thank you for your help."), ("In the event that you are late, please call us.", "If you are late, please call us."),
           ("He is a man who works very hard.", "He works very hard."), ("The car that he has is red in color.", "His car is red."), ("I am of the opinion that the film is too long.", "I think the film is too long."),
           ("The meeting that was planned for Monday has been moved to Tuesday.", "The meeting was moved from Monday to Tuesday."), ("They gave an answer to all of the questions.", "They answered all questions."),
           ("It is possible that it will rain tomorrow.", "It may rain tomorrow."), ("She has the ability to speak four languages.", "She can speak four languages.")]


def rewrite(_):
    k = rng.randrange(13)
    n, v, tail = clause()
    present, past = f"{n} {v[1]} {tail}.", f"{n} {v[2]} {tail}."
    if k == 0:
        c = pick(POLITE)
        said = pick([capital(c) + ".", capital(c) + "!", capital(c) + " now."])
        return pick(["Rewrite this politely: {}", "Make this more polite: {}", "Say this in a polite way: {}", "Make this sentence polite: {}", "Rewrite this more politely: {}", "How can I say this politely? {}"]).format(said), \
            pick([f"Could you please {c}?", f"Would you please {c}?", f"Could you please {c}?"])
    if k == 1:
        return pick(["Put this in the past tense: {}", "Rewrite this in the past tense: {}", "Change this to the past tense: {}", "Write this sentence in the past: {}"]).format(present), past
    if k == 2:
        return pick(["Rewrite this in the future: {}", "Put this in the future tense: {}"]).format(present), f"{n} will {v[0]} {tail}."
    if k == 3:
        return pick(["Make this a question: {}", "Turn this into a question: {}", "Rewrite this as a question: {}"]).format(present), f"Does {small_n(n)} {v[0]} {tail}?"
    if k == 4:
        return pick(["Make this negative: {}", "Rewrite this so that it says the opposite: {}", "Turn this into a negative sentence: {}"]).format(present), f"{n} does not {v[0]} {tail}."
    if k == 5:
        wrong = pick([f"{n} {v[0]} {tail}.", f"{n} {v[1]} {tail}".lower(), f"{n} {v[1]} {tail}".lower() + ".", f"{n} don't {v[0]} {tail}."])
        right = f"{n} does not {v[0]} {tail}." if "don't" in wrong else present
        return pick(["Correct this sentence: {}", "Fix the grammar: {}", "Correct the mistakes: {}", "Find the mistake: {}", "Fix this sentence: {}", "Is this sentence correct? {}", "Please correct my English: {}"]).format(wrong), \
            pick([right, right, f"The correct sentence is: {right}"])
    if k == 6:
        return pick(["Write this in capital letters: {}", "Make this all capital letters: {}"]).format(present), present.upper()
    if k == 7:
        a, b = pick(FORMAL)
        return pick(["Make this more formal: {}", "Rewrite this in a formal way: {}", "Write this more formally: {}", "Say this in a formal letter: {}"]).format(a), b
    if k == 8:
        a, b = pick(SHORTER)
        return pick(["Make this shorter: {}", "Shorten this sentence: {}", "Rewrite this in fewer words: {}", "Say this in fewer words: {}", "Rewrite this in a simple way: {}", "Make this simpler: {}"]).format(a), b
    if k == 9:
        m = pick([x for x in NAMES if x != n])
        return pick([f"Replace {{0}} with {m}: {{1}}", f"Rewrite this with {m} instead of {{0}}: {{1}}"]).format(small_n(n), present), present.replace(n, m, 1)
    if k == 10:
        n2, v2, tail2 = clause()
        two = f"{n} {v[2]} {tail}. {n2} {v2[2]} {tail2}."
        return pick(["Join these two sentences: {}", "Make one sentence of this: {}", "Combine these sentences into one: {}"]).format(two), f"{n} {v[2]} {tail}, and {small_n(n2)} {v2[2]} {tail2}."
    if k == 11:
        n2, v2, tail2 = clause()
        return pick(["Split this into two sentences: {}", "Make two sentences of this: {}"]).format(f"{n} {v[2]} {tail}, and {small_n(n2)} {v2[2]} {tail2}."), f"{n} {v[2]} {tail}. {n2} {v2[2]} {tail2}."
    f = pick(["happy", "sad", "big", "small", "fast", "smart", "pretty", "angry", "rich", "quiet", "difficult", "strange", "tired", "funny", "brave"])
    s = dict(happy="glad", sad="unhappy", big="large", small="little", fast="quick", smart="clever", pretty="beautiful", angry="furious", rich="wealthy", quiet="silent", difficult="hard", strange="odd", tired="weary",
             funny="amusing", brave="courageous")[f]
    who = pick(["The woman", "My dog", "The teacher", "Her son", "The old man", "His friend", "The child", "Our neighbor"])
    when = pick(["", " today", " this morning", " again", " at home", " this year"])
    return pick(["Rewrite this in other words: {}", "Say this in other words: {}", "Rephrase this sentence: {}", "Use another word: {}", "Rewrite this sentence: {}"]).format(f"{who} is very {f}{when}."), f"{who} is very {s}{when}."


# ---- a passage and a question

ANIMALS = "dog cat horse rabbit parrot goat hen turtle".split()
FOODS = "an apple,some soup,a sandwich,a piece of cake,some bread,a pizza,an omelette,some rice".split(",")
WEATHER = ["It was a sunny day.", "It was raining.", "It was cold and windy.", "The weather was warm.", "It was snowing."]
JOBS = "teacher doctor nurse farmer baker pilot cook driver lawyer painter gardener carpenter".split()
TOWNS = "London Paris Rome Berlin Madrid Vienna Dublin Oslo Prague Lisbon Boston Chicago Toronto Sydney".split()
COLORS = "red blue green yellow black white brown grey".split()
FEELINGS = [("happy", "because {} had found a friend"), ("sad", "because {} had lost a toy"), ("tired", "because {} had worked all day"), ("proud", "because {} had won a prize"), ("angry", "because the bus was late"), ("excited", "because it was {}r birthday")]


def passage(_):
    """A few sentences about one or two people, and questions whose answers stand in them, or do not."""
    n, m = rng.sample(NAMES, 2)
    g = he(n)
    own = "her" if g == "She" else "his"
    text, asks = [], []

    def say(sentence, *questions):
        text.append(sentence)
        asks.extend(questions)

    def who(first):
        return n if first or chance(0.25) else g

    options = list(range(13))
    rng.shuffle(options)
    first = True
    for o in options[:rng.randint(2, 6)]:
        s = who(first)
        first = False
        if o == 0:
            t = pick(TOWNS)
            say(f"{s} lives in {t}.", (f"Where does {n} live?", f"{n} lives in {t}."), (f"In which city does {n} live?", f"{n} lives in {t}."))
        elif o == 1:
            j = pick(JOBS)
            say(f"{s} works as {article(j)}.", (f"What is {n}'s job?", f"{n} works as {article(j)}."), (f"What does {n} do for a living?", f"{n} is {article(j)}."))
        elif o == 2:
            a, c, p = pick(ANIMALS), pick(COLORS), pick(["Rex", "Luna", "Max", "Bella", "Coco", "Charlie", "Daisy", "Rocky"])
            say(f"{s} has a {c} {a} called {p}.", (f"What is the name of {n}'s {a}?", f"{n}'s {a} is called {p}."), (f"Which animal does {n} have?", f"{n} has {article(a)}."), (f"What color is the {a}?", f"The {a} is {c}."), (f"What pet does {n} have?", f"{n} has a {c} {a} called {p}."))
        elif o == 3:
            p, d = pick(PLACES), pick(PAST_TIMES)
            say(f"{capital(d)}, {s if s == n else s.lower()} went to the {p} with {m}.", (f"Where did {n} go?", f"{n} went to the {p}."), (f"Who went to the {p} with {n}?", f"{m} went to the {p} with {n}."), (f"When did {n} go to the {p}?", f"{n} went to the {p} {d}."), (f"With whom did {n} go to the {p}?", f"{n} went there with {m}."))
        elif o == 4:
            x, t, k = pick(OBJECTS), pick(ADJECTIVES), rng.randint(2, 60)
            say(f"{s} bought {article(t)} {x} for {k} dollars.", (f"What did {n} buy?", f"{n} bought {article(t)} {x}."), (f"How much did the {x} cost?", f"The {x} cost {k} dollars."), (f"How much did {n} pay for the {x}?", f"{n} paid {k} dollars for the {x}."))
        elif o == 5:
            f, t = pick(FOODS), pick(["breakfast", "lunch", "dinner"])
            say(f"For {t}, {s if s == n else s.lower()} ate {f}.", (f"What did {n} eat for {t}?", f"{n} ate {f} for {t}."), (f"When did {n} eat {f}?", f"{n} ate {f} for {t}."))
        elif o == 6:
            k = rng.randint(6, 80)
            say(f"{s} is {k} years old.", (f"How old is {n}?", f"{n} is {k} years old."), (f"What is {n}'s age?", f"{n} is {k} years old."))
        elif o == 7:
            f, why = pick(FEELINGS)
            why = why.format(g.lower()) if "{}r" not in why else why.replace("{}r", own)
            say(f"{s} was {f} {why}.", (f"Why was {n} {f}?", f"{n} was {f} {why}."), (f"How did {n} feel?", f"{n} was {f}."))
        elif o == 8:
            w = pick(WEATHER)
            say(w, ("What was the weather like?", w), ("How was the weather?", w))
        elif o == 9:
            x, p = pick(OBJECTS), pick(["under the bed", "on the table", "in the kitchen", "behind the door", "in the car", "in a drawer", "next to the window", "in the garden"])
            say(f"{s} found {own} {x} {p}.", (f"Where was the {x}?", f"The {x} was {p}."), (f"Where did {n} find the {x}?", f"{n} found the {x} {p}."), (f"What did {n} find {p}?", f"{n} found {own} {x} {p}."))
        elif o == 10:
            k, r = rng.randint(2, 5), pick(["brothers", "sisters", "children", "cousins"])
            say(f"{s} has {numeral(k)} {r}.", (f"How many {r} does {n} have?", f"{n} has {numeral(k)} {r}."))
        elif o == 11:
            a, b = rng.sample(["swimming", "reading", "cooking", "dancing", "painting", "playing chess", "singing", "playing football", "riding a bike", "taking pictures"], 2)
            say(f"{s} likes {a}, but {g.lower()} does not like {b}.", (f"What does {n} like?", f"{n} likes {a}."), (f"What does {n} not like?", f"{n} does not like {b}."), (f"Does {n} like {a}?", f"Yes, {n} likes {a}."), (f"Does {n} like {b}?", f"No, {n} does not like {b}."))
        else:
            h, t = rng.randint(5, 11), pick(["gets up", "goes to work", "leaves the house"])
            base = {"gets up": "get up", "goes to work": "go to work", "leaves the house": "leave the house"}[t]
            say(f"Every day {s if s == n else s.lower()} {t} at {numeral(h)} o'clock.", (f"When does {n} {base}?", f"{n} {t} at {numeral(h)} o'clock."), (f"At what time does {n} {base}?", f"{n} {t} at {numeral(h)} o'clock."))
    if text[0].startswith(("It ", "The weather")) and len(text) > 1 and n not in text[1]:
        text[1] = re.sub(r"^(She|He)\b", n, text[1])
    body = " ".join(text)
    if n not in body:
        body = body.replace(g, n, 1) if g in body else body + f" {n} was there."
    rng.shuffle(asks)
    if chance(0.12):
        q = pick([f"What is {n}'s favorite color?", f"What is the name of {n}'s mother?", f"How tall is {n}?", f"Which car does {n} drive?", f"What is {n}'s phone number?", f"When was {n} born?"])
        asks.insert(0, (q, pick(["The text does not say that.", "The passage does not tell us that."])))
    if chance(0.1):
        asks.insert(0, (pick(["Who is this text about?", "Who is the text about?", "Who is the story about?"]), f"The text is about {n}."))
    if chance(0.06):
        asks.insert(0, (pick(["What is the first sentence?", "Repeat the first sentence of the text."]), text[0]))
    q, a = asks[0]
    form = rng.randrange(6)
    if form == 0:
        first_turn = f"{body}\n{q}"
    elif form == 1:
        first_turn = f"{body} {q}"
    elif form == 2:
        first_turn = f"Read this: {body}\n\n{q}"
    elif form == 3:
        first_turn = f"{q}\n{body}"
    elif form == 4:
        first_turn = f"Passage: {body}\nQuestion: {q}"
    else:
        first_turn = pick(["Read the text and answer the question.", "Here is a text.", "Answer with the help of this text."]) + f"\n{body}\n{q}"
    turns = [("User", first_turn), ("Assistant", a)]
    for q, a in asks[1:1 + (rng.randint(1, 3) if chance(0.3) else 0)]:
        turns += [("User", q), ("Assistant", a)]
    return turns


SIGHTS = "museum,castle,tower,church,bridge,library,theatre,hotel,station,school,market,mill,swimming pool,zoo,town hall,garden,stadium,palace".split(",")
MATERIALS = "stone,wood,brick,glass,iron,steel,marble".split(",")
SPANS = ["ten minutes", "fifteen minutes", "half an hour", "two hours", "three days", "a week"]


def notice(_):
    """The same for a place or a thing instead of a person."""
    x, town = pick(SIGHTS), pick(TOWNS)
    text, asks = [], []
    the = f"the {x}"
    opens, closes, year, cost, free = rng.randint(7, 11), rng.randint(4, 9), rng.randint(1500, 2020), rng.randint(2, 40), pick(DAYS)
    color, material, span = pick(COLORS), pick(MATERIALS), pick(SPANS)
    kinds = [
        (f"{{}} opens at {numeral(opens)} and closes at {numeral(closes)}.", [(f"When does {the} open?", f"{capital(the)} opens at {numeral(opens)}."), (f"When does {the} close?", f"{capital(the)} closes at {numeral(closes)}.")]),
        (f"{{}} was built in {year}.", [(f"When was {the} built?", f"{capital(the)} was built in {year}."), (f"In which year was {the} built?", f"It was built in {year}."), (f"How old is {the}?", f"{capital(the)} was built in {year}.")]),
        (f"A ticket costs {cost} dollars.", [("How much does a ticket cost?", f"A ticket costs {cost} dollars."), ("What is the price of a ticket?", f"A ticket costs {cost} dollars."), ("How much is a ticket?", f"A ticket is {cost} dollars.")]),
        (f"{{}} is closed on {free}s.", [(f"When is {the} closed?", f"{capital(the)} is closed on {free}s."), (f"Is {the} open on {free}s?", f"No, {the} is closed on {free}s."), (f"On which day is {the} closed?", f"It is closed on {free}s.")]),
        (f"{{}} is made of {material}.", [(f"What is {the} made of?", f"{capital(the)} is made of {material}."), (f"Of which material is {the}?", f"It is made of {material}.")]),
        (f"Its roof is {color}.", [("What color is the roof?", f"The roof is {color}."), (f"What color is the roof of {the}?", f"It is {color}.")]),
        (f"The bus there takes {span}.", [("How long does the bus take?", f"The bus takes {span}."), (f"How long does it take to get to {the} by bus?", f"It takes {span}.")]),
        (f"More than {cost * 100} people visit {{}} every week.", [(f"How many people visit {the} every week?", f"More than {cost * 100} people visit {the} every week.")]),
    ]
    first = f"The {x} stands in the middle of {town}." if chance(0.5) else f"There is {article(pick(ADJECTIVES[:6]))} {x} in {town}."
    text.append(first)
    asks.append((f"Where is {the}?", f"{capital(the)} is in {town}." if first.startswith("There") else f"{capital(the)} is in the middle of {town}."))
    for pattern, questions in rng.sample(kinds, rng.randint(1, 4)):
        text.append(capital(pattern.format(pick([the, "it"]) if pattern.startswith("{}") else the)))
        asks += questions
    return text, asks


def scene(_):
    """Two or three people, each doing something: who did what."""
    people = rng.sample(NAMES, rng.randint(2, 3))
    text, asks, done = [], [], set()
    for n in people:
        k = rng.randrange(7)
        if k in done:
            continue
        done.add(k)
        o, p, m = pick(OBJECTS), pick(PLACES), pick([x for x in people if x != n])
        a = article(o)
        if k == 0:
            text.append(f"{n} gave {m} {a}.")
            asks += [(f"Who gave {m} {a}?", f"{n} gave {m} {a}."), (f"What did {n} give {m}?", f"{n} gave {m} {a}."), (f"Who got {a}?", f"{m} got {a} from {n}.")]
        elif k == 1:
            text.append(f"{n} waited at the {p}.")
            asks += [(f"Who waited at the {p}?", f"{n} waited at the {p}."), (f"Where did {n} wait?", f"{n} waited at the {p}.")]
        elif k == 2:
            c = pick(COLORS)
            text.append(f"{n} was wearing a {c} coat.")
            asks += [(f"Who was wearing a {c} coat?", f"{n} was wearing a {c} coat."), (f"What color was {n}'s coat?", f"{n}'s coat was {c}.")]
        elif k == 3:
            text.append(f"{n} forgot {'her' if n in GIRLS else 'his'} {o} at the {p}.")
            asks += [(f"Who forgot the {o}?", f"{n} forgot the {o}."), (f"What did {n} forget?", f"{n} forgot {'her' if n in GIRLS else 'his'} {o}."), (f"Where is the {o}?", f"The {o} is at the {p}.")]
        elif k == 4:
            f = pick(FOODS)
            text.append(f"{n} cooked for everybody and then ate {f}.")
            asks += [("Who cooked?", f"{n} cooked for everybody."), (f"What did {n} eat?", f"{n} ate {f}."), (f"Who ate {f}?", f"{n} ate {f}.")]
        elif k == 5:
            an = pick(ANIMALS)
            text.append(f"{n} came with {'her' if n in GIRLS else 'his'} {an}.")
            asks += [(f"Who has {article(an)}?", f"{n} has {article(an)}."), (f"What did {n} bring?", f"{n} brought {article(an)}."), (f"Which animal does {n} have?", f"{n} has {article(an)}.")]
        else:
            text.append(f"{n} is taller than {m}.")
            asks += [(f"Who is taller, {n} or {m}?", f"{n} is taller than {m}."), (f"Is {m} taller than {n}?", f"No, {n} is taller than {m}."), (f"Who is smaller, {m} or {n}?", f"{m} is smaller than {n}.")]
    return text, asks


def asked(maker):
    def make(facts):
        text, asks = maker(facts)
        body = " ".join(text)
        rng.shuffle(asks)
        q, a = asks[0]
        if chance(0.08):
            q, a = pick(["What is the name of the owner?", "Who told you this?", "How many windows are there?", "Who is the mayor?", "What is the telephone number?"]), pick(["The text does not say that.", "The passage does not tell us that."])
        turn = pick(["{b}\n{q}", "{b}\n{q}", "{b} {q}", "{b}\n\n{q}", "Read this: {b}\n\n{q}", "Read this: {b}\n{q}", "{q}\n{b}", "Passage: {b}\nQuestion: {q}", "Text: {b}\n\n{q}", "Answer the question.\n{b}\n{q}"]).format(b=body, q=q)
        turns = [("User", turn), ("Assistant", a)]
        for q, a in asks[1:1 + (rng.randint(1, 3) if chance(0.25) else 0)]:
            turns += [("User", q), ("Assistant", a)]
        return turns
    return make


def memory(_):
    """Something said earlier in the chat is asked for later."""
    n = pick(NAMES)
    k = rng.randrange(5)
    if k == 0:
        a = [("User", pick([f"My name is {n}.", f"Hello, I am {n}.", f"Hi, I'm {n}.", f"You can call me {n}."])), ("Assistant", pick([f"Nice to meet you, {n}!", f"Hello, {n}! How can I help you?"]))]
        b = [("User", pick(["What is my name?", "Do you remember my name?", "Who am I?"])), ("Assistant", f"Your name is {n}.")]
    elif k == 1:
        c = pick(COLORS)
        a = [("User", pick([f"My favorite color is {c}.", f"I like the color {c} best."])), ("Assistant", f"{capital(c)} is a nice color.")]
        b = [("User", "What is my favorite color?"), ("Assistant", f"Your favorite color is {c}.")]
    elif k == 2:
        t = pick(TOWNS)
        a = [("User", pick([f"I live in {t}.", f"I come from {t}."])), ("Assistant", pick([f"{t} is an interesting city. How do you like it there?", f"How nice! What do you like about {t}?"]))]
        b = [("User", pick(["Where do I live?", "In which city do I live?"]) if "live" in a[0][1] else "Where do I come from?"), ("Assistant", f"You {'live in' if 'live' in a[0][1] else 'come from'} {t}.")]
    elif k == 3:
        d, p = pick(ANIMALS), pick(["Rex", "Luna", "Max", "Bella", "Coco"])
        a = [("User", f"I have a {d} called {p}."), ("Assistant", f"How nice! {p} is a good name for a {d}.")]
        b = [("User", f"What is my {d} called?"), ("Assistant", f"Your {d} is called {p}.")]
    else:
        x, p = pick(OBJECTS), pick(["on the table", "in the kitchen", "in the car", "under the bed"])
        a = [("User", f"Please remember that the {x} is {p}."), ("Assistant", f"All right, the {x} is {p}.")]
        b = [("User", f"Where is the {x}?"), ("Assistant", f"The {x} is {p}.")]
    if chance(0.4):
        a += [("User", pick(["Thank you.", "Okay.", "How are you?"])), ("Assistant", pick(["You are welcome.", "How can I help you?"]))]
        if a[-2][1] == "How are you?":
            a[-1] = ("Assistant", "I am fine, thank you.")
    return a + b


def named(_):
    n = pick(NAMES)
    return pick([f"My name is {n}.", f"Hello, I am {n}.", f"Hi, I'm {n}.", f"I'm {n}. Nice to meet you.", f"You can call me {n}."]), pick([f"Nice to meet you, {n}! How can I help you?", f"Hello, {n}! What can I do for you?", f"It is nice to meet you, {n}."])


def summary(_):
    n = pick(NAMES)
    p, o, o2 = pick(PLACES), pick(OBJECTS), pick(OBJECTS)
    t = pick(ADJECTIVES)
    k = rng.randrange(4)
    if k == 0:
        text, short = f"{n} went to the {p} to buy {article(t)} {o}. {he(n)} looked for a long time, but there was none. In the end {he(n).lower()} went home without it.", f"{n} could not find {article(t)} {o} at the {p}."
    elif k == 1:
        text, short = f"{n} lost {'her' if n in GIRLS else 'his'} {o} at the {p}. {he(n)} asked everybody and looked everywhere. At last a friendly woman brought it back.", f"{n} lost {article(o)} at the {p}, and a woman brought it back."
    elif k == 2:
        text, short = f"Yesterday {n} visited the {p}. {he(n)} saw many things and took a lot of pictures. In the evening {he(n).lower()} was tired but happy.", f"{n} had a long and happy day at the {p}."
    else:
        text, short = f"{n} wanted to make a {o} for a friend. The first one broke, and the second one was too small. The third one was just right, and the friend loved it.", f"After two tries, {n} made a good {o} for a friend."
    return pick(["Summarize this: {}", "Give me a short summary: {}", "Summarize this text in one sentence: {}", "What is this text about? {}", "Say in one sentence what happens: {}"]).format(text), short


MAKERS = [(thing, 10), (guess, 1), (group, 5), (belongs, 1), (capitals, 3), (pairs, 7), (work, 3), (habits, 4), (compared, 2), (order, 2), (sums, 5), (letters, 2), (rewrite, 12), (passage, 18), (asked(notice), 8), (asked(scene), 8), (memory, 3), (named, 1), (summary, 2)]


def document(turns):
    return "\n".join(f"{role}: {text}" for role, text in turns) + "\n<|end|>\n"


def main(models, out, seed="1", count="34000"):
    rng.seed(int(seed))
    asked = set()
    path = os.path.join(models, "eval", "prompts.json")
    if os.path.exists(path):
        asked = {re.sub(r"\W+", " ", p["prompt"]).lower().strip() for p in json.load(open(path, encoding="utf-8"))}

    def free(turns):
        return all(re.sub(r"\W+", " ", t).lower().strip() not in asked for r, t in turns if r == "User")

    with open(os.path.join(out, "own.txt"), "w", encoding="utf-8") as f:
        for block in read_dialogues(os.path.join(models, "own-dialogues.txt")):
            wordings = max(len(w) for _, w in block)
            for i in range(3 * wordings + 2):
                turns = [("User" if mark == "?" else "Assistant", w[i % len(w)] if mark == "?" and i < len(w) else pick(w)) for mark, w in block]
                turns = [(r, disturbed(t) if r == "User" and i >= wordings else t) for r, t in turns]
                if free(turns):
                    f.write(document(turns))
    facts = read_facts(os.path.join(models, "own-facts.txt"))
    makers = [m for m, n in MAKERS for _ in range(n)]
    seen, made = set(), 0
    with open(os.path.join(out, "everyday.txt"), "w", encoding="utf-8") as f:
        for _ in range(int(count)):
            got = pick(makers)(facts)
            turns = [("User", disturbed(got[0])), ("Assistant", got[1])] if isinstance(got, tuple) else got
            d = document(turns)
            if d in seen or not free(turns):
                continue
            seen.add(d)
            f.write(d)
            made += 1
    print(f"everyday: {made} documents")


if __name__ == "__main__":
    main(*sys.argv[1:])
