/* SPDX-License-Identifier: MIT */
/*
 * What is in a file of the zone database.  Only zone.c sees this.
 */
#ifndef LEADPIPE_ZONE_FILE_H
#define LEADPIPE_ZONE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A day and time of each year (POSIX, "TZ"). */
struct zone_change {
	char kind; /* M: month, week, day; J: day without 29 February; else
		      N: day from 0 */
	int month, week, day;
	int32_t time; /* seconds of that day, may be negative or over a day */
};

/* What holds after the last change that the file lists. */
struct zone_rule {
	bool saves; /* there is a summer time */
	int32_t standard, saving;
	struct zone_change begin, end; /* of the summer time */
};

struct zone {
	struct zone *next;
	char *name;
	int32_t first; /* before the first change */
	struct zone_offset {
		int64_t at;	/* from this second of the epoch on ... */
		int32_t offset; /* ... the clocks are so far ahead of UTC */
	} * changes;
	size_t count;
	bool has_rule;
	struct zone_rule rule;
};

/* The zone in the file at PATH without its name, or NULL. */
struct zone *zone_read(const char *path);

/* Reads a rule such as "CET-1CEST,M3.5.0,M10.5.0/3". */
bool zone_rule_read(const char *text, struct zone_rule *rule);

#endif
