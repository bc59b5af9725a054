#!/usr/bin/python3
"""vault_keys FOLDER [KEY-FILE] [<PASSPHRASE]: the keys of a vault, as "key:" and hexadecimal digits, one a line: for tests that look for
them."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "tools")
import vault_read  # noqa: E402

folder = sys.argv[1]
kind = 3 if len(sys.argv) > 2 else 1
secret = open(sys.argv[2], "rb").read() if kind == 3 else sys.stdin.buffer.readline().rstrip(b"\n")
vault, master = vault_read.master_key(vault_read.contents(os.path.join(folder, "vault.key")), kind, secret)
keys = [master, vault_read.derive(master, "database", 0), vault_read.derive(master, "objects ", 0)]
keys += vault_read.object_keys(vault_read.contents(os.path.join(folder, "erase.key")), vault, master).values()
for key in keys:
    print("key:" + key.hex())
