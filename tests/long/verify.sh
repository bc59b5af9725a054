# The steps of docs/VERIFY.md, with the one that builds everything again.
export VERIFY_ALL=1
exec bash tests/end_to_end/verify.sh
