# A host that sends a byte a second is given up after half a minute, with a line, and what came is kept.
. tests/tap.sh
. tests/hostile_net/enter.sh
hearth="$build/hearth"
limit=$(command -v timeout)

check_status 1 "a host that sends next to nothing is given up" "$limit" 300 "$hearth" models pull https://host.example/slow.gguf
check "that is said" grep -q "sends next to nothing" "$work/err"
check "and how to go on" grep -q "the same command goes on" "$work/err"
check "the ledger has its end" sh -c "'$hearth' net log | grep -q 'sends next to nothing'"
