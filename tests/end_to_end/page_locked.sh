# Locked models while hearth serves: listed and used on the page, gone from memory when the vault is locked, and there again after it;
# a server that is started with one.
. tests/tap.sh
. tests/serving.sh
. tests/screen.sh
if terminal_missing; then
	skip "locked models while hearth serves" "no pseudoterminal to give a passphrase on"
	exit 0
fi

model=$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)
mkdir -p "$HEARTH_HOME/models"
python3 tests/end_to_end/split_gguf.py "$model" "$HEARTH_HOME/models/splitname" 3 2>/dev/null || split=none
cp "$model" "$HEARTH_HOME/models/secretname.gguf"
head -c 32 /dev/urandom >"$work/key"
key="--key-file $work/key"
check "a vault" "$build/hearth" vault create $key
{
	await "New passphrase" 'four words or more\r'
	await "once more" 'four words or more\r'
} | on_terminal "$build/hearth vault slots add passphrase $key"
check "a model is locked" "$build/hearth" models lock secretname $key
[ "${split:-}" = none ] || check "and one in three files" "$build/hearth" models lock splitname $key

asks() { # the model answers, with the status STATUS
	ask v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4, "seed": 1, "temperature": 0}'
	[ "$code" = "$1" ]
}
in_memory() { # the opened file in some process of this server's
	local link
	for link in /proc/"$pid"/fd/*; do
		readlink "$link"
	done | grep -c '^/memfd:'
}
unlock() { ask hearth/vault/unlock -d '{"passphrase": "four words or more"}' && [ "$code" = 200 ]; }
lock() { ask hearth/vault/lock -X POST && [ "$code" = 200 ]; }

serve_begin --port 0
ask hearth/models
check "nothing tells of it while the vault is locked" [ "$code" = 200 ]
check_status 1 "by no name" grep -q secretname "$work/body"
ask hearth/models/use -d '{"model": "(locked) secretname.gguf"}'
check "it cannot be used then" [ "$code" = 423 ]
check "the vault is unlocked" unlock
ask hearth/models
check "it is listed" grep -q '"id": "(locked) secretname.gguf", "title": "secretname.gguf", "kind": "locked".*"fits": "yes".*"current": false' "$work/body"
check "with its size" grep -q "(locked) secretname.*\"bytes\": $(stat -c %s "$model")" "$work/body"
if [ "${split:-}" != none ]; then
	check "one in three files is one, and as large as they are" [ "$(grep -c '(locked) splitname' "$work/body")" = 1 ]
	check_status 1 "its later parts are none" grep -q 'splitname-00002' "$work/body"
fi
check "the built-in model answers" asks 200
cp "$work/body" "$work/plain"
ask hearth/models/use -d '{"model": "(locked) no-such"}'
check "one that is not there is said to be missing" grep -q 'no model of this name' "$work/body"
ask hearth/models/use -d '{"model": "(locked) secretname.gguf"}'
check "it is used" [ "$code" = 200 ]
check "by its name" asks 200
check "and answers" grep -q '"model":"secretname"' "$work/body"
said() { grep -o '"content":"[^"]*"' "$1"; }
check "as the same file does in the clear" [ "$(said "$work/body")" = "$(said "$work/plain")" ]
check "it lies in memory" [ "$(in_memory)" -gt 0 ]
ask hearth/state
check "its name is told" grep -q '"model": "hearth' "$work/body"
ask hearth/models/use -d '{"model": "(locked) secretname.gguf"}'
check "using it again changes nothing" asks 200
check "the vault is locked" lock
check "then it lies in no memory" [ "$(in_memory)" = 0 ]
ask hearth/state
check "its name is told to nobody" grep -q '"model": "a locked model"' "$work/body"
check_status 1 "nowhere" grep -q secretname "$work/body"
asks 0
check "it does not answer" grep -q 'Unlock it, or choose another model' "$work/body"
check "unlocking brings it back" unlock
check "with an answer" asks 200
if [ "${split:-}" != none ]; then
	ask hearth/models/use -d '{"model": "(locked) splitname-00001-of-00003.gguf"}'
	check "the one in three files is used" [ "$code" = 200 ]
	check "in place of the other, which lies in memory no more" [ "$(in_memory)" = 3 ]
	check "and answers" asks 200
fi
builtin=$(realpath "$model")
ask hearth/models
path=$(sed -n 's/.*"id": "\([^"]*hearth-builtin.gguf\)".*/\1/p' "$work/body")
ask hearth/models/use -d "{\"model\": \"${path:-$builtin}\"}"
check "another one is used instead" [ "$code" = 200 ]
check "and no locked one lies in memory" [ "$(in_memory)" = 0 ]
check "it answers" asks 200
check_status 1 "the settings have the name of no locked one" grep -rq 'secretname\|splitname' "$HEARTH_HOME"
serve_end

check "a server starts with one" serve_begin --port 0 -m secretname $key
ask hearth/state
check "its vault is open" grep -q '"vault": "open"' "$work/body"
check "it answers" asks 200
check "the vault is locked" lock
check "and nothing of it lies in memory" [ "$(in_memory)" = 0 ]
check "it comes back" unlock
check "and answers" asks 200
serve_end
check "the server ends well" [ "$status" = 0 ]
