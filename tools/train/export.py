"""Writes a checkpoint of train.c as a GGUF file: llama architecture, Q8_0 matrices, float32 norms, byte-level BPE.

    export.py CHECKPOINT TOKENIZER.json OUT.gguf [--f16]
    export.py --back MODEL.gguf TOKENIZER.json CHECKPOINT    the other way, with empty moments; writes the tokenizer as well

The output matrix is the embedding (tied), so there is no output.weight.
"""
import json
import struct
import sys

import numpy as np

from tokenizer import BOS, END, SPECIAL

CONTEXT = 2048
ALIGN = 32
F32, F16, Q8_0 = 0, 1, 8
U32, FLOAT, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5

# What train.c's documents look like; developer messages count as system messages, a tool's result as the user's.
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' or message['role'] == 'developer' %}{{ '<|system|>' }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' }}"
    "{% else %}{{ '<|user|>' }}{% endif %}"
    "{{ message['content'] | trim }}{{ '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def value(kind, v):
    if kind == STRING:
        return text(v)
    return struct.pack({U32: "<I", I32: "<i", FLOAT: "<f", BOOL: "<?"}[kind], v)


def pair(key, kind, v):
    return text(key) + struct.pack("<I", kind) + value(kind, v)


def array(key, kind, items):
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(value(kind, v) for v in items)


def q8_0(x):
    blocks = x.reshape(-1, 32)
    d = (np.abs(blocks).max(axis=1) / 127).astype(np.float16)
    f = d.astype(np.float32)
    q = np.rint(blocks * np.where(f > 0, 1 / np.where(f > 0, f, 1), 0)[:, None]).clip(-127, 127).astype(np.int8)
    out = np.empty((len(blocks), 34), np.uint8)
    out[:, :2] = d.view(np.uint8).reshape(-1, 2)
    out[:, 2:] = q.view(np.uint8)
    return out.tobytes()


def read_checkpoint(path):
    data = open(path, "rb").read()
    magic, version, vocab, dim, n_layer, heads, kv, head, ff, n_tensor = struct.unpack_from("<10i", data)
    if magic != 0x504B4348 or version != 1:
        sys.exit(f"{path}: not a checkpoint of train.c")
    shape = dict(vocab=vocab, dim=dim, layers=n_layer, heads=heads, kv=kv, head=head, ff=ff)
    step, tokens = struct.unpack_from("<2q", data, 40)
    per_layer = [("attn_q", dim, dim), ("attn_k", kv * head, dim), ("attn_v", kv * head, dim), ("attn_output", dim, dim), ("ffn_gate", ff, dim),
                 ("ffn_up", ff, dim), ("ffn_down", dim, ff), ("attn_norm", 1, dim), ("ffn_norm", 1, dim)]
    names = [(f"blk.{i}.{n}.weight", r, c) for i in range(n_layer) for n, r, c in per_layer]
    names += [("token_embd.weight", vocab, dim), ("output_norm.weight", 1, dim)]
    out, at = {}, 40 + 32
    for name, r, c in names:
        out[name] = np.frombuffer(data, np.float32, r * c, at).reshape(r, c)
        at += 4 * r * c
    return shape, step, tokens, out


class Reader:
    """As much of a GGUF reader as our own files need."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def one(self, kind):
        if kind == STRING:
            n = self.one("<Q")
            self.at += n
            return self.data[self.at - n:self.at].decode()
        if kind == ARRAY:
            inner, n = self.one("<I"), self.one("<Q")
            return [self.one(inner) for _ in range(n)]
        form = {U32: "<I", I32: "<i", FLOAT: "<f", BOOL: "<?"}.get(kind, kind)
        v = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return v


def back(model, tokenizer, out):
    r = Reader(open(model, "rb").read())
    r.at = 8
    n_tensor, n_meta = r.one("<Q"), r.one("<Q")
    meta = {}
    for _ in range(n_meta):
        key = r.one(STRING)
        meta[key] = r.one(r.one("<I"))
    infos = []
    for _ in range(n_tensor):
        name, dims = r.one(STRING), [r.one("<Q") for _ in range(r.one("<I"))]
        infos.append((name, int(np.prod(dims)), r.one("<I"), r.one("<Q")))
    start, parts = r.at + -r.at % ALIGN, []
    for name, n, kind, at in infos:
        raw = r.data[start + at:start + at + {F32: 4 * n, F16: 2 * n, Q8_0: n // 32 * 34}[kind]]
        if kind == Q8_0:
            blocks = np.frombuffer(raw, np.uint8).reshape(-1, 34)
            x = blocks[:, 2:].copy().view(np.int8).astype(np.float32) * blocks[:, :2].copy().view(np.float16).astype(np.float32)
        else:
            x = np.frombuffer(raw, np.float32 if kind == F32 else np.float16).astype(np.float32)
        parts.append(x.tobytes())
    head = meta["llama.attention.head_count"]
    shape = [0x504B4348, 1, len(meta["tokenizer.ggml.tokens"]), meta["llama.embedding_length"], meta["llama.block_count"], head,
             meta["llama.attention.head_count_kv"], meta["llama.embedding_length"] // head, meta["llama.feed_forward_length"], n_tensor]
    body = b"".join(parts)
    with open(out, "wb") as f:
        f.write(struct.pack("<10i4q", *shape, 0, 0, 0, 0) + body + bytes(2 * len(body)))
    with open(tokenizer, "w", encoding="utf-8") as f:
        json.dump({"tokens": meta["tokenizer.ggml.tokens"], "merges": meta["tokenizer.ggml.merges"]}, f, ensure_ascii=False)


def main(checkpoint, tokenizer, out, f16=False):
    shape, step, tokens, tensors = read_checkpoint(checkpoint)
    tok = json.load(open(tokenizer, encoding="utf-8"))
    meta = [
        pair("general.architecture", STRING, "llama"),
        pair("general.name", STRING, "hearth built-in"),
        pair("general.description", STRING, "Small English chat model trained from scratch for hearth; see its model card"),
        pair("general.license", STRING, "other"),
        pair("general.license.name", STRING, "see models/README.md"),
        pair("general.file_type", U32, 1 if f16 else 7),
        pair("general.quantization_version", U32, 2),
        # How hearth chooses words with it where the user says nothing: a larger penalty would keep it from taking over words of the question.
        pair("general.sampling.temp", FLOAT, 0.3),
        pair("general.sampling.penalty_repeat", FLOAT, 1.05),
        pair("general.sampling.penalty_last_n", I32, 64),
        pair("llama.block_count", U32, shape["layers"]),
        pair("llama.context_length", U32, CONTEXT),
        pair("llama.embedding_length", U32, shape["dim"]),
        pair("llama.feed_forward_length", U32, shape["ff"]),
        pair("llama.attention.head_count", U32, shape["heads"]),
        pair("llama.attention.head_count_kv", U32, shape["kv"]),
        pair("llama.attention.layer_norm_rms_epsilon", FLOAT, 1e-5),
        pair("llama.rope.freq_base", FLOAT, 10000.0),
        pair("llama.rope.dimension_count", U32, shape["head"]),
        pair("llama.vocab_size", U32, shape["vocab"]),
        pair("tokenizer.ggml.model", STRING, "gpt2"),
        pair("tokenizer.ggml.pre", STRING, "gpt-2"),
        array("tokenizer.ggml.tokens", STRING, tok["tokens"]),
        array("tokenizer.ggml.token_type", I32, [3 if i < len(SPECIAL) else 1 for i in range(len(tok["tokens"]))]),
        array("tokenizer.ggml.merges", STRING, tok["merges"]),
        pair("tokenizer.ggml.bos_token_id", U32, BOS),
        pair("tokenizer.ggml.eos_token_id", U32, END),
        pair("tokenizer.ggml.padding_token_id", U32, SPECIAL.index("<|pad|>")),
        pair("tokenizer.ggml.add_bos_token", BOOL, True),
        pair("tokenizer.ggml.add_eos_token", BOOL, False),
        pair("tokenizer.chat_template", STRING, TEMPLATE),
    ]
    infos, body = b"", b""
    for name, x in tensors.items():
        small = x.shape[0] == 1
        kind = F32 if small else F16 if f16 else Q8_0
        dims = [x.shape[1]] if small else [x.shape[1], x.shape[0]]
        body += b"\0" * (-len(body) % ALIGN)
        infos += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims) + struct.pack("<IQ", kind, len(body))
        body += x.tobytes() if kind == F32 else x.astype(np.float16).tobytes() if kind == F16 else q8_0(x)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(meta)) + b"".join(meta) + infos
    with open(out, "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGN) + body + b"\0" * (-len(body) % ALIGN))
    print(f"{out}: step {step}, {tokens} training tokens")


if __name__ == "__main__":
    if sys.argv[1] == "--back":
        back(*sys.argv[2:5])
    else:
        main(*sys.argv[1:4], f16="--f16" in sys.argv)
