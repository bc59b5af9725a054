# On a bare Debian 12 with git, make and gcc alone, a clone runs and passes its tests. Needs root and a network; about ten minutes.
#
# BARE_ROOT=FOLDER keeps the tree with the three packages there and uses it again.
. tests/tap.sh

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
	skip "a clone runs on a bare Debian 12" "needs root and debootstrap"
	exit 0
fi
root=${BARE_ROOT:-$work/root}
if [ ! -x "$root/usr/bin/git" ]; then
	check "debootstrap makes a bare Debian 12" debootstrap --variant=minbase --include=git,make,gcc,ca-certificates bookworm "$root" || exit 1
fi
rm -rf "$root/srv/hearth" "$root/srv/hearth.git"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
git clone -q --bare . "$root/srv/hearth.git"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$root" sh -c "cd /srv && $1" >"$work/said" 2>&1 || { tail -n 40 "$work/said"; return 1; }; }
trap 'rm -rf "$work" "$root/srv/hearth"; [ "$failures" = 0 ] || exit 1' EXIT

check "git clones it" inside "git clone -q hearth.git hearth"
check "make run answers without a terminal" inside "cd hearth && make run </dev/null"
tail -n 5 "$work/said" | sed 's/^/# /'
check "the second make run sets nothing up, builds nothing" inside "cd hearth && make run </dev/null >log 2>&1 && ! grep -E '^(Setting up|  (cc|ld|ar) )' log"
# What comes before the chat: with the program replaced by `true`, the whole of `make run`.
check "and the chat opens in under 2 s" inside "cd hearth && touch -r build/hearth stamp && mv build/hearth keep && cp /bin/true build/hearth &&
	touch -r stamp build/hearth && timeout 2 make run </dev/null; status=\$?; mv keep build/hearth; rm stamp; exit \$status"
began=$(date +%s)
check "make check passes" inside "cd hearth && .ci/run"
tail -n 1 "$work/said" | sed 's/^/# /'
check "in under 10 minutes" [ $(($(date +%s) - began)) -lt 600 ]
check "the second make check sets nothing up, builds nothing" inside "cd hearth && make check >log 2>&1 && ! grep -E '^(Setting up|  (cc|ld|ar) )' log"
