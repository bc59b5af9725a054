/*
 * suggest: which models suit this machine, those that are here and those of the catalogue, with the arithmetic that says so, and
 * the ONE to take.
 *
 * Memory is file + keys and values of the usual context + room to work: for a file by the plan that the engine makes of its header,
 * for one that is not here by the catalogue's numbers. An answer reads what a token needs of the weights once for each token, so
 * its speed is at most the memory's bandwidth divided by that. The recommended one is the largest that is for talk, takes at most
 * half of the memory and half an hour to fetch, and writes at least as fast as one reads (one that thinks first: twice as fast);
 * one that is here already comes first unless a far larger one would suit. Where all are slower it is the one that reads least.
 */
#ifndef HEARTH_APP_HEARTH_SUGGEST_H
#define HEARTH_APP_HEARTH_SUGGEST_H

#include "app/hearth/catalogue.h"
#include "app/hearth/model_caches.h"
#include "app/hearth/settings.h"
#include "base/buffer.h"

/* Bytes a second of a connection that nothing is known of: 50 Mbit/s. */
enum { SUGGEST_MOST = 256, SUGGEST_NONE = SUGGEST_MOST, SUGGEST_USUAL_RATE = 6250000 };

enum suggest_fit {
	SUGGEST_FITS,
	SUGGEST_TIGHT,     /* when other programs are closed */
	SUGGEST_TOO_LARGE, /* for this machine */
	SUGGEST_CANNOT     /* be run by this version, or no model; `reason` says why */
};

struct suggest_row {
	const struct catalogue_row *known; /* NULL: not in the catalogue */
	char name[256];                    /* to -m, or to `models pull` */
	char title[128];                   /* visible, as are source and reason */
	const char *source;                /* "built-in", "models folder", "Ollama" ...; "to fetch" */
	char path[PATHS_ROOM];             /* empty: it has to be fetched */
	uint64_t bytes, kv, scratch, memory, token, parameters;
	uint32_t context;     /* that kv is for */
	double speed;         /* tokens a second at most; 0: not known */
	double fetch_seconds; /* at the rate of the last download; 0: not known, or it is here */
	enum suggest_fit fit;
	bool talks;
	char reason[256];
};

struct suggest {
	struct catalogue catalogue;
	struct model_caches caches;
	struct suggest_row *rows;
	size_t n;
	size_t recommended; /* the row; SUGGEST_NONE: nothing is here and nothing suits */
	bool more;          /* there are more files than were looked at */
	uint64_t memory, free;
	unsigned threads;
	double bandwidth; /* bytes a second; 0: it could not be measured */
	double rate;      /* of the last download, bytes a second; 0: there was none */
};

/* Looks at every model that is here, in an engine each, and measures the memory (half a second). False: memory is out, or the
 * catalogue is damaged. To be freed in any case. */
bool suggest_make(struct suggest *s, const struct paths *p, const struct settings *settings, struct error *e);
void suggest_free(struct suggest *s);

/* The verdicts and the recommendation from what is in the rows and the numbers of the machine (suggest_make calls it). */
void suggest_judge(struct suggest *s);

/* For people, and as one JSON object. */
bool suggest_describe(struct buffer *out, const struct suggest *s, const char *program, bool ascii);
bool suggest_describe_one(struct buffer *out, const struct suggest *s, const char *program, bool ascii); /* the recommended */
/* The arithmetic of one: a line about memory, and one about speed where that is known. */
void suggest_describe_sums(struct buffer *out, const struct suggest *s, const struct suggest_row *r);
bool suggest_json(struct buffer *out, const struct suggest *s);

#endif
