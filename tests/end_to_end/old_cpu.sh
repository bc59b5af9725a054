#!/bin/bash
# A program built for the plain architecture runs on a processor without AVX2: slowly, with a note, and not with SIGILL.
. tests/tap.sh

case "$(uname -m)" in x86_64) qemu=$(command -v qemu-x86_64-static || command -v qemu-x86_64) ;; *) qemu= ;; esac
if [ -z "$qemu" ]; then
	skip "hearth runs on an old processor" "no qemu-user for x86-64 here"
	exit 0
fi
unset HEARTH_CPU
build=build # what is emulated runs without sanitizers

check "the version is told on a processor of 2003" "$qemu" -cpu qemu64 "$build/hearth" --version
check "it computes in plain C" grep -qx "level portable" "$work/out"
check "an answer comes" "$qemu" -cpu qemu64 "$build/hearth" run -n 3 --temp 0 "Hi"
check "with a note why it is slow" grep -q "AVX2" "$work/err"
check "doctor tells it too" grep -q "plain C" <("$qemu" -cpu qemu64 "$build/hearth" doctor 2>/dev/null)
export HEARTH_CPU=avx2
check_status 1 "a level that it lacks is refused" "$qemu" -cpu qemu64 "$build/hearth" run -n 3 "Hi"
check "in one line" grep -q "no level 'avx2'" "$work/err"
