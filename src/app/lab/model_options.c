/* model_options: parsing and opening (see model_options.h). */
#include "app/lab/model_options.h"

#include "app/lab/lab.h"
#include "base/machine.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool lab_number(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	if (*text < '0' || *text > '9') return false;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno || *end || v < least || v > most) return false;
	*value = v;
	return true;
}

bool lab_real(const char *text, double least, double most, double *value)
{
	char *end;
	errno = 0;
	double v = strtod(text, &end);
	if (errno || end == text || *end || !(v >= least && v <= most)) return false;
	*value = v;
	return true;
}

static int take_number(const char *option, const char *text, uint64_t most, uint32_t *value)
{
	uint64_t number;
	if (!text) return lab_misuse("%s needs a number", option);
	if (!lab_number(text, 1, most, &number))
		return lab_misuse("%s: '%s' is not a number from 1 to %llu", option, text, (unsigned long long)most);
	*value = (uint32_t)number;
	return LAB_DONE;
}

/* FILE or FILE=SCALE; a name may have a '=' of its own. */
static int take_adapter(struct model_arguments *a, const char *option, const char *text)
{
	double scale = 1;
	if (!text || !*text) return lab_misuse("%s needs FILE or FILE=SCALE", option);
	if (a->n_adapters == LAB_MOST_ADAPTERS) return lab_misuse("%s: at most %d adapters", option, LAB_MOST_ADAPTERS);
	const char *equals = strrchr(text, '=');
	if (!equals || !lab_real(equals + 1, -1e6, 1e6, &scale)) equals = text + strlen(text);
	a->adapters[a->n_adapters++] = (struct lab_adapter){ text, (size_t)(equals - text), (float)scale };
	return LAB_DONE;
}

int model_option(struct model_arguments *a, int argc, char **argv, int *i, bool *taken)
{
	const char *option = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : NULL;
	*taken = true;
	if (strcmp(option, "--exact") == 0) {
		a->exact = true;
		return LAB_DONE;
	}
	if (strcmp(option, "--lora") == 0 || strcmp(option, "--control-vector") == 0) {
		++*i;
		return take_adapter(a, option, value);
	}
	if (strcmp(option, "--engine") == 0) {
		a->engine = true;
		return LAB_DONE;
	}
	if (strcmp(option, "--threads") == 0) {
		++*i;
		a->threads = threads_low();
		return value && strcmp(value, "auto-low") == 0 ? LAB_DONE : take_number(option, value, 1024, &a->threads);
	}
	if (strcmp(option, "--context") == 0) {
		++*i;
		return take_number(option, value, 1u << 28, &a->context);
	}
	if (strcmp(option, "--kv") == 0) {
		++*i;
		if (value && kv_type_named(value, &a->kv)) {
			a->kv_given = true;
			return LAB_DONE;
		}
		return lab_misuse("--kv takes f32, f16, q8_0 or q4_0");
	}
	if (option[0] != '-' && !a->path) {
		a->path = option;
		return LAB_DONE;
	}
	*taken = false;
	return LAB_DONE;
}

struct hearth_options lab_engine_options(const struct model_arguments *a, uint32_t context)
{
	static const uint32_t kv[] = {
		[KV_F16] = HEARTH_KV_F16, [KV_F32] = HEARTH_KV_F32, [KV_Q8_0] = HEARTH_KV_Q8_0, [KV_Q4_0] = HEARTH_KV_Q4_0
	};
	return (struct hearth_options){ .size = sizeof(struct hearth_options),
		                        .model = a->path,
		                        .threads = a->threads,
		                        .context = a->context ? a->context : context,
		                        .kv = kv[lab_kv(a)],
		                        .exact = a->exact };
}

enum kv_type lab_kv(const struct model_arguments *a)
{
	return a->exact ? KV_F32 : a->kv_given ? a->kv : KV_F16;
}

/* Opens the adapters and control vectors into m->adapter_files. */
static bool open_adapters(struct lab_model *m, const struct model_arguments *a, struct model_adapter *list, struct error *e)
{
	for (uint32_t i = 0; i < a->n_adapters; i++) {
		char *path = memory_copy_text(a->adapters[i].text, a->adapters[i].path);
		if (!path) return error_memory(e);
		m->adapter_files[i] = gguf_open(path, e);
		memory_free(path);
		if (!m->adapter_files[i]) return false;
		list[i] = (struct model_adapter){ m->adapter_files[i], a->adapters[i].scale };
	}
	return true;
}

bool lab_model_open(struct lab_model *m, const struct model_arguments *a, uint32_t context, uint32_t max_rows, struct error *e)
{
	*m = (struct lab_model){ 0 };
	struct model_adapter adapters[LAB_MOST_ADAPTERS];
	struct model_options o = { .adapters = adapters,
		                   .n_adapters = a->n_adapters,
		                   .context = a->context ? a->context : context,
		                   .kv = lab_kv(a),
		                   .exact = a->exact,
		                   .max_rows = max_rows,
		                   .free_memory = machine_free_memory() };
	m->file = gguf_open(a->path, e);
	if (m->file) m->threads = threads_new(a->threads ? a->threads : threads_available(), e);
	if (m->threads && open_adapters(m, a, adapters, e)) m->model = model_open(m->file, &o, m->threads, e);
	if (m->model) return true;
	lab_model_close(m);
	return false;
}

void lab_model_close(struct lab_model *m)
{
	model_close(m->model);
	threads_free(m->threads);
	gguf_close(m->file);
	for (size_t i = 0; i < LAB_MOST_ADAPTERS; i++) gguf_close(m->adapter_files[i]);
	*m = (struct lab_model){ 0 };
}
