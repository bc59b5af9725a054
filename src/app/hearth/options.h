/*
 * options: the table of commands and options, and the reading of a command line by it.
 *
 * The table is the one place that knows a flag: --help is printed from it, and a test compares the manual page and the shell
 * completions with it.
 */
#ifndef HEARTH_APP_HEARTH_OPTIONS_H
#define HEARTH_APP_HEARTH_OPTIONS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_WRONG_USE = 2, STATUS_INTERRUPTED = 130 };

enum { OPTIONS_MOST = 16 };

/* The values of an option that may repeat. */
struct option_list {
	const char *texts[OPTIONS_MOST];
	size_t n;
};

struct options {
	const char *program; /* as it was started, for sentences that say what to type */
	const struct command_row *command;
	bool named;                 /* the command was, and is not the default */
	const char *model, *system; /* NULL: not given */
	const char *draft;          /* the same */
	const char *schema, *grammar;
	struct option_list files;
	uint64_t max_tokens; /* of the answer */
	bool has_max_tokens;
	double temperature;
	bool has_temperature;
	uint64_t seed;    /* 0: a fresh one */
	uint64_t context; /* 0: the default */
	uint64_t threads; /* 0: as many as suit; or HEARTH_THREADS_LOW */
	bool no_guess;
	bool json, raw, plan, list, help, version;
	const char *sha256, *proxy;   /* NULL: not given */
	const char *vault, *key_file; /* NULL: not given */
	bool unencrypted, keyring, all, yes, resume, secret;
	uint64_t open; /* the number of a kept conversation; 0: none */
	uint64_t port; /* to serve on; 0: whichever is free */
	bool has_port, metrics;
	const char *host, *socket, *token, *tls_cert, *tls_key; /* NULL: not given */
	struct option_list names, origins;                      /* of the server, and of pages that may use it */
	char **words;                                           /* what is no option, in order */
	size_t n_words;
};

enum {
	FOR_CHAT = 1,
	FOR_RUN = 2,
	FOR_MODELS = 4,
	FOR_DOCTOR = 8,
	FOR_HELP = 16,
	FOR_VAULT = 32,
	FOR_NET = 64,
	FOR_PROVE = 128,
	FOR_CHATS = 256,
	FOR_SERVE = 512,
	FOR_ALL = 1023
};

enum option_kind { OPTION_SWITCH, OPTION_TEXT, OPTION_LIST, OPTION_COUNT, OPTION_NUMBER, OPTION_THREADS };

struct option_row {
	const char *name;  /* with its dashes */
	const char *other; /* a second spelling, or NULL */
	const char *value; /* what stands behind it; NULL for a switch */
	unsigned commands; /* FOR_... bits */
	enum option_kind kind;
	size_t place;     /* in struct options */
	size_t has_place; /* of the bool that says it was given; 0: none */
	double least, most;
	const char *help;
};

/* Runs a command; returns the exit status. */
typedef int (*command_run)(const struct options *o);

/* The first word of a command that has several, such as `vault create`. */
struct word_row {
	const char *name;
	const char *usage; /* behind the name; may be empty */
	const char *purpose;
	size_t least, most; /* further words that it takes */
	command_run run;
};

struct command_row {
	const char *name;
	unsigned bit;
	const char *usage; /* behind the name */
	const char *purpose;
	const char *more; /* paragraphs below the options; may be empty */
	command_run run;
	const struct word_row *words; /* ends with a row without name; NULL: none */
};

extern const struct option_row option_rows[];   /* ends with a row without name */
extern const struct command_row command_rows[]; /* ends with a row without name; the first is the default */

/* Reads the arguments behind the program's name. `words` has room for `count` entries; both must outlive *o. False: wrong use, *e
 * says what. */
bool options_read(struct options *o, int count, char **arguments, char **words, struct error *e);

/* The row of the command's first word, with as many further words as it takes. NULL: wrong use, *e says what. */
const struct word_row *options_word(const struct options *o, struct error *e);

/* The help of one command, or of the program (NULL). */
bool options_help(struct buffer *out, const struct command_row *command);

#endif
