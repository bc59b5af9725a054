/* suggest_show: suggestions for people and for programs (see suggest.h). */
#include "app/hearth/model_file.h"
#include "app/hearth/suggest.h"
#include "app/hearth/visible.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

static const double words_per_token = 0.75;

/* ---- for people ---- */

static void minutes(char out[48], double seconds)
{
	if (seconds < 90)
		snprintf(out, 48, "%.0f s", seconds < 1 ? 1 : seconds);
	else if (seconds < 5400)
		snprintf(out, 48, "%.0f min", seconds / 60);
	else
		snprintf(out, 48, "%.1f h", seconds / 3600);
}

/* "2.5 GB, 5 min at the 8.0 MB/s of the last download". */
static void describe_fetch(struct buffer *out, const struct suggest *s, const struct suggest_row *r)
{
	char bytes[32], rate[32], time[48];
	model_file_bytes(bytes, r->bytes);
	model_file_bytes(rate, (uint64_t)s->rate);
	minutes(time, r->fetch_seconds > 0 ? r->fetch_seconds : (double)r->bytes / SUGGEST_USUAL_RATE);
	if (r->fetch_seconds > 0)
		buffer_format(out, "%s, about %s at the %s/s of the last download", bytes, time, rate);
	else
		buffer_format(out, "%s, about %s where a connection has 50 Mbit/s", bytes, time);
}

static const char *verdict(enum suggest_fit fit)
{
	return fit == SUGGEST_FITS    ? "it fits"
	       : fit == SUGGEST_TIGHT ? "it fits when other programs are closed"
	                              : "too large for this machine";
}

static void describe_memory(struct buffer *out, const struct suggest_row *r)
{
	char file[32], kv[32], work[32], sum[32], tokens[32];
	model_file_bytes(file, r->bytes);
	model_file_bytes(kv, r->kv);
	model_file_bytes(work, r->scratch);
	model_file_bytes(sum, r->memory);
	model_file_count(tokens, r->context);
	buffer_format(out, "memory %s file + %s for %s tokens of context + %s to work = %s: %s\n", file, kv, tokens, work, sum,
	              verdict(r->fit));
}

static void say_count(char out[32], double count)
{
	snprintf(out, 32, count < 10 ? "%.1f" : "%.0f", count);
}

static void describe_speed(struct buffer *out, const struct suggest *s, const struct suggest_row *r)
{
	char rate[32], token[32], tokens[32], words[32];
	if (r->speed <= 0) return;
	model_file_bytes(rate, (uint64_t)s->bandwidth);
	model_file_bytes(token, r->token);
	say_count(tokens, r->speed);
	say_count(words, r->speed * words_per_token);
	buffer_format(out, "    speed  %s/s / %s for each token = at most %s tokens (%s words) a second\n", rate, token, tokens,
	              words);
}

/* Text of a file's, for this terminal. */
static void append_shown(struct buffer *out, const char *text, bool ascii)
{
	char shown[512];
	visible_line(shown, sizeof shown, text, strlen(text), ascii);
	buffer_append_text(out, shown);
}

void suggest_describe_sums(struct buffer *out, const struct suggest *s, const struct suggest_row *r)
{
	describe_memory(out, r);
	describe_speed(out, s, r);
}

static void describe_row(struct buffer *out, const struct suggest *s, const struct suggest_row *r, bool ascii)
{
	buffer_append_text(out, "  ");
	append_shown(out, r->title, ascii);
	if (r->known) buffer_format(out, " - %s%s", r->known->good_at, r->known->thinks ? "; thinks before it answers" : "");
	if (r->path[0]) {
		buffer_format(out, "\n    here   %s: -m ", r->source);
		append_shown(out, r->name, ascii);
		buffer_append_byte(out, '\n');
	} else {
		buffer_append_text(out, "\n    fetch  ");
		describe_fetch(out, s, r);
		buffer_format(out, ": %s\n", r->name);
	}
	if (r->fit == SUGGEST_CANNOT) {
		buffer_format(out, "    cannot be used: %s\n", r->reason);
		return;
	}
	buffer_append_text(out, "    ");
	describe_memory(out, r);
	describe_speed(out, s, r);
	if (r->known) buffer_format(out, "    under  %s\n", r->known->licence);
}

static void describe_recommended(struct buffer *out, const struct suggest *s, const char *program, bool ascii)
{
	if (s->recommended == SUGGEST_NONE) {
		buffer_append_text(out,
		                   "\nNothing that is known suits this machine, and the built-in model is missing: install hearth "
		                   "again.\n");
		return;
	}
	const struct suggest_row *r = &s->rows[s->recommended];
	buffer_append_text(out, "\nRecommended for this machine:\n");
	describe_row(out, s, r, ascii);
	if (r->path[0]) {
		buffer_format(out, "  Start it: %s -m ", program);
		append_shown(out, r->name, ascii);
		buffer_append_byte(out, '\n');
	} else {
		buffer_format(out, "  Fetch it: %s models pull\n  then:     %s\n", program, program);
	}
}

static void describe_group(struct buffer *out, const struct suggest *s, bool here, bool ascii)
{
	bool any = false;
	for (size_t i = 0; i < s->n; i++) {
		if (i == s->recommended || (s->rows[i].path[0] != 0) != here) continue;
		if (!any)
			buffer_append_text(out,
			                   here ? "\nOthers that are here:\n" : "\nOthers to fetch (hearth models pull NAME):\n");
		any = true;
		describe_row(out, s, &s->rows[i], ascii);
	}
}

bool suggest_describe_one(struct buffer *out, const struct suggest *s, const char *program, bool ascii)
{
	const struct suggest_row *r = s->recommended == SUGGEST_NONE ? NULL : &s->rows[s->recommended];
	if (!r) return true;
	describe_row(out, s, r, ascii);
	if (r->path[0]) {
		buffer_format(out, "  Nothing has to be fetched. Start it with: %s -m ", program);
		append_shown(out, r->name, ascii);
		buffer_append_byte(out, '\n');
	}
	return !out->failed;
}

bool suggest_describe(struct buffer *out, const struct suggest *s, const char *program, bool ascii)
{
	char all[32], left[32], rate[32];
	model_file_bytes(all, s->memory);
	model_file_bytes(left, s->free);
	model_file_bytes(rate, (uint64_t)s->bandwidth);
	if (s->memory)
		buffer_format(out, "This machine: %s of memory, %s free now", all, left);
	else
		buffer_append_text(out, "This machine does not say how much memory it has");
	if (s->bandwidth > 0)
		buffer_format(out, "; %u threads read it at %s/s (measured now).\n", s->threads, rate);
	else
		buffer_append_text(out, "; how fast it is read could not be measured, so speeds are missing.\n");
	describe_recommended(out, s, program, ascii);
	describe_group(out, s, true, ascii);
	describe_group(out, s, false, ascii);
	if (s->more || s->caches.cut) buffer_append_text(out, "\nThere are more model files here than were looked at.\n");
	return !out->failed;
}

/* ---- for programs ---- */

static void put_text(struct buffer *out, const char *name, const char *text)
{
	buffer_format(out, ", \"%s\": ", name);
	json_write_text(out, text, strlen(text));
}

/* A number, or null where it is not known (0). */
static void put_known(struct buffer *out, const char *name, double number)
{
	buffer_format(out, ", \"%s\": ", name);
	if (number > 0)
		json_write_float(out, number);
	else
		buffer_append_text(out, "null");
}

static void put_size(struct buffer *out, const char *name, uint64_t size)
{
	buffer_format(out, ", \"%s\": %llu", name, (unsigned long long)size);
}

static void put_row(struct buffer *out, const struct suggest_row *r, bool recommended)
{
	static const char *const fits[] = { "fits", "tight", "too large", "cannot" };
	buffer_format(out, "{\"recommended\": %s", recommended ? "true" : "false");
	put_text(out, "name", r->name);
	put_text(out, "title", r->title);
	put_text(out, "source", r->source);
	buffer_format(out, ", \"here\": %s", r->path[0] ? "true" : "false");
	if (r->path[0]) put_text(out, "path", r->path);
	put_text(out, "fit", fits[r->fit]);
	if (r->reason[0]) put_text(out, "reason", r->reason);
	put_size(out, "bytes", r->bytes);
	put_size(out, "kv_bytes", r->kv);
	put_size(out, "work_bytes", r->scratch);
	put_size(out, "memory_bytes", r->memory);
	put_size(out, "bytes_per_token", r->token);
	put_size(out, "parameters", r->parameters);
	put_size(out, "context", r->context);
	put_known(out, "tokens_per_second", r->speed);
	put_known(out, "fetch_seconds", r->fetch_seconds);
	buffer_format(out, ", \"talks\": %s", r->talks ? "true" : "false");
	if (r->known) {
		put_text(out, "good_at", r->known->good_at);
		put_text(out, "licence", r->known->licence);
		put_text(out, "pull", r->known->pull);
		put_text(out, "file", r->known->file);
		put_text(out, "sha256", r->known->sha256);
		buffer_format(out, ", \"thinks\": %s", r->known->thinks ? "true" : "false");
	}
	buffer_append_byte(out, '}');
}

bool suggest_json(struct buffer *out, const struct suggest *s)
{
	buffer_format(out, "{\"machine\": {\"memory\": %llu, \"free\": %llu, \"threads\": %u", (unsigned long long)s->memory,
	              (unsigned long long)s->free, s->threads);
	put_known(out, "bandwidth", s->bandwidth);
	put_known(out, "download_rate", s->rate);
	buffer_format(out, "}, \"more\": %s, \"models\": [", s->more || s->caches.cut ? "true" : "false");
	for (size_t i = 0; i < s->n; i++) {
		if (i) buffer_append_text(out, ",\n ");
		put_row(out, &s->rows[i], i == s->recommended);
	}
	return buffer_append_text(out, "]}\n");
}
