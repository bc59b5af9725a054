/* json_file: the JSON that commands of the workshop are given in files. */
#ifndef HEARTH_APP_LAB_JSON_FILE_H
#define HEARTH_APP_LAB_JSON_FILE_H

#include "format/json.h"

/* The array in a file of at most `limit` bytes, for json_decref; NULL with the line when it holds anything else. */
json_t *json_file_array(const char *path, size_t limit, struct error *e);

#endif
