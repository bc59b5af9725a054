# Incident 37, CVE-2024-3104 AnythingLLM and CVE-2025-3046 LlamaIndex: settings were written with line ends of a stranger's in them,
# and a reader followed a link out of its folder. Here names are names, settings have fixed keys, and what is written in a folder
# that others reach goes through no link.
. tests/tap.sh
hearth=$(realpath "$hostile/hearth")
lab=$(realpath "$hostile/hearth-lab")
model=$(realpath models/hearth-builtin.gguf)
head -c 64 /dev/urandom >"$work/key"
echo "precious" >"$work/victim"
untouched() { [ "$(cat "$work/victim")" = precious ]; }
made() { [ -n "$(find "$HEARTH_HOME/vaults" "$work/made" -name vault.key 2>/dev/null)" ]; }

cd "$work" || exit 1
for name in .. . "" .hidden $'main\nthreads = 1' $'a\x1b[2J' "$(printf 'x%.0s' {1..300})"; do
	check_status 1 "a vault cannot be called $(printf %q "${name:0:20}")" "$hearth" vault create --key-file "$work/key" --vault "$name"
done
check_status 1 "and none was made" made

# A link in place of each file of a new vault, to something that is not the vault's.
mkdir -m 700 "$work/made"
for file in vault.key vault.db erase.key index.db vault.lock; do
	ln -s "$work/victim" "$work/made/$file"
	"$hearth" vault create --key-file "$work/key" --vault "$work/made" >/dev/null 2>&1 </dev/null
	check "a link in place of $file leads nowhere" untouched
	rm -rf "$work/made"
	mkdir -m 700 "$work/made"
	ln -s "$work/not-there" "$work/made/$file"
	"$hearth" vault create --key-file "$work/key" --vault "$work/made" >/dev/null 2>&1 </dev/null
	check_status 1 "and a link to nothing makes nothing ($file)" test -e "$work/not-there"
	rm -rf "$work/made"
	mkdir -m 700 "$work/made"
done

# Files are made under a second name first: a link that waits there is not followed.
ln -s "$work/victim" "$work/out.tmp"
echo "1 2 3" >"$work/ids"
"$lab" logits "$model" "$work/ids" "$work/out" >/dev/null 2>&1 </dev/null
check "a link in place of a temporary file leads nowhere" untouched

# A model that is remembered is one line of the settings, whatever it is called; and a link in their place is not written through.
mkdir -p "$HEARTH_HOME"
evil=$work/$'a\ncolour = off\nthreads = 1.gguf'
cp "$model" "$evil"
ln -s "$work/victim" "$HEARTH_HOME/settings"
shows() { # TEXT: waits for it, at most half a minute
	for _ in {1..3000}; do grep -qaF "$1" "$work/screen" && return; sleep 0.1; done
}
chat() { # MODEL: starts a chat on a terminal, keeps no conversations where it asks, and leaves it
	export MODEL=$1 TERM=xterm
	: >"$work/screen"
	{
		shows "hearth"
		if [ ! -e "$HEARTH_HOME/settings" ] || [ -L "$HEARTH_HOME/settings" ]; then
			shows "changes it later"
			printf '\r'
		fi
		shows "Ctrl-D leaves"
		printf '\004'
		sleep 1
	} | timeout 90 script -qefc "\"$hearth\" -m \"\$MODEL\" -n 2" "$work/screen" >/dev/null 2>&1
}
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	chat "$model"
	check "a link in place of the settings leads nowhere" untouched
	rm "$HEARTH_HOME/settings"
	chat "$evil"
	check_status 1 "a name with line ends adds no settings" grep -qE '^(colour = off|threads)' "$HEARTH_HOME/settings"
	cp "$model" "$work/other.gguf"
	chat "$work/other.gguf"
	check "another model is remembered" grep -qxF "model = $work/other.gguf" "$HEARTH_HOME/settings"
else
	skip "a name with line ends adds no settings" "needs script (bsdutils) and a pseudoterminal"
fi
