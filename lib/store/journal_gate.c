/* SPDX-License-Identifier: MIT */
#include "store/journal_gate.h"

#include <sys/file.h>

#include "base/file.h"
#include "store/lock_file.h"

static enum outcome
lock(const struct journal *journal, const struct db *db, enum file_lock kind,
    int64_t deadline, int *gate, struct fault *fault)
{
	enum outcome out;

	*gate = -1;
	if (journal->dir == NULL)
		return OUT_OK;
	out =
	    lock_file_open(db_path(db), "run/journal.lock", true, gate, fault);
	if (out != OUT_OK || file_flock_until(*gate, kind, deadline))
		return out;
	lock_file_close(gate);
	return fault_set(fault, OUT_LATER, EXIT_LATER,
	    "another command keeps the journal '%s' busy: try again",
	    journal->dir);
}

enum outcome
journal_gate_enter(const struct journal *journal, const struct db *db,
    int64_t deadline, int *gate, struct fault *fault)
{
	return lock(journal, db, FILE_LOCK_SHARED, deadline, gate, fault);
}

void
journal_gate_leave(int *gate)
{
	if (*gate >= 0)
		flock(*gate, LOCK_UN);
	lock_file_close(gate);
}

enum outcome
journal_gate_pass(const struct journal *journal, const struct db *db,
    int64_t deadline, struct fault *fault)
{
	int gate;
	enum outcome out =
	    lock(journal, db, FILE_LOCK_EXCLUSIVE, deadline, &gate, fault);

	journal_gate_leave(&gate);
	return out;
}
