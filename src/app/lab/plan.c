/* hearth-lab plan: the list of steps and the memory plan. */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "app/lab/model_options.h"
#include "wire/client.h"

#include <string.h>

/* The same text, by the jailed process. */
static int plan_of_engine(const struct model_arguments *a, bool json)
{
	const struct hearth_options o = lab_engine_options(a, 0);
	struct error e = { "" };
	uint64_t session;
	struct hearth *h = engine_open_model(a, &o, &session, &e);
	const char *text = h ? client_describe(h, json) : NULL;
	if (h && !text) error_memory(&e);
	int status = text ? lab_print(text, strlen(text)) : lab_fail(&e);
	client_close(h);
	engine_end();
	return status;
}

int lab_plan(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	bool json = false;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (strcmp(argv[i], "--json") != 0) return lab_misuse("plan: '%s' is not understood", argv[i]);
		json = true;
	}
	if (!a.path) return lab_misuse("plan: a model file is missing");
	struct error e = { "" };
	if (a.engine) return plan_of_engine(&a, json);
	struct lab_model m;
	if (!lab_model_open(&m, &a, 0, 0, &e)) return lab_fail(&e);
	struct buffer out = buffer_new(64u << 20);
	int status = model_describe(m.model, json, &out, &e) ? lab_print(out.data, out.size) : lab_fail(&e);
	buffer_free(&out);
	lab_model_close(&m);
	return status;
}
