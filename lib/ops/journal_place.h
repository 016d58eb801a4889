/* SPDX-License-Identifier: MIT */
/*
 * The journal of this run's bot.
 */
#ifndef LEADPIPE_JOURNAL_PLACE_H
#define LEADPIPE_JOURNAL_PLACE_H

#include "ops/run.h"
#include "store/journal.h"

/* Reads its settings into JOURNAL, which lives no longer than the
 * configuration; with ACCEPTS also asks whether it can be written, before
 * anything is taken in. */
enum outcome journal_place(struct run *run, bool accepts,
    struct journal *journal) must_check;

#endif
