# Every bug of tests/planted is caught by the test that it names.
#
# A patch begins with lines of text. "Caught by: TARGET" names a test program of `make check`, relative to build/tests, or
# kerncheck. The program passes without the patch and must fail, by a case and not by the build, with it.
. tests/tap.sh

tree=$work/tree
mkdir "$tree"
git ls-files -z | xargs -0 cp -a --parents -t "$tree"
cp -a build "$tree"
export HEARTH_TESTDATA
HEARTH_TESTDATA=$(cd "$data" 2>/dev/null && pwd || echo "$data")

caught() { # PATCH TARGET
	local program=build/tests/$2
	[ "$2" != kerncheck ] || program=build/kerncheck
	(
		cd "$tree" || exit 1
		patch -s -p1 <"$1" || { echo "the patch does not apply"; exit 1; }
		make -s -j2 "$program" >log 2>&1 || { echo "the patched tree does not build"; tail -n 5 log; exit 1; }
		! CMOCKA_MESSAGE_OUTPUT=TAP timeout 600 "$program" >log 2>&1 || { echo "$program passes with the bug"; exit 1; }
		grep '^not ok' log || echo "$program ended badly"
	)
	local status=$?
	(cd "$tree" && patch -s -R -p1 <"$1" && make -s -j2 "$program" >/dev/null 2>&1)
	return $status
}

for patch in ${PLANTED:-tests/planted/*.patch}; do
	target=$(sed -n 's/^Caught by: //p' "$patch" | head -n 1)
	check "the bug of $(basename "$patch" .patch) is caught by $target" caught "$PWD/$patch" "$target"
done
