# Fetching on the page: a whole model and one in three files, from a hub in a network of its own (tests/hostile_net).
. tests/tap.sh
. tests/hostile_net/enter.sh
. tests/serving.sh
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; kill $host_pid 2>/dev/null; wait 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
models=$HEARTH_HOME/models

pull() { ask hearth/models/pull -d "{\"name\": \"$1\"}"; }
last() { tail -n 1 "$work/body" | grep -q -- "$1"; }
same_parts() {
	local n
	for n in 1 2 3; do cmp "$models/big-Q4_K_M-0000$n-of-00003.gguf" "$net/part-0000$n-of-00003.gguf" || return 1; done
}
hashes() {
	local n
	for n in 2 3 1; do sha256sum "$net/part-0000$n-of-00003.gguf" | cut -d' ' -f1; done | paste -sd' '
}

check "a server starts" serve_begin --port 0
pull https://host.example/model.gguf
check "a whole model is fetched" cmp "$models/model.gguf" "$net/model.gguf"
check "its hash is told, and no parts" last "\"sha256\": \"$digest\", \"model\": \"$models/model.gguf\", \"part\": 0, \"parts\": 0"
pull good/split:Q4_K_M
check "all parts of a split one are" same_parts
check "with all their hashes" last "\"sha256\": \"$(hashes)\", \"model\": \"$models/big-Q4_K_M-00001-of-00003.gguf\".*\"parts\": 3"
check "and which one comes is told" grep -q '"part": 1, "parts": 3' "$work/body"
ask hearth/models
check "it is one model" [ "$(grep -c '"id": "[^"]*big-Q4_K_M' "$work/body")" = 1 ]
ask hearth/models/use -d "{\"model\": \"$models/big-Q4_K_M-00001-of-00003.gguf\"}"
check "that can be used" [ "$code" = 200 ]
ask v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}'
check "and answers" [ "$code" = 200 ]
rm "$models"/big-Q4_K_M-0000[13]*
pull good/split:sub/big-Q4_K_M-00001-of-00003.gguf
check "what is here already is compared, and the rest fetched" same_parts
rm "$models"/big-Q4_K_M-00001*
printf x >>"$models/big-Q4_K_M-00002-of-00003.gguf"
pull good/split:Q4_K_M
check "a part that was changed here is refused" grep -q 'is here already, and is not what was fetched' "$work/body"
rm -rf "$models"
pull https://host.example/good-00002-of-00003.gguf
check "so is a later part alone" grep -q 'name its first part' "$work/body"
pull https://host.example/mixed-00001-of-00003.gguf
check "and parts that are no model together" grep -q 'no usable model and was removed' "$work/body"
check "which are gone" [ -z "$(find "$models" -name 'mixed*.gguf')" ]
serve_end
check "the server ends well" [ "$status" = 0 ]
