/* client_hearth: the names of hearth.h for the client's functions, for programs without an engine (see client.h). */
#include "wire/client.h"

bool hearth_open(const struct hearth_options *options, struct hearth **h, struct hearth_error *error)
{
	return client_open(options, h, error);
}

void hearth_close(struct hearth *h)
{
	client_close(h);
}

void hearth_info(struct hearth *h, struct hearth_info *info)
{
	client_info(h, info);
}

const char *hearth_describe(struct hearth *h, bool json)
{
	return client_describe(h, json);
}

bool hearth_file_open(const char *path, struct hearth_file **file, struct hearth_error *error)
{
	return client_file_open(path, file, error);
}

void hearth_file_close(struct hearth_file *file)
{
	client_file_close(file);
}

void hearth_file_info(struct hearth_file *file, struct hearth_file_info *info)
{
	client_file_info(file, info);
}

size_t hearth_file_values(struct hearth_file *file, const struct hearth_file_value **values)
{
	return client_file_values(file, values);
}

size_t hearth_file_types(struct hearth_file *file, const struct hearth_file_type **types)
{
	return client_file_types(file, types);
}

bool hearth_file_verify(struct hearth_file *file, uint64_t *n_tensors, uint64_t *bytes, struct hearth_error *error)
{
	return client_file_verify(file, n_tensors, bytes, error);
}

bool hearth_file_plan(struct hearth_file *file, uint32_t context, struct hearth_file_plan *plan, struct hearth_error *error)
{
	return client_file_plan(file, context, plan, error);
}

uint64_t hearth_session_new(struct hearth *h)
{
	return client_session_new(h);
}

void hearth_session_free(struct hearth *h, uint64_t session)
{
	client_session_free(h, session);
}

bool hearth_adapter_open(struct hearth *h, const char *path, uint64_t *adapter, struct hearth_error *error)
{
	return client_adapter_open(h, path, adapter, error);
}

void hearth_adapter_close(struct hearth *h, uint64_t adapter)
{
	client_adapter_close(h, adapter);
}

bool hearth_session_adapt(struct hearth *h, uint64_t session, const struct hearth_adapter *adapters, size_t n_adapters,
                          struct hearth_error *error)
{
	return client_session_adapt(h, session, adapters, n_adapters, error);
}

bool hearth_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error)
{
	return client_submit(h, request, id, error);
}

void hearth_cancel(struct hearth *h, uint64_t id)
{
	client_cancel(h, id);
}

void hearth_forget(struct hearth *h, uint64_t share)
{
	client_forget(h, share);
}

bool hearth_importance(struct hearth *h, uint64_t number, struct hearth_importance *importance, struct hearth_error *error)
{
	return client_importance(h, number, importance, error);
}

bool hearth_next(struct hearth *h, int timeout_ms, struct hearth_event *event)
{
	return client_next(h, timeout_ms, event);
}

const char *hearth_kernels(void)
{
	return client_kernels();
}
