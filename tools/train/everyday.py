"""Makes everyday dialogues for training out of models/own-dialogues.txt, models/own-facts.txt and the sentence patterns beside this file.

    everyday.py MODELS_DIR OUT_DIR [SEED [SIZE]]

Writes OUT_DIR/own.txt (wordings of the written dialogues) and a file for each kind of pattern, in the corpus format. Questions of
models/eval/prompts.json are left out, so that the evaluation asks nothing that was in the training text. SIZE multiplies the numbers.
"""
import json
import os
import re
import sys

import drills
import knowing
import oneself
import places
import reading
import rewriting
import scenes
import summing
import talking
import writing
from words import chance, pick, rng

# kind: its patterns with their weights, and how many documents are made of them
KINDS = {
    "knowing": (knowing.KNOWERS, 60000),
    "rewriting": (rewriting.REWRITERS, 40000),
    "reading": (reading.READERS + scenes.SCENES + places.PLACE_READERS + summing.SUMMARIES, 40000),
    "drills": (drills.DRILLS, 20000),
    "talking": (talking.TALKERS + oneself.SELF_TALKERS + writing.WRITERS, 45000),
}


def disturbed(q):
    """People leave out the capital letter or the mark at the end, and some are polite."""
    if chance(0.08):
        q = q[:1].lower() + q[1:] if not q.startswith("I ") and not q.startswith("I'") else q
    if chance(0.08) and q.endswith((".", "?")):
        q = q[:-1]
    if chance(0.05) and q.endswith("?"):
        q = pick(["I have a question. ", "Please tell me: ", "Hello! ", "Hi, "]) + q
    return q


def read_dialogues(path):
    blocks = open(path, encoding="utf-8").read().split("\n\n")
    for b in blocks:
        turns = [[line[0], [v.strip().replace("\\n", "\n") for v in line[1:].split(" | ")]] for line in b.split("\n") if line.startswith(("?", "="))]
        if turns:
            yield turns


def read_facts(path):
    out, part = {}, None
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            part = out.setdefault(line.strip("[]"), [])
        elif line and line[0] != "#":
            part.append(tuple(s.strip() for s in line.split(":", 1)))
    return out


def document(turns):
    return "\n".join(f"{role}: {text}" for role, text in turns) + "\n<|end|>\n"


def main(models, out, seed="1", count="1"):
    rng.seed(int(seed))
    asked = set()
    path = os.path.join(models, "eval", "prompts.json")
    if os.path.exists(path):
        asked = {re.sub(r"\W+", " ", p["prompt"]).lower().strip() for p in json.load(open(path, encoding="utf-8"))}

    def free(turns):
        said = " " + re.sub(r"\W+", " ", " ".join(t for r, t in turns if r == "User")).lower() + " "
        return not any(f" {a} " in said for a in asked)

    with open(os.path.join(out, "own.txt"), "w", encoding="utf-8") as f:
        for block in read_dialogues(os.path.join(models, "own-dialogues.txt")):
            wordings = max(len(w) for _, w in block)
            for i in range(3 * wordings + 2):
                turns = [("User" if mark == "?" else "Assistant", w[i % len(w)] if mark == "?" and i < len(w) else pick(w)) for mark, w in block]
                turns = [(r, disturbed(t) if r == "User" and i >= wordings else t) for r, t in turns]
                if free(turns):
                    f.write(document(turns))
    facts = read_facts(os.path.join(models, "own-facts.txt"))
    for kind, (table, n) in KINDS.items():
        makers = [m for m, k in table for _ in range(k)]
        seen, made = set(), 0
        with open(os.path.join(out, kind + ".txt"), "w", encoding="utf-8") as f:
            for _ in range(int(n * float(count))):
                got = pick(makers)(facts)
                turns = [("User", disturbed(got[0])), ("Assistant", got[1])] if isinstance(got, tuple) else got
                d = document(turns)
                if d in seen or not free(turns):
                    continue
                seen.add(d)
                f.write(d)
                made += 1
        print(kind, made)


if __name__ == "__main__":
    main(*sys.argv[1:])
