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

/* Appends all of it as one JSON object and a line end. */
void checks_json(const struct checks *checks, struct buf *out);

#endif
