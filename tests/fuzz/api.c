/*
 * fuzz target: the first byte chooses the path, the second the model's form of tools; then the body, and behind a zero byte what
 * the model answers, in pieces.
 */
#include "api/fields.h"
#include "text/tool_form.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(struct api_call *c, uint32_t kind, const char *text, size_t length, struct buffer *out)
{
	struct hearth_event e = { .kind = kind, .text = text, .text_length = length, .prompt_end = "", .stop = HEARTH_STOP_END };
	for (size_t i = 0; i < c->n_jobs; i++) api_event(c, i, &e, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_endpoints = 0, n_forms = 0;
	if (size < 3 || size > 20000) return 0;
	while (api_endpoints[n_endpoints].path) n_endpoints++;
	while (tool_form_names[n_forms]) n_forms++;
	struct api_model model = {
		.name = "m", .tool_form = tool_form_names[data[1] % n_forms], .context = 512, .architecture = "", .weights = ""
	};
	const struct api_endpoint *endpoint = &api_endpoints[data[0] % n_endpoints];
	const char *body = (const char *)data + 2, *end = memchr(body, 0, size - 2);
	size_t length = end ? (size_t)(end - body) : size - 2;
	struct api_refusal why;
	struct buffer out = buffer_new(1 << 24);
	struct api_call *c = api_read(endpoint, body, length, 1, 1, &why);
	if (!c)
		api_refuse(endpoint->family, &why, &out);
	else if (!endpoint->works)
		api_tell(c, &model, 1, &out, &why);
	else if (api_plan(c, &model, &why)) {
		tell(c, HEARTH_PROMPT, "", 0, &out);
		for (const char *at = end ? end + 1 : NULL; at && at < (const char *)data + size;) {
			size_t left = (size_t)((const char *)data + size - at), n = left < 13 ? left : 13;
			tell(c, HEARTH_ANSWER, at, n, &out);
			at += n;
		}
		tell(c, HEARTH_DONE, "", 0, &out);
		if (c->n_jobs == 0) api_tell(c, &model, 1, &out, &why);
	}
	api_free(c);
	buffer_free(&out);
	return 0;
}
