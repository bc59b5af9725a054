# The programs as they were built here, above the newer libc of another Debian: the jail's list of system calls must hold for both,
# since a system is upgraded under programs that stay. Needs root, debootstrap and a network; some minutes.
#
# NEWER_SUITE=NAME takes another Debian than trixie; NEWER_ROOT=FOLDER keeps its tree there and uses it again.
. tests/tap.sh
build=build
suite=${NEWER_SUITE:-trixie}

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null || ! unshare -m true 2>/dev/null; then
	skip "the jail holds above a newer libc" "needs root, debootstrap and mount namespaces"
	exit 0
fi
root=${NEWER_ROOT:-$work/root}
if [ ! -x "$root/usr/bin/ldd" ]; then
	check "debootstrap makes a $suite" debootstrap --variant=minbase "$suite" "$root" || exit 1
fi
place=$root/srv/hearth
rm -rf "$place"
mkdir -p "$place/tests/guard" "$place/models"
for file in "$build"/hearth* "$build"/tests/guard/*; do
	[ -f "$file" ] && [ -x "$file" ] && install -D "$file" "$place/$file"
done
cp tests/guard/calls.tsv "$place/tests/guard/"
cp models/*.gguf "$place/models/"
trap 'rm -rf "$work" "$place"; [ "$failures" = 0 ] || exit 1' EXIT

# In the tree, with /proc and /dev of its own that vanish with the namespace.
inside() {
	unshare -m sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" && mount --bind /dev "$1/dev" &&
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$1" sh -c "cd /srv/hearth && $2"' \
		sh "$root" "$1"
}

# Libraries that this Debian has under other names, or not at all, come along, with those that they need in turn; libc does not.
for _ in {1..8}; do
	for program in $(cd "$place" && find build -type f); do
		for library in $(inside "ldd $program" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p'); do
			cp -L "$(ldd "$place/$program" | sed -n "s|^[[:space:]]*$library => \([^ ]*\) .*|\1|p" | head -n 1)" "$root/usr/local/lib/"
		done
	done
	inside ldconfig
done
here=$(ldd --version | sed -n '1s/.* //p')
there=$(inside "ldd --version" | sed -n '1s/.* //p')
echo "# libc $here here, $there there"
newer() { [ "$(printf '%s\n%s\n' "$here" "$there" | sort -V | tail -n 1)" = "$there" ] && [ "$here" != "$there" ]; }
check "its libc is newer" newer

for program in "$place/$build"/tests/guard/*; do
	name=$(basename "$program")
	check "tests/guard/$name passes there" inside "$build/tests/guard/$name"
	grep -E '^\[  (SKIPPED|FAILED)' "$work/logerr" "$work/logout" 2>/dev/null | sed 's/^/# /'
done
answers() { inside "$build/hearth run --seed 7 -n 16 'What is a hearth?'" >"$work/answer" && grep -q '[a-z]' "$work/answer"; }
check "hearth answers there" answers
check "hearth prove holds there" inside "$build/hearth prove"
keeps() {
	inside "export HEARTH_HOME=/tmp/home; head -c 64 /dev/urandom >/tmp/key
		echo '{\"hearth_export\": 1, \"conversations\": [{\"number\": 1, \"title\": \"Figs\", \"made\": 1, \"changed\": 1, \"messages\": [{\"role\": \"user\", \"made\": 1, \"text\": \"Figs?\"}]}]}' >/tmp/figs.json
		$build/hearth vault create --key-file /tmp/key && $build/hearth vault import --key-file /tmp/key /tmp/figs.json &&
		$build/hearth vault export --key-file /tmp/key /tmp/out.md && grep Figs /tmp/out.md"
}
check "a vault is made, filled and read there" keeps
