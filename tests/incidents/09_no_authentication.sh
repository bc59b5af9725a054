# Incidents 9 and 11, GO-2025-4251 and 175,108 open hosts: an API without authentication by design, on every address. Every path needs the
# token, also from this machine, but for the page's own files and the word that the server is there; and it listens on 127.0.0.1 alone.
. tests/tap.sh
. tests/serving.sh
command -v curl >/dev/null || { skip "every path needs the token" "needs curl"; exit 0; }
check "it serves" serve_begin --port 0
# The tables of routes: method, path and what it is, such as { "POST", "/v1/embeddings", 0, ...
sed -n 's/^\t{ "\([A-Z]*\)", "\(\/[^"]*\)", \([^,]*\),.*/\1 \2 \3/p' src/app/front/*.c >"$work/routes"
check "there are more than 25 of them" [ "$(wc -l <"$work/routes")" -gt 25 ]
open=""
without=""
while read -r method path flags; do
	path=${path#/}
	ask_bare "${path%\*}x" -X "$method" -d "{}"
	[[ $path == *\* ]] || ask_bare "$path" -X "$method" -d "{}"
	case $flags in *GATE_PAGE* | *GATE_OPEN*) open+=" /$path" ;; *) [ "$code" = 401 ] || [ "$code" = 413 ] || without+=" $method /$path ($code)" ;; esac
done <"$work/routes"
check "each path needs the token:$without" [ -z "$without" ]
check "but for$open" [ "$open" = " /health /v1/health /*" ]
port=$(printf %04X "$(sed 's/.*:\([0-9]*\)\/$/\1/' <<<"$url")")
if [ -r /proc/net/tcp ]; then
	listens() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$port" '$4 == "0A" && index($2, port) { print $2 }'; }
	check "it listens on 127.0.0.1 and nowhere else" [ "$(listens)" = "0100007F:$port" ]
else
	skip "it listens on 127.0.0.1 and nowhere else" "there is no /proc/net here"
fi
serve_end
for address in 0.0.0.0 :: 198.51.100.1; do
	check_status 1 "$address is refused without TLS" "$build/hearth" serve --port 0 --host $address
	check "the line says why" grep -q "tls-cert" "$work/err"
done
