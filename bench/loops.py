#!/usr/bin/env python3
"""What the innermost loop of each kernel in an object file executes a turn: instructions, and those among them that multiply.

    bench/loops.py build-arm/obj/src/nn/bytes_i8mm.o ...

For processors that are not at hand: a count of instructions is no time, but says what an arrangement costs. Needs the objdump of the
objects' architecture (OBJDUMP=..., or that of the cross compiler where it is ARM's).
"""
import os
import re
import subprocess
import sys

MULTIPLY = ("sdot", "smmla", "fmla", "smlal", "vpdpbusd", "vpdpwssd", "vpmaddubsw", "vpmaddwd")
JUMP = re.compile(r"(?:b\.\w+|b|cbn?z|tbn?z|j\w+)\s+(?:.*,\s*)?([0-9a-f]+)\s+<")


def disassembled(path):
    with open(path, "rb") as f:
        machine = f.read(20)[18:20]
    tool = os.environ.get("OBJDUMP") or ("aarch64-linux-gnu-objdump" if machine == b"\xb7\x00" else "objdump")
    return subprocess.run([tool, "-d", "--no-show-raw-insn", path], check=True, stdout=subprocess.PIPE, text=True).stdout


def loops(lines):
    """The jumps back among a function's instructions, as ranges of them."""
    at = {address: i for i, (address, _) in enumerate(lines)}
    for i, (_, text) in enumerate(lines):
        jump = JUMP.match(text)
        begin = at.get(int(jump.group(1), 16)) if jump else None
        if begin is not None and begin <= i:
            yield [text for _, text in lines[begin:i + 1]]


def describe(name, lines):
    best = None
    for body in loops(lines):
        used = [m for text in body for m in MULTIPLY if text.split()[0] == m]
        if used and (best is None or len(used) / len(body) > best[0]):
            best = (len(used) / len(body), len(body), {m: used.count(m) for m in sorted(set(used))})
    if best:
        print(f"{name}: {best[1]} instructions, " + ", ".join(f"{n} {m}" for m, n in best[2].items()))


def main():
    for path in sys.argv[1:]:
        name, lines = None, []
        for line in disassembled(path).splitlines() + ["0 <end>:"]:
            begin = re.match(r"[0-9a-f]+ <(\w[\w.]*)>:", line)
            if begin:
                if name:
                    describe(f"{os.path.basename(path)[:-2]} {name}", lines)
                name, lines = begin.group(1), []
            else:
                code = re.match(r"\s*([0-9a-f]+):\t(.*)", line)
                if code:
                    lines.append((int(code.group(1), 16), code.group(2).strip()))


main()
