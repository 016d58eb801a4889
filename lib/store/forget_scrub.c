/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "store/connection.h"
#include "store/forget.h"
#include "store/meta.h"
#include "store/prune.h"

/* Pages that are given back at a time: others want to write too. */
#define PAGES 500

/* The note says from now on only that something is left to be done. */
#define NOTE_SCRUB "{}"

enum outcome
forget_securely(struct db *db, struct fault *fault)
{
	return sql_exec(db->handle, db->path, "PRAGMA secure_delete=ON",
	    fault);
}

static enum outcome
note(struct db *db, const char *text, int64_t wait_ms, struct fault *fault)
{
	enum outcome out = db_begin(db, clock_mono_ms() + wait_ms, fault);

	if (out != OUT_OK)
		return out;
	out = meta_set_text(db, META_FORGETTING, text, fault);
	return db_end(db, out, fault);
}

/* What is no row any more may still be in a page that was only rearranged, and
 * in those that were freed before. */
static enum outcome
write_anew(struct db *db, int64_t wait_ms, struct fault *fault)
{
	enum outcome out;

	statements_reset(db, STATEMENTS_ALL);
	if (!turnstile_enter(&db->turnstile, clock_mono_ms() + wait_ms))
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' is busy: another command is writing; run this again",
		    db->path);
	out = sql_exec(db->handle, db->path, "VACUUM", fault);
	turnstile_leave(&db->turnstile);
	return out;
}

static enum outcome
give_back(struct db *db, int64_t wait_ms, struct fault *fault)
{
	int64_t left;
	enum outcome out;

	do {
		out = prune_shrink(db, PAGES, clock_mono_ms() + wait_ms, &left,
		    fault);
	} while (out == OUT_OK && left > 0);
	return out;
}

enum outcome
forget_scrub(struct db *db, bool all, int64_t wait_ms, struct fault *fault)
{
	enum outcome out = forget_securely(db, fault);

	if (out == OUT_OK)
		out = note(db, NOTE_SCRUB, wait_ms, fault);
	if (out == OUT_OK)
		out = all ? write_anew(db, wait_ms, fault)
			  : give_back(db, wait_ms, fault);
	if (out == OUT_OK)
		out = db_checkpoint(db, clock_mono_ms() + wait_ms, fault);
	if (out == OUT_LATER && fault->code == EXIT_LATER)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "the rows are deleted, but another command kept '%s' from "
		    "being cleaned: run this again",
		    db->path);
	return out == OUT_OK ? note(db, NULL, wait_ms, fault) : out;
}
