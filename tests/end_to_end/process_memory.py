#!/usr/bin/python3
"""process_memory PID TEXT...: which of the texts a process has in memory that it can write, as bytes or as wide characters, one a line.
A text that begins with "key:" is the hexadecimal form of what is looked for."""
import sys

wanted = {}
for text in sys.argv[2:]:
    if text.startswith("key:"):
        wanted[bytes.fromhex(text[4:])] = "key " + text[4:12]
    else:
        wanted[text.encode()] = text
        wanted[text.encode("utf-32-le")] = text + " (wide)"
with open(f"/proc/{sys.argv[1]}/maps") as maps, open(f"/proc/{sys.argv[1]}/mem", "rb", 0) as memory:
    for line in maps:
        fields = line.split()
        if not fields[1].startswith("rw") or fields[-1] in ("[vvar]", "[vdso]"):
            continue
        start, end = (int(part, 16) for part in fields[0].split("-"))
        try:
            memory.seek(start)
            data = memory.read(end - start)
        except OSError:
            continue
        for bytes_, name in wanted.items():
            if bytes_ in data:
                print(name, fields[0], fields[-1])
