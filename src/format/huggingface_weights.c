/* huggingface: the weight files, and their tensors under GGUF's names. */
#include "base/float16.h"
#include "base/memory.h"
#include "format/huggingface_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What of a layer or of the model a tensor is; both names without ".weight". */
struct place {
	const char *theirs, *ours;
};

static const struct place outside[] = {
	{ "embed_tokens", "token_embd" }, { "norm", "output_norm" }, { "final_layernorm", "output_norm" }, { "lm_head", "output" }
};

static const struct place inside[] = {
	{ "input_layernorm", "attn_norm" },
	{ "self_attn.q_proj", "attn_q" },
	{ "self_attn.k_proj", "attn_k" },
	{ "self_attn.v_proj", "attn_v" },
	{ "self_attn.qkv_proj", "attn_qkv" },
	{ "self_attn.o_proj", "attn_output" },
	{ "self_attn.dense", "attn_output" },
	{ "self_attn.q_norm", "attn_q_norm" },
	{ "self_attn.k_norm", "attn_k_norm" },
	{ "mlp.gate_proj", "ffn_gate" },
	{ "mlp.up_proj", "ffn_up" },
	{ "mlp.gate_up_proj", "ffn_up" },
	{ "mlp.down_proj", "ffn_down" },
	{ "mlp.fc1", "ffn_up" },
	{ "mlp.fc2", "ffn_down" },
	{ "pre_feedforward_layernorm", "ffn_norm" },
	{ "post_feedforward_layernorm", "post_ffw_norm" },
	{ "post_attention_layernorm", "ffn_norm" },
};

static const char *without(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(name, prefix, n) == 0 ? name + n : name;
}

static const char *find(const struct place *places, size_t n, const char *name, size_t length)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(places[i].theirs) == length && memcmp(places[i].theirs, name, length) == 0) return places[i].ours;
	}
	return NULL;
}

/* GGUF's name into `out`; false when the tensor is none of a text model's. */
static bool rename_tensor(const struct hf_folder *f, const char *name, char *out, size_t room)
{
	name = without(without(without(without(name, "language_model."), "model."), "language_model."), "model.");
	const char *end = strrchr(name, '.'), *ours;
	if (!end || (strcmp(end, ".weight") != 0 && strcmp(end, ".bias") != 0)) return false;
	if (strncmp(name, "layers.", 7) != 0) {
		ours = find(outside, sizeof outside / sizeof outside[0], name, (size_t)(end - name));
		return ours && snprintf(out, room, "%s%s", ours, end) < (int)room;
	}
	char *behind;
	if (!isdigit((unsigned char)name[7])) return false;
	unsigned long layer = strtoul(name + 7, &behind, 10);
	if (*behind != '.' || layer >= 1024 || behind >= end) return false;
	const char *part = behind + 1;
	ours = find(inside, sizeof inside / sizeof inside[0], part, (size_t)(end - part));
	if (ours && f->family->post_norms && strncmp(part, "post_attention_layernorm", 24) == 0) ours = "post_attention_norm";
	return ours && snprintf(out, room, "blk.%lu.%s%s", layer, ours, end) < (int)room;
}

/* Parts of the folder that text needs nothing of. */
static bool is_ignored(const char *name)
{
	static const char *const parts[] = { "rotary_emb.", "vision_tower.", "multi_modal_projector.", "vision_model." };
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strstr(name, parts[i])) return true;
	}
	return false;
}

static float float_load(const struct tensor_type *type, const uint8_t *p)
{
	float v;
	if (type->id == TYPE_F16) return half_load(p);
	if (type->id == TYPE_BF16) return bfloat_load(p);
	memcpy(&v, p, sizeof v);
	return v;
}

/* A vector as F32, with 1 added to a norm that is stored without it. */
static bool put_vector(struct hf_folder *f, const char *name, const struct safetensor *t)
{
	size_t n = (size_t)t->dims[0];
	float *values = arena_alloc(f->arena, n, sizeof *values),
	      add = f->family->norm_plus_one && strstr(name, "norm.weight") ? 1 : 0;
	if (!values) return error_memory(f->e);
	for (size_t i = 0; i < n; i++) {
		values[i] = float_load(t->type, t->data + i * t->type->bytes);
		values[i] += add;
	}
	return hf_put_tensor(f, name, TYPE_F32, 1, t->dims, values, n * sizeof *values);
}

/* Heads whose halves turn with each other, as heads whose neighbours do: row 2i + j of a head is what was row i of half j. */
static bool reorder(struct hf_folder *f, const char *key, const struct safetensor *t, uint64_t rows, const uint8_t **data)
{
	uint32_t heads = 0, of_keys;
	if (!hf_count(f, "num_attention_heads", 1, 1024, &heads)) return false;
	of_keys = heads;
	if (!hf_count(f, "num_key_value_heads", 1, 1024, &of_keys)) return false;
	if (strcmp(key, "attn_k") == 0) heads = of_keys;
	if (rows % (2 * (uint64_t)heads) != 0)
		return error_set(f->e, "%s: tensor '%s': %llu rows for %u heads", f->path, t->name, (unsigned long long)rows,
		                 heads);
	size_t row = t->size / (size_t)rows, half = (size_t)rows / heads / 2;
	uint8_t *out = arena_alloc(f->arena, t->size, 1);
	if (!out) return error_memory(f->e);
	for (size_t h = 0; h < heads; h++) {
		for (size_t i = 0; i < 2 * half; i++)
			memcpy(out + (2 * h * half + i) * row, t->data + (2 * h * half + i % 2 * half + i / 2) * row, row);
	}
	*data = out;
	return true;
}

static bool put_weight(struct hf_folder *f, const char *name, const struct safetensor *t)
{
	struct safetensor s = *t;
	if (!t->type)
		return error_set(f->e,
		                 "%s: tensor '%s': type %s is not read (F32, F16 and BF16 are); get the model in one of these",
		                 f->path, t->name, t->type_name);
	for (int k = 0; k < 2 && f->family->turned_pairs; k++) {
		const char *key = k ? "attn_k" : "attn_q", *at = strrchr(name, '.');
		size_t length = (size_t)(at - name);
		if (length > 6 && memcmp(at - 6, key, 6) == 0 &&
		    !reorder(f, key, t, t->n_dims > 1 ? t->dims[1] : t->dims[0], &s.data))
			return false;
	}
	if (t->n_dims == 1) return put_vector(f, name, &s);
	if (strcmp(name, "token_embd.weight") == 0) f->n_vocab = t->dims[1];
	return hf_put_tensor(f, name, t->type->id, t->n_dims, t->dims, s.data, t->size);
}

static bool put_file(struct hf_folder *f, const struct file_map *map)
{
	struct safetensors s;
	char name[GGUF_MAX_NAME + 1];
	bool tied = json_is_true(json_object_get(f->config, "tie_word_embeddings"));
	if (!safetensors_read(&s, map, f->arena, f->e)) return false;
	for (size_t i = 0; i < s.n; i++) {
		const struct safetensor *t = &s.tensors[i];
		if (is_ignored(t->name)) continue;
		if (!rename_tensor(f, t->name, name, sizeof name))
			return error_set(
			        f->e,
			        "%s: tensor '%s' has no place in a %s model; this is no plain one (adapters and quantized folders "
			        "are not read)",
			        map->name, t->name, f->family->model_type);
		if (tied && strcmp(name, "output.weight") == 0) continue;
		if (!put_weight(f, name, t)) return false;
	}
	return true;
}

static bool add_file(struct hf_folder *f, const char *name)
{
	char path[4096];
	/* one place is kept for the header */
	if (f->n_maps + 1 >= GGUF_MAX_PARTS) return error_set(f->e, "%s: more than %d weight files", f->path, GGUF_MAX_PARTS - 1);
	if (!hf_path(f, name, path, sizeof path) || !f->files->map(f->files, path, &f->maps[f->n_maps], f->e)) return false;
	f->n_maps++;
	return put_file(f, &f->maps[f->n_maps - 1]);
}

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) return true;
	}
	return false;
}

/* The files that the index names, in the order in which it does. */
static bool add_indexed(struct hf_folder *f, const json_t *index)
{
	const json_t *map = json_object_get(index, "weight_map");
	const char **names = memory_new(GGUF_MAX_PARTS, sizeof *names), *tensor;
	size_t n = 0;
	bool ok = names || error_memory(f->e);
	json_t *value;
	if (ok && json_object_size(map) == 0) ok = error_set(f->e, "%s: the index of weight files names none", f->path);
	if (ok) {
		json_object_foreach((json_t *)(uintptr_t)map, tensor, value)
		{
			const char *name = json_string_value(value);
			if (!name || !*name || strchr(name, '/') || name[0] == '.') {
				ok = error_set(f->e, "%s: the index names a weight file that does not lie in the folder", f->path);
				break;
			}
			if (is_listed(names, n, name)) continue;
			if (n == GGUF_MAX_PARTS - 1) {
				ok = error_set(f->e, "%s: the index names more than %d weight files", f->path, GGUF_MAX_PARTS - 1);
				break;
			}
			names[n++] = name;
		}
	}
	for (size_t i = 0; ok && i < n; i++) ok = add_file(f, names[i]);
	memory_free(names);
	return ok;
}

bool hf_read_weights(struct hf_folder *f)
{
	json_t *index;
	if (!hf_json(f, "model.safetensors.index.json", false, &index)) return false;
	bool ok = index ? add_indexed(f, index) : add_file(f, "model.safetensors");
	json_decref(index);
	if (ok && f->n_vocab == 0) ok = error_set(f->e, "%s: there is no tensor 'model.embed_tokens.weight'", f->path);
	return ok;
}
