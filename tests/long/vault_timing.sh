# A thousand prompts in a vault, half of them computed in another vault just before: by the time of the answer nobody can tell which
# (VAULT_TRIALS for another number).
. tests/tap.sh
if ! command -v python3 >/dev/null; then
	skip "the time of a prompt tells nothing of another vault" "no python3 here"
	exit 0
fi
mkdir -p "$HEARTH_HOME"
told() { python3 tests/long/vault_timing.py "$build/hearth" models/hearth-builtin.gguf "$HEARTH_HOME" "${VAULT_TRIALS:-1000}" >"$work/times"; }
check "the time of a prompt tells nothing of another vault" told
sed 's/^/# /' "$work/times"
