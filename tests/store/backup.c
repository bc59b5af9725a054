/* backup: a vault in one file and back, also while it is used; nothing is taken from a file that is not whole. */
#include "store/backup.h"
#include "store/blobs.h"
#include "store/conversations.h"
#include "store/tar.h"

#include "made_vault.h"

#include "base/memory.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64], folder[80], again[80], archive[80];

static int count_entries(const char *path)
{
	int n = 0;
	struct dirent *entry;
	DIR *d = opendir(path);
	while (d && (entry = readdir(d)) != NULL) n += entry->d_name[0] != '.';
	if (d) closedir(d);
	return n;
}

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof base, "/tmp/hearth-backup-XXXXXX");
	if (!mkdtemp(base)) return -1;
	snprintf(folder, sizeof folder, "%s/v", base);
	snprintf(again, sizeof again, "%s/again", base);
	snprintf(archive, sizeof archive, "%s/file", base);
	return mkdir(folder, 0700);
}

static int clear_base(void **state)
{
	(void)state;
	clear(base);
	return 0;
}

static struct vault *filled(void)
{
	int64_t id;
	struct vault *v = made(disk_real(), folder);
	assert_true(conversations_new(v, "Bees", &id, &last));
	assert_true(conversations_add(v, id, ROLE_USER, "What do bees make?", 18, &last));
	struct blob_writer *w = blobs_create(v, BLOB_MODEL, "m.gguf", &last);
	for (int i = 0; i < 20000; i++) assert_true(blobs_write(w, "honey", 5, &last));
	assert_true(blobs_commit(w, &id, &last));
	return v;
}

/* The vault in `again` opens and everything in it does. */
static struct verify_sum verified(void)
{
	struct verify_sum sum = { 0 };
	struct vault *v = vault_take(disk_real(), again, &last);
	if (!v || !vault_unlock(v, &key, &last) || !vault_verify(v, &sum, &last)) fail_msg("%s", last.text);
	vault_close(v);
	return sum;
}

static void what_is_backed_up_comes_back(void **state)
{
	(void)state;
	struct backup_sum out, in;
	struct stat st;
	struct vault *v = filled();
	/* Owned by this process: the lock is taken, nothing moves. */
	if (!backup_write(folder, archive, &out, &last)) fail_msg("%s", last.text);
	vault_close(v);
	assert_int_equal(stat(archive, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(backup_restore(archive, again, &in, &last));
	assert_true(in.files == out.files && in.bytes == out.bytes && in.files >= 4);
	struct verify_sum sum = verified();
	assert_int_equal(sum.conversations, 1);
	assert_int_equal(sum.messages, 1);
	assert_int_equal(sum.blobs, 1);
	assert_false(backup_restore(archive, again, &in, &last));
	assert_non_null(strstr(last.text, "is not an empty folder"));
	/* And a copy that is not restored anywhere is refused where there is no vault. */
	assert_false(backup_write(base, archive, &out, &last));
	assert_non_null(strstr(last.text, "there is no vault here"));
}

static void what_stock_tar_reads(void **state)
{
	(void)state;
	struct backup_sum out;
	char command[300];
	vault_close(filled());
	assert_true(backup_write(folder, archive, &out, &last));
	snprintf(command, sizeof command, "%s/list", base);
	int pid = fork(), status;
	if (pid == 0) {
		if (!freopen(command, "w", stdout)) _exit(9);
		execlp("tar", "tar", "-tf", archive, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status) == 127) skip();
	assert_int_equal(status, 0);
}

static void a_backup_of_a_vault_in_use_is_of_one_moment(void **state)
{
	(void)state;
	struct backup_sum sum;
	vault_close(filled());
	fflush(NULL);
	pid_t writer = fork();
	if (writer == 0) {
		struct vault *v = vault_take(disk_real(), folder, &last);
		int64_t id;
		bool ok = v && vault_unlock(v, &key, &last);
		/* Bursts of changes to all files, and pauses. */
		for (int i = 0; ok; i++) {
			ok = conversations_new(v, "t", &id, &last);
			for (int k = 0; ok && k < 5; k++) ok = conversations_add(v, id, ROLE_USER, "some words", 10, &last);
			if (i % 3 == 0) ok = ok && conversations_delete(v, &id, 1, &last);
			usleep(i % 4 ? 1000 : 400000);
		}
		_exit(1);
	}
	usleep(100000);
	for (int i = 0; i < 4; i++) {
		bool written = backup_write(folder, archive, &sum, &last);
		if (!written || !backup_restore(archive, again, &sum, &last)) {
			kill(writer, SIGKILL);
			fail_msg("%s", last.text);
		}
		struct verify_sum all = verified();
		assert_true(all.conversations >= 1 && all.messages >= 1);
		clear(again);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	/* What it left half done comes along with its journal. */
	assert_true(backup_write(folder, archive, &sum, &last) && backup_restore(archive, again, &sum, &last));
	verified();
}

/* Writes bytes as the archive and restores it. */
static bool restores(const uint8_t *bytes, size_t size)
{
	struct backup_sum sum;
	FILE *f = fopen(archive, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
	bool ok = backup_restore(archive, again, &sum, &last);
	if (!ok && count_entries(again) != 0) fail_msg("remains of a refused backup: %s", last.text);
	clear(again);
	return ok;
}

static void a_changed_backup_is_refused(void **state)
{
	(void)state;
	struct backup_sum sum;
	uint8_t *bytes = NULL;
	size_t size = 0;
	vault_close(filled());
	assert_true(backup_write(folder, archive, &sum, &last));
	assert_int_equal(disk_load(disk_real(), archive, 64 << 20, &bytes, &size), 0);
	assert_true(restores(bytes, size));
	/* Padding, owner and time of a head are nobody's; everything else is noticed, by the list or by the head's own sum. */
	int passed = 0;
	for (size_t at = 0; at + 2 * TAR_BLOCK < size; at += 509) {
		bytes[at] ^= 0x10;
		if (restores(bytes, size)) passed++;
		bytes[at] ^= 0x10;
	}
	assert_true(passed <= 3);
	for (size_t cut = 0; cut + 2 * TAR_BLOCK < size; cut += size / 40) assert_false(restores(bytes, cut));
	/* Names that no vault has. */
	static const char *const names[] = { "../vault.db",        "/etc/passwd",         "blobs/../../x", "index.db", "",
		                             "blobs/0123456789AB", "blobs/0123456789abc", "vault.db/x" };
	uint8_t first[TAR_BLOCK];
	memcpy(first, bytes, TAR_BLOCK);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		tar_head(bytes, names[i], 256, 0);
		assert_false(restores(bytes, size));
		assert_non_null(strstr(last.text, "has a file that no vault has"));
	}
	/* A size that no file has, and a file twice. */
	tar_head(bytes, "erase.key", UINT64_MAX / 2, 0);
	assert_false(restores(bytes, size));
	memcpy(bytes, first, TAR_BLOCK);
	uint8_t *twice = memory_new(size + 1024, 1);
	memcpy(twice, bytes, 1024);
	memcpy(twice + 1024, bytes, size);
	assert_false(restores(twice, size + 1024));
	memory_free(twice);
	memory_free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_backed_up_comes_back, make_base, clear_base),
		cmocka_unit_test_setup_teardown(what_stock_tar_reads, make_base, clear_base),
		cmocka_unit_test_setup_teardown(a_backup_of_a_vault_in_use_is_of_one_moment, make_base, clear_base),
		cmocka_unit_test_setup_teardown(a_changed_backup_is_refused, make_base, clear_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
