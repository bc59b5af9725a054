/*
 * template_parser: parses statements and keeps what both halves of the parser need (see template_parser.h).
 */
#include "text/template_parser.h"

#include "text/template_text.h"

#include "base/memory.h"

#include <string.h>

bool parser_fail(struct parser *p, const char *what)
{
	return error_set(p->e, "template line %u: %s", p->token.line, what);
}

bool parser_unexpected(struct parser *p, const char *expected)
{
	int length = p->token.length > 40 ? 40 : (int)p->token.length;
	return error_set(p->e, "template line %u: found '%.*s' where %s is expected", p->token.line, length, p->token.text,
	                 expected);
}

bool parser_enter(struct parser *p)
{
	if (p->depth >= TEMPLATE_NESTING_LIMIT) return parser_fail(p, "nested too deeply");
	p->depth++;
	return true;
}

void parser_leave(struct parser *p)
{
	p->depth--;
}

bool parser_advance(struct parser *p)
{
	if (p->has_ahead) {
		p->token = p->ahead;
		p->has_ahead = false;
		return true;
	}
	return lexer_next(&p->lexer, &p->token, p->e);
}

bool parser_look(struct parser *p)
{
	if (p->has_ahead) return true;
	p->has_ahead = lexer_next(&p->lexer, &p->ahead, p->e);
	return p->has_ahead;
}

bool parser_expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (p->token.kind != kind) return parser_unexpected(p, what);
	return parser_advance(p);
}

bool parser_at_name(const struct parser *p, const char *name)
{
	size_t n = strlen(name);
	return p->token.kind == TOKEN_NAME && p->token.length == n && memcmp(p->token.text, name, n) == 0;
}

bool parser_skip_name(struct parser *p, const char *name, bool *skipped)
{
	*skipped = parser_at_name(p, name);
	return !*skipped || parser_advance(p);
}

static bool too_large(struct parser *p)
{
	return error_set(p->e, "template line %u: no memory for more (the syntax tree may have %zu bytes)", p->token.line,
	                 TEMPLATE_TREE_LIMIT);
}

struct node *parser_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->tree->arena, 1, sizeof *n);
	if (!n) {
		too_large(p);
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->line = p->token.line;
	return n;
}

struct text *parser_text(struct parser *p, const char *bytes, size_t length)
{
	struct text *t = arena_alloc(p->tree->arena, 1, sizeof *t);
	char *copy = arena_copy(p->tree->arena, bytes, length);
	if (!t || !copy) {
		too_large(p);
		return NULL;
	}
	t->bytes = copy;
	t->size = length;
	t->points = text_count_points(copy, length);
	return t;
}

bool parser_symbol(struct parser *p, const char *name, size_t length, uint32_t *symbol)
{
	struct template *t = p->tree;
	uint64_t known;
	if (map_get(t->symbol_numbers, name, length, &known)) {
		*symbol = (uint32_t)known;
		return true;
	}
	if (t->n_symbols == p->symbol_room) {
		uint32_t room = p->symbol_room ? 2 * p->symbol_room : 64;
		const struct text **symbols = arena_alloc(t->arena, room, sizeof(*symbols));
		if (!symbols) return too_large(p);
		if (t->n_symbols) memcpy(symbols, t->symbols, t->n_symbols * sizeof(*symbols));
		t->symbols = symbols;
		p->symbol_room = room;
	}
	struct text *text = parser_text(p, name, length);
	if (!text) return false;
	if (!map_set(t->symbol_numbers, text->bytes, text->size, t->n_symbols)) return too_large(p);
	t->symbols[t->n_symbols] = text;
	*symbol = t->n_symbols++;
	return true;
}

/* Statements. Each parse function starts behind its keyword; `n` is its node. */

static bool parse_body(struct parser *p, const char *const *ends, struct node **body);

/* A body that ends with one keyword, which is taken. */
static bool parse_body_to(struct parser *p, const char *end, struct node **body)
{
	const char *const ends[] = { end, NULL };
	return parse_body(p, ends, body) && parser_advance(p);
}

static bool set_parameters(struct parser *p, const struct node *n)
{
	bool good = true;
	for (const struct node *target = n->kind == NODE_WITH ? n->first : NULL; good && target; target = target->next->next)
		good = frame_set(p, target, true);
	if (n->kind != NODE_MACRO && n->kind != NODE_CALL_BLOCK) return good;
	for (const struct node *parameter = n->signature->parameters; good && parameter; parameter = parameter->next)
		good = frame_set_symbol(p, parameter->symbol, true);
	return good && frame_set_symbol(p, SYMBOL_CALLER, true) && frame_set_symbol(p, SYMBOL_VARARGS, true) &&
	       frame_set_symbol(p, SYMBOL_KWARGS, true);
}

/* The body in a scope of its own, in which unknown filters count; in a function of its own, loops outside cannot be left. The
 * targets of a with, and parameters, are set there first. */
static bool parse_scoped(struct parser *p, const char *end, struct node *n, bool function)
{
	bool soft = p->soft;
	unsigned loops = p->loops;
	p->soft = false;
	if (function) p->loops = 0;
	if (!frame_enter(p, &n->hidden, n->kind == NODE_BLOCK) || !set_parameters(p, n)) return false;
	bool good = parse_body_to(p, end, &n->body);
	frame_leave(p);
	p->soft = soft;
	p->loops = loops;
	return good;
}

static bool stores_loop(const struct node *target)
{
	if (target->kind == NODE_NAME && target->symbol == SYMBOL_LOOP) return true;
	for (const struct node *item = target->kind == NODE_TUPLE ? target->first : NULL; item; item = item->next) {
		if (stores_loop(item)) return true;
	}
	return false;
}

static bool parse_set(struct parser *p, struct node *n)
{
	n->kind = NODE_SET;
	if (!(n->a = parse_target(p, TUPLE_NAMESPACE))) return false;
	if (p->fors && stores_loop(n->a)) return parser_fail(p, "'loop' cannot be set inside a for loop");
	if (p->token.kind == TOKEN_ASSIGN)
		return parser_advance(p) && (n->b = parse_tuple(p, TUPLE_PLAIN)) != NULL && frame_set(p, n->a, false);
	n->kind = NODE_SET_BLOCK;
	bool soft = p->soft;
	p->soft = false;
	bool good = p->token.kind != TOKEN_PIPE || (n->b = parse_filters(p, NULL, false)) != NULL;
	p->soft = soft;
	return good && frame_set(p, n->a, false) && parse_scoped(p, "endset", n, false);
}

static bool parse_for_body(struct parser *p, struct node *n)
{
	static const char *const ends[] = { "endfor", "else", NULL };
	unsigned loops = p->loops;
	p->loops = n->flag ? 1 : loops + 1;
	p->fors++;
	if (!frame_enter(p, &n->hidden, false) || !frame_set(p, n->a, true) || !frame_set_symbol(p, SYMBOL_LOOP, true))
		return false;
	if (!parse_body(p, ends, &n->body)) return false;
	frame_leave(p);
	p->fors--;
	p->loops = n->flag ? 0 : loops;
	bool has_else;
	if (!parser_skip_name(p, "else", &has_else)) return false;
	if (!frame_enter(p, &n->other_hidden, false)) return false;
	bool good = has_else ? parse_body_to(p, "endfor", &n->other) : parser_advance(p);
	frame_leave(p);
	p->loops = loops;
	return good;
}

/* The condition of a loop has a scope of its own, with the loop's variables. */
static bool parse_loop_filter(struct parser *p, struct node *n)
{
	if (!frame_enter(p, &n->hidden, false) || !frame_set(p, n->a, true)) return false;
	n->c = parse_expression(p);
	frame_leave(p);
	return n->c != NULL;
}

static bool parse_for(struct parser *p, struct node *n)
{
	n->kind = NODE_FOR;
	if (!(n->a = parse_target(p, TUPLE_ENDS_AT_IN))) return false;
	if (stores_loop(n->a)) return parser_fail(p, "a for loop cannot set 'loop'");
	if (!parser_at_name(p, "in")) return parser_unexpected(p, "'in'");
	if (!parser_advance(p) || !(n->b = parse_tuple(p, TUPLE_NO_CONDITIONAL | TUPLE_ENDS_AT_RECURSIVE))) return false;
	bool soft = p->soft, filtered;
	p->soft = false;
	if (!parser_skip_name(p, "if", &filtered)) return false;
	if (filtered && !parse_loop_filter(p, n)) return false;
	if (!parser_skip_name(p, "recursive", &n->flag) || !parse_for_body(p, n)) return false;
	p->soft = soft;
	return true;
}

static bool parse_if(struct parser *p, struct node *n)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	bool soft = p->soft, more = true;
	unsigned branches = p->branches;
	p->soft = true;
	while (more) {
		bool has_else;
		n->kind = NODE_IF;
		if (!(n->a = parse_tuple(p, TUPLE_NO_CONDITIONAL))) return false;
		p->branches = branches + 1;
		if (!parse_body(p, ends, &n->body)) return false;
		if (!parser_skip_name(p, "else", &has_else)) return false;
		if (has_else && !parse_body_to(p, "endif", &n->other)) return false;
		if (has_else) break;
		if (!parser_skip_name(p, "elif", &more)) return false;
		if (!more && !parser_advance(p)) return false;
		if (more && !(n->other = parser_node(p, NODE_IF))) return false;
		n->op = more; /* what follows is an elif */
		if (more) n = n->other;
	}
	p->branches = branches;
	p->soft = soft;
	return true;
}

static bool parse_with(struct parser *p, struct node *n)
{
	n->kind = NODE_WITH;
	for (struct node **last = &n->first; p->token.kind != TOKEN_BLOCK_END;) {
		if (n->first && !parser_expect(p, TOKEN_COMMA, "','")) return false;
		if (!(*last = parse_target(p, 0)) || !parser_expect(p, TOKEN_ASSIGN, "'='")) return false;
		last = &(*last)->next;
		if (!(*last = parse_expression(p))) return false;
		last = &(*last)->next;
	}
	return parse_scoped(p, "endwith", n, false);
}

static bool parse_filter_block(struct parser *p, struct node *n)
{
	bool soft = p->soft;
	n->kind = NODE_FILTER_BLOCK;
	p->soft = false;
	if (!(n->b = parse_filters(p, NULL, true))) return false;
	p->soft = soft;
	return parse_scoped(p, "endfilter", n, false);
}

static bool parse_parameter(struct parser *p, struct signature *s, struct node ***last)
{
	struct node *n = parser_node(p, NODE_NAME);
	if (!n) return false;
	for (const struct node *known = s->parameters; known; known = known->next) {
		if (known->text->size == p->token.length && memcmp(known->text->bytes, p->token.text, p->token.length) == 0)
			return parser_fail(p, "a parameter is named twice");
	}
	n->text = parser_text(p, p->token.text, p->token.length);
	if (!n->text || !parser_symbol(p, p->token.text, p->token.length, &n->symbol)) return false;
	bool constant = parser_at_name(p, "true") || parser_at_name(p, "false") || parser_at_name(p, "none") ||
	                parser_at_name(p, "True") || parser_at_name(p, "False") || parser_at_name(p, "None");
	if (constant) return parser_fail(p, "nothing can be assigned to this");
	if (!parser_expect(p, TOKEN_NAME, "a name")) return false;
	if (p->token.kind == TOKEN_ASSIGN) {
		if (!parser_advance(p) || !(n->a = parse_expression(p))) return false;
	} else if (s->has_defaults) {
		return parser_fail(p, "a parameter without a default follows one with a default");
	}
	s->has_defaults |= n->a != NULL;
	**last = n;
	*last = &n->next;
	return ++s->n_parameters <= 256 || parser_fail(p, "too many parameters");
}

static bool parse_signature(struct parser *p, struct signature *s)
{
	struct node **last = &s->parameters;
	if (!parser_expect(p, TOKEN_LEFT_PAREN, "'('")) return false;
	while (p->token.kind != TOKEN_RIGHT_PAREN) {
		if (s->parameters && !parser_expect(p, TOKEN_COMMA, "','")) return false;
		if (!parse_parameter(p, s, &last)) return false;
	}
	return parser_advance(p);
}

/* The body of a macro or call block: a function of its own with its signature around it. */
static bool parse_function(struct parser *p, struct node *n, const char *end)
{
	struct signature *outer = p->signature, *s = n->signature;
	p->signature = s;
	bool good = parse_scoped(p, end, n, true);
	p->signature = outer;
	if (!good) return false;
	for (const struct node *parameter = s->parameters; parameter; parameter = parameter->next) {
		if (parameter->symbol == SYMBOL_CALLER && !parameter->a)
			return parser_fail(p, "a parameter named 'caller' needs a default");
	}
	if (outer) { /* names that a function inside uses count for the one around it too */
		outer->uses_caller |= s->uses_caller;
		outer->uses_varargs |= s->uses_varargs;
		outer->uses_kwargs |= s->uses_kwargs;
	}
	return true;
}

static bool new_signature(struct parser *p, struct node *n)
{
	n->signature = arena_alloc(p->tree->arena, 1, sizeof *n->signature);
	return n->signature || too_large(p);
}

static bool parse_macro(struct parser *p, struct node *n)
{
	n->kind = NODE_MACRO;
	if (!new_signature(p, n)) return false;
	n->signature->name = parser_text(p, p->token.text, p->token.length);
	if (!n->signature->name || !parser_symbol(p, p->token.text, p->token.length, &n->symbol)) return false;
	n->signature->symbol = n->symbol;
	return parser_expect(p, TOKEN_NAME, "a name") && frame_set_symbol(p, n->symbol, false) &&
	       parse_signature(p, n->signature) && parse_function(p, n, "endmacro");
}

static bool parse_call_block(struct parser *p, struct node *n)
{
	n->kind = NODE_CALL_BLOCK;
	if (!new_signature(p, n) || !(n->signature->name = parser_text(p, "caller", 6))) return false;
	n->signature->symbol = SYMBOL_CALLER;
	if (p->token.kind == TOKEN_LEFT_PAREN && !parse_signature(p, n->signature)) return false;
	if (!(n->b = parse_expression(p))) return false;
	if (n->b->kind != NODE_CALL) return parser_fail(p, "{% call %} needs a call");
	return parse_function(p, n, "endcall");
}

static bool parse_generation(struct parser *p, struct node *n)
{
	n->kind = NODE_GENERATION;
	return parse_scoped(p, "endgeneration", n, true);
}

static bool parse_print(struct parser *p, struct node *n)
{
	n->kind = NODE_WITH; /* without variables: a list of what is printed */
	for (struct node **last = &n->body; p->token.kind != TOKEN_BLOCK_END; last = &(*last)->next) {
		if (n->body && !parser_expect(p, TOKEN_COMMA, "','")) return false;
		if (!(*last = parser_node(p, NODE_PRINT)) || !((*last)->a = parse_expression(p))) return false;
	}
	return true;
}

static bool only_space(const struct node *body)
{
	for (; body; body = body->next) {
		if (body->kind != NODE_DATA || !text_is_space(body->constant.text)) return false;
	}
	return true;
}

static bool parse_block(struct parser *p, struct node *n)
{
	bool required, again;
	n->kind = NODE_BLOCK;
	n->text = parser_text(p, p->token.text, p->token.length);
	if (!n->text || !parser_symbol(p, p->token.text, p->token.length, &n->symbol)) return false;
	if (!parser_expect(p, TOKEN_NAME, "a name") || !parser_skip_name(p, "scoped", &n->flag)) return false;
	if (!parser_skip_name(p, "required", &required)) return false;
	n->op = required;
	for (const struct node *known = p->last_block; known; known = known->other) {
		if (known->symbol == n->symbol) return parser_fail(p, "a block is defined twice");
	}
	n->other = p->last_block;
	p->last_block = n;
	p->tree->n_blocks++;
	if (!parse_scoped(p, "endblock", n, true)) return false;
	if (required && !only_space(n->body)) return parser_fail(p, "a required block must be empty");
	return parser_skip_name(p, n->text->bytes, &again);
}

static bool parse_autoescape(struct parser *p, struct node *n)
{
	n->kind = NODE_AUTOESCAPE;
	return (n->a = parse_expression(p)) && parse_scoped(p, "endautoescape", n, false);
}

static bool parse_loop_end(struct parser *p, struct node *n)
{
	if (!p->loops) return parser_fail(p, "there is no loop to leave or go on with");
	n->kind = n->op ? NODE_BREAK : NODE_CONTINUE;
	return true;
}

/* include, import, extends: read like any other tag, an error when reached. */
static bool parse_no_template(struct parser *p, struct node *n)
{
	n->kind = NODE_NO_TEMPLATE;
	if (!(n->a = parse_expression(p))) return false;
	while (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_COMMA) {
		if (!parser_advance(p)) return false;
	}
	return true;
}

static bool parse_statement(struct parser *p, struct node *n)
{
	static const struct {
		const char *name;
		bool (*parse)(struct parser *p, struct node *n);
	} table[] = {
		{ "set", parse_set },
		{ "if", parse_if },
		{ "for", parse_for },
		{ "macro", parse_macro },
		{ "call", parse_call_block },
		{ "with", parse_with },
		{ "filter", parse_filter_block },
		{ "generation", parse_generation },
		{ "break", parse_loop_end },
		{ "continue", parse_loop_end },
		{ "print", parse_print },
		{ "block", parse_block },
		{ "autoescape", parse_autoescape },
		{ "include", parse_no_template },
		{ "import", parse_no_template },
		{ "from", parse_no_template },
		{ "extends", parse_no_template },
	};
	if (p->token.kind != TOKEN_NAME) return parser_unexpected(p, "the name of a tag");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (!parser_at_name(p, table[i].name)) continue;
		n->op = table[i].name[0] == 'b';
		n->line = p->token.line;
		return parser_advance(p) && table[i].parse(p, n) && parser_expect(p, TOKEN_BLOCK_END, "the end of the tag");
	}
	return parser_unexpected(p, "a tag");
}

static bool at_any(const struct parser *p, const char *const *names)
{
	for (; names && *names; names++) {
		if (parser_at_name(p, *names)) return true;
	}
	return false;
}

/* Text and tags up to one of `ends` (not taken), or to the end of the template when that is NULL. */
static bool parse_parts(struct parser *p, const char *const *ends, struct node **last)
{
	for (;;) {
		struct node *n = parser_node(p, NODE_DATA);
		if (!n) return false;
		if (p->token.kind == TOKEN_END) return !ends || parser_unexpected(p, ends[0]);
		if (p->token.kind == TOKEN_DATA) {
			struct text *text = parser_text(p, p->token.text, p->token.length);
			if (!text || !parser_advance(p)) return false;
			n->constant = (struct value){ .kind = VALUE_TEXT, .text = text };
		} else if (p->token.kind == TOKEN_PRINT_BEGIN) {
			n->kind = NODE_PRINT;
			if (!parser_advance(p) || !(n->a = parse_tuple(p, TUPLE_PLAIN))) return false;
			if (!parser_expect(p, TOKEN_PRINT_END, "'}}'")) return false;
		} else {
			if (!parser_advance(p)) return false;
			if (at_any(p, ends)) return true;
			if (!parse_statement(p, n)) return false;
		}
		*last = n;
		last = &n->next;
	}
}

/* The rest of a tag, then its body. */
static bool parse_body(struct parser *p, const char *const *ends, struct node **body)
{
	if (p->token.kind == TOKEN_COLON && !parser_advance(p)) return false;
	if (!parser_expect(p, TOKEN_BLOCK_END, "the end of the tag") || !parser_enter(p)) return false;
	bool good = parse_parts(p, ends, body);
	parser_leave(p);
	return good;
}

/* The blocks, which were linked while they were found, as an array. */
static bool list_blocks(struct parser *p)
{
	struct template *t = p->tree;
	if (!t->n_blocks) return true;
	t->blocks = arena_alloc(t->arena, t->n_blocks, sizeof(*t->blocks));
	if (!t->blocks) return too_large(p);
	size_t i = 0;
	for (struct node *n = p->last_block, *other; n; n = other) {
		other = n->other;
		n->other = NULL;
		t->blocks[i++] = n;
	}
	return true;
}

static bool parse_all(struct parser *p, const char *source, size_t length)
{
	static const char *const names[SYMBOL_FIRST_FREE] = { "loop", "caller", "varargs", "kwargs", "self", "super" };
	struct template *t = p->tree;
	uint32_t symbol;
	if (!lexer_open(&p->lexer, t->arena, source, length, p->e)) return false;
	for (size_t i = 0; i < SYMBOL_FIRST_FREE; i++) {
		if (!parser_symbol(p, names[i], strlen(names[i]), &symbol)) return false;
	}
	if (!frame_enter(p, &t->hidden, true)) return false;
	if (!parser_advance(p) || !parse_parts(p, NULL, &t->body) || !list_blocks(p)) return false;
	frame_finish(p);
	if (!p->unknown) return true;
	return error_set(p->e, "template line %u: there is no %s '%s'", p->unknown->line,
	                 p->unknown->kind == NODE_FILTER ? "filter" : "test", p->unknown->text->bytes);
}

struct template *template_parse(const char *source, size_t length, struct error *e)
{
	struct template *t = memory_new(1, sizeof *t);
	if (t) t->arena = arena_new(TEMPLATE_TREE_LIMIT);
	if (t) t->symbol_numbers = map_new(64);
	if (!t || !t->arena || !t->symbol_numbers) {
		error_memory(e);
		template_free(t);
		return NULL;
	}
	struct parser p = { .tree = t, .e = e, .seen = map_new(256) };
	bool good = p.seen ? parse_all(&p, source, length) : error_memory(e);
	map_free(p.seen);
	if (good) return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t) return;
	map_free(t->symbol_numbers);
	arena_free(t->arena);
	memory_free(t);
}
