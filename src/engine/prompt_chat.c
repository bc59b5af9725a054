/*
 * prompt_chat: a conversation in JSON through the model's chat template.
 *
 * Every member of the object is a variable of the template. What transformers always passes is there too: tools and documents
 * (none), add_generation_prompt (true), the model's own bos_token and eos_token. Of all these only the special tokens count as
 * the template's own words, and only when they are the model's; the rest came with the conversation.
 */
#include "engine/prompt_internal.h"

#include "base/memory.h"
#include "format/json.h"
#include "text/template.h"

#include <string.h>
#include <time.h>

const char prompt_plain_template[] =
        "{%- for message in messages -%}"
        "{{ message.role | capitalize }}: "
        "{%- if message.content is string %} {{ message.content }}"
        "{%- elif message.content %}{% for part in message.content %} {{ part.text }}{% endfor %}{% endif %}"
        "{{ '\\n' }}"
        "{%- endfor -%}"
        "{%- if add_generation_prompt %}Assistant:{% endif -%}";
const char prompt_plain_stop[] = "\nUser:";

bool prompt_check_date(const char *date)
{
	static const char form[] = "0000-00-00T00:00:00";
	struct template_moment moment;
	if (strnlen(date, sizeof form) != sizeof form - 1) return false;
	for (size_t i = 0; form[i]; i++) {
		bool digit = date[i] >= '0' && date[i] <= '9';
		if (form[i] == '0' ? !digit : date[i] != form[i]) return false;
	}
	return template_moment_parse(date, &moment, NULL);
}

/* The date of the request, else now. */
static struct template_moment moment_of(const struct hearth_request *asked)
{
	struct template_moment moment = { .year = 1970, .month = 1, .day = 1 };
	if (asked->date) {
		template_moment_parse(asked->date, &moment, NULL); /* request_check has looked at it */
		return moment;
	}
	time_t now = time(NULL);
	struct tm local;
	if (!localtime_r(&now, &local)) return moment;
	return (struct template_moment){ .year = local.tm_year + 1900,
		                         .month = local.tm_mon + 1,
		                         .day = local.tm_mday,
		                         .hour = local.tm_hour,
		                         .minute = local.tm_min,
		                         .second = local.tm_sec };
}

static bool set_default(json_t *variables, const char *name, json_t *value, struct error *e)
{
	if (json_object_get(variables, name)) {
		json_decref(value);
		return true;
	}
	return value && json_object_set_new(variables, name, value) == 0 ? true : error_memory(e);
}

/* Gives the variable the model's special token where the conversation does not say; *trusted tells whether it is that token. */
static bool set_token(json_t *variables, const char *name, const struct vocab *v, enum vocab_special which, bool *trusted,
                      struct error *e)
{
	*trusted = false;
	if (v->special[which] == TOKEN_NONE) return true;
	size_t length;
	const char *text = vocab_bytes(v, v->special[which], &length);
	json_t *token = json_stringn(text, length);
	if (!token) return true; /* not UTF-8: no template can write it */
	const json_t *given = json_object_get(variables, name);
	*trusted = !given || json_equal(given, token);
	return set_default(variables, name, token, e);
}

static bool set_defaults(json_t *variables, const struct prompt_source *s, const char *trusted[2], size_t *n_trusted,
                         struct error *e)
{
	bool bos, eos;
	if (!set_default(variables, "tools", json_null(), e) || !set_default(variables, "documents", json_null(), e) ||
	    !set_default(variables, "add_generation_prompt", json_true(), e) ||
	    !set_token(variables, "bos_token", s->vocab, VOCAB_BOS, &bos, e) ||
	    !set_token(variables, "eos_token", s->vocab, VOCAB_EOS, &eos, e))
		return false;
	*n_trusted = 0;
	if (bos) trusted[(*n_trusted)++] = "bos_token";
	if (eos) trusted[(*n_trusted)++] = "eos_token";
	if (*n_trusted == 0) trusted[(*n_trusted)++] = ""; /* nothing has that name: an empty list would mean the usual ones */
	return true;
}

/* Text and pieces become the prompt's. */
static bool take_output(struct prompt *p, struct template_output *out, struct error *e)
{
	p->pieces = memory_new(out->n_pieces ? out->n_pieces : 1, sizeof *p->pieces);
	p->text = memory_copy_text(out->text ? out->text : "", out->length);
	if (!p->pieces || !p->text) return error_memory(e);
	p->text_length = out->length;
	p->n_pieces = out->n_pieces;
	for (size_t i = 0; i < out->n_pieces; i++) {
		p->pieces[i] = (struct hearth_piece){ .start = out->pieces[i].start,
			                              .length = out->pieces[i].length,
			                              .trusted = out->pieces[i].origin == TEMPLATE_ORIGIN_TEMPLATE };
	}
	return true;
}

bool prompt_render_as(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, json_t *variables,
                      bool *memory, struct error *e)
{
	const char *trusted[2];
	struct template_input input = { .variables = variables, .trusted = trusted, .now = moment_of(asked) };
	struct template_output out = { 0 };
	*memory = true;
	if (!set_defaults(variables, s, trusted, &input.n_trusted, e)) return false;
	*memory = false;
	bool ok = template_render(s->template, &input, &out, e);
	if (ok) {
		*memory = true;
		ok = take_output(p, &out, e);
	}
	if (out.text) memory_wipe(out.text, out.length);
	template_output_free(&out);
	return ok;
}

/* A conversation in OpenAI's form, whose last message may be the beginning of the answer. */
static bool render_openai(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, json_t *variables,
                          bool *memory, struct error *e)
{
	struct buffer beginning = buffer_new(asked->text_length);
	bool goes_on = json_is_true(json_object_get(variables, "continue_final_message"));
	json_object_del(variables, "continue_final_message");
	bool ok = !goes_on || prompt_take_beginning(variables, &beginning, e);
	ok = ok && prompt_render_adapted(p, s, asked, variables, memory, e);
	if (ok && goes_on) {
		*memory = true;
		ok = prompt_append_beginning(p, &beginning, e);
	}
	if (beginning.data) memory_wipe(beginning.data, beginning.size);
	buffer_free(&beginning);
	return ok;
}

bool prompt_render(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory,
                   struct error *e)
{
	*memory = false;
	if (!s->template) return error_set(e, "%s", s->broken.text);
	json_t *variables = json_parse(asked->text, asked->text_length, "request", e);
	if (!variables) return false;
	bool ok = json_is_object(variables) || error_set(e, "request: a conversation is a JSON object");
	ok = ok && (json_is_array(json_object_get(variables, "messages")) || error_set(e, "request: 'messages' must be an array"));
	ok = ok && (asked->adapt ? render_openai(p, s, asked, variables, memory, e)
	                         : prompt_render_as(p, s, asked, variables, memory, e));
	if (ok && s->plain) p->stop = prompt_plain_stop;
	json_decref(variables);
	return ok;
}
