"""Short messages to somebody, and short stories about what the user names."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns

# ---- writing messages

def my_clause():
    """Something that one may tell another person about oneself"""
    k = rng.random()
    if k < 0.35:
        return pick(["I will be late", "I am ill", "I am ill today", "I cannot come", "I cannot come tomorrow", "I cannot come to work today",
            "I am sick today", "I have a cold", "I missed the bus", "I will be ten minutes late", "I will come on " + pick(DAYS), "I am at home",
            "I am on my way", "I need help", "I am on holiday", "I have arrived in " + town(), "I forgot the meeting", "I have lost the key",
            "I am well", "I will call later", "the meeting is on " + pick(DAYS), "the train is late", "dinner is ready", "I am sorry",
                     "I cannot come to school today", "I must stay in bed", "I have a fever", "I will be back on " + pick(DAYS), "my car broke down",
                         "I have to work late", "I found a new job", "I passed the exam", "I have to see the doctor", "I will bring a cake",
                         "I am looking forward to the party", "I would like to meet on " + pick(DAYS), "I cannot find the " + pick(THINGS),
                         "the " + pick(THINGS) + " is broken", "my " + pick(RELATIVES)[0] + " is ill"])
    c = clause(subject="I", gender="i", tail=" " + pick(["tomorrow", "today", "on " + pick(DAYS), "next week", "this evening", "yesterday"]))
    if "yesterday" in c.tail:
        return c.past()
    return pick([c.future(), f"I cannot {c.base}{c.rest()}", f"I want to {c.base}{c.rest()}", f"I have to {c.base}{c.rest()}"])


RECIPIENTS = ["my teacher", "my boss", "my friend", "my mother", "my father", "my sister", "my brother", "my neighbor", "my aunt", "my uncle",
    "my doctor", "my grandmother", "my wife", "my husband", "my colleague", "my landlord", "my cousin", "my son", "my daughter", "my best friend",
    "my team", "my class", "my coach"]
FORMS = ["message", "short message", "text", "note", "short note", "email", "short email", "letter", "short letter", "text message"]


def dear(whom):
    return pick(["Dear ", "Hello "]) + (whom.replace("my ", "", 1) if whom.startswith("my ") else whom)


def message(_):
    whom = pick(RECIPIENTS) if chance(0.6) else pick([name()[0], mister()[0]])
    s = my_clause()
    form = pick(FORMS)
    a = article(form)
    k = rng.randrange(8)
    sorry = re.search(r"\b(late|ill|sick|cannot|missed|forgot|lost|broken|cold|fever)\b", s)
    end = pick(["Best wishes", "See you soon!", "Kind regards", "Thank you!", "Many greetings"])
    body = (pick(["I am sorry, but ", "I am sorry to tell you that ", ""]) if sorry and s != "I am sorry" else pick(["", "I want to tell you that ",
        ""])) + s + "."
    body = capital(body) + (pick([" I hope to be back soon.", ""]) if re.search(r"\b(ill|sick|fever|a cold)\b", s) else pick(["", "",
        " Please let me know if that is all right."]))
    answer = f"{dear(whom)},\n{body}\n{end}"
    if k <= 2:
        return pick([f"Write {a} to {whom}. {capital(s)}.", f"Write {a} to {whom}: {s}.", f"Please write {a} to {whom}. {capital(s)}.",
            f"Can you write {a} to {whom}? {capital(s)}.", f"{capital(s)}. Write {a} to {whom}."]), answer
    if k <= 4:
        return pick([f"Write {a} to {whom} that {s}.", f"Write to {whom} that {s}.", f"Tell {whom} in {a} that {s}.",
            f"Help me write {a} to {whom} that {s}.", f"Write {a} that tells {whom} that {s}.", f"I want to write to {whom} that {s}."]), answer
    x = pick(["party", "birthday party", "dinner", "concert", "wedding", "picnic", "lunch", "barbecue", "game night", "garden party"])
    d, h, p = pick(DAYS), numeral(rng.randint(1, 11)), pick(["at my house", "in the park", "in the garden", "at the " + pick(PLACES)])
    if k == 5:
        when = pick([f" on {d}", f" on {d} at {h}", ""])
        return pick([f"Write an invitation to my {x}{when}.", f"Invite {whom} to my {x}{when}.", f"Write {a} to invite {whom} to my {x}{when}.",
            f"Help me invite {whom} to a {x}{when}."]), f"{dear(whom) if chance(0.6) else 'Dear friends'},\nI would like to invite you to my {x}{when or ' on Saturday'}. I would be happy if you could come.\n{pick(['Best wishes', 'See you soon!'])}"
    if k == 6:
        g = pick(["the present", "the flowers", "the book", "your help", "the cake", "the dinner", "the nice evening", "the invitation",
            "the " + pick(THINGS), "the card"])
        return pick([f"Write a thank you note to {whom} for {g}.", f"Thank {whom} for {g} in {a}.", f"Write {a} to thank {whom} for {g}.",
            f"Write a thank you card for {g}.",
            f"Help me thank {whom} for {g}."]), f"{dear(whom)},\nthank you very much for {g}. {pick(['It made me very happy.', 'I was so happy about it.', 'That was very kind of you.'])}\n{pick(['Best wishes', 'Many greetings'])}"
    what = pick(["breaking the window", "being late", "the noise", "forgetting your birthday", "losing your book", "shouting at you",
        "missing the meeting", "my mistake", "the mess", "not calling"])
    if chance(0.5):
        return pick([f"Write an apology to {whom} for {to_you(what).replace('your', 'their')}.",
            f"Say sorry to {whom} for {what.replace('your', 'their').replace('at you', '')} in {a}."]), f"{dear(whom)},\nI am very sorry for {what}. It will not happen again.\nBest wishes"
    r = pick(RECIPIENTS[2:])
    o = pick(["birthday", "wedding", "new job", "new house", "exam", "holiday"])
    wish = {"birthday": "happy birthday! I wish you a wonderful day and a good new year of life.",
        "wedding": "congratulations on your wedding! I wish you both all the best.",
        "new job": "congratulations on your new job! I wish you a good start.",
        "new house": "congratulations on your new house! I hope you will be happy there.",
        "exam": "good luck with your exam! I am sure you can do it.", "holiday": "have a wonderful holiday! I hope you can rest well."}[o]
    return pick([f"Write {article('card')} to {r} for the {o}.", f"Write {a} to {r} for the {o}.", f"Write a {o} wish for {r}.",
        f"What can I write to {r} for the {o}?"]), f"{dear(r)},\n{wish}\nBest wishes"


# ---- stories

def story(_):
    """A tale of five or six sentences about what the user asked for"""
    animal = chance(0.4)
    if animal:
        kind = pick(PETS + ["fox", "bear", "mouse", "owl", "frog", "squirrel", "hedgehog", "elephant", "lion", "penguin"])
        n, g = pick("Rex Coco Pip Fluffy Spot Buddy Lucky Ginger Pepper Biscuit Muffin Mimi Patch Dusty".split()), pick("mf")
        adj = pick(["little", "small", "young", "brave", "shy", "clever", "lonely", "curious"])
    else:
        kind, g = pick([("girl", "f"), ("boy", "m"), ("woman", "f"), ("man", "m"), ("farmer", "m"), ("fisherman", "m"), ("princess", "f"), ("king",
            "m"), ("baker", "m"), ("teacher", "f"), ("queen", "f"), ("sailor", "m"), ("child", "m")])
        n = pick("Anna Clara Emma Lena Lily Lucy Maria Mia Nora Rosa Sara Sophie Tina Ella".split() if g == "f" else "Ben Tom Leo Max Paul Peter Sam Jack Karl Otto Felix Hugo Oscar David".split())
        adj = pick(["little", "young", "kind", "poor", "clever", "brave", "shy"]) if kind in ("girl", "boy", "princess", "child") else pick(["kind",
            "poor", "old", "clever", "lonely"])
    he, him, his = PRONOUNS[g]
    He = capital(he)
    hero = article(f"{adj} {kind}")
    x = pick(THINGS)
    friend, fg = name()
    place = pick(["garden", "forest", "park", "village", "river", "old house", "mountain", "beach", "barn", "market"])
    hero_plain = article(kind)
    k = rng.randrange(8)
    if k == 7:
        asked = f"{hero_plain} who {pick(['gets lost', 'got lost', 'runs away', 'cannot find the way home', 'is lost'])}"
        body = f"One day {he} walked too far and could not find the way home. {He} was afraid and began to cry. Then {friend} came along the road and asked what was wrong. {friend} took {him} by the hand and brought {him} home. {n} never walked so far alone again."
        if animal:
            body = body.replace(f"took {him} by the hand and ", "gave " + him + " some water and ").replace("began to cry", "called for help")
    elif k == 0:
        asked = f"{hero_plain} who {pick(['finds', 'found'])} {article(x)}"
        spot = pick(["under a stone", "in the grass", "behind a tree", "near the river", "in an old box", "under the bed"])
        body = f"One day {he} found {article(x)} {spot}. {He} wondered whose {x} it was and asked everybody in the village. At last {article('old woman')} said that it was hers and thanked {him} with a warm smile. From that day on, {n} visited her every week."
    elif k == 1:
        asked = f"{hero_plain} who {pick(['loses', 'lost'])} {pick([article(x), his + ' ' + x])}"
        body = f"One day {he} lost {his} {x}. {He} looked in the {place} and at home, but it was gone. Then {friend} came to help. Together they looked again and found it under a tree. {n} was so happy that {he} danced."
    elif k == 2:
        y = pick(["cake", "kite", "boat", "tree house", "garden", "soup", "snowman"])
        asked = f"{hero_plain} who {pick(['wants', 'wanted'])} {article(y) if y != 'soup' else 'a soup'}"
        body = f"More than anything, {he} wanted a {y}. But {he} had no money. So {he} worked hard every day, and {friend} helped {him}. After a week the {y} was ready, and it was the best one in the village. They enjoyed it together."
    elif k == 3:
        asked = f"{hero_plain} who {pick(['is', 'was'])} lonely"
        body = f"{n} lived alone near the {place} and had no friends. One morning {he} heard somebody cry. It was {friend}, who had lost the way. {n} showed {'her' if fg == 'f' else 'him'} the way home. Since then they have been best friends, and {n} is not lonely any more."
    elif k == 4:
        asked = f"{hero_plain} and {article(x)}"
        body = f"One day {he} saw a beautiful {x} at the market, but it was too expensive. {He} went home and was sad. The next morning {friend} stood at the door with the {x} in a box. \"Happy birthday!\" said {friend}. {n} laughed, because {he} had forgotten {his} own birthday."
    elif k == 5:
        asked = f"{hero_plain} in the {pick(['rain', 'snow', 'storm'])}"
        w = asked.split()[-1]
        body = f"One day there was a lot of {w if w != 'storm' else 'wind'}, and {he} could not go home. {He} saw a light in a small house and knocked at the door. {friend} opened it and gave {him} a hot soup. When the sun came out, {n} thanked {friend} and went home. \"Come again!\" said {friend}."
    else:
        asked = pick([hero_plain, hero, f"{hero_plain} called {n}", f"a {kind} named {n}", f"friendship", f"{hero_plain} and a friend"])
        body = f"One morning {he} went to the {place}. There {he} met {friend}, who was looking for a lost {x}. They looked everywhere and found it at last under a tree. {friend} was very happy and shared an apple with {n}. In the evening they went home as friends."
    first = pick([f"Once there was {hero} called {n}.", f"Once upon a time there was {hero} named {n}.", f"There once lived {hero} called {n}.",
        f"{n} was {hero}."])
    ask = pick(["Tell me a story about {}.", "Write a short story about {}.", "Can you tell me a story about {}?", "Please write a story about {}.",
        "Tell me a short story about {}.", "I would like a story about {}.", "Make up a story about {}.", "Write a little story about {}.",
        "Tell a bedtime story about {}."]).format(asked)
    return ask, first + " " + body


WRITERS = [(message, 9), (story, 8)]
