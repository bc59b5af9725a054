/*
 * hearth-sleep: hears from logind that the machine is about to sleep, and lets it wait until the vault is locked.
 *
 * logind tells on the system's bus (PrepareForSleep) and waits for who holds a delay (Inhibit), at most for its InhibitDelayMaxSec,
 * 5 seconds as a rule: https://systemd.io/INHIBITOR_LOCKS. It lives as long as hearth has a vault open: on descriptor 3 it says
 * what wire/sleep.h names, and ends when hearth closes the other end; its end is the end of the delay. libsystemd is loaded when it
 * is there. Loading and connecting come first, then the jail, and only then is the first byte of the bus read: from there on the
 * program has two sockets and nothing else.
 */
#include "base/error.h"
#include "guard/findings.h"
#include "guard/guard.h"
#include "guard/sanitized.h"
#include "wire/sleep.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { CHANNEL = 3 };

#define LOGIND "org.freedesktop.login1"
#define PLACE  "/org/freedesktop/login1"
#define FACE   "org.freedesktop.login1.Manager"

/* Of libsystemd's interface what is used here, as sd-bus(3) gives it. */
struct bus;
struct message;
typedef int (*handler)(struct message *, void *data, void *error);

static struct {
	int (*open_system)(struct bus **);
	int (*match_signal)(struct bus *, void **slot, const char *sender, const char *path, const char *interface,
	                    const char *member, handler, void *data);
	int (*call_method)(struct bus *, const char *destination, const char *path, const char *interface, const char *member,
	                   void *error, struct message **reply, const char *types, ...);
	int (*message_read)(struct message *, const char *types, ...);
	int (*process)(struct bus *, struct message **);
	int (*get_fd)(struct bus *);
	int (*get_events)(struct bus *);
	int (*get_timeout)(struct bus *, uint64_t *microseconds);
} library;

/* dlsym gives a pointer to an object where a function is meant. */
static bool find(void *from, const char *name, void *into)
{
	void *found = dlsym(from, name);
	memcpy(into, &found, sizeof found);
	return found != NULL;
}

static bool load_library(void)
{
	void *l = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	return l && find(l, "sd_bus_open_system", &library.open_system) && find(l, "sd_bus_match_signal", &library.match_signal) &&
	       find(l, "sd_bus_call_method", &library.call_method) && find(l, "sd_bus_message_read", &library.message_read) &&
	       find(l, "sd_bus_process", &library.process) && find(l, "sd_bus_get_fd", &library.get_fd) &&
	       find(l, "sd_bus_get_events", &library.get_events) && find(l, "sd_bus_get_timeout", &library.get_timeout);
}

static bool say(enum sleep_word word)
{
	const char byte = (char)word;
	return send(CHANNEL, &byte, 1, MSG_NOSIGNAL) == 1;
}

/* PrepareForSleep(true): before a sleep; with false behind one. */
static int on_signal(struct message *m, void *data, void *error)
{
	int before = 0;
	(void)data, (void)error;
	if (library.message_read(m, "b", &before) >= 0 && before) say(SLEEP_COMES);
	return 0;
}

/* The delay lasts as long as the descriptor of the reply, which the message keeps, is open. */
static bool take_delay(struct bus *bus)
{
	struct message *reply;
	int delay = -1;
	return library.match_signal(bus, NULL, LOGIND, PLACE, FACE, "PrepareForSleep", on_signal, NULL) >= 0 &&
	       library.call_method(bus, LOGIND, PLACE, FACE, "Inhibit", NULL, &reply, "ssss", "sleep", "hearth",
	                           "The vault is being locked", "delay") >= 0 &&
	       library.message_read(reply, "h", &delay) >= 0 && delay >= 0;
}

/* Milliseconds until the library has something to do by itself; -1: for ever. */
static int until_due(struct bus *bus)
{
	uint64_t due = UINT64_MAX;
	/* It is a time of the clock; what is due at all is looked at every second. */
	return library.get_timeout(bus, &due) >= 0 && due != UINT64_MAX ? 1000 : -1;
}

/* Until hearth closes its end or the bus is gone. */
static void watch(struct bus *bus)
{
	for (;;) {
		int done;
		while ((done = library.process(bus, NULL)) > 0) continue;
		int events = library.get_events(bus);
		if (done < 0 || events < 0) return;
		struct pollfd waits[] = { { .fd = CHANNEL, .events = POLLIN },
			                  { .fd = library.get_fd(bus), .events = (short)events } };
		if (poll(waits, 2, until_due(bus)) < 0 && errno != EINTR) return;
		if (waits[0].revents) return;
	}
}

static bool enter_jail(struct error *e)
{
	const struct guard_options o = { .landlock = GUARD_NEWEST };
	struct guard_report report;
	return guard_enter(GUARD_SLEEP, &o, &report, e) && (GUARD_SANITIZED || guard_filter(GUARD_SLEEP, &o, &report, e));
}

int main(int argc, char **argv)
{
	struct error e;
	struct bus *bus;
	if (argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0) return guard_findings_stand_in(CHANNEL, GUARD_SLEEP, &e) ? 0 : 1;
	if (!load_library() || library.open_system(&bus) < 0 || !enter_jail(&e)) return 1;
	if (!take_delay(bus) || !say(SLEEP_WATCHED)) return 1;
	watch(bus);
	return 0;
}
