/* SPDX-License-Identifier: MIT */
#include "bot/type.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "bot/when.h"
#include "bot/when_date.h"

#define TEXT_MAX 256   /* of a variable that does not say */
#define EMAIL_MAX 254  /* RFC 5321 4.5.3.1.3, less <> */
#define SHORT_MAX 24   /* numbers, phones, dates */
#define INSTANT_MAX 35 /* 2026-12-24 09:05:00.123456789+03:00 */

const char *
type_name(const json_t *var)
{
	const char *type = json_get_text(var, "type");

	return type ? type : "text";
}

size_t
type_length(const json_t *var)
{
	int64_t max = json_get_int(var, "max", TEXT_MAX);

	return max > 0 && max <= 4096 ? (size_t)max : TEXT_MAX;
}

size_t
type_width(const json_t *var)
{
	const char *type = type_name(var);

	if (strcmp(type, "text") == 0 || strcmp(type, "email") == 0)
		return type_length(var);
	return strcmp(type, "date") == 0 ? INSTANT_MAX : SHORT_MAX;
}

static json_t *
read_number(const char *text, bool whole)
{
	char *end;
	double real;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0)
		return json_integer(number);
	/* strtod() takes 0x10 and infinity too */
	if (text[strspn(text, "+-.0123456789eE")] != '\0')
		return NULL;
	errno = 0;
	real = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 || !isfinite(real))
		return NULL;
	if (!whole)
		return json_real(real);
	/* a double holds whole numbers up to 2^53 */
	return fabs(real) < 9007199254740992.0 ? json_integer((json_int_t)real)
					       : NULL;
}

static json_t *
read_bool(const char *text)
{
	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return json_true();
	if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return json_false();
	return NULL;
}

static json_t *
read_phone(const char *text, const char *region)
{
	char number[PHONE_SIZE];

	return phone_parse(text, region, number) == PHONE_INVALID
	    ? NULL
	    : json_string(number);
}

/* One '@' with something before it and a name with a dot behind it: what else
 * is wrong only the mail tells.  Cut to MAX it would be somebody else's. */
static json_t *
read_email(const char *text, size_t max)
{
	const char *at = strchr(text, '@'),
		   *dot = at ? strrchr(at, '.') : NULL;

	if (dot == NULL || at == text || strchr(at + 1, '@') != NULL ||
	    dot == at + 1 || dot[1] == '\0' || strstr(at, "..") != NULL ||
	    strlen(text) > EMAIL_MAX || strlen(text) > max ||
	    strpbrk(text, " \t\n<>,;\"") != NULL)
		return NULL;
	return json_string(text);
}

static json_t *
read_date(const char *text)
{
	char date[WHEN_DATE_SIZE];

	return when_read_date(text, date) ? json_string(date) : NULL;
}

json_t *
type_read_said(const json_t *var, const char *region, const char *text)
{
	const char *type = type_name(var);

	if (strcmp(type, "phone") == 0)
		return read_phone(text, region);
	if (strcmp(type, "email") == 0)
		return read_email(text, type_length(var));
	return strcmp(type, "date") == 0 ? read_date(text) : NULL;
}

/* A program may say an instant with its offset, which stays as it is: in the
 * person's time zone it would be wrong when they move. */
static json_t *
read_instant(const char *text)
{
	int64_t at;

	return strlen(text) <= INSTANT_MAX &&
		date_instant(zone_find("UTC"), text, &at)
	    ? json_string(text)
	    : NULL;
}

static json_t *
read_said(const json_t *var, const char *region, const char *text)
{
	char *trimmed = utf8_trim(text);
	json_t *value = type_read_said(var, region, trimmed);

	if (value == NULL && strcmp(type_name(var), "date") == 0)
		value = read_instant(trimmed);
	free(trimmed);
	return value;
}

json_t *
type_read(const json_t *var, const char *region, const char *text)
{
	const char *type = type_name(var);

	if (strcmp(type, "text") == 0)
		return json_stringn(text, utf8_prefix(text, type_length(var)));
	if (strcmp(type, "bool") == 0)
		return read_bool(text);
	if (strcmp(type, "int") == 0 || strcmp(type, "number") == 0)
		return read_number(text, type[0] == 'i');
	return read_said(var, region, text);
}
