# hearth serve in a crowd: a thousand connections that say nothing and two hundred that say it slowly, beside answers that run; many
# requests at once; clients that stop reading. What it costs is counted: answers, memory, descriptors.
. tests/tap.sh
. tests/serving.sh
if ! command -v curl >/dev/null || ! ulimit -n 2500 2>/dev/null || [ ! -r /proc/self/status ]; then
	skip "hearth serve in a crowd" "needs curl, /proc and 2,500 descriptors"
	exit 0
fi
check "it starts" serve_begin --port 0 --metrics
port=${url%/}
port=${port##*:}
# hearth-front, whose parent is the spawner, whose parent is ours.
parent() { awk '{ sub(/^.*\) /, ""); print $2 }' "/proc/$1/stat" 2>/dev/null; }
front=""
for p in /proc/[0-9]*; do
	p=${p#/proc/}
	[ "$(cat "/proc/$p/comm" 2>/dev/null)" = hearth-front ] && [ "$(parent "$(parent "$p")")" = "$pid" ] && front=$p
done
check "hearth-front runs" [ -n "$front" ]
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$front/status"; }
chat() { echo '{"model": "builtin", "messages": [{"role": "user", "content": "'"$1"'"}], "temperature": 0, "max_tokens": 40}'; }
text() { sed 's/.*"content": *\("[^"]*"\).*/\1/' "$1"; }
ask v1/chat/completions -d "$(chat "Who are you?")"
check "an answer comes alone" [ "$code" = 200 ]
text "$work/body" >"$work/alone"

crowd=()
before=$(resident)
for ((i = 0; i < 1200; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$port" || break
	crowd+=("$fd")
	((i < 1000)) || printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1' >&"$fd"
done 2>/dev/null
check "1,200 clients connect and say nothing, or little" [ ${#crowd[@]} = 1200 ]
connected() { [ "$(metric hearth_connections)" -gt 1200 ]; }
check "they are all there" await 60 connected
ask v1/chat/completions -d "$(chat "Who are you?")"
check "an answer comes beside them" [ "$code" = 200 ]
text "$work/body" >"$work/beside"
check "and is the same" cmp "$work/alone" "$work/beside"
check "they take less than 100 MB" [ $(($(resident) - before)) -lt 100000 ]
for ((i = 0; i < 20; i++)); do for fd in "${crowd[@]:1000:200}"; do printf ':' >&"$fd"; done; done 2>/dev/null
ask_bare health
check "and nobody waits for them while they go on" [ "$code" = 200 ]
for fd in "${crowd[@]}"; do exec {fd}>&-; done
crowd=()
alone() { [ "$(metric hearth_connections)" -le 2 ]; }
check "when they leave they are gone" await 60 alone

# Sixteen at once, each with its own answer.
for i in $(seq 16); do
	curl -s --max-time 300 -H "Authorization: Bearer $token" -d "$(chat "Count to $((i % 4 + 2)).")" "${url}v1/chat/completions" >"$work/many.$i" &
	waits+=" $!"
done
# shellcheck disable=SC2086 # the words are processes
wait $waits
answers=0
for i in $(seq 16); do grep -q '"finish_reason": *"' "$work/many.$i" && answers=$((answers + 1)); done
check "sixteen requests at once have sixteen answers" [ $answers = 16 ]
same=0
for i in $(seq 5 16); do cmp -s <(text "$work/many.$i") <(text "$work/many.$((i - 4))") && same=$((same + 1)); done
check "which do not depend on each other" [ $same = 12 ]

# More connections than there may be: the rest waits in the kernel.
for ((i = 0; i < 2300; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$port" || break
	crowd+=("$fd")
done 2>/dev/null
[ ${#crowd[@]} -gt 2100 ] || echo "# this system gives ${#crowd[@]} connections only"
check "they take less than 150 MB" [ $(($(resident) - before)) -lt 150000 ]
for fd in "${crowd[@]}"; do exec {fd}>&-; done
ask_bare health
check "afterwards it answers as before" [ "$code" = 200 ]
serve_end
check "and ends when it is told to" [ $status = 0 ]
