/* findings: the record of a jailed process (see findings.h). Bytes: "hpf1", role, layers, Landlock ABI, a byte a probe, the text.
 */
#include "guard/findings.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { AT_ROLE = 4, AT_LAYERS = 5, AT_LANDLOCK = 6, AT_PROBES = 7, AT_LOST = AT_PROBES + GUARD_PROBES };
enum { LOST_ROOM = sizeof(((struct guard_report *)0)->lost), RECORD = AT_LOST + LOST_ROOM };
enum { NO_NEW_PRIVILEGES = 1, UNDUMPABLE = 2, LIMITS = 4, NAMESPACES = 8, FILTER = 16, ALL_LAYERS = 31 };

static const char magic[AT_ROLE] = { 'h', 'p', 'f', '1' };

static uint8_t layers_of(const struct guard_report *r)
{
	return (uint8_t)((r->no_new_privileges ? NO_NEW_PRIVILEGES : 0) | (r->undumpable ? UNDUMPABLE : 0) |
	                 (r->limits ? LIMITS : 0) | (r->namespaces ? NAMESPACES : 0) | (r->filter ? FILTER : 0));
}

bool guard_findings_send(int fd, enum guard_role role, const struct guard_report *report, const char *own_folder, struct error *e)
{
	uint8_t record[RECORD] = { 0 };
	memcpy(record, magic, sizeof magic);
	record[AT_ROLE] = (uint8_t)role;
	record[AT_LAYERS] = layers_of(report);
	record[AT_LANDLOCK] = (uint8_t)report->landlock;
	for (int p = 0; p < GUARD_PROBES; p++) record[AT_PROBES + p] = guard_try((enum guard_probe)p, own_folder);
	memcpy(record + AT_LOST, report->lost, LOST_ROOM);
	for (size_t sent = 0; sent < RECORD;) {
		ssize_t n = write(fd, record + sent, RECORD - sent);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0)
			return error_set(e, "%s: cannot tell what the probes found: %s", guard_role_names[role], strerror(errno));
		sent += (size_t)n;
	}
	return true;
}

static bool read_record(int fd, uint8_t record[RECORD], int milliseconds)
{
	for (size_t have = 0; have < RECORD;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int answer = poll(&ready, 1, milliseconds);
		if (answer < 0 && errno == EINTR) continue;
		if (answer <= 0) return false;
		ssize_t n = read(fd, record + have, RECORD - have);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		have += (size_t)n;
	}
	return true;
}

bool guard_findings_receive(int fd, enum guard_role role, int milliseconds, struct guard_findings *f, struct error *e)
{
	uint8_t record[RECORD];
	const char *name = guard_role_names[role];
	*f = (struct guard_findings){ .report = { .landlock = 0 } };
	if (!read_record(fd, record, milliseconds)) return error_set(e, "%s: ended or hung before its probes were tried", name);
	bool ok = memcmp(record, magic, sizeof magic) == 0 && record[AT_ROLE] == role && record[AT_LAYERS] <= ALL_LAYERS &&
	          record[RECORD - 1] == 0;
	for (int p = 0; ok && p < GUARD_PROBES; p++) ok = record[AT_PROBES + p] <= 1;
	if (!ok) return error_set(e, "%s: sent something else than what its probes found", name);
	const uint8_t layers = record[AT_LAYERS];
	f->report.no_new_privileges = layers & NO_NEW_PRIVILEGES;
	f->report.undumpable = layers & UNDUMPABLE;
	f->report.limits = layers & LIMITS;
	f->report.namespaces = layers & NAMESPACES;
	f->report.filter = layers & FILTER;
	f->report.landlock = record[AT_LANDLOCK];
	memcpy(f->report.lost, record + AT_LOST, LOST_ROOM);
	for (int p = 0; p < GUARD_PROBES; p++) f->may[p] = record[AT_PROBES + p];
	return true;
}

bool guard_findings_stand_in(int fd, enum guard_role role, struct error *e)
{
	const struct guard_options o = { .landlock = GUARD_NEWEST };
	struct guard_report report;
	return guard_enter(role, &o, &report, e) && guard_filter(role, &o, &report, e) &&
	       guard_findings_send(fd, role, &report, NULL, e);
}
