/* SPDX-License-Identifier: MIT */
/*
 * Looking at workers without changing anything: for what only reads.
 */
#ifndef LEADPIPE_WORKER_LIFE_H
#define LEADPIPE_WORKER_LIFE_H

#include "store/worker.h"

/* Whether the process that is worker ID lives; also true when that cannot be
 * found out.  Makes no file. */
bool worker_lives(const struct db *db, int64_t id);

/* What worker_recover() would do now. */
enum outcome worker_survey(struct db *db, struct recovered *found,
    struct fault *fault) must_check;

#endif
