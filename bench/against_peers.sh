#!/bin/bash
# against_peers: hearth and the peers in turn on the same files (A B A B ...), medians over the rounds, and ratios.
#
#     HEARTH_PEERS=DIR bench/against_peers.sh [-r ROUNDS] [-g REPEATS] [-p PROMPT] [-n TOKENS] [-d DEPTHS] [-t THREADS]
#                                             [-c LEVEL] [-b VARIANT] [-o FILE.csv] MODEL.gguf...
#     bench/against_peers.sh -s FILE.csv...   the table of rounds that were measured before, all files together
#
# What DIR holds: engines.sh. Without HEARTH_PEERS, or with none of them in it, the script says so and ends with status 0. Models for
# it come from tools/gguf_random.py of the reference data. Each round is a fresh process of each engine for each model, which measures
# REPEATS times (1): behind a depth what lies before is computed once a process. -c and -b compare one of our CPU levels with one of
# llama.cpp's variants (avx2 with haswell). The rows of the targets:
#
#     -r 5 -p 512 -n 32 1b-Q4_K_M.gguf 8b-Q4_K_M.gguf ...            prompts, generation, load, first token, peak memory
#     -r 5 -p 512 -n 0 -c avx2 -b haswell 1b-Q4_K_M.gguf             AVX2 alone
#     -r 5 -p 0 -n 32 -t 1 1b-Q4_K_M.gguf                            one thread
#     -r 5 -p 8192 -n 0 1b-Q4_K_M.gguf                               a long prompt
#     -r 2 -g 5 -p 0 -n 16 -d 2048,4096,32768 1b-Q4_K_M.gguf         behind many tokens, and the peak memory there
#
# what else a target asks for: conditions.sh and guess.sh.
#
# FILE.csv (default build/against_peers.csv; lines are added) holds a line for each value: the 13 columns of
# `hearth-lab bench --csv` behind engine and round. Lines that start with # name commit, machine and time.
set -eu
cd "$(dirname "$0")/.."
. bench/engines.sh
rounds=5 repeats=1 prompt=512 tokens=32 depths=0 threads=2 level="" variant="" out=$build/against_peers.csv

# The medians of every engine's rounds, and hearth's ratio to the better peer.
summary() {
	awk -F, -v OFS=, -f bench/summary.awk "$@"
}

while getopts r:g:p:n:d:t:c:b:o:s option; do
	case $option in
	r) rounds=$OPTARG ;; g) repeats=$OPTARG ;; p) prompt=$OPTARG ;; n) tokens=$OPTARG ;; d) depths=$OPTARG ;; t) threads=$OPTARG ;;
	c) level=$OPTARG ;; b) variant=$OPTARG ;; o) out=$OPTARG ;;
	s) shift $((OPTIND - 1)); summary "$@"; exit ;;
	*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$peers" ] || { echo "against_peers: HEARTH_PEERS is not set, so there is nobody to compare with: skipped"; exit 0; }
[ $# -gt 0 ] || { echo "against_peers: name model files" >&2; exit 2; }
find_engines
[ "$engines" != hearth ] || { echo "against_peers: no peer in $peers: skipped"; exit 0; }

note "$out"
for ((round = 1; round <= rounds; round++)); do
	for model in "$@"; do
		for engine in $engines; do
			measure "$engine" "$model" | record "$engine" "$round" >>"$out"
		done
	done
done
summary "$out"
