/* SPDX-License-Identifier: MIT */
/*
 * Checks as a monitoring plugin says them (Monitoring Plugins Development
 * Guidelines): one line with performance data, more lines on request.
 */
#ifndef LEADPIPE_CHECK_REPORT_H
#define LEADPIPE_CHECK_REPORT_H

#include "ops/check.h"

/* Appends "LEADPIPE OK: text | perfdata" with its line end; DETAILS: further
 * lines with since when and what to do. */
void checks_report(const struct checks *checks, bool details, struct buf *out);

/* Appends it as one JSON object and a line end: the whole, or states and
 * numbers without the texts, which quote others and name paths. */
enum checks_part { CHECKS_WHOLE, CHECKS_PUBLIC };
void checks_json(const struct checks *checks, enum checks_part part,
    struct buf *out);

#endif
