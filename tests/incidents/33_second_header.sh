# Incident 33, CVE-2026-44553 and -45339: a second header went around the check, and old sessions stayed good. One place decides
# (src/app/front/gate.c): whatever else is said, a request needs what it needs; and with another token all cookies are void.
. tests/tap.sh
. tests/serving.sh
command -v curl >/dev/null || { skip "no second header goes around the check" "needs curl"; exit 0; }
echo "the-first-token-of-two" >"$work/token"
check "it serves" serve_begin --port 0 --token "$work/token"
right=$token
bad=""
expect() { # STATUS CURL-ARGUMENTS...
	local wanted=$1
	shift
	ask_bare v1/models "$@"
	[ "$code" = "$wanted" ] || bad+=" [$*]:$code"
}
for line in "X-Forwarded-For: 127.0.0.1" "X-Real-IP: 127.0.0.1" "X-Forwarded-Host: localhost" "X-Original-URL: /health" "X-Rewrite-URL: /health" \
	"X-HTTP-Method-Override: OPTIONS" "Forwarded: for=127.0.0.1" "Proxy-Authorization: Bearer $right" "X-Auth-Token: $right" "Authentication: Bearer $right" \
	"Upgrade: websocket" "Authorization: $right" "Authorization: Token $right" "Authorization: Basic $right" "Cookie: token=$right" "Cookie: hearth=$right"; do
	expect 401 -H "$line"
done
expect 401 -H "Authorization: Bearer $right" -H "x-api-key: wrong"
expect 401 -H "Authorization: Bearer wrong" -H "x-api-key: $right"
expect 401 -H "Authorization: Bearer wrong" -H "Authorization: Bearer $right"
expect 401 -H "Authorization: Bearer $right" -H "Authorization: Bearer $right"
expect 401 -H "x-api-key: $right, wrong"
expect 200 -H "Authorization: Bearer $right" -H "x-api-key: $right"
check "no second header goes around the check:$bad" [ -z "$bad" ]
ask_bare "v1/models?token=$right&api_key=$right&access_token=$right"
check "a token in the address counts nothing" [ "$code" = 401 ]
ask hearth/enter -X POST
cookie=$(sed -n 's/^Set-Cookie: \(hearth=[^;]*\);.*/\1/p' "$work/head")
bad=""
expect 200 -H "Cookie: $cookie"
expect 401 -H "Cookie: $cookie" -H "Authorization: Bearer wrong"
expect 401 -H "Cookie: $cookie; $cookie"
check "nor does a second cookie:$bad" [ -z "$bad" ]
serve_end
echo "the-second-token-of-two" >"$work/token"
check "it serves with another token" serve_begin --port 0 --token "$work/token"
bad=""
expect 401 -H "Cookie: $cookie"
expect 401 -H "Authorization: Bearer $right"
check "and what the one before opened is void:$bad" [ -z "$bad" ]
