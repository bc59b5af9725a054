# What `hearth vault` does with a whole vault: size, backup and restore, export and import, delete; and imports that are not what they
# should be.
. tests/tap.sh

hearth=$build/hearth
vault=$HEARTH_HOME/vaults/main
key=$work/key
open=(--key-file "$key")
check "a vault is made" "$hearth" vault create "${open[@]}"

cat >"$work/gpt.json" <<'END'
[{"title":"Trip \u00e9","create_time":1700000000.5,"mapping":{
"r":{"message":null,"parent":null},
"s":{"message":{"author":{"role":"system"},"create_time":null,"content":{"content_type":"text","parts":[""]}},"parent":"r"},
"u":{"message":{"author":{"role":"user"},"create_time":1700000001,"content":{"content_type":"text","parts":["Where [to] \"go\\\"?"]}},"parent":"s"},
"a":{"message":{"author":{"role":"assistant"},"create_time":1700000002,"content":{"content_type":"text","parts":["To the sea."]}},"parent":"u"},
"b":{"message":{"author":{"role":"assistant"},"create_time":1700000003,"content":{"content_type":"multimodal_text","parts":[{"content_type":"image_asset_pointer"},"To the hills."]}},"parent":"u"}},
"current_node":"b"}]
END
cat >"$work/claude.json" <<'END'
[{"uuid":"x","name":"Bread","created_at":"2024-05-01T10:00:00.123456Z","chat_messages":[
{"sender":"human","text":"How long?","created_at":"2024-05-01T10:00:01Z","attachments":[{"file_name":"a"}],"files":[]},
{"sender":"assistant","text":"","content":[{"type":"text","text":"An hour."}],"created_at":"2024-05-01T10:00:05Z"}]}]
END
cat >"$work/webui.json" <<'END'
[{"id":"1","title":"Tea","chat":{"title":"Tea","history":{"messages":{
"m1":{"parentId":null,"role":"user","content":"Green?","timestamp":1710000000},
"m2":{"parentId":"m1","role":"assistant","content":"Yes.","timestamp":1710000002}},"currentId":"m2"}},"created_at":1710000000}]
END
check "ChatGPT's export is taken" "$hearth" vault import "$work/gpt.json" "${open[@]}"
check "and says what was taken" grep -q "from ChatGPT: 1 conversation with 4 messages; 1 branch became a conversation" "$work/out"
check "and what was not" grep -q "1 image, file or inner note" "$work/out"
check "Claude's export is taken" "$hearth" vault import "$work/claude.json" "${open[@]}"
check "Open WebUI's export is taken" "$hearth" vault import "$work/webui.json" "${open[@]}"
check "what is there already is passed over" "$hearth" vault import "$work/gpt.json" "${open[@]}"
check "and that is said" grep -q "1 conversation that is in the vault already" "$work/out"

check "an export is written" "$hearth" vault export "$work/all.json" "${open[@]}"
check "which says that it is in the clear" grep -q "IN THE CLEAR" "$work/err"
check "and is for its owner alone" [ "$(stat -c %a "$work/all.json")" = 600 ]
check "one conversation goes out as Markdown" "$hearth" vault export "$work/one.md" 1 "${open[@]}"
printf '# Trip é\n\nConversation 1, begun DATE.\n\n## You (DATE)\n\nWhere [to] "go\\"?\n\n## Assistant (DATE)\n\nTo the hills.\n\n' >"$work/right.md"
sed -i 's/20[0-9-]* [0-9:]*[0-9]/DATE/' "$work/one.md"
check "as it was said" cmp "$work/one.md" "$work/right.md"
check_status 1 "a number that there is not" "$hearth" vault export "$work/none.md" 99 "${open[@]}"
check "writes nothing" [ ! -e "$work/none.md" ]

check "size says what there is" "$hearth" vault size
check "where it lies" grep -q "$vault" "$work/out"
check "and so does its JSON" "$hearth" vault size --json
check "which tells each file" grep -q '"vault.key": 1184' "$work/out"

check "a backup is written without a key" "$hearth" vault backup "$work/backup.tar"
mkdir "$work/place"
check "and into a folder with a name of its own" "$hearth" vault backup "$work/place"
check "that tells the vault" [ -e "$work"/place/hearth-main-20*.tar ]
check "it comes back beside the vault" "$hearth" vault restore "$work/backup.tar" --vault two "${open[@]}"
check "and was read to the end" grep -q "4 conversations with 8 messages" "$work/err"
check "its export is the same" "$hearth" vault export "$work/again.json" --vault two "${open[@]}"
check "to the byte" cmp "$work/all.json" "$work/again.json"
check_status 1 "a backup is not put over a vault" "$hearth" vault restore "$work/backup.tar"
head -c 9000 "$work/backup.tar" >"$work/cut.tar"
check_status 1 "one that was cut is refused" "$hearth" vault restore "$work/cut.tar" --vault three "${open[@]}"
check "and leaves no vault" [ ! -e "$HEARTH_HOME/vaults/three/vault.key" ]
check "an export of hearth is taken in another vault" "$hearth" vault create --vault four "${open[@]}"
check "with everything" "$hearth" vault import "$work/all.json" --vault four "${open[@]}"
check "as it was" grep -q "from hearth: 4 conversations with 8 messages" "$work/out"


# The whole folder put back as it was: noticed, said once, and no hindrance; a restore that was asked for is none of that.
cp -a "$HEARTH_HOME/vaults/four" "$work/older"
echo '[{"name":"Later","created_at":"2025-01-01T10:00:00Z","chat_messages":[{"sender":"human","text":"new"}]}]' >"$work/later.json"
check "a vault goes on" "$hearth" vault import "$work/later.json" --vault four "${open[@]}"
check "and says nothing of its age" [ ! -s "$work/err" ]
rm -r "$HEARTH_HOME/vaults/four" && cp -a "$work/older" "$HEARTH_HOME/vaults/four"
check "an old copy of it opens" "$hearth" vault export "$work/old.json" --vault four "${open[@]}"
check "and that is said" grep -q "older than it was" "$work/err"
check "once" "$hearth" vault export "$work/old.json" --vault four "${open[@]}"
check "and not again" eval '! grep -q "older than it was" "$work/err"'
check "a vault that is in use" "$hearth" vault import "$work/later.json" --vault four "${open[@]}"
rm -r "$HEARTH_HOME/vaults/four"
check "is restored from its backup" "$hearth" vault restore "$work/backup.tar" --vault four "${open[@]}"
check "without a word about its age" eval '! grep -q "older than it was" "$work/err"'

check_status 2 "delete without --all is wrong use" "$hearth" vault delete
check_status 1 "and with it asks" "$hearth" vault delete --all --vault two
check "a vault is deleted" "$hearth" vault delete --all --yes --vault two
check "with its folder" [ ! -e "$HEARTH_HOME/vaults/two" ]

# Imports that are not what they should be, each with one line; under the sanitizers where they are built.
[ -x "$hostile/hearth" ] && hearth=$hostile/hearth
refused() { # NAME WORDS: $work/in is refused with one line
	check_status 1 "$1" "$hearth" vault import "$work/in" "${open[@]}"
	check "in one line" [ "$(wc -l <"$work/err")" = 1 ]
	check "that says why" grep -q "$2" "$work/err"
}
: >"$work/in"
refused "an empty file" "a list of conversations does not begin here"
printf 'PK\3\4zip file' >"$work/in"
refused "a zip archive" "unpack it"
head -c 3000000 /dev/zero | tr '\0' '[' >"$work/in"
refused "a million brackets" "ends in the middle"
printf '[{"title":"x","mapping":{"a":{"parent":"b"},"b":{"parent":"a"},"c":{"parent":"c","message":{"author":{"role":"user"},"content":{"parts":["x"]}}}}}]' >"$work/in"
check "rings in a tree" "$hearth" vault import "$work/in" "${open[@]}"
check "are no conversation" grep -q "0 conversations with 0 messages" "$work/out"
printf '[{"title":7,"chat_messages":[{"sender":[],"text":{}},7,null,{"sender":"human","text":"\\u0000\\ud83d\\ude00"}]},[],"x",null,{"messages":"x"}]' >"$work/in"
check_status 1 "wrong types" "$hearth" vault import "$work/in" "${open[@]}"
check "are counted" grep -q "4 conversations that are damaged" "$work/out"
{ printf '[{"chat_messages":[{"sender":"human","text":"'; head -c 40000000 /dev/zero | tr '\0' 'x'; printf '"}]},{"name":"small","created_at":"2024-05-02T10:00:00Z","chat_messages":[{"sender":"human","text":"y"}]}]'; } >"$work/in"
check "one that is too large" "$hearth" vault import "$work/in" "${open[@]}"
check "is passed over, and the next one taken" grep -q "1 conversation with 1 message" "$work/out"
cuts() {
	local size n=0
	size=$(stat -c %s "$work/gpt.json")
	while [ $n -lt "$size" ]; do
		head -c $n "$work/gpt.json" >"$work/in"
		"$hearth" vault import "$work/in" "${open[@]}" >"$work/cutout" 2>"$work/cuterr" </dev/null
		[ $? = 1 ] && [ "$(wc -l <"$work/cuterr")" = 1 ] || { echo "cut at $n"; return 1; }
		n=$((n + 37))
	done
}
check "a file that is cut at any place is one line" cuts
check "and nothing of all this has harmed the vault" "$hearth" vault export "$work/last.json" "${open[@]}"
