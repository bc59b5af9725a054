# Incident 7, CVE-2024-28224 (and 28: MCP inspectors and SDKs): a page made its own name point to 127.0.0.1 and used the API there. A browser
# then sends that name as Host; every other name than the server's own is refused, with and without the token, on every kind of path.
. tests/tap.sh
. tests/serving.sh
command -v curl >/dev/null || { skip "another name is refused" "needs curl"; exit 0; }
check "it serves" serve_begin --port 0 --name my.box
port=${url%/}
port=${port##*:}
for host in evil.example "evil.example:$port" "127.0.0.1.evil.example:$port" "localhost.evil.example" "127.0.0.1" "127.0.0.1:1" "0.0.0.0:$port" \
	"2130706433:$port" "0x7f000001:$port" "127.1:$port" "[::ffff:127.0.0.1]:$port" "127.0.0.1:$port@evil.example" "localhost:$port#" " "; do
	for path in "" health v1/models v1/chat/completions hearth/enter; do
		ask "$path" -H "Host: $host"
		[ "$code" = 403 ] || [ "$code" = 400 ] || break 2
	done
done
check "fourteen other names are refused on five paths (last: '$host' on '$path': $code)" [ "$host$path" = " hearth/enter" ]
for host in "127.0.0.1:$port" "localhost:$port" "[::1]:$port" my.box "my.box:$port" "MY.BOX"; do
	ask_bare health -H "Host: $host"
	[ "$code" = 200 ] || break
done
check "its own names are not (last: '$host': $code)" [ "$code" = 200 ]
