"""Passages about places and journeys: when they open and leave, what they cost, how old they are."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns
from reading import Text, finish

SIGHTS = "museum,castle,tower,church,bridge,library,theatre,hotel,station,school,market,mill,swimming pool,zoo,town hall,garden,stadium,palace,lighthouse,shop,bakery,cafe,cinema,park,farm,harbor,post office,gym,bank,restaurant,monument,old house,temple,inn,factory,hospital,airport,windmill,fountain".split(",")
MATERIALS = "stone,wood,brick,glass,iron,steel,marble,clay,concrete".split(",")
SPANS = ["ten minutes", "fifteen minutes", "half an hour", "two hours", "three days", "a week", "twenty minutes", "an hour", "five minutes",
    "forty minutes"]


def notice(_):
    """A place: when it opens, what it costs, how old it is"""
    t = Text()
    x, where = pick(SIGHTS), pick([f"in the middle of {town()}", f"in {town()}", f"near {town()}", "on a hill", "on a rock near the harbor",
        "next to the station", "by the river", "at the end of the road", f"between {town()} and the sea", "on an island"])
    the = f"the {x}"
    adj = pick(["old", "small", "new", "big", "famous", "beautiful"])
    T = capital(the)
    kind = rng.randrange(3)
    s = [f"The {x} stands {where}.", f"There is {article(adj)} {x} {where}.", f"The {adj} {x} lies {where}."][kind]
    t.say(s, (f"Where is {the}?", f"{T} is {where}."), (f"What is {where}?", f"There is {article(x)} {where}."))
    opens, closes, year, cost = rng.randint(6, 12), rng.randint(1, 11), rng.randint(1200, 2022), rng.randint(2, 90)
    d, e = rng.sample(DAYS, 2)
    ca, cb = rng.sample(COLORS, 2)
    it = pick([the, "it", "it"])
    span, m, w = pick(SPANS), pick(MATERIALS), pick(["king", "rich man", "farmer", "queen", "young woman", "group of students", "ship captain",
        "monk", "poor widow", "famous painter", "rich merchant", "doctor from " + town(), "clever engineer", "general", "French architect",
        "young prince"])
    kinds = [
        (f"{it} opens at {numeral(opens)} and closes at {numeral(closes)}.", [(f"When does {the} open?", f"{T} opens at {numeral(opens)}."),
            (f"When does {the} close?", f"{T} closes at {numeral(closes)}."), (f"At what time does {the} open?", f"{T} opens at {numeral(opens)}.")]),
        (f"{it} was built in {year}.", [(f"When was {the} built?", f"{T} was built in {year}."), (f"In which year was {the} built?",
            f"{T} was built in {year}.")]),
        (f"{it} was built by a {w} in {year}.", [(f"Who built {the}?", f"A {w} built {the}."), (f"Who built {the}?", f"A {w} built {the}."),
            (f"By whom was {the} built?", f"{T} was built by a {w}.")]),
        (f"{pick(['A ticket', 'One ticket', 'The ticket'])} costs {pick([str(cost), numeral(cost)])} dollars.", None),
        (f"{it} is closed on {d}s.", [(f"When is {the} closed?", f"{T} is closed on {d}s."), (f"Is {the} open on {d}s?",
            f"No, {the} is closed on {d}s."), (f"Is {the} open on {d}?", f"No, {the} is closed on {d}s."), (f"On which day is {the} closed?",
            f"{T} is closed on {d}s."), (f"Can I visit {the} on {d}?", f"No, {the} is closed on {d}s.")]),
        (f"{it} is open on {d} and {e}.", [(f"When is {the} open?", f"{T} is open on {d} and {e}."), (f"Is {the} open on {d}?",
            f"Yes, {the} is open on {d}."), (f"Is {the} open on {e}s?", f"Yes, {the} is open on {e}s.")]),
        (f"{it} is open every day except {d}.", [(f"Is {the} open on {d}?", f"No, {the} is not open on {d}."), (f"Is {the} open on {e}?",
            f"Yes, {the} is open on {e}."), (f"When is {the} closed?", f"{T} is closed on {d}.")]),
        (f"{it} is made of {m}.", [(f"What is {the} made of?", f"{T} is made of {m}."), (f"Of which material is {the}?", f"{T} is made of {m}.")]),
        (f"{it} is painted {ca} and {cb}.", [(f"What color is {the}?", f"{T} is {ca} and {cb}."), (f"Which colors does {the} have?",
            f"{T} is {ca} and {cb}.")]),
        (f"its roof is {ca} and its door is {cb}.", [("What color is the roof?", f"The roof is {ca}."), ("What color is the door?",
            f"The door is {cb}.")]),
        (f"the {pick(['bus', 'train', 'boat', 'walk'])} there takes {span}.", None),
        (f"the bus to {the} leaves every {span}." if not span.startswith(("a ", "an ", "half")) else f"the bus to {the} leaves every hour.", None),
        (f"more than {cost * 100} people visit {the} every week.", [(f"How many people visit {the} every week?",
            f"More than {cost * 100} people visit {the} every week."), (f"How many people visit {the}?",
            f"More than {cost * 100} people visit {the} every week.")]),
        (f"{it} has {numeral(cost // 8 + 2)} rooms and a garden.", [(f"How many rooms does {the} have?",
            f"{T} has {numeral(cost // 8 + 2)} rooms.")]),
        (f"children under {numeral(cost // 8 + 3)} do not have to pay.", [("Who does not have to pay?",
            f"Children under {numeral(cost // 8 + 3)} do not have to pay."), ("Do small children have to pay?",
            f"No, children under {numeral(cost // 8 + 3)} do not have to pay.")]),
        (f"dogs are not allowed in {the}.", [(f"Are dogs allowed in {the}?", f"No, dogs are not allowed in {the}."), (f"Can I bring my dog to {the}?",
            f"No, dogs are not allowed in {the}."), (f"What is not allowed in {the}?", f"Dogs are not allowed in {the}.")]),
    ]
    for sentence, asks in rng.sample(kinds, rng.randint(1, 4)):
        if asks is None:
            if "ticket" in sentence:
                n = sentence.split("costs ")[1].split(" dollars")[0]
                asks = [("How much does a ticket cost?", f"A ticket costs {n} dollars."), ("What is the price of a ticket?",
                    f"A ticket costs {n} dollars."), ("How much is a ticket?", f"A ticket costs {n} dollars.")]
            elif "leaves" in sentence:
                every = sentence.split("every ")[1].rstrip(".")
                asks = [("How often does the bus leave?", f"The bus leaves every {every}."), ("How often does the bus go?",
                    f"The bus leaves every {every}.")]
            else:
                v = sentence.split(" ")[1]
                asks = [(f"How long does the {v} take?", f"The {v} takes {span}."), (f"How long is the {v}?", f"The {v} takes {span}.")]
        t.say(sentence, *asks)
    if len({w for w in ("opens at", "closed on", "open on", "every day except") if w in " ".join(t.sentences)}) > 1:
        return notice(_)
    return finish(t)


RIDES = "ferry,train,bus,boat,plane,ship,tram,night train,school bus,airport bus,coach".split(",")


def timetable(_):
    t = Text()
    r = pick(RIDES)
    to = pick([f"to {town()}", f"from {town()} to {town()}", "to the island", "to the airport", "to the beach", "to the castle", "to the city",
        "to the harbor", "to the zoo"])
    h, span, cost = rng.randint(1, 12), pick(SPANS), pick([str(rng.randint(2, 60)), numeral(rng.randint(2, 12))])
    day = pick(["in the morning", "in the evening", "every day", "at night", "on weekdays", f"on {pick(DAYS)}s", "in summer"])
    start = pick(["the harbor", "the main square", "the station", "the old bridge", "platform " + str(rng.randint(1, 9)), "the town hall",
        "the market"])
    rows = [(f"The {r} {to} leaves at {numeral(h)} {day}.", [(f"When does the {r} leave?", f"The {r} leaves at {numeral(h)} {day}."),
        (f"At what time does the {r} {to} leave?", f"The {r} {to} leaves at {numeral(h)}."), (f"Where does the {r} go?", f"The {r} goes {to}.")]),
            (f"The {r} {to} leaves every {span if not span.startswith(('a ', 'an ', 'half')) else 'hour'} from {start}.",
                [(f"How often does the {r} leave?", f"The {r} leaves every {span if not span.startswith(('a ', 'an ', 'half')) else 'hour'}."),
                (f"From where does the {r} leave?", f"The {r} leaves from {start}."), (f"Where does the {r} leave from?",
                f"The {r} leaves from {start}."), (f"Where does the {r} start?", f"The {r} starts from {start}.")])]
    first, asks = pick(rows)
    t.say(first, *asks)
    v = pick(["trip", "ride", "journey"])
    more = [(f"The {v} takes {span}.", [(f"How long does the {v} take?", f"The {v} takes {span}."), (f"How long is the {v}?",
        f"The {v} takes {span}."), (f"How long does it take to get there?", f"It takes {span}.")] * 2),
        (f"{pick(['A ticket', 'The ticket', 'One ticket'])} costs {cost} dollars.", [("How much does a ticket cost?",
        f"A ticket costs {cost} dollars."), ("How much is a ticket?", f"A ticket costs {cost} dollars."), ("What is the price of a ticket?",
        f"A ticket costs {cost} dollars.")]),
            ("Children travel for free.", [("Do children have to pay?", "No, children travel for free."), ("Who travels for free?",
                "Children travel for free.")]), ("Dogs must stay at home.", [("Can I bring my dog?", "No, dogs must stay at home.")]),
                ("There is a small cafe on board.", [("Can I buy coffee on board?", "Yes, there is a small cafe on board."), ("What is on board?",
                "There is a small cafe on board.")])]
    for s, a in rng.sample(more, rng.randint(1, 3)):
        t.say(s, *a)
    return finish(t)


def show(_):
    """A concert or a film: when it starts, what it costs, how long it is"""
    t = Text()
    x = pick(["concert", "film", "play", "show", "match", "party", "dinner", "lecture", "course", "meeting", "race", "circus", "market", "festival",
        "dance", "tour"])
    the = "the " + x
    h, n = numeral(rng.randint(1, 12)), pick([numeral(rng.randint(2, 12)), str(rng.randint(2, 99)), "fifteen", "twenty", "thirty", "forty", "fifty"])
    money, span = pick(["dollars", "euros", "pounds"]), pick(SPANS[:4] + SPANS[6:])
    where = pick(["in the town hall", "in the park", "at the school", "in the old theatre", "in the stadium", "in " + town(), "at the hotel"])
    d = pick(DAYS)
    rows = [(f"{the} starts at {h}.", [(f"When does {the} start?", f"{the} starts at {h}."), (f"At what time does {the} start?",
        f"{the} starts at {h}.")]),
            (f"Tickets cost {n} {money}{pick(['', ' at the door', ' for adults', ' each'])}.", [("How much is a ticket?",
                f"A ticket costs {n} {money}."), (f"How much is a ticket for {the}?", f"A ticket costs {n} {money}."), ("How much do tickets cost?",
                f"Tickets cost {n} {money}.")]),
            (f"{the} is on {d}.", [(f"When is {the}?", f"{the} is on {d}."), (f"On which day is {the}?", f"{the} is on {d}.")]),
            (f"{the} takes place {where}.", [(f"Where is {the}?", f"{the} is {where}."), (f"Where does {the} take place?",
                f"{the} takes place {where}.")]),
            (f"{the} lasts {span}.", [(f"How long is {the}?", f"{the} lasts {span}."), (f"How long does {the} last?", f"{the} lasts {span}.")]),
            ("Children pay half the price.", [("Who pays half the price?", "Children pay half the price."), ("How much do children pay?",
                "Children pay half the price.")])]
    for sentence, asks in rng.sample(rows, rng.randint(2, 4)):
        t.say(sentence, *asks)
    return finish(t)


def hours(_):
    """Hours that differ on one day"""
    t = Text()
    x = pick(SIGHTS)
    T = "The " + x
    a, b = numeral(rng.randint(6, 11)), pick([numeral(rng.randint(1, 5)), numeral(rng.randint(5, 10))])
    d = pick(DAYS[4:])
    c = pick(["noon", "one", "two", "three", "four", "midnight"])
    t.say(f"{T} is open from {a} to {b}.", (f"When does the {x} open?", f"{T} opens at {a}."), (f"When does the {x} close?", f"{T} closes at {b}."),
        (f"When is the {x} open?", f"{T} is open from {a} to {b}."))
    t.say(f"On {d}s it {pick(['closes', 'closes already', 'already closes'])} at {c}.", *[(f"When does the {x} close on {d}s?",
        f"{T} closes at {c} on {d}s."), (f"At what time does the {x} close on {d}?", f"{T} closes at {c} on {d}s.")] * 2)
    return finish(t)


def season(_):
    """Open from one time to another, and is it open then?"""
    t = Text()
    x = pick(SIGHTS)
    the, T = "the " + x, "The " + x
    if chance(0.5):
        i = rng.randrange(12)
        n = rng.randint(2, 6)
        inside = [MONTHS[(i + k) % 12] for k in range(n + 1)]
        outside = [m for m in MONTHS if m not in inside]
        a, b, yes, no = inside[0], inside[-1], pick(inside), pick(outside)
    else:
        i = rng.randrange(3)
        n = rng.randint(2, 4)
        inside = DAYS[i:i + n + 1]
        a, b, yes, no = inside[0], inside[-1], pick(inside), pick([d for d in DAYS if d not in inside])
    prep = "on" if a in DAYS else "in"
    t.say(f"The {x} is open from {a} to {b}.", (f"When is {the} open?", f"{T} is open from {a} to {b}."), *[(f"Is {the} open {prep} {no}?",
        f"No, {the} is only open from {a} to {b}."), (f"Is {the} open {prep} {yes}?", f"Yes, {the} is open from {a} to {b}.")] * 2,
        (f"Can I visit {the} {prep} {no}?", f"No, {the} is only open from {a} to {b}."))
    if chance(0.7):
        k = numeral(rng.randint(3, 12))
        s, asks = pick([(f"Children under {k} can come in for free.", [("Who can come in for free?", f"Children under {k} can come in for free.")]),
            (f"A ticket costs {k} dollars.", [("How much is a ticket?", f"A ticket costs {k} dollars."), ("How much does a ticket cost?",
            f"A ticket costs {k} dollars.")]), (f"It opens at {k} o'clock.", [(f"At what time does {the} open?", f"{T} opens at {k} o'clock.")]),
            ("Dogs are not allowed.", [("Are dogs allowed?", "No, dogs are not allowed.")]), ("It is next to the station.", [(f"Where is {the}?",
            f"{T} is next to the station.")])])
        t.say(s, *asks)
    return finish(t)


PLACE_READERS = [(notice, 7), (timetable, 4), (season, 5), (show, 5), (hours, 4)]
