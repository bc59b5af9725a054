/*
 * memory: bytes are looked for in all memory of processes that live, from outside and as root.
 *
 * Alone it tests itself. With arguments it looks at processes, for the tests of locking and of vaults beside each other:
 *
 *     memory NEEDLES PID...        NEEDLES: a file, a needle on each line, in hexadecimal
 *
 * Status 0: none is anywhere; 1: found, with a line for each place; 77: these processes cannot be looked into, as those of a build
 * with a sanitizer, which maps terabytes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_NEEDLES = 4096, LONGEST = 256, CHUNK = 1 << 20 };

struct needle {
	size_t size;
	unsigned char bytes[LONGEST];
};

static struct needle needles[MOST_NEEDLES];
static int n_needles;
static unsigned char chunk[LONGEST + CHUNK];

/* One stretch of a process's memory; how often a needle is in it. */
static int look_at_range(int memory, unsigned long from, unsigned long to, const char *name, pid_t pid)
{
	size_t kept = 0; /* the end of what was before, so that no needle is cut */
	int found = 0;
	while (from < to) {
		size_t wanted = to - from < CHUNK ? to - from : CHUNK;
		ssize_t n = pread(memory, chunk + kept, wanted, (off_t)from);
		if (n <= 0) { /* a page that cannot be read: the next may be */
			from = (from + 4096) & ~4095UL;
			kept = 0;
			continue;
		}
		size_t size = kept + (size_t)n;
		for (int i = 0; i < n_needles; i++) {
			const unsigned char *at = chunk, *end = chunk + size;
			while ((at = memmem(at, (size_t)(end - at), needles[i].bytes, needles[i].size))) {
				if ((size_t)(at - chunk) + needles[i].size > kept) { /* else it was counted before */
					printf("process %ld: needle %d at %lx in %s\n", (long)pid, i + 1,
					       from - kept + (size_t)(at - chunk), name);
					found++;
				}
				at++;
			}
		}
		from += (size_t)n;
		kept = size < LONGEST ? size : LONGEST;
		memmove(chunk, chunk + size - kept, kept);
	}
	return found;
}

/* How often a needle is anywhere in the process; -1: it cannot be looked into. */
static int look_at_process(pid_t pid)
{
	char path[64], line[4352], rights[8], name[256];
	unsigned long from, to;
	int found = 0;
	bool any = false;
	snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
	FILE *maps = fopen(path, "r");
	while (memory >= 0 && maps && fgets(line, sizeof line, maps)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, rights, name) < 3 || rights[0] != 'r') continue;
		if (name[0] == '[' && name[1] == 'v') continue; /* the kernel's pages: vvar, vdso, vsyscall */
		any = to - from < 1UL << 40;
		if (!any) break;
		found += look_at_range(memory, from, to, name[0] ? name : "memory without a name", pid);
	}
	if (maps) fclose(maps);
	if (memory >= 0) close(memory);
	return any ? found : -1;
}

static bool add_needle(const char *hex)
{
	struct needle *n = &needles[n_needles];
	unsigned byte;
	n->size = 0;
	while (n_needles < MOST_NEEDLES && n->size < LONGEST && sscanf(hex, "%2x", &byte) == 1 && hex[0] > ' ' && hex[1] > ' ') {
		n->bytes[n->size++] = (unsigned char)byte;
		hex += 2;
	}
	if (n_needles == MOST_NEEDLES || n->size < 4 || (*hex && *hex != '\n')) return false;
	n_needles++;
	return true;
}

static int look_from_outside(int argc, char **argv)
{
	char line[2 * LONGEST + 4];
	int status = 0;
	FILE *f = fopen(argv[1], "r");
	while (f && fgets(line, sizeof line, f)) {
		if (!add_needle(line))
			return fprintf(stderr, "%s: a needle has 4 to %d bytes in hexadecimal\n", argv[1], LONGEST), 2;
	}
	if (!f || !n_needles) return fprintf(stderr, "%s: no needles\n", argv[1]), 2;
	fclose(f);
	for (int i = 2; i < argc; i++) {
		int found = look_at_process((pid_t)strtol(argv[i], NULL, 10));
		if (found < 0) return fprintf(stderr, "process %s cannot be looked into\n", argv[i]), 77;
		if (found > 0) status = 1;
	}
	return status;
}

/* ---- itself ---- */

enum { SECRET = 32 };

/* A process that holds a secret until it is told to wipe it; what it holds is derived, so that no constant has it. */
static void hold(int in, int out, unsigned seed)
{
	char c = 0;
	size_t room = 3 * (size_t)CHUNK;
	unsigned char *memory = malloc(room), *secret = memory + CHUNK - SECRET / 2; /* across two chunks of the reader */
	if (!memory) _exit(1);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (unsigned i = 0; i < SECRET; i++) secret[i] = (unsigned char)((i + 1) * seed >> 3);
	if (write(out, "r", 1) != 1 || read(in, &c, 1) != 1) _exit(1);
	explicit_bzero(secret, SECRET);
	if (write(out, "w", 1) != 1 || read(in, &c, 1) != 1) _exit(1);
	_exit(0);
}

static void a_secret_is_found_until_it_is_wiped(void **state)
{
	(void)state;
	const unsigned seed = 0x9e3779b1u;
	int to[2], from[2];
	char c = 0;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid_t child = fork();
	if (child == 0) hold(to[0], from[1], seed);
	assert_true(read(from[0], &c, 1) == 1 && c == 'r');
	n_needles = 1;
	needles[0].size = SECRET;
	for (unsigned i = 0; i < SECRET; i++) needles[0].bytes[i] = (unsigned char)((i + 1) * seed >> 3);
	int before = look_at_process(child);
	assert_int_equal(write(to[1], "x", 1), 1);
	assert_true(read(from[0], &c, 1) == 1 && c == 'w');
	int after = look_at_process(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(to[0]), close(to[1]), close(from[0]), close(from[1]);
	if (before < 0) skip(); /* not root, or sanitized */
	assert_int_equal(before, 1);
	assert_int_equal(after, 0);
}

static void needles_are_hexadecimal(void **state)
{
	(void)state;
	n_needles = 0;
	assert_true(add_needle("00ff10Ab\n"));
	assert_int_equal(needles[0].size, 4);
	assert_memory_equal(needles[0].bytes, "\0\xff\x10\xab", 4);
	assert_false(add_needle("00ff10\n"));
	assert_false(add_needle("00ff10abc\n"));
	assert_false(add_needle("00ff10ab zz"));
	assert_false(add_needle("hello, world"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_found_until_it_is_wiped),
		cmocka_unit_test(needles_are_hexadecimal),
	};
	if (argc > 2) return look_from_outside(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
