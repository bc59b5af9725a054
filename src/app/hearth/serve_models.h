/* serve_models: the models that clients may name: the built-in one, those of the models folder and of other programs
 * (model_caches), and the one that `hearth serve -m` names. A client never names a path. */
#ifndef HEARTH_APP_HEARTH_SERVE_MODELS_H
#define HEARTH_APP_HEARTH_SERVE_MODELS_H

#include "app/hearth/serve.h"

/* The path of the model that a client names ("": the usual one). False: there is none, and *e says which there are. */
bool serve_models_find(const struct serve *s, const char *name, char path[PATHS_ROOM], struct error *e);

/* Calls `visit` with each name and path, the usual one first; until it returns false. */
typedef bool (*serve_models_visitor)(void *data, const char *name, const char *path);
void serve_models_each(const struct serve *s, serve_models_visitor visit, void *data);

#endif
