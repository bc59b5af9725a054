#!/usr/bin/python3
"""vault_timing HEARTH MODEL HOME TRIALS: does the time until an answer begins tell whether another vault has computed the prompt?

Two chats are open, each in a vault of its own. In each trial a prompt is made that nobody had, and a coin decides whether the first chat
computes it before the second one does; the second one's time from Enter to the first byte of the answer's line is kept. The two kinds of times
are compared by rank (Mann and Whitney's test). As a control the second chat asks the same again (/retry), which it may know: that must show.
Status 0: the two vaults tell nothing of each other, and the control is seen."""
import fcntl
import math
import os
import pty
import random
import select
import struct
import subprocess
import sys
import termios
import time

hearth, model, home, trials = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
os.environ.update(HEARTH_HOME=home, TERM="dumb", NO_COLOR="1")
draw = random.Random(11)


class Chat:
    def __init__(self, name):
        key = f"{home}/{name}.key"
        open(key, "wb").write(os.urandom(64))
        subprocess.run([hearth, "vault", "create", "--vault", name, "--key-file", key], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid, self.terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
            os.execv(hearth, [hearth, "-m", model, "-n", "1", "--temp", "0", "--vault", name, "--key-file", key])
        self.screen = b""
        self.until(b"> ")

    def until(self, text, start=0):
        """Reads until the text stands behind `start`; when it came."""
        while text not in self.screen[start:]:
            if not select.select([self.terminal], [], [], 20)[0]:
                sys.exit(f"nothing comes any more; waited for {text} behind {self.screen[-300:]}")
            self.screen += os.read(self.terminal, 65536)
        return time.monotonic()

    def ask(self, line, behind):
        """Types a line; seconds until `behind` is shown."""
        self.screen = b""
        began = time.monotonic()
        os.write(self.terminal, line.encode() + b"\r")
        took = self.until(behind) - began
        self.until(b"> ", self.screen.rindex(behind))
        return took


def prompt():
    words = ["tea", "bread", "ship", "river", "stone", "bird", "house", "lamp", "garden", "winter", "road", "song"]
    return "Tell me: " + " ".join(draw.choice(words) for _ in range(14)) + f" {draw.randrange(10**6)}"


def z_of(a, b):
    """Of the rank sum of a among both; its distance from what chance gives, in standard deviations."""
    order = sorted([(x, 0) for x in a] + [(x, 1) for x in b])
    rank = sum(i + 1 for i, (_, kind) in enumerate(order) if kind == 0)
    n, m = len(a), len(b)
    return (rank - n * (n + m + 1) / 2) / math.sqrt(n * m * (n + m + 1) / 12)


limit = b"(stopped after 1 tokens"
first, second = Chat("first"), Chat("second")
known, fresh, own = [], [], []
for trial in range(trials):
    text = prompt()
    knows = draw.random() < 0.5
    for chat in (first, second):
        chat.ask("/new", b"A new conversation") if trial else None
    first.ask(text if knows else prompt(), limit)
    (known if knows else fresh).append(second.ask(text, limit))
    own.append(second.ask("/retry", limit))


def median(values):
    return sorted(values)[len(values) // 2] * 1000


z, control = z_of(known, fresh), z_of(own, known + fresh)
print(f"{len(known)} prompts that the other vault had computed: {median(known):.2f} ms; {len(fresh)} new ones: {median(fresh):.2f} ms; z = {z:.2f}")
print(f"the same asked again: {median(own):.2f} ms; z = {control:.2f}")
sys.exit(0 if abs(z) < 4 and control < -4 else 1)
