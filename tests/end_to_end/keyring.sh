# hearth-keyring: a key goes into the desktop's keyring and comes back; and without a keyring, a bus or libsecret there is one line.
. tests/tap.sh

cat >"$work/ask.py" <<'END'
import os, socket, struct, subprocess, sys
wish, vault, secret = int(sys.argv[2]), b"v" * 16, bytes.fromhex(sys.argv[3]) if len(sys.argv) > 3 else bytes(32)
ours, theirs = socket.socketpair()
def place():
    os.dup2(theirs.fileno(), 3)
program = subprocess.Popen([sys.argv[1]], preexec_fn=place, pass_fds=[3], stderr=subprocess.DEVNULL)
theirs.close()
ours.sendall(struct.pack("<I", wish) + vault + secret)
reply = b""
while len(reply) < 336:
    piece = ours.recv(336)
    if not piece:
        break
    reply += piece
program.wait()
if len(reply) != 336:
    sys.exit(f"no reply, status {program.returncode}")
print("done" if reply[:4] != bytes(4) else reply[36:].split(b"\0")[0].decode(), reply[4:36].hex())
END
program=$build/hearth-keyring
if ! command -v python3 >/dev/null; then
	skip "a key in the keyring" "no python3 here"
	exit 0
fi
ask() { python3 "$work/ask.py" "$program" "$@" >"$work/said" 2>&1; }

key=00112233445566778899aabbccddeeff00112233445566778899aabbccddeef1
without_bus() { DBUS_SESSION_BUS_ADDRESS=unix:path=$work/nothing ask 1; }
check "without a bus there is an answer" without_bus
check "which is one line that says so" grep -Eq "^(the system's keyring refuses: |this system has no libsecret)" "$work/said"
check "and no key" grep -q " 0\{64\}$" "$work/said"

if ! command -v dbus-run-session >/dev/null || ! command -v gnome-keyring-daemon >/dev/null || ! ldconfig -p | grep -q libsecret-1.so.0; then
	skip "a key in a real keyring" "needs dbus-run-session, gnome-keyring-daemon and libsecret"
	exit 0
fi
cat >"$work/session.sh" <<'END'
echo -n password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
for wish in 1 2 1 3 1; do
	if [ $wish = 2 ]; then python3 "$1" "$2" 2 "$3"; else python3 "$1" "$2" $wish; fi
done
END
session() {
	HOME=$work XDG_DATA_HOME=$work/data XDG_RUNTIME_DIR=$work timeout 60 dbus-run-session -- bash "$work/session.sh" "$work/ask.py" "$program" "$key" >"$work/replies" 2>&1
}
check "a session with a keyring" session
line() { grep -v "^dbus-daemon" "$work/replies" | sed -n "$1p" | grep -q "$2"; }
check "that has no key at first" line 1 "has no key of this vault"
check "keeps one" line 2 "^done"
check "and gives it back" line 3 "^done $key"
check "forgets it" line 4 "^done"
check "and has it no more" line 5 "has no key of this vault"

# Through hearth itself, which finds the session's bus at its usual place alone.
bus=/run/user/$(id -u)/bus
if [ -e "$bus" ] || ! mkdir -p "${bus%/*}" 2>/dev/null; then
	skip "a vault that the keyring opens" "the usual bus is not this test's to make"
	exit 0
fi
cat >"$work/hearth.sh" <<'END'
echo -n password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$1" vault create --keyring && "$1" vault && "$1" vault import "$2" && "$1" vault export "$3" && "$1" vault delete --all --yes
END
echo '[{"name":"Bread","created_at":"2024-05-01T10:00:00Z","chat_messages":[{"sender":"human","text":"How long?"}]}]' >"$work/in.json"
with_bus() {
	HOME=$work XDG_DATA_HOME=$work/data2 DBUS_SESSION_BUS_ADDRESS=unix:path=$bus dbus-daemon --session --address="unix:path=$bus" --nofork --nopidfile >/dev/null 2>&1 &
	local daemon=$! status
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$bus" ] || sleep 0.2; done
	HOME=$work XDG_DATA_HOME=$work/data2 XDG_RUNTIME_DIR=$work DBUS_SESSION_BUS_ADDRESS=unix:path=$bus timeout 60 bash "$work/hearth.sh" "$build/hearth" "$work/in.json" "$work/out.json" >"$work/hearth.log" 2>&1
	status=$?
	kill $daemon
	wait $daemon 2>/dev/null
	rm -f "$bus"
	rmdir "${bus%/*}" 2>/dev/null
	return $status
}
check "a vault is made, opened and deleted by the keyring's key" with_bus
check "and says so" grep -q "keyring" "$work/hearth.log"
check "and what was in it came out" grep -q "How long?" "$work/out.json"
check_status 1 "without a keyring none is made" "$build/hearth" vault create --keyring
check "which is one line" [ "$(wc -l <"$work/err")" = 1 ]
check "and leaves nothing" [ ! -e "$HEARTH_HOME/vaults/main/vault.key" ]
