/* net: `hearth net log`: the ledger of every connection, for people and for programs. */
#include "app/hearth/commands.h"
#include "app/hearth/ledger_place.h"
#include "app/hearth/terminal.h"
#include "app/hearth/visible.h"
#include "base/map.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_OUT = 256 << 20, SHOWN = 600 };

static int net_log_command(const struct options *o);

const struct word_row net_words[] = {
	{ "log", "[--json]", "every connection: when, to which host, bytes, hash of what was sent, and how it ended", 0, 0,
	  net_log_command },
	{ NULL, NULL, NULL, 0, 0, NULL },
};

/* A connection's first line waits here for its last one. */
struct log {
	struct buffer out;
	bool json, ascii, any;
	uint64_t connections, unfinished;
	struct begun {
		uint64_t number, time;
		char host[LEDGER_HOST];
	} begun[8]; /* more never stand open at once, but after crashes */
	size_t n_begun;
};

static void write_time(char out[32], uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm local;
	out[0] = 0;
	if (localtime_r(&t, &local)) strftime(out, 32, "%Y-%m-%d %H:%M:%S", &local);
}

static void write_comma(struct log *l)
{
	buffer_append_text(&l->out, l->any ? ",\n " : "");
	l->any = true;
}

static void json_text(struct buffer *out, const char *name, const void *text, size_t size)
{
	buffer_format(out, ", \"%s\": ", name);
	json_write_text(out, text, size);
}

/* A connection; `end` is NULL when its last line is missing. */
static void show_connection(struct log *l, const struct begun *b, const struct ledger_entry *end)
{
	char when[32], host[SHOWN], result[SHOWN];
	const char *missing = "no end was noted: hearth was stopped meanwhile";
	l->connections++;
	if (!end) l->unfinished++;
	if (l->json) {
		write_comma(l);
		buffer_format(&l->out, "{\"kind\": \"connection\", \"number\": %llu, \"time\": %llu", (unsigned long long)b->number,
		              (unsigned long long)b->time);
		json_text(&l->out, "host", b->host, strlen(b->host));
		if (end) {
			buffer_format(&l->out, ", \"ended\": %llu, \"up\": %llu, \"down\": %llu, \"sent_sha256\": \"%s\"",
			              (unsigned long long)end->time, (unsigned long long)end->up, (unsigned long long)end->down,
			              end->hash);
			json_text(&l->out, "result", end->result, strlen(end->result));
			json_text(&l->out, "sent", end->sent, end->sent_size);
		}
		buffer_append_text(&l->out, "}");
		return;
	}
	write_time(when, b->time);
	visible_line(host, sizeof host, b->host, strlen(b->host), l->ascii);
	visible_line(result, sizeof result, end ? end->result : missing, strlen(end ? end->result : missing), l->ascii);
	buffer_format(&l->out, "%s  %s\n", when, host);
	if (end)
		buffer_format(&l->out, "    %llu bytes up, %llu down; sent: SHA-256 %s\n", (unsigned long long)end->up,
		              (unsigned long long)end->down, end->hash);
	buffer_format(&l->out, "    %s\n", result);
}

static void show_pin(struct log *l, const struct ledger_entry *pin)
{
	char when[32], name[LEDGER_NAME];
	if (l->json) {
		write_comma(l);
		buffer_format(&l->out, "{\"kind\": \"pin\", \"time\": %llu, \"sha256\": \"%s\"", (unsigned long long)pin->time,
		              pin->hash);
		json_text(&l->out, "url", pin->name, strlen(pin->name));
		buffer_append_text(&l->out, "}");
		return;
	}
	write_time(when, pin->time);
	visible_line(name, sizeof name, pin->name, strlen(pin->name), l->ascii);
	buffer_format(&l->out, "%s  pinned %s\n    to SHA-256 %s\n", when, name, pin->hash);
}

static void forget_begun(struct log *l, size_t i)
{
	memmove(l->begun + i, l->begun + i + 1, (l->n_begun - i - 1) * sizeof *l->begun);
	l->n_begun--;
}

static bool on_line(void *context, uint64_t number, const struct ledger_entry *entry)
{
	struct log *l = context;
	if (entry->kind == LEDGER_PIN) show_pin(l, entry);
	if (entry->kind == LEDGER_BEGIN) {
		if (l->n_begun == sizeof l->begun / sizeof *l->begun) {
			show_connection(l, l->begun, NULL);
			forget_begun(l, 0);
		}
		struct begun *b = l->begun + l->n_begun++;
		*b = (struct begun){ .number = number, .time = entry->time };
		memcpy(b->host, entry->host, sizeof b->host);
	}
	for (size_t i = 0; entry->kind == LEDGER_END && i < l->n_begun; i++) {
		if (l->begun[i].number != entry->number) continue;
		show_connection(l, l->begun + i, entry);
		forget_begun(l, i);
		break;
	}
	return !l->out.failed;
}

static void show_rest(struct log *l, const struct ledger_state *state)
{
	while (l->n_begun) {
		show_connection(l, l->begun, NULL);
		forget_begun(l, 0);
	}
	if (l->json)
		buffer_append_text(&l->out, "]\n");
	else if (state->lines == 0)
		buffer_append_text(&l->out, "Nothing was ever connected to.\n");
	else
		buffer_format(&l->out, "\n%llu connection%s; the chain of %llu lines is whole.\n",
		              (unsigned long long)l->connections, l->connections == 1 ? "" : "s", (unsigned long long)state->lines);
}

static int net_log_command(const struct options *o)
{
	struct error e;
	struct ledger_state state;
	struct log *l = memory_new(1, sizeof *l);
	struct paths *paths = memory_new(1, sizeof *paths);
	struct ledger_place *place = memory_new(1, sizeof *place);
	bool ok = (l && paths && place) || error_memory(&e);
	if (ok) {
		l->out = buffer_new(MAX_OUT);
		l->json = o->json;
		l->ascii = terminal_look(false).ascii;
		if (l->json) buffer_append_byte(&l->out, '[');
		paths_find(paths);
		ok = ledger_place_find(place, paths, &e) && ledger_place_read(place, o, true, on_line, l, &state, &e);
	}
	if (ok) show_rest(l, &state);
	int status = ok ? commands_print(&l->out) : commands_fail(&e);
	if (!ok && l) buffer_free(&l->out);
	memory_free(l);
	memory_free(paths);
	memory_free(place);
	return status;
}

int net_command(const struct options *o)
{
	struct error e;
	const struct word_row *w = options_word(o, &e);
	return w ? w->run(o) : commands_misuse("net", &e);
}
