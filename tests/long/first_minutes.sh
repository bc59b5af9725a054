#!/bin/bash
# The first five minutes on the page, in headless Chromium, against a hub in a network of its own: `hearth open` as from the desktop's menu,
# and then an answer of the built-in model, of the recommended one that is fetched, or of one that another program has on the disk already.
# At most five actions each; the seconds are said (tests/page/first.mjs). Needs Debian's chromium and npm, and the registry.
. tests/tap.sh
. tests/page/browser.sh
if [ -z "${HOSTILE_NET:-}" ]; then
	packages=$(mktemp -d) # outside of the folder that goes when the script starts again in its own network
	if ! browser_get "$packages"; then
		rm -rf "$packages"
		skip "the first five minutes on the page" "$reason"
		exit 0
	fi
	export packages
fi
. tests/hostile_net/enter.sh
npm_folder=$packages chromium=$(command -v chromium) server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; kill $host_pid 2>/dev/null; wait 2>/dev/null; rm -rf "$work" "$packages"; [ "$failures" = 0 ] || exit 1' EXIT
export HOME=$work/person DISPLAY=:7 PATH=$work/bin:$PATH
unset HEARTH_HOME XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR WAYLAND_DISPLAY JOURNAL_STREAM
mkdir -p "$work/bin"
printf '#!/bin/sh\nprintf "%%s" "$1" >"%s/opened.new"\nmv "%s/opened.new" "%s/opened"\n' "$work" "$work" "$work" >"$work/bin/xdg-open"
chmod +x "$work/bin/xdg-open"
printf 'good/repo:tiny-Q4_K_M.gguf\tTiny\tshort chats\tApache-2.0\t7000000\t7344384\t7344384\t4096\t2048\tno\tchat\t%s\n' "$digest" | cover models/catalogue.tsv

# From nothing: hearth open, and what its browser is given.
lives() { # WAY
	local tries=3000
	rm -f "$work/opened"
	"$build/hearth" open --port 0 >"$work/said" 2>&1 </dev/null &
	server=$!
	while [ $((tries -= 1)) -gt 0 ] && [ ! -s "$work/opened" ] && kill -0 $server 2>/dev/null; do sleep 0.1; done
	check "hearth open opens the page ($1)" [ -s "$work/opened" ]
	browser_run first.mjs "$chromium" "file://$(cat "$work/opened")" "$1" ${SHOTS:+"$SHOTS"}
	kill -INT $server
	wait $server
	server=
}
fresh() {
	rm -rf "$HOME"
	mkdir -p "$HOME"
}
fresh
lives try
fresh
lives fetch
check "the model lies where hearth keeps its own" cmp "$HOME/.local/share/hearth/models/tiny-Q4_K_M.gguf" "$net/model.gguf"
fresh
mkdir -p "$HOME/.lmstudio/models/somebody/model"
cp "$net/model.gguf" "$HOME/.lmstudio/models/somebody/model/other-Q8_0.gguf"
lives found
check "it is used where it lies" [ -z "$(find "$HOME/.local" -name '*.gguf')" ]
