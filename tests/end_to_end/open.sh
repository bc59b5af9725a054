#!/bin/bash
# `hearth open`: with and without a desktop, beside a hearth that serves, and behind systemd's socket. A stand-in for xdg-open notes what it
# was given.
. tests/tap.sh
hearth=$build/hearth
export HOME=$work/person XDG_RUNTIME_DIR=$work/run PATH=$work/bin:$PATH
unset DISPLAY WAYLAND_DISPLAY JOURNAL_STREAM
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$work/bin"
cat >"$work/bin/xdg-open" <<EOF
#!/bin/sh
printf '%s\n' "\$*" >"$work/opened.new"
tr '\0' ' ' <"/proc/\$\$/cmdline" >"$work/cmdline" 2>/dev/null
mv "$work/opened.new" "$work/opened"
EOF
chmod +x "$work/bin/xdg-open"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT

until_true() { # COMMAND...: for at most a minute
	for _ in $(seq 600); do
		"$@" 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}
start() { # ARGUMENTS...: a server whose first line is in $work/said
	rm -f "$work/said"
	"$hearth" "$@" >"$work/said" 2>"$work/complaint" </dev/null &
	server=$!
	until_true grep -q 'hearth' "$work/said" || { sed 's/^/# /' "$work/complaint"; return 1; }
}
stop() {
	kill -INT "$server"
	wait "$server"
	server=
}
page() { sed 's/&#39;/'"'"'/g' "$(cat "$work/opened")"; }

if ! start open --port 0; then
	skip "hearth open" "nothing can be served here"
	exit 0
fi
check "without a desktop the address is printed, with the token" grep -qE '^hearth serves: http://127\.0\.0\.1:[0-9]+/#token=[0-9a-f]{64}$' "$work/said"
address=$(sed 's/^hearth serves: //' "$work/said")
check "a second one says the same address" "$hearth" open
check "and serves nothing itself" grep -qxF "Open this address in a browser: $address" "$work/out"
DISPLAY=:7 check "with a desktop the browser gets it" "$hearth" open
check "which is said without the token" grep -qxF "hearth is open in your browser: ${address%%#*}" "$work/out"
check "the browser was started" until_true test -s "$work/opened"
check "it was given a file" test -f "$(cat "$work/opened")"
check "that leads to the address" grep -qF "url=$address" "$(cat "$work/opened")"
check "that only its owner may read" [ "$(stat -c %a "$(cat "$work/opened")")" = 600 ]
if [ -e /proc/self/cmdline ]; then
	check_status 1 "no command line has the token" grep -rqF "${address##*token=}" "$work/cmdline"
else
	skip "no command line has the token" "there is no /proc here"
fi
stop
rm "$work/opened"

export DISPLAY=:7
start open --port 0
check "with a desktop and no server it serves and opens" grep -q '^hearth is open in your browser: http://127' "$work/said"
check "the browser gets the page" until_true test -s "$work/opened"
check_status 1 "no token is in what a log would keep" grep -q token "$work/said"
stop
rm "$work/opened"

echo "http://127.0.0.1:8807/" >"$XDG_RUNTIME_DIR/hearth.address"
check "where systemd listens for it, its page is opened" "$hearth" open
check "at its address" grep -qxF "hearth is open in your browser: http://127.0.0.1:8807/" "$work/out"
check "with the token" until_true grep -qE 'url=http://127\.0\.0\.1:8807/#token=[0-9a-f]{64}"' "$HEARTH_HOME/open.html"
rm "$work/opened"
for hostile in "http://evil.example/" "http://127.0.0.1:8807@evil.example/" "http://127.0.0.1:/" 'http://127.0.0.1:1/"><script>' "$(printf 'x%.0s' $(seq 5000))"; do
	echo "$hostile" >"$XDG_RUNTIME_DIR/hearth.address"
	check_status 1 "an address that is not this machine's is not believed" "$hearth" open -m "$work/missing.gguf"
done
check "and what went wrong is shown where there is no terminal" until_true grep -q "hearth cannot start" "$HEARTH_HOME/open.html"
rm "$XDG_RUNTIME_DIR/hearth.address"
start serve --port 0
check_status 2 "a word behind it is wrong use" "$hearth" open page
stop

# Behind systemd: the listener is given, and the log gets no token.
if command -v python3 >/dev/null; then
	cat >"$work/activate.py" <<'PYTHON'
import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], file=open(sys.argv[1], "w"), flush=True)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", JOURNAL_STREAM="1:2")
os.execv(sys.argv[2], [sys.argv[2], "serve"])
PYTHON
	python3 "$work/activate.py" "$work/port" "$hearth" >"$work/said" 2>"$work/complaint" </dev/null &
	server=$!
	check "a listener of systemd's is served" until_true grep -q '^hearth serves: http://127.0.0.1:[0-9]*/ (hearth open)$' "$work/said"
	health() { python3 -c "
import urllib.request; r = urllib.request.Request('http://127.0.0.1:$(cat "$work/port")/health', headers={'Authorization': 'Bearer $(cat "$HEARTH_HOME/token")'})
assert urllib.request.urlopen(r, timeout=60).status == 200"; }
	check "and answers" until_true health
	stop
fi
