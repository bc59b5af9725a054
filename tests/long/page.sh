# The page in headless Chromium: over a mock of hearth's endpoints, and over hearth itself, from a first visit to locking and with 5,000
# messages (tests/page). Needs Debian's chromium and npm, and the registry for the packages of tests/page/package-lock.json.
. tests/tap.sh
. tests/serving.sh
. tests/page/browser.sh

if ! browser_get "$work/npm"; then
	skip "the page in Chromium" "$reason"
	exit 0
fi
browser_run page.mjs "$PWD/web" "$chromium" ${SHOTS:+"$SHOTS"}
check "hearth serves" serve_begin --port 0
browser_run served.mjs "$chromium" "$url#token=$token" first ${SHOTS:+"$SHOTS"}
serve_end

export HEARTH_HOME=$work/other
awk 'BEGIN {
	printf "{\"hearth_export\": 1, \"conversations\": [{\"number\": 1, \"title\": \"Long\", \"made\": 1700000000, \"changed\": 1700000000, \"messages\": ["
	for (i = 0; i < 5000; i++)
		printf "%s{\"role\": \"%s\", \"made\": %d, \"text\": \"Message %d with **some** words\\n\\n- and\\n- a list\"}", i ? ", " : "", i % 2 ? "assistant" : "user", 1700000000 + i, i
	print "]}]}"
}' >"$work/long.json"
check "a vault without a key" "$build/hearth" vault create --unencrypted
check "with 5,000 messages" "$build/hearth" vault import "$work/long.json"
check "hearth serves it" serve_begin --port 0
browser_run served.mjs "$chromium" "$url#token=$token" long ${SHOTS:+"$SHOTS"}
serve_end
