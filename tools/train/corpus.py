"""Turns documents (blocks that end with a line <|end|>) into the token file that train.c reads.

    corpus.py main|final|held TOKENIZER.json CORPUS_DIR OWN_DIR OUT [SEED]

`main` is the mixture for most of the training, `final` that for the falling rate: short everyday dialogues foremost. `held` is
the held-out hundredth (every document whose number in its file is divisible by 100). CORPUS_DIR holds the tier files, OWN_DIR *.txt of ours.
A mixture is a number per kind of document: how often it is taken, a fraction being a chance.
"""
import glob
import os
import random
import re
import struct
import sys
from array import array

from tokenizer import ASSISTANT, BOS, END, EOS, SYSTEM, USER, Tokenizer

DRAWN = {"knowing", "rewriting", "reading", "drills", "talking"}  # what the user says is drawn by lot: there is little in it to learn
CONTEXT = 1024
LONG = 2000
FULL, SOME, NONE = 0, 1 << 12, 2 << 12  # classes of loss weight

# kind: (main, final)
MIX = {
    "own": (3.0, 3.0), "knowing": (1.6, 3.2), "talking": (1.0, 1.3), "rewriting": (1.0, 0.8), "reading": (0.5, 0.65), "drills": (0.5, 0.1),
    "personality": (0.7, 0.0), "chatterbot": (2.0, 0.0), "seed": (1.5, 0.5), "persona": (0.15, 0.0), "topical": (0.04, 0.0), "fairytale": (0.3, 0.06),
    "passage": (0.5, 0.12), "sums": (0.02, 0.0), "translate": (0.0, 0.0), "country": (0.3, 0.0), "strategy": (0.3, 0.0), "trivia": (0.04, 0.0),
    "search": (0.1, 0.0), "words": (0.04, 0.0), "shell": (0.02, 0.0), "health": (0.04, 0.0), "split": (0.15, 0.03), "recipe": (0.3, 0.0),
    "plain": (0.6, 0.2), "tasks": (0.02, 0.0), "tiny": (0.35, 0.05), "stories": (0.01, 0.0), "articles": (0.0, 0.0),
}
STORY = ["Tell me a story about {}.", "Write a short story about {}.", "Can you tell me a story about {}?", "Please write a story about {}."]
STORY_ANY = ["Tell me a story.", "Write a short story.", "Can you tell me a short story?", "I would like to hear a story.", "Tell me a bedtime story."]
SYSTEMS = ["You are a helpful assistant.", "You are a friendly assistant. Answer briefly.", "Answer in plain English.", "You are hearth, a private assistant.",
           "You are a helpful assistant that runs on this computer.", "Be polite and clear.", "Answer in one or two sentences."]
SHORT = {"own", "knowing", "rewriting", "drills", "talking", "personality", "chatterbot", "country", "search", "strategy", "words"}


def kind_of(name, doc):
    if name.startswith("tier2"):
        return "tasks"
    if name.startswith("tier3b"):
        return "tiny"
    if name.startswith("tier3-prose-s"):
        return "stories"
    if name.startswith("tier3"):
        return "articles"
    turns = doc.count("\nUser: ") + 1
    user = doc[6:doc.index("\nAssistant: ")]
    if "smalltalk" in name:
        if turns >= 3:
            return "topical" if len(doc) / (2 * turns) > 90 else "persona"
        return "chatterbot" if len(user) < 60 and len(doc) - len(user) > 110 else "personality"
    if "-qa" in name:
        if "\n" in user or len(user) > 450:
            return "passage" if len(user) > 500 and turns >= 4 else "fairytale"
        if "\nThe answer is " in doc or doc.rstrip().split("\n")[-1].startswith("The answer is"):
            return "sums"
        if re.match(r"(Please t|T)ranslate", user):
            return "translate"
        if re.match(r"What is the (capital|climate|population)|Where is |Which countries (border|are)|What natural|Tell me (about|something)", user):
            return "country"
        if re.search(r"\nAssistant: (Yes|No)\. .", doc):
            return "strategy"
        if user[:1].isupper() and re.search(r" or [^?]*\?$|True or false|Yes or No|_", user):
            return "trivia"
        return "search"
    if re.search(r"recipe|ngredients:", doc):
        return "recipe"
    if re.search(r'is an? (noun|verb|adjective|adverb)\. It means|\bsynonym|What does "|^User: Define|another word for "', doc):
        return "words"
    if re.match(r"(Make this easier|Split this|Rewrite this as two|Combine into|Join these)", user):
        return "split"
    if re.search(r"Use this command|^User: (Show me|How do I use|Which \S+ command)|command", doc) or re.match(r"What is [a-z0-9_.+-]+\?$", user):
        return "shell"
    if re.match(r"(What|How|Who|Do you have|Is )", user) and len(doc) > 250 and "\n" not in user:
        return "health"
    if re.match(r"What is a simpler|.*plain|Say .* simpl|Make .*(plain|simple)", user) or "plain" in user:
        return "plain"
    return "seed" if len(user) > 25 else "plain"


def documents(path):
    with open(path, encoding="utf-8") as f:
        return [d.rstrip("\n") for d in f.read().split("<|end|>\n") if d.strip()]


def turns_of(doc):
    out = []
    for line in doc.split("\n"):
        m = re.match(r"(System|User|Assistant): ?(.*)", line)
        if m:
            out.append([m.group(1), m.group(2)])
        else:
            out[-1][1] += "\n" + line
    return out


def story(doc, rng):
    """A tale becomes the answer to a request that names its hero, where it has one."""
    m = re.search(r"\b(?:named|called|name was) ([A-Z][a-z]+)", doc) or re.search(r"there was (an? (?:\w+ ){0,2}(?:girl|boy|dog|cat|bird|bear|frog|man|woman|rabbit|fish))\b", doc)
    if m and rng.random() < 0.75:
        return rng.choice(STORY).format(m.group(1))
    return rng.choice(STORY_ANY)


class Writer:
    def __init__(self, tokenizer):
        self.tok, self.docs = tokenizer, []

    def dialogue(self, turns, user_class):
        ids = [BOS]
        for role, text in turns:
            ids.append({"System": SYSTEM, "User": USER, "Assistant": ASSISTANT}[role] | NONE)
            c = FULL if role == "Assistant" else user_class
            ids += [t | c for t in self.tok.encode(text)]
            ids.append(END | (FULL if role == "Assistant" else NONE))
        return ids

    def prose(self, text):
        ids = [BOS] + self.tok.encode(text)
        return [[BOS] + ids[i + 1:i + CONTEXT] for i in range(0, len(ids) - 1, CONTEXT)] if len(ids) > CONTEXT else [ids + [EOS]]

    def add(self, ids):
        if len(ids) > LONG:  # a long dialogue keeps its beginning
            ids = ids[:LONG]
        if len(ids) > 3:
            self.docs.append(ids)

    def save(self, path):
        with open(path + ".tmp", "wb") as f:
            f.write(b"HDOC" + struct.pack("<I", len(self.docs)))
            array("I", [len(d) for d in self.docs]).tofile(f)
            for d in self.docs:
                array("H", d).tofile(f)
        os.replace(path + ".tmp", path)


def main(which, tokenizer, corpus, own, out, seed="1"):
    rng = random.Random(int(seed))
    w, column = Writer(Tokenizer(tokenizer)), {"main": 0, "final": 1, "held": 0}[which]
    user_class = NONE if which == "final" else SOME
    pool, sizes = [], {}
    files = [p for p in sorted(glob.glob(corpus + "/tier*.txt")) + sorted(glob.glob(own + "/*.txt"))]
    for path in files:
        name = os.path.basename(path)
        for number, doc in enumerate(documents(path)):
            ours = not name.startswith("tier")
            if (number % 100 == 0) != (which == "held") and not (ours and which != "held"):
                continue
            kind = name.removesuffix(".txt") if ours else kind_of(name, doc)
            share = 1 if which == "held" else MIX[kind][column]
            if which == "held" and name[:5] != "tier1":
                continue
            for _ in range(int(share) + (rng.random() < share % 1)):
                pool.append((kind, doc))
    rng.shuffle(pool)
    i = 0
    while i < len(pool):
        kind, doc = pool[i]
        i += 1
        if kind == "tiny" and rng.random() < 0.85:
            turns = [["User", story(doc, rng)], ["Assistant", doc]]
        elif kind in ("tiny", "stories", "articles"):
            for ids in w.prose(doc):
                w.add(ids)
                sizes[kind] = sizes.get(kind, 0) + len(ids)
            continue
        else:
            turns = turns_of(doc)
        if which != "held":
            # Short exchanges are sometimes joined to one chat, so that a later turn may change the subject.
            if kind in SHORT and rng.random() < 0.25:
                for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6, 9, 14))):
                    if i < len(pool) and pool[i][0] in SHORT:
                        more = turns_of(pool[i][1])
                        turns += more[1:] if more[0][0] == "System" else more
                        i += 1
            if turns[0][0] != "System" and rng.random() < 0.12:
                turns.insert(0, ["System", rng.choice(SYSTEMS)])
        # In a passage a name comes again, so that it is worth learning what the user says in some of them.
        ids = w.dialogue(turns, NONE if kind in DRAWN and (kind != "reading" or rng.random() < 0.7) else user_class)
        if rng.random() < 0.03 and which != "held":
            ids = ids[1:]  # a caller may leave BOS out
        w.add(ids)
        sizes[kind] = sizes.get(kind, 0) + len(ids)
    w.save(out)
    total = sum(sizes.values())
    print(f"{which}: {len(w.docs)} documents, {total} tokens")
    print(", ".join(f"{k} {100 * n / total:.1f}%" for k, n in sorted(sizes.items(), key=lambda x: -x[1])))


if __name__ == "__main__":
    main(*sys.argv[1:])
