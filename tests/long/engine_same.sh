# Every golden model and vocabulary through the jailed engine, compared with the same command in one process, to the bit.
export HEARTH_EVERY=1
exec bash tests/end_to_end/engine_same.sh
