#!/bin/bash
# Before the machine sleeps the vault is locked: a logind of the test's own, on a system bus of its own in a mount namespace, says that
# a suspend comes, waits for who asked it to, and stops hearth, as a suspend would. At that moment nothing may be in its memory.
. tests/tap.sh
. tests/screen.sh

why=""
terminal_missing && why="needs script (bsdutils) and a pseudoterminal"
command -v dbus-daemon >/dev/null || why="needs dbus-daemon"
/usr/bin/python3 -c 'import ctypes; ctypes.CDLL("libsystemd.so.0")' 2>/dev/null || why="needs /usr/bin/python3 and libsystemd"
[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || why="needs root and mount namespaces"
[ -d /run/dbus ] || mkdir -p /run/dbus 2>/dev/null || why="there is no /run"
if [ -n "$why" ]; then
	skip "the vault is locked before the machine sleeps" "$why"
	exit 0
fi
if [ -z "${IN_NAMESPACE-}" ]; then
	exec unshare -m env IN_NAMESPACE=1 bash "$0"
fi
mount -t tmpfs none /run/dbus || { skip "the vault is locked before the machine sleeps" "nothing can be mounted here"; exit 0; }

export TERM=xterm-256color
unset NO_COLOR COLUMNS DBUS_SESSION_BUS_ADDRESS
hearth=$(realpath "$build/hearth")
model=$(realpath models/hearth-builtin.gguf)
address=unix:path=/run/dbus/system_bus_socket
dbus-daemon --session --address=$address --nofork --nopidfile >/dev/null 2>&1 &
daemon=$!
check "a system bus" until_true test -S /run/dbus/system_bus_socket
mkfifo "$work/wishes"
/usr/bin/python3 tests/end_to_end/fake_logind.py $address "$work/log" "$work/pid" <"$work/wishes" 2>"$work/logind" &
logind=$!
exec 8>"$work/wishes"
logged() { grep -q "$1" "$work/log" 2>/dev/null; }
logged_twice() { [ "$(grep -c "$1" "$work/log")" -ge 2 ]; }
check "a logind" until_true logged ready

check "a vault" "$hearth" vault create --key-file "$work/key"
# The words of which $work/memory then has those that hearth and its programs still know.
look() {
	local pid
	for pid in "$(cat "$work/pid")" $(pgrep -P "$(cat "$work/pid")") $(pgrep -P "$(pgrep -d, -P "$(cat "$work/pid")")"); do
		/usr/bin/python3 tests/end_to_end/process_memory.py "$pid" quokka 2>/dev/null
	done
}
{
	await "is unlocked" ''
	until_true logged inhibit
	await "> " 'figs for the quokka\r'
	await "is unlocked" ''
	until_true eval '"$hearth" chats list --key-file "$work/key" 2>/dev/null | grep -q quokka'
	look >"$work/open"
	cp "$work/log" "$work/before"
	printf s >&8
	until_true logged asleep
	look >"$work/asleep"
	printf w >&8
	until_true logged awake
	until_true seen_often "since the machine goes to sleep" 1 # script(1) sleeps with hearth, and shows then what came before
	cp "$work/screen" "$work/screen.asleep"
	await "Enter opens it again" '\r'
	until_true logged_twice inhibit
	await "figs for the quokka" '\004' 2
} | on_terminal "$hearth -m $model -n 4 --key-file $work/key"
echo "# $(tr '\n' ';' <"$work/log")"
check "a delay is asked for while the vault is open" grep -q "inhibit sleep hearth .* delay" "$work/before"
check "the words are in memory then" grep -q quokka "$work/open"
check "the machine sleeps" logged asleep
check "with the vault locked" grep -qa "is locked, since the machine goes to sleep" "$work/screen.asleep"
check "and without the words in any memory" [ ! -s "$work/asleep" ]
check "awake and open again, the next sleep is waited for" logged_twice inhibit
check "and the conversation goes on" seen_often "figs for the quokka" 2
check "the chat ends well" status_is 0
check "and with it the delay" until_true logged_twice released

# The same while hearth serves, where nobody has to be at a terminal: the page's conversation and a program's.
if command -v curl >/dev/null; then
	. tests/serving.sh
	asleep_again() { [ "$(grep -c '^asleep' "$work/log")" -ge 2 ]; }
	awake_again() { [ "$(grep -c '^awake' "$work/log")" -ge 2 ]; }
	delayed() { [ "$(grep -c '^inhibit' "$work/log")" -gt "$before" ]; }
	locked() { ask hearth/state && grep -q '"vault": "locked"' "$work/body"; }
	before=$(grep -c '^inhibit' "$work/log")
	check "a vault is served" serve_begin --port 0 --key-file "$work/key"
	check "a delay is asked for" until_true delayed
	echo "$pid" >"$work/pid"
	ask hearth/chats/write -d '{"number": 0, "title": "Figs", "position": 0, "role": "user", "unfinished": false, "text": "More figs for the quokka"}'
	check "the page writes" [ "$code" = 200 ]
	ask v1/chat/completions -d '{"model": "builtin", "messages": [{"role": "user", "content": "Figs for the quokka"}], "max_tokens": 4}'
	check "a program asks" [ "$code" = 200 ]
	look >"$work/open"
	check "the words are in memory then" grep -q quokka "$work/open"
	printf s >&8
	check "the machine sleeps" until_true asleep_again
	look >"$work/asleep"
	printf w >&8
	check "without the words in any memory" [ ! -s "$work/asleep" ]
	until_true awake_again
	check "and is awake with the vault locked" until_true locked
	serve_end
	. tests/screen.sh # whose await it is again
fi

exec 8>&-
wait $logind
kill $daemon
wait $daemon 2>/dev/null
# No logind at all: nothing waits, nothing is said.
{ await "is unlocked" '\004'; } | on_terminal "$hearth -m $model -n 4 --key-file $work/key"
check "without a bus the chat is as ever" status_is 0
check "and says nothing of it" shows_not "sleep"
