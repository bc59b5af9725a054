/* sized: copying what has a size (see sized.h). */
#include "base/sized.h"

#include <string.h>

bool sized_take(void *to, size_t size, const void *from, size_t least, const char *name, struct error *e)
{
	size_t given;
	if (!from) return error_set(e, "%s: missing", name);
	memcpy(&given, from, sizeof given);
	if (given < least || given > size)
		return error_set(e, "%s: its size member is %zu; this version of hearth takes %zu to %zu", name, given, least,
		                 size);
	memcpy(to, from, given);
	memcpy(to, &size, sizeof size);
	return true;
}

void sized_show(void *to, const void *from, size_t size)
{
	size_t given;
	memcpy(&given, to, sizeof given);
	memcpy(to, from, given < size ? given : size);
	memcpy(to, &given, sizeof given);
}

struct error *sized_error(char *text)
{
	if (text) text[0] = 0;
	return (struct error *)(void *)text;
}
