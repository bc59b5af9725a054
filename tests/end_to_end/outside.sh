# The live programs from outside, as root: while an answer comes, hearth-engine's filters are read out of the kernel and every call
# that they must refuse is made in it (tests/guard/outside.c); it goes on with the same answer. Calls of another architecture
# end it, and hearth says so.
. tests/tap.sh
build=build # a build with sanitizers has no filter
hearth=$build/hearth
outside=$build/tests/guard/outside
model=models/hearth-builtin.gguf

if [ "$(id -u)" != 0 ] || [ ! -r /proc/self/stat ] || [ ! -x "$outside" ]; then
	skip "every call is refused in the live engine" "needs root, /proc and $outside"
	exit 0
fi

echo 'root ::= [a-z ]{4000}' >"$work/long" # an answer that takes a while
children() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'; }
# The engine of the hearth that was started last, when it has begun to answer.
await_engine() {
	local tries=9000 spawner
	engine=""
	while [ $((tries -= 1)) -gt 0 ] && kill -0 "$started" 2>/dev/null; do
		for spawner in $(children "$started"); do
			for engine in $(children "$spawner"); do
				[ -s "$work/answer" ] && [ "$(cat "/proc/$engine/comm" 2>/dev/null)" = hearth-engine ] && return 0
			done
		done
		sleep 0.02
	done
	return 1
}
start() {
	: >"$work/answer"
	"$hearth" run -m "$model" --grammar "$work/long" --seed 11 --threads 2 -n 8000 "Tell me a story" >"$work/answer" 2>"$work/said" </dev/null &
	started=$!
	await_engine
}

start
wait "$started"
cp "$work/answer" "$work/undisturbed"

check "an engine answers" start
grep -E '^(Seccomp|NoNewPrivs|CapEff)' "/proc/$engine/status" | tr '\n' ' ' | sed 's/^/# /;s/$/\n/'
threads=$(ls "/proc/$engine/task" 2>/dev/null | wc -l)
cp "/proc/$engine/environ" "$work/environment" 2>/dev/null
open=$(ls -l "/proc/$engine/fd" 2>/dev/null)
space=$(readlink "/proc/$engine/ns/net")
grep -E '^Max (core|file) ' "/proc/$engine/limits" >"$work/limits" 2>/dev/null
"$outside" "$engine" hearth-engine >"$work/look" 2>&1
status=$?
alive() { kill -0 "$started" 2>/dev/null; }
check "it is in mid-answer" alive
wait "$started"
ended=$?
if [ $status = 77 ] || [ $status = 78 ]; then
	skip "every call is refused in the live engine" "$(tail -n 1 "$work/look")"
else
	check "its filters and its answers to every call are as written" [ $status = 0 ]
	[ $status = 0 ] || head -n 20 "$work/look" | sed 's/^/# /'
	check "it has several threads" [ "$threads" -gt 1 ]
	check "it goes on and answers to the end" [ $ended = 0 ]
	check "with the same bytes as one that is left alone" cmp "$work/answer" "$work/undisturbed"
	check "it has no environment" [ ! -s "$work/environment" ]
	check_status 1 "it has no file that can be written, no terminal and no internet socket open" grep -E '/dev/(pts|tty)|^l?[r-]w.* -> /' <<<"$open"
	check "it leaves no core and writes no file" sh -c "grep -q '^Max core file size *0 *0' '$work/limits' && grep -q '^Max file size *0 *0' '$work/limits'"
	if unshare -rn true 2>/dev/null; then
		check "it is in a network of its own" [ "$space" != "$(readlink /proc/self/ns/net)" ]
	else
		skip "it is in a network of its own" "no namespaces here"
	fi
fi

if [ $status = 0 ]; then
	start
	"$outside" "$started" hearth >"$work/look" 2>&1
	looked=$?
	check "hearth itself refuses what it must in mid-answer" [ $looked = 0 ]
	[ $looked = 0 ] || head -n 20 "$work/look" | sed 's/^/# /'
	wait "$started"
	check "and its answer has the same bytes too" cmp "$work/answer" "$work/undisturbed"
fi

if [ "$(uname -m)" = x86_64 ] && [ $status = 0 ]; then
	for call in "ia32 359" "ia32 5" "ia32 11" "x32 41" "x32 257" "x32 425"; do
		start
		# shellcheck disable=SC2086 # two words
		"$outside" "$engine" hearth-engine $call >"$work/look" 2>&1
		ended=$?
		wait "$started"
		failed=$?
		if grep -q 'answered with -38' "$work/look"; then
			skip "a call of another architecture ($call) ends the engine" "this kernel knows no such calls"
		else
			check "a call of another architecture ($call) ends the engine" [ $ended = 0 ]
			check "and hearth says so in a line" [ $failed = 1 ]
			check "that is one line" [ "$(wc -l <"$work/said")" = 1 ]
		fi
	done
fi
