/* defaults: what hearth.h gives without an engine. */
#include "hearth.h"

const char *hearth_version(void)
{
	return HEARTH_VERSION;
}

struct hearth_request hearth_request_new(uint32_t kind)
{
	return (struct hearth_request){ .size = sizeof(struct hearth_request),
		                        .kind = kind,
		                        .max_tokens = 4096,
		                        .sampling = { .temperature = 0.7F,
		                                      .top_k = 40,
		                                      .top_p = 0.95F,
		                                      .min_p = 0.05F,
		                                      .typical_p = 1,
		                                      .repeat_penalty = 1,
		                                      .penalty_last = 64 } };
}
