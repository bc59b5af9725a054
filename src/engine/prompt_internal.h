/* prompt_internal: what prompt.c (sources, tokens), prompt_chat.c (conversations) and prompt_pair.c (rerankers) share. */
#ifndef HEARTH_ENGINE_PROMPT_INTERNAL_H
#define HEARTH_ENGINE_PROMPT_INTERNAL_H

#include "engine/prompt.h"
#include "format/json.h"
#include "text/tokenizer.h"

/* The plain form of models without a template, and the text that ends its answers. */
extern const char prompt_plain_template[];
extern const char prompt_plain_stop[];

/* Fills text and pieces of `p` from a conversation in JSON. False: the request is not usable, or memory is out (*memory). */
bool prompt_render(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory,
                   struct error *e);

/* The same with the template's variables as they are, to which the defaults are added. */
bool prompt_render_as(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, json_t *variables,
                      bool *memory, struct error *e);

/* The same with a conversation in the form of OpenAI's API, in the first shape that the template takes; the line is of the first.
 */
bool prompt_render_adapted(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, json_t *variables,
                           bool *memory, struct error *e);

/* Takes the last message out, whose content is what the answer begins with; and puts that behind the prompt, and behind a thought
 * that the template has opened, which is closed. */
bool prompt_take_beginning(json_t *variables, struct buffer *beginning, struct error *e);
bool prompt_append_beginning(struct prompt *p, const struct buffer *beginning, struct error *e);

/* Fills the ids of `p` for HEARTH_FILL. False: the request is not usable, the model has no tokens for it, or memory is out. */
bool prompt_fill(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory,
                 struct error *e);
/* Appends the ids of a question and a document, as a reranker wants them. */
bool prompt_pair(const struct prompt_source *s, const struct hearth_request *asked, struct token_list *ids, struct error *e);

#endif
