/*
 * inside: what the files of this floor share: a body that was understood, and the state of its answer.
 *
 *     fields.c         tables of fields: types, unknown names, refusals
 *     body.c           strict JSON; reading, planning, freeing a call
 *     sampling.c       fields that say how tokens are chosen, in every interface
 *     conversation.c   messages of every interface as OpenAI's, which templates know
 *     tools.c          tools and tool_choice; the form that calls must have
 *     generic.c        tools for models whose templates know of none
 *     answer.c         events to pieces: thoughts, content, calls
 *     openai.c completions.c anthropic.c anthropic_messages.c anthropic_write.c ollama.c infill.c models.c
 */
#ifndef HEARTH_API_INSIDE_H
#define HEARTH_API_INSIDE_H

#include "api/api.h"
#include "api/tool_parser.h"
#include "base/arena.h"
#include "format/json.h"
#include "text/thoughts.h"

/* ---- what a body asks for ---- */

enum api_tool_choice { API_TOOLS_AUTO, API_TOOLS_NONE, API_TOOLS_REQUIRED, API_TOOLS_NAMED };
enum api_format { API_FORMAT_TEXT, API_FORMAT_JSON, API_FORMAT_SCHEMA, API_FORMAT_GBNF };
enum api_think { API_THINK_UNSAID, API_THINK_ON, API_THINK_OFF };

struct api_ask {
	struct hearth_sampling sampling;
	uint32_t given; /* enum api_given */
	uint32_t max_tokens;
	bool max_given;
	const char **stops;
	size_t n_stops;
	uint32_t n; /* choices */
	uint32_t n_scores;
	bool scores;      /* log probabilities are wanted */
	bool usage_chunk; /* stream_options.include_usage */
	bool progress;    /* of reading the prompt is wanted */
	const struct hearth_bias *biases;
	size_t n_biases;
	uint32_t limit_ms;
	uint32_t thought_limit; /* tokens; 0: none */
	bool hides_thoughts;    /* Anthropic's: that there are some is told, and not what */
	json_t *messages;       /* in OpenAI's form, owned */
	json_t *tools;          /* the same; NULL: none */
	json_t *variables;      /* further variables of the template, owned; NULL: none */
	bool goes_on;           /* the last message is the beginning of the answer */
	bool template_off;      /* the prompt is not run through the template */
	enum api_tool_choice choice;
	const char *chosen; /* API_TOOLS_NAMED */
	bool one_call;      /* no calls side by side */
	bool strict;        /* calls must follow their schemas */
	enum api_format format;
	const json_t *schema; /* of API_FORMAT_SCHEMA */
	const char *grammar;  /* of API_FORMAT_GBNF */
	enum api_think think;
	json_t *inputs; /* texts or lists of ids: prompts, texts to embed; owned */
	json_t *fill;   /* prefix, suffix, extra; owned */
	bool echo;
	bool base64;
	uint32_t dimensions;
	bool flag; /* of the small endpoints: add_special, verbose ... */
	bool other_flag;
	const char *name; /* of a model to be shown */
};

/* ---- the answer ---- */

enum api_piece {
	API_PIECE_TEXT,
	API_PIECE_THOUGHT,
	API_PIECE_CALL,      /* a call begins: `text` is its name; the choice's last call has its id */
	API_PIECE_ARGUMENTS, /* more of its arguments, as JSON text */
	API_PIECE_CALL_END
};

struct api_made_call {
	char id[16];
	char *name;
	struct buffer arguments;
};

/* One answer of a call. */
struct api_choice {
	struct api_call *call;
	size_t number;
	struct thoughts thoughts;
	struct tool_parser *parser;  /* NULL: no tools */
	struct buffer text, thought; /* whole, of calls that do not stream */
	struct api_made_call *calls;
	size_t n_calls, room_calls;
	struct buffer scores;  /* entries of logprobs, not yet written */
	struct buffer scores2; /* for completions: more lists */
	struct buffer scores3, scores4;
	size_t n_scores, text_offset;
	struct hearth_event last; /* counts; its pointers are not valid */
	char *prompt;             /* text of the prompt where it is asked for */
	size_t prompt_length;
	int32_t *ids;
	size_t n_ids;
	bool has_prompt, begun, over;
	bool trims; /* white space before text is left out: behind a thought, at the start beside calls */
	int block;  /* Anthropic: which kind of block is open */
	size_t n_blocks;
	struct buffer *out; /* while an event is taken */
};

struct api_inside {
	struct arena *arena;
	json_t *body;
	struct api_ask ask;
	const struct api_model *model;
	const struct tool_form *form; /* NULL: no tools */
	bool generic;                 /* by generic.c */
	uint64_t now, name;
	char id[48];
	struct api_choice *choices; /* one a job */
	size_t n_over;
	size_t n_answers;     /* of the jobs, the first ones; what stands behind them tells of prompts */
	struct buffer *texts; /* that requests point to, n_texts of them */
	size_t n_texts;
};

/* What an interface does with a call; NULL where there is nothing to be done. */
struct api_kind {
	bool (*check)(struct api_call *c, struct api_refusal *why);                /* fields that depend on each other */
	bool (*plan)(struct api_call *c, struct api_refusal *why);                 /* jobs */
	void (*begin)(struct api_call *c, struct buffer *out);                     /* of a stream, at its first event */
	void (*progress)(struct api_choice *choice, const struct hearth_event *e); /* of a stream's prompt, until it answers */
	void (*piece)(struct api_choice *choice, enum api_piece kind, const char *text, size_t length);
	void (*values)(struct api_choice *choice, const struct hearth_event *e); /* HEARTH_SCORES */
	void (*over)(struct api_choice *choice);                                 /* a choice is over */
	void (*end)(struct api_call *c, struct buffer *out);                     /* all are; what does not stream is written here */
	void (*error)(struct api_call *c, struct buffer *out);                   /* in a stream that has begun */
	bool (*tell)(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why);
};
extern const struct api_kind api_kind_chat, api_kind_completions, api_kind_embeddings, api_kind_models, api_kind_model,
        api_kind_messages, api_kind_count, api_kind_infill, api_kind_ollama_chat, api_kind_ollama_generate, api_kind_ollama_embed,
        api_kind_ollama_old_embed, api_kind_ollama_tags, api_kind_ollama_ps, api_kind_ollama_show, api_kind_ollama_version,
        api_kind_tokenize, api_kind_detokenize, api_kind_template;

/* ---- refusals: always false ---- */

bool api_deny(struct api_refusal *why, const char *field, const char *format, ...) ERROR_FORMAT(3, 4);
bool api_deny_memory(struct api_refusal *why);

/* The name of a place in a body, cut where it is too long. */
void api_place(char *out, size_t room, const char *format, ...) ERROR_FORMAT(3, 4);

/* ---- conversation.c ---- */

/* A message's content in OpenAI's form (a text, or parts that are texts) as one text; what is no text is refused by name. */
bool api_content_text(const json_t *content, const char *field, json_t **text, struct api_refusal *why);
bool api_take_messages(struct api_call *c, const json_t *messages, struct api_refusal *why); /* OpenAI's */
/* A member that is not in the list (which ends with NULL) is refused by its name; one that is null counts as left out. */
bool api_check_members(const json_t *object, const char *const *known, const char *place, struct api_refusal *why);
json_t *api_message(const char *role, json_t *content); /* takes the content; NULL: memory */

/* ---- anthropic_messages.c ---- */

bool api_is_type(const json_t *block, const char *type);
/* Blocks of text, or a text, as one text. What is addressed to another server's accounts is left out. */
bool api_blocks_text(const json_t *content, const char *place, json_t **text, struct api_refusal *why);
bool api_take_anthropic_messages(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why);

/* ---- anthropic.c ---- */

bool api_check_messages(struct api_call *c, struct api_refusal *why);
bool api_check_count(struct api_call *c, struct api_refusal *why);

/* ---- tools.c ---- */

bool api_take_tools(struct api_call *c, const json_t *tools, struct api_refusal *why); /* OpenAI's form; checked */
bool api_has_tool(const struct api_call *c, const char *name);
bool api_plan_tools(struct api_call *c, struct hearth_request *r, struct api_refusal *why); /* form, grammar, marks */

/* ---- generic.c ---- */

bool api_make_generic(struct api_call *c, struct api_refusal *why); /* tools into the messages */

/* ---- answer.c ---- */

bool api_plan_chat(struct api_call *c, struct api_refusal *why); /* jobs for the conversation of c->inside->ask */
struct hearth_request api_request(const struct api_call *c, uint32_t kind, size_t choice); /* with the ask's settings */
const char *api_keep(struct api_call *c, struct buffer *b, size_t *length); /* the bytes live as long as the call; NULL: memory */
struct api_job *api_new_jobs(struct api_call *c, size_t n, struct api_refusal *why);
uint32_t api_sum(const struct api_call *c, size_t offset); /* of a count in every choice's last event */
bool api_calls_end(const struct api_choice *choice);       /* it ended with calls of tools */

/* ---- scores.c: log probabilities as lists in JSON ---- */

void api_note_scores(struct api_choice *choice, const struct hearth_event *e);
void api_put_scores(struct api_choice *choice,
                    struct buffer *out); /* OpenAI's "logprobs" of what was noted; null where none is asked for */
void api_put_old_scores(struct api_choice *choice, struct buffer *out); /* the same in the form of /v1/completions */
/* Of a prompt's tokens: noted as they come, and written in front of its answer's. */
void api_note_prompt(struct api_choice *prompt, const struct hearth_event *e);
void api_put_echoed_scores(const struct api_choice *prompt, struct api_choice *answer, struct buffer *out);

#endif
