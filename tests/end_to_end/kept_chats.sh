#!/bin/bash
# Conversations in the vault as a person meets them, on a real terminal over the scripted engine: the question of the first start,
# unlocking, a wrong passphrase, locking, private conversations, an end in the middle of an answer, two at once.
. tests/tap.sh
. tests/screen.sh

chat=$build/tests/app/hearth/chat
model=models/hearth-builtin.gguf
export TERM=xterm-256color TMPDIR=$work/temporary
unset NO_COLOR COLUMNS DBUS_SESSION_BUS_ADDRESS
mkdir -p "$TMPDIR"

if terminal_missing || [ ! -x "$chat" ] || [ ! -f $model ]; then
	skip "kept conversations on a terminal" "needs script (bsdutils) and a pseudoterminal, $chat and $model"
	exit 0
fi
chat=$(realpath "$chat")
hearth=$(realpath "$build/hearth")
model=$(realpath $model)
vault=$HEARTH_HOME/vaults/main

play() { on_terminal "$chat --play $*"; }
terminal() { on_terminal "$hearth $*"; }

database_changed() { [ "$(sha256sum <"$vault/vault.db")" != "$database_now" ]; }
stored() { grep -rqaF -- "$1" "$HEARTH_HOME" "$TMPDIR"; }
stored_not() { ! stored "$1"; }

# The first start: Enter alone keeps nothing, and is remembered.
{
	await "Enter alone" '\r'
	await "Not saved" 'hello\r'
	await "You said: hello" '\004'
} | play -m "$model"
check "the first start asks how to keep conversations" shows "Shall hearth keep your conversations"
check "Enter alone keeps nothing" [ ! -e "$vault" ]
check "and the chat says so" shows "Not saved"
{ await "Not saved" '\004'; } | play -m "$model"
check "which is remembered" shows_not "Shall hearth"
rm -rf "$HEARTH_HOME"
{ await "Enter alone" '\004'; } | play -m "$model"
check "Ctrl-D at the question leaves" status_is 0
check "and decides nothing" [ ! -e "$HEARTH_HOME/settings" ]

{
	await "Enter alone" '2\r'
	await "The next start asks again" 'hello\r'
	await "You said: hello" '\004'
} | DBUS_SESSION_BUS_ADDRESS=unix:path=$work/nowhere play -m "$model"
check "on a desktop its keyring is offered" shows "this desktop's keyring keeps"
check "and where it does not answer, nothing is kept" [ ! -e "$vault/vault.key" ]

# A passphrase, twice; the second time it is the other one.
{
	await "Enter alone" '1\r'
	await "New passphrase" 'a walk by the sea\r'
	await "once more" 'a walk by the see\r'
	await "not the same" 'a walk by the sea\r'
	await "once more" 'a walk by the sea\r' 2
	await "is unlocked" 'zanzibar quokka\r'
	await "You said: zanzibar" '/private\r'
	await "private> " 'timbuktu numbat\r'
	await "You said: timbuktu" '/new\r'
	await "forgotten" 'slow 400\r'
	await "17 18 19" ''
	# A part of the answer is kept while it comes: the database grows, or changes, once more.
	database_now=$(sha256sum <"$vault/vault.db")
	until_true database_changed
	database_now=$(sha256sum <"$vault/vault.db")
	until_true database_changed
	kill -9 "$(cat "$work/pid")"
} | play -m "$model"
code=$(grep -aoE '([0-9A-Z]{4}-){6}[0-9A-Z]{4}' "$work/screen" | head -n 1)
check "a vault is made" [ -f "$vault/vault.key" ]
check "the passphrase is not shown" shows_not "by the sea"
check "two different ones are asked for again" shows "not the same"
check "a recovery code is shown" [ -n "$code" ]
check "the chat says that it is saved" shows "Saved, encrypted."
for word in zanzibar timbuktu "17 18 19" "by the sea" "$code"; do
	check "'$word' is in no file" stored_not "$word"
done

# What of it a process has in its memory, for root: words, and the keys where the second reader can tell them.
keys=$(echo "a walk by the sea" | /usr/bin/python3 tests/end_to_end/vault_keys.py "$vault" 2>/dev/null)
look() {
	[ "$(id -u)" = 0 ] || return
	# shellcheck disable=SC2086 # the keys are words
	/usr/bin/python3 tests/end_to_end/process_memory.py "$(cat "$work/pid")" zanzibar quokka "17 18 19" "by the sea" $keys 2>/dev/null
}

# Unlocking: a wrong passphrase changes nothing; then everything is there, also what the kill cut.
sum() { (cd "$vault" && sha256sum -- *.key *.db *-journal); }
before=$(sum)
{
	await "Passphrase" 'a walk\r'
	await "is not right" '\004'
} | play -m "$model"
check "a wrong passphrase is said" shows "the passphrase is not right"
check "and changes no file" [ "$before" = "$(sum)" ]
{
	await "Passphrase" 'a walk by the sea\r'
	await "cut when hearth ended" '/chats\r'
	await "goes on with one" '/open 1\r'
	await "You said: zanzibar" '/search quokka zan\r'
	await "/open NUMBER goes on with one" '/search timbuktu\r' 2
	await "No message has" ''
	look >"$work/unlocked"
	printf '/lock\r'
	await "Ctrl-D leaves" '' 2
	look >"$work/locked"
	printf '%s\r' "$code"
	await "You said: zanzibar" '/delete 1 yes\r' 3
	await "is erased" '/search zanzibar\r'
	await "No message has" '\004'
} | play --resume -m "$model"
check "--resume goes on with the last one, and says that its answer was cut" shows "cut when hearth ended"
check "what came before the kill is there" shows "17 18 19"
check "the list has both" shows "zanzibar quokka"
check "a private conversation is in no list" shows_not "timbuktu numbat"
check "/search finds" shows "zanzibar quokka"
check "the recovery code opens it too" shows "is erased"
if [ -s "$work/unlocked" ]; then
	check "an unlocked process has the words in its memory" grep -q "zanzibar" "$work/unlocked"
	[ -z "$keys" ] || check "and the keys" grep -q "^key " "$work/unlocked"
	check "a locked one has neither" [ ! -s "$work/locked" ]
else
	skip "a locked process has no words and no keys in its memory" "needs root and /usr/bin/python3"
fi

# A second one beside the first works in the same vault; `hearth vault lock` locks both, and what comes next finds it locked.
{
	await "Passphrase" 'a walk by the sea\r'
	await "is unlocked" 'marsupial of the first\r'
	await "You said: marsupial" ''
	(
		work=$work/second
		mkdir -p "$work"
		{
			await "this one joins it" '/search marsupial\r'
			await "/open NUMBER" 'heron of the second\r'
			await "You said: heron" ''
			"$hearth" vault >"$work/about" 2>&1
			"$hearth" chats list --json >"$work/list" 2>&1
			"$hearth" vault lock >"$work/lock" 2>&1
			"$hearth" chats list </dev/null >"$work/locked" 2>&1
			await "Ctrl-D leaves" '\004'
		} | play -m "$model"
	)
	await "another hearth locked it" 'a walk by the sea\r'
	await "You said: marsupial" '\004' 2
} | play -m "$model"
check "a second hearth joins the first, without a passphrase" grep -qaF "this one joins it" "$work/second/screen"
check "and finds what the first one kept" grep -qaF "marsupial of the first" "$work/second/screen"
check "hearth vault says that it is unlocked" grep -q "It is unlocked, in a hearth that runs now" "$work/second/about"
check "hearth chats asks through the chat" [ "$(grep -c '"title": "\(marsupial of the first\|heron of the second\)"' "$work/second/list")" = 2 ]
check "hearth vault lock locks it" grep -q "is locked: no process has its keys" "$work/second/lock"
check "nobody gets in without the passphrase then" grep -q "locked" "$work/second/locked"
check "the chat that had it open is locked too, and goes on after the passphrase" [ "$(seen "You said: marsupial")" -ge 2 ]

# Who can open it: another passphrase, a key file, a new recovery code; what is removed opens it no more.
before=$(cd "$vault" && sha256sum vault.db)
{
	await "Passphrase:" 'a walk by the sea\r'
	await "New passphrase" 'a swim in the lake\r'
	await "once more" 'a swim in the lake\r'
	await "has a new passphrase" ''
} | terminal vault passphrase
check "the passphrase is changed" status_is 0
check "and nothing is written anew" [ "$before" = "$(cd "$vault" && sha256sum vault.db)" ]
{ await "Passphrase:" 'a walk by the sea\r' && await "is not right" '\r'; } | terminal vault slots add key-file "$work/main.key"
check "the old one opens it no more" status_is 1
check "and no key file is made for it" [ ! -e "$work/main.key" ]
{ await "Passphrase:" 'a swim in the lake\r' && await "opens it too" ''; } | terminal vault slots add key-file "$work/main.key"
check "a key file is added" status_is 0
check "which opens it without a question" "$hearth" chats list --key-file "$work/main.key"
check "and lists what is kept" grep -q "marsupial of the first" "$work/out"
{ await "Passphrase:" "$code\r" && await "recovery code" ''; } | terminal vault recovery new
new=$(grep -aoE '([0-9A-Z]{4}-){6}[0-9A-Z]{4}' "$work/screen" | tail -n 1)
check "a new recovery code is shown" [ -n "$new" ]
{ await "Passphrase:" "$code\r" && await "is not right" '\r'; } | terminal vault slots remove 1
check "the old code opens it no more" status_is 1
"$hearth" vault slots --json >"$work/slots"
check "three ways open it" [ "$(grep -o '"slot"' "$work/slots" | wc -l)" = 3 ]
slot=$(grep -o '{"slot": [0-9], "kind": "passphrase"' "$work/slots" | grep -o '[0-9]')
check "a slot is removed" "$hearth" vault slots remove "$slot" --key-file "$work/main.key"
check_status 1 "an empty slot cannot be removed again" "$hearth" vault slots remove "$slot" --key-file "$work/main.key"
check_status 1 "another key file opens nothing" "$hearth" chats list --key-file "$hearth"
check_status 2 "slots says how it is used" "$hearth" vault slots add nothing
check "recovery explains itself" "$hearth" vault recovery
check "and says where the code is typed" grep -q "type the recovery code where the passphrase is" "$work/out"

# For scripts.
scripted() { "$hearth" chats "$@" --key-file "$work/main.key"; }
number=$(scripted search marsupial --json 2>/dev/null | grep -o '"number": [0-9]*' | head -n 1 | grep -o '[0-9]*')
check "search finds the number" [ -n "$number" ]
check "show prints the messages" "$hearth" chats show "$number" --key-file "$work/main.key"
check "in order" eval 'grep -A 4 "^## user" "$work/out" | tr "\n" " " | grep -q "marsupial of the first  ## assistant"'
check "show --json has them too" "$hearth" chats show "$number" --json --key-file "$work/main.key"
check "as an object" grep -q '"role": "user", .*"text": "marsupial of the first"' "$work/out"
check "rename" "$hearth" chats rename "$number" "Of pouches" --key-file "$work/main.key"
check "branch" "$hearth" chats branch "$number" 1 --key-file "$work/main.key"
branch=$(cat "$work/out")
cp -r "$vault" "$work/copy"
check "rename again" "$hearth" chats rename "$branch" "Of pouches" --key-file "$work/main.key"
mv "$vault" "$work/newer" && cp -r "$work/copy" "$vault"
check "an old copy of the vault opens" "$hearth" chats list --key-file "$work/main.key"
check "and is noticed" grep -q "this vault is older than it was" "$work/err"
rm -rf "$vault" "$work/copy" && mv "$work/newer" "$vault"
check "delete" "$hearth" chats delete "$number" --key-file "$work/main.key"
check_status 1 "what is deleted is gone" "$hearth" chats show "$number" --key-file "$work/main.key"
check "list --json says what the branch is of" "$hearth" chats list --json --key-file "$work/main.key"
check "and its title" grep -q "\"number\": $branch, \"title\": \"Of pouches\", .*\"branch_of\": $number, \"messages\": 2}" "$work/out"
for word in marsupial pouches heron; do
	check "'$word' is in no file" stored_not "$word"
done
check_status 1 "a number that is none is one line" "$hearth" chats show x
check_status 1 "without a key file and a terminal the vault stays locked" "$hearth" chats
check "and says what to do" grep -q -- "--key-file FILE" "$work/err"

# Enter alone at the passphrase, and --private: nothing is written.
before=$(sum)
{ await "Passphrase" '\r' && await "private> " 'hello\r' && await "You said" '\004'; } | play -m "$model"
check "Enter alone opens a private chat" shows "No vault is unlocked"
{ await "private> " 'hello\r' && await "You said" '\004'; } | play --private -m "$model"
check "--private asks nothing" shows_not "Passphrase"
check "neither changes a file" [ "$before" = "$(sum)" ]

# Idle: a vault that a key file opens, and a lock after a moment.
check "a vault with a key file is made without a question" "$hearth" vault create --vault other --key-file "$work/key"
printf 'lock = 0.05\n' >"$HEARTH_HOME/settings"
{
	await "is unlocked" 'hello\r'
	await "You said: hello" ''
	await "no key was pressed" '\r'
	await "You said: hello" '\004' 2
} | play --vault other --key-file "$work/key" -m "$model"
check "the vault locks when nobody is there" shows "no key was pressed"
check "and the conversation goes on after it" [ "$(seen "You said: hello")" -ge 2 ]

# Without a terminal nothing is asked and nothing is kept.
rm -rf "$HEARTH_HOME"
check "without a terminal nothing is asked" "$chat" --play -m "$model"
check "and nothing is kept" [ ! -e "$HEARTH_HOME/vaults" ]
