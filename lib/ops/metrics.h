/* SPDX-License-Identifier: MIT */
/*
 * Metrics for Prometheus: what waits, what was done since the database was
 * made, how the commands ran.  Their names are a contract.
 */
#ifndef LEADPIPE_METRICS_H
#define LEADPIPE_METRICS_H

#include "base/buf.h"
#include "ops/status.h"

/* Appends all metrics of STATUS and DB (NULL: it cannot be read; what it
 * would tell is left out then, for a zero would be a lie). */
enum outcome metrics_write(const struct status *status, struct db *db,
    struct buf *out, struct fault *fault) must_check;

#endif
