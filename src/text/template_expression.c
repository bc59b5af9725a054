/*
 * template_expression: parses expressions, from the loosest operator to the tightest (see template_parser.h).
 */
#include "text/template_parser.h"

#include "text/template_natives.h"
#include "text/template_text.h"

#include <string.h>

static struct node *parse_unary(struct parser *p, bool with_filters);

static struct node *node_of(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
	struct node *n = parser_node(p, kind);
	if (!n) return NULL;
	n->a = a;
	n->b = b;
	return n;
}

static struct node *parse_primary_name(struct parser *p, unsigned mode)
{
	struct node *n = parser_node(p, NODE_CONSTANT);
	if (!n) return NULL;
	if (parser_at_name(p, "true") || parser_at_name(p, "True") || parser_at_name(p, "false") || parser_at_name(p, "False")) {
		n->constant = (struct value){ .kind = VALUE_BOOL, .boolean = (p->token.text[0] | 0x20) == 't' };
		return parser_advance(p) ? n : NULL;
	}
	if (parser_at_name(p, "none") || parser_at_name(p, "None")) {
		n->constant = (struct value){ .kind = VALUE_NONE };
		return parser_advance(p) ? n : NULL;
	}
	n->kind = NODE_NAME;
	n->text = parser_text(p, p->token.text, p->token.length);
	if (!n->text || !parser_symbol(p, p->token.text, p->token.length, &n->symbol) || !parser_advance(p)) return NULL;
	if (!(mode & TUPLE_TARGET) && !frame_read(p, n->symbol)) return NULL;
	struct signature *s = (mode & TUPLE_TARGET) ? NULL : p->signature;
	if (s && n->symbol == SYMBOL_CALLER) s->uses_caller = true;
	if (s && n->symbol == SYMBOL_VARARGS) s->uses_varargs = true;
	if (s && n->symbol == SYMBOL_KWARGS) s->uses_kwargs = true;
	if ((mode & TUPLE_NAMESPACE) && p->token.kind == TOKEN_DOT) {
		n->kind = NODE_ATTRIBUTE_TARGET;
		if (!parser_advance(p)) return NULL;
		n->text = parser_text(p, p->token.text, p->token.length);
		if (!n->text || !parser_expect(p, TOKEN_NAME, "a name")) return NULL;
	}
	return n;
}

/* Strings next to each other are one. */
static struct node *parse_string(struct parser *p)
{
	struct node *n = parser_node(p, NODE_CONSTANT);
	struct buffer all = buffer_new(TEMPLATE_SOURCE_LIMIT);
	bool good = n != NULL;
	while (good && p->token.kind == TOKEN_STRING) {
		good = buffer_append(&all, p->token.text, p->token.length) || error_memory(p->e);
		good = good && parser_advance(p);
	}
	struct text *text = good ? parser_text(p, buffer_text(&all), all.size) : NULL;
	buffer_free(&all);
	if (!text) return NULL;
	n->constant = (struct value){ .kind = VALUE_TEXT, .text = text };
	return n;
}

static struct node *parse_number(struct parser *p)
{
	struct node *n = parser_node(p, NODE_CONSTANT);
	if (!n) return NULL;
	if (p->token.kind == TOKEN_FLOAT)
		n->constant = (struct value){ .kind = VALUE_FLOAT, .real = p->token.real };
	else
		n->constant = (struct value){ .kind = VALUE_INT, .integer = p->token.integer };
	return parser_advance(p) ? n : NULL;
}

/* [a, b] and {a: b}: items, or keys and values in turn, up to the closing bracket. */
static struct node *parse_items(struct parser *p, enum node_kind kind, enum token_kind closing)
{
	struct node *n = parser_node(p, kind);
	if (!n || !parser_advance(p)) return NULL;
	struct node **last = &n->first;
	while (p->token.kind != closing) {
		if (n->first && !parser_expect(p, TOKEN_COMMA, "','")) return NULL;
		if (p->token.kind == closing) break;
		if (!(*last = parse_expression(p))) return NULL;
		last = &(*last)->next;
		if (kind != NODE_DICT) continue;
		if (!parser_expect(p, TOKEN_COLON, "':'") || !(*last = parse_expression(p))) return NULL;
		last = &(*last)->next;
	}
	return parser_advance(p) ? n : NULL;
}

static struct node *parse_parentheses(struct parser *p)
{
	if (!parser_advance(p)) return NULL;
	struct node *n = parse_tuple(p, TUPLE_PARENTHESES);
	if (!n || !parser_expect(p, TOKEN_RIGHT_PAREN, "')'")) return NULL;
	return n;
}

static struct node *parse_primary(struct parser *p, unsigned mode)
{
	switch (p->token.kind) {
	case TOKEN_NAME: return parse_primary_name(p, mode);
	case TOKEN_STRING: return parse_string(p);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT: return parse_number(p);
	case TOKEN_LEFT_PAREN: return parse_parentheses(p);
	case TOKEN_LEFT_BRACKET: return parse_items(p, NODE_LIST, TOKEN_RIGHT_BRACKET);
	case TOKEN_LEFT_BRACE: return parse_items(p, NODE_DICT, TOKEN_RIGHT_BRACE);
	default: parser_unexpected(p, "an expression"); return NULL;
	}
}

/* One part of a slice, NULL in *part when it is left out. */
static bool parse_slice_part(struct parser *p, struct node **part)
{
	enum token_kind k = p->token.kind;
	if (k == TOKEN_COLON || k == TOKEN_RIGHT_BRACKET || k == TOKEN_COMMA) return true;
	return (*part = parse_expression(p)) != NULL;
}

static struct node *parse_subscribed(struct parser *p)
{
	struct node *from = NULL;
	if (p->token.kind != TOKEN_COLON) {
		from = parse_expression(p);
		if (!from || p->token.kind != TOKEN_COLON) return from;
	}
	struct node *n = parser_node(p, NODE_SLICE);
	if (!n || !parser_advance(p)) return NULL;
	n->a = from;
	if (!parse_slice_part(p, &n->b)) return NULL;
	if (p->token.kind == TOKEN_COLON && (!parser_advance(p) || !parse_slice_part(p, &n->c))) return NULL;
	return n;
}

/* [...] behind an expression. */
static struct node *parse_item(struct parser *p, struct node *of)
{
	struct node *n = node_of(p, NODE_ITEM, of, NULL), *tuple = parser_node(p, NODE_TUPLE);
	if (!n || !tuple || !parser_advance(p)) return NULL;
	struct node **last = &tuple->first;
	unsigned count = 0;
	while (p->token.kind != TOKEN_RIGHT_BRACKET) {
		if (count && !parser_expect(p, TOKEN_COMMA, "','")) return NULL;
		if (!(*last = parse_subscribed(p))) return NULL;
		if (count && ((*last)->kind == NODE_SLICE || tuple->first->kind == NODE_SLICE)) {
			parser_fail(p, "a slice among several subscripts");
			return NULL;
		}
		last = &(*last)->next;
		count++;
	}
	n->b = count == 1 ? tuple->first : tuple;
	return parser_advance(p) ? n : NULL;
}

static struct node *parse_subscript(struct parser *p, struct node *of)
{
	if (p->token.kind == TOKEN_LEFT_BRACKET) return parse_item(p, of);
	if (!parser_advance(p)) return NULL;
	if (p->token.kind == TOKEN_INTEGER) {
		struct node *index = parse_number(p);
		return index ? node_of(p, NODE_ITEM, of, index) : NULL;
	}
	struct node *n = node_of(p, NODE_ATTRIBUTE, of, NULL);
	if (!n) return NULL;
	n->text = parser_text(p, p->token.text, p->token.length);
	return n->text && parser_expect(p, TOKEN_NAME, "a name or a number") ? n : NULL;
}

/* name=value in a call; the name must be new. */
static bool parse_named(struct parser *p, struct call *call, struct node ***last)
{
	for (const struct node *n = call->named; n; n = n->next) {
		if (n->text->size == p->token.length && memcmp(n->text->bytes, p->token.text, p->token.length) == 0)
			return parser_fail(p, "an argument is given twice");
	}
	struct node *n = parser_node(p, NODE_NAME);
	if (!n) return false;
	n->text = parser_text(p, p->token.text, p->token.length);
	if (!n->text || !parser_advance(p) || !parser_advance(p)) return false;
	if (!(n->a = parse_expression(p))) return false;
	**last = n;
	*last = &n->next;
	return ++call->n_named <= 256 || parser_fail(p, "too many arguments");
}

static bool parse_argument(struct parser *p, struct call *call, struct node ***positional, struct node ***named)
{
	static const char wrong[] = "arguments in an order that no call may have";
	if (p->token.kind == TOKEN_MULTIPLY) {
		if (call->spread_list || call->spread_dict) return parser_fail(p, wrong);
		return parser_advance(p) && (call->spread_list = parse_expression(p)) != NULL;
	}
	if (p->token.kind == TOKEN_POWER) {
		if (call->spread_dict) return parser_fail(p, wrong);
		return parser_advance(p) && (call->spread_dict = parse_expression(p)) != NULL;
	}
	if (p->token.kind == TOKEN_NAME) {
		if (!parser_look(p)) return false;
		if (p->ahead.kind == TOKEN_ASSIGN) return call->spread_dict ? parser_fail(p, wrong) : parse_named(p, call, named);
	}
	if (call->spread_list || call->spread_dict || call->named) return parser_fail(p, wrong);
	if (!(**positional = parse_expression(p))) return false;
	*positional = &(**positional)->next;
	return ++call->n_positional <= 4096 || parser_fail(p, "too many arguments");
}

/* (...) of a call, filter or test. */
static bool parse_arguments(struct parser *p, struct call *call)
{
	struct node **positional = &call->positional, **named = &call->named;
	if (!parser_expect(p, TOKEN_LEFT_PAREN, "'('")) return false;
	for (bool comma = false; p->token.kind != TOKEN_RIGHT_PAREN; comma = true) {
		if (comma && !parser_expect(p, TOKEN_COMMA, "','")) return false;
		if (comma && p->token.kind == TOKEN_RIGHT_PAREN) break;
		if (!parse_argument(p, call, &positional, &named)) return false;
	}
	return parser_advance(p);
}

static struct node *parse_call(struct parser *p, struct node *called)
{
	struct node *n = node_of(p, NODE_CALL, called, NULL);
	return n && parse_arguments(p, &n->call) ? n : NULL;
}

static struct node *parse_postfix(struct parser *p, struct node *n)
{
	while (n) {
		if (p->token.kind == TOKEN_DOT || p->token.kind == TOKEN_LEFT_BRACKET)
			n = parse_subscript(p, n);
		else if (p->token.kind == TOKEN_LEFT_PAREN)
			n = parse_call(p, n);
		else
			break;
	}
	return n;
}

/* The name behind | or is, which may have dots, and what it names in `table`. */
static bool parse_native_name(struct parser *p, struct node *n, const struct native *(*find)(const struct text *))
{
	struct buffer name = buffer_new(1 << 16);
	bool good = true;
	for (bool more = true; good && more;) {
		good = p->token.kind == TOKEN_NAME || parser_unexpected(p, "a name");
		good = good && (buffer_append(&name, p->token.text, p->token.length) || parser_fail(p, "a name is too long"));
		good = good && parser_advance(p);
		more = good && p->token.kind == TOKEN_DOT;
		if (more) good = (buffer_append_byte(&name, '.') || parser_fail(p, "a name is too long")) && parser_advance(p);
	}
	n->text = good ? parser_text(p, buffer_text(&name), name.size) : NULL;
	buffer_free(&name);
	if (!n->text) return false;
	n->native = find(n->text);
	if (!n->native && !p->soft && !p->unknown) p->unknown = n;
	return true;
}

struct node *parse_filters(struct parser *p, struct node *filtered, bool starts_with_name)
{
	struct node *n = filtered;
	while (p->token.kind == TOKEN_PIPE || starts_with_name) {
		if (!starts_with_name && !parser_advance(p)) return NULL;
		starts_with_name = false;
		n = node_of(p, NODE_FILTER, n, NULL);
		if (!n || !parse_native_name(p, n, native_filter)) return NULL;
		if (p->token.kind == TOKEN_LEFT_PAREN && !parse_arguments(p, &n->call)) return NULL;
	}
	return n;
}

/* Whether the current token begins the one argument that a test may have without parentheses. */
static bool begins_test_argument(const struct parser *p)
{
	switch (p->token.kind) {
	case TOKEN_NAME: return !parser_at_name(p, "else") && !parser_at_name(p, "or") && !parser_at_name(p, "and");
	case TOKEN_STRING:
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
	case TOKEN_LEFT_BRACKET:
	case TOKEN_LEFT_BRACE: return true;
	default: return false;
	}
}

static struct node *parse_test(struct parser *p, struct node *tested)
{
	bool negated = false;
	struct node *n = node_of(p, NODE_TEST, tested, NULL);
	if (!n || !parser_advance(p) || !parser_skip_name(p, "not", &negated)) return NULL;
	if (!parse_native_name(p, n, native_test)) return NULL;
	if (p->token.kind == TOKEN_LEFT_PAREN) {
		if (!parse_arguments(p, &n->call)) return NULL;
	} else if (begins_test_argument(p)) {
		if (parser_at_name(p, "is")) {
			parser_fail(p, "tests cannot follow one another");
			return NULL;
		}
		n->call.positional = parse_primary(p, 0);
		if (n->call.positional) n->call.positional = parse_postfix(p, n->call.positional);
		if (!n->call.positional) return NULL;
		n->call.n_positional = 1;
	}
	return negated ? node_of(p, NODE_NOT, n, NULL) : n;
}

static struct node *parse_filters_and_tests(struct parser *p, struct node *n)
{
	while (n) {
		if (p->token.kind == TOKEN_PIPE)
			n = parse_filters(p, n, false);
		else if (parser_at_name(p, "is"))
			n = parse_test(p, n);
		else if (p->token.kind == TOKEN_LEFT_PAREN)
			n = parse_call(p, n);
		else
			break;
	}
	return n;
}

static struct node *parse_unary(struct parser *p, bool with_filters)
{
	struct node *n;
	if (!parser_enter(p)) return NULL;
	if (p->token.kind == TOKEN_SUBTRACT || p->token.kind == TOKEN_ADD) {
		n = parser_node(p, p->token.kind == TOKEN_SUBTRACT ? NODE_NEGATE : NODE_POSITIVE);
		if (!n || !parser_advance(p) || !(n->a = parse_unary(p, false))) return NULL;
	} else {
		n = parse_primary(p, 0);
	}
	n = n ? parse_postfix(p, n) : NULL;
	if (n && with_filters) n = parse_filters_and_tests(p, n);
	parser_leave(p);
	return n;
}

/* The operators of two operands, level by level; all bind to the left. */
enum level { LEVEL_SUM, LEVEL_CONCAT, LEVEL_PRODUCT, LEVEL_POWER, LEVEL_UNARY };

static bool binary_operator(enum level level, enum token_kind kind, uint8_t *op)
{
	static const struct {
		enum level level;
		enum token_kind kind;
		uint8_t op;
	} table[] = {
		{ LEVEL_SUM, TOKEN_ADD, OP_ADD },
		{ LEVEL_SUM, TOKEN_SUBTRACT, OP_SUBTRACT },
		{ LEVEL_PRODUCT, TOKEN_MULTIPLY, OP_MULTIPLY },
		{ LEVEL_PRODUCT, TOKEN_DIVIDE, OP_DIVIDE },
		{ LEVEL_PRODUCT, TOKEN_FLOOR_DIVIDE, OP_FLOOR_DIVIDE },
		{ LEVEL_PRODUCT, TOKEN_MODULO, OP_MODULO },
		{ LEVEL_POWER, TOKEN_POWER, OP_POWER },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (table[i].level != level || table[i].kind != kind) continue;
		*op = table[i].op;
		return true;
	}
	return false;
}

static struct node *parse_level(struct parser *p, enum level level);

static struct node *parse_concat(struct parser *p)
{
	struct node *first = parse_level(p, LEVEL_PRODUCT);
	if (!first || p->token.kind != TOKEN_TILDE) return first;
	struct node *n = parser_node(p, NODE_CONCAT);
	if (!n) return NULL;
	n->first = first;
	for (struct node **last = &first->next; p->token.kind == TOKEN_TILDE; last = &(*last)->next) {
		if (!parser_advance(p) || !(*last = parse_level(p, LEVEL_PRODUCT))) return NULL;
	}
	return n;
}

static struct node *parse_level(struct parser *p, enum level level)
{
	if (level == LEVEL_UNARY) return parse_unary(p, true);
	if (level == LEVEL_CONCAT) return parse_concat(p);
	struct node *left = parse_level(p, level + 1);
	uint8_t op;
	while (left && binary_operator(level, p->token.kind, &op)) {
		struct node *n = node_of(p, NODE_BINARY, left, NULL);
		if (!n || !parser_advance(p) || !(n->b = parse_level(p, level + 1))) return NULL;
		n->op = op;
		left = n;
	}
	return left;
}

/* The comparison that begins at the current token; false in *found when there is none. Takes its words. */
static bool comparison(struct parser *p, uint8_t *op, bool *found)
{
	static const struct {
		enum token_kind kind;
		uint8_t op;
	} table[] = { { TOKEN_EQUAL, OP_EQUAL },     { TOKEN_NOT_EQUAL, OP_NOT_EQUAL },
		      { TOKEN_LESS, OP_LESS },       { TOKEN_LESS_EQUAL, OP_LESS_EQUAL },
		      { TOKEN_GREATER, OP_GREATER }, { TOKEN_GREATER_EQUAL, OP_GREATER_EQUAL } };
	*found = true;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (p->token.kind != table[i].kind) continue;
		*op = table[i].op;
		return parser_advance(p);
	}
	if (parser_at_name(p, "in")) {
		*op = OP_IN;
		return parser_advance(p);
	}
	*found = false;
	if (!parser_at_name(p, "not")) return true;
	if (!parser_look(p)) return false;
	if (p->ahead.kind != TOKEN_NAME || p->ahead.length != 2 || memcmp(p->ahead.text, "in", 2) != 0) return true;
	*found = true;
	*op = OP_NOT_IN;
	return parser_advance(p) && parser_advance(p);
}

static struct node *parse_compare(struct parser *p)
{
	struct node *left = parse_level(p, LEVEL_SUM), *n = NULL, **last = NULL;
	for (;;) {
		uint8_t op;
		bool found;
		if (!left || !comparison(p, &op, &found)) return NULL;
		if (!found) return n ? n : left;
		if (!n) {
			if (!(n = node_of(p, NODE_COMPARE, left, NULL))) return NULL;
			last = &n->first;
		}
		struct node *operand = parser_node(p, NODE_COMPARE);
		if (!operand || !(operand->a = parse_level(p, LEVEL_SUM))) return NULL;
		operand->op = op;
		*last = operand;
		last = &operand->next;
	}
}

static struct node *parse_not(struct parser *p)
{
	if (!parser_at_name(p, "not")) return parse_compare(p);
	struct node *n = parser_node(p, NODE_NOT);
	if (!n || !parser_enter(p) || !parser_advance(p)) return NULL;
	n->a = parse_not(p);
	parser_leave(p);
	return n->a ? n : NULL;
}

static struct node *parse_and(struct parser *p)
{
	struct node *left = parse_not(p);
	while (left && parser_at_name(p, "and")) {
		left = node_of(p, NODE_AND, left, NULL);
		if (!left || !parser_advance(p) || !(left->b = parse_not(p))) return NULL;
	}
	return left;
}

static struct node *parse_or(struct parser *p)
{
	struct node *left = parse_and(p);
	while (left && parser_at_name(p, "or")) {
		left = node_of(p, NODE_OR, left, NULL);
		if (!left || !parser_advance(p) || !(left->b = parse_and(p))) return NULL;
	}
	return left;
}

static struct node *parse_conditional(struct parser *p)
{
	const struct node *unknown = p->unknown;
	bool has_else = false;
	if (!parser_enter(p)) return NULL;
	struct node *value = parse_or(p);
	while (value && parser_at_name(p, "if")) {
		struct node *n = parser_node(p, NODE_CONDITIONAL);
		if (!n || !parser_advance(p)) return NULL;
		n->a = value;
		if (!(n->b = parse_or(p)) || !parser_skip_name(p, "else", &has_else)) return NULL;
		if (has_else && !(n->c = parse_conditional(p))) return NULL;
		value = n;
		p->unknown = unknown; /* filters inside are looked for when they are reached */
	}
	parser_leave(p);
	return value;
}

struct node *parse_expression(struct parser *p)
{
	return parse_conditional(p);
}

static bool at_tuple_end(const struct parser *p, unsigned mode)
{
	enum token_kind k = p->token.kind;
	if (k == TOKEN_PRINT_END || k == TOKEN_BLOCK_END || k == TOKEN_RIGHT_PAREN) return true;
	if ((mode & TUPLE_ENDS_AT_IN) && parser_at_name(p, "in")) return true;
	return (mode & TUPLE_ENDS_AT_RECURSIVE) && parser_at_name(p, "recursive");
}

struct node *parse_tuple(struct parser *p, unsigned mode)
{
	struct node *n = parser_node(p, NODE_TUPLE);
	if (!n) return NULL;
	bool is_tuple = false;
	for (struct node **last = &n->first;; last = &(*last)->next) {
		if (n->first && !parser_expect(p, TOKEN_COMMA, "','")) return NULL;
		if (at_tuple_end(p, mode)) break;
		*last = (mode & TUPLE_TARGET)           ? parse_primary(p, mode)
		        : (mode & TUPLE_NO_CONDITIONAL) ? parse_or(p)
		                                        : parse_expression(p);
		if (!*last) return NULL;
		if (p->token.kind != TOKEN_COMMA) break;
		is_tuple = true;
	}
	if (is_tuple) return n;
	if (n->first) return n->first;
	if (mode & TUPLE_PARENTHESES) return n;
	parser_unexpected(p, "an expression");
	return NULL;
}

static bool can_assign(const struct node *n)
{
	if (n->kind == NODE_NAME || n->kind == NODE_ATTRIBUTE_TARGET) return true;
	if (n->kind != NODE_TUPLE) return false;
	for (const struct node *item = n->first; item; item = item->next) {
		if (!can_assign(item)) return false;
	}
	return true;
}

struct node *parse_target(struct parser *p, unsigned mode)
{
	if (!parser_enter(p)) return NULL;
	struct node *n = parse_tuple(p, mode | TUPLE_TARGET);
	parser_leave(p);
	if (n && !can_assign(n)) {
		parser_fail(p, "nothing can be assigned to this");
		return NULL;
	}
	return n;
}
