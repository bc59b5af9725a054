"""Exercises in copying and counting: repeat this, the last word, the order of a list, spelling. They teach a small model to take words over."""
from grammar import *  # noqa: F403 - the grammar and the words are the language of these patterns

ALL_WORDS = sorted(set(THINGS + PETS + COLORS + ADJECTIVES + [p for p in PLACES if " " not in p] + MASS_FOOD[:12] + JOBS))


def sentence():
    c = clause()
    return pick([c.present(), c.past(), c.future(), c.can(), c.continuous()]) + "."


def repeat(_):
    s = " ".join(sentence() for _ in range(rng.choice((1, 1, 1, 2))))
    if chance(0.3):
        s = " ".join(rng.sample(ALL_WORDS, rng.randint(2, 7)))
    elif chance(0.12):
        s = name()[0]
    return pick(["Repeat: {}", "Say after me: {}", "Repeat after me: {}", "Copy this: {}", "Please repeat this sentence: {}", "Say this: {}",
        "Write this again: {}", "Write down: {}", "{}\nRepeat this.", "Can you repeat this? {}", 'Say "{}"']).format(s), s


def which_word(_):
    words = rng.sample(ALL_WORDS, rng.randint(3, 6))
    if chance(0.4):
        words = sentence().rstrip(".").split()
    k = rng.randrange(3)
    line = " ".join(words)
    if k == 0:
        return pick([f"What is the last word? {line}", f"What is the last word of this sentence? {line}.",
            f"Tell me the last word: {line}"]), pick([f'The last word is "{words[-1]}".'])
    if k == 1:
        return pick([f"What is the first word? {line}", f"What is the first word of this sentence? {line}.",
            f"Tell me the first word: {line}"]), f'The first word is "{words[0]}".'
    n = rng.randint(1, min(4, len(words)))
    return pick([f"What is the {['first', 'second', 'third', 'fourth'][n - 1]} word? {line}",
        f"Which word is the {['first', 'second', 'third', 'fourth'][n - 1]} one? {line}"]), f'The {["first", "second", "third", "fourth"][n - 1]} word is "{words[n - 1]}".'


def lists(_):
    words = rng.sample(ALL_WORDS, rng.randint(3, 5))
    k = rng.randrange(5)
    if k == 0:
        return f"Make a list: {', '.join(words)}", "\n".join(f"{i + 1}. {capital(w)}" for i, w in enumerate(words))
    if k == 1:
        return f"Join these words with and: {', '.join(words)}", joined(words)
    if k == 2:
        return pick([f"Say these words in the reverse order: {', '.join(words)}", f"Reverse this list: {', '.join(words)}"]), ", ".join(words[::-1])
    if k == 3:
        w = pick(words)
        return f"Remove {w} from this list: {', '.join(words)}", ", ".join(x for x in words if x != w)
    new = pick([x for x in ALL_WORDS if x not in words])
    return f"Add {new} to this list: {', '.join(words)}", ", ".join(words + [new])


def spell(_):
    w = pick(ALL_WORDS) if chance(0.7) else name()[0].lower()
    k = rng.randrange(4)
    if k < 2:
        return pick([f"How do you spell {w}?", f"Spell the word {w}.", f"Can you spell {w}?", f"How is {w} spelled?"]), "-".join(w.upper()) + "."
    if k == 2:
        return pick([f"What is the first letter of {w}?", f"Which letter does {w} begin with?",
            f"What letter does the word {w} start with?"]), f'The first letter of {w} is "{w[0]}".'
    return pick([f"Write {w} in capital letters.", f"Put the word {w} in capital letters."]), w.upper()


def sort(_):
    some = sorted(rng.sample(ALL_WORDS, rng.randint(3, 4)))
    mixed = some[:]
    rng.shuffle(mixed)
    return pick([f"Put these words in the order of the alphabet: {', '.join(mixed)}", f"Sort these words: {', '.join(mixed)}"]), ", ".join(some)


def order_words(_):
    c = clause(tail="")
    s = pick([c.present(), c.past()])
    words = s.split()
    mixed = [small(w) if i == 0 else w for i, w in enumerate(words)]
    rng.shuffle(mixed)
    return pick(["Put these words in the right order: ", "Make a sentence of these words: ", "Order these words to make a sentence: "]) + pick([" / ",
        ", ", " "]).join(mixed), s + "."


def use_word(_):
    c = clause()
    s = pick([c.present(), c.past()]) + "."
    words = [w for w in re.findall(r"[a-z]{4,}", c.object) if w not in ("with", "from", "some", "into", "about", "very", "over")]
    if not words:
        return use_word(_)
    w = pick(words)
    return pick([f"Write a sentence with the word {w}.", f'Use "{w}" in a sentence.', f"Make a sentence with {w}.", f"Write one sentence with {w}.",
        f"Give me a sentence with the word {w}."]), s


def choose(_):
    """Either this or that, as the user says"""
    a, b = rng.sample(ALL_WORDS, 2)
    n = name()[0]
    return pick([(f"If I say {a}, you say {b}. {capital(a)}!", f"{capital(b)}."), (f"Say {a} and then {b}.", f"{capital(a)}, {b}."),
        (f"I say {a}. What did I say?", f'You said "{a}".'), (f"My word is {a}. What is my word?", f'Your word is "{a}".'),
        (f"{n} says: {sentence()} Who says that?", f"{n} says that."), (f"Say hello to {n}.", f"Hello, {n}!"), (f"Write the name {n}.", n),
        (f"Say goodbye to {n}.", f"Goodbye, {n}!")])


DRILLS = [(repeat, 10), (which_word, 4), (lists, 3), (spell, 3), (sort, 1), (order_words, 3), (use_word, 4), (choose, 4)]
