/*
 * fields: the members that a body may have, as tables.
 *
 * A table is the whole truth about an endpoint's body: what is in it is honoured, or refused with the reason that stands there, and
 * what is not in it is refused as unknown. docs/API.md is compared with it. A member that is null counts as left out.
 */
#ifndef HEARTH_API_FIELDS_H
#define HEARTH_API_FIELDS_H

#include "api/inside.h"

enum api_type {
	API_ANY,
	API_STRING,
	API_BOOL,
	API_WHOLE, /* an integer, from `low` to `high` */
	API_NUMBER,
	API_LIST,
	API_OBJECT,
	API_TEXT_OR_LIST,
	API_REFUSED /* whatever it is */
};

/* Takes a value of the right type into the call's ask. */
typedef bool (*api_take)(struct api_call *c, const json_t *value, const char *field, struct api_refusal *why);

struct api_field {
	const char *name;
	enum api_type type;
	double low, high;  /* of numbers */
	api_take take;     /* NULL: nothing is to be done with it */
	const char *about; /* for docs/API.md; of what is refused: why */
};

/* All members of `object` by the table. `place` stands in front of their names in refusals ("" or "options."). */
bool api_take_fields(struct api_call *c, const json_t *object, const struct api_field *fields, const char *place,
                     struct api_refusal *why);

/* ---- takes that many tables use ---- */

bool api_take_model(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_stream(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_temperature(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_top_p(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_top_k(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_min_p(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_typical_p(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_repeat(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_presence(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_frequency(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_last(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_seed(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_max(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_stop(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_n(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_grammar(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_schema(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_suffix(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_variables(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_bias(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_stream_options(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_take_limit(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);

/* The same value as nothing said: other values are refused (`only`: as JSON shows it). */
bool api_only_false(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_only_true(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_only_zero(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_only_one(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);
bool api_only_empty(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);

/* The tables. */
extern const struct api_field api_fields_chat[], api_fields_completions[], api_fields_embeddings[], api_fields_messages[],
        api_fields_count[], api_fields_infill[], api_fields_ollama_chat[], api_fields_ollama_generate[],
        api_fields_ollama_options[], api_fields_ollama_embed[], api_fields_ollama_old_embed[], api_fields_ollama_show[],
        api_fields_tokenize[], api_fields_detokenize[], api_fields_template[];

#endif
