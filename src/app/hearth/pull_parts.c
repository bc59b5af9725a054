/* pull_parts: a split model as so many files (see pull.h). */
#include "app/hearth/pull.h"

#include "base/memory.h"
#include "base/split_name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PARTS = 1000 };

bool pull_count_parts(struct pull *p, struct error *e)
{
	p->parts = split_name_parts(p->name.file);
	if (split_name_is_later(p->name.file))
		return error_set(e, "%s: is a later part of a split model; name its first part, and all of them are fetched",
		                 p->name.file);
	if (p->parts <= MOST_PARTS) return true;
	return error_set(e, "%s: has more parts than any model (%d)", p->name.file, (int)MOST_PARTS);
}

bool pull_turn_to(struct pull *p, const struct model_name *first, unsigned number, struct error *e)
{
	if (!model_name_part(&p->name, first, number)) return error_set(e, "%s: its parts cannot be named", first->file);
	p->part = (struct part_file){ .fd = -1 };
	p->pinned[0] = p->announced[0] = 0;
	p->announced_size = FETCH_UNKNOWN;
	p->by_catalogue = p->again = false;
	p->hashed = p->at = 0;
	return true;
}

bool pull_has_part(struct pull *p, const struct paths *paths, char hash[FETCH_HASH], bool *here, struct error *e)
{
	*here = false;
	if (!p->parts || !p->pinned[0] || !paths_join(p->part.part, paths->models, p->name.file) || !paths_is_file(p->part.part))
		return true;
	p->part.fd = open(p->part.part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (p->part.fd < 0) return error_set(e, "%s: cannot open: %s", p->part.part, strerror(errno));
	memcpy(p->part.path, p->part.part, sizeof p->part.path);
	seal_sha256_begin(&p->hash);
	p->hashed = 0;
	*here = pull_hash(p, hash, e);
	close(p->part.fd);
	p->part.fd = -1;
	if (!*here) return false;
	*here = strcmp(hash, p->pinned) == 0;
	return *here ||
	       error_set(e, "%s: is here already, and is not what was fetched; remove or rename it to fetch it anew", p->part.part);
}

bool pull_check_parts(struct pull *p, const struct paths *paths, struct model_file *file, struct error *e)
{
	struct error why;
	char path[PATHS_ROOM], part[PATHS_ROOM];
	if (!paths_join(path, paths->models, p->name.file)) return error_set(e, "%s: the path is too long", p->name.file);
	if (model_file_look(file, path, &why)) return true;
	for (unsigned i = 1; i <= p->parts; i++) {
		if (split_name_part(part, sizeof part, path, i)) unlink(part);
	}
	return error_set(e, "%s: what came is no usable model and was removed: %s", p->host, why.text);
}
