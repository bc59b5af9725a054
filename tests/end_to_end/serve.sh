# hearth serve: the page, the token, a first answer, who is refused, how it begins and ends.
. tests/tap.sh
. tests/serving.sh
if ! command -v curl >/dev/null; then
	skip "hearth serve" "needs curl"
	exit 0
fi
chat() { echo '{"model": "builtin", "messages": [{"role": "user", "content": "Hello!"}], "temperature": 0, "max_tokens": '"$1, \"stream\": $2}"; }

check "it starts and says where" serve_begin --port 0 --metrics
case $url in http://127.0.0.1:*/) own=true ;; *) own=false ;; esac
check "on this machine alone" $own
check "with a token of 64 digits in the fragment" [ ${#token} = 64 ]
check "which is kept for its user alone" [ "$(stat -c %a "$HEARTH_HOME/token")" = 600 ]
origin=${url%/}

ask_bare ""
check "the page comes without a token" [ "$code" = 200 ]
check "it may load nothing from elsewhere" grep -qi "^content-security-policy: default-src 'none'" "$work/head"
for line in "x-content-type-options: nosniff" "x-frame-options: DENY" "referrer-policy: no-referrer" "content-type: text/html"; do
	check "it says $line" grep -qi "^$line" "$work/head"
done
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$work/head")
ask_bare "" -H "If-None-Match: $etag"
check "and is not sent again while it is the same" [ "$code" = 304 ]
ask_bare ../../../../etc/passwd --path-as-is
check "a path that leads out leads nowhere" [ "$code" = 404 ]
ask_bare "%2e%2e/%00" --path-as-is
check "a zero byte in a path is refused" [ "$code" = 400 ]

# Who may.
for case in "401 metrics" "401 metrics -H Authorization:x" "403 metrics -H Host:evil.example" "403 health -H Host:evil.example:80" \
	"403 health -H Origin:https://evil.example" "403 health -H Origin:null" "405 health -X POST" "405 health -X TRACE" "404 none" "200 health" \
	"401 v1/chat/completions -d {}" "405 v1/chat/completions"; do
	read -ra words <<<"$case"
	ask_bare "${words[1]}" "${words[@]:2}"
	check "${words[*]:1} has status ${words[0]}" [ "$code" = "${words[0]}" ]
done
check "no answer lets another origin read" sh -c "! grep -qi '^access-control' $work/head"

head -c 2000000 /dev/zero >"$work/large"
ask hearth/enter --data-binary "@$work/large"
check "a body that is too large is refused before it comes" [ "$code" = 413 ]

# The page's way in.
ask hearth/enter -X POST
cookie=$(sed -n 's/^Set-Cookie: \(hearth=[^;]*\);.*/\1/p' "$work/head")
check "the token is exchanged for a cookie" [ ${#cookie} = 71 ]
check "that scripts and other sites do not get" grep -q "^Set-Cookie: .*HttpOnly; SameSite=Strict" "$work/head"
check "and that is not the token" sh -c "! grep -q '$token' $work/head"
ask_bare metrics -H "Cookie: $cookie"
check "it opens what the token opens" [ "$code" = 200 ]
ask_bare v1/chat/completions -H "Cookie: $cookie" -d "$(chat 1 false)"
check "but changes nothing without the page's origin" [ "$code" = 403 ]
ask_bare v1/chat/completions -H "Cookie: $cookie" -H "Origin: $origin" -d "$(chat 1 false)"
check "and does with it" [ "$code" = 200 ]

# Answers.
ask v1/chat/completions -d "$(chat 8 false)"
check "an answer comes" sh -c "[ '$code' = 200 ] && grep -q '\"content\": *\"Hello' $work/body"
ask v1/chat/completions -d "$(chat 8 true)"
check "and streams" sh -c "grep -c '^data: {' $work/body >/dev/null && tail -n 2 $work/body | grep -q '^data: \[DONE\]'"
check "as events" grep -qi "^content-type: text/event-stream" "$work/head"
ask v1/chat/completions -d "$(chat 8 false | sed s/builtin/nobody/)"
check "a model that is not there is named" sh -c "[ '$code' = 404 ] && grep -q 'no model named .*nobody' $work/body"
ask v1/chat/completions -d "$(chat 8 false | sed 's#builtin#../../etc/passwd#')"
check "a path is no model" [ "$code" = 404 ]
printf '%1000000s' "" | tr ' ' '[' >"$work/deep"
ask v1/chat/completions --data-binary "@$work/deep"
check "JSON that is nested 10^6 deep is refused" [ "$code" = 400 ]
printf '{"messages": [{"role": "user", "content": "\377"}]}' >"$work/bytes"
ask v1/chat/completions --data-binary "@$work/bytes"
check "text that is no UTF-8 is refused" [ "$code" = 400 ]
ask v1/chat/completions -d '{"messages": [], "messages": []}'
check "a member that is there twice is refused" [ "$code" = 400 ]
seq 1 200000 | tr '\n' ' ' >"$work/long"
ask v1/chat/completions --data-binary @- <<<"{\"messages\": [{\"role\": \"user\", \"content\": \"$(cat "$work/long")\"}]}"
check "what does not fit is refused with the numbers" sh -c "[ '$code' = 400 ] && grep -qE '[0-9].*context|context.*[0-9]' $work/body"

# A client that leaves.
is_idle() { [ "$(metric hearth_running)" = 0 ]; }
curl -s -N -H "Authorization: Bearer $token" -d '{"messages": [{"role": "user", "content": "Tell me a story."}], "max_tokens": 4000, "stream": true,
	"temperature": 0}' "${url}v1/chat/completions" >"$work/story" &
client=$!
check "a long answer begins" await 60 [ -s "$work/story" ]
kill -9 $client
wait $client 2>/dev/null
check "a client that leaves ends its work" await 60 is_idle

# How it ends.
port=${url%/}
port=${port##*:}
check_status 1 "a port that is taken is told" "$build/hearth" serve --port "$port"
check "in one line" sh -c "[ \$(wc -l <$work/err) = 1 ] && grep -q 'port $port .* is taken' $work/err"
serve_end
check "an interrupt ends it" [ $status = 0 ]
unnamed() { find "$HEARTH_HOME" -mindepth 1 -maxdepth 1 -printf '%f\n' | while read -r file; do grep -qF "\`$file\`" docs/PRIVACY.md || echo "$file"; done | grep .; }
check_status 1 "it has written nothing but what docs/PRIVACY.md names" unnamed
first=$token
check "it starts again" serve_begin --port 0
check "with the same token" [ "$token" = "$first" ]
serve_end

check_status 1 "an address that others reach needs TLS" "$build/hearth" serve --port 0 --host 0.0.0.0
check "the line says so" grep -q "tls-cert" "$work/err"
check_status 1 "a name is no address" "$build/hearth" serve --port 0 --host localhost
check_status 2 "a certificate without its key is wrong use" "$build/hearth" serve --tls-cert x
check_status 2 "so is a word" "$build/hearth" serve now
echo short >"$work/token"
check_status 1 "a token that is too short is refused" "$build/hearth" serve --port 0 --token "$work/token"
echo "a-token-of-my-own" >"$work/token"

check "a Unix socket is served" serve_begin --socket "$work/socket" --token "$work/token"
check "for its user alone" [ "$(stat -c %a "$work/socket")" = 600 ]
url=http://localhost/
token=a-token-of-my-own
ask health --unix-socket "$work/socket"
check "it answers" [ "$code" = 200 ]
ask v1/chat/completions --unix-socket "$work/socket" -d "$(chat 2 false)"
check "with an answer" [ "$code" = 200 ]
ask_bare metrics --unix-socket "$work/socket"
check "and needs the token" [ "$code" = 401 ]
kill -9 $pid
wait $pid 2>/dev/null
check "what a killed one left behind is no hindrance" serve_begin --socket "$work/socket" --token "$work/token"
echo something >"$work/file"
check_status 1 "a file that is there stays" "$build/hearth" serve --socket "$work/file"
check "as it was" [ "$(cat "$work/file")" = something ]
serve_end

if command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost >/dev/null 2>&1
	check "TLS is served, also on every address" serve_begin --port 0 --host 0.0.0.0 --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
	url=https://localhost:${url##*:}
	ask health --cacert "$work/cert.pem"
	check "it answers" [ "$code" = 200 ]
	ask hearth/enter -X POST --cacert "$work/cert.pem"
	check "with a cookie for TLS alone" grep -q "^Set-Cookie: .*; Secure" "$work/head"
	serve_end
	check_status 1 "a key that is none is told" "$build/hearth" serve --port 0 --tls-cert "$work/cert.pem" --tls-key "$work/file"
else
	skip "TLS is served" "needs openssl"
fi
