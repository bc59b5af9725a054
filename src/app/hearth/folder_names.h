/* folder_names: what lies in a folder, in the order of names, as much as is allowed. */
#ifndef HEARTH_APP_HEARTH_FOLDER_NAMES_H
#define HEARTH_APP_HEARTH_FOLDER_NAMES_H

#include "base/buffer.h"

struct folder_names {
	const char **names; /* hidden ones left out */
	size_t n;
	bool cut; /* there are more */
	struct buffer text;
};

/* Reads at most `most` names of a folder that is no link; one that cannot be read has none. False: memory is out. To be freed in
 * any case. */
bool folder_names_read(struct folder_names *f, const char *folder, size_t most);
void folder_names_free(struct folder_names *f);

#endif
