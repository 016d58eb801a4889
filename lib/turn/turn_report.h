/* SPDX-License-Identifier: MIT */
/*
 * Reports count over all that was said, for which nobody should wait with the
 * database locked: they are written between the transactions.
 */
#ifndef LEADPIPE_TURN_REPORT_H
#define LEADPIPE_TURN_REPORT_H

#include "turn/turn.h"

/*
 * Inside the transaction that sends: true when MESSAGE is a report.  *PARAMS
 * and *TEXT, the caller's, are NULL until turn_reports() has written it.
 */
bool turn_is_report(struct turn *turn, const struct message *message,
    char **params, char **text);

/* Outside of any transaction: writes the reports that were asked for; false
 * when there are none. */
bool turn_reports(struct turn *turn, int64_t now);

#endif
