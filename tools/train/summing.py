"""Little tales of three or four sentences and what they come to in one."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns
from reading import people, somebody

GOALS = [("wanted to bake {x}", "{he} had no {y}", "asked {m}", "{m} gave {him} some {y}", "{x} was delicious", [("a cake", "eggs"), ("bread",
    "flour"), ("a pie", "apples"), ("cookies", "sugar"), ("pancakes", "milk"), ("a pizza", "cheese"), ("a birthday cake", "butter")]),
         ("wanted to repair {x}", "{he} had no {y}", "asked {m}", "{m} lent {him} some {y}", "{x} was as good as new", [("a chair", "nails"),
             ("the fence", "wood"), ("the roof", "tools"), ("a bicycle", "oil"), ("a kite", "string")]),
         ("wanted to visit {x}", "{he} did not know the {y}", "asked {m}", "{m} showed {him} the {y}", "{x} was happy about the visit",
             [("an old friend", "way"), ("a cousin", "address"), ("a teacher", "house")]),
         ("wanted to buy {x}", "{he} did not have enough {y}", "asked {m}", "{m} lent {him} the {y}", "{x} was better than {he} had hoped",
             [("a guitar", "money"), ("a bicycle", "money"), ("a camera", "money"), ("a coat", "money")])]


def summary(_):
    (n, g), (m, _mg) = people(2)
    n = capital(n)
    he, him, his = PRONOUNS[g]
    k = rng.randrange(5)
    if k <= 2:
        want, lack, asked, got, end, fill = pick(GOALS)
        x, y = pick(fill)
        f = lambda s: s.format(x=x, y=y, m=m, he=he, him=him)  # noqa: E731
        text = f"{n} {f(want)}. {capital(f(lack))}, so {he} {f(asked)}. {capital(f(got))}, and {f(end).replace('a ', 'the ', 1) if f(end).startswith('a ') else f(end)}."
        bare = f(want).replace("wanted to ", "")
        past = {"bake": "baked", "repair": "repaired", "visit": "visited", "buy": "bought"}[bare.split()[0]] + bare[len(bare.split()[0]):]
        short = f"{n} {past} with {y if bare.startswith(('bake', 'repair')) else 'the help'} from {m}." if bare.startswith(("bake",
            "repair")) else f"{n} {past} with the help of {m}."
    elif k == 3:
        x, where, spot = pick(THINGS), pick(["at the station", "in the park", "at school", "on the train", "at the market"]), pick(SPOTS)
        text = f"{n} lost {his} {x} {where}. {capital(he)} looked everywhere and asked everybody. At last {m} found it {spot}."
        short = f"{n} lost {his} {x}, and {m} found it {spot}."
    else:
        p, w = pick(PLACES), pick(["it began to rain", "the bus was late", "the shop was closed", "it was too crowded", "there was a storm"])
        text = f"{n} went to the {p} with {m}. They wanted to stay all day, but {w}. So they went home early and played cards."
        short = f"{n} and {m} went to the {p}, but came home early because {w}."
    head = pick(["Summarize this: ", "Give me a short summary: ", "Summarize this text in one sentence: ", "What is this text about? ",
        "Say in one sentence what happens: ", "Summarize this in one sentence: ", "Sum this up: ", "Please summarize: ",
        "Write a one-sentence summary: "])
    return head + text, short


PLANS = [("go to the beach", "stayed at home and read a book"), ("go for a walk", "watched a film at home"), ("play football", "played cards"),
    ("have a picnic", "ate in the kitchen"), ("visit the zoo", "went to the museum"), ("ride a bicycle", "took the bus"), ("work in the garden",
    "cleaned the house"), ("swim in the lake", "baked a cake"), ("climb the mountain", "slept in the hotel"), ("eat in the garden",
    "ordered a pizza")]


def plan_failed(_):
    """A summary: what somebody wanted, what came between, what they did instead"""
    n, g = somebody()
    he, _him, _his = PRONOUNS[g]
    plan, instead = pick(PLANS)
    event, cause = pick([("It started to rain", "it rained"), ("There was a storm", "there was a storm"), ("It was too cold", "it was too cold"),
        ("It began to snow", "it snowed"), (f"{capital(he)} felt ill", f"{he} felt ill"), ("The weather was bad", "the weather was bad"),
        ("There was too much traffic", "there was too much traffic"), ("The car did not start", "the car did not start")])
    text = f"{capital(n)} wanted to {plan}. {event}, so {he} {instead}."
    if chance(0.4):
        text += pick([f" In the evening {he} was happy anyway.", " It was a nice day after all.", f" The next day {he} tried again."])
    return pick(["Summarize this: ", "Summarize this in one sentence: ", "Give me a short summary: ", "Sum this up: ", "What is this text about? ",
        "Summarize in one sentence: ", "Please summarize: ",
        "Say in one sentence what happens: "]) + text, f"{capital(n)} wanted to {plan}, but {instead} because {cause}."


def trouble(_):
    """A summary of three steps: a mishap, what followed, how it ended"""
    n, g = somebody()
    he, _him, his = PRONOUNS[g]
    first, second, third_ = pick([("missed the last bus", "had to walk home", "came home late"), ("forgot the key",
        "had to wait in front of the door", "got cold"), ("lost the map", "took the wrong way", "arrived late"), ("dropped the cake",
        "had to buy a new one", "spent a lot of money"), ("got up too late", "missed the train", "came late to work"), ("left the window open",
        "got a wet floor", "had to clean the room"), ("ate too much ice cream", "felt ill", "stayed in bed"), ("worked all night", "was very tired",
        "fell asleep at the table"), ("broke the lamp", "sat in the dark", "bought a new lamp")])
    text = f"{capital(n)} {first}. {capital(he)} {second}. {pick(['In the end', 'The next day', 'So', 'At last'])} {he} {third_}."
    return pick(["Summarize this: ", "Summarize this in one sentence: ", "Give me a short summary: ", "Sum this up: ", "Summarize in one sentence: ",
        "Please summarize: "]) + text, f"{capital(n)} {first}, {second} and {third_}."


SUMMARIES = [(summary, 6), (plan_failed, 3), (trouble, 3)]
