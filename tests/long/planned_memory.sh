# Memory as planned: the peak of a process that has read a prompt up to its context, against the plan, within 3 %: models of 1, 3 and
# 8 billion random weights, dense, and one with experts (gguf_random.py). HEARTH_RANDOM_MODELS: a folder where they are already, as
# SHAPE-Q4_K_M.gguf; else they are made here one after the other, where there is room for them on the disk and in memory.
. tests/tap.sh

random=$data/tools/gguf_random.py
context=512

planned() { # MODEL: bytes
	"$build/hearth-lab" plan "$1" --json --context $context --threads 2 | sed -n 's/.*"total": \([0-9]*\).*/\1/p'
}
peak() { # MODEL: MiB
	"$build/hearth-lab" bench "$1" -p $((context - 12)) -n 8 -d 0 -t 2 -r 1 --csv --context $context |
		awk -F, '$5 == "peak_rss" { print $9 }'
}
within() { # MODEL
	awk -v planned="$(planned "$1")" -v peak="$(peak "$1")" 'BEGIN {
		ratio = peak * 1048576 / planned
		printf "planned %.1f MiB, measured %.1f MiB: %.4f\n", planned / 1048576, peak, ratio
		exit !(planned > 0 && peak > 0 && ratio > 0.97 && ratio < 1.03)
	}'
}

for shape in 1b 3b 8b moe; do
	name="$shape: memory is within 3 % of the plan"
	model=${HEARTH_RANDOM_MODELS:-$work}/$shape-Q4_K_M.gguf
	case $shape in 1b) gib=1 ;; 3b) gib=3 ;; 8b) gib=6 ;; moe) gib=5 ;; esac
	if [ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -lt $((gib + 1)) ]; then
		skip "$name" "less than $((gib + 1)) GiB of memory are free"
		continue
	fi
	if [ ! -r "$model" ]; then
		model=$work/$shape-Q4_K_M.gguf
		if [ ! -r "$random" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
			skip "$name" "no ../shared/tools/gguf_random.py or no numpy"
			continue
		fi
		if [ "$(df --output=avail -B1G "$work" | tail -n 1)" -lt $((gib + 1)) ]; then
			skip "$name" "no room for $gib GiB in $work"
			continue
		fi
		/usr/bin/python3 "$random" $shape Q4_K_M "$model" >/dev/null || { check "$shape: is made" false; continue; }
	fi
	check "$name" within "$model"
	sed 's/^/# /' "$work/logout"
	rm -f "$work/$shape-Q4_K_M.gguf"
done
