"""Passages of one small scene: wishes, mishaps, helpers, prices, three children, causes."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns
from reading import EXTRA, GOOD_EVENTS, Text, UNKNOWN, finish, people, somebody

WANTS_TO = ["be a J", "be a J", "be a J", "live in TOWN", "travel to TOWN", "learn HOBBY", "buy a THING", "have a PET", "sell the THING",
    "build a house", "write a book", "win the race", "stay at home", "go to the PLACE", "play the PLAYED"]


def wishes(_):
    """Two or three people, each with a wish, a favorite or a dislike of their own"""
    t = Text()
    group = people(rng.randint(2, 3))
    kind = rng.randrange(4)
    if kind == 0:
        intro = pick(["{} are twins.", "{} are friends.", "{} are brother and sister.", "{} live in the same street.", "{} go to the same school.",
            "{} work together."])
        t.sentences.append(capital(intro.format(joined([p[0] for p in group]))))
    used = set()
    for n, _g in group:
        if kind <= 1:
            w = filled(pick(WANTS_TO).replace("PLAYED", pick(["piano", "guitar", "violin", "drum", "flute"])).replace("learn HOBBY",
                "learn " + pick(["English", "French", "Spanish", "to swim", "to dance", "to cook", "to drive", "to ski"])).replace("a J",
                article(pick(JOBS))), "n")
            if w in used:
                continue
            used.add(w)
            t.say(f"{n} wants to {w}.", (f"Who wants to {w}?", f"{n} wants to {w}."),
                (f"What does {n} want to {w.split()[0] if w.split()[0] in ('be', 'buy', 'have', 'learn', 'write', 'win', 'sell', 'play', 'build') else 'do'}?",
                f"{n} wants to {w}."))
        elif kind == 2:
            w = pick(HOBBIES + MASS_FOOD + [plural(p) for p in PETS])
            if w in used:
                continue
            used.add(w)
            v = pick(["likes", "loves", "likes"])
            t.say(f"{n} {v} {w}.", (f"Who {v} {w}?", f"{n} {v} {w}."), (f"What does {n} {v[:-1]}?", f"{n} {v} {w}."), (f"Who likes {w}?",
                f"{n} likes {w}."))
        else:
            c = clause(subject=n, gender="f", entry=pick(GOOD_EVENTS), tail="")
            if c.base in used:
                continue
            used.add(c.base)
            t.say(f"{n} {c.pasts} {c.object}.", *[(f"Who {c.pasts} {c.object}?", f"{n} {c.pasts} {c.object}.")] * 2, *([(f"What did {n} {c.base}?",
                f"{n} {c.pasts} {c.object}.")] if not c.moves else []))
    return finish(t)


MISHAPS = [("broke {his} arm", ["fell off {his} bicycle", "fell down the stairs", "slipped on the ice", "fell out of a tree", "jumped over a wall"],
    ["write", "play the piano", "swim", "drive", "carry anything"]), ("hurt {his} foot", ["stepped on a nail", "dropped a stone on it",
    "kicked a wall", "ran too fast"], ["walk", "dance", "play football", "run", "ride a bicycle"]),
           ("caught a cold", ["walked in the rain", "swam in the cold lake", "forgot {his} coat", "slept with the window open"], ["sing",
               "go to school", "go to work", "go to the party"]), ("lost {his} glasses", ["ran for the bus", "swam in the sea", "cleaned the house",
               "fell asleep on the train"], ["read", "drive", "read the menu", "see the stage"]),
           ("burned {his} hand", ["touched the hot stove", "took the cake out of the oven", "lit a candle"], ["cook", "write", "play the guitar"]),
               ("lost {his} key", ["went for a walk", "came home from work", "played in the snow"], ["open the door", "go home",
               "get into the house"]), ("missed the train", ["got up too late", "talked to a friend", "forgot the time"], ["get to work on time",
               "see the game", "come to the party"])]


def mishap(_):
    """What happened to somebody, how it came about, and what followed"""
    t = Text()
    n, g = somebody()
    he, _him, his = PRONOUNS[g]
    what, causes, cannot = pick(MISHAPS)
    what, cause, c = what.format(his=his), pick(causes).format(his=his), pick(cannot)
    span = pick(["for six weeks", "for two days", "for a week", "that day", "for a month", "for three weeks", "the next day"])
    base = {"broke": "break", "hurt": "hurt", "caught": "catch", "lost": "lose", "burned": "burn",
        "missed": "miss"}[what.split()[0]] + what[len(what.split()[0]):]
    t.say(f"{n} {what} when {he} {cause}.", (f"How did {n} {base}?", f"{n} {what} when {he} {cause}."), (f"When did {n} {base}?",
        f"{n} {what} when {he} {cause}."), (f"What happened to {n}?", f"{n} {what}."), (f"Who {what.replace(his, pick(['the', his]), 1)}?",
        f"{n} {what}."))
    t.say(f"{pick(['So ' + he, he])} could not {c} {span}.", *[(f"Why could {n} not {c}?", f"{n} could not {c} because {he} {what}.")] * 4,
        (f"What could {n} not do?", f"{n} could not {c}."), *([(f"How long could {n} not {c}?",
        f"{n} could not {c} {span}.")] if span.startswith("for") else []))
    return finish(t)


def helpers(_):
    """Somebody has something, and somebody else helps"""
    t = Text()
    n, g = name() if chance(0.7) else mister()
    he, him, his = PRONOUNS[g]
    p, adj, x = pick(["restaurant", "shop", "farm", "bakery", "cafe", "hotel", "garden", "workshop", "school", "bookshop", "boat", "market stall",
        "bar", "factory", "stable", "flower shop", "kitchen", "museum"]), pick(["small", "big", "new", "old", "nice", "famous"]), town()
    where = f"in {x}" if chance(0.7) else pick(["near the station", "by the sea", "in the mountains", "next to the church", "at the harbor",
        "in the old town"])
    h = his + " " + pick(RELATIVES)[0] if chance(0.7) else name()[0]
    h2 = h.replace(his + " ", f"{n}'s ", 1)
    job = pick(["in the kitchen", "in the garden", "with the books", "with the animals", "with the letters", "with the bread", "in the shop",
        "with the guests", "with the cleaning", "with the money", "with the flowers", "with the work", "at the door"])
    when = pick([f"On {pick(DAYS)}s", "In summer", "In the evening", "Every morning", "At weekends", "In winter", "In the afternoon"])
    w = when[0].lower() + when[1:] if not when.startswith("On ") else "on" + when[2:]
    owns = pick(["has", "owns", "runs"])
    t.say(f"{n} {owns} {article(adj)} {p} {where}.", (f"What does {n} {'have' if owns == 'has' else owns[:-1]}?", f"{n} {owns} {article(adj)} {p}."),
        (f"Where is {n}'s {p}?", f"{n}'s {p} is {where}."), (f"Who {owns} {article(adj)} {p}?", f"{n} {owns} {article(adj)} {p}."))
    t.say(f"{when} {h} helps {him} {job}.", *[(f"Who helps {n} {job}?", f"{h2} helps {n} {job}.")] * 2, (f"Who helps {n}?", f"{h2} helps {n}."),
        (f"When does {h2} help {n}?", f"{h2} helps {n} {w}."), (f"How does {h2} help {n}?", f"{h2} helps {n} {job}."),
        *([(f"Where does {h2} help {n}?", f"{h2} helps {n} {job}.")] if job.startswith(("in ", "at ")) else []))
    return finish(t, n)


def three(_):
    """Three children, friends or animals, and what each one is like"""
    t = Text()
    n, g = somebody()
    x = pick(["children", "sons", "daughters", "friends", "dogs", "cats", "brothers", "sisters", "students", "horses", "cousins"])
    trio = [y[0] for y in names(3)] if x not in ("dogs", "cats", "horses") else rng.sample(PET_NAMES, 3)
    t.say(f"{n} has three {x}: {trio[0]}, {trio[1]} and {trio[2]}.", (f"How many {x} does {n} have?", f"{n} has three {x}."),
        (f"What are the names of {n}'s {x}?", f"They are called {trio[0]}, {trio[1]} and {trio[2]}."))
    told = rng.sample(trio, rng.randint(1, 3))
    traits = rng.sample(["the oldest", "the youngest", "very tall", "very small", "shy", "funny", "strong", "fast", "clever", "quiet", "brave",
        "lazy"], len(told))
    acts = rng.sample(["plays the flute", "plays the piano", "likes fish", "can swim", "sleeps a lot", "runs very fast", "loves apples",
        "is afraid of the dark", "sings well", "lives in " + town(), "likes to dance", "eats too much", "never gets tired", "has blue eyes",
        "plays chess", "can jump high"], len(told))
    for who, trait, act in zip(told, traits, acts):
        t.say(f"{who} is {trait} and {act}.", *[(f"Who {act}?", f"{who} {act}.")] * 3, (f"Who is {trait}?", f"{who} is {trait}."))
    return finish(t)


CAUSES = [("it is cold in winter", "buy warm clothes", "bought warm clothes"), ("there is little food in winter", "keep food in the cellar",
    "kept food in the cellar"), ("the bridge was broken", "go by boat", "went by boat"), ("the school was closed", "stay at home", "stayed at home"),
    ("the baby was asleep", "speak quietly", "spoke quietly"), ("the water was too cold", "leave the lake", "left the lake"), ("there was no bread",
    "go to the bakery", "went to the bakery"), ("the road was wet", "drive slowly", "drove slowly"),
          ("the lift was broken", "take the stairs", "took the stairs"), ("the light went out", "light a candle", "lit a candle"),
              ("the dog was hungry", "go to the kitchen", "went to the kitchen"), ("it was very hot", "open the window", "opened the window"),
              ("the film was boring", "leave the cinema", "left the cinema"), ("the soup was too hot", "wait for a while", "waited for a while"),
              ("the last bus had left", "walk home", "walked home"), ("the museum was closed", "go to the park", "went to the park"),
              ("there was a lot of noise", "close the door", "closed the door")]
NATURE = [("bury nuts in autumn", "there is little to eat in winter"), ("fly south", "it is too cold for them in winter"), ("come out at night",
    "it is cooler then"), ("live in groups", "this is safer"), ("build high nests", "there are many cats"), ("sleep in caves",
    "it is dry and dark there"), ("eat a lot in autumn", "they need fat for the winter"), ("swim close to the shore", "the water is warmer there"),
    ("hide in the grass", "the eagles cannot see them there"), ("move very slowly", "they want to save strength"), ("sing in the morning",
    "the air is calm then"), ("follow the ships", "the sailors throw away fish")]


def because(_):
    """Somebody does something because of something"""
    t = Text()
    if chance(0.5):
        who, g = somebody()
        why_, base, past = pick(CAUSES)
        when = pick(["", "", " yesterday", " last week", " on " + pick(DAYS)])
        t.say(pick([f"{who} {past}{when}, because {why_}.", f"{who} {past}{when} because {why_}.", f"{capital(why_)}, so {who} {past}{when}."]),
            *[(f"Why did {who} {base}?", f"{who} {past} because {why_}.")] * 4, (f"Who {past}?", f"{who} {past}."), (f"What did {who} do?",
            f"{who} {past}."))
    else:
        who = pick(["squirrels", "mice", "foxes", "deer", "birds", "fish", "bats", "ducks", "wolves", "hedgehogs", "crows", "seals", "rabbits",
            "owls", "frogs", "the young birds", "small fish", "wild goats"])
        act, why_ = pick(NATURE)
        t.say(f"{who} {act}{pick([',', ''])} because {why_}.", *[(f"Why do {who} {act}?", f"{who} {act} because {why_}.")] * 4,
            *([(f"When do {who} {act.rsplit(' in ', 1)[0]}?", f"{who} {act}.")] if " in autumn" in act else []))
        if chance(0.5):
            t.sentences.append(pick(EXTRA))
    return finish(t)


def prices(_):
    """Two things with two prices, colors or places"""
    t = Text()
    n, g = somebody()
    x, y = rng.sample(THINGS, 2)
    a, b = rng.sample(range(2, 99), 2)
    ca, cb = rng.sample(COLORS, 2)
    num = numeral if chance(0.5) else lambda k: pick(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "fifteen",
        "a hundred"]) if chance(0.5) else str(k)
    pa, pb = num(a), num(b)
    money = pick(["dollars", "euros", "pounds"])
    t.say(f"{n} bought {article(ca)} {x} and {article(cb)} {y}.", (f"What did {n} buy?", f"{n} bought {article(ca)} {x} and {article(cb)} {y}."),
        (f"What color is the {x}?", f"The {x} is {ca}."), (f"What color was the {y}?", f"The {y} was {cb}."), (f"Who bought {article(ca)} {x}?",
        f"{n} bought {article(ca)} {x}."))
    k = rng.randrange(3)
    he = PRONOUNS[g][0]
    if k == 0:
        t.say(f"{he} paid {pa} {money} for the {x}.", *[(f"How much did the {x} cost?", f"The {x} cost {pa} {money}."),
            (f"How much did {n} pay for the {x}?", f"{n} paid {pa} {money} for the {x}.")] * 2, (f"What cost {pa} {money}?",
            f"The {x} cost {pa} {money}."), (f"How much did the {y} cost?", pick(UNKNOWN)))
    elif k == 1 and pa != pb:
        t.say(f"The {x} cost {pa} {money}, and the {y} cost {pb} {money}.", (f"How much did the {x} cost?", f"The {x} cost {pa} {money}."),
            (f"How much did the {y} cost?", f"The {y} cost {pb} {money}."), (f"What was the price of the {y}?", f"The {y} cost {pb} {money}."),
            (f"How much did {n} pay for the {x}?", f"{n} paid {pa} {money} for the {x}."))
    else:
        m = somebody()[0]
        t.say(f"{he} gave the {y} to {m}.", (f"Who got the {y}?", f"{m} got the {y}."), (f"What did {n} give to {m}?", f"{n} gave the {y} to {m}."),
            (f"Who gave {m} the {y}?", f"{n} gave {m} the {y}."))
    return finish(t)


KEEPS = [("Penguins", "thick feathers", "keep them warm"), ("Polar bears", "white fur", "hides them in the snow"), ("Ducks", "oily feathers",
    "keep them dry"), ("Turtles", "a hard shell", "protects them"), ("Hedgehogs", "sharp spines", "protect them"), ("Camels", "long eyelashes",
    "keep out the sand"), ("Eagles", "sharp eyes", "help them find food"), ("Cats", "soft feet", "help them walk without a sound"), ("Bats",
    "large ears", "help them find insects"), ("Fish", "gills", "let them breathe under water"),
         ("Sheep", "thick wool", "keeps them warm"), ("Giraffes", "long necks", "let them reach high leaves"), ("Frogs", "strong legs",
             "help them jump far"), ("Elephants", "large ears", "cool them"), ("Skunks", "a bad smell", "keeps enemies away"), ("Roses", "thorns",
             "protect them"), ("Squirrels", "a bushy tail", "helps them balance"), ("Old houses", "thick walls", "keep them cool"), ("Ships",
             "a deep keel", "keeps them upright")]


def keeps(_):
    """A part of an animal and what it does"""
    t = Text()
    rows = rng.sample(KEEPS, rng.randint(1, 2))
    for who, part, effect in rows:
        if chance(0.3):  # any part may stand in a text
            _w, part, effect = pick(KEEPS)
        low = who.lower()
        t.say(f"{who} have {part}.", (f"What do {low} have?", f"{who} have {part}."))
        v, rest = effect.split(" ", 1)
        one = v if v.endswith("s") else v + "s"
        t.say(f"{'This' if v.endswith('s') else 'These'} {effect}.", *([(f"What {one} {low} {rest.replace('them', '', 1).strip()}?".replace(" ?",
            "?"), f"{capital(part)} {v} {low} {rest.replace('them', '', 1).strip()}".strip() + ".")] * 3 if rest.startswith("them") else []),
            (f"Why do {low} have {part}?", f"{capital(part)} {effect}."))
    return finish(t)


SCENES = [(wishes, 6), (mishap, 4), (helpers, 5), (prices, 4), (keeps, 3), (three, 4), (because, 6)]
