/* importance: reading (see importance.h). */
#include "app/lab/importance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct gguf *importance_open(const char *path, struct error *e)
{
	struct gguf *g = gguf_open(path, e);
	if (!g) return NULL;
	struct gguf_text kind = { "", 0 };
	bool ok = gguf_get_text(g, "general.type", &kind, e);
	if (ok && (kind.length != 7 || memcmp(kind.data, "imatrix", 7) != 0))
		ok = error_set(e, "%s: no importance matrix: general.type is not 'imatrix'; hearth-lab imatrix writes one", path);
	if (ok) return g;
	gguf_close(g);
	return NULL;
}

static const struct gguf_tensor *find(const struct gguf *file, const char *name, const char *ending)
{
	char full[GGUF_MAX_NAME + 1];
	int length = snprintf(full, sizeof full, "%s%s", name, ending);
	return length > 0 && (size_t)length < sizeof full ? gguf_tensor(file, full) : NULL;
}

bool importance_read(const struct gguf *file, const struct gguf_tensor *t, uint64_t index, float *out, bool *found, struct error *e)
{
	const struct gguf_tensor *sums = find(file, t->name, ".in_sum2"), *counts = find(file, t->name, ".counts");
	uint64_t cols = t->dims[0], n = t->dims[2] * t->dims[3];
	*found = false;
	if (!sums && !counts) return true;
	if (!sums || !counts || sums->type->id != TYPE_F32 || counts->type->id != TYPE_F32)
		return error_set(e, "%s: tensor '%s': .in_sum2 and .counts in F32 are needed", gguf_name(file), t->name);
	if (sums->dims[0] != cols || sums->size != cols * n * sizeof(float) || counts->size != n * sizeof(float))
		return error_set(e, "%s: tensor '%s': the importance of another shape; was it made for another model?",
		                 gguf_name(file), t->name);
	float count;
	memcpy(&count, counts->data + index * sizeof count, sizeof count);
	memcpy(out, sums->data + index * cols * sizeof *out, cols * sizeof *out);
	for (uint64_t i = 0; i < cols; i++) {
		/* an expert that no text reached: all inputs are alike */
		out[i] = count > 0 ? out[i] / count : 1;
		if (!isfinite(out[i]) || out[i] < 0)
			return error_set(e, "%s: tensor '%s': value %llu is no importance", gguf_name(file), t->name,
			                 (unsigned long long)i);
	}
	*found = true;
	return true;
}
