# engines: hearth and the peers that HEARTH_PEERS holds, and how each is asked to measure; sourced by the scripts of this folder.
#
#     find_engines     sets `engines`; a peer that is missing is left out
#     measure E MODEL  lines of the 13 columns of `hearth-lab bench --csv` by engine E, for $prompt, $tokens, $depths, $threads; speeds are
#                      medians of $repeats in one process, which computes what lies before a depth once
#     note FILE        adds a comment to FILE that names commit, machine and time
#     record E ROUND   the lines of stdin behind engine and round, without their header
#
# HEARTH_PEERS=DIR holds what is there of
#     peer_bench and package/bins/linux-x64   llama.cpp as published (how to get it: tools/peer_bench.c of the reference data)
#     ik/build/bin/llama-bench                ik_llama.cpp, measured as it loads a file and with run-time repacking (ik-rtr). Its
#                                             `-o csv` has a line of names, then quoted values; n_prompt, n_gen, n_threads and avg_ts are
#                                             read. It computes what lies before a depth anew for each repetition, so that its
#                                             generations behind a depth are one that is as long as all
# shellcheck shell=bash disable=SC2154
build=${HEARTH_BUILD:-build}
peers=${HEARTH_PEERS:-}

find_engines() {
	engines=hearth
	[ -n "$peers" ] || return 0
	[ ! -x "$peers/peer_bench" ] || engines="$engines llama.cpp"
	[ ! -x "$peers/ik/build/bin/llama-bench" ] || engines="$engines ik ik-rtr"
}

# Lines of llama-bench's CSV as ours: found by the header's names, since columns come and go.
from_llama_bench() { # MODEL
	awk -v model="${1##*/}" -v bytes="$(stat -L -c %s "$1")" -v threads="$threads" -v tokens="$tokens" '
		function value(name) { return field[column[name]] }
		/(^|,)n_prompt,/ { n = split($0, field, ","); for (i = 1; i <= n; i++) column[field[i]] = i; started = 1; next }
		started {
			gsub(/^"|"$/, "")
			if (split($0, field, /","/) < 3) next
			prompt = value("n_prompt") + 0
			n = value("n_gen") + 0
			speed = value("avg_ts") + 0
			printf "%s,%s,native,%s,%s,%d,%d,token/s,%.4f,%.4f,%.4f,1,0.0\n", model, bytes, "n_threads" in column ? value("n_threads") : threads,
				n ? "generate" : "prompt", n ? tokens : prompt, n ? prompt : 0, speed, speed, speed
		}'
}

ik_bench() { # REPACK MODEL
	local depth list=() deep=() at_zero=0
	for depth in ${depths//,/ }; do
		[ "$tokens" != 0 ] || continue
		if [ "$depth" = 0 ]; then at_zero=$tokens; else deep+=(-gp "$depth,$((tokens * repeats))"); fi
	done
	list=("$peers/ik/build/bin/llama-bench" -m "$2" -t "$threads" -rtr "$1" -o csv)
	{
		[ "$prompt$at_zero" = 00 ] || "${list[@]}" -p "$prompt" -n "$at_zero" -r "$repeats" 2>/dev/null
		[ ${#deep[@]} = 0 ] || "${list[@]}" -p 0 -n 0 "${deep[@]}" -r 1 -w 0 2>/dev/null
	} | from_llama_bench "$2"
}

measure() { # ENGINE MODEL
	case $1 in
	hearth) HEARTH_CPU=${level:-} "$build/hearth-lab" bench "$2" -p "$prompt" -n "$tokens" -d "$depths" -t "$threads" -r "$repeats" --csv ;;
	llama.cpp) "$peers/peer_bench" "$peers/package/bins/linux-x64" "$2" -p "$prompt" -n "$tokens" -d "$depths" -t "$threads" -r "$repeats" \
		${variant:+-b "$variant"} ;;
	ik) ik_bench 0 "$2" ;;
	ik-rtr) ik_bench 1 "$2" ;;
	esac
}

note() { # FILE
	mkdir -p "$(dirname "$1")"
	echo "# commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%dT%H:%M)," \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1), level ${level:-best}, variant ${variant:-best}" >>"$1"
}

record() { # ENGINE ROUND
	sed -n "/^model,/!s/^/$1,$2,/p"
}
