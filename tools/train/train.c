// Trains the built-in model: a llama-like transformer (RMS norms, rotary positions, grouped heads, SwiGLU, tied embedding) on one
// thread.
//
//   cc -O3 -march=native -ffast-math train.c model.c -o train -lm
//   train --data FILE --checkpoint FILE --decay T --end T [--final FILE] [--held FILE] [--resume]
//
// Documents (corpus.py writes them) are put one behind another; attention and positions begin anew at each, so nothing is padded
// and a document costs what its own length costs. Matrices learn by Muon (momentum made orthogonal by Newton-Schulz steps), the
// embedding and the norms by AdamW. The rate warms up, stays, and falls to zero between --decay and --end, which are times of day
// in seconds since 1970: however much of the processor the run gets, it is finished when it has to be. From --decay on the
// documents come from --final. The checkpoint is rewritten every ten minutes and on SIGTERM, which ends the run; it holds
// everything that --resume needs; export.py turns it into a GGUF file.
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "gemm.h"
#include "model.h"

// ---- learning

// The nearest matrix with orthogonal rows, roughly (Jordan et al., Muon, 2024): five Newton-Schulz steps, in place.
static void orthogonalize(float *x, int m, int n)
{
	static uint32_t *pack;
	static float s[DIM * DIM], b[DIM * DIM];
	if (!pack) pack = model_zeros((size_t)DIM * FF);
	float sum = 0;
	for (int i = 0; i < m * n; i++) sum += x[i] * x[i];
	sum = 1 / (sqrtf(sum) + 1e-12f);
	for (int i = 0; i < m * n; i++) x[i] *= sum;
	for (int step = 0; step < 5; step++) {
		gemm_pack_nk(pack, x, (size_t)n, n, m);
		gemm(m, m, n, x, (size_t)n, 0, pack, s, (size_t)m, 0);
		gemm_pack_kn(pack, s, (size_t)m, m, m);
		gemm(m, m, m, s, (size_t)m, 0, pack, b, (size_t)m, 0);
		for (int i = 0; i < m * m; i++) b[i] = 2.0315f * b[i] - 4.7750f * s[i];
		for (int i = 0; i < m; i++) b[i * m + i] += 3.4445f;
		static float y[DIM * FF];
		gemm_pack_kn(pack, x, (size_t)n, m, n);
		gemm(m, n, m, b, (size_t)m, 0, pack, y, (size_t)n, 0);
		memcpy(x, y, (size_t)m * (size_t)n * 4);
	}
}

static void muon(const struct tensor *t, float rate, float decay)
{
	static float u[DIM * FF];
	int rows = t->rows, cols = t->cols, wide = rows <= cols;
	float *p = param + t->at, *g = grad + t->at, *v = mom1 + t->at,
	      f = rate * sqrtf(rows > cols ? (float)rows / (float)cols : 1);
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++) {
			int i = r * cols + c;
			v[i] += 0.05f * (g[i] - v[i]);
			u[wide ? i : c * rows + r] = g[i] + 0.95f * (v[i] - g[i]);
		}
	orthogonalize(u, wide ? rows : cols, wide ? cols : rows);
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++) {
			int i = r * cols + c;
			p[i] -= f * u[wide ? i : c * rows + r] + rate * decay * p[i];
		}
}

static void adam(const struct tensor *t, float rate, long step)
{
	size_t n = (size_t)t->rows * (size_t)t->cols;
	float *p = param + t->at, *g = grad + t->at, *a = mom1 + t->at, *b = mom2 + t->at;
	float c1 = 1 / (1 - powf(0.9f, (float)step)), c2 = 1 / (1 - powf(0.95f, (float)step));
	for (size_t i = 0; i < n; i++) {
		a[i] += 0.1f * (g[i] - a[i]);
		b[i] += 0.05f * (g[i] * g[i] - b[i]);
		p[i] -= rate * a[i] * c1 / (sqrtf(b[i] * c2) + 1e-10f);
	}
}

static void learn(float rate_muon, float rate_adam, float decay, long step)
{
	for (int i = 0; i < N_TENSOR; i++)
		if (i < EMBEDDING && tensors[i].rows > 1)
			muon(&tensors[i], rate_muon, decay);
		else
			adam(&tensors[i], rate_adam, step);
	model_pack_weights();
}

// ---- documents: "HDOC", count, lengths (32 bits each), then all tokens (16 bits: 12 of id, the upper 4 the class of loss weight)

struct documents {
	const char *path;
	uint32_t n, *length;
	uint16_t *tokens;
	uint32_t next;
	size_t offset;
	time_t changed;
};
static const float class_weight[16] = { 1, 0.3f, 0, 2 };

static bool documents_read(struct documents *d)
{
	struct stat info;
	FILE *f = fopen(d->path, "rb");
	uint32_t head[2];
	if (!f || fstat(fileno(f), &info) || fread(head, 4, 2, f) != 2 || memcmp(head, "HDOC", 4)) return false;
	free(d->length), free(d->tokens);
	d->n = head[1], d->next = 0, d->offset = 0, d->changed = info.st_mtime;
	size_t total = 0;
	d->length = malloc((size_t)d->n * 4);
	bool ok = fread(d->length, 4, d->n, f) == d->n;
	for (uint32_t i = 0; i < d->n; i++) total += d->length[i];
	d->tokens = malloc(total * 2);
	ok = ok && fread(d->tokens, 2, total, f) == total;
	fclose(f);
	return ok;
}

// Fills the micro-batch with whole documents up to about `limit` rows. A document longer than the context is cut. False after the
// last one.
static bool documents_fill(struct documents *d, int limit, bool wrap)
{
	T = n_segment = 0;
	while (T < limit) {
		if (d->next == d->n) {
			if (!wrap) break;
			d->next = 0, d->offset = 0;
		}
		int n = (int)d->length[d->next] - 1;
		if (n > MAX_CONTEXT) n = MAX_CONTEXT;
		if (n_segment && T + n > limit + MICRO / 4) break;
		const uint16_t *w = d->tokens + d->offset;
		for (int i = 0; i < n; i++) {
			token[T + i] = w[i] & 4095, target[T + i] = w[i + 1] & 4095, weight[T + i] = class_weight[w[i + 1] >> 12],
			          position[T + i] = i;
		}
		segments[n_segment++] = (struct segment){ T, n };
		T += n;
		d->offset += d->length[d->next++];
	}
	for (struct segment *s = &segments[n_segment ? n_segment - 1 : 0]; T % 4 && n_segment; T++) {
		token[T] = PAD_TOKEN, target[T] = PAD_TOKEN, weight[T] = 0, position[T] = least(s->length++, MAX_CONTEXT - 1);
	}
	return T > 0;
}

static double held_out(const char *path, double *user)
{
	struct documents d = { .path = path };
	if (!path || !documents_read(&d)) return 0;
	double loss = 0, total = 0, all = 0, all_total = 0;
	while (documents_fill(&d, MICRO, false)) {
		model_forward();
		model_logits(false, 0, &all, &all_total);
		for (int t = 0; t < T; t++) weight[t] = weight[t] >= 1 ? 1 : 0;
		model_logits(false, 0, &loss, &total);
	}
	free(d.length), free(d.tokens);
	*user = all / all_total;
	return loss / total;
}

// ---- checkpoints: "HCKP", version, the shape, counters, then parameters and both moments

struct counters {
	int64_t step, tokens, next, offset;
};

static bool checkpoint_io(const char *path, bool write, struct counters *c)
{
	int32_t shape[10] = { 0x504b4348, 1, N_VOCAB, DIM, N_LAYER, N_HEAD, N_KV, HEAD, FF, N_TENSOR }, seen[10];
	char other[4096];
	snprintf(other, sizeof other, "%s.tmp", path);
	FILE *f = fopen(write ? other : path, write ? "wb" : "rb");
	if (!f) return false;
	bool ok;
	float *parts[3] = { param, mom1, mom2 };
	if (write) {
		ok = fwrite(shape, sizeof shape, 1, f) == 1 && fwrite(c, sizeof *c, 1, f) == 1;
		for (int i = 0; i < 3; i++) ok = ok && fwrite(parts[i], 4, n_param, f) == n_param;
	} else {
		ok = fread(seen, sizeof seen, 1, f) == 1 && !memcmp(seen, shape, sizeof shape) && fread(c, sizeof *c, 1, f) == 1;
		for (int i = 0; i < 3; i++) ok = ok && fread(parts[i], 4, n_param, f) == n_param;
	}
	ok = fclose(f) == 0 && ok;
	return ok && (!write || rename(other, path) == 0);
}

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	stopped = number;
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Compares the gradient of each tensor with the difference of two losses along it; bf16 products leave a few per cent.
static int check_gradient(struct documents *d)
{
	for (size_t i = 0; i < n_param; i++) param[i] += 0.02f * model_normal();
	model_pack_weights();
	documents_fill(d, 600, true);
	double loss = 0, total = 0;
	model_forward();
	model_logits(true, 1.0f, &loss, &total);
	model_back();
	printf("loss %.4f over %d rows, %d documents\n", loss / total, T, n_segment);
	float *old = model_zeros(n_param);
	memcpy(old, param, n_param * 4);
	for (int i = 0; i < N_TENSOR; i++) {
		if (i < EMBEDDING && i / PER_LAYER != 0 && i / PER_LAYER != N_LAYER - 1) continue;
		size_t n = (size_t)tensors[i].rows * (size_t)tensors[i].cols;
		double g2 = 0, side[2];
		for (size_t k = 0; k < n; k++) g2 += (double)grad[tensors[i].at + k] * (double)grad[tensors[i].at + k];
		double eps = 0.01 * total / g2;
		for (int s = 0; s < 2; s++) {
			for (size_t k = 0; k < n; k++)
				param[tensors[i].at + k] =
				        old[tensors[i].at + k] + (float)((s ? -eps : eps) * (double)grad[tensors[i].at + k]);
			model_pack_weights();
			double l = 0, w = 0;
			model_forward();
			model_logits(false, 0, &l, &w);
			side[s] = l;
		}
		memcpy(param, old, n_param * 4);
		printf("%-12s %2d  measured/computed %.4f\n", tensors[i].name, i / PER_LAYER, (side[0] - side[1]) / (2 * eps * g2));
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct documents main_docs = { 0 }, final_docs = { 0 };
	const char *checkpoint = NULL, *held = NULL;
	double decay = 0, end = 0, rate_muon = 0.012, rate_adam = 0.003;
	int batch = 4096;
	bool resume = false, check = false;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--resume")) {
			resume = true;
			continue;
		}
		if (!strcmp(argv[i], "--check")) {
			check = true;
			continue;
		}
		if (i + 1 == argc) {
			fprintf(stderr, "train: %s needs a value\n", argv[i]);
			return 2;
		}
		const char *name = argv[i], *value = argv[++i];
		if (!strcmp(name, "--data"))
			main_docs.path = value;
		else if (!strcmp(name, "--final"))
			final_docs.path = value;
		else if (!strcmp(name, "--held"))
			held = value;
		else if (!strcmp(name, "--checkpoint"))
			checkpoint = value;
		else if (!strcmp(name, "--decay"))
			decay = strtod(value, NULL);
		else if (!strcmp(name, "--end"))
			end = strtod(value, NULL);
		else if (!strcmp(name, "--muon"))
			rate_muon = strtod(value, NULL);
		else if (!strcmp(name, "--adam"))
			rate_adam = strtod(value, NULL);
		else if (!strcmp(name, "--batch"))
			batch = (int)strtol(value, NULL, 10);
		else {
			fprintf(stderr, "train: unknown option %s\n", name);
			return 2;
		}
	}
	model_lay_out();
	model_allocate();
	model_initialize();
	if (!main_docs.path || !documents_read(&main_docs)) {
		fprintf(stderr, "train: no documents\n");
		return 1;
	}
	if (check) return check_gradient(&main_docs);
	struct counters c = { 0 };
	if (resume) {
		if (!checkpoint_io(checkpoint, false, &c)) {
			fprintf(stderr, "train: cannot read %s\n", checkpoint);
			return 1;
		}
		if (c.next < main_docs.n) main_docs.next = (uint32_t)c.next, main_docs.offset = (size_t)c.offset;
	}
	model_pack_weights();
	signal(SIGTERM, stop);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%zu parameters, step %ld, %ld tokens\n", n_param, (long)c.step, (long)c.tokens);
	double saved = now(CLOCK_REALTIME), told = saved, tested = saved, sum = 0, count = 0, cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	long told_tokens = c.tokens;
	struct documents *d = &main_docs;
	for (;;) {
		double t = now(CLOCK_REALTIME);
		bool last = t >= end || stopped;
		if (last || t - saved > 600) {
			c.next = main_docs.next, c.offset = (int64_t)main_docs.offset;
			if (!checkpoint_io(checkpoint, true, &c)) fprintf(stderr, "train: cannot write %s\n", checkpoint);
			saved = t;
		}
		if (last || t - tested > 300) {
			double all = 0, answer = held_out(held, &all);
			printf("held out: answers %.4f all %.4f at %ld tokens\n", answer, all, (long)c.tokens);
			tested = now(CLOCK_REALTIME);
		}
		if (last) return 0;
		struct stat info;
		if (d == &main_docs && !stat(d->path, &info) && info.st_mtime != d->changed)
			printf("new documents: %d\n", documents_read(d));
		if (d == &main_docs && t > decay && final_docs.path && documents_read(&final_docs)) d = &final_docs;
		double f = t > decay ? (end - t) / (end - decay) : 1;
		f *= fmin(1, (double)(c.step + 1) / 60); // warm-up; a resumed run has its moments already
		memset(grad, 0, n_param * 4);
		int rows = 0;
		while (rows < batch) {
			documents_fill(d, least(MICRO, up(batch - rows, 4)), true);
			model_forward();
			model_logits(true, 1.0f / (float)batch, &sum, &count);
			model_back();
			rows += T;
		}
		c.step++;
		c.tokens += rows;
		learn((float)(rate_muon * f), (float)(rate_adam * f), 0.05f, c.step);
		if (c.step % 20 == 0) {
			double t1 = now(CLOCK_REALTIME), c1 = now(CLOCK_PROCESS_CPUTIME_ID), n = (double)(c.tokens - told_tokens);
			printf("step %ld tokens %.3fM loss %.4f rate %.3f  %.0f tokens/s, %.0f a processor second\n", (long)c.step,
			       (double)c.tokens / 1e6, sum / count, f, n / (t1 - told), n / (c1 - cpu));
			told = t1, cpu = c1, told_tokens = c.tokens, sum = count = 0;
		}
	}
}
