#!/bin/bash
# against_peers: hearth and the peers in turn on the same files (A B A B ...), medians over the rounds, and ratios.
#
#     HEARTH_PEERS=DIR bench/against_peers.sh [-r ROUNDS] [-p PROMPT] [-n TOKENS] [-d DEPTHS] [-t THREADS]
#                                             [-c LEVEL] [-b VARIANT] [-o FILE.csv] MODEL.gguf...
#     bench/against_peers.sh -s FILE.csv...   the table of rounds that were measured before, all files together
#
# DIR holds what is there of
#     peer_bench and package/bins/linux-x64   llama.cpp as published (how to get it: tools/peer_bench.c of the reference data)
#     ik/build/bin/llama-bench                ik_llama.cpp, measured as it loads a file and with run-time repacking (ik-rtr)
# Without HEARTH_PEERS, or with none of them in it, the script says so and ends with status 0. Models for it come from
# tools/gguf_random.py of the reference data. Each round is a fresh process of each engine for each model; -c and -b compare one of
# our CPU levels with one of llama.cpp's variants (avx2 with haswell).
#
# FILE.csv (default build/against_peers.csv; lines are added) holds a line for each value: the 13 columns of
# `hearth-lab bench --csv` behind engine and round. Lines that start with # name commit, machine and time.
set -eu
cd "$(dirname "$0")/.."
build=${HEARTH_BUILD:-build}
rounds=5 prompt=512 tokens=32 depths=0 threads=2 level="" variant="" out=$build/against_peers.csv

# The medians of every engine's rounds, and hearth's ratio to the better peer.
summary() {
	awk -F, -v OFS=, -f bench/summary.awk "$@"
}

while getopts r:p:n:d:t:c:b:o:s option; do
	case $option in
	r) rounds=$OPTARG ;; p) prompt=$OPTARG ;; n) tokens=$OPTARG ;; d) depths=$OPTARG ;; t) threads=$OPTARG ;;
	c) level=$OPTARG ;; b) variant=$OPTARG ;; o) out=$OPTARG ;;
	s) shift $((OPTIND - 1)); summary "$@"; exit ;;
	*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
peers=${HEARTH_PEERS:-}
[ -n "$peers" ] || { echo "against_peers: HEARTH_PEERS is not set, so there is nobody to compare with: skipped"; exit 0; }
[ $# -gt 0 ] || { echo "against_peers: name model files" >&2; exit 2; }

engines=hearth
[ ! -x "$peers/peer_bench" ] || engines="$engines llama.cpp"
[ ! -x "$peers/ik/build/bin/llama-bench" ] || engines="$engines ik ik-rtr"
[ "$engines" != hearth ] || { echo "against_peers: no peer in $peers: skipped"; exit 0; }

# Lines of llama-bench's CSV as ours: found by the header's names, since columns come and go.
from_llama_bench() { # MODEL
	awk -v model="${1##*/}" -v bytes="$(stat -L -c %s "$1")" -v threads="$threads" '
		function value(name) { return field[column[name]] }
		!started && /n_prompt/ { n = split($0, field, ","); for (i = 1; i <= n; i++) column[field[i]] = i; started = 1; next }
		started {
			gsub(/^"|"$/, "")
			if (split($0, field, /","/) < 3) next
			prompt = value("n_prompt") + 0
			n = value("n_gen") + 0
			speed = value("avg_ts") + 0
			printf "%s,%s,native,%s,%s,%d,%d,token/s,%.4f,%.4f,%.4f,1,0.0\n", model, bytes, threads, n ? "generate" : "prompt",
				n ? n : prompt, n ? prompt : 0, speed, speed, speed
		}'
}

ik_bench() { # REPACK MODEL
	local depth list=()
	for depth in ${depths//,/ }; do
		[ "$depth" = 0 ] || [ "$tokens" = 0 ] || list+=(-gp "$depth,$tokens")
	done
	"$peers/ik/build/bin/llama-bench" -m "$2" -p "$prompt" -n "$tokens" -t "$threads" -r 1 -rtr "$1" -o csv "${list[@]}" 2>/dev/null |
		from_llama_bench "$2"
}

measure() { # ENGINE MODEL
	case $1 in
	hearth) HEARTH_CPU=$level "$build/hearth-lab" bench "$2" -p "$prompt" -n "$tokens" -d "$depths" -t "$threads" -r 1 --csv ;;
	llama.cpp) "$peers/peer_bench" "$peers/package/bins/linux-x64" "$2" -p "$prompt" -n "$tokens" -d "$depths" -t "$threads" -r 1 \
		${variant:+-b "$variant"} ;;
	ik) ik_bench 0 "$2" ;;
	ik-rtr) ik_bench 1 "$2" ;;
	esac
}

mkdir -p "$(dirname "$out")"
echo "# commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%dT%H:%M)," \
	"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1), level ${level:-best}, variant ${variant:-best}" >>"$out"
for ((round = 1; round <= rounds; round++)); do
	for model in "$@"; do
		for engine in $engines; do
			measure "$engine" "$model" | sed -n "/^model,/!s/^/$engine,$round,/p" >>"$out"
		done
	done
done
summary "$out"
