"""Byte-level BPE for the built-in model: training, encoding, and nothing else.

Text is cut as GPT-2 does (`tokenizer.ggml.pre` = "gpt-2") and each piece is merged on its own, so that what is trained here is what
any GGUF engine computes. Digits never take part in a merge: each stays a token, which makes sums learnable for a small model.

    tokenizer.py OUT.json TEXT...      learns a vocabulary from files in the corpus format
"""
import collections
import json
import re
import sys

SPECIAL = ["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|tool|>", "<|pad|>"]
BOS, EOS, SYSTEM, USER, ASSISTANT, END = range(6)
N_VOCAB = 4096

# \p{L} and \p{N} in terms of Python's re: letters are word characters that are neither digits nor the underscore.
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_characters():
    """GPT-2's printable character for each byte."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


BYTES = byte_characters()


def pieces(text):
    return ["".join(BYTES[b] for b in p.encode()) for p in PIECES.findall(text)]


def learn(texts, n_merges):
    counts = collections.Counter()
    for text in texts:
        counts.update(PIECES.findall(text))
    words, freq = [], []
    for word, n in counts.items():
        if n > 1 and len(word) > 1 and not any(c.isdigit() for c in word):
            words.append([BYTES[b] for b in word.encode()])
            freq.append(n)
    pair_count, where = collections.Counter(), collections.defaultdict(set)
    for i, w in enumerate(words):
        for pair in zip(w, w[1:]):
            pair_count[pair] += freq[i]
            where[pair].add(i)
    merges = []
    while len(merges) < n_merges:
        best = max(pair_count, key=lambda p: (pair_count[p], p))
        merges.append(best)
        for i in where.pop(best):
            w, n = words[i], freq[i]
            for pair in zip(w, w[1:]):
                pair_count[pair] -= n
            new, k = [], 0
            while k < len(w):
                if k + 1 < len(w) and (w[k], w[k + 1]) == best:
                    new.append(w[k] + w[k + 1])
                    k += 2
                else:
                    new.append(w[k])
                    k += 1
            words[i] = new
            for pair in zip(new, new[1:]):
                pair_count[pair] += n
                where[pair].add(i)
        del pair_count[best]
    return merges


class Tokenizer:
    def __init__(self, path):
        data = json.load(open(path, encoding="utf-8"))
        self.tokens, self.merges = data["tokens"], [tuple(m.split(" ")) for m in data["merges"]]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.rank = {m: i for i, m in enumerate(self.merges)}
        self.cache = {}

    def piece(self, word):
        known = self.cache.get(word)
        if known is not None:
            return known
        parts = [BYTES[b] for b in word.encode()]
        while len(parts) > 1:
            at = min(range(len(parts) - 1), key=lambda i: self.rank.get((parts[i], parts[i + 1]), 1 << 30))
            pair = (parts[at], parts[at + 1])
            if pair not in self.rank:
                break
            parts[at:at + 2] = [pair[0] + pair[1]]
        out = [self.ids[p] for p in parts]
        self.cache[word] = out
        return out

    def encode(self, text):
        out = []
        for word in PIECES.findall(text):
            out += self.piece(word)
        return out

    def decode(self, ids):
        back = {c: b for b, c in BYTES.items()}
        return b"".join(bytes(back[c] for c in self.tokens[i]) for i in ids if i >= len(SPECIAL)).decode("utf-8", "replace")


def main(out, paths):
    texts = []
    for path in paths:
        text = open(path, encoding="utf-8").read().replace("<|end|>\n", "")
        texts.append(re.sub(r"^(User|Assistant): ", "", text, flags=re.M))
    merges = learn(texts, N_VOCAB - len(SPECIAL) - 256)
    tokens = SPECIAL + [BYTES[b] for b in range(256)] + [a + b for a, b in merges]
    json.dump({"tokens": tokens, "merges": [a + " " + b for a, b in merges]}, open(out, "w", encoding="utf-8"), ensure_ascii=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
