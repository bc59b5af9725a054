#!/bin/bash
# How much guessing ahead saves: seconds for an answer with and without it, in turn, medians, and whether the answers are the same;
# last the text that wins most and the one that loses most.
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
		'BEGIN { printf "%s: %.3f s with guessing, %.3f s without: %.3f times\n", name, a / 1e6, b / 1e6, b / a }' | tee -a "$work/all"
}
passage="The harbour of the town lies behind a long wall of grey stone. Ships bring wood, salt and wool in spring, and leave with cloth in autumn."
code="for (int i = 0; i < n; i++) { sum += a[i]; if (a[i] > most) most = a[i]; }"
measure "says the same again and again" --prompt "$copy$copy$copy"
measure "quotes a passage" --prompt "$passage The passage once more, word for word: The harbour of the town"
measure "edits a text" --prompt "Text: $passage Put Rivers in place of Ships and give the whole text. Text: The harbour of the town"
measure "writes code like the code before" --prompt "$code $code $code for (int i"
measure "counts" --prompt "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
measure "prose" --prompt "$prose"
for seed in 1 2 3; do measure "prose by chance, seed $seed" --prompt "$prose" --temp 1.2 --seed $seed; done
measure "every word by chance" --prompt "$prose" --temp 3 --seed 4
awk -F': ' '{ split($NF, part, " "); t = part[1] + 0 } NR == 1 || t > most { most = t; best = $1 } NR == 1 || t < least { least = t; worst = $1 }
	END { printf "most: %.2f times (%s); least: %.3f times (%s), 0.980 is the target\n", most, best, least, worst }' "$work/all"
