#!/bin/bash
# The hearth command as scripts use it: exit statuses, --json, pipes, files, errors of one line.
. tests/tap.sh

hearth=$build/hearth
model=models/hearth-builtin.gguf
real=$data/real/stories260K.gguf

one_line() { [ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ]; }
# What the last command showed, before this check writes its own output there: says PART, matches PATTERN.
says() { grep -qF -- "$1" "$work/kept" "$work/err"; }
matches() { grep -qE -- "$1" "$work/kept"; }
shown() { # NAME says|matches PART
	cp "$work/out" "$work/kept"
	check "$@"
}
# fails STATUS NAME PART COMMAND...: that status, one line on standard error with PART in it, nothing on standard output.
fails() {
	local status=$1 name=$2 part=$3
	shift 3
	check_status "$status" "$name" "$@"
	cp "$work/out" "$work/kept"
	one_line && says "$part" || check "$name: one line that says '$part'" false
}

check "help is there for the program" "$hearth" --help
for command in chat run models doctor help; do
	check "and for $command" "$hearth" $command --help
done
check "the version names the kernels" "$hearth" --version
check "doctor explains the machine" "$hearth" doctor
shown "doctor says which layers the engine's jail has" matches "hearth-engine +filter of system calls"
check "models are listed" "$hearth" models list

fails 2 "an unknown flag is wrong use" "did you mean --temp" "$hearth" run --tmp 1 x
fails 2 "an unknown command is wrong use" "did you mean 'run'" "$hearth" rum x
fails 2 "a missing prompt is wrong use" "prompt" "$hearth" run
fails 2 "a wrong number is wrong use" "whole number" "$hearth" run -n many x
fails 2 "--raw with --system is wrong use" "--system" "$hearth" run --raw --system a x
fails 2 "models needs a word" "list" "$hearth" models
fails 2 "words for the chat are wrong use" "hearth run" "$hearth" chat hello
fails 1 "a missing file fails" "nowhere.gguf" "$hearth" run -m nowhere.gguf x
fails 1 "a folder is no model" "is a directory" "$hearth" run -m /tmp x
fails 1 "a device is no model" "/dev/zero" "$hearth" run -m /dev/zero x
echo "no model" >"$work/broken.gguf"
fails 1 "a broken file fails" "broken.gguf" "$hearth" run -m "$work/broken.gguf" x
echo "<!doctype html>" >"$work/page.gguf"
fails 1 "a saved web page is named" "web page" "$hearth" run -m "$work/page.gguf" x
fails 1 "a missing --file fails" "nothing.txt" "$hearth" run --file "$work/nothing.txt" x
fails 1 "inspect names what is wrong" "broken.gguf" "$hearth" models inspect "$work/broken.gguf"
printf 'GGUF\003\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$work/empty.gguf"
fails 1 "a file without an architecture fails" "architecture" "$hearth" run -m "$work/empty.gguf" x

# What bash completes behind a line, one proposal a line.
completes() { # WANTED WORDS...
	local wanted=$1
	shift
	bash -c '. share/completions/hearth.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_hearth && printf "%s\n" "${COMPREPLY[@]}"' - "$@" | grep -qxF -- "$wanted"
}
if [ -e /dev/fd/0 ]; then
	check "bash completes commands" completes models hearth mod
	check "bash completes a command's flags" completes --json hearth run --j
	check "bash completes only flags that the command has" sh -c '! "$@"' - bash -c '. share/completions/hearth.bash
		COMP_WORDS=(hearth doctor --j) COMP_CWORD=2; _hearth; [ ${#COMPREPLY[@]} -gt 0 ]'
	check "bash completes models" completes builtin hearth run -m bui
else
	skip "bash completes" "there is no /dev/fd here"
fi

if [ -f "$model" ]; then
	check "without a terminal one question is answered" "$hearth"
	cp "$work/out" "$work/kept"
	check "and shown" says "> Hello"
	check "the question has an answer" [ "$(sed 1d "$work/kept" | wc -w)" -gt 0 ]
	check "a prompt is answered" "$hearth" run -n 8 --seed 3 "Hello, how are you?"
	check "with --json" "$hearth" run --json -n 4 --temp 0 "Hello!"
	shown "as one object of four members" matches '^\{"text": ".*", "ids": \[[0-9, ]+\], "prompt_tokens": [0-9]+, "stop": "(eos|length)"\}$'
	check "inspect says the architecture" "$hearth" models inspect $model
	check "inspect shows the plan" "$hearth" models inspect $model --plan
	check "verify reads all of a model" "$hearth" models verify $model
	"$hearth" run -n 12 --seed 5 "Tell me about tea." >"$work/a" </dev/null
	"$hearth" run -n 12 --seed 5 --threads 1 "Tell me about tea." >"$work/b" </dev/null
	check "equal seeds give equal answers, whatever the threads" cmp "$work/a" "$work/b"
	echo "Tell me about tea." | "$hearth" run -n 12 --seed 5 >"$work/b"
	check "a prompt may come from a pipe" cmp "$work/a" "$work/b"
	echo "Tell me" >"$work/text"
	prompt() { "$hearth" run --json -n 0 "$@" | sed 's/.*prompt_tokens": \([0-9]*\).*/\1/'; }
	short=$(prompt "Say it again." </dev/null)
	piped=$(echo "Tea is a drink." | prompt "Say it again.")
	filed=$(prompt --file "$work/text" "Say it again." </dev/null)
	check "a pipe adds to the prompt" [ "$piped" -gt "$short" ]
	check "--file adds to the prompt" [ "$filed" -gt "$short" ]
	head -c 300000 /dev/zero | tr '\0' 'x' >"$work/long"
	fails 1 "a prompt that cannot fit is refused with numbers" "context holds" "$hearth" run --file "$work/long" x
	check_status 1 "a full disk is an error for the fixed question too" bash -c "'$hearth' >/dev/full"
	check_status 1 "a full disk is an error" bash -c "'$hearth' run -n 4 hello >/dev/full"
	# A prompt that plain C reads for many seconds: the interrupt comes while it does.
	for _ in $(seq 260); do printf 'Tea is a drink. '; done >"$work/text"
	HEARTH_CPU=portable "$hearth" run --threads 1 -n 1 --file "$work/text" "Tell me." >"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	sleep 0.5
	kill -INT $pid
	wait $pid
	status=$?
	check "an interrupt ends with status 130" [ $status = 130 ]
else
	skip "answers of the built-in model" "$model is not there"
fi

if [ -f "$real" ]; then
	check "a model without a chat template goes on from a text" "$hearth" run -m "$real" --raw -n 10 --temp 0 "Once upon a time"
	shown "with the words that it is known for" says "there was"
	mkdir -p "$work/home/models"
	cp "$real" "$work/home/models/Stories.gguf"
	check "a model is found by its name" "$hearth" run -m stories -n 4 hello
	check "and listed" "$hearth" models list
	shown "by its file's name" says "Stories.gguf"
else
	skip "a real model" "$real is not there"
fi
