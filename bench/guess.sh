#!/bin/bash
# How much guessing ahead saves: seconds for an answer with and without it, in turn, medians, and whether the answers are the same.
#   bench/guess.sh [MODEL [ROUNDS]]
set -eu
model=${1:-models/hearth-builtin.gguf} rounds=${2:-5} lab=build/hearth-lab n=${TOKENS:-200}
copy="Say this again, word for word. The old farmer counts his seventeen sheep and two goats near the river, and then he counts them again. "
prose="Once upon a time there was a small village, and in that village there lived"

# seconds FILE ARGUMENTS...: the microseconds that $n tokens take more than one does; the answer goes to FILE.
seconds() {
	local answer=$1 start middle end
	shift
	start=$(date +%s%N)
	"$lab" generate "$model" --ignore-eos -n 1 "$@" >/dev/null
	middle=$(date +%s%N)
	"$lab" generate "$model" --ignore-eos -n "$n" "$@" >"$answer"
	end=$(date +%s%N)
	echo $(((end - 2 * middle + start) / 1000))
}
median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
measure() {
	local name=$1 round
	shift
	: >"$work/with"
	: >"$work/without"
	for ((round = 0; round < rounds; round++)); do
		seconds "$work/a" "$@" >>"$work/with"
		seconds "$work/b" "$@" --no-guess >>"$work/without"
		cmp -s "$work/a" "$work/b" || echo "$name: the answers differ"
	done
	awk -v name="$name" -v a="$(median <"$work/with")" -v b="$(median <"$work/without")" \
		'BEGIN { printf "%s: %.3f s with guessing, %.3f s without: %.2f times\n", name, a / 1e6, b / 1e6, b / a }'
}
measure "repeats itself" --prompt "$copy$copy$copy"
measure "does not" --prompt "$prose" --temp 1.2 --seed 3
