# Other makers' clients, as npm has them, against hearth serve: OpenAI's, Anthropic's and Ollama's, with the built-in model and with one of the reference data.
# Needs npm and a network for the packages alone.
. tests/tap.sh
build=$PWD/build

cp -r tests/clients "$work/clients"
if ! command -v npm >/dev/null || ! (cd "$work/clients" && npm ci --silent >"$work/npm" 2>&1); then
	skip "clients of other makers get their answers" "npm has no packages here: $(tail -n 1 "$work/npm" 2>/dev/null)"
	exit 0
fi
node=$work/clients/node_modules/node/bin/node
[ -x "$node" ] || node=$(command -v node)

# serve MODEL: starts a server, and stops it at the end.
serve() {
	mkdir -p "$HEARTH_HOME"
	: >"$work/serve"
	"$build/hearth" serve --port 0 ${1:+-m "$1"} >"$work/serve" 2>&1 &
	server=$!
	trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
	for _ in {1..600}; do
		grep -q '#token=' "$work/serve" && break
		sleep 0.1
	done
	HEARTH_URL=$(sed -n 's|.*\(http://[^/]*\)/#token=.*|\1|p' "$work/serve")
	HEARTH_TOKEN=$(sed -n 's|.*#token=\([0-9a-f]*\).*|\1|p' "$work/serve")
	export HEARTH_URL HEARTH_TOKEN
}

run_clients() {
	"$node" "$work/clients/clients.mjs" >"$work/result" 2>&1
	local status=$?
	sed 's/^\(not \)\{0,1\}ok/# &/; s/^1\.\./# &/' "$work/result"
	return $status
}

serve ""
export HEARTH_MODEL=builtin
check "the clients get what they expect of the built-in model" run_clients
grep '^# ' "$work/logout" | head -n 40
kill $server
wait $server 2>/dev/null
if have_data; then

	model=$(realpath "$data/real/stories260K.gguf")
	serve "$model"
	HEARTH_MODEL=$(curl -s -H "Authorization: Bearer $HEARTH_TOKEN" "$HEARTH_URL/v1/models" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
	check "... and of a model with another tokenizer and no template" run_clients
	grep '^# ' "$work/logout" | head -n 40
else
	skip "... and of a model with another tokenizer and no template" "no reference data"
fi
