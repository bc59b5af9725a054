/* model_name: from what was typed to a URL and a file's name (see model_name.h). */
#include "app/hearth/model_name.h"

#include "app/hearth/model_file.h"
#include "app/hearth/web_address.h"
#include "base/split_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char hub[] = "https://huggingface.co/";

/* One word of a repository's name. */
static bool is_word(const char *text, size_t length)
{
	if (length == 0 || length > 96 || text[0] == '.' || text[0] == '-') return false;
	for (size_t i = 0; i < length; i++) {
		bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
		              (text[i] >= '0' && text[i] <= '9');
		if (!letter && !strchr("._-", text[i])) return false;
		if (text[i] == '.' && i + 1 < length && text[i + 1] == '.') return false;
	}
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && strcasecmp(text + n - m, end) == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* A file in a repository that is no way out of it. */
static bool is_inside(const char *path)
{
	if (path[0] == '/') return false;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t n = strcspn(p, "/");
		if (n == 0 || (n <= 2 && strspn(p, ".") >= n)) return false;
	}
	return true;
}

static bool take_file(struct model_name *n, const char *path, struct error *e)
{
	const char *file = last_part(path);
	if (!is_inside(path) || !web_is_plain_name(file))
		return error_set(e, "'%.200s': is not the plain name of a model file (NAME.gguf)", path);
	snprintf(n->file, sizeof n->file, "%s", file);
	snprintf(n->url, sizeof n->url, "%s%s/resolve/main/", hub, n->repository);
	return web_append_path(n->url, sizeof n->url, path) || error_set(e, "'%.100s...': the name is too long", path);
}

bool model_name_read(struct model_name *n, const char *text, struct error *e)
{
	*n = (struct model_name){ .url = "" };
	if (strstr(text, "://")) {
		if (!web_file(text, n->file, sizeof n->file, e)) return false;
		size_t length = strcspn(text, "#"); /* what stands behind it is for browsers */
		memcpy(n->url, text, length);
		return true;
	}
	const char *slash = strchr(text, '/'), *colon = strchr(text, ':'), *end = colon ? colon : text + strlen(text);
	if (!slash || slash > end || !is_word(text, (size_t)(slash - text)) || !is_word(slash + 1, (size_t)(end - slash - 1)))
		return error_set(e, "'%.100s': name a model as OWNER/REPO:FILE on huggingface.co, or by its https:// URL", text);
	snprintf(n->repository, sizeof n->repository, "%.*s", (int)(end - text), text);
	if (!colon) return true;
	if (strlen(colon + 1) >= sizeof n->wanted) return error_set(e, "'%.100s...': the name is too long", text);
	snprintf(n->wanted, sizeof n->wanted, "%s", colon + 1);
	return !ends_with(n->wanted, ".gguf") || take_file(n, n->wanted, e);
}

bool model_name_list_url(const struct model_name *n, char url[FETCH_URL])
{
	return snprintf(url, FETCH_URL, "%sapi/models/%s/tree/main?recursive=true", hub, n->repository) < FETCH_URL;
}

/* Does the file's name have the word, whole: "Q4_K" is no part of "x-Q4_K_M.gguf"? */
static bool has_word(const char *file, const char *word)
{
	size_t length = strlen(word);
	for (const char *p = file; *p; p++) {
		if (strncasecmp(p, word, length) != 0) continue;
		if ((p == file || strchr("-._", p[-1])) && strchr("-.", p[length])) return true;
	}
	return false;
}

static bool fits(const struct model_name *n, const struct fetch_entry *entry)
{
	const char *file = last_part(entry->path);
	if (split_name_is_later(file)) return false; /* it comes with the first part */
	if (!n->wanted[0]) return !model_file_is_projector(file);
	return strcmp(entry->path, n->wanted) == 0 || (!model_file_is_projector(file) && has_word(file, n->wanted));
}

static void add_choice(struct buffer *choices, const struct fetch_entry *entry)
{
	char bytes[32];
	model_file_bytes(bytes, entry->size);
	buffer_format(choices, "  %10s  %s\n", bytes, entry->path);
}

bool model_name_choose(struct model_name *n, const struct fetch_entry *entries, size_t count, struct buffer *choices,
                       struct error *e)
{
	size_t found = 0;
	const struct fetch_entry *chosen = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!fits(n, &entries[i])) continue;
		found++;
		chosen = &entries[i];
	}
	if (found == 1) {
		memcpy(n->hash, chosen->hash, sizeof n->hash);
		return take_file(n, chosen->path, e);
	}
	for (size_t i = 0; i < count; i++) {
		if (split_name_is_later(entries[i].path)) continue;
		if (found == 0 || fits(n, &entries[i])) add_choice(choices, &entries[i]);
	}
	if (count == 0) return error_set(e, "%s: has no model file (.gguf)", n->repository);
	if (found == 0) return error_set(e, "%s: no file is a '%.100s'; it has these", n->repository, n->wanted);
	return error_set(e, "%s: %zu files fit; name one of these as %s:FILE", n->repository, found, n->repository);
}

bool model_name_part(struct model_name *n, const struct model_name *first, unsigned number)
{
	char ending[32];
	char *found = NULL;
	size_t length = strlen(first->file);
	*n = *first;
	if (!split_name_part(n->file, sizeof n->file, first->file, number)) return false;
	/* In the URL the last one counts; a host may have folders that are named alike. */
	snprintf(ending, sizeof ending, "%s", first->file + length - strlen("-00001-of-00001.gguf"));
	for (char *p = n->url; (p = strstr(p, ending)) != NULL; p++) found = p;
	if (!found) return false;
	memcpy(found, n->file + length - strlen(ending), strlen(ending));
	if (number != 1) n->hash[0] = 0;
	return true;
}
