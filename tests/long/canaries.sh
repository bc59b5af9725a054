# 10,000 sentences with canaries through chat, search, deletion, private conversations, a kill, an export and locking. None is in any file but
# the export, which was asked for and has those that were kept, to the last one; and when the vault is locked, none and no key is
# in the memory of any process.
. tests/tap.sh
. tests/screen.sh
build=build # a build with sanitizers has no filter
say=$build/tests/app/hearth/kept
hearth=$(realpath "$build/hearth")
memory=$build/tests/guard/memory
count=${HEARTH_CANARIES:-10000}
if [ ! -x "$say" ] || [ ! -x "$memory" ]; then
	skip "no canary is in any file" "needs $say and $memory"
	exit 0
fi
# All that a person has, and all that programs may write besides; the screen and the export lie elsewhere.
person=$work/person vault=$work/person/vault
export HOME=$person XDG_RUNTIME_DIR=$person/run TMPDIR=$person/temporary HEARTH_HOME=$person/home TERM=xterm-256color
mkdir -p "$vault" "$XDG_RUNTIME_DIR" "$TMPDIR"
mark=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' | tr '0-9a-f' 'k-z')
touch "$work/begun"
in_person() { grep -rlaE "canary[0-9]|(sings on|falls from|hides behind) branch|$mark" "$person"; }
in_system() {
	find /tmp /var/tmp /dev/shm /run /var/log -xdev -path "$work" -prune -o -type f -size -64M -newer "$work/begun" -print0 2>/dev/null |
		xargs -0 -r grep -slaF "$mark" | grep .
}

check_status 137 "$count canaries are said, and the program is killed" "$say" --canaries "$vault" "$count" "$mark"
echo "# $(cat "$work/out")"
read -r _ kept _ private _ deleted <<<"$(tr -d , <"$work/out")"
check "they are all accounted for" [ $((kept + private + deleted)) = "$count" ]
check "the files are those of a vault" [ -s "$vault/vault.db" ]
check_status 1 "no file has one" in_person
check_status 1 "and none of the system's" in_system

printf 'thirty-two bytes nobody can guess' | head -c 32 >"$work/key"
check "they are exported on request" "$hearth" vault export --vault "$vault" --key-file "$work/key" "$work/export.md"
exported() { grep -oE "canary[0-9]+ $1 branch" "$work/export.md" | sort -u | wc -l; }
check "all that were kept" [ "$(exported "sings on")" = "$kept" ]
check "none that was deleted" [ "$(exported "falls from")" = 0 ]
check "none that was private" [ "$(exported "hides behind")" = 0 ]
check_status 1 "and nowhere else is one" in_person

# Then hearth itself: it opens a conversation, searches and answers, and is locked.
if [ "$(id -u)" != 0 ] || [ ! -r /proc/self/stat ] || terminal_missing; then
	skip "when it is locked no process has one" "needs root, /proc and script"
	exit 0
fi
hexadecimal() { od -An -v -tx1 | tr -d ' \n'; echo; }
for text in "$mark" "sings on branch"; do
	printf '%s' "$text" | hexadecimal
	printf '%s' "$text" | iconv -t UTF-32LE | hexadecimal
done >"$work/words"
hexadecimal <"$work/key" >"$work/keys"
/usr/bin/python3 tests/end_to_end/vault_keys.py "$vault" "$work/key" 2>/dev/null | sed 's/^key://' >>"$work/keys"
children() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'; }
below() {
	local child
	echo "$1"
	for child in $(children "$1"); do below "$child"; done
}
programs() { below "$(cat "$work/pid")" | while read -r pid; do case $(cat "/proc/$pid/comm" 2>/dev/null) in hearth*) echo "$pid" ;; esac; done; }
# shellcheck disable=SC2046 # numbers
holds() { "$memory" "$work/$1" $(programs) >>"$work/places" 2>&1; }
look() { # WHEN
	holds words
	echo "words $?" >"$work/$1"
	holds keys
	echo "keys $?" >>"$work/$1"
	for pid in $(programs); do cat "/proc/$pid/comm"; done >"$work/$1.programs"
}
touch "$work/screen"
{
	await "Ctrl-D leaves" '/open 1\r'
	await "$mark" "/search canary7\r"
	await "/open NUMBER goes on with one" "canary$count sings on branch1 $mark\r"
	await "canary$count" '/stats\r'
	await "prompt" ''
	look open
	"$hearth" chats search canary9 --vault "$vault" >"$work/joined" 2>&1 </dev/null
	printf '/lock\r'
	await "is locked" ''
	await "Enter opens it again" ''
	: >"$work/places"
	look locked
	printf '\004'
} | on_terminal "$hearth -m $(realpath models/hearth-builtin.gguf) -n 24 --vault $vault --key-file $work/key"
check "hearth opens the vault, and finds them" shows "$mark"
check "a second one finds them through it" grep -q "canary9" "$work/joined"
if grep -q "words 77" "$work/open"; then
	skip "when it is locked no process has one" "the memory of processes cannot be read here"
else
	echo "# $(sort "$work/locked.programs" | uniq -c | tr -s ' \n' ' '); $(wc -l <"$work/keys") keys"
	check "while it is open they are in its memory, and so are the keys" [ "$(cat "$work/open")" = $'words 1\nkeys 1' ]
	check "when it is locked neither is in the memory of any process" [ "$(cat "$work/locked")" = $'words 0\nkeys 0' ]
	[ "$(cat "$work/locked")" = $'words 0\nkeys 0' ] || head -n 5 "$work/places" | sed 's/^/# /'
fi
check_status 1 "and in no file afterwards" in_person
check_status 1 "nor among the system's" in_system
