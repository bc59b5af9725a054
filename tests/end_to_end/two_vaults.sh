# Two vaults open at once, each in a chat of its own, looked at from outside and as root: nothing of one is in the memory of the
# other's processes, in its search, in its export or in what its engine has computed; and what is locked is in no process's memory: words,
# passphrase, master key and every key that is derived from it or wrapped by it.
. tests/tap.sh
. tests/screen.sh
build=build
hearth=$(realpath "$build/hearth")
memory=$(realpath "$build/tests/guard/memory" 2>/dev/null)
model=$(realpath models/hearth-builtin.gguf)
export TERM=xterm-256color TMPDIR=$work/temporary
mkdir -p "$TMPDIR"

if [ "$(id -u)" != 0 ] || [ ! -r /proc/self/stat ] || [ ! -x "$memory" ] || terminal_missing; then
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

# The first is opened by a passphrase.
passphrase="nine swans over the mill"
printf '%s' "$passphrase" | hexadecimal >"$work/one.passphrase"
printf '%s' "$passphrase" | iconv -t UTF-32LE | hexadecimal >>"$work/one.passphrase"
{
	await "New passphrase" "$passphrase\r"
	await "once more" "$passphrase\r"
} | on_terminal "$hearth vault slots add passphrase --vault one --key-file $work/one.key"
check "a passphrase opens the first" status_is 0

# A chat in a vault, driven through a pipe; what it shows in NAME.screen.
open_chat() { # NAME OPTIONS...
	local name=$1
	shift
	mkfifo "$work/$name.typed"
	: >"$work/$name.screen"
	timeout 1800 script -qefc "exec $hearth -m $model -n 8 --vault $name $*" "$work/$name.screen" <"$work/$name.typed" >/dev/null 2>&1 &
	echo $! >"$work/$name.terminal"
}
shown_often() { [ "$(grep -aoF -- "$2" "$work/$1.screen" | wc -l)" -ge "$3" ]; }
await_in() { until_true shown_often "$1" "$2" "${3-1}"; } # NAME TEXT [N]
# hearth and what it started: below the terminal's process and that of `timeout`.
processes() { below "$(cat "$work/$1.terminal")" | while read -r pid; do case $(cat "/proc/$pid/comm" 2>/dev/null) in hearth*) echo "$pid" ;; esac; done; }
holds() { # NAME NEEDLES: status 1 when a process of the chat has one
	# shellcheck disable=SC2046 # numbers
	"$memory" "$work/$2" $(processes "$1") >"$work/places" 2>&1
}

# /stats has a line for a turn: turn, prompt, reused, computed, ...
turn() { tr -d '\r' <"$work/$1.screen" | grep -aE '^ +1  +[0-9]+ ' | tail -n 1; }

open_chat one
exec 8>"$work/one.typed"
await_in one "Passphrase"
printf '%s\r' "$passphrase" >&8
open_chat two --key-file "$work/two.key"
exec 9>"$work/two.typed"
await_in one "Ctrl-D leaves"
await_in two "Ctrl-D leaves"
# The same prompt in both, one after the other: the second engine computes all of it once more.
same='Say that the ship came home with tea and bread, and nobody knew from where it had come.'
printf '%s\r' "$same" >&8
until_true eval 'printf "/stats\r" >&8; sleep 1; [ -n "$(turn one)" ]'
printf '%s\r' "$same" >&9
until_true eval 'printf "/stats\r" >&9; sleep 1; [ -n "$(turn two)" ]'
echo "# one: $(turn one); two: $(turn two)"
check "a prompt that the other vault has computed is computed anew, to the last token" \
	[ "$(turn two | awk '{ print ($2 == $4 && $3 == 0 && $2 > 20) }')" = 1 ]
check "as it was there" [ "$(turn one | awk '{ print $2, $3, $4 }')" = "$(turn two | awk '{ print $2, $3, $4 }')" ]
printf '/open 1\r' >&8
printf '/open 1\r' >&9
await_in one "Remember $(cat "$work/one.word")"
await_in two "Remember $(cat "$work/two.word")"
for name in one two; do
	/usr/bin/python3 tests/end_to_end/vault_keys.py "$HEARTH_HOME/vaults/$name" "$work/$name.key" 2>/dev/null | sed 's/^key://' >"$work/$name.derived"
done

names() { processes "$1" | while read -r pid; do cat "/proc/$pid/comm"; done | grep -v hearth-sleep | sort | tr '\n' ' '; }
check "each chat has its hearth, its spawner and its engine" [ "$(names one) $(names two)" = "hearth hearth-engine hearth-spawner  hearth hearth-engine hearth-spawner " ]
check "and no process is in both" [ -z "$( { processes one; processes two; } | sort | uniq -d)" ]
holds one one.words
status=$?
if [ $status = 77 ]; then
	skip "two vaults share nothing" "the memory of processes cannot be read here"
else
	check "what is open is in the memory of its own processes" [ $status = 1 ]
	if [ -s "$work/one.derived" ]; then
		check_status 1 "and so are its keys" holds one one.derived
		check "the other vault's are not (one)" holds one two.derived
		check "the other vault's are not (two)" holds two one.derived
	fi
	check "the other vault's words are in none of them (one)" holds one two.words
	check "the other vault's words are in none of them (two)" holds two one.words
	check "nor is its key file (one)" holds one two.keys
	check "nor is its key file (two)" holds two one.keys
	printf "/search $(cat "$work/one.word")\r" >&9
	await_in two "No message has"
	check_status 1 "a search in one finds nothing of the other" grep -qaF "Remember $(cat "$work/one.word")" "$work/two.screen"

	printf '/lock\r' >&8
	await_in one "is locked"
	await_in one "Passphrase" 2
	check "after /lock no process has a word of the vault" holds one one.words
	[ ! -s "$work/places" ] || head -n 5 "$work/places" | sed 's/^/# /'
	check "nor its passphrase" holds one one.passphrase
	check "nor a byte of its key file" holds one one.keys
	if [ -s "$work/one.derived" ]; then
		check "nor its master key, nor any of the $(wc -l <"$work/one.derived") keys" holds one one.derived
	else
		skip "nor its master key, nor any other key" "needs /usr/bin/python3 with nacl"
	fi
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
