/*
 * stream: tokens to text while they are generated.
 *
 * What is handed out is always whole characters: bytes of a character that is not complete yet are held back, bytes that are
 * not UTF-8 become U+FFFD, one for each byte. A stop string is never shown, nor any part of it: what may be its beginning is
 * held back until it is clear. The text handed out is the same however it was cut into tokens.
 */
#ifndef HEARTH_TEXT_STREAM_H
#define HEARTH_TEXT_STREAM_H

#include "base/buffer.h"
#include "text/vocab.h"

enum {
	STREAM_MOST_STOPS = 64,
	STREAM_LONGEST_STOP = 1024 /* bytes */
};

enum stream_option {
	STREAM_CONTROL = 1 << 0, /* control tokens are shown by their names; else they give no text */
	STREAM_TRIM = 1 << 1     /* leaves out the space that some vocabularies put in front of all text */
};

/* A stop string, its bytes the caller's. */
struct stream_stop {
	const char *text;
	size_t length;
};

struct stream {
	const struct vocab *vocab;
	const struct stream_stop *stops;
	size_t n_stops;
	unsigned options;
	const uint32_t *shown; /* control tokens that are shown all the same, by their names; the caller's */
	size_t n_shown;
	struct buffer held; /* bytes that are not handed out yet */
	bool begun;         /* something was handed out */
	bool stopped;       /* a stop string came: no more text follows */
	size_t stop;        /* which one, then */
};

/* `stops` stays the caller's and must live as long as the stream. False when there are too many, or an empty or long one. */
bool stream_start(struct stream *s, const struct vocab *v, const struct stream_stop *stops, size_t n_stops, unsigned options,
                  struct error *e);
void stream_free(struct stream *s);

/* Takes one token and appends the text that has become certain to `out`. */
bool stream_add(struct stream *s, uint32_t id, struct buffer *out, struct error *e);

/* The same with bytes. */
bool stream_add_bytes(struct stream *s, const char *bytes, size_t length, struct buffer *out, struct error *e);

/* No more tokens follow: appends what was held back. */
bool stream_end(struct stream *s, struct buffer *out, struct error *e);

#endif
