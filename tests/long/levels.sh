# Every golden model at every level of this machine's CPU, forced: within the tolerances exact and default, at batch sizes 1, 7 and
# 96; back to an earlier message and forward again; in one process and through hearth.h.
. tests/tap.sh

if ! have_data; then
	skip "every level gives the goldens" "no reference data"
	exit 0
fi
export HEARTH_TESTDATA=$data
levels=$(HEARTH_CPU=none "$build/hearth" --version 2>/dev/null | sed -n 's/.*it has //p' | tr -d ,)
for level in $levels; do
	for test in model/golden model/embedding model/timelines model/states model/windows model/adapter engine/timelines; do
		HEARTH_CPU=$level check "level $level: $test" "$build/tests/$test"
	done
done
