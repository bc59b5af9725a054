#!/bin/bash
# conditions: what a target asks for beside speeds on a quiet machine; engines in turn (A B A B ...), medians, ratios.
#
#     bench/conditions.sh [-r ROUNDS] [-n TOKENS] [-t THREADS] [-i SECONDS] [-o FILE.csv] WHAT... -- MODEL.gguf...
#     bench/conditions.sh -s FILE.csv...   the table for docs/SPEED.md of what was measured before, by against_peers.sh too
#
#     cpu        CPU seconds for a generated token: of a process that generates TOKENS, less those of one that generates a quarter
#     neighbour  what part of its speed generation keeps while a shell loop is busy on one of the cores
#     threads    generation with 1, 2, ... threads
#     idle       CPU seconds that a chat with the model loaded takes in SECONDS (60) after an answer; ours alone
#     cold       seconds to the first token of a file that is not in memory (needs a file system that forgets it when asked), and of
#                reading such a file plainly; ours alone
#     start      seconds of `hearth --version`, and of a chat on a terminal from its start to its end on /quit, less those of a
#                terminal in which nothing runs; ours alone
#
# Peers: engines.sh; without them ours alone is measured. FILE.csv (default build/conditions.csv): as against_peers.sh writes it.
set -eu
cd "$(dirname "$0")/.."
. bench/engines.sh
rounds=5 repeats=1 prompt=0 tokens=32 depths=0 threads=2 level="" variant="" seconds=60 out=$build/conditions.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# line MODEL METRIC UNIT VALUE: one value in the 13 columns.
line() {
	echo "${1##*/},$(stat -L -c %s "$1"),best,$threads,$2,$tokens,0,$3,$4,$4,$4,1,0.0"
}

now() { date +%s.%N; }
less() { awk -v a="$1" -v b="$2" -v n="${3:-1}" 'BEGIN { printf "%.4f", (a - b) / n }'; }

# The CPU seconds of a function's processes.
cpu_of() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

tokens_of() { # N ENGINE MODEL
	local tokens=$1
	measure "$2" "$3"
}

do_cpu() { # ENGINE MODEL
	local few=$((tokens / 4))
	line "$2" cpu s/token "$(less "$(cpu_of tokens_of "$tokens" "$1" "$2")" "$(cpu_of tokens_of "$few" "$1" "$2")" $((tokens - few)))"
}

speed_of() { # ENGINE MODEL
	measure "$1" "$2" | awk -F, '$5 == "generate" { print $9 }'
}

do_neighbour() { # ENGINE MODEL
	local quiet busy loop
	quiet=$(speed_of "$1" "$2")
	taskset -c "$(taskset -cp $$ | sed 's/.*[:,-] *//')" sh -c 'while :; do :; done' &
	loop=$!
	busy=$(speed_of "$1" "$2")
	kill $loop
	wait $loop 2>/dev/null || true
	line "$2" kept share "$(awk -v a="$busy" -v b="$quiet" 'BEGIN { printf "%.4f", (b > 0 ? a / b : 0) }')"
}

do_threads() { # ENGINE MODEL
	local threads
	for ((threads = 1; threads <= $(nproc); threads *= 2)); do measure "$1" "$2" | grep ,generate,; done
}

# CPU seconds so far of a process and all that come from it.
session_cpu() { # PID
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" -v hz="$(getconf CLK_TCK)" '
		{ id = $1; sub(/^.*\) /, ""); parent[id] = $2; used[id] = $12 + $13 }
		END {
			for (id in parent) {
				for (up = id; up > 1 && up != top; up = parent[up]) ;
				if (up == top) t += used[id]
			}
			printf "%.2f", t / hz
		}'
}

do_idle() { # ENGINE MODEL
	local before pid
	mkfifo "$work/in"
	chat "$2" <"$work/in" &
	pid=$!
	exec 9>"$work/in"
	sleep 5
	printf 'Hello\r' >&9
	sleep 20
	before=$(session_cpu "$(cat "$work/session")")
	[ "$before" != 0.00 ] || echo "conditions: the chat took no CPU time at all: see what it says with $build/hearth --private -m $2" >&2
	sleep "$seconds"
	line "$2" "idle_cpu_$seconds" s "$(less "$(session_cpu "$(cat "$work/session")")" "$before")"
	printf '/quit\r' >&9
	exec 9>&-
	wait $pid || true
	rm -f "$work/in"
}

# A chat on a terminal of its own, which reads the lines of stdin; $work/session becomes its process.
chat() { # MODEL
	script -qec "echo \$\$ >$work/session; HEARTH_HOME=$work/home $build/hearth --private -n 8 -m $(printf %q "$1")" "$work/screen" >/dev/null
}

forget() { # FILE: takes it out of the page cache
	dd if="$(readlink -f "$1")" iflag=nocache count=0 status=none
}

took() {
	local begin
	begin=$(now)
	"$@" >/dev/null
	less "$(now)" "$begin"
}

do_cold() { # ENGINE MODEL
	sync
	forget "$2"
	line "$2" plain_read s "$(took dd if="$2" bs=1M status=none of=/dev/null)"
	forget "$2"
	line "$2" cold_first s "$(took "$build/hearth-lab" generate "$2" --ids "1 2 3 4" -n 1 --threads "$threads")"
}

do_start() { # ENGINE MODEL
	line "$2" start_version s "$(took "$build/hearth" --version)"
	line "$2" start_chat s "$(less "$(printf '/quit\r' | took chat "$2")" "$(took script -qec true /dev/null </dev/null)")"
}

while getopts r:n:t:i:o:s option; do
	case $option in
	s) shift $((OPTIND - 1)); awk -F, -v OFS=, -v table=1 -f bench/summary.awk "$@"; exit ;;
	r) rounds=$OPTARG ;; n) tokens=$OPTARG ;; t) threads=$OPTARG ;; i) seconds=$OPTARG ;; o) out=$OPTARG ;;
	*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
whats=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	case $1 in
	cpu | neighbour | threads | idle | cold | start) whats+=("$1") ;;
	*) echo "conditions: '$1' is not one of cpu, neighbour, threads, idle, cold, start" >&2; exit 2 ;;
	esac
	shift
done
if [ $# -lt 2 ] || [ ${#whats[@]} = 0 ]; then
	echo "conditions: name what to measure, --, and model files" >&2
	exit 2
fi
shift
find_engines
note "$out"
for ((round = 1; round <= rounds; round++)); do
	for model in "$@"; do
		for what in "${whats[@]}"; do
			case $what in
			idle | cold | start) some=hearth ;;
			*) some=$engines ;;
			esac
			case $what in
			idle | start) command -v script >/dev/null || { echo "conditions: $what needs script(1): skipped"; continue; } ;;
			neighbour) command -v taskset >/dev/null || { echo "conditions: neighbour needs taskset: skipped"; continue; } ;;
			esac
			for engine in $some; do "do_$what" "$engine" "$model" | record "$engine" "$round" >>"$out"; done
		done
	done
done
awk -F, -v OFS=, -f bench/summary.awk "$out"
