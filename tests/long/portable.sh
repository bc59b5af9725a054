# The floors below the model compute the same on another processor: kerncheck, compiled for 64-bit ARM, under qemu.
. tests/tap.sh

if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64-static >/dev/null; then
	skip "kerncheck passes on 64-bit ARM" "no cross compiler or no qemu-user-static here"
	exit 0
fi
sources=(src/format/tensor_type.c)
for file in src/base/*.c src/nn/*.c; do
	case $file in
	*_avx2.c | *_avxvnni.c | *_avx512*.c | *_amx.c) ;;
	*) sources+=("$file") ;;
	esac
done
check "the floors below the model build for 64-bit ARM" aarch64-linux-gnu-gcc -static -std=c11 -D_GNU_SOURCE -Isrc -Iinclude -Wall -Wextra \
	-Werror -O2 -ffp-contract=off tests/kerncheck.c "${sources[@]}" -lm -lpthread -o "$work/kerncheck"
check "kerncheck passes on 64-bit ARM" qemu-aarch64-static "$work/kerncheck"
