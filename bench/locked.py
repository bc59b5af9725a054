#!/usr/bin/python3
"""bench/locked.py MODEL.gguf [ROUNDS]: how long the first token of a locked model takes, beside that of the plain file.

Seals a copy of the model in a vault of its own below TMPDIR (room for two copies is needed), then starts `build/hearth run` in turn with both, and
measures from the start of the process to the first byte of the answer: after a prompt of one sentence, and after one of about 128 tokens.
Prints a line for each prompt: milliseconds of every round, medians, their ratio. The machine should be quiet."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

hearth = os.path.abspath("build/hearth")
model, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
short = "Tell me about tea."
long = " ".join(f"In year {n} the ship came home with tea and bread." for n in range(1801, 1804)) + " What did the ship bring?"


def first_byte(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    process.stdout.read(1)
    taken = time.monotonic() - start
    process.stdout.read()
    if process.wait() != 0:
        sys.exit(f"failed: {command}")
    return 1000 * taken


with tempfile.TemporaryDirectory() as home:
    os.environ["HEARTH_HOME"] = home
    key = ["--key-file", home + "/key"]
    os.mkdir(home + "/models")
    shutil.copy(model, home + "/models/locked.gguf")
    for command in (["vault", "create"], ["models", "lock", "locked"]):
        subprocess.run([hearth] + command + key, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name, prompt in (("one sentence", short), ("128 tokens", long)):
        asked = ["-n", "2", "--temp", "0", prompt]
        times = {"plain": [], "locked": []}
        for _ in range(rounds):
            times["plain"].append(first_byte([hearth, "run", "-m", model] + asked))
            times["locked"].append(first_byte([hearth, "run", "-m", "locked"] + key + asked))
        plain, locked = (statistics.median(times[kind]) for kind in ("plain", "locked"))
        each = ", ".join(f"{kind} {' '.join(str(round(ms)) for ms in times[kind])}" for kind in times)
        print(f"{name}: {each}; medians {plain:.0f} and {locked:.0f} ms, ratio {locked / plain:.2f}")
