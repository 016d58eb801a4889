/* SPDX-License-Identifier: MIT */
/*
 * What a status page saw, kept for those that come later.
 */
#ifndef LEADPIPE_STATUS_RECORD_H
#define LEADPIPE_STATUS_RECORD_H

#include "ops/status.h"

/* Keeps in DB what STATUS saw, so that a later one has a past, in one short
 * transaction; PAGE (NULL: none) was written now and is to be watched. */
enum outcome status_record(const struct status *status, struct db *db,
    const char *page, int64_t deadline, struct fault *fault) must_check;

#endif
