/* import_formats: ChatGPT, Claude, Open WebUI and hearth (see import_formats.h). */
#include "app/hearth/import_formats.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_NODES = 200000 };

/* ---- small things of JSON */

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "";
}

/* "2024-05-01T12:34:56.789Z" and the like, taken as UTC. */
static int64_t time_of_text(const char *text)
{
	struct tm t = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
	time_t seconds = end ? timegm(&t) : 0;
	return seconds > 0 ? (int64_t)seconds : 0;
}

/* Seconds or milliseconds since 1970, or a date as text; 0 for anything else. */
static int64_t time_of(const json_t *value)
{
	if (json_is_string(value)) return time_of_text(json_string_value(value));
	double seconds = json_number_value(value);
	if (seconds > 1e11) seconds /= 1000;
	return seconds >= 1 && seconds < 1e11 ? (int64_t)seconds : 0;
}

/* One line, at most MAX_TITLE bytes, whole characters. */
static void set_title(struct import_tree *t, const char *text)
{
	size_t n = strlen(text);
	if (n > MAX_TITLE) n = MAX_TITLE;
	n -= utf8_incomplete(text, n);
	for (size_t i = 0; i < n; i++) t->title[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
	t->title[n] = 0;
	if (n == 0) snprintf(t->title, sizeof t->title, "Imported conversation");
}

static bool role_of(const char *name, enum message_role *role)
{
	static const struct {
		const char *name;
		enum message_role role;
	} names[] = {
		{ "user", ROLE_USER },       { "human", ROLE_USER },    { "assistant", ROLE_ASSISTANT },
		{ "model", ROLE_ASSISTANT }, { "system", ROLE_SYSTEM }, { "developer", ROLE_SYSTEM },
		{ "tool", ROLE_TOOL },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i].name, name) != 0) continue;
		*role = names[i].role;
		return true;
	}
	return false;
}

/* The texts among the elements of an array (or a text alone), with an empty line between two. Elements are texts, or objects with a
 * "text". False when memory is out. */
static bool join_parts(struct import_node *node, const json_t *parts, struct import_tree *t, struct arena *a)
{
	size_t total = 0, n = json_array_size(parts), i;
	const json_t *part;
	if (json_is_string(parts)) {
		node->text = json_string_value(parts);
		node->size = json_string_length(parts);
		return true;
	}
	json_array_foreach(parts, i, part)
	{
		const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
		if (json_is_string(text)) total += json_string_length(text) + 2;
	}
	char *joined = arena_alloc(a, total + 1, 1);
	if (!joined) return false;
	size_t at = 0;
	for (i = 0; i < n; i++) {
		part = json_array_get(parts, i);
		const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
		if (!json_is_string(text)) {
			t->left_out++;
			continue;
		}
		size_t size = json_string_length(text);
		if (size == 0) continue;
		if (at) memcpy(joined + at, "\n\n", 2), at += 2;
		memcpy(joined + at, json_string_value(text), size);
		at += size;
	}
	node->text = joined;
	node->size = at;
	return true;
}

/* An empty message is none. */
static void settle(struct import_node *node, bool kept)
{
	if (!kept || node->size == 0) node->text = NULL;
}

static bool new_nodes(struct import_tree *t, size_t n, struct arena *a, struct error *e)
{
	if (n > MAX_NODES) return error_set(e, "has more than %d messages", MAX_NODES);
	t->nodes = arena_alloc(a, n + 1, sizeof *t->nodes);
	if (!t->nodes) return error_memory(e);
	t->n = n;
	t->current = n ? (int64_t)n - 1 : -1;
	return true;
}

/* ---- trees: an object of nodes by their ids */

struct place {
	const json_t *node;
	int64_t index;
};

static int compare_places(const void *a, const void *b)
{
	const json_t *x = ((const struct place *)a)->node, *y = ((const struct place *)b)->node;
	return x < y ? -1 : x > y;
}

/* The index of the node with that id; -1: there is none. */
static int64_t index_of(const json_t *nodes, const struct place *places, size_t n, const json_t *id)
{
	const char *name = json_string_value(id);
	struct place wanted = { .node = name ? json_object_get(nodes, name) : NULL };
	if (!wanted.node) return -1;
	const struct place *found = bsearch(&wanted, places, n, sizeof *places, compare_places);
	return found ? found->index : -1;
}

typedef bool (*node_reader)(struct import_node *node, const json_t *from, struct import_tree *t, struct arena *a);

static bool read_nodes(struct import_tree *t, const json_t *nodes, const char *parent, const json_t *current, node_reader read,
                       struct arena *a, struct error *e)
{
	size_t n = json_object_size(nodes), i = 0;
	struct place *places = arena_alloc(a, n + 1, sizeof *places);
	const char *key;
	json_t *value;
	if (!places || !new_nodes(t, n, a, e)) return places ? false : error_memory(e);
	json_object_foreach((json_t *)nodes, key, value)
	{
		places[i] = (struct place){ value, (int64_t)i };
		if (!read(&t->nodes[i], value, t, a)) return error_memory(e);
		i++;
	}
	qsort(places, n, sizeof *places, compare_places);
	for (i = 0; i < n; i++) t->nodes[i].leaf = true;
	i = 0;
	json_object_foreach((json_t *)nodes, key, value)
	{
		int64_t before = index_of(nodes, places, n, json_object_get(value, parent));
		t->nodes[i++].parent = before;
		if (before >= 0) t->nodes[before].leaf = false;
	}
	int64_t shown = index_of(nodes, places, n, current);
	if (shown >= 0) t->current = shown;
	return true;
}

/* ---- ChatGPT: mapping { id: { message, parent, children } }, current_node */

static bool read_chatgpt_node(struct import_node *node, const json_t *from, struct import_tree *t, struct arena *a)
{
	const json_t *m = json_object_get(from, "message"), *content = json_object_get(m, "content");
	const char *kind = text_of(content, "content_type");
	bool hidden = json_is_true(json_object_get(json_object_get(m, "metadata"), "is_visually_hidden_from_conversation"));
	if (!json_is_object(m)) return true;
	bool kept = role_of(text_of(json_object_get(m, "author"), "role"), &node->role) && !hidden;
	node->made = time_of(json_object_get(m, "create_time"));
	if (!kept || strcmp(kind, "thoughts") == 0 || strcmp(kind, "reasoning_recap") == 0 ||
	    strcmp(kind, "user_editable_context") == 0) {
		t->left_out += kept;
		return true;
	}
	const json_t *parts = json_object_get(content, "parts");
	if (!parts) parts = json_object_get(content, "text"); /* code, and what it printed */
	bool ok = !parts || join_parts(node, parts, t, a);
	settle(node, ok);
	return ok;
}

static bool read_chatgpt(struct import_tree *t, const json_t *item, struct arena *a, struct error *e)
{
	t->made = time_of(json_object_get(item, "create_time"));
	return read_nodes(t, json_object_get(item, "mapping"), "parent", json_object_get(item, "current_node"), read_chatgpt_node,
	                  a, e);
}

/* ---- Open WebUI: chat.history { messages: { id: { parentId, role, content } }, currentId } */

static bool read_webui_node(struct import_node *node, const json_t *from, struct import_tree *t, struct arena *a)
{
	bool kept = role_of(text_of(from, "role"), &node->role);
	const json_t *content = json_object_get(from, "content");
	node->made = time_of(json_object_get(from, "timestamp"));
	t->left_out += json_array_size(json_object_get(from, "files"));
	bool ok = !content || join_parts(node, content, t, a);
	settle(node, kept);
	return ok;
}

static bool read_webui(struct import_tree *t, const json_t *item, struct arena *a, struct error *e)
{
	const json_t *history = json_object_get(json_object_get(item, "chat"), "history");
	t->made = time_of(json_object_get(item, "created_at"));
	if (t->made == 0) t->made = time_of(json_object_get(json_object_get(item, "chat"), "timestamp"));
	return read_nodes(t, json_object_get(history, "messages"), "parentId", json_object_get(history, "currentId"),
	                  read_webui_node, a, e);
}

/* ---- lists: Claude's chat_messages, hearth's messages */

static bool read_claude_node(struct import_node *node, const json_t *from, struct import_tree *t, struct arena *a)
{
	bool kept = role_of(text_of(from, "sender"), &node->role);
	const json_t *content = json_object_get(from, "content"), *text = json_object_get(from, "text");
	node->made = time_of(json_object_get(from, "created_at"));
	t->left_out += json_array_size(json_object_get(from, "attachments")) + json_array_size(json_object_get(from, "files"));
	bool ok = !json_array_size(content) || join_parts(node, content, t, a);
	if (ok && node->size == 0 && json_is_string(text)) ok = join_parts(node, text, t, a);
	settle(node, kept);
	return ok;
}

static bool read_hearth_node(struct import_node *node, const json_t *from, struct import_tree *t, struct arena *a)
{
	bool kept = role_of(text_of(from, "role"), &node->role);
	const json_t *text = json_object_get(from, "text");
	node->made = time_of(json_object_get(from, "made"));
	bool ok = !text || join_parts(node, text, t, a);
	settle(node, kept);
	return ok;
}

static bool read_list(struct import_tree *t, const json_t *list, node_reader read, struct arena *a, struct error *e)
{
	size_t n = json_array_size(list);
	if (!new_nodes(t, n, a, e)) return false;
	for (size_t i = 0; i < n; i++) {
		t->nodes[i].parent = (int64_t)i - 1;
		t->nodes[i].leaf = i + 1 == n;
		if (!read(&t->nodes[i], json_array_get(list, i), t, a)) return error_memory(e);
	}
	return true;
}

/* ---- */

const char *import_program(const json_t *item)
{
	if (json_is_object(json_object_get(item, "mapping"))) return "ChatGPT";
	if (json_is_array(json_object_get(item, "chat_messages"))) return "Claude";
	if (json_is_object(json_object_get(json_object_get(json_object_get(item, "chat"), "history"), "messages")))
		return "Open WebUI";
	if (json_is_array(json_object_get(item, "messages"))) return "hearth";
	return NULL;
}

bool import_tree_of(struct import_tree *t, const json_t *item, struct arena *a, struct error *e)
{
	const char *program = import_program(item);
	*t = (struct import_tree){ .current = -1 };
	if (!program) return error_set(e, "is of no kind that hearth knows");
	set_title(t, *text_of(item, "title") ? text_of(item, "title") : text_of(item, "name"));
	switch (program[0]) {
	case 'O': return read_webui(t, item, a, e);
	case 'h':
		t->made = time_of(json_object_get(item, "made"));
		return read_list(t, json_object_get(item, "messages"), read_hearth_node, a, e);
	default: break;
	}
	if (strcmp(program, "ChatGPT") == 0) return read_chatgpt(t, item, a, e);
	t->made = time_of(json_object_get(item, "created_at"));
	return read_list(t, json_object_get(item, "chat_messages"), read_claude_node, a, e);
}
