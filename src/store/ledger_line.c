/* ledger_line: writing and reading entries (see ledger_line.h). */
#include "store/ledger_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[LEDGER_KINDS] = { "begin", "end", "pin" };

static void write_text(struct buffer *b, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	buffer_append_byte(b, '\t');
	for (size_t i = 0; i < size; i++) {
		if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
			buffer_append_byte(b, p[i]);
		else
			buffer_format(b, "\\x%02x", p[i]);
	}
}

static void write_number(struct buffer *b, uint64_t number)
{
	buffer_format(b, "\t%llu", (unsigned long long)number);
}

bool ledger_line_write(struct buffer *b, const struct ledger_entry *entry)
{
	buffer_append_text(b, kinds[entry->kind]);
	write_number(b, entry->time);
	switch (entry->kind) {
	case LEDGER_BEGIN: write_text(b, entry->host, strlen(entry->host)); break;
	case LEDGER_END:
		write_number(b, entry->number);
		write_number(b, entry->up);
		write_number(b, entry->down);
		write_text(b, entry->hash, strlen(entry->hash));
		write_text(b, entry->result, strlen(entry->result));
		write_text(b, entry->sent, entry->sent_size);
		break;
	default:
		write_text(b, entry->hash, strlen(entry->hash));
		write_text(b, entry->name, strlen(entry->name));
		break;
	}
	return !b->failed;
}

/* The next field, its end made a zero byte; NULL when there is none. */
static char *field(char **text)
{
	char *begin = *text;
	if (!begin) return NULL;
	char *tab = strchr(begin, '\t');
	*text = tab ? tab + 1 : NULL;
	if (tab) *tab = 0;
	return begin;
}

static bool read_number(char **text, uint64_t *number)
{
	char *digits = field(text), *end;
	if (!digits || *digits < '0' || *digits > '9') return false;
	errno = 0;
	*number = strtoull(digits, &end, 10);
	return *end == 0 && errno == 0;
}

/* -1: no hexadecimal digit. */
static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_text(char **text, void *bytes, size_t room, size_t *size)
{
	unsigned char *out = bytes;
	const char *in = field(text);
	*size = 0;
	while (in && *in) {
		if (*size == room) return false;
		if (*in != '\\') {
			out[(*size)++] = (unsigned char)*in++;
			continue;
		}
		int high = in[1] == 'x' ? digit(in[2]) : -1, low = high < 0 ? -1 : digit(in[3]);
		if (low < 0) return false;
		out[(*size)++] = (unsigned char)(high * 16 + low);
		in += 4;
	}
	return in != NULL;
}

/* A text that ends with a zero byte and has none inside. */
static bool read_word(char **text, char *out, size_t room)
{
	size_t size;
	if (!read_text(text, out, room - 1, &size)) return false;
	out[size] = 0;
	return strlen(out) == size;
}

bool ledger_line_read(struct ledger_entry *entry, char *text)
{
	const char *kind = field(&text);
	*entry = (struct ledger_entry){ .kind = LEDGER_KINDS };
	for (int i = 0; i < LEDGER_KINDS; i++) {
		if (strcmp(kind, kinds[i]) == 0) entry->kind = (enum ledger_kind)i;
	}
	if (entry->kind == LEDGER_KINDS || !read_number(&text, &entry->time)) return false;
	switch (entry->kind) {
	case LEDGER_BEGIN: return read_word(&text, entry->host, sizeof entry->host) && !text;
	case LEDGER_END:
		return read_number(&text, &entry->number) && read_number(&text, &entry->up) && read_number(&text, &entry->down) &&
		       read_word(&text, entry->hash, sizeof entry->hash) && read_word(&text, entry->result, sizeof entry->result) &&
		       read_text(&text, entry->sent, sizeof entry->sent, &entry->sent_size) && !text;
	default:
		return read_word(&text, entry->hash, sizeof entry->hash) && read_word(&text, entry->name, sizeof entry->name) &&
		       !text;
	}
}
