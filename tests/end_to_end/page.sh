# The page's files, without a browser: how large they are, that none makes markup from text, names another origin or is changed on its
# way, and what it asks is there.
. tests/tap.sh
. tests/serving.sh

# no_match PATTERN WHERE [EXCEPT]: no line there has it, leaving out those that have the exception.
no_match() {
	! grep -rEn -- "$1" "$2" | grep -Ev -- "${3:-^$}" | grep -q .
}

size=$(cat web/* | wc -c)
check "the page is below 150,000 bytes in all ($size)" [ "$size" -lt 150000 ]

# Text becomes markup only through these.
makes='innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|[^.]eval\(|new Function|javascript:'
check "no file makes markup or code from text" no_match "$makes" web
check "no file has a script, a style or a listener inside its markup" no_match '<script>|<style|style="|[ "]on[a-z]+="' web/index.html
# Names of XML's vocabularies, which nobody fetches, are the only addresses; hosts that people read about stand without a scheme.
check "no file names another origin" no_match 'https?://[a-z0-9]' web 'www\.w3\.org/(2000/svg|1998/Math)|https?://localhost'
check "no link to elsewhere is an element with an address, but when it is opened" [ "$(grep -c 'target: "_blank"' web/link.js)" = 1 ]

check "a server starts" serve_begin --port 0
same() {
	local file path
	for file in web/*; do
		path=${file#web/}
		[ "$path" != index.html ] || path=
		ask_bare "$path" && cmp -s "$work/body" "$file" || return 1
	done
}
check "what is served is what lies in web/" same
ask_bare ""
policy() { grep -i '^content-security-policy:' "$work/head" | grep -q -- "$1"; }
check "the policy lets nothing in but the page's own" policy "default-src 'none'"
for rule in "script-src 'self'" "style-src 'self'" "connect-src 'self'" "img-src 'self'" "manifest-src 'self'" "require-trusted-types-for 'script'" "base-uri 'none'" "form-action 'none'" "frame-ancestors 'none'"; do
	check "its policy has $rule" policy "$rule"
done
check "it may not look up the hosts of links" grep -qi '^x-dns-prefetch-control: off' "$work/head"

says() { # STATUS PATTERN NAME PATH ARGUMENTS...: what is asked gets this status and an answer like this
	local status=$1 pattern=$2 name=$3
	shift 3
	ask "$@"
	check "$name" [ "$code" = "$status" ]
	check "$name: $pattern" grep -Eq -- "$pattern" "$work/body"
}
says 200 '"vault": "none".*"builtin": true' "the state of a first start" "hearth/state"
says 404 'no conversations are kept' "without a vault there are no conversations" "hearth/chats"
says 400 'no member .*colour' "an unknown member is refused by its name" "hearth/settings" -d '{"colour": 1}'
says 400 'a whole number' "a member of another kind is refused" "hearth/settings" -d '{"lock_minutes": "ten"}'
says 400 'a passphrase' "a vault needs a passphrase" "hearth/vault/create" -d '{"kind": "passphrase", "passphrase": ""}'
says 200 '"recovery": "[0-9A-Z-]{20,}"' "a vault is made, with a recovery code" "hearth/vault/create" -d '{"kind": "passphrase", "passphrase": "four words or more"}'
says 200 '"number": 1' "a question is written" "hearth/chats/write" -d '{"number": 0, "title": "A lamp", "position": 0, "role": "user", "unfinished": false, "text": "Which lamp, canary-4711?"}'
says 200 '"number": 1' "and its answer" "hearth/chats/write" -d '{"number": 1, "position": 1, "role": "assistant", "unfinished": false, "text": "A <b>bright</b> one"}'
says 400 'no role' "no other roles are" "hearth/chats/write" -d '{"number": 1, "position": 2, "role": "root", "text": "x"}'
says 200 'canary-4711.*' "what was said is read" "hearth/chats/1"
says 404 'no conversation 99' "what is not there is said to be missing" "hearth/chats/99"
says 200 '"position": 0, "title": "A lamp"' "it is found" "hearth/chats/search" -d '{"words": "lamp"}'
says 200 '"number": 2' "a branch is made" "hearth/chats/branch" -d '{"number": 1, "messages": 1}'
says 200 '"number": 2, .*"branch_of": 1' "and says of what" "hearth/chats"
says 200 '\{\}' "a conversation is renamed" "hearth/chats/rename" -d '{"number": 2, "title": "Other"}'
says 200 '\{\}' "and deleted" "hearth/chats/delete" -d '{"number": 2}'
says 200 '\{\}' "the vault is locked" "hearth/vault/lock" -X POST
says 423 'locked' "a locked vault tells nothing" "hearth/chats/1"
check "what was said is in no file" no_match 'canary-4711' "$HEARTH_HOME"
says 400 'not right' "a wrong passphrase opens nothing" "hearth/vault/unlock" -d '{"passphrase": "wrong"}'
says 200 '\{\}' "the right one does" "hearth/vault/unlock" -d '{"passphrase": "four words or more"}'
says 200 'canary-4711' "and all is there" "hearth/chats/1"
says 404 'no such model' "a model is one of those that are listed" "hearth/models/use" -d '{"model": "/etc/passwd"}'
says 200 '"recommended": ' "models are listed" "hearth/models"
says 200 '"kind": "part", "name": "answers"' "the proof tells its parts" "hearth/prove" -X POST
says 200 '"items": ' "connections are listed" "hearth/network"
ask_bare hearth/state
check "without the token nothing is told" [ "$code" = 401 ]
