# Incident 39, hermes-agent #7486: chats and what tools answered lay in a plain SQLite file that others could read. Here what is kept
# is sealed and for its owner alone, whatever the umask is.
. tests/tap.sh
hearth=$hostile/hearth
umask 000
head -c 64 /dev/urandom >"$work/key"
cat >"$work/talk.json" <<'END'
{"hearth_export": 1, "conversations": [{"number": 1, "title": "zanzibar quokka", "made": 1700000000, "changed": 1700000000,
 "messages": [{"role": "user", "made": 1700000000, "text": "The zanzibar quokka likes figs."}, {"role": "assistant", "made": 1700000001, "text": "Figs!"}]}]}
END
check "a vault is made" "$hearth" vault create --key-file "$work/key"
check "a conversation is kept" "$hearth" vault import --key-file "$work/key" "$work/talk.json"
check_status 1 "none of its words is in a file" grep -rqaiE 'quokka|figs' "$HEARTH_HOME"
check_status 1 "no file begins like a plain database" grep -rlaF "SQLite format 3" "$HEARTH_HOME"
open_to_others() { find "$HEARTH_HOME" -path "$HEARTH_HOME/vaults*" -perm /077; }
check "nobody else may read or even list it" [ -z "$(open_to_others)" ]
check "an export is made" "$hearth" vault export --key-file "$work/key" "$work/clear.md"
check "which is for its owner alone" [ "$(stat -c %a "$work/clear.md")" = 600 ]
check "and so is a backup" "$hearth" vault backup "$work/backup"
check "of which the same is true" [ "$(stat -c %a "$work/backup")" = 600 ]
check_status 1 "and which has no word in the clear" grep -qaiE 'quokka|figs' "$work/backup"
