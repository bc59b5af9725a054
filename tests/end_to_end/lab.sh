#!/bin/bash
# The workshop's generate, prompt and perplexity as scripts use them: forms, statuses, errors of one line.
. tests/tap.sh

lab=$build/hearth-lab
model=models/hearth-builtin.gguf
real=$data/real/stories260K.gguf

# fails STATUS NAME PART COMMAND...: that status, one line on standard error with PART in it, nothing on standard output.
fails() {
	local status=$1 name=$2 part=$3
	shift 3
	check_status "$status" "$name" "$@"
	[ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ] && grep -qF -- "$part" "$work/err" ||
		check "$name: one line that says '$part'" false
}
shows() { grep -qE -- "$1" "$work/out"; }

if [ -r "$model" ]; then
	check "generate prints ids" "$lab" generate "$model" --prompt "The sun is" -n 8
	check "... eight of them at most, in one line" shows '^[0-9]+( [0-9]+){0,7}$'
	cp "$work/out" "$work/first"
	check "generate again" "$lab" generate "$model" --prompt "The sun is" -n 8 --no-guess --threads 1
	check "... gives the same" cmp "$work/first" "$work/out"
	check "a seed" "$lab" generate "$model" --prompt "The sun is" -n 12 --temp 1.2 --seed 5
	cp "$work/out" "$work/first"
	check "the same seed" "$lab" generate "$model" --prompt "The sun is" -n 12 --temp 1.2 --seed 5
	check "... gives the same" cmp "$work/first" "$work/out"
	for kv in f32 f16 q8_0 q4_0; do
		check "keys and values in $kv" "$lab" generate "$model" --prompt "The sun is" -n 8 --kv $kv
		check "... their memory is planned" "$lab" plan "$model" --kv $kv --json
		cat "$work/out" >>"$work/plans"
	done
	check "... less for each" test "$(grep -oE '"kv": [0-9]+' "$work/plans" | grep -oE '[0-9]+' | sort -rnu | wc -l)" = 4
	fails 2 "another kind of them" "--kv takes" "$lab" generate "$model" --prompt "The sun is" -n 8 --kv q5_0
	check "--json" "$lab" generate "$model" --prompt "The sun is" -n 4 --json
	check "... is an object" shows '^\{"ids": \[[0-9, ]+\], "text": ".*"\}$'
	check "no tokens" "$lab" generate "$model" --ids 1 -n 0
	check "... are an empty line" shows '^$'
	printf '{"messages": [{"role": "user", "content": "Hello"}], "_note": 1, "strftime_now": "2026-08-15T13:05:09"}' >"$work/case.json"
	check "prompt shows ids and pieces" "$lab" prompt "$model" "$work/case.json"
	check "... each with who wrote it" shows '^\{"ids": \[[0-9, ]+\], "pieces": \[\["template", .*\["message", "Hello"\]'
	yes "The sun is up and the day is warm. We sat under the tree and talked." | head -n 120 >"$work/text"
	check "perplexity" "$lab" perplexity "$model" "$work/text" --context 64
	check "... is an object" shows '^\{"ppl": [0-9.e+]+, "error": [0-9.e+-]+, "tokens": [0-9]+\}$'
	check "imatrix measures a text" "$lab" imatrix "$model" "$work/text" "$work/importance.gguf" --context 64
	check "quantize with it" "$lab" quantize "$model" Q4_K_M "$work/small.gguf" --imatrix "$work/importance.gguf"
	check "... gives a model that runs" "$lab" perplexity "$work/small.gguf" "$work/text" --context 64
	fails 1 "a model for an importance matrix" "imatrix" "$lab" quantize "$model" Q8_0 "$work/x.gguf" --imatrix "$model"
	fails 2 "a type that is none" "Q4_K_M" "$lab" quantize "$model" Q4_Z "$work/x.gguf"
	check "... nothing is left behind" test ! -e "$work/x.gguf"
	fails 1 "a text that fills no window" "window" "$lab" perplexity "$model" "$work/text" --context 2000000
	fails 1 "an id out of range" "is not from 0 to" "$lab" generate "$model" --ids "1 99999999" -n 2
	fails 1 "a word for an id" "no token id" "$lab" generate "$model" --ids "1 two" -n 2
	fails 1 "a draft model that is not there" "x.gguf" "$lab" generate "$model" --ids 1 -n 2 --draft x.gguf
	says="one two three four, one two three four, one two three four, one two"
	check "text that repeats itself" "$lab" generate "$model" --prompt "$says" -n 60 --ignore-eos
	cp "$work/out" "$work/first"
	check "... without guessing" "$lab" generate "$model" --prompt "$says" -n 60 --ignore-eos --no-guess
	check "... is the same" cmp "$work/first" "$work/out"
	check "... with itself as the draft model" "$lab" generate "$model" --prompt "$says" -n 60 --ignore-eos --draft "$model"
	check "... is the same as well" cmp "$work/first" "$work/out"
	fails 1 "a prompt longer than --context" "context holds 4" "$lab" generate "$model" --ids "1 2 3 4 5" -n 2 --context 4
	echo '{}' >"$work/none.json"
	fails 1 "a case that is none" "messages" "$lab" prompt "$model" "$work/none.json"
fi
fails 1 "a model that is not there" "/nowhere.gguf" "$lab" generate /nowhere.gguf --ids 1 -n 2
fails 2 "no number of tokens" "-n" "$lab" generate "$model" --ids 1
fails 2 "neither ids nor prompt" "--ids" "$lab" generate "$model" -n 1
fails 2 "both" "--ids" "$lab" generate "$model" -n 1 --ids 1 --prompt x
fails 2 "an unknown option" "--fast" "$lab" generate "$model" --fast 1

if [ -r "$real" ]; then
	# stories260K.expected.json, at the beginning
	check "the reference's story" "$lab" generate "$real" --ids 1 -n 12 --exact
	check "... by its ids" shows '^403 407 261 378 432 383 286 261 376 298 315 421$'
	check "the reference's story in words" "$lab" generate "$real" --prompt "Once upon a time" -n 8 --exact --json
	check "... with the leading space it has" shows '"text": ", there was a little girl'
else
	skip "the reference's story" "no $data"
fi
