"""Small talk: greetings, thanks, goodbyes, feelings, news, plans, hobbies, and what was said before."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns

OFFERS = ["How can I help you?", "What can I do for you?", "What would you like to talk about?", "How can I help you today?",
    "Is there anything I can do for you?"]
DAYTIMES = ["morning", "afternoon", "evening"]


def greeting(_):
    d = pick(DAYTIMES)
    n = name()[0]
    hi = pick(["Hello", "Hi", "Hey", "Hello there", "Hi there", "Hey there", f"Good {d}", "Greetings", "Hello again", "Hi again", "Good day"])
    mark = pick(["!", ".", ",", "! "]).strip()
    k = rng.randrange(9)
    back = f"Good {d}!" if "Good " + d in hi else pick(["Hello!", "Hi!", "Hello there!", "Good to see you!" if "again" in hi else "Hello!"])
    if k == 0:
        return hi + pick(["", "!", "."]), f"{back} {pick(OFFERS)}"
    if k <= 3:
        when = pick(["", "", " today", f" this {d}", " this fine day", " tonight", " these days", " now"])
        q = pick(["How are you", "How are you doing", "How do you feel", "How is it going", "How are things", "How are you feeling",
            "How have you been", "How goes it", "Are you well", "Are you doing well", "Is everything fine", "Is everything okay", "What is new",
            "What's new with you", "How is life", "How are you getting on", "Are you all right", "Is all well with you", "Are you having a good day",
            "Are you okay"])
        if q.startswith(("How have", "How goes", "How is", "How are things", "How are you getting", "What")):
            when = pick(["", "", " today"])
        well = pick(["I am fine, thank you.", "I am doing well, thank you.", "I am well, thank you for asking.", "All is well here, thank you."])
        if "this " in when and chance(0.4):
            back = f"Good {d}!" if d in when else back
        head = hi + mark + " " if chance(0.75) else ""
        q = q if head == "" or mark != "," else small(q[0].lower() + q[1:])
        return head + q + when + "?", (back + " " if head and chance(0.7) else "") + well + " " + pick(["How are you?", "And you?",
            "How can I help you?", "How are you today?", "What can I do for you?"])
    if k == 4:
        return hi + mark + " " + pick(["good to see you again", "nice to see you again", "I am back", "it is me again", "good to talk to you again",
            "here I am again", "it's good to be back", "long time no see"]).replace("i am", "I am") + pick([".",
            "!"]), pick(["It is good to see you again!", "Welcome back!", "Hello again! It is nice to have you back.",
            "Welcome back! It is nice to hear from you."]) + " " + pick(OFFERS)
    if k <= 7:
        intro = pick([f"my name is {n}", f"I am {n}", f"I'm {n}", f"this is {n}", f"{n} here", f"my name's {n}", f"I am called {n}",
            f"you can call me {n}", f"my name is {n} and I am new here", f"I am {n} from {town()}", f"people call me {n}"])
        u = f"{hi}{mark} {intro}." if chance(0.7) else capital(intro) + "."
        if mark in (".", "!") and chance(0.7):
            u = f"{hi}{mark} {capital(intro)}."
        return u, pick([f"Hello, {n}! It is nice to meet you. {pick(OFFERS)}", f"Nice to meet you, {n}! {pick(OFFERS)}",
            f"Hello, {n}! {pick(OFFERS)}", f"It is nice to meet you, {n}."])
    if chance(0.5):
        where = pick(["work", "school", "the " + pick(PLACES), "a walk", "a trip to " + town(), "my holiday", "a long journey", "the doctor", "lunch",
            "a party", "football"])
        return f"{hi}{mark} {pick(['I just came back from', 'I am just back from', 'I came home from', 'I have returned from', 'I am home from'])} {where}{pick(['.', '!'])}", pick([f"Welcome back! How was {to_you(where)}?",
            f"Welcome back! I hope that {to_you(where)} was nice."])
    return pick([f"Nice to meet you, my name is {n}.", f"Let me introduce myself. I am {n}.", f"I am {n}. Who are you?",
        f"I am {n}. What is your name?"]), f"Nice to meet you, {n}! I am the small model built into hearth."


def day_question(_):
    return pick(["How was your day?", "How is your day?", "How was your day today?", "How was your night?", "Did you have a good day?",
        "How was your weekend?", "How is your day going?", "How has your day been?", "Did you sleep well?", "What did you do today?",
        "Have you had a nice day?", "How was your morning?", "What have you been up to?", "Did you have a nice weekend?"]), \
        pick(["I am a computer program, so every day is quiet for me. How was yours?",
            "It was a quiet day, as always for a program. How was your day?", "All my days are the same, because I am a program. How was yours?"])


def help_request(_):
    what = pick(["something", "a few things", "a question", "my homework", "my English", "a letter", "a text", "a sentence", "an email", "a problem",
        "some questions", "a recipe", "my work", "a small task", "a story", "a plan", "one thing", "this", "a short text"])
    hi = pick(["", "", "Hi there, ", "Hello, ", "Hi! ", "Hey, ", "Hello! ", "Excuse me, ", "Please, "])
    q = pick([f"can you help me with {what}?", f"could you help me with {what}?", f"will you help me with {what}?", f"I need help with {what}.",
        f"I need some help with {what}.", f"would you help me with {what}?", f"can you help me?", "I have a question.", "may I ask you something?",
        "do you have a minute?", "do you have some time for me?", "can you give me a hand?", f"could you give me a hand with {what}?",
        "I could use some help.", f"are you able to help me with {what}?", "I want to ask you something.", "may I ask a question?",
        "I need your help.", "have you got a moment?", f"please help me with {what}."])
    return hi + (q if hi.endswith(", ") else capital(q)), pick(["Of course! What do you need?", "Yes, of course. What is it about?",
        "Sure! Tell me what you need.", "Yes, I will do my best. What would you like to know?",
        "Of course. I am a small model, but I will try. What is it?"])


def thanks(_):
    a = pick(["Thank you", "Thanks", "Many thanks", "Thanks a lot", "Thank you very much", "Thank you so much", "Thanks so much", "I thank you"])
    b = pick(["", "", " for everything", " for your help", " for the answer", " for the advice", " for your time", " for the tip",
        " for talking to me", " for the story", " for explaining that", " for helping me", " for the idea", " for listening", " for the nice words",
        " for the recipe", " for being there"])
    c = pick(["", "", "", ", you were a big help", ", that was helpful", ", that helped a lot", ", you are great", ". That was very kind of you",
        ", I understand it now", ", you are very kind", ". You helped me a lot", ", that is all I need", ", that was a good answer",
        ". That is what I needed", ", now I know", ", this is just right", ", you answered my question", ". That was very useful",
        ", I could not have done it without you", ", it worked", ". I feel better now"])
    return a + b + c + pick([".", "!", ""]), pick(["You are welcome! I am glad that I could help.", "You are welcome!",
        "My pleasure! Is there anything else I can do?", "You are welcome. I am happy that it helped.", "You are very welcome! Come back any time."])


def goodbye(_):
    a = pick(["Bye", "Goodbye", "Bye bye", "See you", "See you later", "Bye for now", "See you soon", "Good bye", "See you tomorrow",
        "That is all for today", "That's all, bye", "Take care", "Until next time", "So long", "Farewell"])
    k = rng.randrange(6)
    if k == 0:
        return a + pick(["", ".", "!"]), pick(["Goodbye! Have a nice day.", "Bye! Come back any time.", "See you soon! Take care.",
            "Goodbye, and take care!"])
    if k == 1:
        return a + ", " + pick(["I am going to bed", "I have to sleep now", "I am tired and go to bed", "it is late", "I need to sleep",
            "good night"]) + pick([".", "!"]), pick(["Good night! Sleep well.", "Good night, and sweet dreams."])
    if k == 2:
        w = pick(["home", "to work", "to school", "shopping", "out", "for a walk", "to the " + pick(PLACES), "to see my " + pick(RELATIVES)[0],
            "on a trip", "to lunch", "to " + town()])
        s = pick([f"I am going {w}", f"I have to go {w}", f"I must go {w} now", f"I am off {w}", f"I am going {w} now"])
        return pick([f"{a}, {s}.", f"{s}. {a}!", f"{a}! {s}."]), pick(["Goodbye! Have a good time.", "Goodbye! Take care on the way.",
            "Bye! Have a nice day.", f"Goodbye! Enjoy your time."] if w != "home" else ["Goodbye! Get home safely.", "Bye! Have a good trip home.",
            "Goodbye! Have a nice time at home."])
    if k == 3 and chance(0.5):
        v, o = pick([("catch", "bus"), ("catch", "flight"), ("feed", "cat"), ("feed", "dog"), ("cook", "dinner"), ("do", "homework"), ("meet",
            "friend"), ("pick up", "son"), ("pick up", "daughter"), ("call", "mother"), ("clean", "kitchen"), ("write", "report"), ("go to", "class"),
            ("walk", "dog"), ("visit", "aunt"), ("finish", "work")])
        s = pick(["I have to", "I must", "I need to", "now I have to"]) + f" {v} my {o}"
        return pick([f"{s}, {a.lower()}!", f"{capital(s)}. {a}!", f"{a}, {s}."]).replace("now I", "now I"), pick(["Goodbye! Have a nice day.",
            "See you later! Take care.", "Bye! Come back any time.", "All right, see you soon!"])
    if k == 3:
        return f"{a}, " + pick(["I have to go now", "I have to leave", "I must go", "my " + pick(RELATIVES)[0] + " is waiting", "dinner is ready",
            "my bus is coming", "I have no more time", "I need a break", "I have to work"]) + ".", pick(["All right, goodbye! Have a nice day.",
            "Goodbye! Take care, and come back any time.", "Bye! See you soon."])
    if k == 4:
        return pick(["Have a nice day!", "Have a good day.", "Have a nice evening!", "Have a good one!", "Have a nice weekend!",
            "Enjoy your day!"]), pick(["Thank you, the same to you!", "Thank you! You too.", "Thank you! I wish you the same."])
    return pick(["Good night", "Good night!", "Sleep well!", "I am going to sleep now.", "Time for bed.", "I will go to bed now, good night.",
        "I'm off to bed, see you tomorrow."]), pick(["Good night! Sleep well.", "Good night, and sweet dreams.", "Good night! See you tomorrow."])


# ---- feelings and news

FEELINGS = [
    ("lonely|alone|very alone|left out|so lonely|isolated",
        "I am sorry that you feel {a}. Would you like to tell me about it? It can also help to call a friend.|I am sorry that you feel {a}. I am here to talk with you. Is there a friend you could call?"),
    ("sad|down|unhappy|depressed|miserable|blue|terrible|awful|low|heartbroken|hopeless",
        "I am sorry that you feel {a}. Would you like to tell me what happened?|I am sorry to hear that. Do you want to talk about it? A walk or a good friend can help."),
    ("tired|exhausted|sleepy|worn out|very tired|weary|so tired",
        "You should take a rest. Perhaps you can go to bed early tonight.|I am sorry that you are {a}. A short break or an early night may help."),
    ("bored|so bored|a little bored|terribly bored|restless",
        "You could read a book, go for a walk, or call a friend. What do you like to do?|How about a walk, a good book or a game? You could also cook something new."),
    ("angry|mad|furious|upset|annoyed|irritated|cross",
        "I am sorry that you are {a}. Would you like to tell me what happened?|Take a slow breath. Do you want to tell me why you are {a}?"),
    ("afraid|scared|worried|anxious|nervous|stressed|frightened|tense|under pressure|terrified",
        "I understand that you are {a}. Take a deep breath. What worries you most?|That is hard. It can help to talk about it and to take one small step at a time. What is it about?"),
    ("happy|great|so happy|wonderful|fantastic|very well|cheerful|excited|in a good mood|proud|full of joy|delighted|very good",
        "That is wonderful! What made you feel so good?|I am glad to hear that! What happened?"),
    ("ill|sick|unwell|dizzy|not well|very ill",
        "I am sorry that you feel {a}. Rest, drink some warm tea, and see a doctor if it gets worse.|Get well soon! Rest and drink a lot. If it gets worse, please see a doctor."),
    ("hungry|very hungry|starving|so hungry",
        "Then it is time to eat something. How about a sandwich or some soup?|You could make a sandwich, an omelette or some soup. What do you have at home?"),
    ("thirsty|very thirsty", "A glass of water is the best thing when you are thirsty.|Then drink a glass of water or a cup of tea."),
    ("cold|freezing|very cold", "Put on a warm sweater and drink a hot cup of tea.|A blanket and a hot drink will help."),
    ("confused|lost|helpless|unsure|puzzled",
        "That happens to everybody. What is it about? Perhaps I can help.|Take your time. What makes you feel {a}?"),
    ("homesick|jealous|ashamed|guilty|disappointed|hurt|embarrassed|lazy",
        "I am sorry that you feel {a}. Many people feel like that at times. Do you want to talk about it?|That is not easy. Would you like to tell me why you feel {a}?"),
]


def feeling(_):
    adjectives, answers = pick(FEELINGS)
    a = pick(adjectives.split("|"))
    how = "" if a.split()[0] in ("so", "very", "full", "in", "left", "under", "not", "a", "terribly", "worn") else pick(["", "", "a bit ", "so ",
        "very ", "really ", "a little ", "quite "])
    if a in ("wonderful", "terrible", "awful", "fantastic", "great", "starving", "exhausted", "furious"):
        how = pick(["", "just ", "really "])
    when = pick(["", "", " today", " tonight", " this evening", " these days", " right now", " at the moment", " after work", " after a long day",
        " after school", " after the party", " before work", " this morning", " again", " lately",
        " all the time"])
    be = pick(["I feel", "I am feeling", "I am", "I'm", "I feel", "I'm feeling"])
    why = pick(["", "", "", "", " because of my job", " and I do not know why", " because my friend is away", " because of school",
        " and I want to talk", ", what can I do?", ". What should I do?", ". Can you help me?", " because of the weather",
        " since yesterday"]) if when not in (" lately", " all the time") else ""
    return f"{be} {how}{a}{when}{why}".rstrip() + ("" if why.endswith("?") else pick([".", ".", "!", ""])), pick(answers.split("|")).format(a=a)


WHO = ["sister", "brother", "mother", "father", "son", "daughter", "friend", "best friend", "wife", "husband", "cousin", "aunt", "uncle", "neighbor",
    "grandmother", "grandfather", "niece", "nephew", "teacher", "boss", "girlfriend", "boyfriend"]
GOOD_NEWS = ["had a baby", "got married", "passed the exam", "passed her driving test", "won a prize", "got a new job", "bought a house",
    "finished school", "won the race", "got a puppy", "found a new flat", "learned to swim", "wrote a book", "became a doctor", "got better",
    "came home from hospital", "got engaged", "won a medal", "opened a shop", "got good grades", "had twins", "came back from a long trip",
    "got a prize for a painting", "scored two goals", "was born today", "can walk again", "found the lost cat", "started school"]
GOOD_MINE = ["I passed my exam", "I got a new job", "I won a prize", "I am getting married", "we are having a baby", "I bought a house",
    "I finished my book", "I learned to swim", "I found my keys", "I got a good grade", "I won the game", "I got a puppy",
    "I am going to be a father", "I am going to be a mother", "my team won", "I have a new bicycle", "it is my birthday", "I am on holiday",
    "I got a letter from my best friend", "I baked my first bread", "I ran ten kilometres", "I found a new flat", "I finished school",
    "I got a raise", "I can ride a bike now", "we won the match", "I made a new friend", "I got the job", "my visa came",
        "I got the job that I applied for", "I won a trip to the sea", "I did it", "I have finally finished my work", "I finished the painting",
        "I finally learned to ride a bike", "I finally found a flat", "I turn forty today"]
BAD_NEWS = ["is ill", "is in hospital", "broke a leg", "lost the job", "died", "passed away", "had an accident", "is very sick", "lost the house",
    "failed the exam", "moved away", "does not talk to me", "is angry with me", "forgot my birthday", "left me", "is not well", "hurt a hand",
    "has a fever", "had to go to the doctor", "cannot come to my party"]
BAD_MINE = ["I lost my job", "I failed my exam", "I broke my arm", "I lost my wallet", "I missed my train", "my car broke down", "my phone is broken",
    "my cat ran away", "my dog died", "somebody stole my bicycle", "I forgot my keys", "I had a fight with my friend", "my flight was cancelled",
    "I burned the dinner", "I spilled coffee on my shirt", "my computer does not work", "I lost the game", "I have a headache", "I have a cold",
    "I cannot sleep", "my tooth hurts", "my back hurts", "I lost my ring", "my flat is too expensive", "nobody came to my party",
    "I made a mistake at work", "I did not get the job", "my neighbor is too loud", "I cut my finger", "the train was two hours late",
    "I broke my favorite cup"]


AFTER_BAD = [" and I can't stop thinking about it", " and I do not know what to do", " and I am so sad", " and I am worried", ". It makes me sad",
    " and I cannot sleep", ". What should I do?", " and I miss them", " and I feel bad about it"]
AFTER_GOOD = [" and I am so happy", " and we are all very happy", " and I am proud", ". I am so excited", " and we want to celebrate",
    ". Is that not great?", " and I can't believe it"]
WE_NEWS = ["won the match", "won the game", "are getting married", "are having a baby", "bought a house", "found a new flat", "won first prize",
    "have a new dog", "are grandparents now", "got a garden", "finished the house", "are going on a long trip", "won the football game",
    "came first in the race", "passed the test", "got our first car", "have a baby girl", "opened a cafe"]


def more(r, tails):
    """A sentence goes on now and then"""
    return pick(tails) if chance(0.25) else ""


def we_news(_):
    e = pick(WE_NEWS)
    when = pick(["", "", " on " + pick(DAYS), " yesterday", " today", " last week"]) if e.split()[0] in ("won", "bought", "found", "finished", "got",
        "came", "passed", "opened") else ""
    return f"{pick(['We ', 'We ', 'My family and I ', 'Guess what, we ', 'My friends and I '])}{e}{when}{more(None, AFTER_GOOD)}".rstrip(".?") + pick(["!",
        "."]), pick(["That is wonderful! Congratulations!", "Congratulations to all of you! That is great news.",
        "How wonderful! I am happy for you."])


def pastime(_):
    """Like hobby, with to and a verb of the grammar"""
    c = clause(subject="I", gender="i", tail="")
    if c.base in ("break", "lose", "miss", "forget", "drop", "fall", "cry", "steal", "hate", "know", "need", "want", "live", "arrive", "leave",
        "like", "love", "enjoy", "hear", "get", "find"):
        return hobby(_)
    what = f"{c.base} {c.object}"
    doing = f"{ing(c.base)} {to_you(c.object)}"
    with_ = pick(["", "", " with my " + pick(WHO), " with my " + pick(WHO)])
    return pick([f"I like to {what}{with_}.", f"In my free time I like to {what}{with_}.", f"I love to {what}{with_}.",
        f"On weekends I {what}{with_}.", f"In the evening I often {what}{with_}.", f"After work I like to {what}{with_}.",
        f"I enjoy {ing(c.base)} {c.object}{with_}.",
        f"Every Sunday I {what}{with_}."]), pick([f"{capital(doing)}{to_you(with_)} sounds nice! What do you like about it?",
        f"That sounds nice! Do you often {c.base} {to_you(c.object)}?", f"How nice! How long have you been {doing}?"])


def news(_):
    r = pick(WHO)
    when = pick(["", "", " yesterday", " today", " last week", " this morning", " last night", " on " + pick(DAYS)])
    k = rng.randrange(4)
    if k == 0:
        e = pick(GOOD_NEWS)
        if "was born" in e or "can walk" in e:
            when = ""
        return f"{pick(['My', 'My', 'My', 'Guess what! My', 'Good news: my', 'You know what? My'])} {r} {e}{when}{more(r, AFTER_GOOD)}".rstrip("?") + pick(["!",
            ".", "!"]), pick(["That is wonderful news! Congratulations!", "How wonderful! Congratulations!",
            f"Congratulations to your {r}! You must be happy.", f"That is great news! Please congratulate your {r} from me."])
    if k == 1:
        e = pick(GOOD_MINE)
        return pick(["", "", "Guess what! ", "I have good news: ", "Hooray! ", "Great news! "]) + capital(e) + pick([".", "!",
            "!"]), pick(["Congratulations! That is great news.", "That is wonderful! I am happy for you.",
            "How nice! I am very happy for you. Tell me more!", "That is great! Well done."])
    if k == 2:
        e = pick(BAD_NEWS)
        return f"My {r} {e}{when if e.split()[0] not in ('is', 'does', 'has', 'cannot') else ''}{more(r, AFTER_BAD)}".rstrip("?.") + ".", pick(["I am very sorry to hear that. Do you want to talk about it?",
            f"I am sorry about your {r}. How do you feel?", "I am so sorry. That must be hard for you. I hope things get better."])
    e = pick(BAD_MINE)
    return capital(e) + pick([".", ".", "!", " today."]), pick(["I am sorry to hear that. Is there anything I can do?",
        "Oh no, I am sorry! I hope it gets better soon.", "That is bad luck. I am sorry. Do you want to talk about it?"])


TESTS = ["exam", "test", "job interview", "driving test", "talk", "speech", "concert", "presentation", "operation", "first day at school",
    "first day at work", "first date", "race", "meeting with my boss", "doctor's appointment", "big game", "math test", "English exam", "piano exam",
    "long flight", "wedding", "audition"]


def worry(_):
    t = pick(TESTS)
    when = pick(["tomorrow", "next week", "on " + pick(DAYS), "next " + pick(DAYS), "today", "in two days", "this afternoon", "soon", "in an hour",
        "next month"])
    adj = pick(["", "", "important ", "big ", "difficult ", "hard "]) if not t.startswith(("first", "big", "long")) else ""
    afraid = pick(["scared", "nervous", "afraid", "worried", "very nervous", "so scared", "a bit nervous", "anxious", "stressed"])
    a = article(adj + t) if not t.startswith("first day") else "my " + t
    u = pick([f"I have {a} {when} and I am {afraid}.", f"I am {afraid} because I have {a} {when}.", f"I have {a} {when}. I am {afraid}.",
        f"My {t} is {when} and I am {afraid}.", f"I'm {afraid} about my {t} {when}.", f"{capital(when)} I have {a}, and I feel {afraid}.",
        f"I have {a} {when}.", f"I am {afraid} about {a} {when}.", f"I have {a} {when}. What can I do?", f"How do I prepare for {a}?",
        f"Can you give me a tip for my {t} {when}?"])
    return u, pick([f"It is normal to be nervous before {article(t) if not t.startswith('first') else 'your ' + t}. Prepare well, sleep enough, and take a deep breath. You can do it!",
        f"Good luck with your {t}! Prepare a little each day, rest well, and stay calm. You can do it!",
        f"I wish you good luck for your {t}! Take a deep breath, and remember what you already know."])


IDEAS = "read a book|go for a walk|watch a film|call a friend|cook something new|bake a cake|play a game|listen to music|take a warm bath|write a letter|visit a friend|draw a picture|do some sport|clean up your room|learn a few words of a new language|go to the cinema|look at old photos|sit in a cafe|ride a bike|try a new recipe|play cards|go to bed early|do a puzzle|write in a diary".split("|")


def idea(_):
    when = pick(["this evening", "tonight", "today", "this weekend", "on Sunday", "on Saturday", "on " + pick(DAYS), "next week", "on my free day",
        "this afternoon", "tomorrow", "after work", "in the holidays", "now", "with my free time", "on a rainy day", "with my friends",
        "with my children", "at home", "alone", "with my " + pick(RELATIVES)[0]])
    u = pick([f"I don't know what to do {when}.", f"What should I do {when}?", f"What can I do {when}?", f"I have nothing to do {when}.",
        f"Do you have an idea what I could do {when}?",
        f"Give me an idea for {when if when not in ('now', 'at home', 'alone') and not when.startswith(('on', 'with', 'in', 'after')) else 'today'}.",
        f"I do not know what I should do {when}.", f"What would you do {when}?", f"Any ideas what to do {when}?", f"What could I do {when}?",
        f"Help me find something to do {when}.", f"I am free {when}. What should I do?", f"I have time {when} and no plan.",
        f"I have no plans {when}.", f"I am at home {when} and bored.", f"I want to do something nice {when}."])
    a, b, c = rng.sample(IDEAS, 3)
    return u, pick([f"You could {a}, {b} or {c}. What do you like best?", f"How about this: {a}, or {b}? You could also {c}.",
        f"You could {a} or {b}.", f"Maybe you could {a}, or {b}."])


def hobby(_):
    h = pick(HOBBIES)
    tail = pick(["", "", "", " with my " + pick(WHO), " on weekends", " in the forest", " in the evening", " at home", " in my free time",
        " every day", " in " + pick(["summer", "winter", "spring"]), " by the sea", " in the park"])
    if h.endswith("music") or "films" in h:
        tail = pick(["", " in the evening", " at home"])
    u = pick([f"I like {h}{tail}.", f"I love {h}{tail}.", f"I really enjoy {h}{tail}.", f"I enjoy {h}{tail}.", f"{capital(h)}{tail} is my hobby.",
        f"My hobby is {h}.", f"I am very fond of {h}{tail}.", f"{capital(h)} makes me happy.", f"I am really into {h}.", f"I started {h} last year.",
        f"My favorite thing is {h}{tail}.", f"There is nothing better than {h}{tail}.", f"I have always liked {h}{tail}.", f"I like {h} best."])
    return u, pick([f"{capital(h)} is a wonderful hobby. What do you like about it?", f"That sounds lovely! How often do you enjoy {h}?",
        f"How nice that you like {h}! When did you start?", f"{capital(h)} sounds like fun! What do you like best about it?"])


def likes(_):
    x = pick([plural(p) for p in PETS] + MASS_FOOD + [plural(p) for p in "apple banana pancake cookie rose flower book garden".split()] + ["summer",
        "winter", "spring", "autumn", "snow", "rain", "music", "Italian food", "the sea", "the mountains", "the forest", "sunny days", "old films",
        "museums", "trains", "big cities", "my job", "my garden", "my family", "school", "history", "horses", "the color blue",
        "the color " + pick(COLORS)])
    k = rng.random()
    if k < 0.55:
        return pick([f"I like {x}.", f"I love {x}.", f"I like {x} very much.", f"I really love {x}.", f"I am a big fan of {x}.",
            f"I think {x} {'are' if x.endswith('s') else 'is'} great."]), pick([f"Many people like {x}. What do you like best about {'them' if x.endswith('s') else 'it'}?",
            f"How nice that you like {x}! Why do you like {'them' if x.endswith('s') else 'it'}?"])
    if k < 0.75:
        return pick([f"I don't like {x}.", f"I hate {x}.", f"I do not like {x} at all.",
            f"I can't stand {x}."]), pick(["That is all right, tastes differ. What do you like better?",
            f"Many people feel that way about {x}. What do you like instead?"])
    return pick([f"Do you like {x}?", f"What do you think about {x}?", f"What do you think of {x}?", f"What is your opinion about {x}?",
        f"How do you like {x}?"]), pick([f"I am a program, so I have no opinion about {x}. Do you like {'them' if x.endswith('s') else 'it'}?",
        f"I cannot like things, because I am a program. What do you think of {x}?"])


def plan(_):
    t = town()
    r = pick(WHO)
    when = pick(["tomorrow", "next week", "tonight", "on " + pick(DAYS), "in " + pick(MONTHS), "this weekend", "in summer", "soon"])
    a, reply = pick([(f"travel to {t}", f"How nice! I wish you a good trip to {t}. What would you like to see there?"), (f"visit my {r}",
        f"How nice! I am sure your {r} will be happy to see you."), (f"cook dinner for my {r}",
        f"That is kind of you. What are you going to cook for your {r}?"), (f"move to {t}", f"How exciting! I hope that you will like {t}."),
        ("start a new job", "Good luck with the new job! What will you do there?"), (f"meet {name()[0]}", "That sounds nice. Have a good time!"),
        ("go to the cinema", "That sounds like fun! Which film will you see?"),
                      (f"go to the {pick(PLACES)} with my {r}", f"That sounds nice! I hope you and your {r} have a good time."), ("paint my room",
                          "That is a good idea. Which color will you choose?"), ("bake a cake",
                          "That sounds delicious! What kind of cake will it be?"), ("run a race", "Good luck with the race! Have you trained a lot?"),
                          ("learn the guitar", "That is a fine plan! Practise a little every day."),
                          (f"buy a {pick(['car', 'bicycle', 'house', 'computer', 'camera', 'dog', 'boat'])}",
                          "That is a big step! Do you already know which one?"), ("get married", "Congratulations! I wish you both all the best."),
                          (f"fly to {t}", f"Have a good flight to {t}! What will you do there?"), ("have a party",
                          "That sounds like fun! How many guests will come?")])
    return pick([f"I am going to {a} {when}.", f"I want to {a} {when}.", f"I will {a} {when}.", f"{capital(when)} I am going to {a}.",
        f"I plan to {a} {when}.", f"I would like to {a} {when}.", f"We are going to {a.replace('my room', 'our room')} {when}."]), reply


def report(_):
    """Something the user did: take an interest"""
    c = clause(subject="I", gender="i", tail=" " + pick(["yesterday", "today", "this morning", "last week", "on " + pick(DAYS), "last night",
        "just now"]))
    if c.base in ("break", "lose", "miss", "forget", "drop", "fall", "cry", "steal", "hate"):
        return news(_)
    thing = to_you(c.object)
    act = f"{c.pasts} {thing}"
    return pick([c.past() + ".", c.past() + ".",
        capital(c.tail.strip()) + " I " + c.pasts + " " + c.object + "."]), pick([f"So you {act}. How was it?", f"You {act}! How did it go?",
        f"That sounds interesting. Why did you {c.base} {thing}?", f"How nice! Did you enjoy it?"])


def have(_):
    n = numeral(rng.randint(2, 6))
    k = rng.randrange(4)
    if k == 0:
        p, m = pick(PETS), pick(PET_NAMES)
        return pick([f"I have a {p} called {m}.", f"My {p} is called {m}.", f"This is my {p} {m}.",
            f"I have a {pick(COLORS[:9])} {p}. Its name is {m}.",
            f"We have a {p} named {m}."]), pick([f"{m} is a nice name for a {p}! What does {m} like to do?", f"How nice! How old is {m}?",
            f"How lovely! Tell me more about {m}."])
    if k == 1:
        r = pick(["brothers", "sisters", "children", "sons", "daughters", "cousins", "grandchildren"])
        return f"I have {n} {r}.", pick([f"How nice! What are your {r} called?", f"{capital(n)} {r}, how nice! Do you see them often?"])
    if k == 2:
        j = pick(JOBS)
        return pick([f"I am {article(j)}.", f"I work as {article(j)}.", f"I am {article(j)} in {town()}.",
            f"I have worked as {article(j)} for {n} years.", f"I want to be {article(j)}.",
            f"I would like to become {article(j)}."]), pick([f"It must be interesting to be {article(j)}. What do you like about it?",
            f"How interesting! What does {article(j)} do all day?"])
    t = town()
    return pick([f"I live in {t}.", f"I come from {t}.", f"I was born in {t}.", f"I moved to {t}.", f"I just moved to {t} and know nobody.",
        f"I am in {t} now."]), pick([f"{t} sounds like an interesting place. What do you like about it?", f"How nice! What is {t} like?",
        f"I hope that you like {t}. What do you do there?"])


def joke(_):
    q = pick(["Tell me a joke.", "Do you know a joke?", "Can you tell me a joke?", "Make me laugh!", "I want to hear a joke.",
        "Tell me something funny.", "Please tell me a funny joke.", "Another joke, please.", "Do you know any jokes?", "Have you got a joke for me?",
        "I need a good laugh.", "Say something funny.", "Cheer me up with a joke.", "Can you make a joke?",
            f"Tell me a joke about {pick([plural(p) for p in PETS] + JOBS + THINGS)}.",
            f"Do you know a joke about {pick([plural(p) for p in PETS] + [plural(j) for j in JOBS])}?",
            f"Please tell me a joke about {pick(['school', 'food', 'work', 'people', 'my boss', 'computers'])}."])
    return q, pick(["Why did the bicycle fall over? Because it was two-tired.", "What do you call a bear with no teeth? A gummy bear.",
        "Why did the teacher wear sunglasses? Because her students were so bright.", "What has hands but cannot clap? A clock.",
        "Why did the cookie go to the doctor? Because it felt crumbly.", "What do you call a sleeping bull? A bulldozer.",
        "Why are fish so smart? Because they live in schools.", "What did one wall say to the other? Let us meet at the corner."])


# ---- what was said before

def memory(_):
    n = name()[0]
    t, x, p, pn = town(), pick(THINGS), pick(PETS), pick(PET_NAMES)
    r = pick(WHO)
    m = name()[0]
    c = pick(COLORS)
    y = rng.randint(5, 90)
    spot = pick(SPOTS)
    h = pick(HOBBIES)
    facts = [(pick([f"My name is {n}.", f"Hello, I am {n}.", f"Hi, I'm {n}."]), pick([f"Nice to meet you, {n}!", f"Hello, {n}! How can I help you?"]),
        [(pick(["What is my name?", "Do you remember my name?", "Who am I?"]), f"Your name is {n}.")]),
             (pick([f"I live in {t}.", f"My home is in {t}."]), pick([f"How nice! What is {t} like?", f"{t} sounds like an interesting place."]),
                 [(pick(["Where do I live?", "In which city do I live?", "Which city did I name?"]), f"You live in {t}.")]),
             (f"My favorite color is {c}.", f"{capital(c)} is a nice color.", [("What is my favorite color?", f"Your favorite color is {c}."),
                 ("Which color do I like?", f"You like {c}.")]),
             (f"I have a {p} called {pn}.", f"How nice! {pn} is a good name for a {p}.", [(f"What is my {p} called?", f"Your {p} is called {pn}."),
                 ("Which pet do I have?", f"You have a {p} called {pn}."), ("Do you remember the name of my pet?", f"Your {p} is called {pn}.")]),
             (pick([f"Please remember that the {x} is {spot}.", f"The {x} is {spot}."]), f"All right, the {x} is {spot}.", [(f"Where is the {x}?",
                 f"The {x} is {spot}."), (f"What is {spot}?", f"The {x} is {spot}.")]),
             (f"My {r} is called {m}.", f"{m} is a nice name. How is your {r}?", [(f"What is my {r} called?", f"Your {r} is called {m}."),
                 (f"Who is {m}?", f"{m} is your {r}.")]),
             (f"I am {y} years old.", pick(["That is a good age.", "Thank you for telling me."]), [("How old am I?", f"You are {y} years old.")]),
             (f"I like {h}.", f"{capital(h)} is a nice hobby.", [("What do I like?", f"You like {h}."), ("What is my hobby?",
                 f"Your hobby is {h}.")])]
    told = rng.sample(facts, rng.choice((1, 1, 2, 3)))
    turns = []
    for a, b, _q in told:
        turns += [("User", a), ("Assistant", b)]
    if chance(0.3):
        q, a = pick([help_request, thanks, joke, day_question])(_)
        turns += [("User", q), ("Assistant", a)]
    for _a, _b, qs in rng.sample(told, rng.randint(1, len(told))):
        q, a = pick(qs)
        turns += [("User", q), ("Assistant", a)]
    return turns


TALKERS = [
    (greeting, 10), (day_question, 2), (help_request, 3), (thanks, 4), (goodbye, 4), (feeling, 7), (news, 7), (worry, 4), (idea, 4), (hobby, 4),
        (pastime, 4), (we_news, 2),
    (likes, 3), (plan, 4), (report, 3), (have, 3), (joke, 2), (memory, 8),
]
