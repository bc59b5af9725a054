# serving: a hearth serve for tests; `. tests/tap.sh` goes before. What is started ends with the script.
#
#     serve_begin ARGUMENTS...   starts one and waits until it listens: $pid, $url (with its last slash), $token; false when it does not
#     serve_end                  ends it, and sets $status
#     ask PATH CURL-ARGUMENTS... a request with the token: the body in $work/body, the head in $work/head, the status in $code
#     ask_bare ...               the same without the token
# shellcheck shell=bash disable=SC2034,SC2154
pid=""
serve_begin() {
	local tries=600
	: >"$work/serve.out"
	"$build/hearth" serve "$@" >"$work/serve.out" 2>"$work/serve.err" </dev/null &
	pid=$!
	while [ $((tries -= 1)) -gt 0 ] && ! grep -q '^hearth serves' "$work/serve.out"; do
		kill -0 $pid 2>/dev/null || return 1
		sleep 0.1
	done
	url=$(sed -n 's/^hearth serves: \([^#]*\)#.*/\1/p' "$work/serve.out")
	token=$(sed -n 's/.*#token=//p' "$work/serve.out")
	grep -q '^hearth serves' "$work/serve.out"
}
serve_end() {
	kill -INT $pid 2>/dev/null
	wait $pid
	status=$?
	pid=""
}
ask_bare() {
	local path=$1
	shift
	code=$(curl -s -N --max-time 120 -o "$work/body" -D "$work/head" -w '%{http_code}' "$@" "$url$path")
}
ask() {
	ask_bare "$@" -H "Authorization: Bearer $token"
}
# await N COMMAND...: until it is true, at most N seconds.
await() {
	local tries=$(($1 * 10))
	shift
	while [ $((tries -= 1)) -gt 0 ]; do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}
# metric NAME: a count of the server's, which is started with --metrics.
metric() {
	ask metrics
	sed -n "s/^$1 //p" "$work/body"
}
trap '[ -z "$pid" ] || { kill -9 $pid; wait $pid; } 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
