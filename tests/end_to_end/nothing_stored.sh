# What was said without a terminal is in no file afterwards, and no network is needed for the same answer.
. tests/tap.sh
model=$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)
canary="zanzibar-quokka-7431"

export HOME=$work/person TMPDIR=$work/temporary XDG_DATA_HOME="" XDG_CONFIG_HOME=""
unset HEARTH_HOME
mkdir -p "$HOME" "$TMPDIR"
check "a prompt with a canary is answered" "$build/hearth" run -m "$model" -n 8 --temp 0 "Remember $canary."
cp "$work/out" "$work/answer"
rm -f "$work"/out "$work"/err "$work"/logout "$work"/logerr
canary_found() { grep -rlF "$canary" "$HOME" "$TMPDIR" | grep .; }
check_status 1 "no file of the user's holds it" canary_found

check "a chat without a terminal answers" "$build/hearth"
kept() { find "$HOME" -name 'vault*' | grep .; }
check_status 1 "and makes no vault" kept

if unshare -rn true 2>/dev/null; then
	unshare -rn "$build/hearth" run -m "$model" -n 8 --temp 0 "Remember $canary." >"$work/alone" 2>/dev/null </dev/null
	check "without a network the answer has the same bytes" cmp "$work/answer" "$work/alone"
else
	skip "without a network the answer has the same bytes" "no network namespaces here"
fi
if command -v strace >/dev/null; then
	strace -f -o "$work/trace" "$build/hearth" run -m "$model" -n 2 --temp 0 "Hello" >/dev/null 2>&1 </dev/null
	if grep -q exited "$work/trace"; then
		sed 1d "$work/trace" >"$work/trace.rest"
		check_status 1 "no socket is opened" grep -E 'socket\(' "$work/trace"
		grep -F 'execve(' "$work/trace.rest" >"$work/started"
		check_status 1 "no other program is started but the engine" grep -vE 'execve\("[^"]*/hearth-engine", \["hearth-engine"\], 0x[0-9a-f]+ /\* 0 vars \*/' "$work/started"
		check_status 1 "nothing is written but the answer" grep -E 'O_(WRONLY|RDWR|CREAT)' "$work/trace"
	else
		skip "no socket is opened" "strace may not look here"
	fi
else
	skip "no socket is opened" "no strace here"
fi
