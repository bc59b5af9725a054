# Incidents 5 and 6, CVE-2026-7020 and CVE-2024-37032 (Probllama): a digest or a name from a registry became a path, and a file
# somewhere else. Here a hash is 64 hexadecimal digits or none, and a file's name is the plain last part of what was asked for.
. tests/tap.sh
. tests/hostile_net/enter.sh
hearth="$hostile/hearth"
limit=$(command -v timeout)
marker="$work/marker"
touch "$marker"

for name in bad/paths:Q4_K_M bad/absolute:Q4_K_M bad/hidden:Q4_K_M; do
	check_status 1 "$name: a path in the hub's list is refused" "$limit" 600 "$hearth" models pull "$name"
done
check "a hash that is a path is none: the file is fetched without" "$limit" 600 "$hearth" models pull bad/hash:Q4_K_M
check "a redirect to another name does not choose the name here" "$limit" 600 "$hearth" models pull https://host.example/to-path.gguf
for digest in ../../etc/passwd "$(printf 'a%.0s' $(seq 63))/" "$(printf 'g%.0s' $(seq 64))" ""; do
	check_status 2 "--sha256 '${digest:0:20}' is wrong use" "$limit" 600 "$hearth" models pull https://host.example/model.gguf --sha256 "$digest"
done
check "every file that came lies flat in the models folder" [ "$(find "$HEARTH_HOME" -name '*.gguf*' | sort | tr '\n' ' ')" = \
	"$HEARTH_HOME/models/to-path.gguf $HEARTH_HOME/models/x-Q4_K_M.gguf " ]
check "and nothing was written elsewhere" [ -z "$(find / -xdev -newer "$marker" -name '*evil*' 2>/dev/null)" ]
