#!/bin/bash
# Editors and agents (docs/EDITORS.md): what they send, against the running server.
. tests/tap.sh
hearth=$build/hearth
command -v python3 >/dev/null || { skip "what editors and agents send" "no python3 here"; exit 0; }
export HOME=$work/person
unset DISPLAY WAYLAND_DISPLAY JOURNAL_STREAM
mkdir -p "$HOME" "$HEARTH_HOME/models"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT

# A model with marks for a gap: any real vocabulary that has them, over weights that mean nothing.
filler=-
"$hearth" serve --port 0 >"$work/said" 2>"$work/complaint" </dev/null &
server=$!
for _ in $(seq 600); do
	grep -q token "$work/said" && break
	sleep 0.1
done
address=$(sed -n 's/^hearth serves: //p' "$work/said")
if [ -z "$address" ]; then
	skip "what editors and agents send" "nothing can be served here: $(head -c 200 "$work/complaint")"
	exit 0
fi
python3 tests/end_to_end/editors.py "${address%%#*}" "${address##*token=}" "$filler" >"$work/cases" 2>&1
grep -v '^1\.\.' "$work/cases"
grep -q '^1\.\.' "$work/cases" && ! grep -q '^not ok' "$work/cases" || failures=1
