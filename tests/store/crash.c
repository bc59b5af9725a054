/*
 * crash: a process that works in a vault is killed: at random moments (HEARTH_KILLS of them), and at its k-th system call for every
 * k (in steps of HEARTH_CALL_STEP).
 *
 * What the killed process was told to be on the disk is there afterwards, what it was doing has happened or has not, the databases
 * are sound, everything opens, and the vault is worked in further.
 */
#include "store/backup.h"
#include "store/blobs.h"
#include "store/conversations.h"

#include "made_vault.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct key_secret other = { SLOT_KEY_FILE, "another thirty-two bytes, or more", 32 };

static char base[64], folder[80];

/* ---- folders; in memory where that is possible, since a kill takes nothing from the page cache */

static void copy_folder(const char *from, const char *to)
{
	char source[400], target[400];
	struct dirent *entry;
	DIR *d = opendir(from);
	mkdir(to, 0700);
	while (d && (entry = readdir(d)) != NULL) {
		uint8_t *bytes;
		size_t size;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
		snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
		if (disk_load(disk_real(), source, 64 << 20, &bytes, &size) != 0) {
			copy_folder(source, target);
			continue;
		}
		int fd = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) fail_msg("%s: %s", target, strerror(errno));
		close(fd);
		memory_free(bytes);
	}
	if (d) closedir(d);
}

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof base, "%s/hearth-crash-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(base)) return -1;
	snprintf(folder, sizeof folder, "%s/v", base);
	return mkdir(folder, 0700);
}

static int clear_base(void **state)
{
	(void)state;
	clear(base);
	return 0;
}

/* ---- what was promised, in memory that outlives the process */

enum { MOST = 6, MESSAGES = 24, BLOBS = 2 };

struct promised {
	int64_t id; /* 0: none */
	int n;
	uint32_t texts[MESSAGES];
};

enum work {
	WORK_NONE,
	WORK_NEW,
	WORK_ADD,
	WORK_WRITE,
	WORK_CUT,
	WORK_DELETE,
	WORK_SEARCH,
	WORK_BLOB,
	WORK_ERASE_BLOB,
	WORK_SLOT,
	WORKS
};

struct promises {
	struct promised all[MOST];
	int64_t blobs[BLOBS]; /* 0: none; -1: one of which it is not known whether it is there */
	enum work doing;
	int which, at;
	uint32_t text;
	int64_t result;
};

/* The child flips between two, so that there is always a whole one. */
struct shared {
	struct promises sides[2];
	atomic_int side;
	atomic_int done;
};

static struct shared *shared;

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct promises *now(void)
{
	return &shared->sides[atomic_load(&shared->side)];
}

static struct promises *begin_flip(void)
{
	int side = atomic_load(&shared->side);
	shared->sides[!side] = shared->sides[side];
	return &shared->sides[!side];
}

static void end_flip(void)
{
	atomic_store(&shared->side, !atomic_load(&shared->side));
}

/* What the promises are when the work has been done. */
static void apply(struct promises *p)
{
	struct promised *c = p->all + p->which;
	switch (p->doing) {
	case WORK_NEW: *c = (struct promised){ .id = p->result }; break;
	case WORK_ADD: c->texts[c->n++] = p->text; break;
	case WORK_WRITE:
		c->texts[p->at] = p->text;
		c->n = p->at + 1;
		break;
	case WORK_CUT: c->n = p->at; break;
	case WORK_DELETE: *c = (struct promised){ 0 }; break;
	case WORK_BLOB: p->blobs[p->which] = p->result; break;
	case WORK_ERASE_BLOB: p->blobs[p->which] = 0; break;
	default: break;
	}
	p->doing = WORK_NONE;
}

/* ---- the one that is killed */

static void text_of(char text[64], uint32_t number)
{
	snprintf(text, 64, "message w%08x of the crash", number);
}

static bool nothing(void *context, const struct message_entry *m)
{
	(void)context, (void)m;
	return true;
}

static bool write_blob(struct vault *v, int64_t *id)
{
	static const char bytes[5000] = "blob";
	struct blob_writer *w = blobs_create(v, BLOB_DOCUMENT, "doc", &last);
	for (int i = 0; w && i < 30; i++) {
		if (!blobs_write(w, bytes, sizeof bytes, &last)) {
			blobs_abandon(w);
			return false;
		}
	}
	return w && blobs_commit(w, id, &last);
}

static bool change_slots(struct vault *v)
{
	int slot = vault_add_slot(v, &other, cheap, &last);
	return slot >= 0 && vault_remove_slot(v, slot, &last);
}

static bool do_work(struct vault *v, struct promises *p)
{
	struct promised *c = p->all + p->which;
	char text[64];
	text_of(text, p->text);
	switch (p->doing) {
	case WORK_NEW: return conversations_new(v, "title", &p->result, &last);
	case WORK_ADD: return conversations_add(v, c->id, ROLE_USER, text, strlen(text), &last);
	case WORK_WRITE:
		return conversations_write(v, c->id, p->at, ROLE_ASSISTANT, "cut", 3, true, &last) &&
		       conversations_write(v, c->id, p->at, ROLE_ASSISTANT, text, strlen(text), false, &last);
	case WORK_CUT: return conversations_cut(v, c->id, p->at, &last);
	case WORK_DELETE: return conversations_delete(v, &c->id, 1, &last);
	case WORK_SEARCH: return conversations_search(v, "crash", 5, nothing, NULL, &last);
	case WORK_BLOB: return write_blob(v, &p->result);
	case WORK_ERASE_BLOB: return blobs_delete(v, p->blobs[p->which], &last);
	case WORK_SLOT: return change_slots(v);
	default: return true;
	}
}

/* Chooses something that can be done. */
static void choose(struct promises *p)
{
	p->text = (uint32_t)next_random();
	for (;;) {
		p->doing = (enum work)(1 + next_random() % (WORKS - 1));
		if (next_random() % 2) p->doing = WORK_ADD;
		p->which = (int)(next_random() % (p->doing == WORK_BLOB || p->doing == WORK_ERASE_BLOB ? BLOBS : MOST));
		const struct promised *c = p->all + p->which;
		p->at = c->n ? (int)(next_random() % (uint64_t)c->n) : 0;
		switch (p->doing) {
		case WORK_NEW:
			if (!c->id) return;
			break;
		case WORK_ADD:
			if (c->id && c->n < MESSAGES) return;
			break;
		case WORK_BLOB:
			if (!p->blobs[p->which]) return;
			break;
		case WORK_ERASE_BLOB:
			if (p->blobs[p->which]) return;
			break;
		case WORK_SEARCH:
		case WORK_SLOT: return;
		default:
			if (c->id) return;
		}
	}
}

static void live(uint64_t seed)
{
	random_state = seed;
	struct vault *v = vault_take(disk_real(), folder, &last);
	if (!v || !vault_unlock(v, &key, &last)) _exit(1);
	for (;;) {
		struct promises *p = begin_flip();
		choose(p);
		end_flip();
		p = begin_flip();
		if (!do_work(v, p)) _exit(2);
		apply(p);
		end_flip();
		atomic_fetch_add(&shared->done, 1);
		if (next_random() % 40 == 0) {
			vault_lock(v);
			if (!vault_unlock(v, &key, &last)) _exit(3);
		}
	}
}

/* ---- the one that looks */

struct looking {
	struct promised found;
	bool strange;
};

static bool take_message(void *context, const struct message_entry *m)
{
	struct looking *l = context;
	unsigned number = 0;
	if (strcmp(m->text, "cut") == 0 && m->unfinished)
		number = UINT32_MAX;
	else if (sscanf(m->text, "message w%8x of the crash", &number) != 1)
		l->strange = true;
	if (l->found.n == MESSAGES || m->position != l->found.n)
		l->strange = true;
	else
		l->found.texts[l->found.n++] = number;
	return true;
}

static bool is_same(const struct promised *a, const struct promised *b)
{
	return a->n == b->n && memcmp(a->texts, b->texts, (size_t)a->n * sizeof a->texts[0]) == 0;
}

/* A write has two steps: the unfinished one may be all that came. */
static bool is_half_written(const struct promised *before, const struct promised *there, const struct promises *p)
{
	return p->doing == WORK_WRITE && there->n == p->at + 1 && there->texts[p->at] == UINT32_MAX &&
	       memcmp(before->texts, there->texts, (size_t)p->at * sizeof there->texts[0]) == 0;
}

struct listing {
	int64_t ids[MOST + 2];
	int n;
};

static bool take_id(void *context, const struct conversation_entry *c)
{
	struct listing *l = context;
	if (l->n < MOST + 2) l->ids[l->n++] = c->id;
	return true;
}

static bool take_blob(void *context, const struct blob_entry *b)
{
	struct listing *l = context;
	if (l->n < MOST + 2) l->ids[l->n++] = b->id;
	return true;
}

static bool is_in(const struct listing *l, int64_t id)
{
	for (int i = 0; i < l->n; i++) {
		if (l->ids[i] == id) return true;
	}
	return false;
}

/* One conversation; sets what was in doubt to what is there. */
static void check_conversation(struct vault *v, struct promises *p, int i, const struct listing *there, unsigned long round)
{
	struct promised *c = p->all + i;
	bool doubt = p->doing && p->which == i;
	if (!c->id) return;
	if (!is_in(there, c->id)) {
		if (!doubt || p->doing != WORK_DELETE) fail_msg("kill %lu: conversation %d is gone", round, i);
		*c = (struct promised){ 0 };
		return;
	}
	struct looking l = { .found = { .id = c->id } };
	if (!conversations_read(v, c->id, take_message, &l, &last)) fail_msg("kill %lu: %s", round, last.text);
	struct promises done = *p;
	if (doubt) apply(&done);
	bool fits = is_same(&l.found, c) || (doubt && (is_same(&l.found, done.all + i) || is_half_written(c, &l.found, p)));
	if (!fits || l.strange) fail_msg("kill %lu: conversation %d has %d messages, promised were %d", round, i, l.found.n, c->n);
	*c = l.found;
}

static void check_blobs(struct vault *v, struct promises *p, unsigned long round)
{
	struct listing there = { .n = 0 };
	if (!blobs_list(v, take_blob, &there, &last)) fail_msg("kill %lu: %s", round, last.text);
	for (int i = 0; i < BLOBS; i++) {
		bool doubt = (p->doing == WORK_BLOB || p->doing == WORK_ERASE_BLOB) && p->which == i;
		if (p->blobs[i] && !is_in(&there, p->blobs[i]) && !doubt) fail_msg("kill %lu: blob %d is gone", round, i);
		if (p->blobs[i] && !is_in(&there, p->blobs[i])) p->blobs[i] = 0;
	}
	for (int k = 0; k < there.n; k++) {
		bool known = false;
		for (int i = 0; i < BLOBS; i++) known |= p->blobs[i] == there.ids[k];
		if (known) continue;
		if (p->doing != WORK_BLOB || p->blobs[p->which]) fail_msg("kill %lu: a blob came back", round);
		p->blobs[p->which] = there.ids[k];
	}
}

static void check(unsigned long round)
{
	struct promises *p = now();
	struct listing there = { .n = 0 };
	struct verify_sum sum;
	struct vault *v = vault_take(disk_real(), folder, &last);
	if (!v || !vault_unlock(v, &key, &last)) fail_msg("kill %lu: %s", round, last.text);
	if (!vault_verify(v, &sum, &last)) fail_msg("kill %lu: %s", round, last.text);
	assert_true(conversations_list(v, take_id, &there, &last));
	bool blob = p->doing == WORK_BLOB || p->doing == WORK_ERASE_BLOB;
	for (int i = 0; i < MOST; i++) {
		struct promises own = *p;
		if (blob || p->doing == WORK_SEARCH || p->doing == WORK_SLOT) own.doing = WORK_NONE;
		check_conversation(v, &own, i, &there, round);
		p->all[i] = own.all[i];
	}
	for (int k = 0; k < there.n; k++) {
		bool known = false;
		for (int i = 0; i < MOST; i++) known |= p->all[i].id == there.ids[k];
		if (known) continue;
		if (p->doing != WORK_NEW) fail_msg("kill %lu: a conversation came back", round);
		p->all[p->which] = (struct promised){ .id = there.ids[k] };
	}
	check_blobs(v, p, round);
	/* The slot that was being added is taken back, so that there is always room. */
	for (int i = 1; i < KEY_SLOTS; i++) {
		if (vault_keys(v)->slots[i].kind != SLOT_EMPTY) assert_true(vault_remove_slot(v, i, &last));
	}
	p->doing = WORK_NONE;
	vault_close(v);
}

static unsigned long number_of(const char *name, unsigned long usual)
{
	const char *text = getenv(name);
	return text ? strtoul(text, NULL, 10) : usual;
}

static void killed_at_any_moment_nothing_promised_is_lost(void **state)
{
	(void)state;
	unsigned long kills = number_of("HEARTH_KILLS", 60);
	uint64_t seed = number_of("HEARTH_FIRST_SEED", 1);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	if (!v) fail_msg("%s", last.text);
	vault_close(v);
	fflush(NULL);
	for (unsigned long round = 1; round <= kills; round++) {
		int status;
		pid_t child = fork();
		if (child == 0) live((seed + round) * 0x9e3779b97f4a7c15u | 1);
		random_state = (seed + round) * 0xbf58476d1ce4e5b9u | 1;
		usleep((useconds_t)(next_random() % (round % 4 ? 30000 : 6000)));
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		if (WIFEXITED(status)) fail_msg("kill %lu: the work failed by itself (%d)", round, WEXITSTATUS(status));
		check(round);
	}
	assert_true(atomic_load(&shared->done) > (int)kills / 4);
	printf("# %lu kills, %d works were promised\n", kills, atomic_load(&shared->done));
	munmap(shared, sizeof *shared);
}

/* ---- at every system call */

/* A state to begin with, what is done, and whether it has been done. */
struct scene {
	const char *name;
	void (*prepare)(void);
	bool (*act)(void);
	bool (*was_done)(struct vault *v);
	bool makes; /* the vault itself */
};

static void prepare_vault(void)
{
	int64_t a, b;
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	if (!v || !conversations_new(v, "first", &a, &last) || !conversations_add(v, a, ROLE_USER, "kept words", 10, &last) ||
	    !conversations_new(v, "second", &b, &last) || !conversations_add(v, b, ROLE_USER, "other words", 11, &last) ||
	    !conversations_index(v, 0, NULL, &last))
		fail_msg("%s", last.text);
	vault_close(v);
}

static void prepare_blob(void)
{
	int64_t id;
	prepare_vault();
	struct vault *v = vault_take(disk_real(), folder, &last);
	assert_true(vault_unlock(v, &key, &last) && write_blob(v, &id));
	vault_close(v);
}

static void prepare_old(void)
{
	copy_folder("tests/store/version1", folder);
}

static void prepare_nothing(void)
{
}

static struct vault *at_work(void)
{
	struct vault *v = vault_take(disk_real(), folder, &last);
	return v && vault_unlock(v, &key, &last) ? v : NULL;
}

static bool act_create(void)
{
	return vault_create(disk_real(), folder, &key, cheap, &last) != NULL;
}

static bool act_open(void)
{
	return at_work() != NULL;
}

static bool act_add(void)
{
	struct vault *v = at_work();
	return v && conversations_add(v, 16, ROLE_ASSISTANT, "more", 4, &last);
}

static bool act_new(void)
{
	int64_t id;
	struct vault *v = at_work();
	return v && conversations_new(v, "third", &id, &last);
}

static bool act_delete(void)
{
	struct vault *v = at_work();
	return v && conversations_delete(v, (int64_t[]){ 17 }, 1, &last);
}

static bool act_cut(void)
{
	struct vault *v = at_work();
	return v && conversations_cut(v, 17, 0, &last);
}

static bool act_blob(void)
{
	int64_t id;
	struct vault *v = at_work();
	return v && write_blob(v, &id);
}

static bool act_erase_blob(void)
{
	struct listing l = { .n = 0 };
	struct vault *v = at_work();
	return v && blobs_list(v, take_blob, &l, &last) && blobs_delete(v, l.ids[0], &last);
}

static bool act_slot(void)
{
	struct vault *v = at_work();
	return v && vault_add_slot(v, &other, cheap, &last) >= 0;
}

static int count_list(struct vault *v)
{
	struct listing l = { .n = 0 };
	if (!conversations_list(v, take_id, &l, &last)) fail_msg("%s", last.text);
	return l.n;
}

static bool count_one(void *context, const struct message_entry *m)
{
	(void)m;
	++*(int *)context;
	return true;
}

static int count_messages(struct vault *v, int64_t id)
{
	int n = 0;
	if (!conversations_read(v, id, count_one, &n, &last)) fail_msg("%s", last.text);
	return n;
}

static int count_blobs(struct vault *v)
{
	struct listing l = { .n = 0 };
	if (!blobs_list(v, take_blob, &l, &last)) fail_msg("%s", last.text);
	return l.n;
}

static bool done_always(struct vault *v)
{
	return count_messages(v, 16) > 0;
}

static bool done_create(struct vault *v)
{
	return count_list(v) == 0;
}

static bool done_add(struct vault *v)
{
	return count_messages(v, 16) == 2;
}

static bool done_new(struct vault *v)
{
	return count_list(v) == 3;
}

static bool done_delete(struct vault *v)
{
	int n = 0;
	conversations_search(v, "other", 5, count_one, &n, &last);
	bool gone = count_list(v) == 1;
	if (gone == (n > 0)) fail_msg("the index and the list do not agree");
	return gone;
}

static bool done_cut(struct vault *v)
{
	int n = 0;
	conversations_search(v, "other", 5, count_one, &n, &last);
	bool gone = count_messages(v, 17) == 0;
	if (gone == (n > 0)) fail_msg("the index and the messages do not agree");
	return gone;
}

static bool done_blob(struct vault *v)
{
	return count_blobs(v) == 1;
}

static bool done_erase_blob(struct vault *v)
{
	return count_blobs(v) == 0;
}

static bool done_slot(struct vault *v)
{
	return vault_keys(v)->slots[1].kind == SLOT_KEY_FILE;
}

static const struct scene scenes[] = {
	{ "making a vault", prepare_nothing, act_create, done_create, true },
	{ "opening one", prepare_vault, act_open, done_always, false },
	{ "opening one of version 1", prepare_old, act_open, done_always, false },
	{ "adding a message", prepare_vault, act_add, done_add, false },
	{ "a new conversation", prepare_vault, act_new, done_new, false },
	{ "deleting one", prepare_vault, act_delete, done_delete, false },
	{ "taking a message back", prepare_vault, act_cut, done_cut, false },
	{ "writing a blob", prepare_vault, act_blob, done_blob, false },
	{ "deleting a blob", prepare_blob, act_erase_blob, done_erase_blob, false },
	{ "another key slot", prepare_vault, act_slot, done_slot, false },
};

/* The act in a process that is stopped at each system call; killed at the k-th. 0: it came to its end, with so many calls. -1: no
 * process may be traced here. */
static long run_to_call(const struct scene *scene, long kill_at, bool *done)
{
	int status, pipes[2];
	long calls = 0;
	char byte;
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(99);
		raise(SIGSTOP);
		bool ok = scene->act();
		_exit(ok && write(pipes[1], "d", 1) == 1 ? 0 : 1);
	}
	close(pipes[1]);
	waitpid(child, &status, 0);
	if (WIFEXITED(status)) {
		close(pipes[0]);
		return -1;
	}
	while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
		if (calls == kill_at && kill_at)
			kill(child, SIGKILL);
		else
			ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		waitpid(child, &status, 0);
		calls++;
	}
	*done = read(pipes[0], &byte, 1) == 1;
	close(pipes[0]);
	return WIFSIGNALED(status) ? 0 : calls;
}

static void check_scene(const struct scene *scene, long at, bool done)
{
	struct verify_sum sum;
	if (scene->makes && vault_look(disk_real(), folder) != VAULT_PRESENT) {
		if (done) fail_msg("%s, call %ld: there is no vault", scene->name, at);
		/* What is left does not stand in the way. */
		struct vault *again = vault_create(disk_real(), folder, &key, cheap, &last);
		if (!again) fail_msg("%s, call %ld: %s", scene->name, at, last.text);
		vault_close(again);
		return;
	}
	struct vault *v = at_work();
	if (!v || !vault_verify(v, &sum, &last)) fail_msg("%s, call %ld: %s", scene->name, at, last.text);
	bool there = scene->was_done(v);
	if (done && !there) fail_msg("%s, call %ld: was promised and is not there", scene->name, at);
	vault_close(v);
}

static void killed_at_any_call_nothing_promised_is_lost(void **state)
{
	(void)state;
	long step = (long)number_of("HEARTH_CALL_STEP", 23), kills = 0;
	char prepared[96];
	snprintf(prepared, sizeof prepared, "%s/prepared", base);
	for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
		bool done = false;
		clear(folder);
		mkdir(folder, 0700);
		scenes[i].prepare();
		copy_folder(folder, prepared);
		fflush(NULL);
		long calls = run_to_call(&scenes[i], 0, &done);
		if (calls < 0) skip();
		if (!done) fail_msg("%s does not work by itself", scenes[i].name);
		for (long at = 1 + (long)i % step; at < calls; at += step, kills++) {
			clear(folder);
			copy_folder(prepared, folder);
			run_to_call(&scenes[i], at, &done);
			check_scene(&scenes[i], at, done);
		}
		clear(prepared);
	}
	printf("# %ld kills at system calls\n", kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed_at_any_moment_nothing_promised_is_lost, make_base, clear_base),
		cmocka_unit_test_setup_teardown(killed_at_any_call_nothing_promised_is_lost, make_base, clear_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
