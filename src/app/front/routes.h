/* routes: every path that hearth-front answers, table by table. */
#ifndef HEARTH_APP_FRONT_ROUTES_H
#define HEARTH_APP_FRONT_ROUTES_H

#include "app/front/call.h"

/* Each ends with a row without a method. */
extern const struct route page_routes[];  /* what the page asks (page.c) */
extern const struct route basic_routes[]; /* the page's files, enter and leave, health (basic.c) */
extern const struct route api_routes[];   /* the interfaces of other programs (api.c) */

/* Bodies: a conversation with documents in it; and what is small. */
enum { ROUTE_LARGE = 32 << 20, ROUTE_SMALL = 1 << 20 };

enum { ROUTE_METHODS = 64 };

/* The row for a path and a method; NULL when there is none. `methods`: those that the path has, with spaces between; `same_path`:
 * the first row of the path, whatever its method, or NULL. */
const struct route *route_find(const char *method, const char *path, char methods[ROUTE_METHODS], const struct route **same_path);

/* Reads percent signs (and, in a query, plus signs) of `length` bytes into `out`, which has length + 1 bytes. False: a broken one,
 * or a zero byte. */
bool route_decode(char *out, const char *text, size_t length, bool query);

#endif
