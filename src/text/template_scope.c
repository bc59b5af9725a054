/*
 * template_scope: which variables a scope sets before it reads them. jinja2 compiles a template to Python functions whose local
 * variables are known beforehand, so such a variable is undefined from the start of its scope until it is set, for loops and
 * macros inside too, even where a variable of this name lies outside. A variable that is read first, or used inside of an
 * `if`, begins with the value from outside.
 */
#include "text/template_parser.h"

struct name_in_frame {
	uint32_t frame, symbol;
};

static bool no_memory(struct parser *p)
{
	return parser_fail(p, "no memory for more variables");
}

bool frame_enter(struct parser *p, struct hidden **result, bool isolated)
{
	struct frame *f = arena_alloc(p->tree->arena, 1, sizeof *f);
	if (!f) return no_memory(p);
	f->parent = p->frame;
	f->previous = p->frames;
	f->number = p->frames ? p->frames->number + 1 : 0;
	f->isolated = isolated;
	f->branches = p->branches;
	f->result = result;
	p->frame = p->frames = f;
	p->branches = 0;
	return true;
}

void frame_leave(struct parser *p)
{
	p->branches = p->frame->branches;
	p->frame = p->frame->parent;
}

static bool is_seen(const struct parser *p, const struct frame *f, uint32_t symbol)
{
	struct name_in_frame key = { f->number, symbol };
	return map_get(p->seen, &key, sizeof key, NULL);
}

static bool see(struct parser *p, uint32_t symbol, bool *was_seen)
{
	*was_seen = !p->frame || is_seen(p, p->frame, symbol);
	if (*was_seen) return true;
	struct name_in_frame *key = arena_alloc(p->tree->arena, 1, sizeof *key);
	if (!key) return no_memory(p);
	*key = (struct name_in_frame){ p->frame->number, symbol };
	return map_set(p->seen, key, sizeof *key, 1) || no_memory(p);
}

bool frame_read(struct parser *p, uint32_t symbol)
{
	bool was_seen;
	return see(p, symbol, &was_seen);
}

bool frame_set_symbol(struct parser *p, uint32_t symbol, bool parameter)
{
	bool was_seen;
	if (!see(p, symbol, &was_seen)) return false;
	if (was_seen || parameter || p->branches) return true;
	struct hidden *h = arena_alloc(p->tree->arena, 1, sizeof *h);
	if (!h) return no_memory(p);
	*h = (struct hidden){ symbol, p->frame->first_set };
	p->frame->first_set = h;
	return true;
}

bool frame_set(struct parser *p, const struct node *target, bool parameter)
{
	if (target->kind == NODE_NAME) return frame_set_symbol(p, target->symbol, parameter);
	if (target->kind == NODE_ATTRIBUTE_TARGET) return frame_read(p, target->symbol);
	for (const struct node *item = target->first; item; item = item->next) {
		if (!frame_set(p, item, parameter)) return false;
	}
	return true;
}

/* A name that a scope around knows is that scope's, and begins with its value. */
static bool is_outside(const struct parser *p, const struct frame *f, uint32_t symbol)
{
	for (const struct frame *outer = f; !outer->isolated && (outer = outer->parent) != NULL;) {
		if (is_seen(p, outer, symbol)) return true;
	}
	return false;
}

void frame_finish(struct parser *p)
{
	for (struct frame *f = p->frames; f; f = f->previous) {
		for (struct hidden *h = f->first_set, *next; h; h = next) {
			next = h->next;
			if (is_outside(p, f, h->symbol)) continue;
			h->next = *f->result;
			*f->result = h;
		}
	}
}
