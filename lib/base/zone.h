/* SPDX-License-Identifier: MIT */
/*
 * Time zones of the IANA database, read from the system's files (RFC 8536).
 * The C library knows one zone at a time, for the whole process; this knows
 * the zone of every person.
 */
#ifndef LEADPIPE_ZONE_H
#define LEADPIPE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* What a clock on the wall shows, proleptic Gregorian. */
struct zone_time {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
};

/*
 * The zone NAME, "Europe/Moscow" or "UTC"; NULL when this machine does not
 * know it.  Belongs to the process, which reads each file once.  Not for
 * several threads.
 */
const struct zone *zone_find(const char *name);

/* True when the machine has a database of zones at all. */
bool zone_database(void);

/* What the clocks show at WALL_MS (fractions of a second are cut off). */
struct zone_time zone_local(const struct zone *zone, int64_t wall_ms);

/*
 * The instant, wall ms, at which the clocks show TIME: the first of two in
 * autumn; in the gap of spring the first instant after it.  Members beyond
 * their range count on: day 32 of January is the 1st of February.
 */
int64_t zone_instant(const struct zone *zone, struct zone_time time);

/* 0: Monday to 6: Sunday. */
int zone_weekday(struct zone_time time);

/* True when the calendar has the day and the clock the time. */
bool zone_time_real(struct zone_time time);

#endif
