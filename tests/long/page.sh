# The page in headless Chromium: over a mock of hearth's endpoints, and over hearth itself (tests/page).
# Needs Debian's chromium and npm, and the registry for the packages of tests/page/package-lock.json.
. tests/tap.sh
. tests/serving.sh

chromium=$(command -v chromium)
if [ -z "$chromium" ]; then
	skip "the page in Chromium" "there is no chromium"
elif ! command -v npm >/dev/null; then
	skip "the page in Chromium" "there is no npm"
else
	mkdir -p "$work/npm"
	cp tests/page/*.mjs tests/page/package*.json tests/page/.npmrc "$work/npm/"
	if ! (cd "$work/npm" && HOME="$work" npm ci --ignore-scripts >log 2>&1); then
		skip "the page in Chromium" "the packages cannot be had: $(tail -n 1 "$work/npm/log")"
	else
		serve_begin --port 0 || echo "# hearth does not serve"
		(cd "$work/npm" && HOME="$work" node_modules/.bin/node page.mjs "$OLDPWD/web" "$chromium" "$url#token=$token") >"$work/tap" 2>"$work/page.err"
		ended=$?
		cat "$work/tap"
		cases=$(grep -c '^ok\|^not ok' "$work/tap")
		failures=$(grep -c '^not ok' "$work/tap")
		if [ $ended -gt 1 ] || [ "$cases" = 0 ]; then
			sed 's/^/# /' "$work/page.err"
			failures=$((failures + 1))
		fi
	fi
fi
