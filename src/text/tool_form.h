/*
 * tool_form: how a chat template writes calls of tools, told from its source.
 *
 * Templates say it nowhere in so many words; the marks that they put around calls do. The names are stable: programs that take
 * calls out of answers look them up (api/tool_forms.h has what each looks like).
 */
#ifndef HEARTH_TEXT_TOOL_FORM_H
#define HEARTH_TEXT_TOOL_FORM_H

#include <stddef.h>

/* The form's name; "" when the template knows of no tools or writes calls in a way that is not known. */
const char *tool_form_of(const char *source, size_t length);

/* All names; NULL behind the last. */
extern const char *const tool_form_names[];

#endif
