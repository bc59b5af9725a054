# Incident 27, llama.cpp #25655 and #25606 (and 28): any Origin was reflected, with credentials. Here no origin may read anything unless the
# person allowed it by name, and none with the page's cookie.
. tests/tap.sh
. tests/serving.sh
command -v curl >/dev/null || { skip "other origins are refused" "needs curl"; exit 0; }
check "it serves" serve_begin --port 0 --origin https://notes.example
own=${url%/}
bad=""
for origin in https://evil.example null "http://127.0.0.1" "http://localhost:3000" "https://${own#http://}" "http://localhost:${own##*:}" "file://" \
	"https://notes.example.evil.example" "https://notes.example:444" "http://notes.example" "chrome-extension://abc" "$own.evil.example" "$own/"; do
	for method in GET POST OPTIONS; do
		ask v1/models -X $method -H "Origin: $origin"
		[ "$code" = 403 ] && ! grep -qi '^access-control' "$work/head" || bad+=" $method:$origin:$code"
	done
done
check "thirteen other origins are refused:$bad" [ -z "$bad" ]
ask v1/models -H "Origin: https://notes.example"
check "the one that was allowed may ask" [ "$code" = 200 ]
check "and read" grep -qi '^access-control-allow-origin: https://notes.example' "$work/head"
check "without credentials" sh -c "! grep -qi '^access-control-allow-credentials' $work/head"
ask_bare v1/chat/completions -X OPTIONS -H "Origin: https://notes.example" -H "Access-Control-Request-Method: POST"
check "a browser is told so before" [ "$code" = 204 ]
ask hearth/enter -X POST
cookie=$(sed -n 's/^Set-Cookie: \(hearth=[^;]*\);.*/\1/p' "$work/head")
ask_bare v1/models -H "Cookie: $cookie" -H "Origin: https://notes.example"
check "with the page's cookie it may not" [ "$code" = 403 ]
ask_bare v1/models -H "Cookie: $cookie" -H "Sec-Fetch-Site: cross-site" -H "Sec-Fetch-Mode: no-cors"
check "nor may a picture or a script from elsewhere" [ "$code" = 403 ]
ask_bare v1/models -H "Cookie: $cookie" -H "Origin: $own"
check "the page may" [ "$code" = 200 ]
