/* work: what a token costs by the plan: bytes that an answer must read, multiplications of a prompt (see model.h). */
#include "base/clock.h"
#include "model/model_internal.h"

/* Samples of the file: how many, how large, for how long together, and what is too fast for a disk. A guess at memory. */
enum { SAMPLES = 48, SAMPLE_BYTES = 1 << 20, PAGE = 4096 };
static const double most_seconds = 2, cached_seconds = 1e-4, memory_bytes_per_second = 1e10;

static void add_matrix(struct model_work *w, const struct matrix *m, double times)
{
	w->answer_bytes += (double)m->rows * (double)m->row_bytes * times;
	w->prompt_products += (double)m->rows * (double)m->cols * times;
}

/* Keys and values of the positions that a row behind `depth` others sees. */
static double kv_bytes(const struct model *m, uint32_t depth)
{
	double bytes = 0;
	for (uint32_t i = 0; i < m->config.n_layer; i++) {
		const struct config_layer *n = &m->config.layer[i];
		uint32_t seen = n->window && depth > n->window ? n->window : depth;
		if (n->n_head_kv > 0) bytes += (double)kv_layer_bytes(&m->pages.kv[i]) / KV_PAGE * seen;
	}
	return bytes;
}

struct model_work model_work(const struct model *m, uint32_t depth)
{
	struct model_work w = { .answer_bytes = kv_bytes(m, depth) };
	for (size_t i = 0; i < m->plan.n_steps; i++) {
		const struct step *s = &m->plan.steps[i];
		bool experts = s->kind == STEP_EXPERTS_UP || s->kind == STEP_EXPERTS_DOWN;
		for (uint32_t p = 0; p < s->n_products; p++)
			add_matrix(&w, s->product[p].weights, experts ? m->config.experts.n_used : 1);
	}
	w.answer_bytes += (double)m->weights.output.weights.rows * (double)m->weights.output.weights.row_bytes;
	return w;
}

/* Touches a sample that begins at `at` of all maps together; the seconds that it took. */
static double read_sample(const struct file_map *maps, size_t count, size_t at)
{
	double start = clock_seconds();
	volatile uint8_t seen = 0;
	for (size_t i = 0; i < count; i++) {
		if (at >= maps[i].size) {
			at -= maps[i].size;
			continue;
		}
		for (size_t k = at; k < maps[i].size && k < at + SAMPLE_BYTES; k += PAGE) seen ^= maps[i].data[k];
		break;
	}
	(void)seen;
	return clock_seconds() - start;
}

/* Seconds that the disk takes for a byte, from samples all over the file; those that memory has already say nothing. */
static double disk_seconds(const struct gguf *file)
{
	size_t count, all = 0;
	const struct file_map *maps = gguf_maps(file, &count);
	double seconds = 0, bytes = 0, begun = clock_seconds();
	for (size_t i = 0; i < count; i++) all += maps[i].size;
	for (size_t i = 0; i < SAMPLES && clock_seconds() - begun < most_seconds; i++) {
		/* in an order that reading ahead does not foresee */
		double one = read_sample(maps, count, all / SAMPLES * (i * 29 % SAMPLES));
		if (one < cached_seconds) continue;
		seconds += one;
		bytes += SAMPLE_BYTES;
	}
	return bytes > 0 ? seconds / bytes : 1 / memory_bytes_per_second;
}

double model_seconds_from_disk(const struct model *m, size_t free_memory)
{
	double weights = (double)m->weights.bytes, room = (double)free_memory - (double)m->scratch_bytes;
	if (free_memory == 0 || weights <= room) return 0;
	double missing = room > 0 ? 1 - room / weights : 1, bytes = model_work(m, 0).answer_bytes;
	return bytes * (missing * disk_seconds(m->file) + 1 / memory_bytes_per_second);
}
