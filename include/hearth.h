/*
 * hearth.h: the public interface of libhearth, and the only header a program needs.
 *
 * It is written as requests and events. A program opens a model, submits requests (a conversation, plain text or token ids),
 * takes events until the request is done, and may cancel it at any time. The same interface works in one process and over a
 * socket: everything that crosses it is a plain struct with lengths.
 *
 *     struct hearth_options options = { .size = sizeof options, .model = "model.gguf" };
 *     struct hearth *h;
 *     struct hearth_error error;
 *     if (!hearth_open(&options, &h, &error)) { fprintf(stderr, "%s\n", error.text); return 1; }
 *     const char chat[] = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}";
 *     struct hearth_request request = hearth_request_new(HEARTH_CHAT);
 *     request.text = chat;
 *     request.text_length = sizeof chat - 1;
 *     uint64_t id;
 *     if (hearth_submit(h, &request, &id, &error)) {
 *             struct hearth_event event;
 *             while (hearth_next(h, -1, &event) && event.kind != HEARTH_DONE && event.kind != HEARTH_FAILED)
 *                     if (event.kind == HEARTH_ANSWER) fwrite(event.text, 1, event.text_length, stdout);
 *     }
 *     hearth_close(h);
 *
 * Threads: all functions may be called from any thread; hearth_next by one thread at a time for one engine. hearth_cancel may
 * be called while another thread waits in hearth_next. Texts are UTF-8 and not zero-terminated unless it is said.
 * Structs that a program fills in begin with their size, so that later versions can add members.
 */
#ifndef HEARTH_H
#define HEARTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEARTH_API __attribute__((visibility("default")))
#else
#define HEARTH_API
#endif

#define HEARTH_VERSION "0.1.0"

/* One line for a person: what happened, where, what to do. Zero-terminated. */
struct hearth_error {
	char text[512];
};

/* An open model with its threads, sessions and queue of requests. */
struct hearth;

/* The quantized ones have blocks of 32 with a scale: about a half and a quarter of the memory of F16. */
enum hearth_kv { HEARTH_KV_F16 = 0, HEARTH_KV_F32 = 1, HEARTH_KV_Q8_0 = 2, HEARTH_KV_Q4_0 = 3 };

/* For options.threads: half as many as suit this process, to save power. */
#define HEARTH_THREADS_LOW UINT32_MAX

struct hearth_options {
	size_t size;       /* sizeof(struct hearth_options) */
	const char *model; /* path of a GGUF file, zero-terminated */
	uint32_t threads;  /* 0: as many as suit this process; or HEARTH_THREADS_LOW */
	uint32_t context;  /* positions a session can hold; 0: the least of trained length, 8192, and what fits in half of the free
	                      memory */
	uint32_t kv;       /* enum hearth_kv: how keys and values are kept */
	bool exact;        /* float32 throughout, K/V too: slower, for comparisons */
	const char *draft; /* a small model of the same vocabulary that proposes tokens, path of a GGUF file; NULL: none. The
	                      answers are the same with it and without */
	bool words_only;   /* vocabulary and chat template alone: for HEARTH_WANT_PROMPT and nothing else; a file without weights
	                      will do */
	bool importance;   /* sums up what the products read, for hearth_importance */
	uint64_t bytes_shared; /* of keys and values that requests leave for others to go on from (request.share), at most; 0: a
	                          quarter of the free memory, or what one session of full length takes where that is more. All that
	                          run together have these and one session of full length more, or half of the free memory where
	                          that is more and this is 0: who has no room waits */
};

/* Opens a model. On success *h is the engine, to be closed with hearth_close. A program without a handler for SIGBUS gets one, so
 * that a model file that is cut short while open fails requests instead of ending the program. */
HEARTH_API bool hearth_open(const struct hearth_options *options, struct hearth **h, struct hearth_error *error);

/* Cancels what runs and frees everything; NULL is allowed. No other call for this engine may be running or follow. */
HEARTH_API void hearth_close(struct hearth *h);

/* The order is fixed: penalties, top_k, typical_p, top_p, min_p, temperature, choice. Each filter looks at the probabilities of
 * what the one before it kept, made to sum to 1, before the temperature. A value out of range is an error, not a limit. */
struct hearth_sampling {
	float temperature;    /* 0: always the most likely token; the rest is then without effect, but for the penalties; to 100 */
	uint32_t top_k;       /* keep the k most likely; 0: all */
	float top_p;          /* keep the most likely ones that together reach p; 1: all */
	float min_p;          /* keep those at least min_p times as likely as the most likely; 0: all */
	float typical_p;      /* locally typical sampling (Meister et al. 2022); 1: off */
	float repeat_penalty; /* divides positive and multiplies negative logits of recent tokens; 1: off; 0.01 to 100 */
	float presence_penalty;  /* taken off once from every recent token; 0: off */
	float frequency_penalty; /* taken off for each time the token came; 0: off */
	uint32_t penalty_last;   /* how many tokens back the penalties look; answer tokens only; at most 65536 */
	uint64_t seed;           /* equal seeds give equal text on this machine; 0: a fresh one (reported when done) */
};

/* What was opened. Texts are zero-terminated and live as long as the engine. */
struct hearth_info {
	size_t size;              /* sizeof(struct hearth_info), set by the caller */
	const char *name;         /* as the file says, else its file name */
	const char *architecture; /* general.architecture */
	const char *weights;      /* the weight type that most bytes have, such as "Q4_K" */
	const char *kernels;      /* the CPU level in use, such as "avx2" */
	uint64_t parameters;
	uint64_t bytes_weights, bytes_kv, bytes_scratch, bytes_total; /* the memory plan; K/V for one session of full length */
	uint32_t context, context_trained;                            /* positions */
	uint32_t n_vocab, n_layer, n_embd;
	uint32_t threads;
	bool has_template; /* false: HEARTH_CHAT uses a plain built-in form */
	double seconds_load;
	struct hearth_sampling sampling; /* what the file recommends (general.sampling.*); the rest as in hearth_request_new */
	double seconds_token; /* to be expected of a token of an answer where weights come from the disk again and again, since they
	                         did not fit into the memory that was free; 0: they did */
	const char *tool_form; /* how the chat template writes calls of tools, such as "hermes"; "": it knows of none */
	bool fills;            /* HEARTH_FILL is understood */
	bool encoder;          /* it reads texts and writes none: for HEARTH_WANT_VECTOR and HEARTH_WANT_RANK */
	uint32_t pooling;      /* enum hearth_pooling: what it was made for; HEARTH_POOLING_RANK: it ranks documents */
	uint64_t n_vector;     /* values of a text's vector */
};
HEARTH_API void hearth_info(struct hearth *h, struct hearth_info *info);

/* The plan of the opened model: the steps of a forward pass, a line each, and the memory plan, as text for people or as the JSON
 * object {"steps": [...], "bytes": {...}}. Zero-terminated, lives as long as the engine; NULL when memory is out. */
HEARTH_API const char *hearth_describe(struct hearth *h, bool json);

/* ---- a model file: what it says of itself, read without computing anything ---- */

struct hearth_file;

/* What stands in the file is untrusted: a program makes it visible before it shows it to a terminal. Texts are zero-terminated and
 * live as long as the file is open. */
struct hearth_file_info {
	size_t size;              /* sizeof(struct hearth_file_info), set by the caller */
	const char *name;         /* general.name, else the file's name */
	const char *architecture; /* general.architecture; "" when the file does not say */
	const char *weights;      /* the weight type that most bytes have */
	uint64_t bytes;           /* of all parts */
	uint64_t parameters;
	uint64_t kv_position; /* bytes of keys and values for one position as F16; 0 when the file does not say */
	uint32_t version;     /* of GGUF */
	uint32_t n_layer, n_embd, n_vocab, context_trained;
	bool has_template;
	struct hearth_sampling sampling; /* as in hearth_info */
	uint32_t n_expert;               /* 0: all weights are needed for each token */
	const char *tool_form;           /* as in hearth_info */
};

/* A value of the metadata in words, long ones shortened; and the tensors of one type. */
struct hearth_file_value {
	const char *key, *value;
};
struct hearth_file_type {
	const char *name;
	uint64_t count, bytes;
};

/* Opens a GGUF file or a Hugging Face folder, all parts. To be closed with hearth_file_close. */
HEARTH_API bool hearth_file_open(const char *path, struct hearth_file **file, struct hearth_error *error);
HEARTH_API void hearth_file_close(struct hearth_file *file); /* NULL is allowed */
HEARTH_API void hearth_file_info(struct hearth_file *file, struct hearth_file_info *info);

/* The whole metadata, and all types that tensors have. The number of them; 0 with *values NULL when memory is out. */
HEARTH_API size_t hearth_file_values(struct hearth_file *file, const struct hearth_file_value **values);
HEARTH_API size_t hearth_file_types(struct hearth_file *file, const struct hearth_file_type **types);

/* Reads every weight. False when one is no number, or the file is not whole. */
HEARTH_API bool hearth_file_verify(struct hearth_file *file, uint64_t *n_tensors, uint64_t *bytes, struct hearth_error *error);

/* What running the model would take, by the plan of its forward pass: nothing is loaded. */
struct hearth_file_plan {
	size_t size; /* sizeof(struct hearth_file_plan), set by the caller */
	uint64_t bytes_weights, bytes_kv, bytes_scratch,
	        bytes_total;  /* as in hearth_info, with F16 keys and values and one thread */
	uint64_t bytes_token; /* of weights that one token of an answer reads: of experts those in use */
	uint32_t context;     /* positions that bytes_kv is for */
};

/* `context` 0: the lesser of trained length and 8192. False: this version cannot run the model, `error` says why. */
HEARTH_API bool hearth_file_plan(struct hearth_file *file, uint32_t context, struct hearth_file_plan *plan,
                                 struct hearth_error *error);

/* ---- sessions: one timeline of keys and values each ---- */

/* A session remembers what it computed last: a request that begins with the same tokens computes only what is new.
 * 0 when memory is out. Ids are never used twice. */
HEARTH_API uint64_t hearth_session_new(struct hearth *h);

/* Cancels its requests and wipes its keys and values. An unknown id is ignored. */
HEARTH_API void hearth_session_free(struct hearth *h, uint64_t session);

/* ---- adapters: LoRA files and control vectors, which change what a session computes while the model stays open ---- */

enum { HEARTH_MOST_ADAPTERS = 16 }; /* of one session */

/* An open adapter and how strongly it counts: 1 as it was trained, 0 not at all. */
struct hearth_adapter {
	uint64_t adapter;
	float scale;
};

/* Opens an adapter (a GGUF file) for this model. Ids are never used twice. */
HEARTH_API bool hearth_adapter_open(struct hearth *h, const char *path, uint64_t *adapter, struct hearth_error *error);

/* Forgets the id; sessions that have the adapter keep it. An unknown id is ignored. */
HEARTH_API void hearth_adapter_close(struct hearth *h, uint64_t adapter);

/* The session's requests that begin from now on are computed with these adapters, all at once, in place of those before; none: with
 * the model as it is. What the session had computed with others is forgotten. Other sessions may have others at the same time. */
HEARTH_API bool hearth_session_adapt(struct hearth *h, uint64_t session, const struct hearth_adapter *adapters, size_t n_adapters,
                                     struct hearth_error *error);

/* ---- requests ---- */

enum hearth_kind {
	HEARTH_CHAT = 1, /* text: a JSON object {"messages": [...], "tools": [...], ...}: every member is a variable of the model's
	                    chat template; add_generation_prompt is true unless it says otherwise, bos_token and eos_token are the
	                    model's. The space that some vocabularies put in front of all text is left out of the answer */
	HEARTH_TEXT = 2, /* text: as it is, behind BOS where the model wants one; control tokens in it are plain text */
	HEARTH_IDS = 3,  /* ids: as they are, nothing added */
	HEARTH_FILL = 4, /* text: a JSON object {"prefix": "...", "suffix": "...", "extra": [{"filename": "...", "text": "..."}]}:
	                    what stands between prefix and suffix, by the model's own tokens for that, and where it is given behind
	                    "begun", how that begins; all members may be left out */
	HEARTH_PAIR = 5  /* text: a question, and document: put together as the model wants them for HEARTH_WANT_RANK */
};

/* What a request is for. */
enum hearth_want {
	HEARTH_WANT_ANSWER = 0,   /* an answer of at most max_tokens tokens */
	HEARTH_WANT_PROMPT = 1,   /* nothing is computed: the PROMPT event shows text, pieces and ids, however many; with HEARTH_IDS
	                             the text is what the ids stand for, byte by byte, and may be no UTF-8 */
	HEARTH_WANT_VECTOR = 2,   /* the text as one vector: a SCORES event with n_vector values */
	HEARTH_WANT_RANK = 3,     /* how well the document answers the question, by a reranker: a SCORES event with one value */
	HEARTH_WANT_LOGITS = 4,   /* SCORES events with the n_vocab logits behind each token from `score_from` on */
	HEARTH_WANT_LOGPROBS = 5, /* SCORES events with how likely each token from `score_from` on was, behind those before it; none
	                             for the first one */
	HEARTH_WANT_READING = 6   /* the tokens are computed and nothing is told of them (hearth_importance) */
};

enum hearth_pooling {
	HEARTH_POOLING_MODEL = 0, /* as the file says, else mean for an encoder and last for the others */
	HEARTH_POOLING_MEAN = 1,
	HEARTH_POOLING_CLS = 2,
	HEARTH_POOLING_LAST = 3,
	HEARTH_POOLING_RANK = 4 /* in hearth_info alone */
};

/* How a text of HEARTH_TEXT becomes tokens. */
enum hearth_text_option {
	HEARTH_TEXT_CONTROL = 1, /* control tokens are matched in it: the text is the program's own */
	HEARTH_TEXT_PLAIN = 2,   /* no BOS in front */
	HEARTH_TEXT_CLOSED = 4,  /* in front and behind what the file says: BOS, EOS, SEP. Goes without saying for a vector */
	HEARTH_TEXT_ALL = 8      /* text that reads like a control token becomes one where llama.cpp does so: for comparing */
};

/* A schema that is not understood whole is refused with the keyword's name; what is made under one that is taken is valid. */
enum hearth_grammar {
	HEARTH_GRAMMAR_NONE = 0,
	HEARTH_GRAMMAR_GBNF = 1,   /* the notation of llama.cpp's grammars; the text begins with the rule named root */
	HEARTH_GRAMMAR_SCHEMA = 2, /* JSON Schema, draft 2020-12 */
	HEARTH_GRAMMAR_FORM = 3    /* schemas between other text, as JSON: a string is itself, {"schema": S} a document
	                              (with "else": T, one of T where S is not understood), {"sequence": [...]}, {"either": [...]},
	                              {"repeat": P, "least": N, "most": N} are made of parts, and
	                              {"without": "TEXT"} is any text in which TEXT does not occur */
};

struct hearth_request {
	size_t size;      /* sizeof(struct hearth_request) */
	uint32_t kind;    /* enum hearth_kind */
	uint64_t session; /* 0: a session of its own, forgotten when done */
	const char *text; /* the engine copies all that a request points to */
	size_t text_length;
	const int32_t *ids;
	size_t n_ids;
	uint32_t max_tokens; /* of the answer; 0: none is computed, the prompt alone is looked at (events PROMPT and DONE) */
	struct hearth_sampling sampling;
	const char *const *stop; /* zero-terminated texts that end the answer and are not shown; at most 63, of 1024 bytes */
	size_t n_stop;
	bool ignore_end;       /* go on behind end-of-generation tokens */
	bool want_prompt;      /* the PROMPT event shows text, pieces and ids, as HEARTH_WANT_PROMPT does */
	const char *date;      /* "YYYY-MM-DDTHH:MM:SS" for templates that ask for it; NULL: now, local time */
	bool no_guess;         /* compute one token at a time: the same answer, in more time where text repeats itself */
	uint32_t grammar_kind; /* enum hearth_grammar: what form the answer must have. A model that thinks first does so freely */
	const char *grammar;   /* the grammar or schema; the engine copies it */
	size_t grammar_length; /* bytes, at most 4 MiB */
	const char *trigger; /* the grammar begins behind this text (zero-terminated, at most 63 bytes), before which the answer is
	                        free; it may also end without. NULL: the grammar holds for the whole answer */
	const char *const *marks; /* names of control tokens that are shown as text in the answer, and are text for the grammar,
	                             such as "[TOOL_CALLS]"; at most 63; a name that the model has not is ignored */
	size_t n_marks;
	uint32_t n_scores; /* ANSWER tells for each token its log probability and those of the n_scores - 1 most likely ones; 0:
	                      not; at most 21. HEARTH_WANT_LOGPROBS too */
	uint32_t limit_ms; /* the answer ends as by max_tokens when it takes longer; 0: no limit */
	bool adapt;    /* HEARTH_CHAT: a conversation in the form of OpenAI's API, which is given to the template as it can take it:
	                  calls of tools with arguments as objects, or as text where it fails with these; system messages in the first
	                  user's where it has no place for them; "continue_final_message": true goes on from the last message */
	uint32_t want; /* enum hearth_want. What is no answer is computed with the session's adapters and in a timeline of
	                  its own */
	uint32_t text_options; /* of enum hearth_text_option, added up */
	const char *document;  /* of HEARTH_PAIR */
	size_t document_length;
	uint32_t pooling;    /* enum hearth_pooling, of a vector */
	bool raw;            /* a vector as the model makes it; else of length 1 */
	bool as_answer;      /* logits and logprobs: tokens are computed as those of an answer are */
	bool leaves_nothing; /* with `share`: behind, for others to go on from (a title, a suggestion) */
	uint32_t score_from; /* of the prompt's tokens, for logits and logprobs */
	uint64_t share; /* 0: none; else whatever requests of the same number have left, and begins like this prompt, need not be
	                   computed again. For an answer without a session */
	uint32_t prompt_limit_ms; /* the request ends without an answer, as by max_tokens, when its prompt takes longer; 0: no limit
	                           */
	const struct hearth_bias *biases; /* added to logits before everything else; at most 1024 */
	size_t n_biases;
	uint32_t thought_limit; /* HEARTH_CHAT: tokens that the model may think; then its thought is closed and the answer begins;
	                           0: no limit */
};

/* For hearth_request.biases: an id of the vocabulary, and what makes it likelier, -100 to 100. */
struct hearth_bias {
	int32_t id;
	float bias;
};

/* A token and the logarithm of its probability, as the model has it: before penalties, grammar and temperature. */
struct hearth_score {
	int32_t id;
	float logprob;
	const char *text; /* its bytes, which need not be whole characters */
	size_t length;
};

/* A request with the defaults: temperature 0.7, top_k 40, top_p 0.95, min_p 0.05, no penalties, 4096 tokens. */
HEARTH_API struct hearth_request hearth_request_new(uint32_t kind);

/* Takes a request into the queue; several run side by side. False: nothing was taken, `error` says why. */
HEARTH_API bool hearth_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error);

/* Ends a request soon; its last event is HEARTH_DONE with HEARTH_STOP_CANCEL. An unknown or finished id is ignored. */
HEARTH_API void hearth_cancel(struct hearth *h, uint64_t id);

/* Wipes what requests of this number have left for others to go on from (request.share), and lets those that run leave nothing. */
HEARTH_API void hearth_forget(struct hearth *h, uint64_t share);

/* ---- events ---- */

enum hearth_event_kind {
	HEARTH_PROMPT = 1, /* the prompt was made: n_prompt, n_cached, and with want_prompt text, pieces and ids. The ids are those
	                      that are computed: where the session has the same text in other tokens, it keeps its own */
	HEARTH_PROGRESS = 2, /* n_done prompt tokens of n_prompt are computed */
	HEARTH_ANSWER = 3,   /* text (whole characters; may be empty) and the ids it came from; several tokens when they were not
	                        taken one by one, and at the end text without ids when some was held back for a stop text */
	HEARTH_DONE = 4,     /* the last event of a request that went well or was cancelled: stop and all counts */
	HEARTH_FAILED = 5,   /* the last event of one that did not: text is the reason, `failure` its kind */
	HEARTH_SCORES = 6    /* values or logprobs, of some tokens or of all; they follow each other in order */
};

enum hearth_stop {
	HEARTH_STOP_END = 1,    /* the model ended its answer */
	HEARTH_STOP_LENGTH = 2, /* max_tokens */
	HEARTH_STOP_TEXT = 3,   /* one of the stop texts */
	HEARTH_STOP_CANCEL = 4,
	HEARTH_STOP_CONTEXT = 5 /* the session's context is full */
};

enum hearth_failure {
	HEARTH_FAIL_REQUEST = 1, /* JSON, template or ids are not usable */
	HEARTH_FAIL_CONTEXT = 2, /* the prompt (n_prompt tokens, counted or estimated) does not fit into the context (n_context) */
	HEARTH_FAIL_RESOURCES = 3, /* memory, or the model file was damaged while open */
	HEARTH_FAIL_ENGINE = 4     /* the process that computes has ended; the next request starts it again */
};

/* A stretch of the prompt by origin: bytes [start, start + length) of its text. */
struct hearth_piece {
	size_t start, length;
	bool trusted; /* written by the template; false: it came with a message */
};

struct hearth_event {
	uint32_t kind; /* enum hearth_event_kind */
	uint64_t request;
	const char *text; /* this and the other pointers are valid until the next hearth_next */
	size_t text_length;
	const struct hearth_piece *pieces;
	size_t n_pieces;
	const int32_t *ids;
	size_t n_ids;
	uint32_t stop;    /* enum hearth_stop */
	uint32_t failure; /* enum hearth_failure */
	uint64_t seed;    /* that was used */
	uint32_t n_context;
	uint32_t n_prompt;    /* tokens of the prompt */
	uint32_t n_cached;    /* of them, already there from the session's last request */
	uint32_t n_done;      /* of them, computed or cached so far */
	uint32_t n_generated; /* tokens of the answer, the end-of-generation token included */
	double seconds_wait, seconds_prompt, seconds_generate;
	uint32_t n_guessed;                /* tokens that were tried ahead of the answer */
	uint32_t n_accepted;               /* of them, those that it took */
	const struct hearth_score *scores; /* of an ANSWER, or of SCORES, with n_scores: so many for each id, first itself, then the
	                                      most likely */
	size_t n_scores;
	const char *prompt_end; /* PROMPT: the last bytes of the prompt's text, at most 256, want_prompt or not */
	size_t prompt_end_length;
	uint32_t stop_text;  /* HEARTH_STOP_TEXT: which one, from 0 */
	const float *values; /* of SCORES */
	size_t n_values;
};

/* Waits for the next event of any request: at most timeout_ms milliseconds, for ever when negative. False when none came in
 * that time, or when nothing is queued or running. */
HEARTH_API bool hearth_next(struct hearth *h, int timeout_ms, struct hearth_event *event);

/* ---- what matters in a model, measured ---- */

/* The inputs of one tensor's matrices, over all that was computed since the model was opened with `importance`: sums of their
 * squares (n_matrices x cols), and over how many (n_matrices). */
struct hearth_importance {
	size_t size;      /* sizeof(struct hearth_importance), set by the caller */
	const char *name; /* of the tensor, zero-terminated; like the others valid until the next call */
	uint64_t cols, n_matrices;
	const float *sums, *counts;
};

/* The tensor of this number, from 0 on, in the order of the file; those that nothing has read are left out. No request may be
 * running. False behind the last one, with an empty error, and when memory is out. */
HEARTH_API bool hearth_importance(struct hearth *h, uint64_t number, struct hearth_importance *importance,
                                  struct hearth_error *error);

/* ---- without an engine ---- */

HEARTH_API const char *hearth_version(void); /* zero-terminated */

/* The CPU level and kernels that this machine gets, one a line, zero-terminated; lives as long as the program. */
HEARTH_API const char *hearth_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
