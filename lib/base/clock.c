/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static bool faked;
static int64_t fake_wall, fake_mono;

static int64_t
read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	return faked ? fake_wall : read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_mono_ms(void)
{
	return faked ? fake_mono : read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_mono_us(void)
{
	return faked ? fake_mono * 1000 : read_us(CLOCK_MONOTONIC);
}

void
clock_fake(int64_t wall_ms, int64_t mono_ms)
{
	faked = true;
	fake_wall = wall_ms;
	fake_mono = mono_ms;
}

void
clock_fake_advance(int64_t ms)
{
	fake_wall += ms;
	fake_mono += ms;
}

int
clock_left_ms(int64_t deadline)
{
	int64_t now = clock_mono_ms();

	if (deadline <= now)
		return 0;
	if (deadline - now > INT_MAX)
		return INT_MAX;
	return (int)(deadline - now);
}

void
clock_sleep_until(int64_t deadline)
{
	struct timespec at;

	if (faked) {
		if (deadline > fake_mono)
			clock_fake_advance(deadline - fake_mono);
		return;
	}
	if (deadline <= clock_mono_ms())
		return;
	at.tv_sec = (time_t)(deadline / 1000);
	at.tv_nsec = (long)(deadline % 1000) * 1000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

char *
clock_text(int64_t wall_ms, char buf[CLOCK_TEXT_SIZE])
{
	struct tm tm;
	time_t seconds = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	if (gmtime_r(&seconds, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	if (snprintf(buf, CLOCK_TEXT_SIZE,
		"%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900LL,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		ms) >= CLOCK_TEXT_SIZE)
		buf[CLOCK_TEXT_SIZE - 1] = '\0';
	return buf;
}

/* Exactly COUNT digits; -1 when there are fewer. */
static int
read_digits(const char **text, int count)
{
	int value = 0;

	while (count-- > 0) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (*(*text)++ - '0');
	}
	return value;
}

static bool
read_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* Milliseconds of ".123456"; digits beyond are dropped. */
static int
read_fraction(const char **text)
{
	int ms = 0, unit = 100, digits = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
		ms += (**text - '0') * unit;
		unit /= 10;
	}
	return digits > 0 && digits <= 9 ? ms : -1;
}

/* Z, +03:00 or +0300 in minutes. */
static bool
read_zone(const char **text, int *minutes)
{
	int hour, minute, sign;

	*minutes = 0;
	if (read_char(text, 'Z') || read_char(text, 'z'))
		return true;
	if (**text != '+' && **text != '-')
		return false;
	sign = *(*text)++ == '-' ? -1 : 1;
	hour = read_digits(text, 2);
	read_char(text, ':');
	minute = read_digits(text, 2);
	*minutes = sign * (hour * 60 + minute);
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

int
clock_parse(const char *text, int64_t *wall_ms)
{
	struct tm tm = { 0 }, same;
	int year, ms = 0, zone;
	time_t seconds;

	if ((year = read_digits(&text, 4)) < 0 || !read_char(&text, '-') ||
	    (tm.tm_mon = read_digits(&text, 2) - 1) < 0 ||
	    !read_char(&text, '-') || (tm.tm_mday = read_digits(&text, 2)) < 1)
		return -1;
	if (!read_char(&text, 'T') && !read_char(&text, 't') &&
	    !read_char(&text, ' '))
		return -1;
	if ((tm.tm_hour = read_digits(&text, 2)) < 0 ||
	    !read_char(&text, ':') ||
	    (tm.tm_min = read_digits(&text, 2)) < 0 ||
	    !read_char(&text, ':') || (tm.tm_sec = read_digits(&text, 2)) < 0)
		return -1;
	if (read_char(&text, '.') && (ms = read_fraction(&text)) < 0)
		return -1;
	if (!read_zone(&text, &zone) || *text != '\0')
		return -1;
	tm.tm_year = year - 1900;
	same = tm;
	seconds = timegm(&same);
	/* timegm() turns the 31st of February into a day of March. */
	if (same.tm_mon != tm.tm_mon || same.tm_mday != tm.tm_mday ||
	    same.tm_hour != tm.tm_hour || same.tm_min != tm.tm_min ||
	    same.tm_sec != tm.tm_sec)
		return -1;
	*wall_ms = ((int64_t)seconds - (int64_t)zone * 60) * 1000 + ms;
	return 0;
}

static int64_t
unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", SECOND_MS }, { "ms", 1 }, { "s", SECOND_MS },
		{ "m", MINUTE_MS }, { "h", HOUR_MS }, { "d", DAY_MS },
		{ "w", 7 * (int64_t)DAY_MS } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ms;
	return -1;
}

int
clock_parse_span(const char *text, int64_t *ms)
{
	const char *start = text;
	int64_t value = 0, unit;

	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return -1;
	unit = unit_ms(text);
	if (text == start || unit < 0 ||
	    __builtin_mul_overflow(value, unit, &value))
		return -1;
	*ms = value;
	return 0;
}

char *
clock_span_text(int64_t ms, char buf[CLOCK_TEXT_SIZE])
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { DAY_MS, "d" }, { HOUR_MS, "h" }, { MINUTE_MS, "min" },
		{ SECOND_MS, "s" } };
	size_t i = 0;
	int64_t rest;

	if (ms < 0)
		ms = 0;
	if (ms > 0 && ms < SECOND_MS) {
		snprintf(buf, CLOCK_TEXT_SIZE, "%d ms", (int)ms);
		return buf;
	}
	while (i < 3 && ms < units[i].ms)
		i++;
	rest = i < 3 ? ms % units[i].ms / units[i + 1].ms : 0;
	/* Seconds beside minutes are noise: "5 min", not "5 min 2 s". */
	if (rest > 0 && i < 2)
		snprintf(buf, CLOCK_TEXT_SIZE, "%lld %s %d %s",
		    (long long)(ms / units[i].ms), units[i].name, (int)rest,
		    units[i + 1].name);
	else
		snprintf(buf, CLOCK_TEXT_SIZE, "%lld %s",
		    (long long)(ms / units[i].ms), units[i].name);
	return buf;
}
