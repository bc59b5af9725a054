"""Makes the model of quantize.sh, has the peer quantize and load it, and compares two quantized files with the original.

    quantize.py make MODEL IMPORTANCE
    quantize.py theirs LIBRARIES MODEL TYPE OUT [IMPORTANCE]
    quantize.py compare HEARTH_LAB MODEL OURS THEIRS
    quantize.py load LIBRARIES FILE
"""
import array
import ctypes
import glob
import math
import os
import random
import struct
import subprocess
import sys

WIDTH, FF, LAYERS, VOCAB = 256, 512, 4, 288
NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
# id: name, weights and bytes of a block
TYPES = {0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
         8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
         14: ("Q6_K", 256, 210), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
         19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
         23: ("IQ4_XS", 256, 136), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66)}
FILES = {"F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_S": 11, "Q3_K_M": 12, "Q3_K_L": 13,
         "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "IQ2_XXS": 19, "IQ2_XS": 20, "Q2_K_S": 21,
         "IQ3_XS": 22, "IQ3_XXS": 23, "IQ1_S": 24, "IQ4_NL": 25, "IQ3_S": 26, "IQ3_M": 27, "IQ2_S": 28, "IQ2_M": 29,
         "IQ4_XS": 30, "IQ1_M": 31, "BF16": 32, "TQ1_0": 36, "TQ2_0": 37}


def text(s):
    return struct.pack("<Q", len(s)) + s


def value(kind, v):
    if kind == 8:
        return text(v)
    if kind == 9:
        return struct.pack("<IQ", v[0], len(v[1])) + b"".join(value(v[0], x) for x in v[1])
    return struct.pack(NUMBERS[kind], v)


def write(path, values, tensors):
    """tensors: name -> (dims, floats)"""
    head = bytearray(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values)))
    for key, (kind, v) in values.items():
        head += text(key.encode()) + struct.pack("<I", kind) + value(kind, v)
    data = bytearray()
    for name, (dims, floats) in tensors.items():
        head += text(name.encode()) + struct.pack("<I%dQIQ" % len(dims), len(dims), *dims, 0, len(data))
        data += floats.tobytes() + bytes(-4 * len(floats) % 32)
    head += bytes(-len(head) % 32)
    with open(path, "wb") as f:
        f.write(head + data)


def read(path):
    """name -> (dims, type, bytes)"""
    data, at = open(path, "rb").read(), 24

    def take(form):
        nonlocal at
        v = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return v

    def skip(kind):
        nonlocal at
        if kind == 8:
            size = take("<Q")[0]
            at += size
        elif kind == 9:
            item, n = take("<IQ")
            for _ in range(n):
                skip(item)
        else:
            take(NUMBERS[kind])

    n_tensors, n_values = struct.unpack_from("<QQ", data, 8)
    for _ in range(n_values):
        skip(8)
        skip(take("<I")[0])
    found = []
    for _ in range(n_tensors):
        n = take("<Q")[0]
        name = data[at:at + n].decode()
        at += n
        dims = take("<%dQ" % take("<I")[0])
        found.append((name, dims) + take("<IQ"))
    start = (at + 31) // 32 * 32
    out = {}
    for name, dims, kind, offset in found:
        _, weights, size = TYPES[kind]
        begin = start + offset
        out[name] = (dims, kind, data[begin:begin + math.prod(dims) // weights * size])
    return out


def make(model, importance):
    rng = random.Random(20260815)

    def heavy(rows, cols):
        """Student's t with four degrees of freedom, each row with a size of its own."""
        out = array.array("f")
        for _ in range(rows):
            size = 0.02 * math.exp(rng.gauss(0, 0.3))
            for _ in range(cols):
                out.append(size * rng.gauss(0, 1) / math.sqrt(rng.gammavariate(2, 0.5)))
        return out

    def ones(n):
        return (n,), array.array("f", [1.0] * n)

    tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % i for i in range(256)] + [b"p%d" % i for i in range(VOCAB - 259)]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (VOCAB - 259)
    values = {"general.architecture": (8, b"llama"), "llama.context_length": (4, 512), "llama.embedding_length": (4, WIDTH),
              "llama.block_count": (4, LAYERS), "llama.feed_forward_length": (4, FF), "llama.attention.head_count": (4, 4),
              "llama.attention.head_count_kv": (4, 2), "llama.attention.layer_norm_rms_epsilon": (6, 1e-5),
              "llama.rope.dimension_count": (4, 64), "llama.vocab_size": (4, VOCAB), "tokenizer.ggml.model": (8, b"llama"),
              "tokenizer.ggml.tokens": (9, (8, tokens)), "tokenizer.ggml.scores": (9, (6, [0.0] * VOCAB)),
              "tokenizer.ggml.token_type": (9, (5, kinds)), "tokenizer.ggml.bos_token_id": (4, 1),
              "tokenizer.ggml.eos_token_id": (4, 2), "tokenizer.ggml.unknown_token_id": (4, 0)}
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH // 2, WIDTH), "attn_v": (WIDTH // 2, WIDTH),
              "attn_output": (WIDTH, WIDTH), "ffn_gate": (FF, WIDTH), "ffn_up": (FF, WIDTH), "ffn_down": (WIDTH, FF)}
    tensors = {"token_embd.weight": ((WIDTH, VOCAB), heavy(VOCAB, WIDTH)), "output_norm.weight": ones(WIDTH),
               "output.weight": ((WIDTH, VOCAB), heavy(VOCAB, WIDTH))}
    sums = {}
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            tensors["blk.%d.%s.weight" % (layer, norm)] = ones(WIDTH)
        for role, (rows, cols) in shapes.items():
            name = "blk.%d.%s.weight" % (layer, role)
            tensors[name] = ((cols, rows), heavy(rows, cols))
            sums[name + ".in_sum2"] = ((cols, 1), array.array("f", [100 * math.exp(rng.gauss(0, 1)) for _ in range(cols)]))
            sums[name + ".counts"] = ((1, 1), array.array("f", [100.0]))
    for name in ("token_embd.weight", "output.weight"):
        sums[name + ".in_sum2"] = ((WIDTH, 1), array.array("f", [100 * math.exp(rng.gauss(0, 1)) for _ in range(WIDTH)]))
        sums[name + ".counts"] = ((1, 1), array.array("f", [100.0]))
    write(model, values, tensors)
    write(importance, {"general.type": (8, b"imatrix"), "imatrix.datasets": (9, (8, [b"made"])), "imatrix.chunk_count": (4, 1),
                       "imatrix.chunk_size": (4, 512)}, sums)


class Settings(ctypes.Structure):
    _fields_ = [("threads", ctypes.c_int32), ("file", ctypes.c_int32), ("output", ctypes.c_int32),
                ("embedding", ctypes.c_int32), ("flags", ctypes.c_bool * 6), ("importance", ctypes.c_void_p),
                ("rest", ctypes.c_void_p * 3)]


class Importance(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.POINTER(ctypes.c_float)), ("size", ctypes.c_size_t)]


class Whole(ctypes.Structure):
    """Settings by value whose members are not looked at."""
    _fields_ = [("bytes", ctypes.c_uint64 * 32)]


def library(folder):
    for name in ("libggml-base", "libggml.", "libllama."):
        for path in sorted(glob.glob(os.path.join(folder, name + "*so*"))):
            lib = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
            if name == "libggml.":
                lib.ggml_backend_load_all_from_path(folder.encode())
    lib.llama_backend_init()
    return lib


def theirs(folder, model, kind, out, importance=None):
    lib = library(folder)
    lib.llama_model_quantize_default_params.restype = Settings
    lib.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Settings)]
    settings = lib.llama_model_quantize_default_params()
    settings.threads, settings.file = 2, FILES[kind]
    kept = []
    if importance:
        tensors = read(importance)
        for name, (dims, _, data) in tensors.items():
            if name.endswith(".in_sum2"):
                count = struct.unpack("<f", tensors[name[:-8] + ".counts"][2])[0]
                floats = (ctypes.c_float * dims[0])(*(x / count for x in struct.unpack("<%df" % dims[0], data)))
                kept.append(Importance(name[:-8].encode(), floats, dims[0]))
        kept = (Importance * (len(kept) + 1))(*kept)
        settings.importance = ctypes.cast(kept, ctypes.c_void_p)
    return lib.llama_model_quantize(model.encode(), out.encode(), ctypes.byref(settings))


def load(folder, path):
    lib = library(folder)
    lib.llama_model_default_params.restype = Whole
    lib.llama_model_load_from_file.restype = ctypes.c_void_p
    lib.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Whole]
    return 0 if lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params()) else 1


def floats_of(lab, kind, data):
    name = TYPES[kind][0]
    raw = data if name == "F32" else subprocess.run([lab, "dequantize", name], input=data, stdout=subprocess.PIPE, check=True).stdout
    return array.array("f", raw)


def distance(a, b):
    return math.sqrt(sum((x - y) * (x - y) for x, y in zip(a, b)) / len(a))


def compare(lab, model, ours, theirs_):
    original, a, b = read(model), read(ours), read(theirs_)
    status, worst = 0, 0.0
    for name, (dims, _, data) in original.items():
        if a[name][1] != b[name][1]:
            print("%s: %s here, %s there" % (name, TYPES[a[name][1]][0], TYPES[b[name][1]][0]), file=sys.stderr)
            status = 1
            continue
        if a[name][2] == b[name][2]:
            worst = max(worst, 1.0)
            continue
        exact = array.array("f", data)
        mine, other = (distance(exact, floats_of(lab, t[name][1], t[name][2])) for t in (a, b))
        worst = max(worst, mine / other)
        if mine > 1.02 * other:
            print("%s (%s): %g here, %g there" % (name, TYPES[a[name][1]][0], mine, other), file=sys.stderr)
            status = 1
    print("at most %.4f times as far as the peer's" % worst)
    return status


if __name__ == "__main__":
    sys.exit({"make": make, "theirs": theirs, "compare": compare, "load": load}[sys.argv[1]](*sys.argv[2:]) or 0)
