/* SPDX-License-Identifier: MIT */
/*
 * Dates as people and programs write them.
 */
#ifndef LEADPIPE_WHEN_DATE_H
#define LEADPIPE_WHEN_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"

/* The instant TEXT, a date with or without a time of day, in ZONE unless it
 * ends with Z or +03:00.  False when it is none. */
bool date_instant(const struct zone *zone, const char *text, int64_t *at);

#endif
