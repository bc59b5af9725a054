# The two commands and their neighbours: what make knows, and that a second time costs nothing.
. tests/tap.sh
unset MAKEFLAGS MFLAGS MAKEOVERRIDES

make help >"$work/help"
for target in run check check-long lint bench fuzz docs install clean help; do
	check "make help has a line for $target" grep -qE "^  make $target\b" "$work/help"
done
check "tools/setup has nothing left to do" tools/setup check
check "and is silent" test ! -s "$work/out"
check_status 2 "tools/setup explains its use" tools/setup everything
check "everything is built: make has nothing to do" sh -c '! make all | grep -E "^  (cc|ld|ar)"'
check "make docs renders the manual pages, finds every link and a card of each family" tools/docs "$work/docs" check

# The runner counts what it is given.
cat >"$work/mixed.sh" <<'SH'
echo "ok 1 - a"; echo "not ok 2 - b"; echo "ok 3 - c # SKIP no data"
SH
printf 'echo "1..2"; echo "ok 1 - a"\n' >"$work/short.sh"
printf 'echo nothing\n' >"$work/silent.sh"
printf 'echo "ok 1 - a"; exit 3\n' >"$work/status.sh"
count() { tools/run-tests "$@" | tail -n 1; }
check "a failed case fails the run" sh -c "! tools/run-tests $work/mixed.sh"
check "each case counts once" [ "$(count "$work/mixed.sh")" = "1 passed, 1 failed, 1 skipped" ]
check "a program that stops early is a failure" [ "$(count "$work/short.sh")" = "1 passed, 1 failed, 0 skipped" ]
check "a program without cases is a failure" [ "$(count "$work/silent.sh")" = "0 passed, 1 failed, 0 skipped" ]
check "a bad status without a failed case is a failure" [ "$(count "$work/status.sh")" = "1 passed, 1 failed, 0 skipped" ]

# A planted bug that no longer fits is one that nobody tries (tests/long/planted.sh).
fits() { for patch in tests/planted/*.patch; do git apply -C1 --check "$patch" || { echo "$patch" && return 1; }; done; }
check "every planted bug fits the sources" fits

# The lint finds what it is for.
mkdir -p "$work/tree/src/base" "$work/tree/tools"
printf '#include "model/model.h"\nvoid f(char *a) { sprintf(a, "x"); }\nvoid *g(void) { return malloc(1); }\n' >"$work/tree/src/base/a.c"
printf 'void h(void) { char *p = "malloc(1)"; (void)p; /* exit(1) */ }\nvoid *g(void) { return malloc(1); }\nvoid e(void) { exit(1); }\n' >"$work/tree/src/base/../b.c"
check "an include that goes up is found" sh -c "cd $work/tree && awk -f $PWD/tools/floors.awk $PWD/tools/floors src/base/a.c | grep -q 'a.c:1: src/base may not include'"
check "a call without bounds is found" sh -c "cd $work/tree && awk -f $PWD/tools/calls.awk src/base/a.c | grep -q 'a.c:2: sprintf()'"
check "memory belongs to base, and only there" sh -c "cd $work/tree && [ \"\$(awk -f $PWD/tools/calls.awk src/base/a.c src/b.c | grep -c malloc)\" = 1 ]"
check "texts and comments are not calls" sh -c "cd $work/tree && ! awk -f $PWD/tools/calls.awk src/b.c | grep 'b.c:1:'"
check "an exit below the programs is found" sh -c "cd $work/tree && awk -f $PWD/tools/calls.awk src/b.c | grep -q 'b.c:3: exit()'"
