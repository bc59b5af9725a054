# screen: what the tests share that type into a program on a terminal; `. tests/screen.sh` below tests/tap.sh.
#
#     terminal_missing           true where there is no pseudoterminal to test with
#     on_terminal COMMAND <KEYS  runs a command on a terminal of its own, $columns wide: what it shows is in $work/screen, its process in
#                                $work/pid, its status in $work/status
#     await TEXT [KEYS [N]]      waits until the screen has the text (N times), then types; however slow the machine is, so what never
#                                comes costs minutes
#     until_true COMMAND...      waits until the command's status is 0; 1 when that takes minutes
#     gone PID...                true when none of the processes runs
#     seen TEXT, shows TEXT, shows_not TEXT, status_is N
# shellcheck shell=bash disable=SC2034,SC2154
columns=100
patience=2400 # tenths of a second

terminal_missing() { ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; }

until_true() {
	local tries=$patience
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

gone() {
	local pid
	for pid in "$@"; do ! kill -0 "$pid" 2>/dev/null || return 1; done
}

# Passes the keys on, and then keeps the pipe open until the program has gone: script may hang when its input ends at that moment.
keys_of() {
	cat
	until_true test -s "$work/pid"
	until_true gone "$(cat "$work/pid" 2>/dev/null)"
}

on_terminal() {
	: >"$work/screen"
	rm -f "$work/pid"
	# In the place of the shell: dash would take Ctrl-C too, and have a status of its own.
	keys_of | timeout --foreground -k 5 900 script -qefc "stty cols $columns rows 40; echo \$\$ >$work/pid; exec $1" "$work/screen" >/dev/null 2>&1
	echo "${PIPESTATUS[1]}" >"$work/status"
}

seen() { grep -aoF -- "$1" "$work/screen" | wc -l; }
seen_often() { [ "$(seen "$1")" -ge "$2" ]; }
await() {
	until_true seen_often "$1" "${3-1}"
	sleep 0.1
	printf '%b' "${2-}"
}
shows() { grep -qaF -- "$1" "$work/screen"; }
shows_not() { ! shows "$1"; }
status_is() { [ "$(cat "$work/status")" = "$1" ]; }
