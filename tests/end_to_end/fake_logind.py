#!/usr/bin/python3
"""fake_logind ADDRESS LOG PROCESS: stands in for systemd-logind on a private bus, as its manual describes Inhibit and PrepareForSleep.

It takes delays, and on a line of standard input says that the machine is about to sleep. When the last delay is given back it stops the
process (what a suspend does to all of them), and when the next line comes lets it go on and says that the machine is awake. LOG has a
line for each step. It talks through libsystemd, like the program under test, but from the other side."""
import ctypes, os, select, signal, sys

bus_library = ctypes.CDLL("libsystemd.so.0")
handler_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
log = open(sys.argv[2], "w", buffering=1)
delays = []  # the ends that this side keeps: readable when the other end is closed everywhere

bus = ctypes.c_void_p()
assert bus_library.sd_bus_new(ctypes.byref(bus)) >= 0
assert bus_library.sd_bus_set_address(bus, sys.argv[1].encode()) >= 0
assert bus_library.sd_bus_set_bus_client(bus, 1) >= 0
assert bus_library.sd_bus_start(bus) >= 0
place, face = b"/org/freedesktop/login1", b"org.freedesktop.login1.Manager"


def on_message(message, data, error):
    if bus_library.sd_bus_message_is_method_call(ctypes.c_void_p(message), face, b"Inhibit") <= 0:
        return 0
    words = [ctypes.c_char_p() for _ in range(4)]
    assert bus_library.sd_bus_message_read(ctypes.c_void_p(message), b"ssss", *map(ctypes.byref, words)) >= 0
    ours, theirs = os.pipe()
    bus_library.sd_bus_reply_method_return(ctypes.c_void_p(message), b"h", ctypes.c_int(theirs))
    bus_library.sd_bus_flush(bus)
    os.close(theirs)
    delays.append(ours)
    print("inhibit", *(word.value.decode() for word in words), file=log)
    return 1


handler = handler_type(on_message)
assert bus_library.sd_bus_add_filter(bus, None, handler, None) >= 0
assert bus_library.sd_bus_request_name(bus, b"org.freedesktop.login1", ctypes.c_uint64(0)) >= 0
print("ready", file=log)


def tell(before):
    assert bus_library.sd_bus_emit_signal(bus, place, face, b"PrepareForSleep", b"b", ctypes.c_int(before)) >= 0
    bus_library.sd_bus_flush(bus)


asleep = sleeps = False
while True:
    while bus_library.sd_bus_process(bus, None) > 0:
        pass
    if sleeps and not delays:
        os.kill(int(open(sys.argv[3]).read()), signal.SIGSTOP)
        sleeps, asleep = False, True
        print("asleep", file=log)
    ready, _, _ = select.select([0, bus_library.sd_bus_get_fd(bus)] + delays, [], [])
    for end in [end for end in ready if end in delays]:
        delays.remove(end)
        os.close(end)
        print("released", file=log)
    if 0 in ready:
        if not sys.stdin.buffer.raw.read(1):
            break
        if asleep:
            pid = int(open(sys.argv[3]).read())
            parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
            for one in pid, parent:  # script(1) stops itself when it sees that its child was stopped
                os.kill(one, signal.SIGCONT)
            asleep = False
            print("awake", file=log)
        else:
            sleeps = True
        tell(sleeps)
