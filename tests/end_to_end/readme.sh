# What the README claims: its commands run, its targets exist, its families are known, its first answer has the program's question.
. tests/tap.sh

make help >"$work/help"
while read -r target; do
	check "README: make $target exists" grep -qE "^  make $target\b" "$work/help"
done <<<"$(grep -ohE '\bmake (run|check|install|help|lint|deb|tarball)\b' README.md | sed 's/make //' | sort -u)"

for family in Llama Qwen Gemma Mistral Phi; do
	check "README: $family is named, and has a card" eval "grep -q $family README.md && ls docs/models/${family,,}*.md >/dev/null"
done
check "README: ten models are known" [ "$(grep -cE '^[^#[:space:]]+/[^[:space:]]+:' models/catalogue.tsv)" = 10 ]

# The block of commands for scripts, as it stands there.
tree=$PWD
mkdir "$work/folder"
ln -s "$tree/build" "$work/folder/build"
echo "The meeting is on Monday at ten." >"$work/folder/notes.txt"
in_folder() { (cd "$work/folder" && bash -c "$1"); }
while read -r line; do
	check "README: $line" in_folder "$line"
done <<<"$(sed -n '/^## For scripts/,/^## /p' README.md | sed -n 's/^    //p')"

model=$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)
if [ -n "$model" ]; then
	check "the program answers without a terminal" "$build/hearth"
	check "README: the first answer is to its question" grep -qF "    $(head -n 1 "$work/out")" README.md
fi
check "README: the first screen has the same next step" grep -qF "models pull" src/app/hearth/welcome.c
check "README: the version in CONTRIBUTING's and SECURITY's words is hearth.h's" grep -qF "version $(sed -n 's/^#define HEARTH_VERSION "\(.*\)"/\1/p' include/hearth.h)" SECURITY.md
