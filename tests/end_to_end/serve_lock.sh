# A served vault that is locked: of what was said, by the page and by a program, there is not a word left in the memory of hearth, of
# hearth-front or of an engine, looked at from outside and as root; nor a key.
. tests/tap.sh
. tests/serving.sh
memory=$(realpath "$build/tests/guard/memory" 2>/dev/null)
if [ "$(id -u)" != 0 ] || [ ! -r /proc/self/stat ] || [ ! -x "$memory" ] || ! command -v curl >/dev/null; then
	skip "what was served is forgotten when the vault is locked" "needs root, /proc, curl and $build/tests/guard/memory"
	exit 0
fi

children() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'; }
below() {
	local child
	echo "$1"
	for child in $(children "$1"); do below "$child"; done
}
holds() { # NEEDLES: status 1 when hearth or a program of its has one
	# shellcheck disable=SC2046 # numbers
	"$memory" "$work/$1" $(below "$pid") >"$work/places" 2>&1
}
show_places() {
	local one
	[ ! -s "$work/places" ] || head -n 8 "$work/places" | sed 's/^/# /'
	for one in $(below "$pid"); do echo "# $one is $(cat "/proc/$one/comm" 2>/dev/null)"; done
}
# Words that exist nowhere else; what is written by the page, asked by programs, and asked when it is lockedly.
new_word() { head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' | tr '0-9a-f' 'k-z'; }
hexadecimal() { od -An -v -tx1 | tr -d ' \n'; echo; }
written=$(new_word) asked=$(new_word) streamed=$(new_word) running=$(new_word)
for word in "$written" "$asked" "$streamed" "$running"; do printf '%s' "$word" | hexadecimal; done >"$work/words"
chat() { # WORD STREAM TOKENS
	echo '{"model": "builtin", "messages": [{"role": "user", "content": "Remember '"$1"', and say it."}], "temperature": 0, "max_tokens": '"$3, \"stream\": $2}"
}

check "a vault" "$build/hearth" vault create --key-file "$work/key"
check "is served" serve_begin --port 0 --key-file "$work/key"
talk() {
	ask hearth/chats/write -d '{"number": 0, "title": "About '"$written"'", "position": 0, "role": "user", "unfinished": false, "text": "Remember '"$written"'."}' &&
		[ "$code" = 200 ] || return 1
	ask v1/chat/completions -d "$(chat "$asked" false 8)" && [ "$code" = 200 ] || return 1
	ask v1/chat/completions -d "$(chat "$streamed" true 8)" && [ "$code" = 200 ] || return 1
	ask hearth/chats/search -d '{"words": "'"$written"'"}' && [ "$code" = 200 ]
}
check "something is said" talk
# One that is being answered while the vault is locked.
echo '{"model": "builtin", "messages": [{"role": "user", "content": "Remember '"$running"'."}], "max_tokens": 1900, "stream": true, "grammar": "root ::= [a-z ]{8000}"}' >"$work/body.json"
curl -s -N --max-time 600 -o "$work/answer" -H "Authorization: Bearer $token" --data-binary "@$work/body.json" "${url}v1/chat/completions" &
reader=$!
check "and one more is being answered" await 120 test -s "$work/answer"
holds words
status=$?
if [ $status = 77 ]; then
	skip "what was served is forgotten when the vault is locked" "the memory of processes cannot be read here"
else
	check "it is in memory while the vault is open" [ $status = 1 ]
	/usr/bin/python3 tests/end_to_end/vault_keys.py "$HEARTH_HOME/vaults/main" "$work/key" 2>/dev/null | sed 's/^key://' >"$work/derived"
	[ ! -s "$work/derived" ] || check_status 1 "and so are the keys" holds derived
	ask hearth/vault/lock -X POST
	check "the vault is locked" [ "$code" = 200 ]
	check "then no process has a word of it" holds words || show_places
	if [ -s "$work/derived" ]; then
		check "nor any of the $(wc -l <"$work/derived") keys" holds derived || show_places
	else
		skip "nor any of the keys" "needs /usr/bin/python3 with nacl"
	fi
	ask hearth/state
	check "hearth serves on, and says so" grep -q '"vault": "locked"' "$work/body"
	ask v1/chat/completions -d "$(chat again false 4)"
	check "and answers programs" [ "$code" = 200 ]
fi
kill $reader 2>/dev/null
wait $reader 2>/dev/null
serve_end
check "and ends well" [ "$status" = 0 ]
