# On 64-bit ARM, under qemu: everything builds, every kernel of every level computes what plain C does, the golden models give their
# logits, and the programs answer. tools/setup long installs the cross compiler and the libraries.
. tests/tap.sh

compiler=aarch64-linux-gnu-gcc
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64)
if ! command -v $compiler >/dev/null || [ -z "$qemu" ] || ! echo '#include <jansson.h>
#include <histedit.h>
#include <utf8proc.h>
#include <cmocka.h>
#include <seccomp.h>
#include <sodium.h>
#include <sqlite3.h>
int main(void) { return 0; }' | $compiler -include stdarg.h -include stddef.h -include stdint.h -include setjmp.h -x c - -ljansson -lutf8proc -ledit -lcmocka -lseccomp -lsodium -lsqlite3 -o "$work/probe" 2>/dev/null; then
	skip "hearth runs on 64-bit ARM" "no cross compiler, libraries of arm64 or qemu-user here"
	exit 0
fi
unset HEARTH_CPU
arm="build-arm"
tests=(nn/attention nn/format nn/kernels nn/matmul nn/ops model/forward model/golden base/threads base/machine)
check "hearth builds for 64-bit ARM" make -s -j"$(nproc)" BUILD=$arm CC=$compiler $arm/hearth $arm/hearth-engine $arm/hearth-lab $arm/libhearth.so.0 \
	$arm/kerncheck "${tests[@]/#/$arm/tests/}" || exit 1

while read -r model level; do
	check "the $model has the level $level" "$qemu" -cpu "$model" $arm/hearth-lab --version
	check "and takes it" grep -qx "CPU level $level" "$work/out"
	check "kerncheck passes on it" "$qemu" -cpu "$model" $arm/kerncheck
done <<-MODELS
	cortex-a53 neon
	max i8mm
MODELS
for level in neon dotprod i8mm; do
	for name in "${tests[@]}"; do
		check "$name passes with $level" env HEARTH_CPU=$level "$qemu" -cpu max "$arm/tests/$name"
	done
	# hearth would have to start its engine, which needs qemu registered with the system
	HEARTH_CPU=$level "$qemu" -cpu max $arm/hearth-lab generate models/hearth-builtin.gguf --prompt "The capital of France is" -n 12 \
		--temp 0 --ignore-eos >"$work/$level" 2>/dev/null
done
check "an answer comes" [ -s "$work/neon" ]
for level in dotprod i8mm; do
	check "the surest words are the same with $level" cmp "$work/neon" "$work/$level"
done

export HEARTH_CPU=i8mm
check_status 1 "a level that a processor lacks is refused" "$qemu" -cpu cortex-a53 $arm/hearth-lab plan models/hearth-builtin.gguf
check "in one line" grep -q "no level 'i8mm'" "$work/err"
unset HEARTH_CPU

# The workshop's tests over a program that runs under qemu.
mkdir "$work/emulated"
printf '#!/bin/sh\nexec %s -cpu max %s/%s/hearth-lab "$@"\n' "$qemu" "$PWD" $arm >"$work/emulated/hearth-lab"
chmod +x "$work/emulated/hearth-lab"
check "the tests of hearth-lab pass" env HEARTH_BUILD="$work/emulated" bash tests/end_to_end/lab.sh
