/*
 * json: jansson with hearth's limits: NUL inside strings allowed, depth bounded, duplicate keys refused, and errors in one line.
 *
 * Objects keep the order of their members; integers and reals stay apart. jansson's own functions read the values.
 */
#ifndef HEARTH_FORMAT_JSON_H
#define HEARTH_FORMAT_JSON_H

#include "base/buffer.h"
#include "base/error.h"

#include <jansson.h>

/* Parses one JSON value. `name` is for the message. NULL on failure; free with json_decref. */
json_t *json_parse(const char *text, size_t length, const char *name, struct error *e);

/* Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
bool json_write_text(struct buffer *b, const char *text, size_t length);

/* Appends a value as compact JSON; numbers keep every digit that counts. False when it does not fit. */
bool json_write_value(struct buffer *b, const json_t *value);

/* Appends a number as %.9g, which brings every float32 back exactly. Not a number and infinities become null. */
bool json_write_float(struct buffer *b, double value);

#endif
