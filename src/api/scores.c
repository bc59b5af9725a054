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

/* The same for /v1/completions: lists side by side, of which this is three. */
static void note_lists(struct api_choice *choice, const struct hearth_score *s, size_t n)
{
	struct buffer *all[] = { &choice->scores, &choice->scores2, &choice->scores3 };
	for (size_t i = 0; choice->n_scores && i < 3; i++) buffer_append_byte(all[i], ',');
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
}

static void note_old(struct api_choice *choice, const struct hearth_score *s, size_t n)
{
	note_lists(choice, s, n);
	buffer_format(&choice->scores4, "%s%zu", choice->n_scores ? "," : "", choice->text_offset);
	choice->text_offset += s->length;
}

void api_note_scores(struct api_choice *choice, const struct hearth_event *e)
{
	size_t each = choice->call->inside->ask.n_scores;
	bool old = choice->call->endpoint->kind == &api_kind_completions;
	/* an answer that stands behind its prompt */
	if (choice->call->inside->ask.echo && choice->text_offset == 0) choice->text_offset = choice->prompt_length;
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

/* ---- a prompt's ---- */

/* Where the tokens stand in the text is known at the end; until then scores4 has how long each is. */
void api_note_prompt(struct api_choice *prompt, const struct hearth_event *e)
{
	size_t each = prompt->call->inside->ask.n_scores;
	for (size_t i = 0; i + each <= e->n_scores; i += each) {
		note_lists(prompt, &e->scores[i], each);
		buffer_append(&prompt->scores4, &e->scores[i].length, sizeof e->scores[i].length);
		prompt->text_offset += e->scores[i].length;
		prompt->n_scores++;
	}
}

/* The first token has no probability. It is what the others leave of the text; where they leave nothing it was put in front of the
 * text, which a client hears of when it has sent the tokens itself. */
static bool tells_first(const struct api_choice *prompt, size_t first)
{
	return first > 0 || prompt->call->jobs[prompt->number].request.kind == HEARTH_IDS;
}

static void put_offsets(const struct api_choice *prompt, const struct api_choice *answer, size_t first, bool told,
                        struct buffer *out)
{
	/* A space that the tokenizer puts in front is no part of the text. */
	size_t at = first, more = prompt->text_offset > prompt->prompt_length ? prompt->text_offset - prompt->prompt_length : 0;
	if (told) buffer_append_byte(out, '0');
	for (size_t i = 0; i < prompt->n_scores; i++) {
		size_t length;
		memcpy(&length, prompt->scores4.data + i * sizeof length, sizeof length);
		buffer_format(out, "%s%zu", told || i ? "," : "", at > more ? at - more : 0);
		at += length;
	}
	if (answer->scores4.size == 0) return;
	if (told || prompt->n_scores) buffer_append_byte(out, ',');
	buffer_append(out, answer->scores4.data, answer->scores4.size);
}

void api_put_echoed_scores(const struct api_choice *prompt, struct api_choice *answer, struct buffer *out)
{
	static const char *const names[] = { "tokens", "token_logprobs", "top_logprobs" };
	const struct buffer *behind[] = { &prompt->scores, &prompt->scores2, &prompt->scores3 };
	const struct buffer *last[] = { &answer->scores, &answer->scores2, &answer->scores3 };
	size_t first = prompt->prompt_length > prompt->text_offset ? prompt->prompt_length - prompt->text_offset : 0;
	bool told = tells_first(prompt, first);
	for (size_t i = 0; i < 3; i++) {
		buffer_format(out, "%s\"%s\":[", i ? "," : "{", names[i]);
		if (told && i == 0) json_write_text(out, prompt->prompt ? prompt->prompt : "", first);
		if (told && i > 0) buffer_append_text(out, "null");
		if (told && behind[i]->size) buffer_append_byte(out, ',');
		if (behind[i]->size) buffer_append(out, behind[i]->data, behind[i]->size);
		if ((told || behind[i]->size) && last[i]->size) buffer_append_byte(out, ',');
		if (last[i]->size) buffer_append(out, last[i]->data, last[i]->size);
		buffer_append_byte(out, ']');
	}
	buffer_append_text(out, ",\"text_offset\":[");
	put_offsets(prompt, answer, first, told, out);
	buffer_append_text(out, "]}");
}
