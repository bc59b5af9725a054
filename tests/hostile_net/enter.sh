# enter: a user, network and mount namespace without an uplink, in which a hostile host (host.py) is the whole internet. A script
# sources this behind tests/tap.sh; it runs the script again inside, and skips where that cannot be.
#
# The public addresses are those reserved for documentation. The certificate authorities, the resolver's files and /etc/hosts
# are mounted over the machine's for this namespace alone: the programs under test know nothing of a test.
# shellcheck shell=bash disable=SC2034,SC2154
leave() {
	skip "$1" "$2"
	exit 0
}

if [ -z "${HOSTILE_NET:-}" ]; then
	for tool in python3 openssl unshare ip mount; do
		command -v $tool >/dev/null || leave "downloads from a hostile host" "no $tool here"
	done
	unshare -Urnmpf --mount-proc true 2>/dev/null || leave "downloads from a hostile host" "no namespaces here"
	[ -e /etc/ssl/certs/ca-certificates.crt ] || leave "downloads from a hostile host" "no ca-certificates here"
	rm -rf "$work"
	HOSTILE_NET=1 exec unshare -Urnmpf --mount-proc bash "$0"
fi

net=$work/net
mkdir -p "$net"
cp "$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)" "$net/model.gguf"
python3 tests/end_to_end/split_gguf.py "$net/model.gguf" "$net/part" 3

make_certificates() {
	local names name
	names="subjectAltName=IP:10.0.0.1,IP:203.0.113.10,DNS:huggingface.co"
	for name in cdn host expired foreign private self link mapped nat64 local6 mixed rebind rebind-back; do names+=",DNS:$name.example"; done
	cd "$net" || return 1
	for ca in ca other; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $ca.key -out $ca.crt -subj "/CN=$ca" -days 30
	done
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout host.key -out host.csr -subj "/CN=host"
	echo "$names" >names
	openssl x509 -req -in host.csr -CA ca.crt -CAkey ca.key -set_serial 1 -days 30 -extfile names -out ca-signed.crt
	openssl x509 -req -in host.csr -CA ca.crt -CAkey ca.key -set_serial 2 -days -1 -extfile names -out expired.crt
	openssl x509 -req -in host.csr -CA other.crt -CAkey other.key -set_serial 3 -days 30 -extfile names -out foreign.crt
	for kind in ca-signed expired foreign; do cat $kind.crt host.key >$kind.pem; done
	cd - || return 1
}
make_certificates >"$work/openssl.log" 2>&1

cover() { # FILE: what stands on standard input is there from now on
	local copy
	copy=$net/cover$(echo "$1" | tr / _)
	cat >"$copy"
	[ -e "$1" ] && mount --bind "$copy" "$(readlink -f "$1")"
}
cover /etc/ssl/certs/ca-certificates.crt <"$net/ca.crt"
echo "nameserver 127.0.0.53" | cover /etc/resolv.conf
echo "127.0.0.1 localhost" | cover /etc/hosts
echo "hosts: files dns" | cover /etc/nsswitch.conf

ip link set lo up
for address in 203.0.113.10/32 198.51.100.7/32 10.0.0.1/32 169.254.169.254/32; do ip addr add $address dev lo; done
ip addr add 2001:db8::10/128 dev lo nodad 2>/dev/null
ip addr add fd00::1/128 dev lo nodad 2>/dev/null
ip addr add 64:ff9b::a00:1/128 dev lo nodad 2>/dev/null
python3 tests/hostile_net/host.py "$net" 2>"$work/host.err" &
host_pid=$!
trap 'kill $host_pid 2>/dev/null; rm -rf "$work"; [ "$failures" = 0 ] || exit 1' EXIT
for _ in $(seq 3000); do
	[ -e "$net/ready" ] && break
	sleep 0.1
done
[ -e "$net/ready" ] || leave "downloads from a hostile host" "the host does not start: $(head -c 300 "$work/host.err")"
digest=$(sha256sum "$net/model.gguf" | cut -d' ' -f1)
