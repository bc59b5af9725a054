#!/usr/bin/python3
"""A second reader of hearth's vaults, written from docs/formats/vault.md alone: it prints what a vault holds, as JSON.

    vault_read.py FOLDER (--passphrase | --recovery-code | --key-file FILE | --unprotected) [--blob ID]

With --blob the content of that blob goes to standard output instead.
The passphrase or the code is read from standard input. Needs python3-nacl and Python's own sqlite3; the opened database stays in memory. A
journal that a crash left is played back in memory; the vault's files are only read.
"""
import argparse
import hashlib
import json
import os
import sqlite3
import struct
import sys

from nacl import bindings, pwhash
from nacl.exceptions import CryptoError

PAGE, EXTRA, CHUNK, BLOBS = 4096, 40, 65536, 1 << 62


def die(text):
    print(f"vault_read: {text}", file=sys.stderr)
    sys.exit(1)


def blake(data, key=b""):
    return hashlib.blake2b(data, digest_size=32, key=key).digest()


def derive(key, purpose, number):
    return hashlib.blake2b(b"", digest_size=32, key=key, salt=struct.pack("<QQ", number, 0), person=purpose.encode().ljust(16, b"\0")).digest()


def unseal(sealed, key, place):
    """Ciphertext, nonce (24), tag (16)."""
    text, nonce, tag = sealed[:-EXTRA], sealed[-EXTRA:-16], sealed[-16:]
    return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(text + tag, place, nonce, key)


def crockford(text):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = 0
    for c in text.upper().replace("O", "0").replace("I", "1").replace("L", "1"):
        if c in " -\n\r\t":
            continue
        number = number << 5 | alphabet.index(c)
    return (number >> 12).to_bytes(16, "big")


def master_key(data, kind, secret):
    if data[:8] != b"hearthK1" or struct.unpack_from("<II", data, 8) != (1, 1184) or len(data) != 1184:
        die("vault.key: not a key file of version 1")
    vault = data[16:32]
    for number in range(8):
        slot = data[128 + 128 * number:256 + 128 * number]
        its_kind, passes, memory, made = struct.unpack_from("<IIQQ", slot)
        salt, wrapped = slot[24:40], slot[40:112]
        if its_kind != kind:
            continue
        key = pwhash.argon2id.kdf(32, secret, salt, opslimit=passes, memlimit=memory) if kind == 1 else blake(salt + blake(secret))
        try:
            master = unseal(wrapped, key, vault + struct.pack("<IIIIQQ", number, kind, passes, 0, memory, made) + salt)
        except CryptoError:
            continue
        if blake(data[:1152], derive(master, "key file", 0)) != data[1152:]:
            die("vault.key: changed since it was written")
        return vault, master
    die("vault.key: no slot opens with this")


def object_keys(data, vault, master):
    count, epoch = struct.unpack_from("<IQ", data, 12)
    if data[:8] != b"hearthE1":
        die("erase.key: not a file of keys")
    place = vault + struct.pack("<QI", epoch, count)
    epoch_key = unseal(data[24:96], derive(master, "objects ", 0), place + struct.pack("<I", 0))
    table = unseal(data[96:], epoch_key, place + struct.pack("<I", 1))
    return {struct.unpack_from("<Q", table, 40 * i)[0]: table[40 * i + 8:40 * i + 40] for i in range(count)}


def open_pages(data, key, vault, role):
    pages = []
    for n in range(len(data) // PAGE):
        place = vault + struct.pack("<IIQQ", role, 0, 0, n + 1)
        try:
            pages.append(bytearray(unseal(data[n * PAGE:(n + 1) * PAGE], key, place) + bytes(EXTRA)))
        except CryptoError:
            pages.append(None)  # a torn page, unless the journal has it
    return pages


def open_log(data, key, vault, role):
    """The content of a journal, up to the first record that is not whole."""
    content, at, number = bytearray(), 64, 0
    if data[:8] != b"hearthL1":
        return content
    place = vault + data[8:24] + struct.pack("<QI", 0, role * 256 + 3)
    while at + 64 <= len(data):
        try:
            offset, size, its_number, _, kind = struct.unpack("<QIIII", unseal(data[at:at + 64], key, place + struct.pack("<I", 0)))
            if its_number != number:
                break
            if kind == 0:
                body = unseal(data[at + 64:at + 64 + size + EXTRA], key, place + struct.pack("<I", number + 1))
                content.extend(bytes(max(0, offset + size - len(content))))
                content[offset:offset + size] = body
                at += (size + EXTRA + 63) // 64 * 64
            elif kind == 1:
                del content[offset:]
                content.extend(bytes(offset - len(content)))
        except (CryptoError, ValueError):
            break
        at, number = at + 64, number + 1
    return content


def roll_back(pages, journal):
    """SQLite's rollback journal (sqlite.org/fileformat2.html, section 3)."""
    at = 0
    while len(journal) >= at + 28 and journal[at:at + 8] == b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7":
        count, nonce, before, sector, page = struct.unpack_from(">IIIII", journal, at + 8)
        at += sector
        for _ in range(count):
            number = struct.unpack_from(">I", journal, at)[0]
            while len(pages) < number:
                pages.append(None)
            pages[number - 1] = bytearray(journal[at + 4:at + 4 + page])
            at += page + 8
        del pages[before:]
        at = (at + sector - 1) // sector * sector
    return pages


def open_blob(data, key, vault, number, size):
    count = max(1, (size + CHUNK - 1) // CHUNK)
    if data[:64] != b"hearthB1" + struct.pack("<IIQ", 1, CHUNK, BLOBS | number) + bytes(40) or len(data) != 64 + size + count * EXTRA:
        die(f"blobs/{number:012x}: start or length is not right")
    place = [vault + struct.pack("<QQII", BLOBS | number, n, 6, n == count - 1) for n in range(count)]
    return b"".join(unseal(data[64 + n * (CHUNK + EXTRA):64 + (n + 1) * (CHUNK + EXTRA)], key, place[n]) for n in range(count))


def contents(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    g = p.add_mutually_exclusive_group(required=True)
    for name in ("--passphrase", "--recovery-code", "--unprotected"):
        g.add_argument(name, action="store_true")
    g.add_argument("--key-file")
    p.add_argument("--blob", type=int)
    a = p.parse_args()
    if a.passphrase:
        kind, secret = 1, sys.stdin.buffer.readline().rstrip(b"\n")
    elif a.recovery_code:
        kind, secret = 2, crockford(sys.stdin.readline())
    elif a.key_file:
        kind, secret = 3, contents(a.key_file)
    else:
        kind, secret = 5, b""
    vault, master = master_key(contents(os.path.join(a.folder, "vault.key")), kind, secret)
    keys = object_keys(contents(os.path.join(a.folder, "erase.key")), vault, master)
    key = derive(master, "database", 0)
    pages = open_pages(contents(os.path.join(a.folder, "vault.db")), key, vault, 1)
    pages = roll_back(pages, open_log(contents(os.path.join(a.folder, "vault.db-journal")), key, vault, 1))
    if None in pages:
        die(f"vault.db: page {pages.index(None) + 1} does not open")
    db = sqlite3.connect(":memory:")
    read_database(db, b"".join(pages))
    out = []
    for number, made, changed, title, parent in db.execute("SELECT id, made, changed, title, parent FROM conversation ORDER BY id"):
        def text(sealed, position):
            return unseal(sealed, keys[number], vault + struct.pack("<qq", number, position)).decode()
        messages = [{"role": ["system", "user", "assistant", "tool"][role], "made": when, "text": text(sealed, position)}
                    for position, role, when, sealed in db.execute("SELECT position, role, made, text FROM message WHERE conversation=? ORDER BY position", (number,))]
        out.append({"id": number, "made": made, "changed": changed, "parent": parent, "title": text(title, -1), "messages": messages})
    blobs = []
    for number, made, blob_kind, size, name in db.execute("SELECT id, made, kind, size, name FROM blob ORDER BY made, id") if has_blobs(db) else ():
        blob_key = keys[BLOBS | number]
        if a.blob == number:
            sys.stdout.buffer.write(open_blob(contents(os.path.join(a.folder, "blobs", f"{number:012x}")), blob_key, vault, number, size))
            return
        blobs.append({"id": number, "made": made, "kind": ["", "model", "document"][blob_kind], "size": size,
                      "name": unseal(name, blob_key, vault + struct.pack("<Qq", BLOBS | number, -1)).decode()})
    if a.blob is not None:
        die(f"there is no blob {a.blob}")
    out = {"conversations": out, "blobs": blobs}
    json.dump(out, sys.stdout, ensure_ascii=False, indent=1)
    print()


def has_blobs(db):
    return db.execute("PRAGMA user_version").fetchone()[0] >= 3


def read_database(db, data):
    """Python 3.11 can take a database from memory."""
    if not hasattr(db, "deserialize"):
        die("needs Python 3.11 or newer")
    db.deserialize(data)


if __name__ == "__main__":
    main()
