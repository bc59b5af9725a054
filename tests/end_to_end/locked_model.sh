# A locked model: nothing of it is in the clear on the disk, it answers like the plain one, costs its size of memory, and a changed
# byte is refused.
. tests/tap.sh
hearth=$build/hearth
model=$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)
export TMPDIR=$work/temporary
mkdir -p "$HEARTH_HOME/models" "$TMPDIR"
cp "$model" "$HEARTH_HOME/models/secretname.gguf"
bytes=$(stat -c %s "$model")
key="--key-file $work/key"
echo 'root ::= [a-z ]{8000}' >"$work/endless" # an answer that goes on until it is stopped
ask() { "$hearth" run -m secretname -n 12 --temp 0 "$@" "Tell me about tea."; }
# shellcheck disable=SC2086 # the key is two words
{
	check "a vault is made" "$hearth" vault create $key
	ask >"$work/plain"
	check "a model is locked" "$hearth" models lock secretname $key
	check "what cannot be promised is said" grep -q "solid-state disk" "$work/out"
	check_status 1 "the plain file is gone" [ -e "$HEARTH_HOME/models/secretname.gguf" ]
	check_status 1 "its name is in no file and no file's name" grep -rqa secretname "$HEARTH_HOME"
	check_status 1 "nor is a file called so" sh -c "find '$work' -name '*secretname*' | grep -q ."
	ask $key >"$work/locked"
	check "it answers like the plain one" cmp "$work/plain" "$work/locked"
	check_status 1 "without the key it is not there" "$hearth" run -m secretname Hello
	check "and why is said" grep -q "locked in the vault" "$work/err"
	check "with the key it is listed" "$hearth" models list $key
	check "as locked" grep -qA1 secretname "$work/out"
	check_status 1 "a name that no model has" "$hearth" run -m nosuchthing $key Hello
}

# Nothing of the plaintext in any file, while it answers and afterwards.
slices() {
	python3 - "$model" "$work" <<'PYTHON'
import os, random, sys
plain = open(sys.argv[1], "rb").read()
draw = random.Random(7)
slices = set()
while len(slices) < 10000:
    at = draw.randrange(len(plain) - 64)
    if len(set(plain[at:at + 64])) > 8: # not padding, which is everywhere
        slices.add(plain[at:at + 64])
# Wherever 64 bytes lie in a file, 32 of them begin at a multiple of 32: those are looked up.
pieces = {s[at:at + 32] for s in slices for at in range(33)}
found = searched = 0
for folder, _, files in os.walk(sys.argv[2]):
    for name in files:
        path = os.path.join(folder, name)
        if not os.path.isfile(path) or os.path.islink(path): continue
        data = open(path, "rb").read()
        searched += len(data)
        found += sum(data[at:at + 32] in pieces for at in range(0, len(data) - 31, 32))
print(found, "found in", searched, "bytes")
sys.exit(found != 0 or searched < len(plain))
PYTHON
}
if command -v python3 >/dev/null; then
	# shellcheck disable=SC2086
	"$hearth" run -m secretname $key --grammar "$work/endless" -n 1900 "Tell me a long story." >/dev/null 2>&1 &
	pid=$!
	check "no 64 bytes of 10,000 samples are in any file while it answers" slices
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	check "nor after it was killed" slices
	cp "$model" "$work/seen.gguf"
	check_status 1 "the search finds what is there" slices
	rm "$work/seen.gguf"
else
	skip "no 64 bytes of 10,000 samples are in any file" "no python3 here"
fi

# Memory: what the processes have together while they answer, each page counted once.
shares() { # of a process and its descendants
	local pid
	[ -r "/proc/$1/smaps_rollup" ] && awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup" 2>/dev/null
	for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do shares "$pid"; done
}
if [ "$(id -u)" = 0 ] && [ -r /proc/self/smaps_rollup ]; then
	# shellcheck disable=SC2086
	"$hearth" run -m secretname $key --grammar "$work/endless" -n 1900 "Tell me a long story." >/dev/null 2>&1 &
	pid=$!
	most=0
	more=20 # looks after it was all there
	for _ in $(seq 3000); do
		sum=$(shares $pid | awk '{ s += $1 } END { print s + 0 }')
		[ "$sum" -gt "$most" ] && most=$sum
		[ "$most" -le $((bytes / 1024)) ] || [ $((more -= 1)) -gt 0 ] || break
		sleep 0.1
	done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	echo "# most memory of all processes together: $most kB; the file has $((bytes / 1000)) kB"
	check "memory was seen" [ "$most" -gt $((bytes / 1024)) ]
	check "memory is the model and at most 100 MiB" [ "$most" -le $((bytes / 1024 + 102400)) ]
else
	skip "memory is the model and at most 100 MiB" "needs root to look at undumpable processes"
fi

# One changed bit anywhere.
blob=$(find "$HEARTH_HOME/vaults/main/blobs" -type f)
cp "$blob" "$work/blob"
for at in 0 7 12 20 40 64 65600 70000 $((bytes / 2)) $((bytes + 10)); do
	cp "$work/blob" "$blob"
	change_bit "$blob" "$at"
	# shellcheck disable=SC2086
	check_status 1 "a bit changed at byte $at is refused" "$hearth" run -m secretname $key -n 2 Hello
	check "and named" grep -qE "damaged or was changed" "$work/err"
done
head -c 1000000 "$work/blob" >"$blob"
# shellcheck disable=SC2086
{
	check_status 1 "one that is cut is refused" "$hearth" run -m secretname $key -n 2 Hello
	cp "$work/blob" "$blob"
	check "as it was, it answers again" "$hearth" run -m secretname $key -n 2 Hello

	# And back; and what a run that was killed in between leaves.
	check "unlock brings the file back" "$hearth" models unlock secretname $key
	check "byte for byte" cmp "$HEARTH_HOME/models/secretname.gguf" "$model"
	check_status 1 "nothing is left in the vault" sh -c "find '$HEARTH_HOME/vaults/main/blobs' -type f | grep -q ."
	check "locked again" "$hearth" models lock secretname.gguf $key
	cp "$model" "$HEARTH_HOME/models/secretname.gguf"
	check "a plain file that a killed run left is finished off" "$hearth" models lock secretname $key
	check_status 1 "it is gone" [ -e "$HEARTH_HOME/models/secretname.gguf" ]
	cp "$model" "$HEARTH_HOME/models/secretname.gguf"
	printf x >>"$HEARTH_HOME/models/secretname.gguf"
	check_status 1 "another file of the same name is not taken for it" "$hearth" models lock secretname $key
	check "and stays" [ -e "$HEARTH_HOME/models/secretname.gguf" ]
	check_status 1 "unlocking does not replace a file" "$hearth" models unlock secretname $key
	check_status 1 "the built-in model is not locked" "$hearth" models lock builtin $key
	ln "$HEARTH_HOME/models/secretname.gguf" "$HEARTH_HOME/models/twice.gguf"
	check_status 1 "nor is a file with a second name" "$hearth" models lock twice $key
}

# A model in several files is locked, answers and is unlocked as one.
if command -v python3 >/dev/null; then
	python3 tests/end_to_end/split_gguf.py "$model" "$HEARTH_HOME/models/splitname" 3
	cp -r "$HEARTH_HOME/models" "$work/parts"
	first=splitname-00001-of-00003.gguf
	blobs() { find "$HEARTH_HOME/vaults/main/blobs" -type f | wc -l; }
	before=$(blobs)
	# shellcheck disable=SC2086
	{
		check_status 1 "a later part alone is not locked" "$hearth" models lock "$HEARTH_HOME/models/splitname-00002-of-00003.gguf" $key
		check "and the first is named" grep -q "name its first part" "$work/err"
		check "a split model is locked" "$hearth" models lock splitname $key
		check_status 1 "no part of it is left" sh -c "find '$HEARTH_HOME/models' -name 'splitname*' | grep -q ."
		check "each part is sealed" [ "$(blobs)" = $((before + 3)) ]
		check "it is listed" "$hearth" models list $key
		check "as one model" [ "$(grep -c splitname "$work/out")" = 1 ]
		"$hearth" run -m splitname -n 12 --temp 0 $key "Tell me about tea." >"$work/split"
		check "and answers like the plain one" cmp "$work/plain" "$work/split"
		# Of a run that was killed while the plain files went.
		cp "$work/parts/$first" "$HEARTH_HOME/models/"
		check "what a killed run left is finished off" "$hearth" models lock splitname $key
		check "with nothing twice" [ "$(blobs)" = $((before + 3)) ]
		last=$(find "$HEARTH_HOME/vaults/main/blobs" -type f -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2)
		blob=$HEARTH_HOME/vaults/main/blobs/$last
		cp "$blob" "$work/blob"
		change_bit "$blob" 100
		check_status 1 "a changed byte in the last part is refused" "$hearth" run -m splitname $key -n 2 Hello
		check "and named" grep -q "damaged or was changed" "$work/err"
		cp "$work/blob" "$blob"
		check "a split model is unlocked" "$hearth" models unlock splitname $key
		for part in 1 2 3; do
			check "part $part as it was" cmp "$HEARTH_HOME/models/splitname-0000$part-of-00003.gguf" "$work/parts/splitname-0000$part-of-00003.gguf"
		done
		check "nothing of it stays in the vault" [ "$(blobs)" = "$before" ]
		rm "$HEARTH_HOME/models/splitname-00003-of-00003.gguf"
		check_status 1 "with a part missing nothing is locked" "$hearth" models lock splitname $key
		check "nothing is sealed" [ "$(blobs)" = "$before" ]
		check "and nothing is removed" cmp "$HEARTH_HOME/models/$first" "$work/parts/$first"
	}
else
	skip "a split model is locked" "no python3 here"
fi
