/* machine: /proc/meminfo and the cgroup's limits (see machine.h). */
#include "base/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

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

/* What the cgroups (version 2) from this process's up to the root leave free, at most `most`. */
static size_t group_free(size_t most)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	if (!f) return most;
	char line[1024];
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::/", 4) != 0) continue;
		line[strcspn(line, "\n")] = 0;
		for (char *group = line + 3, *slash; (slash = strrchr(group, '/')) != NULL; *slash = 0) {
			unsigned long long limit, used;
			if (!group_number(group, "memory.max", &limit) || !group_number(group, "memory.current", &used)) continue;
			unsigned long long left = limit > used ? limit - used : 0;
			if (left < most) most = (size_t)left;
		}
	}
	fclose(f);
	return most;
}

size_t machine_free_memory(void)
{
	size_t available = meminfo("MemAvailable");
	return available ? group_free(available) : 0;
}

size_t machine_memory(void)
{
	return meminfo("MemTotal");
}

size_t machine_peak_resident(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
	return (size_t)usage.ru_maxrss * 1024;
}
