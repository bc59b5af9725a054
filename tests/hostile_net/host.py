# host: a web host and a name server as an enemy would run them, for tests in a network namespace without an uplink.
#
#     python3 tests/hostile_net/host.py FOLDER
#
# FOLDER holds model.gguf, the same in three parts, ca-signed.pem, expired.pem, foreign.pem (certificate and key of the host); requests.log and
# connections.log are written there, `ready` is made when it listens. What a path does stands in PATHS, what a name resolves to in
# NAMES. Everything listens on every address of the namespace: TCP 443, TCP and UDP 53, and TCP 9050, a SOCKS proxy.
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

folder = sys.argv[1]
model = open(os.path.join(folder, "model.gguf"), "rb").read()
digest = hashlib.sha256(model).hexdigest()
parts = [open(os.path.join(folder, f"part-{n:05}-of-00003.gguf"), "rb").read() for n in (1, 2, 3)]
part_digests = [hashlib.sha256(part).hexdigest() for part in parts]
lock = threading.Lock()

PUBLIC, CDN, PRIVATE = "203.0.113.10", "198.51.100.7", "10.0.0.1"

# What each name resolves to; a list of lists is gone through query by query (rebinding).
NAMES = {
    "huggingface.co": ([PUBLIC], []),
    "cdn.example": ([CDN], []),
    "host.example": ([PUBLIC], ["2001:db8::10"]),
    "expired.example": ([PUBLIC], []),
    "foreign.example": ([PUBLIC], []),
    "private.example": ([PRIVATE], []),
    "self.example": (["127.0.0.1"], ["::1"]),
    "link.example": (["169.254.169.254"], []),
    "mapped.example": ([], ["::ffff:10.0.0.1"]),
    "nat64.example": ([], ["64:ff9b::a00:1"]),
    "local6.example": ([], ["fd00::1"]),
    "mixed.example": ([PRIVATE, PUBLIC], []),
    "rebind.example": ([[PUBLIC], [PRIVATE]], []),
    "rebind-back.example": ([[PRIVATE], [PUBLIC]], []),
}
asked = {}
counts = {}


def note(file, line):
    with lock, open(os.path.join(folder, file), "ab") as f:
        f.write(line if isinstance(line, bytes) else line.encode())


# ---- names


def answers(name, kind):
    v4, v6 = NAMES.get(name, ([], []))
    found = v4 if kind == 1 else v6 if kind == 28 else []
    if found and isinstance(found[0], list):
        n = asked[name] = asked.get(name, -1) + 1
        found = found[n % len(found)]
    family = socket.AF_INET if kind == 1 else socket.AF_INET6
    return [socket.inet_pton(family, a) for a in found]


def resolve(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    name = ".".join(labels)
    kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
    note("names.log", name + "\n")
    found = answers(name, kind)
    code = 0 if name in NAMES else 3
    out = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0) + query[12 : at + 5]
    for a in found:
        out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a
    return out


def serve_names():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.53", 53))
    while True:
        query, who = s.recvfrom(4096)
        try:
            s.sendto(resolve(query), who)
        except Exception as e:
            note("errors.log", f"names: {e}\n")


# ---- the host


def head(status, *lines, length=None):
    out = [f"HTTP/1.1 {status}"] + list(lines) + ["Connection: close"]
    if length is not None:
        out.append(f"Content-Length: {length}")
    return ("\r\n".join(out) + "\r\n\r\n").encode()


def wanted_range(request):
    for line in request.decode("latin-1").split("\r\n"):
        if line.lower().startswith("range: bytes="):
            return int(line[13:].split("-")[0])
    return None


def header_of(request, name):
    for line in request.decode("latin-1").split("\r\n"):
        if line.lower().startswith(name + ": "):
            return line[len(name) + 2 :]
    return None


def file_answer(request, body=None, tag='"one"', cut=None, pause=0):
    """The file, from where it is asked for; `cut`: the connection ends after so many bytes."""
    body = model if body is None else body
    start = wanted_range(request)
    condition = header_of(request, "if-range")
    if start is not None and start >= len(body):
        yield head("416 Range Not Satisfiable", f"Content-Range: bytes */{len(body)}", length=0)
        return
    if start is None or (condition is not None and condition != tag):
        start = 0
        yield head("200 OK", f"ETag: {tag}", "Accept-Ranges: bytes", length=len(body))
    else:
        yield head("206 Partial Content", f"ETag: {tag}", f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}", length=len(body) - start)
    end = len(body) if cut is None else min(len(body), start + cut)
    for at in range(start, end, 65536):
        yield body[at : min(end, at + 65536)]
        time.sleep(pause)


def endless(request):
    yield head("200 OK", 'ETag: "x"', "Transfer-Encoding: chunked", "X-Linked-Size: 1000000")
    for _ in range(100000):
        yield b"10000\r\n" + b"A" * 65536 + b"\r\n"


def endless_headers(request):
    yield b"HTTP/1.1 200 OK\r\n"
    for i in range(100000):
        yield f"X-Filler-{i}: {'y' * 900}\r\n".encode()


def slow(request):
    yield head("200 OK", 'ETag: "slow"', length=len(model))
    for i in range(3600):
        yield model[i : i + 1]
        time.sleep(1)


def changed(request):
    n = counts["/changed.gguf"]
    body = model if n == 1 else model[:-1] + bytes([model[-1] ^ 1])
    return file_answer(request, body, tag=f'"v{min(n, 2)}"', cut=1000000 if n == 1 else None)


def changed_silently(request):
    """Another file behind the same address, and a server that goes on in the middle of it whatever the condition."""
    n = counts["/silent.gguf"]
    body = model if n == 1 else model[:-1] + bytes([model[-1] ^ 1])
    if n == 1:
        yield from file_answer(request, body, tag='"v1"', cut=1000000)
    else:
        start = wanted_range(request) or 0
        yield head("206 Partial Content", 'ETag: "v2"', f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}", length=len(body) - start) if start else head("200 OK", 'ETag: "v2"', length=len(body))
        yield body[start:]


def broken(request):
    """The connection ends early, again and again, a little later each time."""
    return file_answer(request, tag='"b"', cut=2000000)


def redirect(to, *lines, status="302 Found"):
    return lambda request: [head(status, f"Location: {to}", *lines, length=0)]


def linked(file, digits, size, to):
    return redirect(to, f'X-Linked-Etag: "{digits}"', f"X-Linked-Size: {size}")


def gzip_bomb(request):
    import gzip

    packed = gzip.compress(b"\0" * (64 << 20))
    yield head("200 OK", "Content-Encoding: gzip", length=len(packed))
    yield packed


def gzip_transfer(request):
    import gzip

    packed = gzip.compress(b"\0" * (64 << 20))
    yield head("200 OK", "Transfer-Encoding: gzip, chunked")
    yield b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"


def listing(*files):
    body = json.dumps(
        [{"type": "file", "path": p, "size": len(model), "lfs": {"oid": h, "size": len(model)}} for p, h in files]
        + [{"type": "file", "path": "README.md", "size": 12}, {"type": "directory", "path": "x", "size": 0}]
    ).encode()
    return lambda request: [head("200 OK", "Content-Type: application/json", length=len(body)), body]


def part_file(n, last=None):
    """Part n of the split model; `last`: its last byte is another one."""
    return lambda request: file_answer(request, parts[n] if last is None else parts[n][:-1] + last, tag=f'"part{n}"')


def text(body):
    body = body.encode()
    return lambda request: [head("200 OK", length=len(body)), body]


TREE = "/api/models/%s/tree/main?recursive=true"
wrong = "0" * 64
PATHS = {
    "/model.gguf": file_answer,
    "/fresh.gguf": file_answer,
    "/to-http.gguf": redirect("http://host.example/model.gguf"),
    "/to-file.gguf": redirect("file:///etc/passwd"),
    "/to-port.gguf": redirect("https://host.example:8443/model.gguf"),
    "/to-user.gguf": redirect("https://a:b@host.example/model.gguf"),
    "/to-private.gguf": redirect("https://private.example/model.gguf"),
    "/to-private-ip.gguf": redirect("https://10.0.0.1/model.gguf"),
    "/to-self.gguf": redirect("https://self.example/model.gguf"),
    "/to-metadata.gguf": redirect("https://169.254.169.254/latest/meta-data/"),
    "/to-decimal.gguf": redirect("https://167772161/model.gguf"),
    "/to-octal.gguf": redirect("https://012.0.0.1/model.gguf"),
    "/loop.gguf": redirect("https://host.example/loop.gguf"),
    "/loop-a.gguf": redirect("https://cdn.example/loop-b.gguf"),
    "/loop-b.gguf": redirect("https://host.example/loop-a.gguf"),
    "/moved.gguf": redirect("/model.gguf", status="301 Moved Permanently"),
    "/to-path.gguf": redirect("https://host.example/..%2f..%2fevil.gguf"),
    "/..%2f..%2fevil.gguf": file_answer,
    "/short.gguf": lambda request: [head("200 OK", length=len(model)), model[:1000]],
    "/long.gguf": lambda request: [head("200 OK", "X-Linked-Size: 1000", length=len(model)), model],
    "/no-length.gguf": lambda request: [head("200 OK"), model],
    "/chunked.gguf": lambda request: [head("200 OK", "Transfer-Encoding: chunked"), b"%x\r\n" % len(model) + model + b"\r\n0\r\n\r\n"],
    "/endless.gguf": endless,
    "/endless-headers.gguf": endless_headers,
    "/one-header.gguf": lambda request: [b"HTTP/1.1 200 OK\r\nX: " + b"z" * 10000000],
    "/slow.gguf": slow,
    "/changed.gguf": changed,
    "/silent.gguf": changed_silently,
    "/broken.gguf": broken,
    "/paced.gguf": lambda request: file_answer(request, tag='"paced"', pause=0.05),
    "/gzip.gguf": gzip_bomb,
    "/gzip-transfer.gguf": gzip_transfer,
    "/wrong-range.gguf": lambda request: [head("206 Partial Content", "Content-Range: bytes 5-9/10", length=5), b"AAAAA"],
    "/no-model.gguf": text("<html>Please sign in</html>"),
    "/gone.gguf": lambda request: [head("404 Not Found", length=0)],
    "/account.gguf": lambda request: [head("401 Unauthorized", length=0)],
    "/cookie.gguf": lambda request: [head("302 Found", "Set-Cookie: id=7; Domain=.example", "Location: https://host.example/model.gguf", length=0)],
    "/garbage.gguf": lambda request: [b"\x00\xff\x1b[31m not http at all \r\n\r\n"],
    "/huge.gguf": lambda request: [head("200 OK", length=1 << 60), b"x"],
    "/negative.gguf": lambda request: [head("200 OK", length=-5), b"x"],
    # The hub.
    TREE % "good/repo": listing(("tiny-Q4_K_M.gguf", digest), ("tiny-Q8_0.gguf", digest), ("sub/tiny-Q4_K_S.gguf", digest), ("mmproj-tiny-Q4_K_M.gguf", digest)),
    TREE % "good/split": listing(*((f"sub/big-Q4_K_M-{n + 1:05}-of-00003.gguf", part_digests[n]) for n in range(3)), ("small-Q8_0.gguf", digest)),
    TREE % "good/one": listing(("one.gguf", digest)),
    TREE % "good/two": listing(("a-Q4_K_M.gguf", digest), ("b-Q4_K_M.gguf", digest)),
    TREE % "bad/paths": listing(("../../../evil-Q4_K_M.gguf", digest)),
    TREE % "bad/absolute": listing(("/etc/evil-Q4_K_M.gguf", digest)),
    TREE % "bad/hidden": listing((".evil-Q4_K_M.gguf", digest)),
    TREE % "bad/hash": listing(("x-Q4_K_M.gguf", "../../evil")),
    TREE % "bad/controls": listing(("\x1b[31m\nevil-Q4_K_M.gguf", digest), ("fine.gguf", digest)),
    TREE % "bad/deep": text("[" * 1000000),
    TREE % "bad/json": text("{ not json"),
    TREE % "bad/huge": lambda request: [head("200 OK", length=64 << 20)] + [b" " * 65536] * 1024,
    TREE % "bad/none": text("[]"),
    "/good/repo/resolve/main/tiny-Q4_K_M.gguf": linked("", digest, len(model), "https://cdn.example/model.gguf"),
    "/good/repo/resolve/main/sub/tiny-Q4_K_S.gguf": linked("", digest, len(model), "https://cdn.example/model.gguf"),
    **{f"/good/split/resolve/main/sub/big-Q4_K_M-{n + 1:05}-of-00003.gguf": linked("", part_digests[n], len(parts[n]), f"https://cdn.example/big-{n}.gguf") for n in range(3)},
    **{f"/big-{n}.gguf": part_file(n) for n in range(3)},
    **{f"/good-{n + 1:05}-of-00003.gguf": part_file(n) for n in range(3)},
    **{f"/mixed-{n + 1:05}-of-00003.gguf": part_file((0, 2, 1)[n]) for n in range(3)},
    **{f"/bad/part/resolve/main/x-{n + 1:05}-of-00003.gguf": linked("", part_digests[n], len(parts[n]), f"https://cdn.example/{'bent' if n == 1 else 'big'}-{n}.gguf") for n in range(3)},
    "/bent-1.gguf": part_file(1, b"!"),
    "/lost-00001-of-00003.gguf": part_file(0),
    "/lost-00003-of-00003.gguf": part_file(2),
    "/good/one/resolve/main/one.gguf": linked("", digest, len(model), "https://cdn.example/model.gguf"),
    "/bad/hash/resolve/main/x-Q4_K_M.gguf": linked("", "../../etc/passwd", len(model), "https://cdn.example/model.gguf"),
    "/bad/controls/resolve/main/fine.gguf": file_answer,
    "/bad/wrong/resolve/main/x.gguf": linked("", wrong, len(model), "https://cdn.example/model.gguf"),
    "/bad/size/resolve/main/x.gguf": linked("", digest, 5, "https://cdn.example/model.gguf"),
    "/pin/x/resolve/main/x.gguf": lambda request: [head("302 Found", f'X-Linked-Etag: "{digest if counts["/pin/x/resolve/main/x.gguf"] == 1 else wrong}"', "Location: https://cdn.example/model.gguf", length=0)],
}


def choose_certificate(sock, name, context):
    for kind in ("expired", "foreign"):
        if name == kind + ".example":
            sock.context = contexts[kind]


def talk(raw, port):
    here = raw.getsockname()[0].replace("::ffff:", "")
    note("connections.log", f"{here} {port}\n")
    try:
        raw.settimeout(60)
        with contexts["ca-signed"].wrap_socket(raw, server_side=True) as s:
            request = b""
            while b"\r\n\r\n" not in request and len(request) < 65536:
                more = s.recv(4096)
                if not more:
                    return
                request += more
            note("requests.log", request + b"----\n")
            path = request.split(b" ", 2)[1].decode()
            with lock:
                counts[path] = counts.get(path, 0) + 1
            answer = PATHS.get(path, lambda request: [head("404 Not Found", length=0)])
            for piece in answer(request):
                s.sendall(piece)
            try:
                s.unwrap()
            except OSError:
                pass
    except (OSError, ssl.SSLError, ValueError) as e:
        note("errors.log", f"{e}\n")
    finally:
        raw.close()


def listen(port, serve):
    s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)

    def loop():
        while True:
            raw, _ = s.accept()
            threading.Thread(target=serve, args=(raw, port), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


# ---- the proxy


def pump(a, b):
    try:
        while True:
            piece = a.recv(65536)
            if not piece:
                break
            b.sendall(piece)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(raw, port):
    """SOCKS 5 without a password; names are looked up here."""
    raw.recv(2 + raw.recv(2, socket.MSG_PEEK)[1])
    raw.sendall(b"\x05\x00")
    kind = raw.recv(4)[3]
    name = raw.recv(raw.recv(1)[0]).decode() if kind == 3 else "address"
    to = struct.unpack(">H", raw.recv(2))[0]
    note("proxy.log", f"{kind} {name} {to}\n")
    found = NAMES.get(name, ([], []))[0]
    if not found:
        raw.sendall(b"\x05\x04\x00\x01" + bytes(6))
        raw.close()
        return
    there = socket.create_connection((found[0], to))
    raw.sendall(b"\x05\x00\x00\x01" + bytes(6))
    threading.Thread(target=pump, args=(raw, there), daemon=True).start()
    pump(there, raw)


contexts = {}
for kind in ("ca-signed", "expired", "foreign"):
    contexts[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts[kind].load_cert_chain(os.path.join(folder, kind + ".pem"))
contexts["ca-signed"].sni_callback = choose_certificate
threading.Thread(target=serve_names, daemon=True).start()
listen(443, talk)
listen(8443, talk)
listen(80, talk)
listen(9050, proxy)
open(os.path.join(folder, "ready"), "w").close()
threading.Event().wait()
