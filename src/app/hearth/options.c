/* options: reads a command line by the tables (see options.h). */
#include "app/hearth/options.h"

#include "hearth.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many letters must change to make `a` from `b` (Levenshtein); 1 when one begins with the other. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[64];
	size_t common = n < m ? n : m;
	if (common >= 4 && strncmp(a, b, common) == 0) return 1;
	if (n >= 64 || m >= 64) return 64;
	for (size_t j = 0; j <= m; j++) row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t replace = corner + (a[i - 1] != b[j - 1]);
			size_t least = row[j] < row[j - 1] ? row[j] : row[j - 1];
			corner = row[j];
			row[j] = replace < least + 1 ? replace : least + 1;
		}
	}
	return row[m];
}

static bool close_enough(size_t d, const char *name)
{
	return d <= 1 + (strlen(name) + 1) / 4;
}

static bool unknown_option(const struct options *o, const char *name, struct error *e)
{
	const char *nearest = NULL;
	size_t least = 64;
	for (const struct option_row *r = option_rows; r->name; r++) {
		size_t d = distance(name, r->name);
		if (!(r->commands & o->command->bit) || d >= least) continue;
		least = d;
		nearest = r->name;
	}
	if (nearest && close_enough(least, nearest))
		return error_set(e, "unknown option '%.80s' (did you mean %s?)", name, nearest);
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (strcmp(name, r->name) != 0) continue;
		return error_set(e, "'%s' is no option of '%s'", name, o->command->name);
	}
	return error_set(e, "unknown option '%.80s'", name);
}

static bool take_number(struct options *o, const struct option_row *r, const char *text, struct error *e)
{
	char *end;
	errno = 0;
	if (r->kind == OPTION_THREADS && strcmp(text, "auto-low") == 0) {
		*(uint64_t *)((char *)o + r->place) = HEARTH_THREADS_LOW;
	} else if (r->kind != OPTION_NUMBER) {
		unsigned long long value = strtoull(text, &end, 10);
		bool digits = *text >= '0' && *text <= '9';
		if (!digits || *end || errno || (double)value < r->least || (double)value > r->most)
			return error_set(e, "%s takes a whole number from %.0f to %.0f%s, not '%.80s'", r->name, r->least, r->most,
			                 r->kind == OPTION_THREADS ? " or auto-low" : "", text);
		*(uint64_t *)((char *)o + r->place) = value;
	} else {
		double value = strtod(text, &end);
		if (end == text || *end || !isfinite(value) || value < r->least || value > r->most)
			return error_set(e, "%s takes a number from %g to %g, not '%.80s'", r->name, r->least, r->most, text);
		*(double *)((char *)o + r->place) = value;
	}
	return true;
}

static bool take_value(struct options *o, const struct option_row *r, const char *value, struct error *e)
{
	if (r->has_place) *(bool *)((char *)o + r->has_place) = true;
	switch (r->kind) {
	case OPTION_SWITCH: *(bool *)((char *)o + r->place) = true; return true;
	case OPTION_TEXT: *(const char **)((char *)o + r->place) = value; return true;
	case OPTION_LIST: {
		struct option_list *list = (struct option_list *)(void *)((char *)o + r->place);
		if (list->n == OPTIONS_MOST) return error_set(e, "at most %d %s are taken", (int)OPTIONS_MOST, r->name);
		list->texts[list->n++] = value;
		return true;
	}
	default: return take_number(o, r, value, e);
	}
}

/* The row that `argument` names, up to an equals sign when it starts with two dashes. */
static const struct option_row *find_option(const struct options *o, const char *argument, size_t length)
{
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (!(r->commands & o->command->bit)) continue;
		if (strlen(r->name) == length && strncmp(r->name, argument, length) == 0) return r;
		if (r->other && strlen(r->other) == length && strncmp(r->other, argument, length) == 0) return r;
	}
	return NULL;
}

/* Takes the option at arguments[*i] and its value, and moves *i to the last of them. */
static bool take_option(struct options *o, int count, char **arguments, int *i, struct error *e)
{
	const char *argument = arguments[*i], *equals = strncmp(argument, "--", 2) == 0 ? strchr(argument, '=') : NULL;
	size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
	const struct option_row *r = find_option(o, argument, length);
	if (!r) {
		char name[96];
		snprintf(name, sizeof name, "%.*s", (int)(length < 90 ? length : 90), argument);
		return unknown_option(o, name, e);
	}
	if (!r->value) {
		if (equals) return error_set(e, "%s takes no value", r->name);
		return take_value(o, r, NULL, e);
	}
	if (equals) return take_value(o, r, equals + 1, e);
	if (*i + 1 >= count) return error_set(e, "%s needs a value: %s %s", argument, r->name, r->value);
	return take_value(o, r, arguments[++*i], e);
}

static bool unknown_command(const char *name, struct error *e)
{
	const char *nearest = NULL;
	size_t least = 64;
	for (const struct command_row *c = command_rows; c->name; c++) {
		size_t d = distance(name, c->name);
		if (d >= least) continue;
		least = d;
		nearest = c->name;
	}
	if (nearest && close_enough(least, nearest))
		return error_set(e, "there is no command '%.80s' (did you mean '%s'?)", name, nearest);
	return error_set(e, "there is no command '%.80s'; to ask a question: hearth run \"...\"", name);
}

bool options_read(struct options *o, int count, char **arguments, char **words, struct error *e)
{
	*o = (struct options){ .program = "hearth", .command = &command_rows[0], .words = words };
	int i = 0;
	if (count > 0 && arguments[0][0] != '-') {
		const struct command_row *c = command_rows;
		while (c->name && strcmp(c->name, arguments[0]) != 0) c++;
		if (!c->name) return unknown_command(arguments[0], e);
		o->command = c;
		o->named = true;
		i = 1;
	}
	bool only_words = false;
	for (; i < count; i++) {
		if (only_words || arguments[i][0] != '-' || arguments[i][1] == 0)
			o->words[o->n_words++] = arguments[i];
		else if (strcmp(arguments[i], "--") == 0)
			only_words = true;
		else if (!take_option(o, count, arguments, &i, e))
			return false;
	}
	return true;
}

const struct word_row *options_word(const struct options *o, struct error *e)
{
	const struct word_row *nearest = NULL;
	const char *name = o->n_words ? o->words[0] : "";
	size_t least = 64;
	for (const struct word_row *w = o->command->words; w->name; w++) {
		size_t further = o->n_words ? o->n_words - 1 : 0, d = distance(name, w->name);
		if (strcmp(name, w->name) == 0) {
			if (further >= w->least && further <= w->most) return w;
			error_set(e, "%s %s is used as: hearth %s %s%s%s", o->command->name, name, o->command->name, name,
			          *w->usage ? " " : "", w->usage);
			return NULL;
		}
		if (d >= least) continue;
		least = d;
		nearest = w;
	}
	if (nearest && close_enough(least, nearest->name))
		error_set(e, "%s does not know '%.80s' (did you mean '%s'?)", o->command->name, name, nearest->name);
	else
		error_set(e, "%s does not know '%.80s'", o->command->name, name);
	return NULL;
}

static void help_rows(struct buffer *out, unsigned bit)
{
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (!(r->commands & bit)) continue;
		char left[64];
		snprintf(left, sizeof left, "%s%s%s%s%s", r->name, r->other ? ", " : "", r->other ? r->other : "",
		         r->value ? " " : "", r->value ? r->value : "");
		buffer_format(out, "  %-20s %s\n", left, r->help);
	}
}

static void help_words(struct buffer *out, const struct command_row *command)
{
	if (command->words) buffer_append_text(out, "\n");
	for (const struct word_row *w = command->words; w && w->name; w++) {
		buffer_format(out, "  hearth %s %s%s%s\n      %s\n", command->name, w->name, *w->usage ? " " : "", w->usage,
		              w->purpose);
	}
}

bool options_help(struct buffer *out, const struct command_row *command)
{
	if (command) {
		buffer_format(out, "hearth %s: %s\n\nUsage: hearth %s %s\n\n", command->name, command->purpose, command->name,
		              command->usage);
		help_rows(out, command->bit);
		help_words(out, command);
		if (*command->more) buffer_format(out, "\n%s", command->more);
		return !out->failed;
	}
	buffer_append_text(out, "hearth: a private AI on your own machine. Nothing you type leaves it.\n\n"
	                        "Usage: hearth [COMMAND] [OPTIONS]\n\n");
	for (const struct command_row *c = command_rows; c->name; c++) {
		buffer_format(out, "  hearth %-8s %s\n", c->name, c->purpose);
	}
	buffer_append_text(out, "\nOptions of the chat, which is what starts without a command:\n");
	help_rows(out, command_rows[0].bit);
	buffer_append_text(out, "\nhearth COMMAND --help tells more. The manual: man hearth.\n");
	return !out->failed;
}
