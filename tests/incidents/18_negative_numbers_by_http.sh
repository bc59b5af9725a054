# Incident 18, CVE-2026-21869: a negative n_discard in a request's JSON became a place to write at. Every number of the API that is below,
# above or beside what it may be is refused by name, and what follows is answered as before.
. tests/tap.sh
. tests/serving.sh
command -v curl >/dev/null || { skip "numbers out of range are refused" "needs curl"; exit 0; }
check "it serves" serve_begin --port 0
bad=""
for member in max_tokens n seed top_k top_logprobs temperature top_p min_p presence_penalty frequency_penalty repeat_penalty max_completion_tokens; do
	for value in -1 -9223372036854775808 18446744073709551616 -0.5 1e400 1e30 '"-1"' '[-1]' '{}' true; do
		case $member:$value in seed:* | presence_penalty:-1 | presence_penalty:-0.5 | frequency_penalty:-1 | frequency_penalty:-0.5) continue ;; esac
		case $member:$value in max_tokens:-1 | max_completion_tokens:-1 | top_k:-1) continue ;; esac # "no limit" in some clients' words
		ask v1/chat/completions -d "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_tokens\": 1, \"$member\": $value}"
		[ "$code" = 400 ] || bad+=" $member=$value:$code"
	done
done
check "no number out of range is taken:$bad" [ -z "$bad" ]
ask tokenize -d '{"content": "a b"}'
check "it answers as before" [ "$code" = 200 ]
ask detokenize -d '{"tokens": [-1]}'
check "a token below zero is refused" [ "$code" = 400 ]
ask detokenize -d '{"tokens": [4000000000]}'
check "and one above all" [ "$code" = 400 ]
check "it still runs" kill -0 $pid
