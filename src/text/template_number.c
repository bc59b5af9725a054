/*
 * template_number: numbers to digits and back, whatever the locale. A number is read through its digits without a decimal sign
 * (1.25e3 as 125e1), and what printf writes between digits is taken as the sign.
 */
#include "text/template_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool number_parse(const char *digits, size_t length, double *value)
{
	char plain[NUMBER_ROOM];
	size_t n = 0, i = 0, seen = 0;
	long exponent = 0;
	if (length > NUMBER_ROOM - 40) return false;
	if (i < length && (digits[i] == '+' || digits[i] == '-')) plain[n++] = digits[i++];
	for (bool fraction = false; i < length && (digits[i] == '.' || (digits[i] >= '0' && digits[i] <= '9')); i++) {
		if (digits[i] == '.') {
			if (fraction) return false;
			fraction = true;
			continue;
		}
		plain[n++] = digits[i];
		seen++;
		exponent -= fraction;
	}
	if (!seen) return false;
	if (i < length && (digits[i] | 0x20) == 'e') {
		bool negative = i + 1 < length && digits[i + 1] == '-';
		i += i + 1 < length && (negative || digits[i + 1] == '+') ? 2 : 1;
		if (i == length) return false;
		long written = 0;
		for (; i < length && digits[i] >= '0' && digits[i] <= '9'; i++)
			written = written < 100000 ? written * 10 + (digits[i] - '0') : written;
		exponent += negative ? -written : written;
	}
	if (i != length) return false;
	snprintf(plain + n, sizeof plain - n, "e%ld", exponent);
	*value = strtod(plain, NULL);
	return true;
}

bool number_parse_integer(const char *digits, size_t length, unsigned base, int64_t *value)
{
	bool negative = length && digits[0] == '-';
	size_t i = length && (negative || digits[0] == '+') ? 1 : 0;
	uint64_t n = 0, limit = (uint64_t)INT64_MAX + negative;
	if (i == length) return false;
	for (; i < length; i++) {
		char c = digits[i];
		unsigned digit = c >= '0' && c <= '9'                     ? (unsigned)(c - '0')
		                 : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? (unsigned)((c | 0x20) - 'a' + 10)
		                                                          : 99;
		if (digit >= base || n > (limit - digit) / base) return false;
		n = n * base + digit;
	}
	*value = negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

/* Replaces whatever stands for the decimal sign by a dot. */
static size_t with_dot(char *text, size_t length)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if ((c >= '0' && c <= '9') || (c && strchr("+-eEinfaINFA", c)))
			text[n++] = c;
		else if (((uint8_t)c & 0xC0) != 0x80)
			text[n++] = '.';
	}
	text[n] = 0;
	return n;
}

size_t number_format(double value, char conversion, int precision, bool alternate, char *out, size_t room)
{
	char format[8] = "%";
	snprintf(format + 1, sizeof format - 1, "%s.*%c", alternate ? "#" : "", conversion);
	if (precision > 60) precision = 60;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	int n = snprintf(out, room, format, precision, value);
#pragma GCC diagnostic pop
	if (n < 0) n = 0;
	return with_dot(out, (size_t)n < room ? (size_t)n : room - 1);
}

/* The fewest digits that read back as the same number, as "d.ddde+xx". */
static void shortest(double value, char out[40])
{
	for (int digits = 0; digits < 17; digits++) {
		snprintf(out, 40, "%.*e", digits, value);
		if (strtod(out, NULL) == value) break; /* written and read with the same decimal sign */
	}
	with_dot(out, strlen(out));
}

size_t number_write(double value, char out[40])
{
	if (isnan(value)) return (size_t)snprintf(out, 40, "nan");
	if (isinf(value)) return (size_t)snprintf(out, 40, value < 0 ? "-inf" : "inf");
	char text[40], digits[40];
	shortest(value, text);
	int n = 0, exponent = 0;
	const char *c = text;
	for (; *c && *c != 'e'; c++) {
		if (*c >= '0' && *c <= '9') digits[n++] = *c;
	}
	if (*c) exponent = (int)strtol(c + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0') n--;
	size_t at = 0;
	if (signbit(value)) out[at++] = '-';
	if (exponent < -4 || exponent >= 16) {
		out[at++] = digits[0];
		if (n > 1) out[at++] = '.';
		for (int i = 1; i < n; i++) out[at++] = digits[i];
		return at + (size_t)snprintf(out + at, 40 - at, "e%c%02d", exponent < 0 ? '-' : '+',
		                             exponent < 0 ? -exponent : exponent);
	}
	/* Place 0 stands before the dot: digit number 0 is at place -exponent. */
	int first = exponent < 0 ? 0 : -exponent, last = n - 1 - exponent;
	if (last < 1) last = 1;
	for (int place = first; place <= last; place++) {
		int digit = place + exponent;
		if (place == 1) out[at++] = '.';
		out[at++] = digit >= 0 && digit < n ? digits[digit] : '0';
	}
	return at;
}

size_t number_write_integer(int64_t value, char out[24])
{
	return (size_t)snprintf(out, 24, "%lld", (long long)value);
}
