#!/bin/bash
# What hearth-lab gives through the jailed engine is what it gives in its own process, to the bit: every command that takes --engine.
# Of the golden models every HEARTH_EVERY-th (12) is compared; tests/long takes all.
. tests/tap.sh

lab=$build/hearth-lab
every=${HEARTH_EVERY:-12}
model=models/hearth-builtin.gguf

# same NAME COMMAND...: runs it with and without --engine; both must give the same status, output, error line and files $work/file*.
same() {
	local name=$1 here there
	shift
	rm -f "$work"/file* "$work"/here*
	"$@" >"$work/here_out" 2>"$work/here_err" </dev/null
	here=$?
	for file in "$work"/file*; do [ -e "$file" ] && mv "$file" "$work/here_${file##*/}"; done
	"$@" --engine >"$work/there_out" 2>"$work/there_err" </dev/null
	there=$?
	check "$name: the same status" [ $here = $there ]
	check "$name: the same output" cmp "$work/here_out" "$work/there_out"
	check "$name: the same error" cmp "$work/here_err" "$work/there_err"
	for file in "$work"/here_file*; do
		[ ! -e "$file" ] || check "$name: the same file" cmp "$file" "$work/${file##*/here_}"
	done
}
worked() { check "$1: it worked" [ -s "$2" ]; }

cat >"$work/lines.json" <<'END'
["Hello there, how are you?", "", "a <|im_end|> is text\u0000 here", "déjà vu 日本語 🎉", " two  spaces\n\n\tand a tab"]
END
printf '[[1, 2, 3, 300], [], [5]]' >"$work/ids.json"
printf '[[1, 99999999]]' >"$work/far.json"
printf '{"messages": [{"role": "user", "content": "Hello <|im_end|>"}], "_x": 1}' >"$work/case.json"
for i in $(seq 60); do echo "On day $i the quick brown fox jumps over the lazy dog, and $i sheep look on in silence."; done >"$work/text"
echo "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20" >"$work/tokens"
echo "1 2 99999999" >"$work/far"

same tokenize "$lab" tokenize $model "$work/lines.json"
worked tokenize "$work/there_out"
same "tokenize --special --bos" "$lab" tokenize $model "$work/lines.json" --special --bos
same detokenize "$lab" detokenize $model "$work/ids.json"
worked detokenize "$work/there_out"
same "detokenize --hex" "$lab" detokenize $model "$work/ids.json" --hex
same "detokenize, an id out of range" "$lab" detokenize $model "$work/far.json"
same prompt "$lab" prompt $model "$work/case.json"
worked prompt "$work/there_out"
same logits "$lab" logits $model "$work/tokens" "$work/file"
worked logits "$work/file"
same "logits --batch 1" "$lab" logits $model "$work/tokens" "$work/file" --batch 1
same "logits --exact" "$lab" logits $model "$work/tokens" "$work/file" --exact
same "logits --kv q8_0" "$lab" logits $model "$work/tokens" "$work/file" --kv q8_0
same "logits, an id out of range" "$lab" logits $model "$work/far" "$work/file"
check "... and no file" [ ! -e "$work/file" ]
same perplexity "$lab" perplexity $model "$work/text" --context 64
worked perplexity "$work/there_out"
same "perplexity of a short text" "$lab" perplexity $model "$work/case.json" --context 512
same imatrix "$lab" imatrix $model "$work/text" "$work/file" --context 100
worked imatrix "$work/file"
same embed "$lab" embed $model "$work/ids.json"
printf '["one text", "another, which is longer than the first", "three"]' >"$work/texts.json"
same "embed texts" "$lab" embed $model "$work/texts.json" --pooling mean
worked "embed texts" "$work/there_out"
same "embed --raw" "$lab" embed $model "$work/texts.json" --pooling cls --raw
same "rerank by no reranker" "$lab" rerank $model "a question" "$work/texts.json"
same "no such model" "$lab" logits "$work/none.gguf" "$work/tokens" "$work/file"
same "no model" "$lab" tokenize "$work/text" "$work/lines.json"

if ! have_data; then
	skip "the golden models" "no reference data"
	exit 0
fi
n=0
for tokens in "$data"/golden/arch/*.tokens; do
	[ $((n++ % every)) = 0 ] || continue
	name=$(basename "$tokens" .tokens)
	same "$name" "$lab" logits "${tokens%.tokens}.gguf" "$tokens" "$work/file"
	worked "$name" "$work/file"
	same "$name, as an answer" "$lab" logits "${tokens%.tokens}.gguf" "$tokens" "$work/file" --batch 1
	same "$name, --exact" "$lab" logits "${tokens%.tokens}.gguf" "$tokens" "$work/file" --exact
done
for tokens in "$data"/golden/embed/*.tokens; do
	name=$(basename "$tokens" .tokens)
	awk 'BEGIN { printf "[" } { gsub(/[ \t]+/, ", "); printf "%s[%s]", (NR > 1 ? ", " : ""), $0 } END { print "]" }' "$tokens" >"$work/seqs.json"
	same "$name" "$lab" embed "${tokens%.tokens}.gguf" --ids "$work/seqs.json"
	worked "$name" "$work/there_out"
done
for vocab in "$data"/tokenizers/*.gguf; do
	[ -e "$vocab" ] && [ $((n++ % every)) = 0 ] || continue
	same "$(basename "$vocab")" "$lab" tokenize "$vocab" "$work/lines.json" --special --bos
done
