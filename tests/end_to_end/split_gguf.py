#!/usr/bin/python3
"""split_gguf IN.gguf STEM PARTS: cuts a GGUF file into STEM-0000N-of-0000M.gguf, as llama.cpp's gguf-split does: the first part has all
of the metadata and the first tensors, the others their tensors alone."""
import struct
import sys

data, stem, parts = open(sys.argv[1], "rb").read(), sys.argv[2], int(sys.argv[3])
sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def text(at):
    return at + 8 + struct.unpack_from("<Q", data, at)[0]


def value(at, kind):
    if kind == 8:
        return text(at)
    if kind != 9:
        return at + sizes[kind]
    inner, count = struct.unpack_from("<IQ", data, at)
    at += 12
    for _ in range(count):
        at = value(at, inner)
    return at


magic, version, n_tensors, n_values = struct.unpack_from("<4sIQQ", data, 0)
at, align = 24, 32
for _ in range(n_values):
    end = text(at)
    key, kind = data[at + 8 : end], struct.unpack_from("<I", data, end)[0]
    if key == b"general.alignment":
        align = struct.unpack_from("<I", data, end + 4)[0]
    at = value(end + 4, kind)
values = data[24:at]
tensors = []
for _ in range(n_tensors):
    start = at
    at = text(at)
    dimensions = struct.unpack_from("<I", data, at)[0]
    at += 4 + 8 * dimensions + 4
    tensors.append((data[start:at], struct.unpack_from("<Q", data, at)[0]))
    at += 8
base = -(-at // align) * align
ends = sorted(offset for _, offset in tensors) + [len(data) - base]


def entry(key, kind, form, number):
    return struct.pack("<Q", len(key)) + key + struct.pack("<I" + form, kind, number)


for part in range(parts):
    mine = tensors[part * n_tensors // parts : (part + 1) * n_tensors // parts]
    extra = entry(b"split.no", 2, "H", part) + entry(b"split.count", 2, "H", parts) + entry(b"split.tensors.count", 5, "i", n_tensors)
    if part and align != 32:
        extra += entry(b"general.alignment", 4, "I", align)
    n = (n_values if part == 0 else 0) + 3 + (1 if part and align != 32 else 0)
    head, content = struct.pack("<4sIQQ", magic, version, len(mine), n) + (values if part == 0 else b"") + extra, b""
    for info, offset in mine:
        head += info + struct.pack("<Q", len(content))
        content += data[base + offset : base + min(e for e in ends if e > offset)]
        content += bytes(-len(content) % align)
    with open(f"{stem}-{part + 1:05}-of-{parts:05}.gguf", "wb") as out:
        out.write(head + bytes(-len(head) % align) + content)
