/*
 * template_lexer: cuts a template's source into tokens, one at a time, with jinja2's rules for white space (trim_blocks and
 * lstrip_blocks on).
 */
#ifndef HEARTH_TEXT_TEMPLATE_LEXER_H
#define HEARTH_TEXT_TEMPLATE_LEXER_H

#include "text/template.h"

#include "base/arena.h"

enum token_kind {
	TOKEN_END,
	TOKEN_DATA,
	TOKEN_PRINT_BEGIN,
	TOKEN_PRINT_END,
	TOKEN_BLOCK_BEGIN,
	TOKEN_BLOCK_END,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_ADD,
	TOKEN_SUBTRACT,
	TOKEN_DIVIDE,
	TOKEN_FLOOR_DIVIDE,
	TOKEN_MULTIPLY,
	TOKEN_MODULO,
	TOKEN_POWER,
	TOKEN_TILDE,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_LEFT_PAREN,
	TOKEN_RIGHT_PAREN,
	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_ASSIGN,
	TOKEN_DOT,
	TOKEN_COLON,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
};

struct token {
	enum token_kind kind;
	uint32_t line;
	const char *text; /* DATA: what is printed; STRING: unescaped; else as written */
	size_t length;
	int64_t integer;
	double real;
};

struct lexer {
	struct arena *arena;
	const char *source; /* line ends are \n, one at the very end is gone */
	size_t size, at;
	uint32_t line;
	enum { LEXER_DATA, LEXER_RAW, LEXER_PRINT, LEXER_BLOCK } mode;
	bool pending;       /* a tag begins here, its token comes next */
	bool line_starting; /* what was read last ended with a line end */
	char open[TEMPLATE_NESTING_LIMIT * 2];
	size_t n_open; /* brackets that wait for their other half */
};

/* Prepares `lexer` over a copy of the source in the arena. */
bool lexer_open(struct lexer *lexer, struct arena *arena, const char *source, size_t length, struct error *e);

/* The next token; TOKEN_END at the end, again and again. */
bool lexer_next(struct lexer *lexer, struct token *token, struct error *e);

#endif
