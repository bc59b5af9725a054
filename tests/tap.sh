# tap: what the test scripts share; `. tests/tap.sh` at their top. Scripts run from the root of the repository.
#
#     build        the folder with the programs under test: the release build
#     hostile      the folder with those that meet hostile input: the build with sanitizers, which need /proc
#     data         the folder with the reference data (HEARTH_TESTDATA); have_data is false where it is absent
#     work         a fresh folder, removed at the end
#     check NAME COMMAND...          one case: passes when the command's status is 0
#     check_status N NAME COMMAND... one case: passes when the status is N
#                                    The output of a program given by its path (with a slash) stays in $work/out and $work/err;
#                                    other commands (grep, cmp, [, functions) look at those and leave them as they are.
#     change_bit FILE AT             turns a bit of the byte at AT, and that is certain to change it
#     skip NAME REASON               one case that could not run
# shellcheck shell=bash disable=SC2034
set -u
build=${HEARTH_BUILD:-build}
hostile="build-asan"
[ -e /proc/self/maps ] || hostile=$build
data=${HEARTH_TESTDATA:-../shared}
work=$(mktemp -d)
cases=0
failures=0
trap 'rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
export LC_ALL=C.UTF-8 HEARTH_HOME="$work/home"

have_data() { [ -d "$data" ]; }

check_status() {
	local wanted=$1 name=$2 status into=log
	shift 2
	case $1 in */*) into= ;; esac
	"$@" >"$work/${into}out" 2>"$work/${into}err" </dev/null
	status=$?
	cases=$((cases + 1))
	if [ $status = "$wanted" ]; then
		echo "ok $cases - $name"
		return 0
	fi
	failures=$((failures + 1))
	echo "not ok $cases - $name"
	echo "# status $status instead of $wanted: $*"
	head -c 2000 "$work/${into}out" "$work/${into}err" | sed 's/^/# /'
	return 1
}

check() { check_status 0 "$@"; }

change_bit() {
	printf "\\x$(printf '%02x' $(($(od -An -tu1 -j "$2" -N 1 "$1") ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

skip() {
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}
