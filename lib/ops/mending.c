/* SPDX-License-Identifier: MIT */
#include "ops/mending.h"

#include "base/clock.h"
#include "base/log.h"

#define BEGIN_WAIT_MS 20000

/* What is released in a transaction: others want to write too. */
#define RELEASE_BATCH 200

static bool
is_there(struct run *run, const struct item_name *item)
{
	struct pending row;

	return pending_settled(run->db, item->kind, item->id, &row);
}

static enum outcome
mend_one(struct run *run, const struct mending *mending,
    const struct item_name *item, struct buf *said)
{
	const char *state = "";
	enum outcome out = mend_item(run->db, item->kind, item->id,
	    mending->how, clock_wall_ms(), &state, &run->fault);

	if (out == OUT_NEVER && run->fault.code == EXIT_INPUT &&
	    !is_there(run, item))
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "there is no %s %lld", item->kind, (long long)item->id);
	if (out != OUT_OK)
		return out;
	if (run->shared.json)
		buf_printf(said,
		    "{\"schema\":1,\"id\":\"%s:%lld\",\"state\":\"%s\","
		    "\"dry_run\":%s}\n",
		    item->kind, (long long)item->id, state,
		    mending->dry_run ? "true" : "false");
	else
		buf_printf(said, "%s:%lld %s %s\n", item->kind,
		    (long long)item->id, mending->dry_run ? "would be" : "is",
		    state);
	return OUT_OK;
}

/* What cannot be retried is told and stays; the others are not to wait. */
static enum outcome
mend_all(struct run *run, const struct mending *mending, struct buf *said)
{
	struct pending_list rows = { 0 };
	struct pending row;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && pending_next(run->db, &rows, NULL, 0, &row)) {
		const struct item_name item = { row.kind, row.item };

		if (!row.retries)
			continue;
		out = mend_one(run, mending, &item, said);
		if (out == OUT_NEVER && run->fault.code == EXIT_INPUT) {
			log_warning("%s", run->fault.text);
			run->fault = (struct fault){ .what = OUT_OK };
			out = OUT_OK;
		}
	}
	return out == OUT_OK ? db_result(run->db, &run->fault) : out;
}

enum outcome
mend_items(struct run *run, const struct mending *mending,
    const struct item_name *items, int count, struct buf *said)
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + BEGIN_WAIT_MS, &run->fault);

	if (out == OUT_OK && items == NULL)
		out = mend_all(run, mending, said);
	for (int i = 0; items != NULL && i < count && out == OUT_OK; i++)
		out = mend_one(run, mending, &items[i], said);
	if (out == OUT_OK && !mending->dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

enum outcome
mend_release(struct run *run, const char *kind, bool dry_run,
    struct hold_counts *counts)
{
	struct hold_release wanted = { .kind = kind,
		.more = true,
		.tell = log_fault };
	enum outcome out = OUT_OK;

	if (dry_run)
		out = hold_count(run->db, kind, &wanted.counts, &run->fault);
	while (!dry_run && out == OUT_OK && wanted.more) {
		out = db_begin(run->db, clock_mono_ms() + BEGIN_WAIT_MS,
		    &run->fault);
		if (out == OUT_OK)
			out = hold_release(run->db, &wanted, RELEASE_BATCH,
			    clock_wall_ms(), &run->fault);
		if (out == OUT_OK)
			out = db_commit(run->db, &run->fault);
		db_rollback(run->db);
	}
	*counts = wanted.counts;
	/* What stays was told. */
	if (out == OUT_OK)
		run->fault = (struct fault){ .what = OUT_OK };
	return out;
}
