#!/bin/bash
# serve: what hearth serve gives to several clients at once, over HTTP, beside llama.cpp's library with the same batch.
#
#     [HEARTH_PEERS=DIR] [HEARTH_TESTDATA=DIR] bench/serve.sh [-c CLIENTS] [-p PROMPT] [-n TOKENS] [-t THREADS] [-w WHAT] MODEL.gguf
#
# For each number of CLIENTS (1,4,16), each with a prompt of PROMPT (128) random tokens of its own and an answer of TOKENS (32): seconds
# until the last first token (answers of one token), and tokens a second of all together from the first request to the last answer's end, prompts
# included. Then the
# speed of one answer alone and beside 1,000 idle and 200 slow connections; and the second turn of a conversation of 4,000 tokens: seconds
# until it starts answering, and how many tokens were computed, beside a turn of one token. Without guessing ahead, which llama.cpp's library does not do; it has no HTTP, no JSON and no sampling to pay for here.
# WHAT (throughput,crowd,turn): parts of it. HEARTH_PEERS: see engines.sh; peer_batch.c is compiled when the peer is there.
set -eu
cd "$(dirname "$0")/.."
# shellcheck disable=SC2154,SC1091
. bench/engines.sh
clients=1,4,16 prompt=128 tokens=32 threads=2 what=throughput,crowd,turn
while getopts c:p:n:t:w: option; do
	case $option in
	c) clients=$OPTARG ;; p) prompt=$OPTARG ;; n) tokens=$OPTARG ;; t) threads=$OPTARG ;; w) what=$OPTARG ;;
	*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
model=$1
work=$(mktemp -d)
pid=""
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$work"' EXIT
ulimit -n 2500
# shellcheck disable=SC2154 # engines.sh sets it
HEARTH_HOME=$work/home "$build/hearth" serve -m "$model" --port 0 --no-guess --threads "$threads" >"$work/out" 2>"$work/err" &
pid=$!
until grep -q '^hearth serves' "$work/out"; do sleep 0.1; kill -0 $pid; done
url=$(sed -n 's/^hearth serves: \([^#]*\)#.*/\1/p' "$work/out")
token=$(sed -n 's/.*#token=//p' "$work/out")

random_ids() { # COUNT SEED
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%s%d", i ? "," : "", 300 + int(rand() * 20000) }'
}
ask() { # NAME: the request in $work/NAME.body; its seconds and its tokens go into $work/NAME.times
	curl -s -H "Authorization: Bearer $token" --data-binary "@$work/$1.body" -o "$work/$1.answer" -w '%{time_total} ' "${url}v1/completions" >"$work/$1.times"
	grep -oE '"completion_tokens": *[0-9]+' "$work/$1.answer" | grep -oE '[0-9]+$' >>"$work/$1.times"
}
body() { # IDS TOKENS
	echo "{\"prompt\": [$1], \"max_tokens\": $2, \"temperature\": 0}"
}
at_once() { # CLIENTS SEED TOKENS: seconds until the last answer is there, and tokens of all
	local i waits=""
	for ((i = 0; i < $1; i++)); do body "$(random_ids "$prompt" $(($2 * 100 + i)))" "$3" >"$work/$i.body"; done
	for ((i = 0; i < $1; i++)); do
		ask "$i" &
		waits+=" $!"
	done
	# shellcheck disable=SC2086 # the words are processes
	wait $waits
	for ((i = 0; i < $1; i++)); do cat "$work/$i.times"; done | awk '{ if ($1 > last) last = $1; n += $2 } END { print last, n }'
}
round() { # CLIENTS SEED: seconds until all first tokens are there; tokens a second
	echo "$(at_once "$1" "$2" 1) $(at_once "$1" $(($2 + 50)) "$tokens")" | awk '{ printf "%.3f %.2f", $1, $4 / $3 }'
}

round 1 7 >"$work/warm"
# shellcheck disable=SC2154 # build and peers: engines.sh
peer=$peers/package/bins/linux-x64
if [ -n "$peers" ] && [ -d "$peer" ]; then
	cc -O2 -std=gnu11 -Dmain=unused_main -include "${HEARTH_TESTDATA:-../shared}/tools/peer_bench.c" -c -o "$work/peer.o" -x c - <<<"
#undef main
#include \"$PWD/bench/peer_batch.c\"" 2>"$work/cc" || cat "$work/cc" >&2
	cc "$work/peer.o" -o "$work/peer_batch" -ldl
fi
[[ $what == *throughput* ]] || clients=""
[ -z "$clients" ] || echo "clients  hearth: first s, token/s   llama.cpp: first s, token/s   ratio"
for n in ${clients//,/ }; do
	here=$(round "$n" 1)
	there=""
	[ ! -x "$work/peer_batch" ] || there=$("$work/peer_batch" "$peer" "$model" "$n" "$prompt" "$tokens" "$threads" 2>/dev/null)
	echo "$n $here $there" | awk '{ printf "%7d  %14.3f %9.2f", $1, $2, $3; if (NF > 3) printf "   %17.3f %9.2f   %5.2f", $4, $5, $3 / $5; print "" }'
done

if [[ $what == *crowd* ]]; then
	slow=""
	tokens=96 prompt=16 # so that the answer is most of it
	alone=$(round 1 2)
	port=${url%/}
	port=${port##*:}
	for ((i = 0; i < 1200; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		((i < 1000)) || printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1' >&"$fd"
		((i < 1000)) || slow+=" $fd"
	done
	(while sleep 0.5; do for fd in $slow; do printf : >&"$fd"; done; done) 2>/dev/null &
	drip=$!
	beside=$(round 1 3)
	kill $drip
	echo "one answer alone: ${alone#* } token/s; beside 1,000 idle and 200 slow connections: ${beside#* } token/s"
fi

[[ $what == *turn* ]] || exit 0
# A conversation of 4,000 tokens, and its second turn.
ids=$(random_ids 4000 11)
body "$ids" 1 >"$work/0.body"
ask 0
read -r first _ <"$work/0.times"
body "$ids,$(random_ids 24 12)" 1 >"$work/0.body"
ask 0
read -r second _ <"$work/0.times"
curl -s -H "Authorization: Bearer $token" --data-binary "{\"prompt\": [$ids,$(random_ids 24 13)], \"max_tokens\": 1}" "${url}v1/completions" >"$work/usage"
# The same for a conversation of 8 tokens, one more: what a turn costs at least.
body "300,301,302,303,304,305,306,307" 1 >"$work/0.body"
ask 0
body "300,301,302,303,304,305,306,307,308" 1 >"$work/0.body"
ask 0
read -r least _ <"$work/0.times"
echo "4,000 tokens: the first token after $first s; the next turn's, 24 tokens more, after $second s ($(grep -oE '"(prompt|cached)_tokens": *[0-9]+' "$work/usage" | tr '\n' ' ')); one token behind 8: $least s"
