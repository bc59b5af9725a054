# 10,000 sentences with canaries through chat, search, deletion, locking, a kill and an export: none is in any file of the vault or among the
# temporary ones, and the export, which was asked for, has them.
. tests/tap.sh
say=$build/tests/app/hearth/kept
export TMPDIR=$work/temporary
mkdir "$TMPDIR" "$work/vault"
if [ ! -x "$say" ]; then
	skip "no canary is in any file" "needs $say"
	exit 0
fi
check_status 137 "10,000 canaries are said, and the program is killed" "$say" --canaries "$work/vault" 10000
canary_found() { grep -rlaE 'canary[0-9]|sings on branch' "$work/vault" "$TMPDIR" | grep .; }
check_status 1 "no file has one" canary_found
check "the files are those of a vault" [ -f "$work/vault/vault.db" ]

printf 'thirty-two bytes nobody can guess' | head -c 32 >"$work/key"
hearth=$build/hearth
check "they are exported on request" "$hearth" vault export --vault "$work/vault" --key-file "$work/key" "$work/export.md"
exported() { [ "$(grep -oE 'canary[0-9]+ sings' "$work/export.md" | sort -u | wc -l)" -gt 5000 ]; }
check "what was not deleted and not private is in the export" exported
check_status 1 "and nowhere else" canary_found
