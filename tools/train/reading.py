"""Passages with questions whose answers stand in them, or do not: who did what, where, when, why, with whom, how many, yes or no."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns

UNKNOWN = ["The text does not say that.", "The passage does not tell us that.", "The text does not say."]


def wrap(body, q):
    """The ways in which people put a passage and a question together"""
    form = rng.randrange(12)
    if form < 4:
        return f"{body}\n{q}"
    if form == 4:
        return f"{body} {q}"
    if form == 5:
        return f"Read this: {body}\n\n{q}"
    if form == 6:
        return f"{q}\n{body}"
    if form == 7:
        return f"Passage: {body}\nQuestion: {q}"
    if form == 8:
        return f"Text: {body}\n{q}"
    if form == 9:
        return f"{body}\n\n{q}"
    if form == 10:
        return f"{q} {body}"
    return pick(["Read the text and answer the question.", "Here is a text.", "Answer with the help of this text.", "Read this passage.",
        "Here is a short story."]) + f"\n{body}\n{q}"


class Text:
    """Sentences, and questions about them with their answers"""

    def __init__(self):
        self.sentences, self.asks = [], []

    def say(self, sentence, *asks):
        self.sentences.append(capital(sentence))
        self.asks += [(capital(q), capital(a)) for q, a in asks]


def somebody():
    """(as introduced, name later, gender)"""
    k = rng.random()
    if k < 0.6:
        return name()
    if k < 0.7:
        return mister()
    who, g = pick(PERSONS)
    return "the " + who, g


def people(n):
    out = []
    while len(out) < n:
        x = somebody()
        if all(x[0] != o[0] for o in out):
            out.append(x)
    return out


GOOD_EVENTS = [v for v in VERB_TABLE if v[0] not in ("live", "know", "like", "love", "hate", "want", "need", "enjoy", "use", "teach", "keep", "hold",
    "own", "laugh", "cry", "fall", "arrive", "leave")]


def event(t, who, g, other, first, text_names):
    """One thing that somebody did, with questions on its parts"""
    entry = pick(GOOD_EVENTS)
    c = clause(subject=who, gender=g, entry=entry, tail="")
    he, him, his = PRONOUNS[g]
    label = who  # how questions name the person
    subject = who if first or chance(0.35) else he
    obj, place, when, reason, company = c.object, "", "", "", ""
    last = obj.split(" ")[-1]
    if not c.moves and chance(0.45):
        place = pick(["at the " + pick(PLACES), "in the " + pick(["kitchen", "garden", "park", "library", "market", "shop", "village", "school yard",
            "hall"]), "in " + town(), "near the river", "on the beach", "behind the house", "at home"])
        if place.split(" ")[-1] == last or entry[0] in ("visit", "leave", "enter", "build") or " PLACE" in entry[3]:
            place = ""
    if chance(0.5):
        when = pick(PAST_TIMES)
    if other and not c.moves and entry[0] not in ("meet", "visit", "call", "help", "ask") and chance(0.3):
        company = "with " + other[0]
    if chance(0.25):
        reason = pick(REASONS).format(he=he, his=his, him=him)
    act = f"{c.pasts} {obj}"
    full = " ".join(x for x in (act, place, company) if x)
    if when and chance(0.4):
        sentence = f"{capital(when)}, {small(subject) if subject[:4] != 'the ' else subject} {full}"
    else:
        sentence = f"{subject} {full}" + (f" {when}" if when else "")
    sentence += (" " + reason if reason else "") + "."
    asks = []
    base = c.base
    asks.append((f"Who {act}?", f"{label} {act}."))
    if place:
        asks += [(f"Where did {label} {base} {obj}?", f"{label} {act} {place}."), (f"Who {act} {place}?", f"{label} {act} {place}.")]
    if when:
        asks.append((f"When did {label} {base} {obj}?", f"{label} {act} {when}."))
    if company:
        asks += [(f"Who {act} with {label}?" if label[:4] != "the " else f"With whom did {label} {base} {obj}?",
            f"{other[0]} {act} with {label}." if label[:4] != "the " else f"{label} {act} {company}."), (f"With whom did {label} {base} {obj}?",
            f"{label} {act} {company}.")]
    if reason:
        asks += [(f"Why did {label} {base} {obj}?", f"{label} {act} {reason}.")] * 2
    if c.moves:
        prep = obj.split(" ")[0]
        if prep in ("to", "through", "across", "along", "home", "down"):
            asks += [(f"Where did {label} {base}?", f"{label} {act}.")] * 2
        elif prep in ("in", "at", "near", "on", "under", "by"):
            asks.append((f"Where did {label} {base}?", f"{label} {act}."))
        elif prep in ("for", "about"):
            asks.append((f"What did {label} {base} {prep}?" if "NAME" not in entry[3] and "REL" not in entry[3] else f"Who did {label} {base} {prep}?",
                f"{label} {act}."))
    elif entry[3] in ("the PERSON", "NAME", "OWN_RELATIVE", "a friend"):
        asks += [(f"Who did {label} {base}?", f"{label} {act}.")] * 2
    elif entry[0] in ("visit", "leave", "enter"):
        asks.append((f"Which place did {label} {base}?", f"{label} {act}."))
    else:
        asks += [(f"What did {label} {base}{' ' + place if place and chance(0.4) else ''}?", f"{label} {act}.")] * 3
        if place or when:
            asks.append((f"What did {label} do {place or when}?", f"{label} {act}."))
    asks.append((f"Did {label} {base} {obj}?", f"Yes, {label} {act}."))
    d = filled(entry[3].lstrip("@"), g)
    if d != obj and not c.moves and d.split()[-1] != last:
        asks.append((f"Did {label} {base} {d}?", f"No, {label} {act}."))
    t.say(sentence, *[(q, a) for q, a in asks])


def fact_of(t, who, g, first):
    """One thing that is so: where somebody lives, works, what they have, like, wear and so on"""
    he, _him, his = PRONOUNS[g]
    s = who if first or chance(0.3) else he
    n = who
    k = pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14])
    if k == 0:
        x = town()
        w = pick(["a small house", "a big flat", "an old house", "a village near the sea"]) if chance(0.3) else ""
        t.say(f"{s} lives in {w + ' in ' if w and 'village' not in w else ''}{x}.", (f"Where does {n} live?", f"{n} lives in {x}."),
            (f"In which city does {n} live?", f"{n} lives in {x}."), (f"Does {n} live in {x}?", f"Yes, {n} lives in {x}."))
    elif k == 1:
        j = pick(JOBS)
        where = pick(["", f" in {town()}", f" in a {pick(['small', 'big', 'new', 'busy', 'old'])} {pick(PLACES)}", f" at the {pick(PLACES)}"])
        t.say(f"{s} works as {article(j)}{where}.", (f"What is {n}'s job?", f"{n} works as {article(j)}."), (f"What does {n} do?",
            f"{n} works as {article(j)}."), *([(f"Where does {n} work?", f"{n} works{where}.")] * 3 if where else []))
    elif k == 2:
        p = pick(PLACES)
        x = town()
        a = pick(["small", "big", "new", "old", "busy", "famous"])
        t.say(f"{s} works in {article(a)} {p} in {x}.", (f"Where does {n} work?", f"{n} works in {article(a)} {p} in {x}."),
            (f"In which city is the {p}?", f"The {p} is in {x}."), (f"In which city does {n} work?", f"{n} works in {x}."))
    elif k == 3:
        a, c, p = pick(PETS), pick(COLORS[:9]), pick(PET_NAMES)
        t.say(f"{s} has {article(c)} {a} called {p}.", (f"What is the name of {n}'s {a}?", f"{n}'s {a} is called {p}."),
            (f"What is {n}'s {a} called?", f"{n}'s {a} is called {p}."), (f"What color is {p}?", f"{p} is {c}."), (f"Which animal does {n} have?",
            f"{n} has {article(c)} {a}."), (f"Who is {p}?", f"{p} is {n}'s {a}."), (f"Who has {article(a)}?", f"{n} has {article(a)}."))
    elif k == 4:
        x, c = pick(CLOTHES), pick(COLORS)
        t.say(f"{s} wears {article(c)} {x}.", (f"What does {n} wear?", f"{n} wears {article(c)} {x}."), (f"Who wears {article(c)} {x}?",
            f"{n} wears {article(c)} {x}."), (f"What color is {n}'s {x}?", f"{n}'s {x} is {c}."))
    elif k == 5:
        y = rng.randint(4, 90)
        t.say(f"{s} is {y} years old.", (f"How old is {n}?", f"{n} is {y} years old."), (f"What is {n}'s age?", f"{n} is {y} years old."))
    elif k == 6:
        a, b = rng.sample(HOBBIES, 2)
        t.say(pick([f"{s} likes {a}, but {he} does not like {b}.", f"{s} loves {a} and hates {b}."]), (f"What does {n} like?", f"{n} likes {a}."),
            (f"What does {n} not like?", f"{n} does not like {b}."), (f"Does {n} like {a}?", f"Yes, {n} likes {a}."), (f"Does {n} like {b}?",
            f"No, {n} does not like {b}."), (f"Who likes {a}?", f"{n} likes {a}."))
    elif k == 7:
        h, (v, b) = rng.randint(1, 12), pick([("gets up", "get up"), ("goes to work", "go to work"), ("leaves the house", "leave the house"),
            ("goes to bed", "go to bed"), ("has lunch", "have lunch"), ("comes home", "come home"), ("starts work", "start work"), ("opens the shop",
            "open the shop")])
        why = pick(["", f" to {c_base()}"])
        t.say(f"{s} {v} at {numeral(h)} o'clock{why}.", (f"When does {n} {b}?", f"{n} {v} at {numeral(h)} o'clock."), (f"At what time does {n} {b}?",
            f"{n} {v} at {numeral(h)} o'clock."), *([(f"Why does {n} {b} at {numeral(h)} o'clock?",
            f"{n} {v} at {numeral(h)} o'clock{why}.")] if why else []))
    elif k == 8:
        m, r = rng.randint(2, 9), pick(["brothers", "sisters", "children", "cousins", "cats", "dogs", "horses", "books", "cars", "houses", "hens",
            "sheep", "jobs", "hats", "friends", "aunts"])
        t.say(f"{s} has {numeral(m)} {r}.", (f"How many {r} does {n} have?", f"{n} has {numeral(m)} {r}."), (f"Who has {numeral(m)} {r}?",
            f"{n} has {numeral(m)} {r}."))
    elif k == 10:
        x, spot = pick(THINGS), pick(SPOTS)
        t.say(f"{n if first else his if chance(0.6) else n}{chr(39) + 's' if first else ''} {x} is {spot}.".replace(f"{n} {x}", f"{n}'s {x}"),
            (f"Where is {n}'s {x}?", f"{n}'s {x} is {spot}."), (f"What is {spot}?", f"{n}'s {x} is {spot}."))
    elif k == 11:
        f, meal = pick(FOODS), pick(["breakfast", "lunch", "dinner"])
        t.say(pick([f"For {meal}, {s} eats {f}.", f"{s} eats {f} for {meal}."]), (f"What does {n} eat for {meal}?", f"{n} eats {f} for {meal}."),
            (f"When does {n} eat {f}?", f"{n} eats {f} for {meal}."), (f"Who eats {f} for {meal}?", f"{n} eats {f} for {meal}."))
    elif k == 12:
        d, what = pick(DAYS), pick(PLACES)
        t.say(f"On {d}s {s} goes to the {what}.", (f"When does {n} go to the {what}?", f"{n} goes to the {what} on {d}s."),
            (f"Where does {n} go on {d}s?", f"{n} goes to the {what} on {d}s."))
    elif k == 13:
        r, rg = pick(RELATIVES[:13])
        m = name(rg)[0]
        j = pick(JOBS)
        t.say(f"{capital(his) if not first else n + chr(39) + 's'} {r} {m} is {article(j)}.", (f"What is the name of {n}'s {r}?",
            f"{n}'s {r} is called {m}."), (f"Who is {m}?", f"{m} is {n}'s {r}."), (f"What is {m}'s job?", f"{m} is {article(j)}."),
            (f"What does {m} do?", f"{m} is {article(j)}."))
    else:
        x = town()
        t.say(f"{s} comes from {x}.", (f"Where does {n} come from?", f"{n} comes from {x}."), (f"Who comes from {x}?", f"{n} comes from {x}."))


def c_base():
    return pick(["bake the bread", "feed the hens", "catch the train", "milk the cows", "read the news", "go for a run", "open the shop",
        "walk the dog", "write letters", "make breakfast", "see the sunrise", "clean the stable", "take the bus", "water the garden",
        "help in the kitchen", "learn English"])


MISSING = [lambda n: f"What is {n}'s favorite color?", lambda n: f"What is the name of {n}'s mother?", lambda n: f"How tall is {n}?",
    lambda n: f"Which car does {n} drive?", lambda n: f"What is {n}'s phone number?", lambda n: f"When was {n} born?",
    lambda n: f"What is {n}'s last name?", lambda n: f"What is the name of {n}'s {pick(RELATIVES[:14])[0]}?",
    lambda n: f"How much money does {n} have?", lambda n: f"What did {n} dream?"]


def finish(t, who=None, skip=0.08, about=True):
    body = " ".join(t.sentences)
    rng.shuffle(t.asks)
    if who and chance(skip):
        q = pick(MISSING)(who)
        if q.split()[-1].rstrip("?") not in body:
            t.asks.insert(0, (q, pick(UNKNOWN)))
    if who and about and chance(0.04):
        t.asks.insert(0, (pick(["Who is this text about?", "Who is the text about?", "Who is the story about?"]),
            capital(f"the text is about {who}.")))
    if chance(0.03):
        t.asks.insert(0, (pick(["What is the first sentence?", "Repeat the first sentence of the text.", "Copy the first sentence."]),
            re.split(r"(?<=[.]) (?=[A-Z])", t.sentences[0])[0]))
    q, a = t.asks[0]
    turns = [("User", wrap(body, q)), ("Assistant", a)]
    for q, a in t.asks[1:1 + (rng.randint(1, 4) if chance(0.6) else 0)]:
        if all(q != u for _r, u in turns) and q not in turns[0][1]:
            turns += [("User", q), ("Assistant", a)]
    return turns


def events(_):
    """Two or three people and what they did"""
    t = Text()
    group = people(rng.randint(1, 3))
    order = [pick(group) for _ in range(rng.randint(2, 4))]
    seen = None
    for who, g in order:
        other = next((p for p in group if p[0] != who), None)
        event(t, who, g, other, who != seen, group)
        seen = who
    # a question that two sentences answer is no question
    questions = [q for q, _a in t.asks]
    t.asks = [(q, a) for q, a in t.asks if questions.count(q) < 4]
    return finish(t, pick(group)[0], about=len(group) == 1)


def portrait(_):
    t = Text()
    who, g = somebody()
    first = True
    for _ in range(rng.randint(2, 5)):
        n = len(t.sentences)
        fact_of(t, who, g, first)
        first = len(t.sentences) == n and first
        first = False
    if chance(0.4):
        event(t, who, g, None, False, [])
    return finish(t, who)


def two(_):
    """Two people side by side: questions have to pick the right one"""
    t = Text()
    for who, g in people(2):
        for i in range(rng.randint(1, 2)):
            fact_of(t, who, g, True)
    return finish(t, None)


def lost(_):
    """Somebody loses a thing, and somebody else finds it"""
    t = Text()
    (a, ga), (b, gb), (c, _gc) = people(3)
    x, spot = pick(THINGS), pick(SPOTS)
    after = pick(["took it to the police", "brought it back", "kept it", "gave it to a guard", "put it on a chair", "called the owner",
        "took it home", "sold it", f"gave it to {c}", "showed it to everybody", "sent it back by post"])
    where = pick(["on the train", "in the park", "at the market", "at school", "in the street", "on the bus", "at the beach", "in a shop",
        "in " + town(), "at the station", "in the forest", "at the zoo"])
    his = PRONOUNS[ga][2]
    when = pick(["", "", " yesterday", " on " + pick(DAYS), " last week"])
    finder = b if b[:4] != "the " or chance(0.5) else article(b[4:])
    t.say(f"{a} {pick(['lost', 'lost', 'forgot', 'left'])} {his} {x} {where}{when}.", (f"Whose {x} was it?", f"It was the {x} of {a}."),
        (f"Where did {a} lose {his} {x}?", f"{a} lost {his} {x} {where}."))
    verb = t.sentences[0][len(a) + 1:].split()[0]
    base = {"lost": "lose", "forgot": "forget", "left": "leave"}[verb]
    t.asks += [(f"Who {verb} {pick(['the', his])} {x}?", capital(f"{a} {verb} the {x}.")), (f"What did {a} {base}?",
        capital(f"{a} {verb} {his} {x}.")), (f"Where did {a} {base} {his} {x}?", capital(f"{a} {verb} {his} {x} {where}."))]
    t.asks = [x for x in t.asks if base == "lose" or " lose " not in x[0]]
    t.say(f"{finder} found it {spot} and {after}.", *[(f"Who found the {x}?", f"{finder} found the {x}.")] * 4, (f"Where did {finder} find the {x}?",
        f"{finder} found the {x} {spot}."), (f"Where was the {x}?", f"The {x} was {spot}."), (f"What did {finder} do with the {x}?",
        f"{finder} {after.replace('it', 'the ' + x, 1) if 'it' in after else after}."), (f"What did {finder} find?", f"{finder} found the {x}."))
    return finish(t, a)


def pair(_):
    """Somebody has two animals or children: which one is it?"""
    t = Text()
    n, g = somebody()
    a, b = rng.sample(PET_NAMES, 2) if chance(0.7) else [x[0] for x in names(2)]
    x = pick(PETS[:14] + ["son", "daughter", "child", "brother", "sister", "friend", "cousin"])
    people_like = x in ("son", "daughter", "child", "brother", "sister", "friend", "cousin")
    fa, fb = rng.sample(["lazy", "small", "big", "very old", "shy", "wild", "clever", "quiet", "playful", "friendly", "hungry", "fast", "brave",
        "strong", "young", "calm"], 2)
    base = rng.sample(["climb trees", "run in the park", "swim in the lake", "play with a ball", "sit by the window", "jump over the fence",
        "eat fish", "sleep on the sofa", "hide under the bed", "dig holes"] + (["read books", "paint pictures", "play chess", "sing songs",
        "bake cakes", "dance", "tell jokes"] if people_like else ["chase birds", "chase mice", "sit on the roof", "lie in the sun"]), 2)
    la, lb = ["to " + y for y in base]
    ca, cb = rng.sample(["tall", "thin", "blond", "nine years old", "at school", "often late"] if people_like else COLORS[:9], 2)
    v = pick(["loves", "likes"])
    form = rng.randrange(3)
    if form == 0:
        t.say(f"{n} has two {plural(x)}, {a} and {b}. {a} is {ca} and {fa}. {b} is {cb} and {v} {lb}.", (f"Which {x} is {fa}?", f"{a} is {fa}."),
            (f"Which {x} is {ca}?", f"{a} is {ca}."))
    elif form == 1:
        t.say(f"{n} has two {plural(x)}, {a} and {b}. {a} {v} {la}, and {b} {v} {lb}.", *[(f"Which {x} likes {la}?", f"{a} likes {la}."),
            (f"What does {a} like?", f"{a} likes {la}.")] * 2)
    else:
        t.say(f"{n} has two {plural(x)}. {a} is {ca} and {v} {la}. {b} is {cb} and {v} {lb}.", *[(f"Which {x} likes {la}?", f"{a} likes {la}."),
            (f"Which {x} is {ca}?", f"{a} is {ca}.")] * 2, (f"Who is {ca}?", f"{a} is {ca}."))
    t.asks += [(f"Which {x} likes {lb}?", f"{b} likes {lb}."), (f"Which {x} loves {lb}?", f"{b} loves {lb}."), (f"Who likes {lb}?",
        f"{b} likes {lb}.")] * 2
    t.asks += [(f"How many {plural(x)} does {n} have?", capital(f"{n} has two {plural(x)}.")), (f"What are {n}'s {plural(x)} called?",
        f"They are called {a} and {b}."), (f"What does {b} like?", f"{b} likes {lb}.")]
    if form != 1:
        t.asks.append((f"Which {x} is {cb}?", f"{b} is {cb}."))
    return finish(t)


def give(_):
    """Things change hands: who has what, who did what to whom"""
    t = Text()
    (a, ga), (b, gb), (c, gc) = people(3)
    x, y = rng.sample(THINGS, 2)
    k = pick([0, 2, 3, 4, 5, 6])
    if k == 0:
        t.say(f"{a} gave {b} {article(x)}, and {c} gave {b} {article(y)}.", (f"Who gave {b} {article(x)}?", f"{a} gave {b} {article(x)}."),
            (f"Who gave {b} {article(y)}?", f"{c} gave {b} {article(y)}."), (f"What did {a} give {b}?", f"{a} gave {b} {article(x)}."),
            (f"What did {c} give {b}?", f"{c} gave {b} {article(y)}."))
    elif k == 2:
        adj, adv = pick([("taller", "smaller"), ("older", "younger"), ("faster", "slower"), ("richer", "poorer"), ("stronger", "weaker")])
        t.say(f"{a} is {adj} than {b}, and {b} is {adj} than {c}.", (f"Who is {adj}, {a} or {b}?", f"{a} is {adj} than {b}."),
            (f"Who is {adj}, {c} or {b}?", f"{b} is {adj} than {c}."), (f"Is {b} {adj} than {a}?", f"No, {a} is {adj} than {b}."),
            (f"Who is {adv}, {a} or {b}?", f"{b} is {adv} than {a}."), (f"Is {a} {adj} than {b}?", f"Yes, {a} is {adj} than {b}."))
    elif k == 3:
        sa, sb = rng.sample(SPOTS, 2)
        t.say(f"the {x} is {sa}, and the {y} is {sb}.", (f"Where is the {x}?", f"The {x} is {sa}."), (f"Where is the {y}?", f"The {y} is {sb}."),
            (f"What is {sa}?", f"The {x} is {sa}."), (f"What is {sb}?", f"The {y} is {sb}."), (f"Is the {x} {sb}?", f"No, the {x} is {sa}."))
    elif k == 4:
        ca, cb = rng.sample(COLORS, 2)
        t.say(f"{a} has {article(ca)} {x}, and {b} has {article(cb)} {x}.", (f"Who has the {ca} {x}?", f"{a} has the {ca} {x}."),
            (f"Who has the {cb} {x}?", f"{b} has the {cb} {x}."), (f"What color is {b}'s {x}?", f"{b}'s {x} is {cb}."), (f"What color is {a}'s {x}?",
            f"{a}'s {x} is {ca}."))
    elif k == 5:
        m, n = rng.sample(MONTHS, 2)
        v = pick(["beans", "tomatoes", "carrots", "potatoes", "peas", "onions", "flowers", "pumpkins", "strawberries", "cabbages"])
        dish = pick(["a soup", "a salad", "a stew", "a big meal", "a pie", "lunch", "a sauce"])
        he, _h, his = PRONOUNS[ga]
        t.say(f"{a} planted {v} in {his} garden in {m}.", (f"What did {a} plant?", f"{a} planted {v}."), (f"When did {a} plant the {v}?",
            f"{a} planted the {v} in {m}."), (f"Where did {a} plant the {v}?", f"{a} planted the {v} in {his} garden."))
        t.say(f"in {n} {he} picked them and made {dish} for {b}.", (f"When did {a} pick the {v}?", f"{a} picked the {v} in {n}."),
            (f"What did {a} make?", f"{a} made {dish} for {b}."), (f"For whom did {a} make {dish}?", f"{a} made {dish} for {b}."),
            (f"What did {a} cook?", f"{a} cooked {dish}."))
    else:
        m, n, q = rng.randint(2, 40), rng.randint(2, 40), plural(x)
        t.say(f"{a} has {m} {q}, and {b} has {n} {q}.", (f"How many {q} does {a} have?", f"{a} has {m} {q}."), (f"How many {q} does {b} have?",
            f"{b} has {n} {q}."), (f"Who has {m} {q}?", f"{a} has {m} {q}."), (f"Who has more {q}?",
            f"{a if m > n else b} has more {q}." if m != n else f"{a} and {b} have the same number of {q}."))
    if chance(0.4):
        event(t, *pick([(a, ga), (b, gb)]), None, True, [])
    return finish(t, pick([a, b]))


def about_things(f):
    """What our facts say about a thing, as a passage"""
    noun, rest = pick(f["things"])
    what, more = [s.strip() for s in rest.split("|")]
    other, _rest = pick(f["things"])
    a = article(noun)
    t = Text()
    t.say(f"{capital(a)} is {what}.", (f"What is {a}?", f"{capital(a)} is {what}."))
    t.say(more, (f"What else does the text say about {a}?", more))
    return finish(t)


# Reasons in passages: X does A in order to B, because of C
WHY = [("Whales", "swim up", "swim up", "to breathe"), ("Bees", "visit flowers", "visit flowers", "to collect nectar"), ("Birds", "build nests",
    "build nests", "to lay their eggs"), ("Squirrels", "hide nuts", "hide nuts", "to have food in winter"), ("Cats", "clean their fur",
    "clean their fur", "to keep cool"), ("Dogs", "bark", "bark", "to warn people"), ("Trees", "lose their leaves", "lose their leaves",
    "to save water"), ("Bears", "eat a lot in autumn", "eat a lot in autumn", "to get fat for the winter"),
       ("Frogs", "jump into the water", "jump into the water", "to hide"), ("Wolves", "hunt in groups", "hunt in groups", "to catch large animals"),
           ("Turtles", "dig holes in the sand", "dig holes in the sand", "to lay their eggs"), ("Farmers", "get up early", "get up early",
           "to milk the cows"), ("Sailors", "look at the stars", "look at the stars", "to find their way"), ("People", "wear warm coats",
           "wear warm coats", "to stay warm"), ("Ants", "work together", "work together", "to carry food"),
       ("Spiders", "spin webs", "spin webs", "to catch insects"), ("Elephants", "use their ears", "use their ears", "to cool down"), ("Children",
           "go to school", "go to school", "to learn"), ("Fish", "swim in groups", "swim in groups", "to be safe"), ("Owls", "turn their heads",
           "turn their heads", "to see better"), ("Penguins", "stand close together", "stand close together", "to keep warm"), ("Plants",
           "turn to the sun", "turn to the sun", "to get more light"), ("Deer", "come to the river", "come to the river", "to drink")]
EXTRA = ["They do this every day.", "Many people like to watch them.", "This is very important for them.", "They do not need help.",
    "They live in many countries.", "In winter this is hard.", "It takes a lot of time.", "Some of them do it at night.",
    "The young ones learn it from their mothers."]


def why(_):
    who, act, base, aim = pick(WHY)
    if chance(0.5):  # any aim may stand in a text
        aim = pick(WHY)[3]
    t = Text()
    t.say(f"{who} {act} {aim}.", *[(f"Why do {who.lower()} {base}?", f"{who} {act} {aim}.")] * 4, (f"What do {who.lower()} do {aim}?",
        f"{who} {act} {aim}."))
    for e in rng.sample(EXTRA, rng.randint(1, 2)):
        t.sentences.insert(rng.randint(1 if e.startswith("They") else 0, len(t.sentences)) if not e.startswith(("They", "This", "Some", "The", "In",
            "It", "Many")) else len(t.sentences), e)
    return finish(t)


def simple(_):
    """One sentence and one question, to learn which word answers which question"""
    t = Text()
    who, g = somebody()
    if chance(0.5):
        event(t, who, g, None, True, [])
    else:
        fact_of(t, who, g, True)
    return finish(t)


READERS = [(events, 11), (portrait, 8), (two, 5), (give, 6), (lost, 7), (pair, 6), (about_things, 2), (why, 3), (simple, 4)]
