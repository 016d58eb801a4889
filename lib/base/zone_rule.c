/* SPDX-License-Identifier: MIT */
#include "base/zone_file.h"

#include <ctype.h>
#include <string.h>

#define HOUR 3600

/* A whole number from 0 to MAX. */
static bool
take_number(const char **at, int max, int *number)
{
	if (!isdigit((unsigned char)**at))
		return false;
	for (*number = 0; isdigit((unsigned char)**at); ++*at) {
		*number = *number * 10 + (**at - '0');
		if (*number > max)
			return false;
	}
	return true;
}

/* "3", "3:30" or "-5:45:00" in seconds; RFC 8536 lets it be a week. */
static bool
take_time(const char **at, int32_t *seconds)
{
	int sign = **at == '-' ? -1 : 1, hours, part;
	int32_t unit;

	if (**at == '-' || **at == '+')
		++*at;
	if (!take_number(at, 167, &hours))
		return false;
	*seconds = hours * HOUR;
	for (unit = 60; unit > 0 && **at == ':'; unit /= 60) {
		++*at;
		if (!take_number(at, 59, &part))
			return false;
		*seconds += part * unit;
	}
	*seconds *= sign;
	return true;
}

/* "CET" or "<+0545>". */
static bool
take_letters(const char **at)
{
	const char *from = *at;

	if (**at == '<') {
		*at = strchr(*at, '>');
		return *at != NULL && *++*at != '\0';
	}
	while (isalpha((unsigned char)**at))
		++*at;
	return *at - from >= 3;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool
take_change(const char **at, struct zone_change *change)
{
	bool fits;

	change->time = 2 * HOUR;
	if (!take_char(at, ','))
		return false;
	change->kind = **at == 'M' || **at == 'J' ? *(*at)++ : 'N';
	if (change->kind == 'M')
		fits = take_number(at, 12, &change->month) &&
		    change->month > 0 && take_char(at, '.') &&
		    take_number(at, 5, &change->week) && change->week > 0 &&
		    take_char(at, '.') && take_number(at, 6, &change->day);
	else
		fits = take_number(at, 365, &change->day) &&
		    (change->kind == 'N' || change->day > 0);
	if (fits && take_char(at, '/'))
		fits = take_time(at, &change->time);
	return fits;
}

/* POSIX counts westwards. */
static bool
take_offset(const char **at, int32_t *offset)
{
	if (!take_time(at, offset))
		return false;
	*offset = -*offset;
	return *offset >= -26 * HOUR && *offset <= 26 * HOUR;
}

bool
zone_rule_read(const char *text, struct zone_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	if (!take_letters(&text) || !take_offset(&text, &rule->standard))
		return false;
	if (*text == '\0')
		return true;
	rule->saves = true;
	rule->saving = rule->standard + HOUR;
	if (!take_letters(&text) ||
	    (*text != ',' && !take_offset(&text, &rule->saving)))
		return false;
	return take_change(&text, &rule->begin) &&
	    take_change(&text, &rule->end) && *text == '\0';
}
