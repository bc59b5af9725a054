# A vault whose process is killed: HEARTH_KILLS times at random moments, and at every system call of what it does most; and every bit,
# every length, every call of the disk and every allocation.
. tests/tap.sh

check "killed at any moment, nothing that was promised is lost" env HEARTH_KILLS="${HEARTH_KILLS:-500}" HEARTH_CALL_STEP=1 "$build"/tests/store/crash
check "no damage goes unnoticed, and every fault is a line" env HEARTH_EVERY_BIT=1 "$build"/tests/store/damage
check "sealed SQLite answers as plain SQLite does" env HEARTH_SQL="${HEARTH_SQL:-200000}" HEARTH_FIRST_SEED=9 "$build"/tests/store/sql
