# Documents that the schema compiler's automata make, looked at by an independent validator (ajv): those of the public suite's schemas that are taken, and
# of schemas made by chance. Needs npm and a network for the packages alone.
. tests/tap.sh
cp -r tests/clients "$work/clients"
if ! command -v npm >/dev/null || ! (cd "$work/clients" && npm ci --silent >"$work/npm" 2>&1); then
	skip "documents made under schemas are valid" "npm has no packages here: $(tail -n 1 "$work/npm" 2>/dev/null)"
	exit 0
fi
node=$work/clients/node_modules/node/bin/node
[ -x "$node" ] || node=$(command -v node)
export HEARTH_SCHEMA_OUT=$work/made
check "the suite's schemas and 200 more are compiled, and documents made" build/tests/grammar/schema_suite
grep '^# \|schemas' "$work/err" "$work/out" | sed 's/^/# /'
check "all of them are valid" "$node" "$work/clients/schemas.mjs" "$work/made"
cat "$work/out"
