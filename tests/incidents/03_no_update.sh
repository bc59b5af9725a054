# Incident 3, CVE-2026-42248 and -42249: a program fetched its own updates and trusted what came. hearth has no update: the only
# address in its programs (a name of an XML vocabulary is none) is the hub that `models pull` is told to ask, and a clock years ahead makes it do nothing by itself.
. tests/tap.sh
build=build
model=models/hearth-builtin.gguf

addresses() { grep -aohE '(https?|ftp|wss?)://[A-Za-z0-9.-]+\.[a-z]{2,}' "$build"/hearth "$build"/hearth-engine "$build"/hearth-net \
	"$build"/hearth-import "$build"/hearth-front | grep -vxF http://www.w3.org | sort -u; }
check "the programs know one address, the hub's" [ "$(addresses)" = "https://huggingface.co" ]
check_status 1 "hearth has no word for it" sh -c "'$build/hearth' help | grep -iE 'update|upgrade'"
if command -v strace >/dev/null && command -v faketime >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -qq -o "$work/trace" -e trace=network,execve faketime '2040-01-01' "$build/hearth" run -m $model -n 2 "Hello" >"$work/answer" 2>/dev/null </dev/null
	check "in the year 2040 it answers" [ -s "$work/answer" ]
	check_status 1 "and starts nothing that fetches" grep -E 'hearth-net|AF_INET' "$work/trace"
else
	skip "in the year 2040 it answers" "needs strace and faketime"
fi
