# As many threads as the process may use: its affinity mask, and quotas of cgroups of both versions. Needs root for the latter.
. tests/tap.sh

told() { "$build/hearth" doctor 2>/dev/null | grep -F "hearth may use $1 of them" >"$work/log"; }
group=
trap '[ -z "$group" ] || rmdir "$group"; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT

if [ "$(nproc --all)" -lt 2 ]; then
	skip "cores are counted" "there is but one"
	exit 0
fi
on_one() { taskset -c 0 "$build/hearth" doctor 2>/dev/null | grep -qF "hearth may use 1 of them"; }
check "on one core of several it takes one" on_one

limited() { # FILE TEXT: a shell in the new group, whose quota is written to FILE
	echo "$2" >"$group/$1" && (echo 0 >"$group/cgroup.procs" && told 1)
}
for version in 1 2; do
	name="a quota of half a core, in cgroups of version $version, is one thread"
	root=/sys/fs/cgroup file=cpu.max text="50000 100000"
	[ $version = 2 ] || root=/sys/fs/cgroup/cpu file=cpu.cfs_quota_us text=50000
	group=$root/hearth-test-$$
	if ! mkdir "$group" 2>/dev/null || [ ! -w "$group/$file" ]; then
		rmdir "$group" 2>/dev/null
		group=
		skip "$name" "no such group can be made here"
		continue
	fi
	check "$name" limited $file "$text"
	sleep 0.2
	rmdir "$group" && group=
done
