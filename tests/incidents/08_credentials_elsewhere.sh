# Incident 8, GO-2025-3824: a token for one host was sent to the host that it redirected to. Here there is none to send: nothing of
# the user's goes into a request, whatever lies in the home folder or the environment, or a host says.
. tests/tap.sh
. tests/hostile_net/enter.sh
hearth="$hostile/hearth"
limit=$(command -v timeout)
export HOME=$work/person HF_TOKEN=hf_secretsecret HUGGING_FACE_HUB_TOKEN=hf_secretsecret CURL_HOME=$work/person
mkdir -p "$HOME/.cache/huggingface"
echo "machine huggingface.co login person password secretsecret default login person password secretsecret" >"$HOME/.netrc"
echo hf_secretsecret >"$HOME/.cache/huggingface/token"
printf 'user = "person:secretsecret"\nheader = "X-Secret: secretsecret"\n' >"$HOME/.curlrc"

check "a file is fetched from the hub and where it redirects" "$limit" 600 "$hearth" models pull good/repo:Q4_K_M
check "a cookie is set by a host" "$limit" 600 "$hearth" models pull https://host.example/cookie.gguf
check_status 1 "no request has anything of the user's" grep -iE 'secret|person|^(authorization|cookie|x-)' "$net/requests.log"
check "requests were made" [ "$(grep -c '^GET' "$net/requests.log")" = 5 ]
check_status 2 "a password in a URL is refused before anything is sent" "$limit" 600 "$hearth" models pull https://a:secretsecret@host.example/model.gguf
check "and stands in no ledger" sh -c "! grep -rq secretsecret '$HEARTH_HOME'"
