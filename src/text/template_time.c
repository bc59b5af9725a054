/* template_time: a moment as text, without the C library's time zone and locale (see template_time.h). */
#include "text/template_time.h"

#include <stdio.h>

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
	                              "July",    "August",   "September", "October", "November", "December" };

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1 January of the year, from 0. */
static int day_of_year(const struct template_moment *m)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	return before[m->month - 1] + m->day - 1 + (m->month > 2 && is_leap(m->year));
}

/* Days since 1 January 1. */
static int64_t day_number(const struct template_moment *m)
{
	int64_t y = m->year - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year(m);
}

static int weekday(const struct template_moment *m) /* Sunday is 0; 1 January 1 was a Monday */
{
	return (int)((day_number(m) + 1) % 7);
}

/* ISO 8601 week: week 1 has the year's first Thursday. */
static int iso_week(const struct template_moment *m, int *year)
{
	int day = day_of_year(m), monday = (weekday(m) + 6) % 7, week = (day - monday + 10) / 7;
	*year = m->year;
	if (week < 1) {
		struct template_moment last = { .year = m->year - 1, .month = 12, .day = 31 };
		if (last.year < 1) last.year = 400;
		week = iso_week(&last, year);
		*year = m->year - 1;
	} else if (week == 53 && day - monday + 3 >= 365 + is_leap(m->year)) {
		week = 1;
		*year = m->year + 1;
	}
	return week;
}

/* The text of one conversion; false for those that stand for a format of others, or for none. */
static bool convert(const struct template_moment *m, char c, char *out, size_t room)
{
	int hour12 = m->hour % 12 ? m->hour % 12 : 12, day = day_of_year(m), wday = weekday(m), year;
	switch (c) {
	case 'Y': return snprintf(out, room, "%d", m->year) > 0;
	case 'C': return snprintf(out, room, "%02d", m->year / 100) > 0;
	case 'y': return snprintf(out, room, "%02d", m->year % 100) > 0;
	case 'm': return snprintf(out, room, "%02d", m->month) > 0;
	case 'd': return snprintf(out, room, "%02d", m->day) > 0;
	case 'e': return snprintf(out, room, "%2d", m->day) > 0;
	case 'H': return snprintf(out, room, "%02d", m->hour) > 0;
	case 'k': return snprintf(out, room, "%2d", m->hour) > 0;
	case 'I': return snprintf(out, room, "%02d", hour12) > 0;
	case 'l': return snprintf(out, room, "%2d", hour12) > 0;
	case 'M': return snprintf(out, room, "%02d", m->minute) > 0;
	case 'S': return snprintf(out, room, "%02d", m->second) > 0;
	case 'f': return snprintf(out, room, "000000") > 0;
	case 'j': return snprintf(out, room, "%03d", day + 1) > 0;
	case 'p': return snprintf(out, room, "%s", m->hour < 12 ? "AM" : "PM") > 0;
	case 'P': return snprintf(out, room, "%s", m->hour < 12 ? "am" : "pm") > 0;
	case 'A': return snprintf(out, room, "%s", weekdays[wday]) > 0;
	case 'a': return snprintf(out, room, "%.3s", weekdays[wday]) > 0;
	case 'B': return snprintf(out, room, "%s", months[m->month - 1]) > 0;
	case 'b':
	case 'h': return snprintf(out, room, "%.3s", months[m->month - 1]) > 0;
	case 'u': return snprintf(out, room, "%d", wday ? wday : 7) > 0;
	case 'w': return snprintf(out, room, "%d", wday) > 0;
	case 'U': return snprintf(out, room, "%02d", (day + 7 - wday) / 7) > 0;
	case 'W': return snprintf(out, room, "%02d", (day + 7 - (wday + 6) % 7) / 7) > 0;
	case 'V': return snprintf(out, room, "%02d", iso_week(m, &year)) > 0;
	case 'G': iso_week(m, &year); return snprintf(out, room, "%d", year) > 0;
	case 'g': iso_week(m, &year); return snprintf(out, room, "%02d", year % 100) > 0;
	case 's':
		return snprintf(out, room, "%lld",
		                (long long)((day_number(m) - 719162) * 86400 + m->hour * 3600 + m->minute * 60 + m->second)) > 0;
	case 'n': return snprintf(out, room, "\n") > 0;
	case 't': return snprintf(out, room, "\t") > 0;
	case '%': return snprintf(out, room, "%%") > 0;
	case 'Z':
	case 'z': out[0] = 0; return true;
	default: return false;
	}
}

static const char *composed(char c)
{
	switch (c) {
	case 'c': return "%a %b %e %H:%M:%S %Y";
	case 'D':
	case 'x': return "%m/%d/%y";
	case 'F': return "%Y-%m-%d";
	case 'R': return "%H:%M";
	case 'r': return "%I:%M:%S %p";
	case 'T':
	case 'X': return "%H:%M:%S";
	default: return NULL;
	}
}

/* One conversion with its flag: '-' drops the filling, '_' fills with spaces, '^' gives capitals. */
static bool write_conversion(struct builder *b, const struct template_moment *m, char flag, char c)
{
	char text[64];
	const char *parts = composed(c);
	if (parts) {
		for (; *parts; parts++) {
			bool conversion = *parts == '%';
			parts += conversion;
			if (conversion ? !write_conversion(b, m, flag == '^' ? flag : 0, *parts) : !builder_bytes(b, parts, 1, 0))
				return false;
		}
		return true;
	}
	if (!convert(m, c, text, sizeof text)) return false;
	char *start = text;
	for (char *p = text; (flag == '-' || flag == '_') && (*p == '0' || *p == ' ') && p[1]; p++) {
		*p = ' ';
		if (flag == '-') start = p + 1;
	}
	for (char *p = text; flag == '^' && *p; p++) *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	return builder_literal(b, start, 0);
}

bool time_write(struct builder *b, const struct template_moment *m, const struct text *format)
{
	for (size_t i = 0; i < format->size; i++) {
		if (format->bytes[i] != '%' || i + 1 == format->size) {
			if (!builder_part(b, format, i, i + 1)) return false;
			continue;
		}
		size_t at = i + 1;
		char flag = 0;
		if (format->bytes[at] && strchr("-_^#0", format->bytes[at]) && at + 1 < format->size) flag = format->bytes[at++];
		bool modified = (format->bytes[at] == 'E' || format->bytes[at] == 'O') && at + 1 < format->size;
		at += modified;
		if (!write_conversion(b, m, flag, format->bytes[at])) {
			if (b->run->failed || !builder_part(b, format, i, at + 1 > format->size ? format->size : at + 1))
				return false;
		}
		i = at;
	}
	return b->strand != NULL;
}

/* Reads `digits` digits at *text into *n. */
static bool read_digits(const char **text, int digits, int *n)
{
	*n = 0;
	for (; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9') return false;
		*n = *n * 10 + (**text - '0');
	}
	return true;
}

static bool read_time(const char **p, struct template_moment *m)
{
	if (**p != 'T' && **p != ' ') return **p == 0;
	(*p)++;
	if (!read_digits(p, 2, &m->hour)) return false;
	if (**p == ':' && ((*p)++, !read_digits(p, 2, &m->minute))) return false;
	if (**p == ':' && ((*p)++, !read_digits(p, 2, &m->second))) return false;
	return **p == 0 || **p == '.' || **p == '+' || **p == '-' || **p == 'Z';
}

bool template_moment_parse(const char *text, struct template_moment *moment, struct error *e)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct template_moment m = { 0 };
	const char *p = text;
	bool good = read_digits(&p, 4, &m.year) && *p++ == '-' && read_digits(&p, 2, &m.month) && *p++ == '-' &&
	            read_digits(&p, 2, &m.day) && read_time(&p, &m);
	good = good && m.year >= 1 && m.month >= 1 && m.month <= 12 && m.day >= 1 && m.day <= days[m.month - 1];
	good = good && !(m.month == 2 && m.day == 29 && !is_leap(m.year)) && m.hour < 24 && m.minute < 60 && m.second < 61;
	if (!good) return error_set(e, "'%s' is not a date and time like 2026-08-15T13:05:09", text);
	*moment = m;
	return true;
}
