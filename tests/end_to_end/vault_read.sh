# The reader that was written from docs/formats/vault.md alone reads what hearth wrote, by each kind of key, and with a journal that
# a crash left; and it refuses what was changed.
. tests/tap.sh

make=$build/tests/store/vault
if [ ! -x "$make" ] || ! /usr/bin/python3 -c 'import nacl, sqlite3; sqlite3.Connection.deserialize' 2>/dev/null; then
	skip "a second reader of the vault" "needs $make and Debian's python3-nacl (tools/setup long)"
	exit 0
fi
vault=$work/vault
mkdir "$vault"
check "a vault is made, and its maker dies in the middle of a change" "$make" --make "$vault"
check "whose journal is there" [ -s "$vault/vault.db-journal" ]
printf 'thirty-two bytes nobody can gues' >"$work/key"
read_vault() { /usr/bin/python3 tools/vault_read.py "$vault" "$@" >"$work/read" 2>"$work/said"; }
reads_all() {
	[ "$(grep -c '"title": "Café"' "$work/read")" = 2 ] && [ "$(grep -c '"text": "Where is it?"' "$work/read")" = 2 ] &&
		[ "$(grep -c '"text": "By the sea."' "$work/read")" = 1 ] && [ "$(grep -c '"role": "tool"' "$work/read")" = 0 ]
}
check "it opens with the key file" read_vault --key-file "$work/key"
check "and has every conversation, as before the change" reads_all
blob_is_right() {
	local id
	id=$(sed -n '/"blobs"/,$ s/.*"id": \([0-9]*\),/\1/p' "$work/read")
	grep -q '"name": "café.gguf"' "$work/read" && read_vault --key-file "$work/key" --blob "$id" &&
		yes "by the sea " | head -n 10000 | tr -d '\n' | cmp -s - "$work/read"
}
check "its blob is there, whole" blob_is_right
with_words() { echo "$1" | read_vault --passphrase; }
check "it opens with the passphrase" with_words "a long walk by the sea"
check "and has every conversation" reads_all
check "another passphrase does not open it" eval '! with_words "a short walk by the sea"'
change_bit "$vault/vault.key" 60
check "a changed key file is refused" eval '! read_vault --key-file "$work/key"'
