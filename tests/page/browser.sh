# browser: Chromium and the packages of package-lock.json for the tests of the page; `. tests/tap.sh` goes before.
#
#     browser_get FOLDER     puts packages and tests there; false with $reason where something is missing (Chromium, npm, the registry)
#     browser_run FILE ...   runs one of the tests with the arguments behind, and takes over its cases
# shellcheck shell=bash disable=SC2034,SC2154
browser_get() {
	npm_folder=$1
	chromium=$(command -v chromium)
	reason="there is no chromium"
	[ -n "$chromium" ] || return 1
	reason="there is no npm"
	command -v npm >/dev/null || return 1
	mkdir -p "$npm_folder"
	cp tests/page/*.mjs tests/page/package*.json tests/page/.npmrc "$npm_folder/"
	(cd "$npm_folder" && HOME="$npm_folder" npm ci --ignore-scripts >log 2>&1) && return 0
	reason="the packages cannot be had: $(tail -n 1 "$npm_folder/log")"
	return 1
}
browser_run() {
	local ended ran
	(cd "$npm_folder" && HOME="$npm_folder" node_modules/.bin/node "$@") >"$work/tap" 2>"$work/browser.err"
	ended=$?
	awk -v n="$cases" '/^1\.\./ { next } /^(not )?ok [0-9]+/ { sub(/ok [0-9]+/, "ok " ++n) } { print }' "$work/tap"
	ran=$(grep -c '^ok\|^not ok' "$work/tap")
	cases=$((cases + ran))
	failures=$((failures + $(grep -c '^not ok' "$work/tap")))
	if [ $ended -gt 1 ] || [ "$ran" = 0 ]; then
		sed 's/^/# /' "$work/browser.err"
		failures=$((failures + 1))
	fi
}
