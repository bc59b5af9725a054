# Incident 4, CVE-2026-5530: the downloader of a model server could be sent to addresses inside the network (SSRF). Here a name, a
# redirect or an address that leads inside ends with a line, and no socket is ever connected there.
. tests/tap.sh
. tests/hostile_net/enter.sh
hearth="$hostile/hearth"
limit=$(command -v timeout)

for url in https://private.example/x.gguf https://link.example/x.gguf https://mapped.example/x.gguf https://nat64.example/x.gguf https://local6.example/x.gguf \
	https://host.example/to-private.gguf https://host.example/to-private-ip.gguf https://host.example/to-metadata.gguf https://host.example/to-self.gguf \
	https://169.254.169.254/x.gguf "https://[fd00::1]/x.gguf" https://2130706433/x.gguf https://0x7f.1/x.gguf; do
	check_status 1 "$url is refused" "$limit" 600 "$hearth" models pull "$url"
	check "it is said that the address is not public" grep -q "hearth connects to public addresses alone" "$work/err"
done
check_status 1 "nothing inside was connected to" grep -E '^(10\.|127\.|169\.|fd|64:|::1)' "$net/connections.log"
check "what is public was" grep -qE '^(203.0.113.10|2001:db8::10) 443' "$net/connections.log"
