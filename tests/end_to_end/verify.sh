# docs/VERIFY.md: each of its steps, by the very commands that stand there. What a step needs and this machine lacks skips it; the
# step that builds everything again runs with VERIFY_ALL=1 (tests/long).
. tests/tap.sh
page=docs/VERIFY.md
trap 'rm -rf "$work"; ip netns delete hearth-verify 2>/dev/null; [ "$failures" = 0 ] || exit 1' EXIT
if [ ! -e /proc/self/exe ]; then
	skip "the steps of docs/VERIFY.md" "there is no /proc here"
	exit 0
fi

# The commands between the fences of a section; those before the first section come first in each step.
commands() { awk -v wanted="$1" '/^## /{ section++ } /^```$/{ inside = 0 } inside && section + 0 == wanted; /^```sh$/{ inside = 1 }' $page; }
lacking() { # SECTION: what it needs and is not here
	local need
	awk -v wanted="$1" '/^## /{ section++ } section == wanted && /^Needs: /{ sub(/^Needs: /, ""); sub(/\.$/, ""); gsub(/, /, "\n"); print; exit }' $page |
		while read -r need; do
			case $need in
			root) [ "$(id -u)" = 0 ] || echo root ;;
			"an hour") [ -n "${VERIFY_ALL:-}" ] || echo "VERIFY_ALL=1" ;;
			unshare) unshare -rn true 2>/dev/null || echo "network namespaces" ;;
			ip) ip netns add "hearth-try-$$" 2>/dev/null && ip netns delete "hearth-try-$$" || echo "network namespaces" ;;
			strace) strace -o /dev/null true 2>/dev/null || echo strace ;;
			gdb) gdb -q -batch -ex 'print 1' >/dev/null 2>&1 || echo gdb ;;
			*) command -v "$need" >/dev/null || echo "$need" ;;
			esac
		done
}

# In bash, since it knows /dev/udp; every command has to succeed, and one with a `!` to fail (bash -e alone lets that pass).
step() {
	{
		echo 'set -eu; trap "rm -rf \"\$HEARTH_HOME\"" EXIT'
		{ commands 0; commands "$1"; } | awk '
			/<< .END.$/ { inside = 1 }
			!inside && sub(/^! /, "") { print "if " $0 "; then echo \"this must find nothing\" >&2; exit 1; fi"; next }
			{ print }
			/^END$/ { inside = 0 }'
	} >"$work/step.sh"
	timeout 3000 bash "$work/step.sh"
}

# Debian's debugger now and then ends with SIGABRT over a process with many threads; that is its fault, and it is asked once more.
asked_again() {
	step "$1"
	local status=$?
	[ $status = 134 ] || return $status
	step "$1"
}

check "the page has ten steps" [ "$(grep -cE '^## [0-9]+\. ' $page)" = 10 ]
grep -E '^## ' $page | sed 's/^## //' >"$work/titles"
number=0
while read -r title; do
	number=$((number + 1))
	missing=$(lacking $number | tr '\n' ' ')
	if [ -n "$missing" ]; then
		skip "$title" "needs $missing"
	else
		check "$title" asked_again $number
	fi
done <"$work/titles"
