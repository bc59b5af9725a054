"""Word lists for the sentence patterns: people, things, places, times and verbs with their forms, and how English inflects them.

Copying and reading have to work for words that were never seen together, so the lists are long, and names and towns are also made up.
"""
import random
import re  # noqa: F401 - the pattern modules take it from here

rng = random.Random(1)
pick = rng.choice


def chance(p):
    return rng.random() < p


GIRLS = ("Anna Carla Emma Grace Ida Kate Mia Nina Rosa Tina Lucy Maria Sara Julia Ella Laura Clara Hannah Olivia Sophie Alice Astrid Chloe Edith Fatima Fiona Gita Ingrid Irene Jasmin Judith Lena Lily Magda "
         "Marie Marta Mary Mei Monica Naomi Nora Rachel Ruth Sarah Sofia Susan Teresa Vera Yuki Zoe Amelia Amina Angela Anita Barbara Beatrice Bella Betty Brenda Camila Carmen Caroline Charlotte Christine Claire "
         "Daisy Dana Deborah Diana Donna Dora Dorothy Elena Elizabeth Elsa Emily Erica Esther Eva Evelyn Frances Freya Gloria Greta Gwen Harriet Heather Heidi Helen Helena Hilda Holly Hope Iris Isabel Ivy Jane Janet "
         "Jenny Jessica Joan Johanna Josephine Joyce Karen Katrin Kim Layla Leila Linda Lisa Lola Louisa Lydia Mabel Maggie Margaret Marion Martha Matilda Megan Melissa Mira Molly Nadia Nancy Natalie Nelly Nicole "
         "Olga Pamela Patricia Paula Pauline Penny Petra Phoebe Polly Priya Rebecca Rita Rosie Sabine Sally Samantha Sandra Selma Sheila Shirley Silvia Simone Stella Tara Tessa Trudy Ursula Valerie Vanessa "
         "Victoria Violet Wendy Wilma Yasmin Yvonne").split()
BOYS = ("Ben David Frank Henry Jack Leo Oscar Paul Sam Victor Tom Peter Max Noah Daniel Simon Felix Martin Robert Thomas Amir Arthur Bruno Diego Elias Erik George Hugo Ivan Jacob John Karl Kofi Louis Luis Marcus "
        "Michael Mohammed Omar Otto Patrick Pedro Ravi Samir Stefan Tariq Theo William Yusuf Aaron Adam Adrian Ahmed Alan Albert Alex Alfred Ali Andrew Anthony Anton Archie Axel Barry Basil Bernard Bill Bob Boris "
        "Brian Bruce Carl Carlos Charles Chris Clark Claude Colin Conrad Craig Cyril Dan Dennis Derek Dominic Donald Douglas Dylan Edgar Edward Edwin Emil Eric Ernest Ethan Eugene Fabian Finn Fred Gabriel Gary "
        "Gavin Geoffrey Gerald Gilbert Glen Graham Gregory Gustav Hans Harold Harry Harvey Hassan Herbert Howard Hubert Ian Ibrahim Isaac James Jamal Jan Jason Jeff Jeremy Jim Joe Joel Jonas Jonathan Jose Joseph "
        "Joshua Julian Keith Kenneth Kevin Kurt Larry Lars Lawrence Leon Leonard Liam Lucas Luke Malik Manuel Marco Mark Mario Matthew Maurice Miguel Mike Milo Mustafa Nathan Neil Nick Nicolas Nigel Norman Oliver "
        "Owen Pablo Philip Pierre Quentin Ralph Raymond Richard Rick Roger Roland Ronald Roy Rudolf Russell Ryan Samuel Scott Sean Sebastian Steven Stuart Sven Ted Terry Tim Toby Tony Vincent Walter Wilfred Xavier "
        "Zachary").split()
FAMILIES = ("Brown Smith Miller Taylor Wilson Green White Black King Hill Wood Stone Baker Cook Fisher Carter Cooper Young Clark Hall Moore Wright Walker Lewis Scott Adams Nelson Parker Evans Turner Collins Morris "
            "Rogers Reed Bell Murphy Bailey Rivera Cox Ward Gray Hughes Price Bennett Ross Powell Long Patterson Hansen Weber Novak Rossi Silva Garcia Lopez Kim Chen Khan Singh Patel Tanaka Ali Popov").split()
TOWNS = ("London Paris Rome Berlin Madrid Vienna Dublin Oslo Prague Lisbon Boston Chicago Toronto Sydney Bristol Leeds York Oxford Cambridge Brighton Bath Exeter Glasgow Edinburgh Cardiff Belfast Cork Galway Hamburg "
         "Munich Cologne Dresden Bremen Zurich Geneva Basel Lyon Nice Lille Milan Turin Naples Venice Florence Seville Valencia Porto Athens Warsaw Krakow Budapest Stockholm Bergen Helsinki Turku Copenhagen Riga "
         "Moscow Kyiv Istanbul Cairo Tunis Nairobi Lagos Accra Delhi Mumbai Tokyo Osaka Kyoto Seoul Beijing Manila Hanoi Bangkok Melbourne Perth Auckland Montreal Ottawa Vancouver Dallas Denver Miami Seattle Houston "
         "Austin Portland Detroit Lima Bogota Santiago Havana").split()
COLORS = "red blue green yellow black white brown grey pink purple orange".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
PETS = "dog cat horse rabbit parrot goat hen turtle hamster pony mouse duck goose donkey bird goldfish puppy kitten pig sheep cow lamb".split()
PET_NAMES = "Rex Luna Max Bella Coco Charlie Daisy Rocky Milo Pip Fluffy Spot Buddy Lucky Felix Tiger Snow Shadow Ginger Pepper Biscuit Honey Oscar Ruby Toby Bruno Molly Sunny Dusty Patch Hazel Nero Mimi Simba Bobby Muffin".split()
RELATIVES = [("mother", "f"), ("father", "m"), ("sister", "f"), ("brother", "m"), ("grandmother", "f"), ("grandfather", "m"), ("aunt", "f"), ("uncle",
    "m"), ("cousin", "f"), ("daughter", "f"), ("son", "m"), ("wife", "f"), ("husband", "m"),
             ("friend", "m"), ("friend", "f"), ("neighbor", "m"), ("neighbor", "f"), ("teacher", "f"), ("teacher", "m"), ("boss", "m"), ("boss", "f"),
                 ("niece", "f"), ("nephew", "m"), ("best friend", "f"), ("little sister", "f"), ("little brother", "m"), ("older brother", "m")]
PERSONS = [("man", "m"), ("woman", "f"), ("boy", "m"), ("girl", "f"), ("old man", "m"), ("old woman", "f"), ("young man", "m"), ("young woman", "f"),
    ("little boy", "m"), ("little girl", "f"), ("teacher", "f"), ("teacher", "m"), ("doctor", "m"), ("doctor", "f"),
           ("farmer", "m"), ("baker", "m"), ("nurse", "f"), ("driver", "m"), ("waiter", "m"), ("cook", "m"), ("gardener", "m"), ("king", "m"),
               ("queen", "f"), ("policeman", "m"), ("student", "f"), ("painter", "m"), ("singer", "f"), ("tailor", "m"),
           ("fisherman", "m"), ("guard", "m"), ("lady", "f"), ("tall man", "m"), ("tourist", "m"), ("pilot", "f"), ("judge", "f"), ("captain", "m"),
               ("shopkeeper", "m"), ("librarian", "f"), ("postman", "m"), ("mechanic", "m"), ("clerk", "f"), ("actor", "m"), ("guest", "m"), ("child",
               "m")]
THINGS = ("book letter picture bicycle key lamp map ticket newspaper cup bag phone coat chair hat box camera ball pen pencil knife spoon plate bottle basket blanket pillow ring watch clock mirror umbrella scarf shirt dress jacket ladder hammer "
          "rope candle table desk bed sofa carpet kite doll drum guitar piano violin flute card stamp coin wallet purse passport notebook dictionary poster painting vase bowl pot pan brush comb towel soap bucket broom shovel tent backpack "
          "suitcase helmet glove sock shoe boot belt button needle radio computer printer laptop screen keyboard charger battery torch whistle shell stone flag boat car truck wagon sled toy puzzle magazine novel poem song report plan photo "
          "postcard parcel present message sandwich pizza cake pie apple banana orange lemon melon pear peach cookie egg onion carrot cabbage pumpkin tomato potato pancake").split()
MASS_FOOD = "bread soup rice cheese honey butter milk tea coffee juice pasta salad fish chicken chocolate jam yogurt ice cream porridge lemonade water beef fruit".replace("ice cream",
    "ice_cream").split()
FOODS = ["an apple", "some soup", "a sandwich", "a piece of cake", "some bread", "a pizza", "an omelette", "some rice", "pancakes", "two eggs",
    "fish and chips", "a bowl of soup", "noodles", "a salad", "beans on toast", "chicken with rice", "porridge", "a banana",
         "a cheese sandwich", "tomato soup", "potato salad", "some grapes", "a pear", "bread and butter", "pasta with tomato sauce",
             "a bowl of cereal", "fried fish", "a slice of pie", "a hamburger", "vegetable soup", "sausages", "ice cream", "toast with honey",
             "lentils", "mushrooms", "a baked potato"]
DRINKS = ["a cup of tea", "a glass of milk", "coffee", "lemonade", "orange juice", "hot chocolate", "a glass of water", "apple juice", "green tea"]
ADJECTIVES = "old new small big red blue green beautiful heavy cheap broken lovely long black white warm tiny large expensive strange funny golden silver wooden round soft hard dirty clean empty wet dry useful pretty nice ugly dark bright plain brown yellow grey".split()
PLACES = ("park school market station library beach museum office shop garden kitchen cinema zoo lake village church hospital bakery restaurant farm theatre hotel airport bank river forest castle bridge playground swimming pool supermarket "
          "post office pharmacy cafe stadium factory harbor square bus stop town hall gym university bookshop mountain island barn").replace("swimming pool",
              "swimming_pool").replace("post office", "post_office").replace("bus stop", "bus_stop").replace("town hall", "town_hall").split()
PLACES = [p.replace("_", " ") for p in PLACES]
MASS_FOOD = [p.replace("_", " ") for p in MASS_FOOD]
SPOTS = ["under the bed", "on the table", "in the kitchen", "behind the door", "in the car", "in a drawer", "next to the window", "in the garden",
    "under a tree", "on the shelf", "in the bathroom", "on the stairs", "behind the sofa", "in an old box", "under the chair", "on the bus",
    "near the river",
         "in the cupboard", "on the roof", "in the cellar", "at the bus stop", "in a bag", "between two books", "under the carpet", "in the fridge",
             "on the windowsill", "in the attic", "beside the road", "under the stairs", "in the hall"]
TIMES = ["in the morning", "in the evening", "at noon", "after school", "before dinner", "in the afternoon", "every day", "on Sunday", "on Monday",
    "at night", "after work", "every week", "at six o'clock", "in summer", "in winter", "on weekends", "after lunch", "every morning",
    "before breakfast", "twice a week", "on Fridays", "at midnight"]
PAST_TIMES = ["yesterday", "last week", "last night", "on Monday", "two days ago", "this morning", "last summer", "on Saturday", "last month",
    "last year", "a week ago", "in May", "in 1998", "on Friday evening", "three years ago", "on Sunday afternoon", "in the spring", "last Tuesday",
    "an hour ago", "in October"]
FUTURE_TIMES = ["tomorrow", "next week", "next year", "tonight", "on Monday", "on Friday", "soon", "next month", "in the summer", "this evening",
    "next Tuesday", "in two days"]
HOBBIES = ["swimming", "reading", "cooking", "dancing", "painting", "playing chess", "singing", "playing football", "riding a bike",
    "taking pictures", "hiking", "knitting", "fishing", "gardening", "drawing", "playing the piano", "watching films", "baking", "running", "skiing",
    "sailing", "climbing", "writing poems", "sewing",
           "playing tennis", "camping", "collecting stamps", "listening to music", "playing cards", "building model planes", "watching birds",
               "going for walks", "learning languages", "playing the guitar", "doing puzzles", "going to concerts", "playing video games",
               "doing yoga", "travelling", "cycling"]
JOBS = "teacher doctor nurse farmer baker pilot cook driver lawyer painter gardener carpenter waiter tailor dentist engineer plumber butcher singer writer secretary mechanic librarian photographer policeman firefighter journalist musician hairdresser electrician vet builder fisherman shopkeeper guide translator".split()

# base past participle: objects (or a tail that begins with @). Third person and -ing are made by rule.
VERBS = """buy bought bought: a/the THING, some FOOD, a PET | find found found: a/the THING, a PET | lose lost lost: the/my THING | bring brought brought: a/the THING, some FOOD | see saw seen: a/the THING, a PET, the PERSON | take took taken: a/the THING
need needed needed: a/the THING, some FOOD | want wanted wanted: a/the THING, some FOOD, a PET | sell sold sold: a/the THING, some FOOD | carry carried carried: a/the THING | make made made: a CRAFT, some FOOD | forget forgot forgotten: the/my THING
paint painted painted: a picture, the wall, the door, the fence, the house | clean cleaned cleaned: the ROOM, the window, the car, the table, the THING | wash washed washed: the dishes, the car, the clothes, the window, the THING | open opened opened: the door, the window, the box, the letter, the parcel, the bottle
close closed closed: the door, the window, the box, the shop, the gate | read read read: a book, the newspaper, a letter, a poem, the report, a story | write wrote written: a letter, a poem, a book, a message, a report, a postcard, a story | eat ate eaten: EATEN | drink drank drunk: DRINK
cook cooked cooked: dinner, lunch, some FOOD, a meal | bake baked baked: a cake, some bread, a pie, cookies | feed fed fed: the PET, the birds, the horses, the hens | visit visited visited: the PERSON, the PLACE, TOWN, OWN_RELATIVE | meet met met: the PERSON, NAME, OWN_RELATIVE, a friend
help helped helped: the PERSON, NAME, OWN_RELATIVE | call called called: the PERSON, NAME, OWN_RELATIVE, the police | know knew known: the PERSON, NAME, the answer, the way | play played played: football, chess, cards, tennis, the piano, the guitar, a game | sing sang sung: a song | watch watched watched: a film, the birds, the game, television
hear heard heard: a noise, a song, the news, a voice | repair repaired repaired: the THING, the roof, the car, the bicycle, the fence | break broke broken: the THING, a plate, a cup, the window | build built built: a house, a boat, a wall, a bridge, a tower, a shed | draw drew drawn: a picture, a PET, a house, a map, a tree | hide hid hidden: the THING
send sent sent: a letter, a parcel, a message, a postcard | get got got: a letter, a present, a THING, a message | keep kept kept: the THING, a PET | hold held held: the THING, the rope, a flag | catch caught caught: a fish, the ball, the thief, a mouse, the bus | throw threw thrown: the ball, a stone, the THING | cut cut cut: the bread, the grass, the paper, the cake, the rope
wear wore worn: a COLOR CLOTH, a CLOTH | choose chose chosen: a THING, a book, a card | steal stole stolen: the THING | borrow borrowed borrowed: a THING, some money | lend lent lent: a THING | pay paid paid: the bill, ten dollars, the rent | learn learned learned: a song, a poem, English, French, Spanish, to swim
teach taught taught: English, history, music, a class | sweep swept swept: the floor, the street, the yard | drop dropped dropped: the THING, a plate, a glass | push pushed pushed: the wagon, the door, the bicycle | pull pulled pulled: the rope, the sled, the cart | pick picked picked: flowers, apples, berries, cherries
plant planted planted: a tree, flowers, beans, tomatoes | water watered watered: the flowers, the garden, the plants | milk milked milked: the cow, the goat | ride rode ridden: a horse, a bicycle, a donkey | drive drove driven: a car, a bus, a truck, the THING | fly flew flown: a kite, a plane
leave left left: the house, the office, the PLACE, TOWN | enter entered entered: the PLACE, the room | like liked liked: the THING, HOBBY, FOOD, the PERSON | love loved loved: the PET, HOBBY, OWN_RELATIVE, FOOD | hate hated hated: FOOD, the noise, HOBBY | enjoy enjoyed enjoyed: the film, the concert, the meal, HOBBY
use used used: the THING, a THING | show showed shown: the THING, a picture | count counted counted: the coins, the sheep, the money | collect collected collected: stamps, coins, shells, stones | answer answered answered: the question, the phone, the letter | ask asked asked: a question, the PERSON, NAME
finish finished finished: the work, the book, the letter, the THING | start started started: the work, the engine, the game | win won won: the game, a prize, the race | miss missed missed: the bus, the train, the meeting, OWN_RELATIVE | pack packed packed: the suitcase, the bag, a THING | order ordered ordered: a pizza, some FOOD, a THING
share shared shared: the FOOD, the cake, a room | change changed changed: the plan, the tyre, the clothes | check checked checked: the list, the bill, the door | fix fixed fixed: the THING, the roof, the car | copy copied copied: the text, the letter | cancel cancelled cancelled: the meeting, the trip, the order
go went gone: @to the PLACE, @to TOWN, @home, @to school, @to bed, @to work | walk walked walked: @to the PLACE, @home, @through the park, @along the river | run ran run: @to the PLACE, @home, @through the forest, @down the street | travel travelled travelled: @to TOWN, @by train, @to the sea
come came come: @home, @to the PLACE, @to dinner, @late | live lived lived: @in TOWN, @in a small house, @near the PLACE, @on a farm | work worked worked: @in a PLACE, @in TOWN, @at the PLACE, @in the garden | wait waited waited: @for the bus, @at the PLACE, @for NAME, @for OWN_RELATIVE | sleep slept slept: @in a tent, @on the sofa, @for ten hours
sit sat sat: @on the bench, @by the fire, @under a tree, @in the garden | swim swam swum: @in the lake, @in the sea, @across the river | talk talked talked: @to the PERSON, @to NAME, @about the weather, @on the phone | listen listened listened: @to music, @to the radio, @to the teacher | look looked looked: @at the THING, @for the THING, @out of the window
laugh laughed laughed: @about the joke, @loudly | cry cried cried: @in the night, @very loudly | smile smiled smiled: @at NAME, @at the baby | dance danced danced: @in the street, @with NAME | arrive arrived arrived: @at the station, @in TOWN, @late, @on time | stay stayed stayed: @at home, @in a hotel, @with NAME, @in bed
fall fell fallen: @off the chair, @asleep, @into the water | climb climbed climbed: a tree, the wall, the mountain, the ladder | cross crossed crossed: the street, the river, the bridge | jump jumped jumped: @over the fence, @into the water | play played played: @in the garden, @with the PET, @outside | study studied studied: @in the library, @for the exam, history, music"""
CRAFTS = "basket,cake,kite,chair,dress,paper hat,toy boat,snowman,necklace,wooden box,poster,scarf,card".split(",")
ROOMS = "kitchen,bathroom,bedroom,garage,living room,cellar,classroom,hall,stable".split(",")
CLOTHES = "coat,hat,dress,shirt,jacket,scarf,sweater,skirt,cap,tie".split(",")
REASONS = ["because {he} was tired", "because it was raining", "because the bus was late", "because {he} was hungry", "because the shop was closed",
    "because {he} had no money", "because it was {his} birthday", "because {he} was ill", "because the old one was broken",
    "because {his} friend asked {him}", "because {he} was late",
           "because it was very hot", "because {he} wanted to help", "because the door was locked", "because {he} had an idea",
               "because the weather was nice", "because {he} was bored", "because {he} needed a rest", "because it was cold",
               "because {his} mother was ill", "because {he} liked the color", "because {he} could not sleep", "because there was a storm",
           "because {he} wanted to be alone", "because {he} had lost a bet", "because it was a holiday", "because {his} car did not start",
               "because {he} was in a hurry", "because the music was too loud", "because {he} felt lonely"]


def article(noun):
    return ("an " if noun[0] in "aeiouAEIOU" and not noun.startswith(("uni", "use", "Euro", "one")) or noun.startswith("hour") else "a ") + noun


IRREGULAR_PLURALS = {"mouse": "mice", "wolf": "wolves", "knife": "knives", "fish": "fish", "sheep": "sheep", "tooth": "teeth", "scissors": "scissors",
    "child": "children", "man": "men", "woman": "women", "goose": "geese", "foot": "feet", "goldfish": "goldfish", "leaf": "leaves",
    "person": "people",
                     "wife": "wives", "loaf": "loaves", "shelf": "shelves", "scarf": "scarves", "deer": "deer", "policeman": "policemen",
                         "fisherman": "fishermen", "postman": "postmen", "piano": "pianos", "photo": "photos", "radio": "radios", "ox": "oxen",
                         "half": "halves", "calf": "calves", "thief": "thieves", "kangaroo": "kangaroos", "zoo": "zoos", "video": "videos",
                         "kilo": "kilos"}


def plural(noun):
    if " " in noun and noun.rsplit(" ", 1)[1] in IRREGULAR_PLURALS:
        first, last = noun.rsplit(" ", 1)
        return first + " " + IRREGULAR_PLURALS[last]
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun[-1] == "y" and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def capital(s):
    return s[:1].upper() + s[1:]


COMMON_STARTS = set("The A An My Our His Her Your Their He She We They It You There This That These Those Some Every In At On When If Please Do Does Did Not No Yes After Before Many All Two Three Children People Dogs Cats".split())


def small(s):
    """The first letter small where the sentence begins with a common word: names keep theirs."""
    return s[:1].lower() + s[1:] if s.split(" ")[0].rstrip(",.") in COMMON_STARTS else s


def numeral(n):
    return ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"][n] if 0 <= n < 13 else str(n)


def joined(items):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def third(base):
    """he/she/it form of a verb"""
    if base in ("have", "be"):
        return {"have": "has", "be": "is"}[base]
    if base[-1] == "y" and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


DOUBLED = set("run sit swim cut get put hit stop plan shop drop win begin forget dig hug clap chat beg jog nap travel cancel".split())


def ing(base):
    if base in DOUBLED:
        return base + base[-1] + "ing"
    if base.endswith("ie"):
        return base[:-2] + "ying"
    return (base[:-1] if base.endswith("e") and not base.endswith(("ee", "ye")) else base) + "ing"


STARTS = "B Br C Ch D Dr F Fl G Gr H J K Kl L M N P Pr R S Sh St T Tr V W Y Z Al El Or Um An Is".split()
MIDDLES = "a e i o u ar en il on ul or am ad er it os ev im al ur".split()
BOY_ENDS = "n r k s rd l ton vin mon go do lf rick bert x".split()
GIRL_ENDS = "a na la ra lia ine elle sa ida etta nia ya".split()
TOWN_ENDS = "ton ville burg ford field dale port haven stad bridge mouth minster ham wick".split()


def name(gender=None):
    """(name, f or m); some are made up, so that no list is enough to copy them"""
    girl = gender == "f" if gender else chance(0.5)
    if chance(0.15):
        return pick(STARTS) + "".join(pick(MIDDLES) + pick("b d g k l m n r s t v".split()) for _ in range(rng.randint(0,
            1))) + pick(MIDDLES) + pick(GIRL_ENDS if girl else BOY_ENDS), "f" if girl else "m"
    return pick(GIRLS if girl else BOYS), "f" if girl else "m"


def names(n):
    out = []
    while len(out) < n:
        x = name()
        if x[0] not in [o[0] for o in out]:
            out.append(x)
    return out


def town():
    if chance(0.2):
        return pick(STARTS) + pick(MIDDLES) + pick("b d g k l m n r s t v".split()) + pick(["", "er", "en", "ing", "el"]) + pick(TOWN_ENDS)
    return pick(TOWNS)


def mister():
    """Mr. Brown or Mrs. Stone, with its gender"""
    return pick([(f"Mr. {pick(FAMILIES)}", "m"), (f"Mrs. {pick(FAMILIES)}", "f"), (f"Ms. {pick(FAMILIES)}", "f"), (f"Dr. {pick(FAMILIES)}",
        pick("mf"))])
