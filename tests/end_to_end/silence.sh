# Nothing leaves: a session with every feature but pull, watched from outside in three ways (THREATS 1.1 to 1.3). Under strace no
# program makes an internet socket; where there is no network at all the same bytes come out; and behind a wire with a counter
# on it no packet is sent.
. tests/tap.sh
build=build # a build with sanitizers has no filter, and its own calls
model=models/hearth-builtin.gguf
hearth=$(realpath "$build/hearth")
export TERM=xterm-256color HOME=$work/person TMPDIR=$work/temporary
export HEARTH_HOME=$work/home XDG_RUNTIME_DIR=$work/run
unset NO_COLOR COLUMNS
if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	skip "a session goes through every feature" "needs script (bsdutils) and a pseudoterminal"
	exit 0
fi
mkdir -p "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR"
head -c 64 /dev/urandom >"$work/key"
head -n 10 README.md >"$work/beginning"

# Waits until the terminal shows the text (at most five minutes), then types.
await() {
	local tries=3000
	while [ $((tries -= 1)) -gt 0 ] && ! grep -qaF -- "$1" "$into/screen" 2>/dev/null; do sleep 0.1; done
	printf '%b' "${2-}"
}

# session FOLDER PREFIX...: what the features print goes into files there. Those in `same` have to be equal whatever the prefix is.
session() {
	into=$1
	shift
	rm -rf "$HEARTH_HOME" "$into"
	mkdir -p "$into/same"
	seeded=(--seed 7 --temp 0.8 -n 24)
	{
		"$@" "$hearth" --version >"$into/same/version"
		"$@" "$hearth" help >"$into/same/help"
		"$@" "$hearth" doctor >"$into/doctor"
		[ "$1" = strace ] || "$@" "$hearth" prove >"$into/prove"
		"$@" "$hearth" models list --json >"$into/same/list"
		"$@" "$hearth" models inspect $model --json >"$into/same/inspect"
		"$@" "$hearth" models inspect $model --plan >"$into/same/plan"
		"$@" "$hearth" models verify $model >"$into/same/verify"
		"$@" "$hearth" run -m $model "${seeded[@]}" "What is a hearth?" >"$into/same/run"
		"$@" "$hearth" run -m $model "${seeded[@]}" --json --raw "Once upon a time" >"$into/same/raw"
		"$@" "$hearth" run -m $model "${seeded[@]}" --file "$work/beginning" "What is this?" >"$into/same/file"
		"$@" "$hearth" net log --json >"$into/same/ledger"
		"$@" "$hearth" vault create --key-file "$work/key" >"$into/create"
	} </dev/null 2>>"$into/errors"
	: >"$into/screen"
	{
		await "Ctrl-D leaves" 'Who keeps a fire?\r'
		await "Who keeps a fire?" "/save $into/same/saved\r"
		await "$into/same/saved" '/search keeps\r'
		await "/search keeps" '/chats\r'
		await "/chats" '/private\r'
		await "/private" 'And who is cold?\r'
		await "is cold?" '/lock\r'
		await "/lock" '\004'
	} | timeout 300 script -qefc "$* $hearth -m $model ${seeded[*]} --key-file $work/key" "$into/screen" >/dev/null 2>&1
	{
		"$@" "$hearth" vault >"$into/vault"
		"$@" "$hearth" vault size >"$into/size"
		"$@" "$hearth" vault export --key-file "$work/key" "$into/exported.md" >"$into/export"
		"$@" "$hearth" vault backup "$into/backup" >"$into/backed"
		"$@" "$hearth" vault restore --vault copy --key-file "$work/key" "$into/backup" >"$into/restored"
		"$@" "$hearth" vault import --key-file "$work/key" "$into/exported.md" >"$into/imported"
		"$@" "$hearth" vault delete --all --yes --key-file "$work/key" >"$into/deleted"
	} </dev/null 2>>"$into/errors"
}
whole() { [ -s "$1/same/saved" ] && [ -s "$1/same/run" ] && [ -s "$1/same/file" ] && grep -q fire "$1/exported.md" && [ -s "$1/backup" ] &&
	{ [ ! -e "$1/prove" ] || grep -q "Everything that was tried holds" "$1/prove"; }; }

session "$work/plain" env
check "a session goes through every feature" whole "$work/plain"
whole "$work/plain" || sed 's/^/# /' "$work/plain/errors"

if command -v strace >/dev/null && strace -f -o "$work/trace" true 2>/dev/null; then
	mkdir "$work/traces"
	session "$work/traced" strace -ff -qq -s 256 -o "$work/traces/t" -e trace=network,execve,unshare
	check "under strace the session is whole" whole "$work/traced"
	# What is asked for in a jail to see it refused (doctor) is no work: those processes were started with the word probe.
	grep -LZ '^execve(.*"probe"]' "$work"/traces/* | xargs -0 cat >"$work/trace"
	check "strace saw programs start" grep -q 'execve(' "$work/trace"
	check_status 1 "no internet socket is made, by any program" grep -E 'socket\((AF_INET|AF_INET6|AF_NETLINK|AF_PACKET|PF_)' "$work/trace"
	check_status 1 "nothing is connected but Unix sockets" grep -E '(connect|sendto|sendmsg|bind)\(.*(sin_port|sin6_port|AF_INET)' "$work/trace"
	check_status 1 "hearth-net is not started" grep -E 'execve\("[^"]*hearth-net' "$work/trace"
	check_status 1 "no foreign program is started" grep -E 'execve\(' <(grep 'execve(' "$work/trace" | grep -vE "execve\(\"($hearth|$(dirname "$hearth")/hearth-(engine|import|front|sleep))\"")
else
	skip "no internet socket is made, by any program" "no strace here, or it may not look"
fi

if unshare -rn true 2>/dev/null; then
	session "$work/alone" unshare -rn
	check "without any network all bytes are the same" diff -r "$work/plain/same" "$work/alone/same"
else
	skip "without any network all bytes are the same" "no network namespaces here"
fi

# A namespace with one wire, an address and a default route: whatever is sent would be counted.
space=hearth-test-$$
wire() {
	ip netns add "$space" && ip link add "hw$$" type veth peer name wire netns "$space" 2>/dev/null &&
		ip netns exec "$space" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 &&
		sysctl -qw "net.ipv6.conf.hw$$.disable_ipv6=1" && ip link set "hw$$" up &&
		ip -n "$space" address add 198.51.100.2/24 dev wire && ip -n "$space" link set wire up && ip -n "$space" link set lo up &&
		ip -n "$space" neighbor add 198.51.100.1 lladdr 02:00:00:00:00:01 dev wire &&
		ip -n "$space" route add default via 198.51.100.1
}
sent() { ip netns exec "$space" cat /sys/class/net/wire/statistics/tx_packets; }
if command -v ip >/dev/null && [ "$(id -u)" = 0 ] && wire >/dev/null 2>&1; then
	before=$(sent)
	session "$work/wired" ip netns exec "$space"
	after=$(sent)
	check "behind a wire all bytes are the same" diff -r "$work/plain/same" "$work/wired/same"
	check "and the wire's counter reads 0 packets" [ "$((after - before))" = 0 ]
	ip netns exec "$space" bash -c 'echo hello >/dev/udp/203.0.113.1/9'
	check "which counts: one packet of another program is seen" [ "$(($(sent) - after))" = 1 ]
else
	skip "the wire's counter reads 0 packets" "needs root, ip and network namespaces"
fi
ip netns delete "$space" 2>/dev/null
ip link delete "hw$$" 2>/dev/null
exit 0
