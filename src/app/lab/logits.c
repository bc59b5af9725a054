/* hearth-lab logits: the logits of every position of a list of ids, for comparing with references. */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/sequence.h"
#include "wire/client.h"

#include <string.h>

enum { MOST_TEXT = 256 << 20, DEFAULT_BATCH = 512 };

/* Ids separated by white space; NULL on failure. Free with memory_free. */
static int32_t *read_ids(const char *path, size_t *count, struct error *e)
{
	size_t size;
	char *text = file_read(path, MOST_TEXT, &size, e);
	if (!text) return NULL;
	int32_t *ids = memory_new(size / 2 + 1, sizeof *ids); /* an id and its separator take two bytes at least */
	bool ok = ids || error_memory(e);
	if (ok && strlen(text) != size) ok = error_set(e, "%s: a zero byte stands among the token ids", path);
	*count = 0;
	for (char *p = text; ok;) {
		p += strspn(p, " \t\r\n\v\f");
		if (!*p) break;
		size_t length = strcspn(p, " \t\r\n\v\f");
		bool last = p[length] == 0;
		uint64_t id;
		p[length] = 0;
		if (lab_number(p, 0, INT32_MAX, &id))
			ids[(*count)++] = (int32_t)id;
		else
			ok = error_set(e, "%s: '%.40s' (number %zu) is no token id", path, p, *count + 1);
		p += length + !last;
	}
	if (ok && *count == 0) ok = error_set(e, "%s: there are no token ids", path);
	memory_free(text);
	if (ok) return ids;
	memory_free(ids);
	return NULL;
}

static bool check_ids(uint32_t n_vocab, const int32_t *ids, size_t count, const char *path, struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		if ((uint32_t)ids[i] >= n_vocab)
			return error_set(e, "%s: id %d (number %zu) is not from 0 to %u", path, ids[i], i + 1, n_vocab - 1);
	}
	return true;
}

/* Runs all ids in batches and writes each batch's logits. */
static bool write_logits(struct model *m, const int32_t *ids, size_t count, uint32_t batch, struct file_writer *out,
                         struct error *e)
{
	size_t n_vocab = model_config(m)->n_vocab;
	struct sequence *s = sequence_new(m, e);
	struct row *rows = memory_new(batch, sizeof *rows);
	float *logits = memory_new(batch, n_vocab * sizeof *logits);
	bool ok = s && ((rows && logits) || error_memory(e));
	for (size_t at = 0; at < count && ok; at += batch) {
		uint32_t n = count - at < batch ? (uint32_t)(count - at) : batch;
		for (uint32_t i = 0; i < n; i++) {
			rows[i] = (struct row){ .sequence = s,
				                .token = ids[at + i],
				                .kind = batch == 1 ? ROW_ANSWER : ROW_PROMPT,
				                .logits = logits + i * n_vocab };
		}
		ok = model_forward(m, rows, n, e) && file_write(out, logits, n * n_vocab * sizeof *logits, e);
	}
	memory_free(logits);
	memory_free(rows);
	sequence_free(s);
	return ok;
}

/* What is written, and where the ids come from. */
struct job {
	const struct model_arguments *model;
	const char *ids_path, *out_path;
	const int32_t *ids;
	size_t count;
	uint32_t batch;
	struct file_writer out;
};

static bool finish(struct job *j, bool ok, struct error *e)
{
	if (ok) return file_commit(&j->out, e);
	file_abandon(&j->out);
	return false;
}

static bool run_here(struct job *j, struct error *e)
{
	struct lab_model m = { 0 };
	uint32_t batch = j->batch;
	if (batch > j->count) batch = (uint32_t)(j->count > 1 ? j->count : batch > 1 ? 2 : 1);
	bool ok = lab_model_open(&m, j->model, (uint32_t)j->count, batch, e) &&
	          check_ids(model_config(m.model)->n_vocab, j->ids, j->count, j->ids_path, e) &&
	          file_create(&j->out, j->out_path, e);
	if (ok) ok = finish(j, write_logits(m.model, j->ids, j->count, batch, &j->out, e), e);
	lab_model_close(&m);
	return ok;
}

/* An engine_taker. */
static bool take_logits(void *data, const struct hearth_event *event, struct error *e)
{
	struct job *j = data;
	return event->kind != HEARTH_SCORES || file_write(&j->out, event->values, event->n_values * sizeof *event->values, e);
}

static bool run_there(struct job *j, struct error *e)
{
	const struct hearth_options o = lab_engine_options(j->model, (uint32_t)j->count);
	struct hearth_info info = { .size = sizeof info };
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	struct hearth *h = engine_open_model(j->model, &o, &r.session, e);
	if (h) client_info(h, &info);
	r.ids = j->ids;
	r.n_ids = j->count;
	r.want = HEARTH_WANT_LOGITS;
	r.as_answer = j->batch == 1;
	bool ok = h && check_ids(info.n_vocab, j->ids, j->count, j->ids_path, e) && file_create(&j->out, j->out_path, e);
	if (ok) ok = finish(j, engine_ask(h, &r, take_logits, j, e), e);
	client_close(h);
	engine_end();
	return ok;
}

static int run(const struct model_arguments *a, const char *ids_path, const char *out_path, uint32_t batch)
{
	struct error e = { "" };
	struct job j = { .model = a, .ids_path = ids_path, .out_path = out_path, .batch = batch };
	int32_t *ids = read_ids(ids_path, &j.count, &e);
	if (!ids) return lab_fail(&e);
	j.ids = ids;
	bool ok = j.count < INT32_MAX || error_set(&e, "%s: too many ids", ids_path);
	ok = ok && (a->engine ? run_there(&j, &e) : run_here(&j, &e));
	memory_free(ids);
	return ok ? LAB_DONE : lab_fail(&e);
}

int lab_logits(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	const char *paths[2] = { NULL, NULL };
	uint64_t batch = DEFAULT_BATCH;
	for (int i = 0, n = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (strcmp(argv[i], "--batch") == 0) {
			if (++i == argc || !lab_number(argv[i], 1, 65536, &batch))
				return lab_misuse("--batch needs a number from 1 to 65536");
		} else if (argv[i][0] != '-' && n < 2) {
			paths[n++] = argv[i];
		} else {
			return lab_misuse("logits: '%s' is not understood", argv[i]);
		}
	}
	if (!a.path || !paths[0] || !paths[1]) return lab_misuse("logits: MODEL, TOKENS and OUT are needed");
	return run(&a, paths[0], paths[1], (uint32_t)batch);
}
