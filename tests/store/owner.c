/* owner: one process owns a vault, others of the same user ask it; it may die at any moment, and they may say anything. */
#include "store/blobs.h"
#include "store/conversations.h"
#include "store/vault_messages.h"

#include "made_vault.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[400];

/* A process that owns the vault and serves it until it is killed or its input ends. */
struct owner {
	pid_t pid;
	int input;
};

static struct owner start_owner(bool unlocked)
{
	int ready[2], input[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(input), 0);
	struct owner o = { .pid = fork(), .input = input[1] };
	if (o.pid == 0) {
		close(input[1]);
		struct vault *v = vault_join(disk_real(), folder, &last);
		bool ok = v && !vault_remote(v) && (!unlocked || vault_unlock(v, &key, &last));
		if (!ok || write(ready[1], "y", 1) != 1) _exit(1);
		while (read(input[0], &byte, 1) > 0) {}
		vault_close(v);
		_exit(0);
	}
	close(ready[1]);
	close(input[0]);
	if (read(ready[0], &byte, 1) != 1) fail_msg("the owner did not start");
	close(ready[0]);
	return o;
}

static void end_owner(struct owner o, bool killed)
{
	int status;
	if (killed) kill(o.pid, SIGKILL);
	close(o.input);
	waitpid(o.pid, &status, 0);
	assert_true(killed ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static struct vault *joined(void)
{
	struct vault *v = vault_join(disk_real(), folder, &last);
	if (!v) fail_msg("%s", last.text);
	return v;
}

static const char *found(struct vault *v, const char *words, size_t limit)
{
	static char all[4096];
	all[0] = 0;
	return conversations_search(v, words, limit, join_text, all, &last) ? all : last.text;
}

static bool count(void *context, const struct message_entry *m)
{
	*(size_t *)context += m->size;
	return true;
}

/* Everything that conversations.h offers, by way of the owner or not. */
static void use(struct vault *v)
{
	int64_t a, b, c, big;
	const struct message_new messages[] = { { ROLE_USER, 1000, "imported", 8 }, { ROLE_ASSISTANT, 2000, "indeed", 6 } };
	assert_true(conversations_new(v, "Bees", &a, &last));
	assert_true(conversations_add(v, a, ROLE_USER, "What do bees make?", 18, &last));
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "Honey a", 7, true, &last));
	assert_string_equal(whole(v, a), "1:What do bees make?|2:Honey a...|");
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "Honey and wax.", 14, false, &last));
	assert_true(conversations_branch(v, a, 1, &b, &last));
	assert_string_equal(whole(v, b), "1:What do bees make?|");
	assert_true(conversations_rename(v, b, "Wasps \xc3\xa9", &last));
	assert_true(conversations_take(v, "Old", 900, 0, messages, 2, &c, &last));
	assert_string_equal(whole(v, c), "1:imported|2:indeed|");
	assert_string_equal(found(v, "honey", 10), "2:Honey and wax.|");
	assert_non_null(strstr(titles(v), "Wasps \xc3\xa9(1)|"));
	assert_true(conversations_cut(v, a, 1, &last));
	assert_string_equal(whole(v, a), "1:What do bees make?|");
	assert_string_equal(found(v, "honey", 10), "");
	assert_true(conversations_delete(v, (int64_t[]){ a, b }, 2, &last));
	assert_null(strstr(titles(v), "Bees"));
	assert_false(conversations_add(v, a, ROLE_USER, "x", 1, &last));
	assert_non_null(strstr(last.text, "there is no conversation"));
	assert_false(conversations_read(v, a, join_text, NULL, &last));
	/* More than one reply holds. */
	enum { SIZE = 700000 };
	char *text = memory_new(SIZE, 1);
	memset(text, 'w', SIZE);
	memcpy(text, "large words ", 12);
	size_t read = 0, seen = 0;
	assert_true(conversations_new(v, "big", &big, &last));
	for (int i = 0; i < 5; i++) assert_true(conversations_add(v, big, ROLE_USER, text, SIZE, &last));
	assert_true(conversations_read(v, big, count, &read, &last));
	assert_true(read == 5 * SIZE);
	assert_true(conversations_search(v, "large", 4, count, &seen, &last));
	assert_true(seen == 4 * SIZE);
	memory_free(text);
	assert_true(conversations_delete(v, (int64_t[]){ big, c }, 2, &last));
	assert_string_equal(titles(v), "");
}

static void a_guest_has_what_the_owner_has(void **state)
{
	(void)state;
	struct owner o = start_owner(true);
	struct vault *v = joined();
	struct stat st;
	char path[420];
	assert_non_null(vault_remote(v));
	assert_true(vault_is_open(v));
	use(v);
	snprintf(path, sizeof path, "%s/vault.sock", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* What needs the files is the owner's. */
	assert_int_equal(vault_add_slot(v, &key, cheap, &last), -1);
	assert_non_null(strstr(last.text, "has this vault open; close it first"));
	assert_false(vault_remove_slot(v, 0, &last));
	assert_null(blobs_create(v, BLOB_MODEL, "x", &last));
	vault_close(v);
	end_owner(o, false);
	assert_int_not_equal(stat(path, &st), 0);
	v = joined();
	assert_null(vault_remote(v));
	assert_true(vault_unlock(v, &key, &last));
	use(v);
	vault_close(v);
}

static void locking_holds_for_all(void **state)
{
	(void)state;
	struct owner o = start_owner(true);
	struct vault *v = joined(), *w = joined();
	int64_t id;
	assert_true(conversations_new(v, "t", &id, &last));
	assert_string_equal(titles(w), "t(0)|");
	vault_lock(w);
	assert_false(vault_is_open(v));
	assert_false(conversations_add(v, id, ROLE_USER, "x", 1, &last));
	assert_non_null(strstr(last.text, "the vault is locked"));
	assert_false(vault_unlock(v, &key, &last));
	assert_non_null(strstr(last.text, "is locked in another hearth (process "));
	end_owner(o, false);
	/* The first that comes back owns it, with the secret; the other joins it. */
	assert_false(vault_is_open(v));
	assert_true(vault_unlock(v, &key, &last));
	assert_null(vault_remote(v));
	assert_true(vault_unlock(w, &key, &last));
	assert_non_null(vault_remote(w));
	assert_string_equal(titles(w), "t(0)|");
	assert_true(conversations_delete(w, &id, 1, &last));
	vault_close(w);
	vault_close(v);
}

static void a_killed_owner_is_followed(void **state)
{
	(void)state;
	const struct key_secret wrong = { SLOT_KEY_FILE, "thirty-two bytes somebody guessed", 32 };
	struct owner o = start_owner(true);
	struct vault *v = joined();
	int64_t id;
	assert_true(conversations_new(v, "kept", &id, &last));
	assert_true(conversations_add(v, id, ROLE_USER, "said", 4, &last));
	end_owner(o, true);
	assert_false(conversations_add(v, id, ROLE_USER, "lost", 4, &last));
	assert_non_null(strstr(last.text, "has ended; unlock it again"));
	assert_false(vault_is_open(v));
	assert_false(vault_unlock(v, &wrong, &last));
	assert_true(vault_unlock(v, &key, &last));
	assert_null(vault_remote(v));
	assert_string_equal(whole(v, id), "1:said|");
	/* And the socket that the killed one left is this one's now. */
	struct vault *w = joined();
	assert_non_null(vault_remote(w));
	assert_string_equal(whole(w, id), "1:said|");
	assert_true(conversations_delete(w, &id, 1, &last));
	vault_close(w);
	vault_close(v);
}

/* ---- hostile guests */

static int knock(void)
{
	struct sockaddr_un address;
	int folder_fd, fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct timeval limit = { .tv_sec = 5 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_true(message_address(&address, folder, &folder_fd));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail_msg("connect: %s", strerror(errno));
	if (folder_fd >= 0) close(folder_fd);
	return fd;
}

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void nothing_a_guest_sends_stops_the_owner(void **state)
{
	(void)state;
	struct owner o = start_owner(true);
	struct vault *v = joined();
	int64_t id;
	int halves[40];
	uint8_t reply[65536];
	assert_true(conversations_new(v, "kept", &id, &last));
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[200];
		size_t size = MESSAGE_HEAD + next_random() % (sizeof bytes - MESSAGE_HEAD);
		int fd = knock();
		for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)next_random();
		/* Often a head that is nearly right, of anything but what would change the conversation that is kept. */
		uint32_t head[2] = { (uint32_t)(size - MESSAGE_HEAD), (uint32_t)(next_random() % (MESSAGE_KINDS + 2)) };
		if (head[1] == MESSAGE_LOCK || head[1] == MESSAGE_TAKE || head[1] == MESSAGE_NEW) head[1] = MESSAGE_SEARCH;
		if (round % 7 == 0) head[0] = (uint32_t)next_random();
		if (round % 5) memcpy(bytes, head, sizeof head);
		if (send(fd, bytes, size, MSG_NOSIGNAL) > 0 && round % 3 == 0) {
			shutdown(fd, SHUT_WR);
			while (recv(fd, reply, sizeof reply, 0) > 0) {}
		}
		close(fd);
	}
	/* More guests than there are places, all in the middle of a message or not reading. */
	for (int i = 0; i < 40; i++) {
		const uint32_t head[2] = { 1000, MESSAGE_SEARCH };
		halves[i] = knock();
		if (i % 2) send(halves[i], head, i % 4 == 1 ? 3 : sizeof head, MSG_NOSIGNAL);
	}
	double start = clock_seconds();
	while (strcmp(titles(v), "kept(0)|") != 0 && clock_seconds() - start < 30) {
		if (vault_is_open(v)) fail_msg("'%s'", titles(v));
		usleep(200000);
		vault_unlock(v, &key, &last);
	}
	assert_string_equal(titles(v), "kept(0)|");
	for (int i = 0; i < 40; i++) close(halves[i]);
	assert_true(conversations_delete(v, &id, 1, &last));
	assert_int_equal(waitpid(o.pid, NULL, WNOHANG), 0);
	vault_close(v);
	end_owner(o, false);
}

static void owner_and_guests_write_at_once(void **state)
{
	(void)state;
	enum { GUESTS = 3, EACH = 60 };
	pid_t guests[GUESTS];
	struct vault *v = joined();
	int64_t id;
	assert_true(vault_unlock(v, &key, &last));
	assert_true(conversations_new(v, "t", &id, &last));
	fflush(NULL);
	for (int g = 0; g < GUESTS; g++) {
		guests[g] = fork();
		if (guests[g] > 0) continue;
		/* The parent's vault is not this process's. */
		struct vault *w = vault_join(disk_real(), folder, &last);
		bool ok = w && vault_remote(w) && vault_is_open(w);
		for (int i = 0; ok && i < EACH; i++) ok = conversations_add(w, id, ROLE_USER, "guest", 5, &last);
		vault_close(w);
		_exit(ok ? 0 : 1);
	}
	for (int i = 0; i < EACH; i++) assert_true(conversations_add(v, id, ROLE_USER, "owner", 5, &last));
	for (int g = 0; g < GUESTS; g++) {
		int status;
		waitpid(guests[g], &status, 0);
		assert_int_equal(status, 0);
	}
	size_t bytes = 0;
	assert_true(conversations_read(v, id, count, &bytes, &last));
	assert_true(bytes == (size_t)5 * EACH * (GUESTS + 1));
	assert_true(conversations_delete(v, &id, 1, &last));
	vault_close(v);
}

/* ---- */

static int make_vault(void **state)
{
	char base[] = "/tmp/hearth-owner-XXXXXX";
	(void)state;
	if (!mkdtemp(base)) return 1;
	/* The second half of the tests runs in a folder whose path no socket's address has room for. */
	int n = folder[0] ? snprintf(folder, sizeof folder, "%s/%0150d", base, 1) : snprintf(folder, sizeof folder, "%s/v", base);
	if (n < 0 || mkdir(folder, 0700) != 0) return 1;
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	vault_close(v);
	return v ? 0 : 1;
}

static int end_vault(void **state)
{
	(void)state;
	char *slash = strrchr(folder, '/');
	*slash = 0;
	clear(folder);
	*slash = '/';
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_has_what_the_owner_has), cmocka_unit_test(locking_holds_for_all),
		cmocka_unit_test(a_killed_owner_is_followed),     cmocka_unit_test(nothing_a_guest_sends_stops_the_owner),
		cmocka_unit_test(owner_and_guests_write_at_once),
	};
	const struct CMUnitTest far[] = { cmocka_unit_test(a_guest_has_what_the_owner_has),
		                          cmocka_unit_test(a_killed_owner_is_followed) };
	signal(SIGPIPE, SIG_DFL);
	int failed = cmocka_run_group_tests(tests, make_vault, end_vault);
	if (access("/proc/self/fd", F_OK) != 0) return failed; /* a path that is too long for a socket goes by /proc */
	return cmocka_run_group_tests_name("in a long path", far, make_vault, end_vault) + failed;
}
