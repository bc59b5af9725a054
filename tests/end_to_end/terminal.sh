#!/bin/bash
# The chat on a real terminal, over the scripted engine of tests/app/hearth/chat: what a person sees when typing, stopping an
# answer, resizing, in a plain C locale, and when the model writes control sequences.
. tests/tap.sh
. tests/screen.sh

chat=$build/tests/app/hearth/chat
model=models/hearth-builtin.gguf
export TERM=xterm-256color
unset NO_COLOR COLUMNS
# The question of a first start is answered: kept_chats.sh is about that.
mkdir -p "$HEARTH_HOME"
echo "keep = off" >"$HEARTH_HOME/settings"

if terminal_missing || [ ! -x "$chat" ] || [ ! -f $model ]; then
	skip "the chat on a terminal" "needs script (bsdutils) and a pseudoterminal, $chat and $model"
	exit 0
fi
chat=$(realpath "$chat")
model=$(realpath $model)

# play WIDTH ARGUMENTS... <KEYS
play() {
	columns=$1
	shift
	on_terminal "$chat --play $*"
}

{
	await "> " 'hello\r'
	await "You said: hello" 'slow 200\r'
	await "5 6 7" '\003'
	await "(stopped)" 'still here\r'
	await "You said: still here" '\004'
} | play 80 -m "$model"
check "an answer is shown" shows "You said: hello"
check "Ctrl-C stops the answer" shows "(stopped)"
check "and the rest of it is not shown" shows_not "150"
check "and the chat goes on" shows "You said: still here"
check "Ctrl-D leaves with status 0" status_is 0

{
	await "> " '\003'
	await "once more" '\003'
} | play 80 -m "$model"
check "Ctrl-C twice on an empty line leaves" status_is 0

{
	await "> " 'half a line'
	await "half a line" '\003' # by itself: the terminal forgets with it what nobody has read yet
	await "2004h> " 'whole line\r' 2
	await "You said: whole line" '"""\rone\rtwo"""\r'
	await "You said: one" 'a\\\rb\r'
	await "You said: a" '\e[200~pasted\rlines\e[201~\r'
	await "You said: pasted" '\004'
} | play 80 -m "$model"
tr -d '\r' <"$work/screen" >"$work/lines"
check "Ctrl-C throws a half-typed line away" shows_not "half a linewhole"
check "quotes hold several lines together" grep -qaz "You said: one.two" "$work/lines"
check "a backslash goes on in the next line" grep -qaz "You said: a.b" "$work/lines"
check "pasted lines are one message" grep -qaz "You said: pasted.lines" "$work/lines"

{
	await "> " 'say \\e]0;title\\e[31mred \\u009b2J **bold** end\r'
	await "end" '\004'
} | play 80 -m "$model"
check "bold type is shown as such" shows $'\e[0;1mbold\e[0m'
check "a model's escape sequence is text" shows "^[]0;title^[[31mred"
check "and never obeyed" shows_not $'\e[31mred'
check "nor in its 8-bit form" shows_not $'\xc2\x9b2J **'

{
	await "> " 'say **bold** stays\r'
	await "stays" '\004'
} | NO_COLOR=1 play 80 -m "$model"
check "NO_COLOR shows what the model wrote" shows "**bold** stays"
check "without any style" shows_not $'\e[0;1m'

{
	await "> " 'say Caf\xc3\xa9 \xe2\x80\x94 \xe6\x97\xa5 done\r'
	await "done" '\004'
} | LC_ALL=C play 80 -m "$model"
check "a C locale gets ASCII" grep -qa "Cafe -- ? done" "$work/screen"

{
	await "> " 'count 60\r'
	await "59 60" '/help\r'
	await "/quit" '\004'
} | play 60 -m "$model"
# The text of the screen without escape sequences; the line that was typed and libedit drew itself is left out.
sed -e 's/\x1b\[[0-9;?]*[a-zA-Z]//g' -e 's/\r//g' "$work/screen" | grep -av '^> ' | tail -n +2 >"$work/lines"
check "60 columns are enough" awk 'length($0) > 60 && !/^Script/ { bad = 1 } END { exit bad }' "$work/lines"

{
	await "> " 'think Tea.\r'
	await "Tea." '/why\r'
	await "What is wanted?" '/quit\r'
} | play 80 -m "$model"
check "thoughts are folded" shows "thought for"
check "/why shows prompt and thoughts" shows "What is wanted?"
check "/quit leaves" status_is 0

for wrong in nowhere.gguf /tmp /dev/null; do
	play 80 -m $wrong </dev/null
	check "a model path like $wrong is one line and status 1" status_is 1
	check "which names it" shows "hearth: $wrong: "
done
