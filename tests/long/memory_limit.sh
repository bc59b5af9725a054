# A model larger than the memory of its cgroup runs, and its expected speed is printed first. Of random weights with experts
# (gguf_random.py); in cgroups of whichever version can be made here, else skipped.
. tests/tap.sh

group=
leave() {
	[ -z "$group" ] || rmdir "$group"
	rm -rf "$work"
	[ "$failures" = 0 ] || exit 1
}
trap leave EXIT
name="a model with experts larger than the memory of its cgroup runs"
random=$data/tools/gguf_random.py
if [ ! -r "$random" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
	skip "$name" "no ../shared/tools/gguf_random.py or no numpy"
	exit 0
fi
for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
	limit=$root/hearth-test-$$/memory.max
	[ $root = /sys/fs/cgroup ] || limit=$root/hearth-test-$$/memory.limit_in_bytes
	mkdir "$root/hearth-test-$$" 2>/dev/null || continue
	group=$root/hearth-test-$$
	[ -w "$limit" ] && break
	rmdir "$group"
	group=
done
if [ -z "$group" ]; then
	skip "$name" "no cgroup with a limit of memory can be made here"
	exit 0
fi
model=$work/moe.gguf
/usr/bin/python3 "$random" moe Q4_K_M "$model" --layers 2 >/dev/null || exit 1
size=$(stat -L -c %s "$model")
echo $((size * 7 / 10)) >"$limit" || exit 1

inside() { # COMMAND...: in the group
	(
		echo 0 >"$group/cgroup.procs" && exec "$@"
	) >"$work/out" 2>"$work/err" </dev/null
}
first_line() { head -n 1 "$work/err" | grep -qE "$1"; }
check "$name" inside "$build/hearth-lab" generate "$model" --ids "1 2 3 4 5" -n 3 --ignore-eos
check "... and writes what was asked for" [ "$(wc -w <"$work/out")" = 3 ]
check "... its expected speed first" first_line 'about [0-9.e+-]+ tokens a second are to be expected'
cp "$work/out" "$work/limited"
check "... the same without the limit" "$build/hearth-lab" generate "$model" --ids "1 2 3 4 5" -n 3 --ignore-eos
check "... to the token" cmp "$work/out" "$work/limited"
check "hearth run does too" inside "$build/hearth" run -m "$model" -n 2 --raw "one two three"
check "... and says so" grep -qE 'about [0-9.e+-]+ tokens a second are to be expected' "$work/err"
check "... and why" grep -q 'the experts that a token needs will be read from the disk' "$work/err"
