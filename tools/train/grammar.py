"""A small grammar of English: clauses with a subject, a verb, an object or place, and a time, and their forms (tenses, questions, negatives)."""
from words import *  # noqa: F403 - the word lists are the language of this module


def read_verbs():
    out = []
    for entry in re.split(r"[|\n]", VERBS):
        forms, objects = entry.split(":")
        base, past, participle = forms.split()
        for o in objects.split(","):
            out.append((base, past, participle, o.strip()))
    return out


VERB_TABLE = read_verbs()
PRONOUNS = {"m": ("he", "him", "his"), "f": ("she", "her", "her"), "n": ("it", "it", "its"), "p": ("they", "them", "their"), "i": ("I", "me", "my"),
    "w": ("we", "us", "our"), "y": ("you", "you", "your")}


def filled(pattern, gender):
    """Replaces the capital placeholders of a verb's object."""
    def one(m):
        w = m.group(0)
        if w == "THING":
            return (pick(ADJECTIVES) + " " if chance(0.35) else "") + pick(THINGS)
        if w == "OWN_RELATIVE":
            return PRONOUNS[gender][2] + " " + pick(RELATIVES)[0]
        return {"FOOD": lambda: pick(MASS_FOOD), "PET": lambda: (pick(ADJECTIVES[:4] + COLORS) + " " if chance(0.3) else "") + pick(PETS),
            "PERSON": lambda: pick(PERSONS)[0], "CRAFT": lambda: pick(CRAFTS), "ROOM": lambda: pick(ROOMS), "PLACE": lambda: pick(PLACES),
            "TOWN": town,
                "NAME": lambda: name()[0], "HOBBY": lambda: pick(HOBBIES), "EATEN": lambda: pick(FOODS), "DRINK": lambda: pick(DRINKS),
                    "COLOR": lambda: pick(COLORS), "CLOTH": lambda: pick(CLOTHES)}[w]()
    s = pattern
    if "a/the " in s:
        s = s.replace("a/the", pick(["a", "the"]))
    if "the/my " in s:
        s = s.replace("the/my", pick(["the", PRONOUNS[gender][2]]))
    s = re.sub(r"\b[A-Z_]{3,}\b", one, s)
    return re.sub(r"\ba (?=[aeiou])(?!uni|use)", "an ", s)


def with_whom(gender):
    own = PRONOUNS[gender or "m"][2]
    return pick(["with ", "with ", "for "]) + pick([own + " " + pick(RELATIVES)[0], own + " " + pick(RELATIVES)[0], name()[0],
        "the " + pick(PERSONS)[0], own + " friends"])


class Clause:
    """subject verb object tail; gender m, f, n, p (they), i (I), w (we), y (you)"""

    def __init__(self, subject=None, gender=None, tail=None, kinds=None, entry=None):
        if subject is None:
            subject, gender = self.some_subject()
        self.subject, self.gender = subject, gender
        self.base, self.pasts, self.participle, pattern = entry or pick(VERB_TABLE)
        self.moves = pattern.startswith("@")
        self.pattern = pattern
        self.object = filled(pattern.lstrip("@"), gender)
        self.tail = tail if tail is not None else (" " + pick(TIMES) if chance(0.35) else " " + with_whom(gender) + (" " + pick(TIMES) if chance(0.5) else "") if chance(0.2) else "")
        # "lives in Rome every day" and the like
        if self.base in ("live", "know", "want", "need", "like", "love", "hate") and self.tail not in ("",):
            self.tail = ""
        if self.tail.startswith((" with", " for")) and (self.moves or "with" in self.object):
            self.tail = ""
        if "late" in self.object or "on time" in self.object:
            self.tail = ""

    @staticmethod
    def some_subject():
        k = rng.random()
        if k < 0.3:
            return name()
        if k < 0.5:
            who, g = pick(PERSONS)
            return pick(["The ", "The ", "A "] if who[0] not in "aeio" else ["The "]) + who, g
        if k < 0.65:
            who, g = pick(RELATIVES)
            return pick(["My ", "My ", "Our ", "His ", "Her ", "Your ", "Their "]) + who, g
        if k < 0.72:
            return pick(["He", "She"]), None or pick("mf")
        if k < 0.78:
            return "I", "i"
        if k < 0.84:
            return "We", "w"
        if k < 0.89:
            return "They", "p"
        if k < 0.93:
            return mister()
        if k < 0.97:
            return pick(["The children", "The boys", "The girls", "The students", "My parents", "Our neighbors", "My friends", "Your friends",
                "Two men", "Her children", "Some boys", "The farmers", "The guests", "The tourists"]), "p"
        a, b = names(2)
        return f"{a[0]} and {b[0]}", "p"

    def fix(self):
        if self.subject == "He":
            self.gender = "m"
        if self.subject == "She":
            self.gender = "f"
        return self

    @property
    def plural(self):
        return self.gender in "piwy"

    @property
    def subject_inside(self):
        return small(self.subject)

    def rest(self, tail=True):
        return (" " + self.object if self.object else "") + (self.tail if tail else "")

    def present(self):
        return f"{self.subject} {self.base if self.plural else third(self.base)}{self.rest()}"

    def past(self):
        return f"{self.subject} {self.pasts}{self.rest()}"

    def future(self):
        return f"{self.subject} will {self.base}{self.rest()}"

    def going(self):
        return f"{self.subject} {self.be()} going to {self.base}{self.rest()}"

    def be(self):
        return "am" if self.gender == "i" else "are" if self.plural else "is"

    def was(self):
        return "were" if self.gender in "pwy" else "was"

    def continuous(self):
        return f"{self.subject} {self.be()} {ing(self.base)}{self.rest()}"

    def perfect(self):
        return f"{self.subject} {'have' if self.plural else 'has'} {self.participle}{self.rest()}"

    def can(self):
        return f"{self.subject} can {self.base}{self.rest()}"

    def negative(self, tense="present"):
        if tense == "past":
            return f"{self.subject} did not {self.base}{self.rest()}"
        if tense == "future":
            return f"{self.subject} will not {self.base}{self.rest()}"
        return f"{self.subject} {'do' if self.plural else 'does'} not {self.base}{self.rest()}"

    def question(self, tense="present"):
        if tense == "past":
            return f"Did {self.subject_inside} {self.base}{self.rest()}?"
        if tense == "future":
            return f"Will {self.subject_inside} {self.base}{self.rest()}?"
        return f"{'Do' if self.plural else 'Does'} {self.subject_inside} {self.base}{self.rest()}?"


def clause(**options):
    return Clause(**options).fix()


# From what the user says of himself to what is said to him
TO_YOU = [(r"\bmy\b", "your"), (r"\bme\b", "you"), (r"\bI am\b", "you are"), (r"\bI\b", "you"), (r"\bmyself\b", "yourself"), (r"\bmine\b", "yours")]


def to_you(s):
    for a, b in TO_YOU:
        s = re.sub(a, b, s)
    return s


STATES = [("hungry", "full"), ("happy", "sad"), ("tired", "awake"), ("cold", "hot"), ("ready", "not ready"), ("late", "early"), ("ill", "healthy"),
    ("angry", "calm"), ("old", "young"), ("tall", "short"), ("rich", "poor"), ("strong", "weak"), ("at home", "away"), ("proud", "ashamed"), ("quiet",
    "loud"), ("busy", "free"), ("friendly", "unfriendly"), ("lazy", "hard-working"), ("brave", "afraid"), ("polite", "rude")]
THING_STATES = [("open", "closed"), ("clean", "dirty"), ("full", "empty"), ("cold", "hot"), ("new", "old"), ("big", "small"), ("cheap", "expensive"),
    ("heavy", "light"), ("wet", "dry"), ("long", "short"), ("easy", "difficult"), ("dark", "light"), ("loud", "quiet"), ("safe", "dangerous"),
    ("soft", "hard"), ("wide", "narrow"), ("high", "low"), ("slow", "fast"), ("good", "bad"), ("beautiful", "ugly"), ("far away", "near"), ("true",
    "false"), ("thick", "thin"), ("warm", "cool"), ("interesting", "boring"), ("right", "wrong")]
BE_THINGS = "door window shop box bottle street room soup water coffee test road river bag knife garden bed film house tea museum train car book story picture coat table bridge wall city answer".split()
