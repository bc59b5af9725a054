# Every generation of x86 processors takes the level that it has, and every kernel of that level computes what plain C does.
. tests/tap.sh

case "$(uname -m)" in x86_64) qemu=$(command -v qemu-x86_64-static || command -v qemu-x86_64) ;; *) qemu= ;; esac
if [ -z "$qemu" ]; then
	skip "kerncheck passes on older processors" "no qemu-user for x86-64 here"
	exit 0
fi
unset HEARTH_CPU
build=build # what is emulated runs without sanitizers
while read -r model level; do
	check "the $model has the level $level" "$qemu" -cpu "$model" "$build/hearth" --version
	check "and takes it" grep -qx "level $level" "$work/out"
	check "kerncheck passes on it" "$qemu" -cpu "$model" "$build/kerncheck"
done <<-MODELS
	qemu64 portable
	Nehalem portable
	max avx2
MODELS
for model in qemu64 max; do
	"$qemu" -cpu $model "$build/hearth" run -n 12 --temp 0 "What is the capital of France?" >"$work/$model" 2>/dev/null
done
check "the surest words are the same on both" cmp "$work/qemu64" "$work/max"
