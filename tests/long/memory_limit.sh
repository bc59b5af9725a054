# A model larger than the memory of its cgroup runs, and its expected speed is printed first. Of random weights with experts
# (gguf_random.py); in cgroups of whichever version can be made here, else skipped. Where the kernel gives memory to version 1, the
# files of version 2 are put in its place in a mount namespace: then nothing is limited, but what they say must count.
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
# make_group FOLDER LIMIT: a group in a hierarchy, if memory can be limited there.
make_group() {
	[ -d "$1" ] || return 1
	[ ! -e "$1/cgroup.subtree_control" ] || echo +memory >"$1/cgroup.subtree_control" || true
	mkdir "$1/hearth-test-$$" || return 1
	group=$1/hearth-test-$$
	limit=$group/$2
	[ -w "$limit" ] && return 0
	rmdir "$group"
	group=
	return 1
} 2>/dev/null
limit=
make_group /sys/fs/cgroup/memory memory.limit_in_bytes || make_group /sys/fs/cgroup memory.max
model=$work/moe.gguf
/usr/bin/python3 "$random" moe Q4_K_M "$model" --layers 2 >/dev/null || exit 1
size=$(stat -L -c %s "$model")
inside() { # COMMAND...: in the group
	(
		echo 0 >"$group/cgroup.procs" && exec "$@"
	) >"$work/out" 2>"$work/err" </dev/null
}
first_line() { head -n 1 "$work/err" | grep -qE "$1"; }
generate=("$build/hearth-lab" generate "$model" --ids "1 2 3 4 5" -n 3 --ignore-eos)
expected='about [0-9.e+-]+ tokens a second are to be expected'

if [ -z "$group" ]; then
	skip "$name" "no cgroup with a limit of memory can be made here"
else
	echo $((size * 7 / 10)) >"$limit" || exit 1
	check "$name (${limit##*/})" inside "${generate[@]}"
	check "... and writes what was asked for" [ "$(wc -w <"$work/out")" = 3 ]
	check "... its expected speed first" first_line "$expected"
	cp "$work/out" "$work/limited"
	check "... the same without the limit" "${generate[@]}"
	check "... to the token" cmp "$work/out" "$work/limited"
	check "hearth run does too" inside "$build/hearth" run -m "$model" -n 2 --raw "one two three"
	check "... and says so" grep -qE "$expected" "$work/err"
	check "... and why" grep -q 'the experts that a token needs will be read from the disk' "$work/err"
fi

# pretended LIMIT USED FILES COMMAND...: among the files of version 2 that say so.
pretended() {
	unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && echo "$1" >/sys/fs/cgroup/memory.max &&
		echo "$2" >/sys/fs/cgroup/memory.current && printf "anon 4096\nfile %s\n" "$3" >/sys/fs/cgroup/memory.stat &&
		shift 3 && exec "$@"' sh "$@" >"$work/out" 2>"$work/err" </dev/null
}
if [ -e /sys/fs/cgroup/memory.max ] || [ "$(id -u)" != 0 ] || ! grep -q '^0::/' /proc/self/cgroup || ! unshare -m true 2>/dev/null; then
	skip "the limits of version 2 count" "the kernel's own are in use, or no mount namespace can be made here"
	exit 0
fi
check "a limit of version 2 counts" pretended $((size * 7 / 10)) 0 0 "${generate[@]}"
check "... its expected speed first" first_line "$expected"
check "what is used there counts" pretended $((size * 2)) $((size * 3 / 2)) 0 "${generate[@]}"
check "... its expected speed first" first_line "$expected"
check "files that it holds do not" pretended $((size * 2)) $((size * 3 / 2)) "$size" "${generate[@]}"
check "... and nothing is said" [ ! -s "$work/err" ]
check "no limit does not" pretended max "$size" 0 "${generate[@]}"
check "... and nothing is said" [ ! -s "$work/err" ]
