/* prompt_internal: what prompt.c (sources, tokens) and prompt_chat.c (conversations) share. */
#ifndef HEARTH_ENGINE_PROMPT_INTERNAL_H
#define HEARTH_ENGINE_PROMPT_INTERNAL_H

#include "engine/prompt.h"

/* The plain form of models without a template, and the text that ends its answers. */
extern const char prompt_plain_template[];
extern const char prompt_plain_stop[];

/* Fills text and pieces of `p` from a conversation in JSON. False: the request is not usable, or memory is out (*memory). */
bool prompt_render(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory,
                   struct error *e);

#endif
