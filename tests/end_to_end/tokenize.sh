# hearth-lab tokenize and detokenize: forms, statuses and output, on a published vocabulary.
. tests/tap.sh

lab=$build/hearth-lab
spm=$data/tokenizers/llama-spm.gguf
gpt=$data/tokenizers/gpt-2.gguf
if [ ! -e "$spm" ] || [ ! -e "$gpt" ]; then
	skip "tokenize and detokenize" "no reference data"
	exit 0
fi
printf '["Hello world", "", "a\\u0000b", "</s>"]' >"$work/lines.json"
printf '[[1, 15043, 3186], [], [259], [229, 191]]' >"$work/ids.json"
printf '[[32000]]' >"$work/far.json"
printf '{"a": 1}' >"$work/object.json"
printf '["a", 1]' >"$work/mixed.json"

is() { # NAME WANTED: the output of the last command, without white space
	check "$1" [ "$(tr -d ' \n' <"$work/out")" = "$2" ]
}

check "tokenize works" "$lab" tokenize "$spm" "$work/lines.json"
is "ids by line, U+0000 is a byte" '[[15043,3186],[],[263,3,29890],[1533,29879,29958]]'
check "tokenize --special works" "$lab" tokenize "$spm" "$work/lines.json" --special
is "control tokens are parsed" '[[15043,3186],[],[263,3,29890],[2]]'
check "tokenize --bos works, options before the files too" "$lab" tokenize --bos --threads 1 "$spm" "$work/lines.json"
is "BOS stands in front" '[[1,15043,3186],[1],[1,263,3,29890],[1,1533,29879,29958]]'
check "detokenize works" "$lab" detokenize "$spm" "$work/ids.json"
is "pieces are joined, bytes that are not UTF-8 replaced" '["<s>Helloworld","","","'$'\xef\xbf\xbd\xef\xbf\xbd''"]'
check "detokenize --hex works" "$lab" detokenize "$gpt" "$work/ids.json" --hex
check_status 1 "an id out of range is an error" "$lab" detokenize "$spm" "$work/far.json"
check "and the line says which" grep -q "^error: .*far.json: item 0: number 1 in it is no id from 0 to 31999" "$work/err"
check_status 1 "an object is no array" "$lab" tokenize "$spm" "$work/object.json"
check_status 1 "a number is no text" "$lab" tokenize "$spm" "$work/mixed.json"
check "and nothing is printed" [ ! -s "$work/out" ]
check_status 1 "a missing file is an error" "$lab" tokenize "$work/nothing.gguf" "$work/lines.json"
check_status 2 "an unknown option is wrong use" "$lab" tokenize "$spm" "$work/lines.json" --bogus
check_status 2 "--hex is detokenize's" "$lab" tokenize "$spm" "$work/lines.json" --hex
check_status 2 "a missing argument is wrong use" "$lab" detokenize "$spm"
