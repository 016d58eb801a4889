/* SPDX-License-Identifier: MIT */
#include "bot/when_date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bot/name.h"
#include "bot/when.h"

/* Takes LEAST to MOST digits. */
static bool
take_digits(const char **at, int least, int most, int *number)
{
	int count = 0;

	for (*number = 0; count < most && isdigit((unsigned char)**at);
	     count++)
		*number = *number * 10 + (*(*at)++ - '0');
	return count >= least;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* "2027-03-01", "01.03.2027" or "1.3.27" */
static bool
take_day(const char **at, struct zone_time *time)
{
	const char *from = *at;

	if (take_digits(at, 4, 4, &time->year) && take_char(at, '-'))
		return take_digits(at, 2, 2, &time->month) &&
		    take_char(at, '-') && take_digits(at, 2, 2, &time->day);
	*at = from;
	if (!take_digits(at, 1, 2, &time->day) || !take_char(at, '.') ||
	    !take_digits(at, 1, 2, &time->month) || !take_char(at, '.') ||
	    !take_digits(at, 2, 4, &time->year))
		return false;
	if (time->year < 100)
		time->year += 2000;
	return time->year >= 1000;
}

/* "10:00" or "10:00:30.5" */
static bool
take_clock(const char **at, struct zone_time *time)
{
	int part;

	if (!take_digits(at, 1, 2, &time->hour) || !take_char(at, ':') ||
	    !take_digits(at, 2, 2, &time->minute))
		return false;
	if (take_char(at, ':') && !take_digits(at, 2, 2, &time->second))
		return false;
	return !take_char(at, '.') || take_digits(at, 1, 9, &part);
}

/* "Z" or "+03:00" in seconds; nothing leaves *GIVEN false. */
static bool
take_offset(const char **at, bool *given, int *offset)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes = 0;

	*given = **at != '\0';
	*offset = 0;
	if (!*given || take_char(at, 'Z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	if (!take_digits(at, 2, 2, &hours))
		return false;
	(void)take_char(at, ':');
	if (**at != '\0' && !take_digits(at, 2, 2, &minutes))
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

/* The rest of TEXT behind a date; *CLOCK tells whether it says a time. */
static bool
take_date(const char **at, struct zone_time *time, bool *clock)
{
	memset(time, 0, sizeof(*time));
	if (!take_day(at, time))
		return false;
	(void)take_char(at, ',');
	*clock = **at == ' ' || **at == 'T';
	if (*clock) {
		++*at;
		*at += strspn(*at, " ");
		if (!take_clock(at, time))
			return false;
	}
	return zone_time_real(*time);
}

bool
date_instant(const struct zone *zone, const char *text, int64_t *at)
{
	struct zone_time time;
	bool clock, given;
	int offset;

	if (!take_date(&text, &time, &clock) ||
	    !take_offset(&text, &given, &offset) || *text != '\0' ||
	    (given && !clock))
		return false;
	*at = zone_instant(given ? zone_find("UTC") : zone, time) -
	    offset * 1000LL;
	return true;
}

bool
when_read_date(const char *text, char out[WHEN_DATE_SIZE])
{
	struct zone_time time;
	bool clock;

	if (!take_date(&text, &time, &clock) || *text != '\0')
		return false;
	snprintf(out, WHEN_DATE_SIZE, "%04u-%02u-%02u",
	    (unsigned)time.year % 10000, (unsigned)time.month % 100,
	    (unsigned)time.day % 100);
	if (clock)
		snprintf(out + 10, WHEN_DATE_SIZE - 10, " %02u:%02u",
		    (unsigned)time.hour % 100, (unsigned)time.minute % 100);
	return true;
}

static bool
is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
				   : text[i] != form[i])
			return false;
	return text[i] == '\0' ||
	    ((text[i] == ' ' || text[i] == 'T') &&
		name_fits(text + i + 1, NAME_CLOCK));
}

bool
when_at_fits(const char *at)
{
	return strstr(at, "{{") != NULL || name_fits(at, NAME_CLOCK) ||
	    is_date(at);
}

bool
when_at_real(const char *at)
{
	int64_t instant;

	return name_fits(at, NAME_CLOCK) ||
	    date_instant(zone_find("UTC"), at, &instant);
}
