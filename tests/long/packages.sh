#!/bin/bash
# The Debian package and the tarball, each in a bare Debian 12: what they ask for, that they answer, and that they go without a trace. Needs
# root, debootstrap and a network; some minutes.
#
# PACKAGES_ROOT=FOLDER keeps the bare tree there and uses copies of it.
. tests/tap.sh

for tool in debootstrap dpkg-deb dpkg-shlibdeps lintian; do
	command -v $tool >/dev/null || { skip "the packages run on a bare Debian 12" "no $tool here"; exit 0; }
done
if [ "$(id -u)" != 0 ]; then
	skip "the packages run on a bare Debian 12" "needs root"
	exit 0
fi
bare=${PACKAGES_ROOT:-$work/bare}
root=$work/root
if [ ! -e "$bare/etc/debian_version" ]; then
	check "debootstrap makes a bare Debian 12" debootstrap --variant=minbase --include=ca-certificates bookworm "$bare" || exit 1
fi
fresh() { # a copy of the bare tree
	rm -rf "$root"
	cp -a "$bare" "$root"
	cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
	cp "$1" "$root/srv/"
	(cd "$root" && find . -xdev \( -path ./var/cache -o -path ./var/lib/apt -o -path ./tmp -o -path ./root -o -path ./var/log \) -prune -o -print | sort) >"$work/tree"
}
# /proc is there, as in any container: the loader asks it where a program lies.
inside() { env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 unshare -mpf --mount-proc="$root/proc" chroot "$root" sh -c "$1" >"$work/said" 2>&1 || { tail -n 20 "$work/said"; return 1; }; }
said() { grep -qF -- "$1" "$work/said"; }
one_object() { python3 -c "import json, sys; o = json.load(open('$work/said')); sys.exit(sum(m['recommended'] for m in o['models']) != 1)"; }

check "both are made" make -s deb tarball
deb=$(echo "$build"/hearth_*.deb)
tarball=$(echo "$build"/hearth-*.tar.xz)
lintian_is_silent() { lintian --fail-on error,warning --profile debian "$deb" >"$work/said" 2>/dev/null && [ ! -s "$work/said" ]; }
check "lintian has nothing to say" lintian_is_silent
check "the package is below 10 MB, most of it the model" [ "$(stat -c %s "$deb")" -lt 10000000 ]

# The tarball: with nothing installed, as root and as somebody else.
fresh "$tarball"
name=$(basename "$tarball" .tar.xz)
check "the tarball is unpacked by what is there, or by hand" sh -c "tar -C '$root/srv' -xf '$tarball'"
check "it answers" inside "cd /srv && $name/hearth run --temp 0 -n 12 Hello 2>/dev/null"
cp "$work/said" "$work/answer"
check "from another folder, through a link" inside "ln -s /srv/$name/hearth /usr/local/bin/hearth && cd / && hearth run --temp 0 -n 12 Hello 2>/dev/null"
check "with the same words" cmp "$work/said" "$work/answer"
check "it says which packages are missing, in one line" inside "hearth models list 2>&1 >/dev/null | grep -c 'apt-get install.* libcurl4' | grep -qx 1"
check "a download says it too" inside "! hearth models pull https://nowhere.example/x.gguf" && check "by name" said libcurl4
check "it suggests a model" inside "hearth models suggest --json 2>/dev/null" && check "one" one_object
check "doctor has no program that cannot be started but those" inside "hearth doctor" && check "the engine has its jail" said "hearth-engine  filter of system calls"
check "somebody without rights may run it" inside "{ id some || useradd -m some; } >/dev/null 2>&1; su some -c '/srv/$name/hearth run --temp 0 -n 12 Hello 2>/dev/null'"
check "with what it asks for installed it says nothing" inside "apt-get update -q >/dev/null 2>&1; apt-get install -y -q --no-install-recommends \$(cut -d' ' -f3 /srv/$name/bin/libraries | sort -u) >/dev/null 2>&1; [ -z \"\$(hearth models list 2>&1 >/dev/null)\" ]"

# The package.
fresh "$deb"
check_status 1 "without what it depends on it is refused" inside "dpkg -i /srv/$(basename "$deb") && hearth run Hello"
fresh "$deb"
check "apt installs it with what it depends on, and nothing else" inside "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends /srv/$(basename "$deb")"
check "it answers" inside "hearth run --temp 0 -n 12 Hello"
check "with the words of the tarball" cmp "$work/said" "$work/answer"
check "its programs lie together, and two can be called" inside "ls /usr/lib/hearth | grep -qx hearth-engine && [ \"\$(ls /usr/bin | grep ^hearth | tr '\n' ' ')\" = 'hearth hearth-lab ' ]"
check "the built-in model and the catalogue are found" inside "hearth models suggest --json" && check "one model is recommended" one_object
check "every program can be started in its jail" inside "hearth doctor && ! hearth doctor | grep -q 'cannot be started'"
check "it keeps its promises here" inside "hearth prove"
check "the page's units, entry and icon are in their places" inside "cd /usr && ls lib/systemd/user/hearth.socket lib/systemd/user/hearth.service share/applications/hearth.desktop share/icons/hicolor/scalable/apps/hearth.svg share/metainfo/hearth.metainfo.xml share/man/man1/hearth.1.gz"
check "the unit starts the program that is there" inside "test -x \"\$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' /usr/lib/systemd/user/hearth.service)\""
gone() { inside "apt-get purge -y -q hearth" && ! find "$root/usr" "$root/etc" "$root/var/lib" -xdev -iname '*hearth*' | grep -v /var/lib/apt | grep -q .; }
check "purged, nothing of it is left" gone
