# Programs apart: what each links, and what becomes of hearth when its engine ends, hangs or is given bad files.
. tests/tap.sh

imports() { nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $2); print $2 }'; }
defines() { nm "$1" | awk '$2 == "T" || $2 == "t" { print $3 }'; }
check_status 1 "hearth-engine links nothing that opens a file" sh -c "$(declare -f imports); imports $build/hearth-engine |
	grep -xE '(f|fd|fre|p|dl)?open(64|at|at64|dir)?|creat(64)?|rename|unlink|mkdir|mkstemp|stat|readlink'"
check_status 1 "nor a socket, nor anything that starts a program" sh -c "$(declare -f imports); imports $build/hearth-engine |
	grep -xE 'socket|connect|bind|listen|accept4?|getaddrinfo|gethostby.*|res_.*|exec.*|fork|vfork|posix_spawn.*|system|ptrace'"
check_status 1 "hearth links nothing that parses or computes a model" sh -c "$(declare -f defines); defines $build/hearth |
	grep -xE 'gguf_open.*|huggingface_open|safetensors_read|model_open|kernels_choose|scheduler_new|template_.*|tokenizer_.*|vocab_.*'"

model=models/hearth-builtin.gguf
"$build/hearth-lab" generate $model --ids "1 2 3" -n 8 >"$work/here"
check "hearth-lab generates the same ids through the engine" "$build/hearth-lab" generate $model --ids "1 2 3" -n 8 --engine
check "which are these" cmp "$work/here" "$work/out"
"$build/hearth-lab" plan $model >"$work/here"
check "and tells the same plan" "$build/hearth-lab" plan $model --engine
check "which is this" cmp "$work/here" "$work/out"
check_status 2 "a command without a model knows no engine" "$build/hearth-lab" template a b --engine

if [ ! -r /proc/self/stat ]; then
	skip "an engine that ends or hangs" "there is no /proc here"
	exit 0
fi

# The engine of a hearth: the child of its child, the spawner.
children() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'; }
engine_of() {
	local tries=2400 spawner engine
	while [ $((tries -= 1)) -gt 0 ]; do
		for spawner in $(children "$1"); do
			for engine in $(children "$spawner"); do
				[ "$(cat "/proc/$engine/comm" 2>/dev/null)" = hearth-engine ] && echo "$engine" && return
			done
		done
		sleep 0.05
	done
}
gone() {
	local tries=2400
	while [ $((tries -= 1)) -gt 0 ]; do
		[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}
# begin: an answer that takes long, since nothing may follow that ends it; $pid is hearth, $engine its engine, both in the middle of it.
printf 'root ::= [a-z ]* "\\x01\\x02\\x01\\x02"\n' >"$work/endless"
begin() {
	HEARTH_CPU=portable "$build/hearth" run --raw --temp 0 --grammar "$work/endless" -n 100000 --context 2048 --threads 1 "Once upon a time" \
		>"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	engine=$(engine_of $pid)
	local tries=2400
	while [ $((tries -= 1)) -gt 0 ] && [ ! -s "$work/out" ]; do sleep 0.05; done
}

for moment in 0 0.05 0.2; do
	begin
	sleep $moment
	kill -9 "$engine"
	wait $pid
	check "an engine that is killed in mid-answer ends hearth run with status 1" [ $? = 1 ]
	check "and one line" sh -c "[ \$(wc -l <$work/err) = 1 ] && grep -q 'ended unexpectedly: it was killed (signal 9)' $work/err"
done
begin
kill -9 $pid
wait $pid 2>/dev/null
check "an engine ends with hearth" gone "$engine"
begin
kill -INT $pid
wait $pid
check "an interrupt ends with status 130" [ $? = 130 ]
check "and the engine with it" gone "$engine"

export TERM=xterm-256color
if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	skip "a chat whose engine ends" "needs script (bsdutils) and a pseudoterminal"
	exit 0
fi
mkdir -p "$HEARTH_HOME"
echo "keep = off" >"$HEARTH_HOME/settings"
hearth=$(realpath "$build/hearth")
await() { # TEXT COUNT: waits until the screen has it so often
	local tries=2400
	while [ $((tries -= 1)) -gt 0 ]; do
		[ "$(grep -aoF -- "$1" "$work/screen" | wc -l)" -ge "$2" ] && break
		sleep 0.1
	done
}
{
	await "Ctrl-D leaves" 1
	printf 'Hello!\r'
	sleep 1
	kill -9 "$(engine_of "$(cat "$work/pid")")"
	sleep 0.3
	printf 'Hello again!\r'
	await "was started again" 1
	sleep 1
	printf '/why\r'
	await "was chosen" 1
	printf '\004'
} | script -qefc "stty cols 200 rows 40; echo \$\$ >$work/pid; exec $hearth --temp 0" "$work/screen" >/dev/null 2>&1
status=$?
check "a chat goes on when its engine was killed" [ $status = 0 ]
check "it says so in a line" grep -qaF "ended unexpectedly: it was killed (signal 9), and was started again" "$work/screen"
check "and the conversation is kept" sh -c "sed -n '/why/,\$p' $work/screen | grep -qa 'message.*Hello!'"
