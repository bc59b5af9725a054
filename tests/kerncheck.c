/*
 * kerncheck: compares every entry of every level that this CPU has with portable C, over a grid of shapes.
 *
 *     kerncheck            checks; prints a line for every entry that differs, and a TAP line for each level; status 1 when any did
 *     kerncheck --speed    times the entries of every level on one thread, after the memory's own read bandwidth
 *     kerncheck ... LEVEL  that level alone
 *     kerncheck --speed LEVEL PART   one part of it: roof, formats, matmul, attention, ops
 */
#include "kernspeed.h"
#include "nn/bytes.h"
#include "nn/float16.h"
#include "nn/kernel_types.h"
#include "nn/kernels.h"
#include "nn/kv_page.h"
#include "nn/matmul.h"
#include "nn/tiles_emulated.h"
#include "nn/weights.h"

#include <stdarg.h>
#include <stdio.h>

/* The AMX kernel under a name that does not meet the library's. */
void bf16_fill_emulated(struct kernels *k);
#define bf16_fill_amx bf16_fill_emulated
#include "nn/bf16_amx.c"
#undef bf16_fill_amx

/* The kernels of AVX-VNNI in AVX-512's encoding (see the Makefile). */
#if defined(__x86_64__)
void kernels_fill_evex(struct kernels *k);
#endif

enum { MOST_ROWS = 96, MOST_COLS = 1100, MOST_OUTPUTS = 70 };

static const struct kernels *plain, *level;
static size_t failures, checks;
static uint64_t seed = 4711;

static void differ(const char *format, ...) ERROR_FORMAT(1, 2);
static void differ(const char *format, ...)
{
	va_list args;
	printf("%s: ", level->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures++;
}

/* The first of n values that is further from the plain one than `relative` of what size[i] says (or of the value itself); n: none.
 */
static size_t first_far(const float *a, const float *b, const float *size, size_t n, float relative)
{
	checks++;
	for (size_t i = 0; i < n; i++) {
		float allowed = relative * (size ? size[i] : fabsf(b[i]));
		if (a[i] != b[i] && !(fabsf(a[i] - b[i]) <= allowed) && !(a[i] != a[i] && b[i] != b[i])) return i;
	}
	return n;
}

static void check_unpack(const struct format *f)
{
	static uint8_t packed[40 * 292 + 1];
	static float a[40 * 256 + 1], b[40 * 256 + 1];
	for (size_t n = 1; n <= 40; n += n < 10 ? 1 : 10) {
		size_t weights = n * f->type->weights;
		random_blocks(&seed, f, packed + 1, n);
		a[weights] = b[weights] = 123;
		level->unpack[f->index](packed + 1, n, a);
		plain->unpack[f->index](packed + 1, n, b);
		if (first_far(a, b, NULL, weights + 1, 0) <= weights) differ("unpack %s of %zu blocks", f->type->name, n);
	}
}

/* Whether the kernel for many rows has the bits of the one for few, at `few`, added to something and not, and writes nothing else.
 * The rows are taken again for as many as there may be. */
static void check_many(const struct format *f, const uint8_t *packed, size_t row_bytes, size_t n, size_t cols,
                       const struct kernel_row *few_rows, size_t n_few, const float *few)
{
	static _Alignas(64) uint8_t scratch[DOT_MANY_BYTES];
	static float out[DOT_MANY_ROWS * 40];
	struct kernel_row rows[DOT_MANY_ROWS];
	if (!level->dot_many[f->index]) return;
	for (size_t n_rows = n_few; n_rows <= DOT_MANY_ROWS; n_rows += 7) {
		for (size_t r = 0; r < n_rows; r++) rows[r] = few_rows[r % n_few];
		for (size_t i = 0; i < DOT_MANY_ROWS * 40; i++) out[i] = (float)i;
		bool add = n_rows % 2;
		level->dot_many[f->index](f, packed, row_bytes, n, cols, rows, n_rows, out, 40, add, scratch);
		checks++;
		for (size_t i = 0; i < DOT_MANY_ROWS * 40; i++) {
			size_t r = i / 40, o = i % 40;
			float value = r < n_rows && o < n ? few[r % n_few * 40 + o] + (add ? (float)i : 0) : (float)i;
			if (memcmp(&value, &out[i], sizeof value) == 0 || (value != value && out[i] != out[i])) continue;
			differ("dot_many %s, %zu x %zu, row %zu of %zu, output %zu: %g for %g", f->type->name, n, cols, r, n_rows,
			       o, (double)out[i], (double)value);
			break;
		}
	}
}

static void check_dot(const struct format *f)
{
	static const size_t outputs[] = { 1, 2, 3, 4, 5, 8, 33 };
	static const size_t blocks_256[] = { 1, 2, 3, 5 }, blocks_32[] = { 1, 2, 3, 7, 8, 33 },
	                    lengths_1[] = { 1, 7, 8, 33, 100, 512 };
	const size_t *lengths = f->type->weights >= 64 ? blocks_256 : f->type->weights == 32 ? blocks_32 : lengths_1;
	size_t n_lengths = f->type->weights >= 64 ? 4 : 6;
	static uint8_t packed[33 * 2048 * 4 + 1];
	static float x[9][1536], size[9 * 40], a[9 * 40], b[9 * 40], row[1536], scales[9][48];
	static int8_t q[9][1536], turned[9][1536];
	static int16_t sums[9][96];
	static float totals[9][48];
	for (size_t l = 0; l < n_lengths; l++) {
		size_t cols = lengths[l] * f->type->weights, row_bytes = lengths[l] * f->type->bytes;
		struct kernel_row rows[9];
		for (size_t r = 0; r < 9; r++) {
			random_floats(&seed, x[r], cols);
			plain->quantize(x[r], cols / 32 * 32, q[r], scales[r], sums[r]);
			activations_turn(q[r], scales[r], sums[r], cols / 256 * 256, turned[r], totals[r]);
			rows[r] = (struct kernel_row){ x[r], q[r], scales[r], sums[r], turned[r], totals[r] };
		}
		for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++) {
			size_t n = outputs[k];
			random_blocks(&seed, f, packed + 1, n * lengths[l]);
			plain->dot[f->index](f, packed + 1, row_bytes, n, cols, rows, 9, b, 40);
			for (size_t o = 0; o < n; o++) {
				f->unpack(packed + 1 + o * row_bytes, lengths[l], row);
				for (size_t r = 0; r < 9; r++) {
					size[r * 40 + o] =
					        sqrtf(plain->dot_float(row, row, cols) * plain->dot_float(x[r], x[r], cols));
				}
			}
			for (size_t n_rows = 1; n_rows <= 9; n_rows++) {
				level->dot[f->index](f, packed + 1, row_bytes, n, cols, rows, n_rows, a, 40);
				for (size_t r = 0; r < n_rows; r++) {
					size_t o = first_far(a + r * 40, b + r * 40, size + r * 40, n, 3e-6f);
					if (o < n)
						differ("dot %s, %zu x %zu, row %zu of %zu, output %zu: %g for %g", f->type->name, n,
						       cols, r, n_rows, o, (double)a[r * 40 + o], (double)b[r * 40 + o]);
				}
				check_many(f, packed + 1, row_bytes, n, cols, rows, n_rows, a);
			}
		}
	}
}

static void check_quantize(void)
{
	static float x[32 * 9], sa[9], sb[9];
	static int8_t a[32 * 9], b[32 * 9];
	static int16_t ta[18], tb[18];
	for (size_t n = 32; n <= 288; n += 32) {
		random_floats(&seed, x, n);
		memset(x, 0, n == 64 ? 128 : 0);
		x[n - 1] = n == 96 ? INFINITY : x[n - 1];
		level->quantize(x, n, a, sa, ta);
		plain->quantize(x, n, b, sb, tb);
		checks++;
		if (memcmp(a, b, n) || memcmp(sa, sb, n / 8) || memcmp(ta, tb, n / 8)) differ("quantize %zu", n);
	}
}

static void check_products(void)
{
	static const size_t counts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, MOST_ROWS },
	                    outs[] = { 1, 2, 3, 4, 5, 7, 8, 9, 64, MOST_OUTPUTS };
	static const size_t lengths[] = { 1, 3, 8, 15, 16, 17, 100, 512, MOST_COLS };
	static float tile[MOST_OUTPUTS * (MOST_COLS + 5)], x[MOST_ROWS][MOST_COLS], a[MOST_ROWS * 71], b[MOST_ROWS * 71],
	        size[MOST_OUTPUTS];
	const float *rows[MOST_ROWS];
	random_floats(&seed, tile, MOST_OUTPUTS * (MOST_COLS + 5));
	random_floats(&seed, x[0], MOST_ROWS * MOST_COLS);
	for (size_t r = 0; r < MOST_ROWS; r++) rows[r] = x[r];
	for (size_t l = 0; l < 9; l++) {
		for (size_t o = 0; o < MOST_OUTPUTS; o++) size[o] = 2.0f * (float)lengths[l];
		for (size_t i = 0; i < 10; i++) {
			for (size_t j = 0; j < 10; j++) {
				bool add = (i + j) % 2;
				for (size_t k = 0; k < MOST_ROWS * 71; k++) a[k] = b[k] = 1;
				level->products(tile, lengths[l] + 5, outs[j], rows, counts[i], lengths[l], a, 71, add);
				plain->products(tile, lengths[l] + 5, outs[j], rows, counts[i], lengths[l], b, 71, add);
				for (size_t r = 0; r < counts[i]; r++) {
					if (first_far(a + r * 71, b + r * 71, size, outs[j], 2e-6f) < outs[j])
						differ("products %zu x %zu x %zu, row %zu", counts[i], outs[j], lengths[l], r);
					if (a[r * 71 + outs[j]] != 1)
						differ("products %zu x %zu writes behind", counts[i], outs[j]);
				}
			}
		}
	}
}

/* The definition of the form in bfloat16; that in whole numbers is portable C's. */
static void round_bf16(const float *x, size_t n, uint16_t *out, float *scale)
{
	for (size_t i = 0; i < n; i++) out[i] = bfloat_from_float(x[i]);
	*scale = 1;
}

enum { OUTS_16 = 70, ROWS_16 = 96, WIDTH_16 = 80 };

/* The form that is checked, and what defines it. */
static bool form_bf16;
static const struct form_16 *form, *definition;

static float value_16(uint16_t v, float scale)
{
	return form_bf16 ? bfloat_load((const uint8_t *)&v) : (float)(int16_t)v * scale;
}

/* n activations of every row in 16 bits, and back as floats: by portable C, but for a scale whose last bits depend on the order of
 * a sum. */
static void round_rows_16(float *x, uint16_t *x16, float *scales, size_t n)
{
	static uint16_t again[COLS_16];
	for (size_t r = 0; r < ROWS_16; r++, x += COLS_16, x16 += COLS_16) {
		float scale;
		form->round(x, n, x16, scales + r);
		definition->round(x, n, again, &scale);
		checks++;
		if (!(fabsf(scales[r] - scale) <= 1e-5f * scale)) differ("round_16 of %zu: scale %g", n, (double)scales[r]);
		int64_t sum = 0;
		for (size_t i = 0; i < n; i++) {
			int a = (int16_t)x16[i], b = (int16_t)again[i];
			if (form_bf16 ? a != b : abs(a - b) > 1) differ("round_16 of %g is %x", (double)x[i], x16[i]);
			sum += abs(a);
			x[i] = value_16(x16[i], scales[r]);
		}
		if (!form_bf16 && sum > MOST_SUM) differ("round_16 of %zu: magnitudes add up to %lld", n, (long long)sum);
	}
}

/* A group of weights in 16 bits as portable C has it, and back as floats by rows. */
static void pack_group_16(const float *rows, size_t n_outputs, size_t n, uint16_t *group, float *scales, float *back)
{
	static uint16_t rounded[GROUP_16 * COLS_16], again[GROUP_16 * COLS_16];
	for (size_t o = 0; o < n_outputs; o++) {
		float scale;
		form->round_weights(rows + o * COLS_16, n, rounded + o * COLS_16, scales + o);
		definition->round_weights(rows + o * COLS_16, n, again, &scale);
		checks++;
		if (memcmp(rounded + o * COLS_16, again, n * sizeof *again) || memcmp(scales + o, &scale, sizeof scale))
			differ("round_weights of %zu", n);
		for (size_t i = 0; i < n; i++) back[o * COLS_16 + i] = value_16(rounded[o * COLS_16 + i], scales[o]);
	}
	level->interleave(rounded, COLS_16, n_outputs, n, group);
	plain->interleave(rounded, COLS_16, n_outputs, n, again);
	checks++;
	if (memcmp(group, again, GROUP_16 * n * sizeof *again)) differ("interleave %zu x %zu", n_outputs, n);
}

/* Products in 16 bits against the plain float ones of the rounded values. */
static void check_form(void)
{
	static const size_t counts[] = { 1, 2, 3, 4, 5, 11, 12, 13, 16, 17, 32, 33, ROWS_16 },
	                    outs[] = { 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, OUTS_16 }, lengths[] = { 32, 64, 96, COLS_16 };
	static float weights[OUTS_16 * COLS_16], tile[OUTS_16 * COLS_16], x[ROWS_16 * COLS_16], a[ROWS_16 * WIDTH_16],
	        b[ROWS_16 * WIDTH_16], size[OUTS_16], tile_scales[WIDTH_16], x_scales[ROWS_16];
	static uint16_t packed[WIDTH_16 * COLS_16], x16[ROWS_16 * COLS_16];
	const float *rows[ROWS_16];
	if (!form->products) return;
	random_floats(&seed, weights, OUTS_16 * COLS_16);
	for (size_t r = 0; r < ROWS_16; r++) rows[r] = x + r * COLS_16;
	for (size_t l = 0; l < 4; l++) {
		size_t n = lengths[l];
		random_floats(&seed, x, ROWS_16 * COLS_16);
		/* rows of the largest magnitudes, of nothing, and of one value alone */
		for (size_t i = 0; i < n; i++)
			x[i] = i % 2 ? -3.0f : 3.0f, x[COLS_16 + i] = 0, x[2 * COLS_16 + i] = i == 7 ? 5e20f : 0;
		round_rows_16(x, x16, x_scales, n);
		for (size_t o = 0; o < OUTS_16; o++) size[o] = 2.0f * (float)n;
		for (size_t j = 0; j < 13; j++) {
			for (size_t o = 0; o < outs[j]; o += GROUP_16) {
				pack_group_16(weights + o * COLS_16, outs[j] - o < GROUP_16 ? outs[j] - o : GROUP_16, n,
				              packed + o * n, tile_scales + o, tile + o * COLS_16);
			}
			struct tile_16 t = { packed, tile_scales };
			struct rows_16 from = { x16, COLS_16, x_scales, 1 };
			for (size_t i = 0; i < 13; i++) {
				bool add = (i + j) % 2;
				for (size_t k = 0; k < ROWS_16 * WIDTH_16; k++) a[k] = b[k] = 1;
				form->products(&t, outs[j], &from, counts[i], n, a, WIDTH_16, add);
				plain->products(tile, COLS_16, outs[j], rows, counts[i], n, b, WIDTH_16, add);
				for (size_t r = 0; r < counts[i]; r++) {
					float relative = r == 2 ? 1e15f : 2e-6f;
					if (first_far(a + r * WIDTH_16, b + r * WIDTH_16, size, outs[j], relative) < outs[j])
						differ("products_16 %zu x %zu x %zu, row %zu", counts[i], outs[j], n, r);
					if (a[r * WIDTH_16 + outs[j]] != 1)
						differ("products_16 %zu x %zu writes behind", counts[i], outs[j]);
				}
			}
		}
	}
}

/* A page's part of keys or values of one head as the type keeps them. */
static void store_part(enum kv_type type, const float *x, size_t head, bool keys, uint8_t *page)
{
	struct kv_shape shape = { type, 1, head, head };
	memset(page, 0, kv_layer_bytes(&shape));
	for (size_t p = 0; p < KV_PAGE; p++) kv_store(&shape, page, p, x + p * head, x + p * head);
	if (!keys) memmove(page, page + kv_values_at(&shape, 0), KV_PAGE * kv_row_bytes(type, head));
}

/* Products in 8 bits against the plain float ones of unpacked weights and of activations as they were rounded. */
static void check_bytes(const struct format *f, const struct form_16 *bytes)
{
	enum { OUTS = 37, ROWS = 29, WIDTH = 48 };
	static const size_t counts[] = { 1, 3, 4, 5, 11, 12, 13, ROWS }, outs[] = { 1, 15, 16, 17, OUTS },
	                    lengths[] = { 64, 192, 256, COLS_16 };
	static uint8_t packed[OUTS * 2 * 292 + 1];
	static uint16_t codes[GROUP_16 * COLS_16], tile[WIDTH * COLS_16], x16[ROWS * COLS_16];
	static float unpacked[OUTS * COLS_16], x[ROWS * COLS_16], x_scales[ROWS], a[ROWS * WIDTH], b[ROWS * WIDTH], size[OUTS];
	const float *rows[ROWS];
	const bool one = bytes->round == bytes_round; /* a byte for each activation, or two */
	if (!bytes->codes || !bytes->codes[f->index]) return;
	form_bf16 = false;
	for (size_t l = 0; l < 4; l++) {
		if (lengths[l] % f->type->weights != 0) continue;
		const size_t n = lengths[l], row_bytes = n / f->type->weights * f->type->bytes,
		             width = n / 32 * (bytes->codes_bytes / 2);
		random_floats(&seed, x, ROWS * COLS_16);
		for (size_t r = 0; r < ROWS; r++) {
			int8_t q[COLS_16];
			int16_t sums[COLS_16 / 16];
			float scales[COLS_16 / 32];
			rows[r] = x + r * COLS_16;
			bytes->round(rows[r], n, x16 + r * COLS_16, x_scales + r);
			plain->quantize(rows[r], n, q, scales, sums);
			checks++;
			if (one && memcmp(x16 + r * COLS_16, q, n)) differ("bytes: rounding of %zu", n);
			for (size_t i = 0; i < n; i++) {
				float before = x[r * COLS_16 + i], value = value_16(x16[r * COLS_16 + i], x_scales[r]);
				if (!one && !(fabsf(value - before) <= 0.51f * x_scales[r]))
					differ("two bytes: %g", (double)before);
				x[r * COLS_16 + i] = one ? (float)q[i] * scales[i / 32] : value;
			}
		}
		random_blocks(&seed, f, packed + 1, OUTS * n / f->type->weights);
		for (size_t o = 0; o < OUTS; o++) {
			f->unpack(packed + 1 + o * row_bytes, n / f->type->weights, unpacked + o * COLS_16);
			size[o] = 1 + 10 * sqrtf((float)n * plain->dot_float(unpacked + o * COLS_16, unpacked + o * COLS_16, n));
			bytes->codes[f->index](packed + 1 + o * row_bytes, n, codes + o % GROUP_16 * COLS_16);
			if (o % GROUP_16 + 1 == GROUP_16 || o + 1 == OUTS)
				level->interleave(codes, COLS_16, o % GROUP_16 + 1, width, tile + o / GROUP_16 * GROUP_16 * width);
		}
		for (size_t i = 0; i < 8 * 5; i++) {
			const struct tile_16 t = { tile, NULL };
			const struct rows_16 from = { x16, COLS_16, x_scales, 1 };
			const size_t n_rows = counts[i / 5], n_outs = outs[i % 5];
			for (size_t k = 0; k < ROWS * WIDTH; k++) a[k] = b[k] = 1;
			bytes->products(&t, n_outs, &from, n_rows, n, a, WIDTH, i % 2);
			plain->products(unpacked, COLS_16, n_outs, rows, n_rows, n, b, WIDTH, i % 2);
			for (size_t r = 0; r < n_rows; r++) {
				if (first_far(a + r * WIDTH, b + r * WIDTH, size, n_outs, 3e-6f) < n_outs)
					differ("bytes, %s, %zu x %zu x %zu, row %zu", f->type->name, n_rows, n_outs, n, r);
				if (a[r * WIDTH + n_outs] != 1) differ("bytes, %s, %zu writes behind", f->type->name, n_outs);
			}
		}
	}
}

static void check_16(void)
{
	static const struct form_16 bf16 = { .round_weights = round_bf16, .round = round_bf16 };
	for (int i = 0; i < 2; i++) {
		form_bf16 = i;
		form = i ? &level->bf16 : &level->whole;
		definition = i ? &bf16 : &plain->whole;
		check_form();
	}
}

static void check_attention(enum kv_type type)
{
	static const size_t heads[] = { 1, 5, 8, 16, 40, 64, 80, 96, 128, 192, 256, 512 };
	static _Alignas(64) uint8_t keys[2 * KV_PAGE * KV_HEAD_MOST * 4], values[2 * KV_PAGE * KV_HEAD_MOST * 4];
	static float floats[KV_PAGE * KV_HEAD_MOST], q[KV_HEAD_MOST * KV_QUERIES], w[9 * KV_PAGE], a[9 * KV_HEAD_MOST],
	        b[9 * KV_HEAD_MOST], size[9 * KV_HEAD_MOST], factors[9] = { 0, 1, 0.5f, 0.25f, 1, 1, 0.75f, 1, 0 },
	                                                     unpacked[2][2][KV_PAGE * KV_HEAD_MOST];
	static int32_t words[KV_HEAD_MOST * KV_QUERIES / 2], sums[KV_HEAD_MOST];
	static float scales[KV_HEAD_MOST];
	const struct kernel_queries queries = { q, words, scales, sums };
	const bool whole = !kv_is_plain(type); /* the other side may then be rounded to 15 bits */
	const float relative = whole ? 2e-4f : 1e-6f;
	for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
		size_t n = heads[h], kept = kv_kept_length(type, n);
		random_floats(&seed, floats, KV_PAGE * n);
		store_part(type, floats, n, true, keys);
		store_part(type, floats, n, false, values);
		random_floats(&seed, q, kept * KV_QUERIES);
		for (size_t i = 0; whole && i < KV_QUERIES * (kept - n); i++) q[n * KV_QUERIES + i] = 0;
		kernel_queries_split(q, whole ? kept : 0, 9, words, scales, sums);
		for (size_t i = 0; i < 9 * KV_HEAD_MOST; i++) size[i] = 4.0f * (float)(n > 64 ? n : 64);
		for (size_t p = 1; p <= KV_PAGE; p = p < 8 ? p + 1 : p + 7) {
			for (int part = 0; part < 2 && level->unpack_keys[type]; part++) {
				for (size_t side = 0; side < 2; side++) {
					const struct kernels *k = side ? level : plain;
					(part ? k->unpack_values : k->unpack_keys)[type](part ? values : keys, n, p,
					                                                 unpacked[part][side]);
				}
				for (size_t i = 0; i < (part ? p : kept); i++) {
					size_t at = i * (part ? kept : KV_PAGE), length = part ? kept : p;
					if (first_far(unpacked[part][1] + at, unpacked[part][0] + at, NULL, length, 0) < length)
						differ("unpack %s of %s, head %zu, %zu positions", part ? "values" : "keys",
						       kv_type_name(type), n, p);
				}
			}
			const void *plain_keys = type == KV_F32 ? (const void *)keys : unpacked[0][0];
			const void *plain_values = type == KV_F32 ? (const void *)values : unpacked[1][0];
			for (size_t k = 1; k <= 9 && level->scores[type]; k++) {
				level->scores[type](keys, kept, &queries, k, p, a, k % 2 ? keys : NULL);
				plain->scores[KV_F32](plain_keys, kept, &queries, k, p, b, NULL);
				for (size_t i = 0; i < k; i++) {
					if (first_far(a + i * KV_PAGE, b + i * KV_PAGE, size, p, relative) < p)
						differ("scores of %s, head %zu, %zu positions, query %zu of %zu",
						       kv_type_name(type), n, p, i, k);
				}
			}
			for (size_t k = 1; k <= 9 && level->values[type]; k++) {
				random_floats(&seed, w, 9 * KV_PAGE);
				random_floats(&seed, a, 9 * kept);
				memcpy(b, a, 9 * kept * sizeof(float));
				level->values[type](values, kept, w, factors, k, p, a, k % 2 ? values : NULL);
				plain->values[KV_F32](plain_values, kept, w, factors, k, p, b, NULL);
				if (first_far(a, b, size, 9 * kept, relative) < 9 * kept)
					differ("values of %s, head %zu, %zu positions, %zu queries", kv_type_name(type), n, p, k);
			}
		}
	}
}

/* Weights of a page, with a largest score that is new, the old one, or none at all, and all that a query may see of it. */
static void check_soften(void)
{
	enum { N_Q = 5 };
	static const float before[N_Q] = { -INFINITY, -3, 50, 1, -INFINITY };
	static float x[2][N_Q * KV_PAGE], size[KV_PAGE];
	for (size_t i = 0; i < KV_PAGE; i++) size[i] = 1;
	for (size_t n = 1; n <= KV_PAGE; n++) {
		for (size_t last = 0; last <= n; last += last < 3 || n - last < 3 ? 1 : 13) {
			struct kernel_span spans[N_Q];
			float max[2][N_Q], sum[2][N_Q], factors[2][N_Q];
			random_floats(&seed, x[0], N_Q * KV_PAGE);
			for (size_t i = 0; i < N_Q; i++) {
				spans[i] = (struct kernel_span){ (uint8_t)(i * last / N_Q), (uint8_t)last };
				max[0][i] = max[1][i] = before[i];
				sum[0][i] = sum[1][i] = before[i] == -INFINITY ? 0 : 3;
			}
			for (size_t p = 0; p < KV_PAGE; p++) x[0][4 * KV_PAGE + p] = -INFINITY;
			memcpy(x[1], x[0], sizeof x[0]);
			level->soften(x[0], spans, N_Q, n, max[0], sum[0], factors[0]);
			plain->soften(x[1], spans, N_Q, n, max[1], sum[1], factors[1]);
			for (size_t i = 0; i < N_Q; i++) {
				float most = 64;
				if (first_far(x[0] + i * KV_PAGE, x[1] + i * KV_PAGE, size, n, 1e-6f) < n ||
				    first_far(&sum[0][i], &sum[1][i], &most, 1, 1e-6f) < 1 || max[0][i] != max[1][i] ||
				    factors[0][i] != factors[1][i])
					differ("soften of %zu, query %zu sees up to %zu", n, i, last);
			}
		}
	}
}

/* What pairs stand for: value i of column j. */
static float pair_value(const uint16_t *pairs, size_t width, size_t i, size_t j)
{
	return (float)(int16_t)pairs[(i / 2 * width + j) * 2 + i % 2];
}

/* Columns of n values are rounded to the nearest whole number of steps, and none is too large for a product of two. */
static void check_columns(size_t n, size_t width, uint16_t *pairs, float *scales, const float *x)
{
	level->attention_16.round_columns(x, n, width, pairs, scales);
	checks++;
	for (size_t j = 0; j < width; j++) {
		double squares = 0;
		for (size_t i = 0; i < (n + 1) / 2 * 2; i++) {
			float whole = pair_value(pairs, width, i, j), real = i < n ? x[i * width + j] : 0;
			squares += (double)whole * (double)whole;
			if (!(fabsf(real - whole * scales[j]) <= 0.51f * scales[j]))
				differ("pairs of %zu, value %zu of %zu", n, i, j);
		}
		if (squares >= 0x1p31) differ("pairs of %zu, column %zu is too large", n, j);
	}
}

static void check_page_16(const struct pair_state *before, const float *value_scales, const uint16_t *values, size_t n,
                          size_t length, struct pair_page *pages)
{
	enum { WIDTH = (256 + 1) * PAIR_QUERIES };
	static float acc[3 * WIDTH];
	const size_t width = (length + PAIR_QUERIES - 1) / PAIR_QUERIES * PAIR_QUERIES;
	for (size_t i = 0; i < 3 * WIDTH; i++) acc[i] = 1;
	struct pair_page wanted[3];
	memcpy(wanted, pages, sizeof wanted);
	for (size_t g = 0; g < 3; g++) {
		struct pair_state state = before[g];
		level->attention_16.soften(&state, &pages[g], value_scales, n, true);
		for (size_t lane = 0; lane < PAIR_QUERIES; lane++) {
			float most = before[g].max[lane];
			double sum = 0;
			size_t first = (size_t)pages[g].first[lane], last = (size_t)pages[g].last[lane], whole_sum = 0;
			for (size_t p = first; p < last; p++) most = fmaxf(most, wanted[g].scores[p][lane]);
			checks++;
			for (size_t p = 0; p < (n + 1) / 2 * 2; p++) {
				float whole = pair_value(pages[g].weights, PAIR_QUERIES, p, lane);
				double w = p >= first && p < last ? exp((double)(wanted[g].scores[p][lane] - most)) : 0;
				sum += w;
				whole_sum += (size_t)whole;
				/* steps below 1e-30 are dropped, with up to 32,767 of them */
				if (fabs((double)(whole * pages[g].steps[lane]) - w * (double)value_scales[p]) >
				    0.51 * (double)pages[g].steps[lane] + 2e-6 * w + 3.3e-26)
					differ("weights of %zu positions, query %zu, position %zu", n, lane, p);
			}
			if (whole_sum * MOST_VALUE > INT32_MAX) differ("weights of %zu positions, query %zu: too large", n, lane);
			double factor = before[g].max[lane] == most       ? 1
			                : before[g].max[lane] > -INFINITY ? exp((double)(before[g].max[lane] - most))
			                                                  : 0;
			double total = factor * (double)before[g].sum[lane] + sum;
			if (state.max[lane] != most || fabs((double)state.sum[lane] - total) > 3e-6 * total ||
			    fabs((double)pages[g].factors[lane] - factor) > 3e-6)
				differ("states of %zu positions, query %zu", n, lane);
		}
	}
	level->attention_16.values(values, length, n, pages, 3, acc);
	for (size_t i = 0; i < 3 * width * PAIR_QUERIES; i++) {
		size_t g = i / PAIR_QUERIES / width, d = i / PAIR_QUERIES % width, lane = i % PAIR_QUERIES;
		double sum = 0;
		for (size_t p = 0; p < n; p++)
			sum += (double)pair_value(pages[g].weights, PAIR_QUERIES, p, lane) *
			       (double)pair_value(values, width, p, d);
		sum = sum * (double)pages[g].steps[lane] + (double)pages[g].factors[lane];
		if (d < length && fabs((double)acc[i] - sum) > 1e-6 * (1 + fabs(sum)))
			differ("values of %zu positions, %zu of %zu, query %zu", n, d, length, lane);
	}
	checks++;
}

/* The kernels of prompt rows against plain sums of the same whole numbers. */
static void check_attention_16(void)
{
	static const size_t heads[] = { 1, 5, 32, 40, 64, 80, 128, 256 };
	static float x[KV_PAGE * 256], key_scales[KV_PAGE], value_scales[KV_PAGE];
	static uint16_t queries[3][256 * PAIR_QUERIES], keys[256 * KV_PAGE], values[256 * KV_PAGE];
	static struct pair_state states[3];
	static struct pair_page pages[3];
	if (!level->attention_16.scores) return;
	for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
		const size_t head = heads[h], n_pairs = (head + 1) / 2,
		             width = (head + PAIR_QUERIES - 1) / PAIR_QUERIES * PAIR_QUERIES;
		static uint16_t packed[3 * 256 * PAIR_QUERIES];
		for (size_t g = 0; g < 3; g++) {
			random_floats(&seed, x, head * PAIR_QUERIES);
			check_columns(head, PAIR_QUERIES, queries[g], states[g].scales, x);
			memcpy(packed + g * n_pairs * 2 * PAIR_QUERIES, queries[g], n_pairs * 2 * PAIR_QUERIES * sizeof *packed);
			for (size_t i = 0; i < PAIR_QUERIES; i++) {
				states[g].max[i] = i % 3 == 0 ? -INFINITY : (float)i - 6;
				states[g].sum[i] = i % 3 == 0 ? 0 : 3;
			}
		}
		random_floats(&seed, x, head * KV_PAGE);
		check_columns(head, KV_PAGE, keys, key_scales, x);
		random_floats(&seed, x, head * KV_PAGE);
		level->attention_16.round_values(x, head, values, value_scales);
		for (size_t i = 0; i < KV_PAGE * width; i++) {
			size_t p = i / width, d = i % width;
			float real = d < head ? x[p * head + d] : 0, whole = pair_value(values, width, p, d);
			if (!(fabsf(real - whole * value_scales[p]) <= 0.501f * value_scales[p]) || fabsf(whole) > MOST_VALUE)
				differ("pairs of values, %zu of %zu", d, head);
		}
		for (size_t n = 1; n <= KV_PAGE; n += n < 8 ? 1 : 7) {
			for (size_t n_groups = 1; n_groups <= 3; n_groups++) {
				level->attention_16.scores(keys, key_scales, packed, n_pairs, n, states, pages, n_groups);
				for (size_t i = 0; i < n_groups * n * PAIR_QUERIES; i++) {
					size_t g = i / PAIR_QUERIES / n, p = i / PAIR_QUERIES % n, lane = i % PAIR_QUERIES;
					double sum = 0;
					for (size_t d = 0; d < 2 * n_pairs; d++)
						sum += (double)pair_value(queries[g], PAIR_QUERIES, d, lane) *
						       (double)pair_value(keys, KV_PAGE, d, p);
					sum *= (double)states[g].scales[lane] * (double)key_scales[p];
					if (fabs((double)pages[g].scores[p][lane] - sum) > 1e-6 * fabs(sum))
						differ("scores in pairs, head %zu, %zu positions, %zu groups", head, n, n_groups);
				}
				checks++;
			}
			for (size_t i = 0; i < 3 * PAIR_QUERIES; i++) {
				size_t last = i % 5 ? n : n / 2;
				pages[i / PAIR_QUERIES].first[i % PAIR_QUERIES] = (int32_t)(i % 7 ? 0 : last / 2);
				pages[i / PAIR_QUERIES].last[i % PAIR_QUERIES] = (int32_t)(i % 11 ? last : last / 2);
			}
			check_page_16(states, value_scales, values, n, head, pages);
		}
	}
}

static void check_halves(void)
{
	static float x[4099];
	static uint16_t a[4099], b[4099];
	for (uint64_t at = 0; at < 1u << 20; at += 4099) {
		for (size_t i = 0; i < 4099; i++) x[i] = float_from_bits((uint32_t)((at + i) << 12) + random_next(&seed) % 4096);
		level->store_half(x, a, 4099 - at % 17);
		plain->store_half(x, b, 4099 - at % 17);
		checks++;
		if (memcmp(a, b, sizeof a - 2 * (at % 17))) differ("store_half");
	}
}

static void check_ops(size_t n)
{
	static float x[1100], y[1100], a[1100], b[1100], size[1100];
	random_floats(&seed, x, n + 1);
	random_floats(&seed, y, n + 1);
	for (size_t i = 0; i <= n; i++) size[i] = 1 + fabsf(x[i] * y[i]);
	float s = level->dot_float(x, y, n), t = plain->dot_float(x, y, n), allowed = 2.0f * (float)n;
	if (first_far(&s, &t, &allowed, 1, 1e-6f) < 1) differ("dot_float of %zu", n);
	if (level->most(x, n) != plain->most(x, n)) differ("most of %zu", n);
#define BOTH(what, call)                                                                                                           \
	for (size_t side = 0; side < 2; side++) {                                                                                  \
		const struct kernels *k = side ? plain : level;                                                                    \
		float *out = side ? b : a;                                                                                         \
		memcpy(out, x, (n + 1) * sizeof *out);                                                                             \
		call;                                                                                                              \
	}                                                                                                                          \
	if (first_far(a, b, size, n + 1, 1e-6f) <= n) differ(what " of %zu", n);
	BOTH("scale_multiply", k->scale_multiply(x, y, 0.7f, out, n))
	BOTH("exp_sum", k->exp_sum(out, 3, n))
	BOTH("soft_cap", k->soft_cap(out, 3, n))
	BOTH("sigmoid", k->sigmoid(out, n))
	BOTH("add", k->add(x, y, out, n))
	BOTH("multiply", k->multiply(x, y, out, n))
	BOTH("add_scaled", k->add_scaled(out, y, 0.3f, n))
	BOTH("rope_pairs", k->rope_pairs(out, n / 2, y, y + n / 2))
	BOTH("rope_halves", k->rope_halves(out, n / 2, y, y + n / 2))
	for (int kind = 0; kind < OPS_ACTIVATIONS; kind++) {
		BOTH("gate", k->gate[kind](x, kind % 2 ? y : NULL, out, n))
	}
}

/* A few rows over a state of n_keys x n_values, with and without what goes back into it. */
static void check_scan(size_t n_keys, size_t n_values)
{
	enum { ROWS = 3, KEYS = 40, VALUES = 150 };
	static float row[6][KEYS], value[VALUES], s[2][KEYS * VALUES], out[2][ROWS][VALUES], size[KEYS * VALUES];
	for (int way = 0; way < 3; way++) {
		for (size_t i = 0; i < 6; i++) random_floats(&seed, row[i], n_keys);
		for (size_t k = 0; k < n_keys; k++) row[0][k] = 0.9f + 0.01f * row[0][k], row[5][k] = -fabsf(row[5][k]);
		random_floats(&seed, value, n_values);
		random_floats(&seed, s[0], n_keys * n_values);
		memcpy(s[1], s[0], sizeof s[0]);
		for (size_t i = 0; i < KEYS * VALUES; i++) size[i] = 100 * (float)n_keys;
		for (size_t side = 0; side < 2; side++) {
			struct scan_row rows[ROWS];
			for (size_t r = 0; r < ROWS; r++) {
				rows[r] = (struct scan_row){ row[0], row[1],       row[2], way ? row[3] : NULL, way ? row[4] : NULL,
					                     value,  out[side][r], 0.5f };
			}
			(side ? plain : level)->scan_rows(s[side], n_keys, n_values, rows, way == 1 ? 1 : ROWS, way == 2);
		}
		size_t n_rows = way == 1 ? 1 : ROWS;
		for (size_t r = 0; r < n_rows && way != 2; r++) {
			if (first_far(out[0][r], out[1][r], size, n_values, 1e-6f) < n_values)
				differ("scan of %zu x %zu", n_keys, n_values);
		}
		if (way == 1 && first_far(s[0], s[1], size, n_keys * n_values, 1e-6f) < n_keys * n_values)
			differ("state of a scan of %zu x %zu", n_keys, n_values);
	}
}

static void check_level(void)
{
	size_t before = failures;
	checks = 0;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		check_unpack(format_at(i));
		for (size_t k = 0; k < BYTES_FORMS; k++) check_bytes(format_at(i), &level->bytes[k]);
		check_dot(format_at(i));
	}
	check_quantize();
	check_products();
	check_16();
	for (int type = 0; type < KV_TYPES; type++) check_attention((enum kv_type)type);
	check_soften();
	check_attention_16();
	check_halves();
	for (size_t n = 0; n < 1099; n = n < 70 ? n + 1 : n * 2 - 3) check_ops(n);
	for (size_t n = 1; n < 150; n++) check_scan(1 + n % 40, n);
	printf("%sok - kerncheck %s: %zu checks, %zu differ\n", failures > before ? "not " : "", level->name, checks,
	       failures - before);
}

/* The AMX kernel on emulated tiles, on any machine; its level runs on the tiles themselves where there are any. */
static void check_emulated_amx(void)
{
	struct kernels table = *plain;
	size_t before = failures;
	bf16_fill_emulated(&table);
	table.bf16.round_weights = table.bf16.round = round_bf16;
	table.whole.products = NULL;
	table.name = "amx emulated";
	checks = 0;
	level = &table;
	check_16();
	printf("%sok - kerncheck %s: %zu checks, %zu differ\n", failures > before ? "not " : "", level->name, checks,
	       failures - before);
	level = plain;
}

#if defined(__x86_64__)
/* AVX-VNNI's kernels as AVX-512 encodes them, where its level cannot run but that one can. */
static void check_evex(void)
{
	if (kernels_find("avxvnni") || !kernels_find("avx512vnni")) return;
	struct kernels table = *kernels_find("avx2");
	kernels_fill_evex(&table);
	table.name = "avxvnni, encoded for avx512vnni";
	level = &table;
	check_level();
	level = plain;
}
#endif

int main(int argc, char **argv)
{
	bool speed = argc > 1 && strcmp(argv[1], "--speed") == 0;
	const char *only = argc > 1 + speed ? argv[1 + speed] : NULL;
	struct error e;
	plain = kernels_find("portable");
	if (only && !kernels_choose(only, &e)) {
		fprintf(stderr, "error: %s\n", e.text);
		return 1;
	}
	if (speed && !kernspeed_begin()) return 1;
	if (!speed && !only) check_emulated_amx();
#if defined(__x86_64__)
	if (!speed && !only) check_evex();
#endif
	for (size_t i = 0; kernels_level(i); i++) {
		level = kernels_find(kernels_level(i));
		if ((only && strcmp(only, level->name) != 0) || (!only && level == plain)) continue;
		kernels_choose(level->name, NULL);
		if (speed)
			kernspeed_level(level, argc > 3 ? argv[3] : NULL);
		else
			check_level();
	}
	if (level == plain && !speed) puts("ok - kerncheck # SKIP portable C is the only level here");
	if (speed) kernspeed_end();
	return failures > 0;
}
