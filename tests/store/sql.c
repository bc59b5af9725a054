/*
 * sql: SQLite does through the sealing file system what it does without.
 *
 * Random statements (HEARTH_SQL of them) of the kinds that SQL logic tests are made of are given to a sealed database and to a
 * plain one in memory; both must give the same rows, the same errors and the same numbers of changes, also when the sealed one is
 * closed and opened in between.
 *
 *     build/tests/store/sql --speed     prints how fast the sealed file system and the vault are
 */
#include "store/conversations.h"
#include "store/vault_vfs.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLES = 4, COLUMNS = 4, MAX_SQL = 4096, MAX_ROWS = 1 << 20 };

static struct error last;
static char base[64], path[80];

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned below(unsigned n)
{
	return (unsigned)(next_random() % n);
}

/* ---- the two databases */

static struct vault_vfs *vfs;
static uint8_t *secret;

static sqlite3 *open_sealed(void)
{
	sqlite3 *db = vault_vfs_open(vfs, path, path, &last);
	if (!db) fail_msg("%s", last.text);
	/* Few pages in memory, so that most go through the file. */
	sqlite3_exec(db, "PRAGMA cache_size=10; PRAGMA synchronous=OFF", NULL, NULL, NULL);
	return db;
}

/* A sealed file in `base`, under a key of its own. */
static void start_file(void)
{
	struct sealing s = { .role = ROLE_DATABASE };
	snprintf(path, sizeof path, "%s/db", base);
	assert_true(vault_sqlite_start(&last));
	secret = secret_new(SEAL_KEY);
	seal_random(secret, SEAL_KEY);
	s.key = secret;
	vfs = vault_vfs_new(disk_real(), &s, &last);
	assert_non_null(vfs);
}

static void start(void)
{
	snprintf(base, sizeof base, "%s/hearth-sql-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(base));
	start_file();
}

static void stop(void)
{
	char journal[96];
	vault_vfs_free(vfs);
	secret_free(secret);
	snprintf(journal, sizeof journal, "%s-journal", path);
	unlink(path);
	unlink(journal);
	rmdir(base);
}

/* ---- statements */

struct sql {
	char text[MAX_SQL];
	size_t size;
};

static void put(struct sql *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(s->text + s->size, MAX_SQL - s->size, format, args);
	va_end(args);
	s->size += (size_t)n;
	assert_true(s->size < MAX_SQL);
}

static void put_value(struct sql *s)
{
	switch (below(7)) {
	case 0: put(s, "NULL"); break;
	case 1: put(s, "%d", (int)below(2000) - 1000); break;
	case 2: put(s, "%d", (int)below(5)); break;
	case 3: put(s, "%.3f", (double)below(100000) / 77); break;
	case 4: put(s, "'%c%c text'", 'a' + (int)below(26), 'a' + (int)below(26)); break;
	case 5: put(s, "hex(zeroblob(%u))", below(3000)); break;
	default: put(s, "x'%08x%02x'", (unsigned)next_random(), below(256)); break;
	}
}

static void put_expression(struct sql *s, int depth)
{
	static const char *const operators[] = {
		"+", "-", "*", "/", "%%", "||", "<", "<=", "=", "<>", "AND", "OR", "IS", "&", "|"
	};
	static const char *const functions[] = { "abs", "length", "typeof", "lower", "quote", "coalesce(1,", "max(0," };
	if (depth == 0 || below(3) == 0) {
		if (below(2))
			put(s, "c%u", below(COLUMNS));
		else
			put_value(s);
		return;
	}
	unsigned kind = below(6);
	if (kind == 0) {
		const char *f = functions[below(7)];
		put(s, strchr(f, '(') ? "%s" : "%s(", f);
		put_expression(s, depth - 1);
		put(s, ")");
	} else if (kind == 1) {
		put(s, "CASE WHEN ");
		put_expression(s, depth - 1);
		put(s, " THEN ");
		put_expression(s, depth - 1);
		put(s, " ELSE ");
		put_expression(s, depth - 1);
		put(s, " END");
	} else if (kind == 2) {
		put_expression(s, depth - 1);
		put(s, " BETWEEN ");
		put_value(s);
		put(s, " AND ");
		put_value(s);
	} else if (kind == 3) {
		put(s, "c%u IN (SELECT c%u FROM t%u)", below(COLUMNS), below(COLUMNS), below(TABLES));
	} else {
		put(s, "(");
		put_expression(s, depth - 1);
		const char *o = operators[below(15)];
		put(s, " %s ", o[0] == '%' ? "%" : o);
		put_expression(s, depth - 1);
		put(s, ")");
	}
}

static void put_where(struct sql *s)
{
	if (below(4) == 0) return;
	put(s, " WHERE ");
	put_expression(s, 3);
}

static void put_select(struct sql *s)
{
	static const char *const sums[] = {
		"count(*)", "sum(c1)", "min(c0)", "max(c2)", "avg(c1)", "group_concat(c3)", "total(c2)"
	};
	switch (below(5)) {
	case 0:
		put(s, "SELECT %s, %s FROM t%u", sums[below(7)], sums[below(7)], below(TABLES));
		put_where(s);
		break;
	case 1:
		put(s, "SELECT c%u AS g, %s FROM t%u", below(COLUMNS), sums[below(5)], below(TABLES));
		put_where(s);
		put(s, " GROUP BY 1 HAVING count(*) > %u ORDER BY 1, 2", below(3));
		break;
	case 2:
		put(s, "SELECT a.c0, b.c%u FROM t%u a %s t%u b ON a.c%u = b.c%u ORDER BY 1, 2 LIMIT 200", below(COLUMNS),
		    below(TABLES), below(2) ? "JOIN" : "LEFT JOIN", below(TABLES), below(COLUMNS), below(COLUMNS));
		break;
	case 3:
		put(s, "SELECT c0, c%u FROM t%u %s SELECT c%u, c3 FROM t%u ORDER BY 1, 2", below(COLUMNS), below(TABLES),
		    below(3) == 0 ? "UNION ALL"
		    : below(2)    ? "EXCEPT"
		                  : "UNION",
		    below(COLUMNS), below(TABLES));
		break;
	default:
		put(s, "SELECT rowid, ");
		put_expression(s, 3);
		put(s, " FROM t%u", below(TABLES));
		put_where(s);
		put(s, " ORDER BY rowid%s LIMIT %u", below(2) ? " DESC" : "", 1 + below(300));
	}
}

static void put_change(struct sql *s)
{
	unsigned table = below(TABLES);
	switch (below(8)) {
	case 0:
		put(s, "UPDATE t%u SET c%u = ", table, below(COLUMNS));
		put_expression(s, 2);
		put_where(s);
		break;
	case 1: put(s, "DELETE FROM t%u WHERE rowid %% %u = %u", table, 5 + below(20), below(5)); break;
	case 2:
		put(s, "INSERT INTO t%u SELECT c1, c2, c3, c0 FROM t%u ORDER BY rowid LIMIT %u", table, below(TABLES), below(30));
		break;
	case 3:
		put(s,
		    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO t%u SELECT i, i * %u "
		    "%% 97, "
		    "'row ' || i, hex(zeroblob(i %% 50)) FROM n",
		    1 + below(80), table, 1 + below(1000));
		break;
	default:
		put(s, "INSERT %sINTO t%u VALUES (", below(4) ? "" : "OR REPLACE ", table);
		for (int i = 0; i < COLUMNS; i++) {
			if (i) put(s, ", ");
			put_value(s);
		}
		put(s, ")");
	}
}

static void put_statement(struct sql *s)
{
	static const char *const others[] = { "BEGIN",         "COMMIT",    "ROLLBACK", "SAVEPOINT p",
		                              "ROLLBACK TO p", "RELEASE p", "REINDEX",  "PRAGMA integrity_check" };
	s->size = 0;
	s->text[0] = 0;
	unsigned kind = below(100);
	if (kind < 45)
		put_change(s);
	else if (kind < 80)
		put_select(s);
	else if (kind < 90)
		put(s, "%s", others[below(8)]);
	else if (kind < 93)
		put(s, "CREATE %sINDEX i%u ON t%u(c%u, c%u)", "", below(6), below(TABLES), below(COLUMNS), below(COLUMNS));
	else if (kind == 93)
		put(s, "DROP INDEX i%u", below(6));
	else if (kind == 94)
		put(s, "ALTER TABLE t%u RENAME TO t%u", below(TABLES), below(TABLES));
	else if (kind == 95)
		put(s, "VACUUM");
	else
		put(s, "DELETE FROM t%u WHERE rowid > %u", below(TABLES), 40 + below(100));
}

/* ---- results */

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
	return (hash ^ size) * 1099511628211u;
}

/* A statement's rows, its code and the changes, as one number. */
static uint64_t run(sqlite3 *db, const char *sql, int *code)
{
	sqlite3_stmt *s = NULL;
	uint64_t hash = 14695981039346656037u;
	*code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	if (*code == SQLITE_OK) {
		while ((*code = sqlite3_step(s)) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(s); i++) {
				int type = sqlite3_column_type(s, i);
				const void *bytes = sqlite3_column_blob(s, i);
				hash = mix(hash, &type, sizeof type);
				if (bytes) hash = mix(hash, bytes, (size_t)sqlite3_column_bytes(s, i));
			}
		}
	}
	sqlite3_finalize(s);
	int changes = sqlite3_changes(db);
	*code &= 0xff;
	hash = mix(hash, code, sizeof *code);
	return mix(hash, &changes, sizeof changes);
}

static void a_sealed_database_answers_as_a_plain_one(void **state)
{
	(void)state;
	const char *wanted = getenv("HEARTH_SQL"), *seed = getenv("HEARTH_FIRST_SEED");
	unsigned long n = wanted ? strtoul(wanted, NULL, 10) : 4000, done = 0;
	struct sql s;
	int code, plain_code;
	sqlite3 *plain = NULL, *sealed;
	if (seed) random_state = strtoull(seed, NULL, 10) * 0x9e3779b97f4a7c15u | 1;
	start();
	sealed = open_sealed();
	assert_int_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
	for (int i = 0; i < TABLES; i++) {
		char make[128];
		snprintf(make, sizeof make, "CREATE TABLE t%d(c0, c1 INTEGER, c2 REAL, c3 TEXT)", i);
		assert_true(run(sealed, make, &code) == run(plain, make, &code));
	}
	for (unsigned long i = 0; i < n; i++) {
		put_statement(&s);
		uint64_t a = run(sealed, s.text, &code), b = run(plain, s.text, &plain_code);
		if (a != b)
			fail_msg("statement %lu: %s\nsealed: %d, plain: %d (%s)", i, s.text, code, plain_code,
			         sqlite3_errmsg(sealed));
		done += code == SQLITE_DONE;
		if (i % 257 == 0 && sqlite3_get_autocommit(sealed)) {
			sqlite3_close(sealed);
			sealed = open_sealed();
			/* What a connection knows is gone: the number of changes. */
			sqlite3_close(NULL);
			run(sealed, "UPDATE t0 SET c0 = c0 WHERE 0", &code);
			run(plain, "UPDATE t0 SET c0 = c0 WHERE 0", &code);
		}
	}
	assert_true(done > n / 2);
	assert_true(run(sealed, "PRAGMA integrity_check", &code) == run(plain, "PRAGMA integrity_check", &code));
	printf("# %lu statements, of which %lu were errors in both\n", n, n - done);
	sqlite3_close(sealed);
	sqlite3_close(plain);
	stop();
}

/* ---- speed */

static double time_of(sqlite3 *db)
{
	static const char *const steps[] = {
		"CREATE TABLE s(a INTEGER PRIMARY KEY, b INTEGER, c TEXT)",
		"BEGIN",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO s SELECT i, i * 7919 "
		"% 100003, "
		"'some words of row ' || i FROM n",
		"COMMIT",
		"CREATE INDEX sb ON s(b)",
		"SELECT count(*), avg(b) FROM s WHERE b BETWEEN 1000 AND 9000",
		"SELECT count(*) FROM s WHERE c LIKE '%99%'",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT sum(s.b) FROM n JOIN s ON "
		"s.a = "
		"(n.i * 7001) % 200000 + 1",
		"UPDATE s SET b = b + 1 WHERE a % 3 = 0",
		"DELETE FROM s WHERE a % 5 = 0",
		"INSERT INTO s SELECT a + 1000000, b, c FROM s WHERE a % 7 = 0",
		"SELECT count(*), max(b) FROM s ORDER BY c",
	};
	double begin = clock_seconds();
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		char *why = NULL;
		if (sqlite3_exec(db, steps[i], NULL, NULL, &why) != SQLITE_OK) printf("%s: %s\n", steps[i], why);
	}
	for (int i = 0; i < 200; i++) {
		char sql[100];
		snprintf(sql, sizeof sql, "INSERT INTO s VALUES(%d, 1, 'a row of its own')", 3000000 + i);
		sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	return clock_seconds() - begin;
}

/* The same file system, settings and work, without the sealing. */
static double time_plain(const char *folder)
{
	char name[128];
	sqlite3 *db = NULL;
	snprintf(name, sizeof name, "%s/plain", folder);
	sqlite3_open(name, &db);
	sqlite3_exec(db,
	             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=4096; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=TRUNCATE;"
	             "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-16000",
	             NULL, NULL, NULL);
	double seconds = time_of(db);
	sqlite3_close(db);
	unlink(name);
	return seconds;
}

static bool count_found(void *context, const struct message_entry *m)
{
	(void)m;
	++*(int *)context;
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* A turn (question and answer), and a search among 100,000 messages: medians. */
static void print_vault(const char *folder)
{
	static const struct key_secret key = { SLOT_KEY_FILE, "thirty-two bytes nobody can guess", 32 };
	static const char *const words[] = { "honey", "river",  "stone",  "winter", "letter",
		                             "music", "garden", "window", "paper",  "light" };
	static struct message_new messages[100];
	static char texts[100][200], answer[1500];
	enum { TURNS = 100, SEARCHES = 50 };
	double turns[TURNS], searches[SEARCHES];
	int64_t id;
	int found = 0;
	struct vault *v = vault_create(disk_real(), folder, &key, key_cost_least, &last);
	if (!v) fail_msg("%s", last.text);
	memset(answer, 'a', sizeof answer);
	for (size_t i = 0; i < sizeof answer; i += 6) answer[i] = ' ';
	for (int c = 0; c < 1000; c++) {
		for (int i = 0; i < 100; i++) {
			int n = snprintf(texts[i], sizeof texts[i], "In %s number %d of %s the %s lay under the %s%u",
			                 words[below(10)], c, words[below(10)], words[below(10)], words[below(10)], below(5000));
			messages[i] = (struct message_new){ ROLE_USER, 1000, texts[i], (size_t)n };
		}
		if (!conversations_take(v, "t", 1000, 0, messages, 100, &id, &last)) fail_msg("%s", last.text);
	}
	double begin = clock_seconds();
	conversations_index(v, 0, NULL, &last);
	printf("index of 100,000 messages    %8.1f s\n", clock_seconds() - begin);
	for (int i = 0; i < SEARCHES; i++) {
		char query[64];
		snprintf(query, sizeof query, "%s %s%u", words[below(10)], words[below(10)], below(5000));
		begin = clock_seconds();
		conversations_search(v, i % 2 ? query : words[i % 10], 20, count_found, &found, &last);
		searches[i] = clock_seconds() - begin;
	}
	for (int i = 0; i < TURNS; i++) {
		begin = clock_seconds();
		if (!conversations_add(v, id, ROLE_USER, texts[i], strlen(texts[i]), &last) ||
		    !conversations_add(v, id, ROLE_ASSISTANT, answer, sizeof answer, &last))
			fail_msg("%s", last.text);
		turns[i] = clock_seconds() - begin;
	}
	qsort(turns, TURNS, sizeof *turns, compare);
	qsort(searches, SEARCHES, sizeof *searches, compare);
	printf("search, median and slowest   %8.1f ms %8.1f ms (%d found)\n", searches[SEARCHES / 2] * 1e3,
	       searches[SEARCHES - 1] * 1e3, found);
	printf("storing a turn               %8.1f ms %8.1f ms\n", turns[TURNS / 2] * 1e3, turns[TURNS - 1] * 1e3);
	vault_close(v);
}

/* Unlocking with a passphrase whose cost was measured for a second, as a new vault's is. */
static void print_unlock(void)
{
	static const struct key_secret words = { SLOT_PASSPHRASE, "a walk by the sea", 17 };
	struct key_cost cost = key_cost_measure(1);
	uint8_t *master = secret_new(SEAL_KEY), bytes[KEY_FILE_BYTES];
	struct key_file k;
	double times[5];
	key_file_new(&k, master);
	if (key_file_add(&k, &words, cost, master, &last) < 0) fail_msg("%s", last.text);
	key_file_write(&k, master, bytes);
	for (int i = 0; i < 5; i++) {
		double begin = clock_seconds();
		if (!key_file_open(&k, &words, master, NULL, bytes, "speed", &last)) fail_msg("%s", last.text);
		times[i] = clock_seconds() - begin;
	}
	secret_free(master);
	qsort(times, 5, sizeof *times, compare);
	printf("unlocking with a passphrase  %8.2f s  %8.2f s  (%u passes over %llu MiB)\n", times[2], times[4], cost.passes,
	       (unsigned long long)(cost.memory >> 20));
}

static int print_speed(void)
{
	double sealed = 1e9, plain = 1e9;
	snprintf(base, sizeof base, "/var/tmp/hearth-speed-XXXXXX");
	if (!mkdtemp(base)) return 1;
	char folder[100];
	snprintf(folder, sizeof folder, "%s/v", base);
	mkdir(folder, 0700);
	vault_sqlite_start(&last);
	for (int i = 0; i < 3; i++) {
		double seconds = time_plain(base);
		if (seconds < plain) plain = seconds;
		start_file();
		sqlite3 *db = vault_vfs_open(vfs, path, path, &last);
		seconds = time_of(db);
		if (seconds < sealed) sealed = seconds;
		sqlite3_close(db);
		stop();
	}
	printf("plain SQLite                 %8.2f s\nsealed                       %8.2f s\nspeed of sealed to plain     %8.2f\n",
	       plain, sealed, plain / sealed);
	print_vault(folder);
	print_unlock();
	static const char *const files[] = { "vault.key",        "vault.db",  "vault.db-journal", "index.db",
		                             "index.db-journal", "erase.key", "vault.lock" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char name[160];
		snprintf(name, sizeof name, "%s/%s", folder, files[i]);
		unlink(name);
	}
	rmdir(folder);
	rmdir(base);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--speed") == 0) return print_speed();
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_sealed_database_answers_as_a_plain_one) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
