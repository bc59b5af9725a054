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

/* The least quota from this process's cgroup (version 2) up to the root; a container may see its own limits at the root. */
static unsigned cgroup_quota(void)
{
	char line[1024], path[1200], quota[64], period[64];
	unsigned least = 0;
	if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) &&
	    read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) {
		least = threads_quota(quota, period);
	}
	FILE *f = fopen("/proc/self/cgroup", "re");
	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::/", 4) != 0) continue;
		char *group = line + 3, *slash = group + strcspn(group, "\n");
		do {
			*slash = 0;
			snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
			unsigned q = read_line(path, quota, sizeof quota) ? threads_quota(quota, NULL) : 0;
			if (q && (!least || q < least)) least = q;
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
