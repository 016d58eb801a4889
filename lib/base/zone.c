/* SPDX-License-Identifier: MIT */
#include "base/zone.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/zone_file.h"

#define ZONES "/usr/share/zoneinfo"
#define DAY 86400

static struct zone utc = { .name = "UTC" };
static struct zone *known = &utc;

static const char *
zones_dir(void)
{
	const char *dir = getenv("TZDIR");

	return dir && dir[0] != '\0' ? dir : ZONES;
}

bool
zone_database(void)
{
	struct stat st;

	return stat(zones_dir(), &st) == 0;
}

/* A name, not a path: it may come from a stranger. */
static bool
is_name(const char *name)
{
	size_t len = strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_+-/");

	return len > 0 && len < 64 && name[len] == '\0' && name[0] != '/';
}

const struct zone *
zone_find(const char *name)
{
	struct zone *zone;
	char *path;

	for (zone = known; zone != NULL; zone = zone->next)
		if (strcmp(zone->name, name) == 0)
			return zone;
	if (!is_name(name))
		return NULL;
	path = mem_printf("%s/%s", zones_dir(), name);
	zone = zone_read(path);
	free(path);
	if (zone == NULL)
		return NULL;
	zone->name = mem_dup(name);
	zone->next = known;
	known = zone;
	return zone;
}

/* Seconds of the epoch of CHANGE in YEAR, on clocks that are OFFSET ahead. */
static int64_t
change_instant(const struct zone_change *change, int year, int32_t offset)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mday = 1 };
	int64_t day;

	if (change->kind == 'M') {
		tm.tm_mon = change->month - 1;
		(void)timegm(&tm); /* finds the weekday */
		tm.tm_mday += (change->day - tm.tm_wday + 7) % 7 +
		    (change->week - 1) * 7;
		day = timegm(&tm);
		/* week 5 is the last of the month */
		if (tm.tm_mon != change->month - 1)
			day -= 7LL * DAY;
	} else {
		bool leap = year % 4 == 0 &&
		    (year % 100 != 0 || year % 400 == 0);

		tm.tm_mday += change->day;
		if (change->kind == 'J')
			tm.tm_mday += leap && change->day >= 60 ? 0 : -1;
		day = timegm(&tm);
	}
	return day + change->time - offset;
}

static int32_t
rule_offset(const struct zone_rule *rule, int64_t at)
{
	time_t local = (time_t)(at + rule->standard);
	int64_t begin, end;
	struct tm tm;

	if (!rule->saves || gmtime_r(&local, &tm) == NULL)
		return rule->standard;
	begin =
	    change_instant(&rule->begin, tm.tm_year + 1900, rule->standard);
	end = change_instant(&rule->end, tm.tm_year + 1900, rule->saving);
	if (begin < end)
		return at >= begin && at < end ? rule->saving : rule->standard;
	return at >= end && at < begin ? rule->standard : rule->saving;
}

/* How far ahead of UTC the clocks are at AT, in seconds. */
static int32_t
offset_at(const struct zone *zone, int64_t at)
{
	size_t low = 0, high = zone->count;

	if (zone->has_rule &&
	    (zone->count == 0 || at >= zone->changes[zone->count - 1].at))
		return rule_offset(&zone->rule, at);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (zone->changes[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? zone->first : zone->changes[low - 1].offset;
}

static int64_t
floor_seconds(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}

struct zone_time
zone_local(const struct zone *zone, int64_t wall_ms)
{
	int64_t at = floor_seconds(wall_ms);
	time_t local = (time_t)(at + offset_at(zone, at));
	struct tm tm = { 0 };

	gmtime_r(&local, &tm);
	return (struct zone_time){ tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec };
}

static struct tm
tm_of(struct zone_time time)
{
	return (struct tm){ .tm_year = time.year - 1900,
		.tm_mon = time.month - 1,
		.tm_mday = time.day,
		.tm_hour = time.hour,
		.tm_min = time.minute,
		.tm_sec = time.second };
}

/* The first instant after LOW, at HIGH at the latest, at which the clocks are
 * no longer OFFSET ahead. */
static int64_t
change_find(const struct zone *zone, int64_t low, int64_t high, int32_t offset)
{
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (offset_at(zone, middle) == offset)
			low = middle;
		else
			high = middle;
	}
	return high;
}

int64_t
zone_instant(const struct zone *zone, struct zone_time time)
{
	struct tm tm = tm_of(time);
	int64_t local = timegm(&tm);
	int32_t before = offset_at(zone, local - DAY);
	int32_t after = offset_at(zone, local + DAY);
	int64_t early = local - before, late = local - after;
	bool is_early = offset_at(zone, early) == before;
	bool is_late = offset_at(zone, late) == after;

	if (is_early && (!is_late || early <= late))
		return early * 1000;
	if (is_late)
		return late * 1000;
	return change_find(zone, late, early, before) * 1000;
}

int
zone_weekday(struct zone_time time)
{
	struct tm tm = tm_of(time);

	(void)timegm(&tm);
	return (tm.tm_wday + 6) % 7;
}

bool
zone_time_real(struct zone_time time)
{
	struct tm tm = tm_of(time);

	(void)timegm(&tm);
	return time.second <= 59 && tm.tm_year == time.year - 1900 &&
	    tm.tm_mon == time.month - 1 && tm.tm_mday == time.day &&
	    tm.tm_hour == time.hour && tm.tm_min == time.minute;
}
