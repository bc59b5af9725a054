# `hearth prove` on this machine, with the programs as they are: what it says, as words and as JSON, and that it leaves nothing behind.
. tests/tap.sh
build=build # a build with sanitizers has no filter
hearth=$build/hearth
export TMPDIR=$work/temporary
mkdir "$TMPDIR"
if [ ! -e /proc/self/exe ]; then
	skip "hearth prove holds" "there is no /proc here"
	exit 0
fi

check "hearth prove holds" "$hearth" prove
check "it answers four questions" [ "$(grep -cE '\? +(yes|untried)$' "$work/out")" = 4 ]
check "and says so" grep -q "Everything that was tried holds." "$work/out"
check "it leaves nothing behind" [ -z "$(ls -A "$TMPDIR")" ]
check "and makes no data folder" [ ! -e "$HEARTH_HOME" ]

programs=$(sed -n '/guard_role_names\[/,/}/p' src/guard/roles.c | grep -o '"[a-z-]*"' | wc -l)
probes=$(grep -c '\[PROBE_' src/guard/roles.c)
check "hearth prove --list holds" "$hearth" prove --list
check "it shows each probe in each program" [ "$(grep -cE '^    .* (possible|refused) *$' "$work/out")" = $((probes * programs)) ]
check "hearth prove --json holds" "$hearth" prove --json
if command -v python3 >/dev/null; then
	check "it is one JSON object with every cell" python3 -c '
import json, sys
p = json.load(open(sys.argv[1]))
assert p["holds"] is True and [len(q["cells"]) for q in p["programs"]] == [int(sys.argv[2])] * int(sys.argv[3])
assert all(c["agrees"] for q in p["programs"] for c in q["cells"])
assert all(q["layers"]["filter"] for q in p["programs"])' "$work/out" "$probes" "$programs"
else
	skip "it is one JSON object with every cell" "no python3 here"
fi
check_status 2 "a word too many is wrong use" "$hearth" prove everything

# Another program of the same name is not held to anything.
mkdir "$work/bin"
cp "$build"/hearth "$build"/hearth-* "$work/bin/"
cp /bin/true "$work/bin/hearth-import"
check_status 1 "a program that is no part of hearth makes it fail" "$work/bin/hearth" prove
check "the line names it" grep -q "hearth-import" "$work/out"
check "and it is told that not everything holds" grep -q "^NOT everything holds" "$work/out"
rm "$work/bin/hearth-engine"
check_status 1 "so does one that is missing" "$work/bin/hearth" prove --json
check "in JSON too" grep -q '"holds": false' "$work/out"
