/* machine: /proc and the cgroup's limits, else what the kernel says without them (see machine.h). */
#include "base/machine.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* The value of a line "NAME:   12345 kB" of /proc/meminfo, in bytes. */
static size_t meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	if (!f) return 0;
	char line[256];
	size_t found = 0, length = strlen(name);
	while (!found && fgets(line, sizeof line, f)) {
		unsigned long long kib;
		if (strncmp(line, name, length) == 0 && line[length] == ':' && sscanf(line + length + 1, "%llu", &kib) == 1)
			found = (size_t)kib * 1024;
	}
	fclose(f);
	return found;
}

/* A number in a file of a cgroup; false for "max" and for a file that is not there. */
static bool group_number(const char *group, const char *name, unsigned long long *value)
{
	char path[1200];
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, name);
	FILE *f = fopen(path, "re");
	if (!f) return false;
	bool ok = fscanf(f, "%llu", value) == 1;
	fclose(f);
	return ok;
}

/* The bytes of files that a cgroup holds in memory, which it gives up for others: a line of its memory.stat. */
static unsigned long long group_files(const char *group, const char *name)
{
	char path[1200], line[256];
	unsigned long long found = 0, bytes;
	size_t length = strlen(name);
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", group);
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof line, f)) {
		if (strncmp(line, name, length) == 0 && sscanf(line + length, " %llu", &bytes) == 1) found = bytes;
	}
	if (f) fclose(f);
	return found;
}

/* The files of one version of cgroups. */
struct group_names {
	const char *limit, *used, *files;
};

/* What a group and those that it lies in leave free, at most `most`. `group`: its path below /sys/fs/cgroup, cut while it is walked
 * up to `root`, its first so many characters. */
static size_t group_left(char *group, size_t root, const struct group_names *names, size_t most)
{
	for (;;) {
		unsigned long long limit, used;
		if (group_number(group, names->limit, &limit) && group_number(group, names->used, &used)) {
			unsigned long long files = group_files(group, names->files), needed = used > files ? used - files : 0;
			unsigned long long left = limit > needed ? limit - needed : 0;
			if (left < most) most = (size_t)left;
		}
		char *slash = strrchr(group + root, '/');
		if (!slash) return most;
		*slash = 0;
	}
}

/* What the cgroups of this process, of either version, leave free, at most `most`. */
static size_t group_free(size_t most)
{
	static const struct group_names first = { "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache" },
	                                second = { "memory.max", "memory.current", "file" };
	FILE *f = fopen("/proc/self/cgroup", "re");
	if (!f) return most;
	char line[1024], group[1040];
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		const char *own = strstr(line, ":memory:");
		if (strncmp(line, "0::/", 4) == 0) {
			snprintf(group, sizeof group, "%s", line + 3);
			most = group_left(group, 0, &second, most);
		} else if (own) {
			int n = snprintf(group, sizeof group, "/memory%s", own + 8);
			if (n > 0 && (size_t)n < sizeof group) most = group_left(group, 7, &first, most);
		}
	}
	fclose(f);
	return most;
}

size_t machine_free_memory(void)
{
	size_t available = meminfo("MemAvailable");
	struct sysinfo info;
	/* Without the page cache, which could be given up: too little rather than too much. */
	if (!available && sysinfo(&info) == 0) available = (size_t)(info.freeram + info.bufferram) * info.mem_unit;
	return available ? group_free(available) : 0;
}

size_t machine_memory(void)
{
	size_t total = meminfo("MemTotal");
	struct sysinfo info;
	if (!total && sysinfo(&info) == 0) total = (size_t)info.totalram * info.mem_unit;
	return total;
}

size_t machine_peak_resident(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
	return (size_t)usage.ru_maxrss * 1024;
}

void machine_cpu(char *name, size_t room)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "re");
	snprintf(name, room, "unknown CPU");
	while (f && fgets(line, sizeof line, f)) {
		const char *colon = strchr(line, ':');
		if (!colon || strncmp(line, "model name", 10) != 0) continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(name, room, "%s", colon + 1 + strspn(colon + 1, " "));
		break;
	}
	if (f) fclose(f);
}

bool machine_program(char *path, size_t room)
{
	char found[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", found, sizeof found - 1);
	if (n > 0) {
		found[n] = 0;
	} else {
		const char *called = (const char *)(uintptr_t)getauxval(AT_EXECFN);
		if (!called || !realpath(called, found)) return false;
	}
	size_t length = strlen(found);
	if (length >= room) return false;
	memcpy(path, found, length + 1);
	return true;
}

bool machine_has_vectors(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
	return true;
#endif
}
