/* SPDX-License-Identifier: MIT */
/*
 * Threshold ranges of monitoring plugins (Monitoring Plugins Development
 * Guidelines, "Threshold and Ranges"): [@]start:end, alert outside, with @
 * alert inside.  Stricter than most parsers: a mistyped threshold that never
 * alerts is the worst outcome, so anything left over is refused.
 */
#ifndef LEADPIPE_RANGE_H
#define LEADPIPE_RANGE_H

#include <stdbool.h>

struct range {
	double start, end; /* may be infinite */
	bool inside;	   /* alert inside, ends included */
};

/* False when TEXT is no range. */
bool range_parse(const char *text, struct range *range);

bool range_alerts(const struct range *range, double value);

#endif
