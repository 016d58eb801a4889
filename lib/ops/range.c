/* SPDX-License-Identifier: MIT */
#include "ops/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads -digits[.digits] and moves *TEXT on; nothing else, so that neither
 * "0x10" nor "1e3" nor a blank passes. */
static bool
read_number(const char **text, double *number)
{
	const char *at = *text;
	size_t digits;

	at += *at == '-';
	digits = strspn(at, "0123456789");
	if (digits == 0)
		return false;
	at += digits;
	if (*at == '.') {
		digits = strspn(at + 1, "0123456789");
		if (digits == 0)
			return false;
		at += 1 + digits;
	}
	*number = strtod(*text, NULL);
	*text = at;
	return true;
}

/* What stands before the colon; nothing is 0. */
static bool
read_start(const char **text, double *start)
{
	if (**text == '~') {
		*start = -INFINITY;
		++*text;
		return true;
	}
	return **text == ':' || read_number(text, start);
}

bool
range_parse(const char *text, struct range *range)
{
	*range = (struct range){ .start = 0,
		.end = INFINITY,
		.inside = *text == '@' };
	text += range->inside;
	if (strchr(text, ':') == NULL)
		return read_number(&text, &range->end) && *text == '\0' &&
		    range->start <= range->end;
	if (!read_start(&text, &range->start) || *text != ':')
		return false;
	++text;
	if (*text != '\0' && !read_number(&text, &range->end))
		return false;
	return *text == '\0' && range->start <= range->end;
}

bool
range_alerts(const struct range *range, double value)
{
	bool inside = value >= range->start && value <= range->end;

	return inside == range->inside;
}
