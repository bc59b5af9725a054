/* file_internal: what opening (file.c) and mapping (file_map.c) share. */
#ifndef HEARTH_BASE_FILE_INTERNAL_H
#define HEARTH_BASE_FILE_INTERNAL_H

#include "base/file.h"

/* True when the call that would come now has to fail for a test; errno is set. */
bool file_must_fail(void);

/* "NAME: cannot WHAT: REASON" by errno. Always returns false. */
bool file_system_error(struct error *e, const char *name, const char *what);

#endif
