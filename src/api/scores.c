/* scores: log probabilities of an answer's tokens as the lists that OpenAI's clients read. */
#include "api/inside.h"

#include <string.h>

static void put_token(struct buffer *b, const struct hearth_score *s)
{
	buffer_append_text(b, "{\"token\":");
	json_write_text(b, s->text, s->length);
	buffer_append_text(b, ",\"logprob\":");
	json_write_float(b, (double)s->logprob);
	buffer_append_text(b, ",\"bytes\":[");
	for (size_t i = 0; i < s->length; i++) buffer_format(b, "%s%u", i ? "," : "", (unsigned)(unsigned char)s->text[i]);
	buffer_append_text(b, "]");
}

/* One token with the most likely ones. */
static void note(struct api_choice *choice, const struct hearth_score *s, size_t n)
{
	struct buffer *b = &choice->scores;
	if (b->size) buffer_append_byte(b, ',');
	put_token(b, s);
	buffer_append_text(b, ",\"top_logprobs\":[");
	for (size_t i = 1; i < n; i++) {
		if (i > 1) buffer_append_byte(b, ',');
		put_token(b, &s[i]);
		buffer_append_byte(b, '}');
	}
	buffer_append_text(b, "]}");
}

/* The same for /v1/completions: four lists side by side. */
static void note_old(struct api_choice *choice, const struct hearth_score *s, size_t n)
{
	struct buffer *all[] = { &choice->scores, &choice->scores2, &choice->scores3, &choice->scores4 };
	for (size_t i = 0; choice->n_scores && i < 4; i++) buffer_append_byte(all[i], ',');
	json_write_text(all[0], s->text, s->length);
	json_write_float(all[1], (double)s->logprob);
	buffer_append_byte(all[2], '{');
	for (size_t i = 1; i < n; i++) {
		if (i > 1) buffer_append_byte(all[2], ',');
		json_write_text(all[2], s[i].text, s[i].length);
		buffer_append_byte(all[2], ':');
		json_write_float(all[2], (double)s[i].logprob);
	}
	buffer_append_byte(all[2], '}');
	buffer_format(all[3], "%zu", choice->text_offset);
	choice->text_offset += s->length;
}

void api_note_scores(struct api_choice *choice, const struct hearth_event *e)
{
	size_t each = choice->call->inside->ask.n_scores;
	bool old = choice->call->endpoint->kind == &api_kind_completions;
	for (size_t i = 0; each && i + each <= e->n_scores; i += each) {
		(old ? note_old : note)(choice, &e->scores[i], each);
		choice->n_scores++;
	}
}

void api_put_scores(struct api_choice *choice, struct buffer *out)
{
	if (!choice->call->inside->ask.scores) {
		buffer_append_text(out, "null");
		return;
	}
	buffer_append_text(out, "{\"content\":[");
	if (choice->scores.size) buffer_append(out, choice->scores.data, choice->scores.size);
	buffer_append_text(out, "],\"refusal\":null}");
	buffer_clear(&choice->scores);
}

void api_put_old_scores(struct api_choice *choice, struct buffer *out)
{
	static const char *const names[] = { "tokens", "token_logprobs", "top_logprobs", "text_offset" };
	struct buffer *all[] = { &choice->scores, &choice->scores2, &choice->scores3, &choice->scores4 };
	if (!choice->call->inside->ask.scores) {
		buffer_append_text(out, "null");
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		buffer_format(out, "%s\"%s\":[", i ? "," : "{", names[i]);
		if (all[i]->size) buffer_append(out, all[i]->data, all[i]->size);
		buffer_append_byte(out, ']');
		buffer_clear(all[i]);
	}
	buffer_append_byte(out, '}');
	choice->n_scores = 0;
}
