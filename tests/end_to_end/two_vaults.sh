# Two vaults open at once, each in a chat of its own, looked at from outside and as root: nothing of one is in the memory of the
# other's processes, in its search or in its export; and what is locked is in no process's memory, words and key file alike.
. tests/tap.sh
build=build
hearth=$(realpath "$build/hearth")
memory=$(realpath "$build/tests/guard/memory" 2>/dev/null)
model=$(realpath models/hearth-builtin.gguf)
export TERM=xterm-256color TMPDIR=$work/temporary
mkdir -p "$TMPDIR"

if [ "$(id -u)" != 0 ] || [ ! -r /proc/self/stat ] || [ ! -x "$memory" ] || ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	skip "two vaults share nothing" "needs root, /proc, script and $build/tests/guard/memory"
	exit 0
fi

children() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'; }
below() { # all processes below one, and itself
	local child
	echo "$1"
	for child in $(children "$1"); do below "$child"; done
}
hexadecimal() { od -An -v -tx1 | tr -d ' \n'; echo; }

# Each vault has a conversation with a word that exists nowhere else; needles are that word and the key file's bytes.
for name in one two; do
	word=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' | tr '0-9a-f' 'k-z')
	echo "$word" >"$work/$name.word"
	head -c 64 /dev/urandom >"$work/$name.key"
	printf '%s' "$word" | hexadecimal >"$work/$name.words"
	head -c 64 "$work/$name.key" | hexadecimal >"$work/$name.keys"
	cat >"$work/$name.json" <<-END
		{"hearth_export": 1, "conversations": [{"number": 1, "title": "About $word", "made": 1700000000, "changed": 1700000000,
		 "messages": [{"role": "user", "made": 1700000000, "text": "Remember $word."}, {"role": "assistant", "made": 1700000001, "text": "I will."}]}]}
	END
	"$hearth" vault create --vault "$name" --key-file "$work/$name.key" >/dev/null 2>&1 </dev/null
	"$hearth" vault import --vault "$name" --key-file "$work/$name.key" "$work/$name.json" >/dev/null 2>&1 </dev/null
done

# A chat in a vault, driven through a pipe; its processes' numbers into $work/NAME.pids.
open_chat() {
	mkfifo "$work/$1.typed"
	: >"$work/$1.screen"
	timeout 120 script -qefc "exec $hearth -m $model -n 8 --vault $1 --key-file $work/$1.key --open 1" "$work/$1.screen" <"$work/$1.typed" >/dev/null 2>&1 &
	echo $! >"$work/$1.terminal"
}
await() { # NAME TEXT
	local tries=300
	while [ $((tries -= 1)) -gt 0 ] && ! grep -qaF -- "$2" "$work/$1.screen"; do sleep 0.1; done
}
# hearth and what it started: below the terminal's process and that of `timeout`.
processes() { below "$(cat "$work/$1.terminal")" | while read -r pid; do case $(cat "/proc/$pid/comm" 2>/dev/null) in hearth*) echo "$pid" ;; esac; done; }
holds() { # NAME NEEDLES: status 1 when a process of the chat has one
	# shellcheck disable=SC2046 # numbers
	"$memory" "$work/$2" $(processes "$1") >"$work/places" 2>&1
}

open_chat one
exec 8>"$work/one.typed"
open_chat two
exec 9>"$work/two.typed"
await one "Ctrl-D leaves"
await two "Ctrl-D leaves"
printf 'Say it\r' >&8
printf 'Say it\r' >&9
await one "Say it"
await two "Say it"
sleep 2

check "each chat has its hearth, its spawner and its engine" [ "$(processes one | wc -l) $(processes two | wc -l)" = "3 3" ]
holds one one.words
status=$?
if [ $status = 77 ]; then
	skip "two vaults share nothing" "the memory of processes cannot be read here"
else
	check "what is open is in the memory of its own processes" [ $status = 1 ]
	check "the other vault's words are in none of them (one)" holds one two.words
	check "the other vault's words are in none of them (two)" holds two one.words
	check "nor is its key file (one)" holds one two.keys
	check "nor is its key file (two)" holds two one.keys
	printf "/search $(cat "$work/one.word")\r" >&9
	await two "/search $(cat "$work/one.word")"
	sleep 1
	check_status 1 "a search in one finds nothing of the other" grep -qaF "Remember $(cat "$work/one.word")" "$work/two.screen"

	printf '/lock\r' >&8
	await one "is locked"
	sleep 1
	check "after /lock no process has a word of the vault" holds one one.words
	[ ! -s "$work/places" ] || head -n 5 "$work/places" | sed 's/^/# /'
	check "nor a byte of its key file" holds one one.keys
	holds two two.words
	check "the other one stays open" [ $? = 1 ]
fi
printf '\004\004' >&8
printf '\004\004' >&9
exec 8>&- 9>&-
wait

"$hearth" vault export --vault two --key-file "$work/two.key" "$work/two.md" >/dev/null 2>&1 </dev/null
check "an export has its own words" grep -qF "$(cat "$work/two.word")" "$work/two.md"
check_status 1 "and none of the other's" grep -qF "$(cat "$work/one.word")" "$work/two.md"
in_files() { grep -rlaF -e "$(cat "$work/one.word")" -e "$(cat "$work/two.word")" "$HEARTH_HOME" "$TMPDIR"; }
check_status 1 "no file has a word of either" in_files
