# hearth serve and the network: under strace one internet socket is made, by hearth-front, bound to 127.0.0.1, and nothing is connected; and
# where there is no network but the machine's own, the same bytes come out.
. tests/tap.sh
. tests/serving.sh
build=build # a build with sanitizers has no filter
if ! command -v curl >/dev/null; then
	skip "hearth serve is silent" "needs curl"
	exit 0
fi
session() { # FOLDER: what is asked of the server at $url
	mkdir -p "$1"
	ask ""
	cp "$work/body" "$1/page"
	ask v1/models
	sed 's/"created": *[0-9]*//' "$work/body" >"$1/models"
	ask v1/chat/completions -d '{"messages": [{"role": "user", "content": "Who keeps a fire?"}], "temperature": 0.8, "seed": 7, "max_tokens": 24}'
	sed 's/.*"content": *\("[^"]*"\).*/\1/' "$work/body" >"$1/answer"
	ask tokenize -d '{"content": "Once upon a time"}'
	cp "$work/body" "$1/tokens"
}
whole() { [ -s "$1/page" ] && [ -s "$1/models" ] && [ -s "$1/answer" ] && grep -q '[0-9]' "$1/tokens"; }
check "it serves" serve_begin --port 0
session "$work/plain"
check "a session is whole" whole "$work/plain"
serve_end

if unshare -rn true 2>/dev/null && command -v ip >/dev/null; then
	cat >"$work/alone.sh" <<'ALONE'
ip link set lo up
serve_begin --port 0
session "$work/alone"
serve_end
ALONE
	export -f serve_begin serve_end session ask ask_bare
	export work build
	# shellcheck disable=SC2016 # the inner shell reads them
	unshare -rn bash -c '. "$work/alone.sh"' >/dev/null 2>&1 </dev/null
	check "without any network all bytes are the same" diff -r "$work/plain" "$work/alone"
else
	skip "without any network all bytes are the same" "no network namespaces here"
fi

if command -v strace >/dev/null && strace -f -o "$work/trace" true 2>/dev/null; then
	mkdir "$work/traces" "$work/bin"
	printf '#!/bin/sh\nexec strace -ff -qq -s 256 -o "%s/traces/t" -e trace=network,execve "%s/hearth" "$@"\n' "$work" "$(realpath "$build")" >"$work/bin/hearth"
	chmod +x "$work/bin/hearth"
	build=$work/bin
	check "it serves under strace" serve_begin --port 0
	session "$work/traced"
	kill -INT "$(pgrep -P $pid 2>/dev/null || cat "/proc/$pid/task/$pid/children")" 2>/dev/null
	wait $pid
	pid=""
	check "the session is the same" diff -r "$work/plain" "$work/traced"
	cat "$work"/traces/* >"$work/trace"
	internet() { grep -E 'socket\((AF_INET|AF_INET6|AF_NETLINK|AF_PACKET)' "$work/trace"; }
	check "one internet socket is made" [ "$(internet | wc -l)" = 1 ]
	front=$(grep -lE 'execve\("[^"]*/hearth-front"' "$work"/traces/*)
	check "by hearth-front" grep -qE 'socket\(AF_INET, SOCK_STREAM' "$front"
	check "it is bound to 127.0.0.1" grep -qE 'bind\([0-9]+, .*sin_addr=inet_addr\("127\.0\.0\.1"\)' "$front"
	check_status 1 "nothing is connected but Unix sockets" grep -E 'connect\(.*(sin_port|sin6_port|AF_INET)' "$work/trace"
	check_status 1 "no packet is sent to an address" grep -E '(sendto|sendmsg)\(.*(sin_port|sin6_port|AF_INET)' "$work/trace"
	check_status 1 "hearth-net is not started" grep -E 'execve\("[^"]*hearth-net' "$work/trace"
else
	skip "one internet socket is made" "no strace here, or it may not look"
fi
