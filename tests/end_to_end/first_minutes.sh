#!/bin/bash
# The first five minutes in a terminal, as a person lives them who has just installed hearth: in tmux, against a hub in a network of its own,
# beginning with nothing. Every line that is typed is an action: at most five to a first answer, of the built-in model or of one that suits the
# machine. The seconds are said; nothing passes or fails by them, since this machine may be busy.
. tests/tap.sh
command -v tmux >/dev/null || { skip "the first five minutes in a terminal" "no tmux here"; exit 0; }
. tests/hostile_net/enter.sh
hearth=$PWD/$build/hearth
export HOME=$work/person
unset HEARTH_HOME XDG_DATA_HOME XDG_CONFIG_HOME DISPLAY WAYLAND_DISPLAY
mkdir -p "$HOME"
printf 'good/repo:tiny-Q4_K_M.gguf\tTiny\tshort chats\tApache-2.0\t7000000\t7344384\t7344384\t4096\t2048\tno\tchat\t%s\n' "$digest" | cover models/catalogue.tsv

T() { tmux -f /dev/null -S "$work/tmux" "$@"; }
trap 'T kill-server 2>/dev/null; kill $host_pid 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
T new-session -d -x 100 -y 40 "env PATH='$PATH' PS1='person> ' bash --norc --noprofile"
screen() { T capture-pane -p -S -200; }
shows() { # PATTERN: within two minutes
	local _
	for _ in $(seq 1200); do
		screen >"$work/screen" && grep -qE -- "$1" "$work/screen" && return 0
		sleep 0.1
	done
	sed 's/^/# /' "$work/screen"
	return 1
}
# The question, words under it, and the next prompt.
answered() {
	local _
	for _ in $(seq 1200); do
		screen >"$work/screen"
		awk '/^> Hello! How are you/ { on = 1; next } on && /[[:alpha:]]/ { said = 1 } said && /^> *$/ { found = 1 } END { exit !found }' "$work/screen" && return 0
		sleep 0.1
	done
	sed 's/^/# /' "$work/screen"
	return 1
}
actions=0
began=$(date +%s%N)
act() { # WHAT PATTERN KEYS...: an action, and what it leads to
	local what=$1 pattern=$2
	shift 2
	actions=$((actions + 1))
	T send-keys "$@"
	if [ "$pattern" = answered ]; then check "$what" answered; else check "$what" shows "$pattern"; fi
}
counted() { # WHAT
	local all=$((($(date +%s%N) - began) / 100000000))
	check "$1: at most five actions" [ "$actions" -le 5 ]
	echo "# $1: $actions actions, $((all / 10)).$((all % 10)) s"
	actions=0
	began=$(date +%s%N)
}
check "a prompt" shows '^person>'

act "1. hearth: it says that nothing leaves, and asks one question" 'Enter alone' "'$hearth'" Enter
check "that nothing leaves stands first" grep -q 'Nothing you type leaves it' "$work/screen"
check_status 1 "the first screen has no jargon" grep -qiE 'token|quanti|gguf|context|parameter|inference|weights' "$work/screen"
act "2. Enter: nothing is kept" '^> *$' Enter
check "for a better model there is one command" grep -qE 'models pull$' "$work/screen"
act "3. a question is answered" answered "Hello! How are you today?" Enter
counted "to an answer of the built-in model"

T send-keys C-d
check "Ctrl-D leaves" shows 'person> *$'
T send-keys "clear; rm -rf ~/.local ~/.config" Enter
check "as if nothing had been" shows '^person> *$'
actions=0
began=$(date +%s%N)
act "1. models pull: the one that suits is fetched" 'Start it with: ' "'$hearth' models pull" Enter
check "it was said which, how much it is and why" grep -q "7 MB file + 8 MB for 2,048" "$work/screen"
act "2. hearth starts it" 'Enter alone' "clear; '$hearth'" Enter
act "3. Enter" '^> *$' Enter
check "it is the one that was fetched" grep -q ': hearth built-in (Q8_0, 8 MB), context of 2,048' "$work/screen"
act "4. a question is answered" answered "Hello! How are you today?" Enter
counted "to an answer of the one that suits this machine, its download among it"
T send-keys C-d
