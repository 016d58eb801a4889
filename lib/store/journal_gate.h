/* SPDX-License-Identifier: MIT */
/*
 * Between the commit of a lead or a task and its record in the journal
 * somebody may be forgotten: their rows are gone, and then the journal gets
 * their record.  So who accepts holds the gate, shared, from before the
 * transaction until the record is written, and who has deleted rows passes the
 * gate before it erases records.
 */
#ifndef LEADPIPE_JOURNAL_GATE_H
#define LEADPIPE_JOURNAL_GATE_H

#include "store/db.h"
#include "store/journal.h"

/* Waits until DEADLINE for whoever passes.  *GATE is a descriptor, -1 without
 * a journal; to be left, not closed.  OUT_LATER/EXIT_LATER at DEADLINE. */
enum outcome journal_gate_enter(const struct journal *journal,
    const struct db *db, int64_t deadline, int *gate, struct fault *fault)
    must_check;
void journal_gate_leave(int *gate);

/* Waits until DEADLINE for all who have entered; what they had committed is in
 * the journal then.  OUT_LATER/EXIT_LATER at DEADLINE. */
enum outcome journal_gate_pass(const struct journal *journal,
    const struct db *db, int64_t deadline, struct fault *fault) must_check;

#endif
