/*
 * threads_available: how many threads suit this process: its affinity mask and its cgroup's quota (see threads.h).
 */
#include "base/threads.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1024 };

/* A number of digits alone in front of a space or the end; moves *text behind it. 0 when there is none or it is too long. */
static uint64_t read_digits(const char **text)
{
	uint64_t value = 0;
	int digits = 0;
	while (**text >= '0' && **text <= '9' && digits++ < 15) value = value * 10 + (uint64_t)(*(*text)++ - '0');
	bool ends = **text == 0 || **text == ' ' || **text == '\n';
	while (**text == ' ') (*text)++;
	return ends ? value : 0;
}

unsigned threads_quota(const char *quota, const char *period)
{
	uint64_t most = read_digits(&quota);
	uint64_t each = read_digits(period ? &period : &quota);
	if (most == 0 || each == 0) return 0;
	uint64_t cpus = (most + each - 1) / each;
	return cpus < MOST ? (unsigned)cpus : MOST;
}

static bool read_line(const char *path, char *line, int room)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, room, f);
	if (f) fclose(f);
	return ok;
}

/* The quota that a group itself has; 0: none. */
static unsigned group_quota(const char *group, bool version_1)
{
	char path[1200], quota[64], period[64];
	snprintf(path, sizeof path, version_1 ? "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us" : "/sys/fs/cgroup%s/cpu.max", group);
	if (!read_line(path, quota, sizeof quota)) return 0;
	if (!version_1) return threads_quota(quota, NULL);
	snprintf(path, sizeof path, "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
	return read_line(path, period, sizeof period) ? threads_quota(quota, period) : 0;
}

/* Whether a list of controllers, as "cpu,cpuacct", has the one for CPU time. */
static bool has_cpu(const char *list, size_t length)
{
	for (const char *end = list + length; list < end;) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t n = (size_t)((comma ? comma : end) - list);
		if (n == 3 && memcmp(list, "cpu", 3) == 0) return true;
		list += n + 1;
	}
	return false;
}

/* The least quota from this process's cgroups up to the root, of version 2 ("0::/GROUP") and 1 ("4:cpu,cpuacct:/GROUP"). A
 * container may see its own limits at the root, and no group of the name that it is told. */
static unsigned cgroup_quota(void)
{
	char line[1024];
	unsigned least = 0;
	FILE *f = fopen("/proc/self/cgroup", "re");
	while (f && fgets(line, sizeof line, f)) {
		char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
		if (!group || group[1] != '/') continue;
		bool version_1 = group > list + 1;
		if (version_1 && !has_cpu(list + 1, (size_t)(group - list - 1))) continue;
		group++;
		char *slash = group + strcspn(group, "\n");
		do {
			*slash = 0;
			unsigned quota = group_quota(group, version_1);
			if (quota && (!least || quota < least)) least = quota;
			slash = strrchr(group, '/');
		} while (slash);
	}
	if (f) fclose(f);
	return least;
}

unsigned threads_available(void)
{
	cpu_set_t set;
	unsigned cpus = 0;
	if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = (unsigned)CPU_COUNT(&set);
	if (cpus == 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);
		cpus = online > 0 ? (unsigned)online : 1;
	}
	unsigned quota = cgroup_quota();
	if (quota && quota < cpus) cpus = quota;
	return cpus < MOST ? cpus : MOST;
}

unsigned threads_low(void)
{
	return (threads_available() + 1) / 2;
}
