/* stream: streaming detokenization (see stream.h). */
#include "text/stream.h"

#include "base/utf8.h"

#include <string.h>

bool stream_start(struct stream *s, const struct vocab *v, const struct stream_stop *stops, size_t n_stops, unsigned options,
                  struct error *e)
{
	*s = (struct stream){
		.vocab = v, .stops = stops, .n_stops = n_stops, .options = options, .held = buffer_new(SIZE_MAX / 2)
	};
	if (n_stops > STREAM_MOST_STOPS) return error_set(e, "%zu stop strings, more than %d", n_stops, STREAM_MOST_STOPS);
	for (size_t i = 0; i < n_stops; i++) {
		if (stops[i].length == 0) return error_set(e, "stop string %zu is empty", i + 1);
		if (stops[i].length > STREAM_LONGEST_STOP) {
			return error_set(e, "stop string %zu has %zu bytes, more than %d", i + 1, stops[i].length,
			                 STREAM_LONGEST_STOP);
		}
	}
	return true;
}

void stream_free(struct stream *s)
{
	buffer_free(&s->held);
}

/* The stop strings at held[at..): whether one may begin there, and in *end where the shortest whole one ends, if it is less. */
static bool stop_begins(struct stream *s, size_t at, size_t *end)
{
	size_t left = s->held.size - at;
	bool part = false;
	for (size_t i = 0; i < s->n_stops; i++) {
		size_t n = s->stops[i].length < left ? s->stops[i].length : left;
		if (memcmp(s->held.data + at, s->stops[i].text, n) != 0) continue;
		part = true;
		if (n != s->stops[i].length || at + n >= *end) continue;
		*end = at + n;
		s->stop = i;
	}
	return part;
}

/* How many of the bytes that are held may be handed out; notices a whole stop string. Of several the one that ends first
 * counts, as it would if bytes came one by one. */
static size_t certain(struct stream *s)
{
	size_t hold = s->held.size, stop = 0, end = SIZE_MAX;
	for (size_t at = 0; at < s->held.size && at < end; at++) {
		size_t before = end;
		bool part = stop_begins(s, at, &end);
		if (end < before) stop = at;
		if (part && hold == s->held.size) hold = at;
	}
	s->stopped = end != SIZE_MAX;
	return s->stopped ? stop : hold;
}

/* Hands out the first bytes that are held, as UTF-8. */
static bool hand_out(struct stream *s, size_t length, struct buffer *out, struct error *e)
{
	const char *bytes = buffer_text(&s->held);
	size_t at = 0;
	if (length > 0 && !s->begun) {
		s->begun = true;
		if ((s->options & STREAM_TRIM) && s->vocab->add_space_prefix && bytes[0] == ' ') at = 1;
	}
	while (at < length) {
		uint32_t point;
		char whole[4];
		size_t n = utf8_decode(bytes + at, length - at, &point);
		if (n > 0)
			buffer_append(out, bytes + at, n);
		else
			buffer_append(out, whole, utf8_encode(UTF8_REPLACEMENT, whole));
		at += n ? n : 1;
	}
	size_t left = s->held.size - length;
	if (length > 0 && left > 0) memmove(s->held.data, s->held.data + length, left);
	s->held.size = left;
	return !out->failed || error_memory(e);
}

bool stream_add_bytes(struct stream *s, const char *bytes, size_t length, struct buffer *out, struct error *e)
{
	if (s->stopped) return true;
	if (!buffer_append(&s->held, bytes, length)) return error_memory(e);
	size_t ready = certain(s), whole = s->held.size - utf8_incomplete(buffer_text(&s->held), s->held.size);
	if (!s->stopped && ready > whole) ready = whole;
	if (!hand_out(s, ready, out, e)) return false;
	if (s->stopped) buffer_clear(&s->held);
	return true;
}

static bool is_shown(const struct stream *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_shown; i++) {
		if (s->shown[i] == id) return true;
	}
	return false;
}

bool stream_add(struct stream *s, uint32_t id, struct buffer *out, struct error *e)
{
	size_t length;
	if (id >= s->vocab->count) return error_set(e, "token %u is not one of %u", (unsigned)id, (unsigned)s->vocab->count);
	if (s->vocab->type[id] == TOKEN_CONTROL && !(s->options & STREAM_CONTROL) && !is_shown(s, id)) return true;
	const char *bytes = vocab_bytes(s->vocab, id, &length);
	return stream_add_bytes(s, bytes, length, out, e);
}

bool stream_end(struct stream *s, struct buffer *out, struct error *e)
{
	return s->stopped || hand_out(s, s->held.size, out, e);
}
