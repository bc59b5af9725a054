"""Patterns in which a given sentence has to be written anew: tense, question, negative, politeness, mistakes, shorter, other words and so on."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns

# What the user may write before the sentence; {} is the task ("in the past tense")
ASKS = ["Put this in{}: ", "Rewrite this {}: ", "Put this {}: ", "Put this sentence {}: ", "Write this {}: ", "Please rewrite this sentence {}: ",
    "Change this {}: ", "Say this {}: ", "Can you put this {}? ", "Rewrite the sentence {}: ", "Write the following sentence {}: ",
    "Change this sentence so that it is {}: ", "Rewrite {}: "]


def ask(task, sentence):
    head = pick(ASKS)
    if "in{}" in head:
        head, task = ("Put this into{}: ", task[2:]) if task.startswith("in ") else ("Put this {}: ", task)
    s = head.format(task) + sentence
    task = task if task.startswith(("in", "as")) else "in" + task
    if chance(0.12):
        s = pick([f"{sentence}\nPut this {task}.", f"Rewrite this {task}:\n{sentence}", f'Put "{sentence}" {task}.',
            f"{sentence} Rewrite this {task}."])
    return s


def be_sentence():
    """(subject, gender, state, opposite) of a sentence with to be"""
    if chance(0.5):
        c = clause()
        a, b = pick(STATES)
        return c.subject, c.gender, *( (a, b) if chance(0.5) else (b, a))
    a, b = pick(THING_STATES)
    return "The " + pick(BE_THINGS), "n", *((a, b) if chance(0.5) else (b, a))


def be_of(g, past=False):
    return ("were" if g in "pwy" else "was") if past else ("am" if g == "i" else "are" if g in "pwy" else "is")


def tense(_):
    c = clause()
    if chance(0.2):
        s, g, a, _b = be_sentence()
        if chance(0.6):
            return ask(pick(["in the past tense", "in the past"]), f"{s} {be_of(g)} {a}."), f"{s} {be_of(g, True)} {a}."
        return ask(pick(["in the future tense", "in the future"]), f"{s} {be_of(g)} {a}."), f"{s} will be {a}."
    k = rng.random()
    if k < 0.08:
        doing = ing(c.base) + c.rest()
        return ask(pick(["in the past tense", "in the past"]), f"{c.subject} {c.be()} {doing}."), f"{c.subject} {c.was()} {doing}."
    if k < 0.5:
        return ask(pick(["in the past tense", "in the past", "in the past tense", "in the simple past"]), c.present() + "."), c.past() + "."
    if k < 0.72:
        return ask(pick(["in the future tense", "in the future"]), (c.present() if chance(0.7) else c.past()) + "."), c.future() + "."
    if k < 0.85:
        return ask(pick(["in the present tense", "in the present"]), (c.past() if chance(0.6) else c.future()) + "."), c.present() + "."
    return ask(pick(["in the continuous form", "in the present continuous"]), c.present() + "."), c.continuous() + "."


def question(_):
    c = clause()
    heads = ["Turn this into a question: ", "Make this a question: ", "Make a question of this: ", "Make a question out of this: ",
        "Can you make this a question? ", "Rewrite this as a question: ", "Change this into a question: ", "Turn this sentence into a question: ",
        "Ask this as a question: ", "Form a question: ", "Please turn this into a yes or no question: "]
    k = rng.random()
    if k < 0.25:
        s, g, a, _b = be_sentence()
        past = chance(0.4)
        return pick(heads) + f"{s} {be_of(g, past)} {a}.", f"{capital(be_of(g, past))} {small(s)} {a}?"
    if k < 0.37:
        past = chance(0.4)
        be, doing = c.was() if past else c.be(), ing(c.base) + c.rest()
        return pick(heads) + f"{c.subject} {be} {doing}.", f"{capital(be)} {c.subject_inside} {doing}?"
    if k < 0.62:
        return pick(heads) + c.present() + ".", c.question()
    if k < 0.8:
        return pick(heads) + c.past() + ".", c.question("past")
    if k < 0.9:
        return pick(heads) + c.future() + ".", c.question("future")
    if k < 0.95:
        return pick(heads) + c.can() + ".", f"Can {c.subject_inside} {c.base}{c.rest()}?"
    x, t = pick(["shop", "museum", "bank", "library", "train", "bus", "film", "concert", "school", "market", "office", "meeting", "game",
        "ship"]), rng.randint(1, 12)
    v = pick(["open", "close"]) if x in ("shop", "museum", "bank", "library", "market", "office") else pick(["start", "begin",
        "end"]) if x in ("film", "concert", "school", "meeting", "game") else pick(["leave", "arrive"])
    return pick(heads) + f"The {x} {third(v)} at {numeral(t)}.", f"Does the {x} {v} at {numeral(t)}?"


def negative(_):
    c = clause()
    heads = ["Make this negative: ", "Make this sentence negative: ", "Turn this into a negative sentence: ", "Rewrite this in the negative: ",
        "Write the negative of this sentence: ", "Add not to this sentence: "]
    k = rng.random()
    if k < 0.3:
        s, g, a, b = be_sentence()
        past = chance(0.3)
        if chance(0.5):
            return pick(["Say the opposite: ", "Write the opposite: ", "Rewrite this so that it says the opposite: ",
                "What is the opposite of this sentence? "]) + f"{s} {be_of(g, past)} {a}.", f"{s} {be_of(g, past)} {b}."
        return pick(heads) + f"{s} {be_of(g, past)} {a}.", f"{s} {be_of(g, past)} not {a}."
    if k < 0.7:
        return pick(heads) + c.present() + ".", c.negative() + "."
    if k < 0.9:
        return pick(heads) + c.past() + ".", c.negative("past") + "."
    return pick(heads) + c.future() + ".", c.negative("future") + "."


ORDERS = """open the window|close the door|give me the book|help me|pass the salt|call me back|send me the file|wait here|bring me some water|turn down the music|tell me the time|show me the way|come here|speak more slowly|write it down|turn on the light|turn off the radio|move your car|answer my question|explain this
sign the form|check the list|lend me a pen|make some tea|be on time|be patient|be careful|be nice to her|be a little quieter|sit down|stand up|go away|leave me alone|stop that noise|stop talking|get out of the way|hurry up|listen to me|look at me|take off your shoes|put the box down|stop shouting|let me in|let me sleep|let me finish
give it back|give me my money back|give me back my key|bring back my book|bring the chair back|return my umbrella|hand me the scissors|keep the dog away|take out the rubbish|shut the gate|do your homework|do the dishes|tidy your room|wash your hands|feed the cat|pay the bill|fill in this form|read it again|say that again|repeat the question|try again
come back later|come in|follow me|hold this for me|hold the door|lower your voice|park somewhere else|pick up the phone|pick me up at six|remind me tomorrow|reply to my letter|save me a seat|spell your name|stay here|stop here|switch off your phone|talk to your teacher|tell the truth|wait for me|wake me at seven|water the plants|get me a taxi
get up|finish your work|give the dog some water|give us the menu|bring us the bill|cut the bread|carry my suitcase|change the date|cancel my order|book a room for me|buy some milk|clean the table|clean up this mess|calm down|drive more slowly|eat your vegetables|empty the bin|fix the lamp""".replace("\n",
    "|").split("|")
NEGATIVE_ORDERS = "touch that|shout|be late|run in the hall|smoke here|park here|talk so loudly|forget the milk|interrupt me|feed the ducks|open that door|sit on my chair|eat in here|walk on the grass|use my phone|wake the baby|make such a noise|laugh at me|tell anyone|leave the door open|play with your food".split("|")
WANTS = ["a coffee", "a glass of water", "the bill", "two tickets", "a room for one night", "a cup of tea", "some bread", "my money back",
    "a new cup", "an appointment", "a window seat", "a kilo of apples", "the menu", "a receipt", "a map", "some help", "a larger size",
    "your phone number", "a pen", "the key"]


def order():
    """An order: words of our list, or a clause of the grammar with the object the user wants."""
    if chance(0.6):
        return pick(ORDERS)
    if chance(0.3):
        return pick(["give me", "give me back", "bring me", "hand me", "show me", "lend me", "sell me", "send me", "return", "bring back", "find",
            "fix"]) + pick([" the ", " my ", " that "]) + (pick(ADJECTIVES) + " " if chance(0.2) else "") + pick(THINGS)
    c = clause(subject="You", gender="y", tail="")
    while c.base in ("fall", "lose", "break", "hear", "know", "need", "want", "miss", "get", "hate", "like", "love", "steal", "live", "cry", "forget",
        "arrive", "find", "drop", "see", "enjoy", "win", "own", "hide"):
        c = clause(subject="You", gender="y", tail="")
    return c.base + c.rest()


def polite(_):
    heads = ["Rewrite this politely: ", "Make this more polite: ", "Say this in a polite way: ", "Make this sentence polite: ",
        "Please make this sentence more polite: ", "Rewrite this more politely: ", "How can I say this politely? ", "Make this friendlier: ",
        "How do I ask this politely? ", "Say it politely: ", "Turn this into a polite request: ", "Can you make this sound polite? ",
        "Write this in a more polite way: ", "Make it polite: "]
    k = rng.random()
    if k < 0.13:
        o = pick(NEGATIVE_ORDERS)
        return pick(heads) + pick([f"Don't {o}!", f"Do not {o}.", f"Don't {o}."]), pick([f"Could you please not {o}?", f"Please do not {o}."])
    if k < 0.25:
        w = pick(WANTS) if chance(0.6) else pick(["a ", "the "]) + pick(THINGS)
        w = w.replace("a a", "an a").replace("a o", "an o").replace("a e", "an e").replace("a u", "an u")
        return pick(heads) + pick([f"I want {w}.", f"I want {w}!", f"I need {w} now.", f"Give me {w}."]), pick([f"I would like {w}, please.",
            f"Could I have {w}, please?"])
    if k < 0.33:
        return pick(heads) + pick(["Be quiet!", "Be quiet.", "Shut up!", "Quiet!", "Silence!",
            "Stop the noise."]), pick(["Could you please be quiet?", "Would you please be a little quieter?"])
    o = order()
    return pick(heads) + pick([capital(o) + ".", capital(o) + "!", capital(o) + " now.", capital(o) + " now!", "You must " + o + ".",
        "Hey, " + o + "!"]), pick([f"Could you please {o}?", f"Could you please {o}?", f"Would you please {o}?"])


SPELLING = dict(friend="freind", because="becuase", tomorrow="tomorow", beautiful="beautifull", school="shool", receive="recieve", believe="beleive",
    letter="leter", people="poeple", write="wright", answer="anwser", evening="evning", morning="mornign", garden="gardn", children="childrens",
    kitchen="kitchin", station="staton", yesterday="yestarday", little="litle", brother="brohter", mother="mothr", teacher="techer",
                house="huose", water="watter", picture="pictur", message="mesage", bicycle="bycicle", library="libary", restaurant="restaurent",
                    village="vilage", theatre="teatre", museum="musuem", market="markt", window="windo", table="tabel", newspaper="newspapper",
                    orange="oragne", daughter="dauhgter", breakfast="brekfast", church="chruch", bread="bred", street="streat", every="evry",
                    music="musik", ticket="tiket",
                horse="hores", flowers="flouers", doctor="docter", neighbor="neigbor", money="mony", birds="brids", question="qestion",
                    stamps="stmaps", mountain="mountan", birthday="birtday", with_="whit")
BARE = [("I am", "Im"), ("do not", "dont"), ("does not", "doesnt"), ("did not", "didnt"), ("can not", "cant"), ("is not", "isnt"), ("will not",
    "wont")]


def mistakes(_):
    heads = ["Correct the mistakes: ", "Correct this sentence: ", "Fix the grammar: ", "Find the mistake: ", "Fix this sentence: ",
        "Is this sentence correct? ", "Please correct my English: ", "Correct my sentence: ", "Correct this: ", "Can you correct this? ",
        "What is wrong with this sentence? ", "Please fix the mistakes in this sentence: ", "Correct the spelling: ",
        "Fix the spelling and grammar: ", "Is this right? "]
    c = clause()
    while c.gender in "iwyp" and chance(0.6):
        c = clause()
    kind = rng.randrange(11)
    right = c.present() + "."
    if kind >= 9:
        n, x = rng.randint(2, 9), pick(THINGS + PETS)
        y = pick([t for t in THINGS if t != x])
        s, g = c.subject, c.gender
        has = "have" if c.plural else "has"
        if kind == 9:
            right = f"{s} {has} {numeral(n)} {plural(x)}" + (f" and {article(y)}." if chance(0.5) else ".")
            wrong = right.replace(plural(x), x) if chance(0.7) or plural(x) == x else right
            wrong = wrong.replace(f" {has} ", f" {'has' if has == 'have' else 'have'} ", 1) if chance(0.6) or wrong == right else wrong
            wrong = wrong.replace(" and a ", " and an ").replace(" and an ", " and a ") if chance(0.3) else wrong
            wrong = wrong.replace(f" {y}.", f" {plural(y)}.") if chance(0.3) else wrong
        else:
            x = pick(["apple", "egg", "onion", "orange", "umbrella", "old " + x, "animal", "hour", "idea", "uncle", "engine", "island"])
            right = f"{s} {'see' if c.plural else 'sees'} {article(x)}."
            wrong = right.replace(" an ", " a ")
    if kind == 0:
        right = c.negative() + "."
        wrong = f"{c.subject} {'doesnt' if c.plural else pick(['dont', 'don' + chr(39) + 't', 'do not', 'doesnt', 'not'])} {c.base}{c.rest()}."
    elif kind == 1:
        wrong = f"{c.subject} {third(c.base) if c.plural else c.base}{c.rest()}."
    elif kind == 2:
        right = c.past() + "."
        regular = c.base + ("d" if c.base.endswith("e") else "ed")
        wrong = f"{c.subject} {regular if regular != c.pasts else c.base}{c.rest()} yesterday."
        right = f"{c.subject} {c.pasts}{c.rest()} yesterday."
    elif kind == 3:
        s, g, a, _b = be_sentence()
        past, when = chance(0.4), pick(["", " today", " yesterday", " this morning", " last night"])
        past = past or when in (" yesterday", " last night")
        be = be_of(g, past)
        right = f"{s} {be} {a}{when}."
        wrong = f"{s} {('was' if be == 'were' else 'were') if past else 'is' if be in ('are', 'am') else 'are'} {a}{when}."
    elif kind == 4:
        right = c.continuous() + "."
        wrong = f"{c.subject} {ing(c.base)}{c.rest()}."
    elif kind == 5:
        right = c.negative("past") + "."
        wrong = f"{c.subject} {pick(['did not', 'didnt'])} {c.pasts}{c.rest()}."
    elif kind >= 9:
        pass
    elif kind == 6:
        right = c.future() + "."
        wrong = f"{c.subject} will {pick([third(c.base), c.pasts, ing(c.base)])}{c.rest()}."
    else:
        right = pick([c.present(), c.past()]) + "."
        words = [w for w in SPELLING if re.search(r"\b" + w + r"\b", right)]
        if words:
            w = pick(words)
            wrong = re.sub(r"\b" + w + r"\b", SPELLING[w], right)
        else:
            wrong = right.rstrip(".") if chance(0.5) else right
            wrong = wrong[0].lower() + wrong[1:]
    if chance(0.35):
        wrong = wrong.rstrip(".")
    if chance(0.4):
        wrong = wrong[0].lower() + wrong[1:]
    if chance(0.08):
        wrong = wrong.lower()
    if wrong == right:
        wrong = wrong.lower().rstrip(".")
    said = pick([right, right, right, f"The correct sentence is: {right}"])
    return pick(heads) + wrong, said


# Long ways of saying something and short ones; {c} is a clause, {p} a clause in the past, {b} a bare verb phrase
LONGER = [("I am writing to you because I want to tell you that {sc}.", "{c}."), ("I just wanted to let you know that {sp}.", "{p}."),
    ("I would like to inform you that {sf}.", "{f}."), ("The thing is that {sc}.", "{c}."), ("What I want to say is that {sc}.", "{c}."),
    ("I am sorry to have to tell you that {sp}.", "I am sorry, but {sp}."), ("{p} due to the fact that {q}.", "{p} because {q}."),
    ("Due to the fact that {q}, {sp}.", "{p} because {q}."), ("The reason why {sp} is that {q}.", "{p} because {q}."),
    ("In spite of the fact that {q}, {sp}.", "{p} although {q}."), ("At this point in time, {sc}.", "Now {sc}."), ("It is a fact that {sc}.", "{c}."),
          ("There is no doubt that {sc}.", "{c}."), ("As everybody knows, {sc}.", "{c}."), ("I would like to say that {sc}.", "{c}."),
              ("It should be mentioned that {sp}.", "{p}."), ("I am of the opinion that {sc}.", "I think that {sc}."),
              ("In my personal opinion, I think that {sc}.", "I think that {sc}."), ("It is possible that {sf}.", "Maybe {sf}."),
          ("{s} {was} able to {b}.", "{s} could {b}."), ("{s} {be} able to {b}.", "{s} can {b}."), ("{s} {was} not able to {b}.",
              "{s} could not {b}."), ("{s} made the decision to {b}.", "{s} decided to {b}."), ("{s} came to the conclusion that {q}.",
              "{s} decided that {q}."), ("In order to {b}, {ss} got up early.", "To {b}, {ss} got up early."),
          ("It is necessary for {ss} to {b}.", "{s} must {b}."), ("{s} {has} the ability to {b}.", "{s} can {b}."), ("In the event that {q}, {sf}.",
              "If {q}, {sf}."), ("{p} on a daily basis.", "{p} every day."), ("{f} in the near future.", "{f} soon."),
              ("{p} at a later point in time.", "{p} later."), ("What happened was that {sp}.", "{p}."),
          ("{s} {was} in the process of {g}.", "{s} {was} {g}."), ("The reason that {sp} was that {q}.", "{p} because {q}."),
              ("{p} for the reason that {q}.", "{p} because {q}."), ("It was {ss} who {v}.", "{p}."), ("{p}, and it must be said that {q}.",
              "{p}, and {q}."), ("{p} during the time when {q}.", "{p} while {q}.")]
SIDE = ["it was raining", "the bus was late", "the car was broken", "the shop was closed", "the door was open", "it was very cold",
    "the train was full", "there was no milk", "the weather was bad", "the road was wet", "the music was loud", "the phone was broken",
    "the old man was ill", "the baby was asleep", "the lamp was broken", "the key was lost", "the film was too long", "the food was cold",
    "there was a storm", "the house was empty", "the water was cold", "it was late"]
SHORTER = [("She is a person who is always very friendly to everyone.", "She is always friendly."),
    ("There are many people who like to drink coffee in the morning.", "Many people like coffee in the morning."),
    ("He is a man who works very hard.", "He works very hard."), ("The car that he has is red in color.", "His car is red."),
    ("They gave an answer to all of the questions.", "They answered all questions."),
           ("The meeting that was planned for Monday has been moved to Tuesday.", "The meeting was moved from Monday to Tuesday."),
               ("We would like to take this opportunity to thank you for your help.", "Thank you for your help."),
               ("She has the ability to speak four languages.", "She can speak four languages."), ("It is possible that it will rain tomorrow.",
               "It may rain tomorrow."),
           ("I am writing to you in order to ask you whether you are free on Monday.", "Are you free on Monday?"),
               ("The book that I am reading at the moment is very interesting.", "I am reading an interesting book."),
               ("The house in which we live is very small in size.", "Our house is very small."), ("A large number of people came to the concert.",
               "Many people came to the concert."),
           ("He drove the car in a very careful way.", "He drove carefully."), ("She spoke in a very quiet voice.", "She spoke quietly."),
               ("There was nobody at all who knew the answer to the question.", "Nobody knew the answer.")]


def shorter(_):
    heads = ["Make this shorter: ", "Shorten this sentence: ", "Rewrite this in fewer words: ", "Say this in fewer words: ",
        "Make this sentence shorter: ", "Say it shorter: ", "Can you shorten this? ", "Make this simpler: ", "Write this more briefly: ",
        "Rewrite this in a simple way: ", "Please shorten: "]
    if chance(0.15):
        a, b = pick(SHORTER)
        return pick(heads) + a, b
    c = clause(tail="" if chance(0.6) else None)
    a, b = pick(LONGER)
    neg = chance(0.35)
    past = c.negative("past") if neg else c.past()
    slots = dict(p=past, sp=small(past), c=c.present(), sc=small(c.present()), f=c.future(), sf=small(c.future()), q=pick(SIDE), s=c.subject,
        ss=small(c.subject), was=c.was(), be=c.be(), has="have" if c.plural else "has", b=c.base + c.rest(), g=ing(c.base) + c.rest(),
        v=c.pasts + c.rest())
    if "who {v}" in a or "be able" in a or "{be}" in a:
        slots["p"] = c.past()
        if c.gender in "iw":
            return shorter(_)
    if "during the time" in a or "daily" in a or "near future" in a or "later point" in a:
        c.tail = ""
        slots.update(p=c.past(), f=c.future())
    if c.gender == "i" and "necessary" in a:
        return shorter(_)
    if "In the event" in a:
        slots["q"] = pick(["it rains", "the bus is late", "the shop is closed", "it is cold", "there is time", "the weather is bad",
            "the train is full"])
    return pick(heads) + a.format(**slots), capital(b.format(**slots))


SAME = dict(happy="glad", glad="happy", sad="unhappy", big="large", large="big", small="little", little="small", fast="quick", quickly="fast",
    clever="smart", smart="clever", beautiful="pretty", pretty="beautiful", angry="furious", rich="wealthy", quiet="silent", difficult="hard",
    hard="difficult", strange="odd", tired="weary", funny="amusing", brave="courageous", afraid="scared", scared="afraid", nice="pleasant",
    ill="sick", sick="ill",
            present="gift", gift="present", kid="child", road="street", street="road", house="home", started="began", began="started",
                bought="purchased", repaired="fixed", fixed="repaired", helped="assisted", story="tale", mistake="error", town="city", woman="lady",
                shop="store", store="shop", job="work", film="movie", movie="film", picture="image", begins="starts", starts="begins",
                ends="finishes", looked="gazed", needs="requires",
            hurried="rushed", shouted="yelled", near="close to", often="many times", boat="ship", stone="rock", forest="woods", dad="father",
                mom="mother", easy="simple", expensive="costly", cold="chilly", hot="very warm", wet="damp", friend="companion", talks="speaks",
                talked="spoke", enormous="huge", huge="enormous", tiny="very small", terrible="awful", wonderful="great", great="wonderful",
                correct="right", interesting="fascinating", noisy="loud", loud="noisy", garden="yard", journey="trip", trip="journey",
                car="automobile", bicycle="bike", photo="picture", sofa="couch", evening="night", maybe="perhaps")
ABOUT = ["about the {n}", "with the {n}", "because of the {n}", "when the {n} came", "at the {p}", "in the {p}", "after the {t}", "", "", "today",
    "this morning", "again", "on {d}"]


def other_words(_):
    heads = ["Say this in other words: ", "Rewrite this in other words: ", "Rephrase this sentence: ", "Rephrase this: ", "Say this differently: ",
        "Put this in other words: ", "Rewrite this sentence: ", "Paraphrase this: ", "Write this in your own words: ",
        "Can you say this in another way? "]
    k = rng.random()
    if k < 0.65:
        who = pick(["The little boy", "The little girl", "The old woman", "The old man", "My friend", "The teacher", "Our neighbor", "The woman",
            "Her son", "The tall man", "My dad", "The small dog", "The big cat", "The kid", "My mom", "The young man", "The clever student",
            "The lady", "The rich man", "The brave girl", "The sick child", name()[0]])
        adj = pick([w for w in "happy glad sad fast clever smart beautiful angry quiet strange tired funny brave afraid scared nice ill sick rich loud".split()])
        tail = pick(ABOUT).format(n=pick(["present", "film", "story", "trip", "letter", "picture", "news", "movie", "mistake", "gift", "job", "game",
            "car", "photo"]), p=pick(["shop", "house", "garden", "forest", "party", "street", "school", "store"]), t=pick(["trip", "film", "journey",
            "game", "lesson", "party"]), d=pick(DAYS))
        if "afraid" in adj or "scared" in adj or "ill" in adj or "sick" in adj:
            tail = tail if tail in ("today", "again", "this morning") else ""
        s = f"{who} {pick(['is', 'was'])} {pick(['very ', '', 'so '])}{adj}{' ' + tail if tail else ''}."
    else:
        s = clause().past() + "."
        if not any(w in SAME for w in re.findall(r"\w+", s)):
            who = pick(PERSONS)[0]
            s = f"The {who} {pick(['started', 'began', 'bought', 'repaired', 'helped with', 'talked about', 'answered'])} the {pick(['trip', 'film', 'story', 'car', 'house', 'bicycle', 'boat', 'shop', 'question'])}."
    # one or two words give way to others that mean the same
    words = [w for w in dict.fromkeys(re.findall(r"\w+", s)) if w.lower() in SAME]
    t = s
    for w in words[-3:]:
        new = SAME[w.lower()]
        t = re.sub(r"\b" + w + r"\b", capital(new) if w[0].isupper() else new, t, count=1)
    t = re.sub(r"\ba (?=[aeiou])", "an ", re.sub(r"\ban (?=[^aeiou])", "a ", t)).replace("very very", "very")
    return pick(heads) + s, t


CONTRACTIONS = [("can't", "cannot"), ("won't", "will not"), ("don't", "do not"), ("doesn't", "does not"), ("didn't", "did not"), ("isn't", "is not"),
    ("I'm", "I am"), ("we're", "we are"), ("I'll", "I will"), ("it's", "it is"), ("that's", "that is"), ("I've", "I have"), ("gonna", "going to"),
    ("wanna", "want to"), ("kids", "children"), ("kinda", "rather"), ("a lot of", "many"), ("guy", "man"), ("awful", "not good"),
                ("stuff", "things"), ("Hi", "Dear Sir or Madam"), ("Thanks", "Thank you"), ("mom", "mother"), ("dad", "father"), ("get", "receive"),
                    ("ask for", "request")]
FORMAL = [("I can't come.", "I am afraid that I cannot come."), ("Thanks for your help.", "Thank you very much for your help."), ("Sorry I'm late.",
    "I apologize for being late."), ("Send me the stuff.", "Please send me the documents."), ("Hey, what's up?", "Good day, how are you?"),
    ("I need this now.", "I would need this as soon as possible."),
          ("I want a refund.", "I would like to ask for a refund."), ("Call me.", "Please call me at your convenience."), ("That's a bad idea.",
              "I do not think that this is the best solution."), ("See you!", "I look forward to seeing you."), ("I don't get it.",
              "I am afraid I do not understand."), ("Can you fix this?", "Could you please repair this?"),
          ("We gotta talk.", "We need to speak with each other."), ("He's a nice guy.", "He is a friendly man."), ("I'm gonna leave soon.",
              "I am going to leave soon."), ("Kids love it.", "Children enjoy it very much."), ("I wanna know more.", "I would like to know more."),
              ("Got your mail.", "I have received your letter.")]


def formal(_):
    heads = ["Make this more formal: ", "Rewrite this in a formal way: ", "Write this more formally: ", "Say this in a formal letter: ",
        "Rewrite this formally: ", "Make this sound more formal: "]
    if chance(0.3):
        a, b = pick(FORMAL)
        return pick(heads) + a, b
    c = clause(tail="")
    if chance(0.5):
        a, b = (("don't", "do not") if c.plural else ("doesn't", "does not")) if chance(0.5) else ("didn't", "did not")
        return pick(heads) + f"{c.subject} {a} {c.base}{c.rest()}.", f"{c.subject} {b} {c.base}{c.rest()}."
    a, b = pick([("can't", "cannot"), ("won't", "will not"), ("'ll", " will"),
        ("'s gonna" if not c.plural else "'re gonna" if c.gender != "i" else "'m gonna",
        " is going to" if not c.plural else " are going to" if c.gender != "i" else " am going to")])
    sp = "" if a[0] == "'" else " "
    return pick(heads) + f"{c.subject}{sp}{a} {c.base}{c.rest()}.", f"{c.subject}{sp}{b} {c.base}{c.rest()}."


def person(_):
    """From I to she, from he to we and so on"""
    c = clause(subject="I", gender="i")
    new, g = pick([("He", "m"), ("She", "f"), ("We", "w"), ("They", "p"), name(), (capital(pick(["my ", "our "]) + pick(RELATIVES[:8])[0]), "f")])
    d = clause(subject=new, gender=g, entry=(c.base, c.pasts, c.participle, c.pattern), tail=c.tail)
    d.object = re.sub(r"\bmy\b", PRONOUNS[g][2], c.object)
    past = chance(0.5)
    a, b = (c.past(), d.past()) if past else (c.present(), d.present())
    return pick([f"Rewrite this with {small(new)} instead of I: {a}.", f"Replace I with {small(new)}: {a}.", f"Change I to {small(new)}: {a}.",
        f"Rewrite this sentence about {small(new)} instead of me: {a}." if g not in "wpmf" or new in BOYS + GIRLS else f"Use {small(new)} instead of I: {a}."]), b + "."


def swap(_):
    """A word is replaced by another."""
    c = clause()
    s = pick([c.present(), c.past()]) + "."
    words = [w for w in re.findall(r"[A-Za-z]+", c.object) if len(w) > 3 and w not in ('some', 'with', 'from', 'into', 'about', 'over', 'through',
        'along', 'down', 'very')]
    if not words:
        return swap(_)
    w = pick(words)
    new = pick(THINGS) if w[0].islower() else name()[0]
    return pick([f"Replace {w} with {new}: {s}", f'Replace the word "{w}" with "{new}" in this sentence: {s}', f"Write {new} instead of {w}: {s}",
        f"Rewrite this with {new} instead of {w}: {s}"]), re.sub(r"\b" + w + r"\b", new, s, count=1)


def join_split(_):
    c, d = clause(tail=""), clause(tail="")
    past = chance(0.6)
    a, b = (c.past(), d.past()) if past else (c.present(), d.present())
    link = pick(["and", "and", "but", "because", "so"])
    comma = "" if link == "because" else ","
    if chance(0.55):
        heads = ["Join these two sentences: ", "Make one sentence of this: ", "Combine these sentences into one: ",
            "Connect these sentences: "] if link == "and" else [f"Join these two sentences with {link}: ",
            f"Combine these sentences with the word {link}: ", f'Use "{link}" to join these sentences: ']
        return pick(heads) + f"{a}. {b}.", f"{a}{comma} {link} {small(b)}."
    return pick(["Split this into two sentences: ", "Make two sentences of this: ", "Write this as two sentences: ",
        "Divide this into two sentences: "]) + f"{a}, {pick(['and', 'but'])} {small(b)}.", f"{a}. {b}."


def many(_):
    """Singular and plural"""
    n = pick(THINGS + PETS + [p for p, _g in PERSONS if " " not in p])
    c = clause(subject="The " + n, gender="n")
    p = clause(subject="The " + plural(n), gender="p", entry=(c.base, c.pasts, c.participle, c.pattern), tail=c.tail)
    p.object = c.object
    if n in THINGS:
        a, _b = pick(THING_STATES)
        x, y = f"The {n} is {a}.", f"The {plural(n)} are {a}."
    else:
        x, y = c.present() + ".", p.present() + "."
    if chance(0.7):
        return pick(["Put this in the plural: ", "Rewrite this in the plural: ", "Make this plural: ", "Change this to the plural: "]) + x, y
    return pick(["Put this in the singular: ", "Rewrite this in the singular: ", "Make this singular: "]) + y, x


def passive(_):
    c = clause(tail="" if chance(0.6) else None)
    while c.moves or c.object.split()[0] not in ("the", "a", "an", "my", "his", "her") or c.gender in "iwy" and c.subject in ("I",
        "We") or c.subject in ("He", "She", "They"):
        c = clause(tail="")
    passive_text = f"{capital(c.object)} {'were' if c.object.endswith('s') and not c.object.endswith('ss') else 'was'} {c.participle} by {c.subject_inside}{c.tail}."
    if chance(0.7):
        return pick(["Put this in the passive: ", "Rewrite this in the passive voice: ", "Make this passive: "]) + c.past() + ".", passive_text
    return pick(["Put this in the active voice: ", "Rewrite this in the active voice: ", "Make this active: "]) + passive_text, c.past() + "."


REWRITERS = [(tense, 6), (question, 5), (negative, 3), (polite, 7), (mistakes, 7), (shorter, 6), (other_words, 6), (formal, 2), (person, 2), (swap,
    2), (join_split, 2), (many, 1), (passive, 1)]
