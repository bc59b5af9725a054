# `hearth models pull` against a hostile network: every way in which a host, a name server or somebody between could mislead it. The
# network is a namespace without an uplink (tests/hostile_net); the programs know of no test.
. tests/tap.sh
. tests/screen.sh
. tests/hostile_net/enter.sh
hearth="${PULL_WITH:-$hostile}/hearth"
limit=$(command -v timeout)
models=$HEARTH_HOME/models

# refused NAME WHAT WORDS...: the pull fails with one line that says the words, and leaves no model behind.
refused() {
	local name=$1 what=$2 words=$3
	shift 3
	rm -rf "$models"
	check_status 1 "$name: refused" "$limit" 600 "$hearth" models pull "$what" "$@" || return
	check "$name: says why" grep -qF -- "$words" "$work/err"
	check "$name: no model is left" [ -z "$(find "$models" -name '*.gguf' 2>/dev/null)" ]
}
pulled() {
	check "$1" "$limit" 600 "$hearth" models pull "${@:2}"
}
last_connection() { # an expression about c, the newest one
	"$hearth" net log --json | python3 -c "
import json, sys; c = [x for x in json.load(sys.stdin) if x['kind'] == 'connection'][-1]; sys.exit(not ($1))"
}

# What goes well.
pulled "a model is fetched by its URL" https://host.example/model.gguf
check "it is the file, byte for byte" cmp "$models/model.gguf" "$net/model.gguf"
check "its hash is said, and that it is pinned" grep -q "$digest" "$work/out"
check "nothing else is left" [ "$(ls "$models")" = model.gguf ]
check_status 1 "a file that is here is not fetched again" "$limit" 600 "$hearth" models pull https://host.example/model.gguf
check "that is said" grep -q "is here already" "$work/err"
rm -rf "$models"
pulled "a redirect within https is followed" https://host.example/moved.gguf
pulled "the hub's file by its quantization" good/repo:Q4_K_M
check "it has the hub's name" cmp "$models/tiny-Q4_K_M.gguf" "$net/model.gguf"
check "the host's hash is named" grep -q "as the host says" "$work/out"
pulled "a file in a folder of the repository" good/repo:sub/tiny-Q4_K_S.gguf
check "it lies flat" cmp "$models/tiny-Q4_K_S.gguf" "$net/model.gguf"
pulled "the only file of a repository" good/one --json
check "--json is one object" python3 -c "
import json, sys; o = json.load(open('$work/out')); sys.exit(o['sha256'] != '$digest' or o['bytes'] != $(stat -c %s "$net/model.gguf") or not o['pinned'])"
pulled "the right --sha256" https://host.example/fresh.gguf --sha256 "${digest^^}"

# Requests carry nothing that tells one install from another.
: >"$net/requests.log"
HEARTH_HOME=$work/first pulled "one fresh install" good/repo:Q4_K_M
mv "$net/requests.log" "$work/first.log"
: >"$net/requests.log"
HEARTH_HOME=$work/second USER=somebody LANG=de_DE.UTF-8 TZ=Asia/Tokyo https_proxy=http://10.0.0.1:1 ALL_PROXY=http://10.0.0.1:1 SSL_CERT_FILE=/dev/null \
	HOSTALIASES=/dev/null SSLKEYLOGFILE=$work/keys pulled "another fresh install, in another environment" good/repo:Q4_K_M
check "their requests are equal to the byte" cmp "$work/first.log" "$net/requests.log"
check "three requests were made" [ "$(grep -c '^GET ' "$work/first.log")" = 3 ]
check_status 1 "no key of a connection was written" [ -e "$work/keys" ]
check_status 1 "no line of a request is about the user" grep -iE '^(cookie|authorization|referer|accept-language|accept-encoding|x-|from|range|if-)' "$work/first.log"
check "the ledger holds what was sent, byte for byte" python3 - "$net/requests.log" <(HEARTH_HOME=$work/second "$hearth" net log --json) <<'PYTHON'
import hashlib, json, sys
sent = open(sys.argv[1], newline="").read().split("----\n")[:-1]
log = [c for c in json.load(open(sys.argv[2])) if c["kind"] == "connection"]
assert [c["sent"] for c in log] == sent and len(sent) == 3, log
for c in log:
    assert c["sent_sha256"] == hashlib.sha256(c["sent"].encode()).hexdigest() and c["up"] == len(c["sent"]), c
assert [c["host"] for c in log] == ["huggingface.co", "huggingface.co", "cdn.example"]
assert log[2]["down"] > 1000000
PYTHON
pulled "a cookie is set" https://host.example/cookie.gguf
check_status 1 "and never sent" grep -qi '^cookie' "$net/requests.log"

# Redirects.
refused "redirect to http" https://host.example/to-http.gguf "only https:// is used"
refused "redirect to a file" https://host.example/to-file.gguf "only https:// is used"
refused "redirect to another port" https://host.example/to-port.gguf "only port 443"
refused "redirect with a password" https://host.example/to-user.gguf "user's name or password"
refused "redirect to a private name" https://host.example/to-private.gguf "inside a private network"
refused "redirect to a private address" https://host.example/to-private-ip.gguf "inside a private network"
refused "redirect to a decimal address" https://host.example/to-decimal.gguf "hearth"
refused "redirect to an octal address" https://host.example/to-octal.gguf "hearth"
refused "redirect to this machine" https://host.example/to-self.gguf "this machine itself"
refused "redirect to a cloud's metadata" https://host.example/to-metadata.gguf "on the local link"
refused "redirect to itself" https://host.example/loop.gguf "redirects more than 5 times"
refused "redirects in a circle" https://host.example/loop-a.gguf "redirects more than 5 times"
rm -rf "$models"
pulled "a redirect to another name does not choose the file's name" https://host.example/to-path.gguf
check "the file's name is what was asked for" [ "$(find "$work" -name '*evil*')$(ls "$models")" = to-path.gguf ]

# Names that lead to addresses inside.
for host in private self link mapped nat64 local6; do
	refused "$host.example" https://$host.example/model.gguf "hearth connects to public addresses alone"
done
refused "a private address" https://10.0.0.1/model.gguf "inside a private network"
refused "this machine" https://localhost/model.gguf "this machine itself"
refused "this machine, mapped" "https://[::ffff:127.0.0.1]/model.gguf" "this machine itself"
refused "this machine, short" https://127.1/model.gguf "this machine itself"
refused "a name that nobody has" https://nobody.example/model.gguf "cannot be resolved"
rm -rf "$models"
"$limit" 600 "$hearth" models pull https://mixed.example/model.gguf >/dev/null 2>&1
for _ in 1 2 3 4; do
	rm -rf "$models"
	"$limit" 600 "$hearth" models pull https://rebind.example/model.gguf >/dev/null 2>&1
	"$limit" 600 "$hearth" models pull https://rebind-back.example/fresh.gguf >/dev/null 2>&1
done
check_status 1 "nothing inside was ever connected to, whatever names meant at which moment" grep -E '^(10\.|127\.|169\.|fd|64:|::1)' "$net/connections.log"

# Certificates.
: >"$net/requests.log"
refused "an expired certificate" https://expired.example/model.gguf "certificate has expired"
refused "a foreign certificate" https://foreign.example/model.gguf "no safe connection"
check "and nothing was asked" [ ! -s "$net/requests.log" ]

# What a host sends.
refused "a wrong hash of the host's" bad/wrong:x.gguf "instead of $(printf '0%.0s' $(seq 64))"
refused "a wrong --sha256" https://host.example/model.gguf "instead of" --sha256 "$(printf 'a%.0s' $(seq 64))"
refused "a size that is not the announced one" bad/size:x.gguf "where one of 5 was announced"
refused "a body that is cut" https://host.example/short.gguf "ended before the end of the file"
refused "a body longer than the hub says" https://host.example/long.gguf "where one of 1000 was announced"
refused "a body without a length" https://host.example/no-length.gguf "does not say how large"
refused "pieces without a length" https://host.example/chunked.gguf "does not say how large"
refused "an endless body" https://host.example/endless.gguf "more than the 1000000 bytes"
refused "endless headers" https://host.example/endless-headers.gguf "of headers"
refused "one endless header" https://host.example/one-header.gguf "host.example"
refused "a packed file" https://host.example/gzip.gguf "packed, which was not asked for"
refused "a packed transfer" https://host.example/gzip-transfer.gguf "packed, which was not asked for"
refused "another range than asked" https://host.example/wrong-range.gguf "another part of the file"
refused "more than the disk has" https://host.example/huge.gguf "are free on the disk"
refused "a length below zero" https://host.example/negative.gguf "host.example"
refused "a page instead of a model" https://host.example/no-model.gguf "no usable model"
refused "what is not there" https://host.example/gone.gguf "HTTP 404"
refused "what needs an account" https://host.example/account.gguf "asks for an account"
refused "what is no HTTP" https://host.example/garbage.gguf "host.example"
check "no byte of the host's reaches the terminal raw" sh -c "! LC_ALL=C grep -q '[^ -~]' '$work/err'"
small() { [ "$(du -sk "$HEARTH_HOME" | cut -f1)" -lt 20000 ]; }
check "nothing of all this was kept but what can go on" small

# The hub's lists.
refused "a path in the list" bad/paths:Q4_K_M "not the plain name"
refused "an absolute path in the list" bad/absolute:Q4_K_M "not the plain name"
refused "a hidden file in the list" bad/hidden:Q4_K_M "not the plain name"
refused "several that fit" good/two:Q4_K_M "2 files fit"
refused "no quantization of that name" good/repo:Q3_K_M "no file is a 'Q3_K_M'"
check "those that there are are listed" grep -q "tiny-Q8_0.gguf" "$work/out"
refused "a list without a model" bad/none "has no model file"
refused "a list that is no JSON" bad/json "its list of files"
refused "a list nested a million deep" bad/deep "its list of files"
refused "a list without an end" bad/huge "longer than 16 MiB"
rm -rf "$models"
pulled "a name with control characters is no name" bad/controls
check "the other one is" [ "$(ls "$models")" = fine.gguf ]
rm -rf "$models"
pulled "a hash that is a path is none" bad/hash:Q4_K_M
check "and the file stands alone" [ "$(ls "$models")" = x-Q4_K_M.gguf ]
check "nobody wrote elsewhere" [ -z "$(find "$work" /etc/evil* /tmp/evil* -name '*evil*' 2>/dev/null)" ]

# What a person types.
for name in "https://host.example/..%2f..%2fevil.gguf" "https://host.example/%00.gguf" "https://host.example/" "https://host.example/a.txt" "http://host.example/model.gguf" \
	"ftp://host.example/model.gguf" "file:///etc/passwd" "https://a:b@host.example/model.gguf" "https://host.example:8443/model.gguf" "../x:y" "a/..:x.gguf" "a/b:../../x.gguf" "a/b:/x.gguf" \
	"a/b:.x.gguf" "model.gguf" "" "https:///x.gguf" "https://host.example/$(printf 'x%.0s' $(seq 5000)).gguf" "https://höst.example/model.gguf"; do
	check_status 2 "'${name:0:60}' is wrong use" "$limit" 600 "$hearth" models pull "$name"
done
for proxy in http://127.0.0.1:9050 socks5://127.0.0.1:9050 socks5h://proxy.example:9050 socks5h://127.0.0.1 socks5h://127.0.0.1:99999 socks5h://:1 127.0.0.1:9050; do
	check_status 2 "--proxy $proxy is wrong use" "$limit" 600 "$hearth" models pull https://host.example/model.gguf --proxy "$proxy"
done
check_status 2 "--sha256 is 64 digits" "$limit" 600 "$hearth" models pull https://host.example/model.gguf --sha256 "../$(printf 'a%.0s' $(seq 61))"

# Going on after an interruption.
rm -rf "$models"
for end in 1 2 3; do
	check_status 1 "the connection breaks ($end)" "$limit" 600 "$hearth" models pull https://host.example/broken.gguf
	check "what came is kept, and how to go on is said ($end)" grep -q "the same command goes on" "$work/err"
	check "so much is kept ($end)" [ "$(stat -c %s "$models/broken.gguf.part")" = $((end * 2000000)) ]
done
pulled "the rest comes" https://host.example/broken.gguf
check "the whole is right" cmp "$models/broken.gguf" "$net/model.gguf"
check "the part is gone" [ "$(ls "$models")" = broken.gguf ]

rm -rf "$models"
check_status 1 "a file begins to come" "$limit" 600 "$hearth" models pull https://host.example/changed.gguf
check_status 1 "it has changed, and the pin of nobody holds it: fetched anew" "$limit" 600 "$hearth" models pull https://host.example/changed.gguf --sha256 "$digest"
check "that is said" grep -q "has changed at the host since the last time: starting anew" "$work/err"
check "and it is not what --sha256 says" grep -q "instead of $digest" "$work/err"
check_status 1 "a file begins to come that will change behind its address" "$limit" 600 "$hearth" models pull https://host.example/silent.gguf --sha256 "$digest"
check_status 1 "a host that goes on in another file" "$limit" 600 "$hearth" models pull https://host.example/silent.gguf --sha256 "$digest"
check "is noticed" grep -qE "starting anew|instead of $digest" "$work/err"
check "no mixture is left" [ -z "$(find "$models" -name '*.gguf')" ]

rm -rf "$models"
came() { [ "$(stat -c %s "$models/paced.gguf.part" 2>/dev/null || echo 0)" -gt "$1" ]; }
# In a group of its own, since a shell lets its background programs ignore Ctrl-C.
python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' "$hearth" models pull https://host.example/paced.gguf >"$work/out" 2>"$work/err" </dev/null &
pid=$!
until_true came 200000
kill -INT $pid
wait $pid
check "Ctrl-C ends it" [ $? = 130 ]
check "Ctrl-C keeps what came" [ "$(stat -c %s "$models/paced.gguf.part")" -gt 100000 ]
check "and says how to go on" grep -q "the same command goes on" "$work/err"
check "the ledger knows what came until then" last_connection "c['result'] == 'interrupted' and c['down'] > 100000"
"$hearth" models pull https://host.example/paced.gguf >/dev/null 2>&1 &
pid=$!
until_true came 1000000
# While it fetches, hearth-net is made to call what it must not (tests/guard/outside.c; its filters are read where root looks).
fetching=$(pgrep -x hearth-net)
if [ "${PULL_WITH:-$hostile}" = build ] && [ -x build/tests/guard/outside ] && [ -n "$fetching" ]; then
	build/tests/guard/outside "$fetching" hearth-net >"$work/look" 2>&1
	looked=$?
	check "hearth-net refuses every call that it must, while it fetches" [ $looked = 0 -o $looked = 78 ]
else
	skip "hearth-net refuses every call that it must, while it fetches" "a build with sanitizers has no filter"
fi
kill -9 $pid
wait $pid 2>/dev/null
no_net() { [ -z "$(pgrep -x hearth-net)" ]; }
check "after kill -9 no hearth-net is left" until_true no_net
check "the ledger has the connection that was begun" last_connection "'ended' not in c and c['host'] == 'host.example'"
pulled "and the same command goes on" https://host.example/paced.gguf
check "to the whole file" cmp "$models/paced.gguf" "$net/model.gguf"

# A model in several files comes as one.
same_parts() { # STEM
	local n
	for n in 1 2 3; do cmp "$models/$1-0000$n-of-00003.gguf" "$net/part-0000$n-of-00003.gguf" || return 1; done
}
rm -rf "$models"
pulled "all parts of a split model, by its quantization" good/split:Q4_K_M
check "each is what it was" same_parts big-Q4_K_M
check "and its hash is said" grep -q "$(sha256sum <"$net/part-00003-of-00003.gguf" | cut -d' ' -f1) big-Q4_K_M-00003" "$work/out"
check "it answers" "$limit" 600 "$hearth" run -m big-Q4_K_M -n 2 Hello
rm "$models"/big-Q4_K_M-0000[13]*
pulled "what is here already is compared, and the rest fetched" good/split:sub/big-Q4_K_M-00001-of-00003.gguf --json
check "--json names each" python3 -c "
import json; o = json.load(open('$work/out')); assert len(o['parts']) == 3 and o['path'].endswith('00001-of-00003.gguf'), o"
rm "$models"/big-Q4_K_M-00001*
printf x >>"$models/big-Q4_K_M-00002-of-00003.gguf"
check_status 1 "a part that was changed here is refused" "$limit" 600 "$hearth" models pull good/split:Q4_K_M
check "and named" grep -q "big-Q4_K_M-00002-of-00003.gguf: is here already, and is not what was fetched" "$work/err"
rm -rf "$models"
pulled "by the URL of its first part" https://host.example/good-00001-of-00003.gguf
check "the others lie beside it there" same_parts good
refused "a part with a wrong hash" bad/part:x-00001-of-00003.gguf "instead of"
check "and the first part never came" [ ! -e "$models/x-00001-of-00003.gguf" ]
refused "parts that are no model together" https://host.example/mixed-00001-of-00003.gguf "no usable model and was removed"
rm -rf "$models"
check_status 1 "a part that is not there" "$limit" 600 "$hearth" models pull https://host.example/lost-00001-of-00003.gguf
check "is told" grep -q "404" "$work/err"
check "and there is no model" [ ! -e "$models/lost-00001-of-00003.gguf" ]
refused "a later part alone" https://host.example/good-00002-of-00003.gguf "name its first part"
refused "one hash for several files" https://host.example/good-00001-of-00003.gguf "about one file" --sha256 "$digest"

# Pins.
rm -rf "$models"
pulled "a name is pinned" pin/x:x.gguf
refused "the name leads elsewhere" pin/x:x.gguf "if that is meant"
rm -rf "$models"
check_status 1 "another hash by --sha256 is taken for the person's word" "$limit" 600 "$hearth" models pull pin/x:x.gguf --sha256 "$digest"
check "and the host contradicts it" grep -q "not the one of --sha256" "$work/err"

# The catalogue: its files are pinned by it, and the one that suits is fetched without a name.
own_catalogue() { # SHA-256; the size is another one than the built-in model's, which would be known as the same
	printf 'good/repo:tiny-Q4_K_M.gguf\tTiny\ttests\tApache-2.0\t7000000\t7344384\t7344384\t4096\t2048\tno\tchat\t%s\n' "$1" | cover models/catalogue.tsv
}
own_catalogue "$(printf 'b%.0s' $(seq 64))"
HOME=$work/nobody HEARTH_HOME=$work/third refused "a file that is not the catalogue's" good/repo:Q4_K_M "in hearth's catalogue, and another one at the host"
umount models/catalogue.tsv
own_catalogue "$digest"
export HEARTH_HOME=$work/third
check "without a name the one that suits is fetched" /usr/bin/env HOME="$work/nobody" "$limit" 120 "$hearth" models pull
check "it is said which, and why" grep -q "memory 7 MB file + 8 MB for 2,048 tokens of context + 100 MB to work" "$work/out"
check "the catalogue vouches for it" grep -q "as hearth's catalogue says" "$work/out"
check "it is the file" cmp "$HEARTH_HOME/models/tiny-Q4_K_M.gguf" "$net/model.gguf"
check "the next start takes it" grep -qx "model = $HEARTH_HOME/models/tiny-Q4_K_M.gguf" "$HEARTH_HOME/settings"
check "and the rate is remembered for the next estimate" grep -qE "^rate = [0-9]+$" "$HEARTH_HOME/settings"
umount models/catalogue.tsv
export HEARTH_HOME=$work/home

# A proxy.
: >"$net/names.log"
: >"$net/proxy.log"
rm -rf "$models"
pulled "through a proxy" good/repo:Q4_K_M --proxy socks5h://127.0.0.1:9050
check "the file is whole" cmp "$models/tiny-Q4_K_M.gguf" "$net/model.gguf"
check "the proxy was given names, not addresses" [ "$(sort -u "$net/proxy.log" | tr '\n' ' ')" = "3 cdn.example 443 3 huggingface.co 443 " ]
check "no name was resolved beside it" [ ! -s "$net/names.log" ]
refused "a proxy that is not there" https://host.example/model.gguf "through the proxy" --proxy socks5h://127.0.0.1:9051
check "still no name was resolved" [ ! -s "$net/names.log" ]

# The ledger.
check "its chain is whole" "$hearth" net log
check "it is its owner's alone" [ "$(stat -c %a "$HEARTH_HOME/network.log")" = 600 ]
sed -i '5s/begin/begim/' "$HEARTH_HOME/network.log"
sed -i '5s/end/enb/' "$HEARTH_HOME/network.log"
check_status 1 "a changed line is noticed" "$hearth" net log
check "and named" grep -q "line 5 or one before it was changed" "$work/err"
: >"$net/names.log"
refused "nothing is connected to that cannot be noted" https://host.example/model.gguf "line 5 or one before it was changed"
check "and no name resolved" [ ! -s "$net/names.log" ]

# Beside a vault.
export HEARTH_HOME=$work/sealed
rm -rf "$models"
models=$HEARTH_HOME/models
pulled "before there is a vault the ledger is plain" https://host.example/model.gguf
check "it names the host" grep -q host.example "$HEARTH_HOME/network.log"
check "a vault is made" "$hearth" vault create --key-file "$work/key"
sealed_log=$HEARTH_HOME/vaults/main/network.log
check "a model is fetched while it is locked" "$hearth" models pull good/repo:Q4_K_M
check "it is said that older pins cannot be read" grep -q "the vault is locked" "$work/err"
check_status 1 "the plain ledger is gone" [ -e "$HEARTH_HOME/network.log" ]
check_status 1 "no host, file or time stands anywhere" grep -rqaE "example|huggingface|gguf|$(date +%s | cut -c1-6)" "$HEARTH_HOME/vaults"
check_status 1 "without the key it is not shown" "$hearth" net log
check "with it, it is" "$hearth" net log --json --key-file "$work/key"
check "the lines from before too" python3 -c "
import json; log = json.load(open('$work/out'))
assert [c['host'] for c in log if c['kind'] == 'connection'] == ['host.example', 'huggingface.co', 'huggingface.co', 'cdn.example'], log
assert all('ended' in c for c in log if c['kind'] == 'connection') and len(log) == 6"
rm -rf "$models" "$net/counts"
check "with the key the pin is compared" "$hearth" models pull https://host.example/model.gguf --key-file "$work/key"
check "and agrees" grep -q "the same as when it was first fetched" "$work/out"
check "the ledger is as private as the vault" [ "$(stat -c %a "$sealed_log")" = 600 ]
