/* SPDX-License-Identifier: MIT */
#include "ops/plan_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/journal_gate.h"
#include "store/journal_item.h"

/* The longest wait for other writers. */
#define WAIT_MS 30000

static enum outcome
need_turn(struct plan_batch *batch, const struct request *request)
{
	struct run *run = batch->run;

	if (request->kind == TASK_SEND || batch->turn != NULL)
		return OUT_OK;
	return turn_open(&batch->turn, run->db, run->config, &run->fault);
}

/* An id that is printed is in the journal as well. */
static enum outcome
keep_batch(struct plan_batch *batch, int64_t now)
{
	struct journal_record *records =
	    mem_array(NULL, (size_t)batch->count + 1, sizeof(*records));
	size_t count = 0;

	for (int i = 0; i < batch->count; i++)
		if (batch->items[i].kept != NULL)
			records[count++] =
			    (struct journal_record){ .kind = JOURNAL_TASK,
				    .at = now,
				    .id = batch->items[i].result.id,
				    .text = batch->items[i].kept,
				    .len = strlen(batch->items[i].kept) };
	enum outcome out = journal_append(&batch->journal, records, count,
	    &batch->run->fault);
	free(records);
	return out;
}

/* None was asked for yet when the batch did not even begin. */
static void
forget_batch(struct plan_batch *batch, int asked)
{
	for (int i = 0; i < asked; i++) {
		free(batch->items[i].kept);
		batch->items[i].kept = NULL;
	}
}

/* All of the batch in one transaction; a refused one writes nothing. */
static enum outcome
store_all(struct plan_batch *batch, int64_t deadline)
{
	struct run *run = batch->run;
	int64_t now = clock_wall_ms();
	enum outcome out = db_begin(run->db, deadline, &run->fault);
	int asked = 0;

	int64_t id = out == OUT_OK ? tasks_ids(run->db, batch->count) : 0;
	for (int i = 0; i < batch->count && out == OUT_OK; i++) {
		struct plan_item *item = &batch->items[asked++];
		item->result = (struct request_result){ .id = id + i };
		item->fault = (struct fault){ .what = OUT_OK };
		item->kept = NULL;
		out = request_add(&item->request, run->db, batch->turn, now,
		    &item->result, &item->fault);
		if (out == OUT_NEVER && item->fault.code == EXIT_INPUT)
			out = OUT_OK;
		else if (out != OUT_OK)
			run->fault = item->fault;
		else if (batch->journal.dir != NULL && !batch->dry_run)
			item->kept =
			    journal_task_text(run->db, item->result.id);
		if (out == OUT_OK && batch->sharing.handover != NULL &&
		    item->fault.what == OUT_OK && item->result.added)
			out = shared_tasks_offer_id(run->db,
			    handover_host(batch->sharing.handover),
			    item->result.id, &run->fault);
	}
	if (out == OUT_OK && !batch->dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && !batch->dry_run)
		out = keep_batch(batch, now);
	forget_batch(batch, asked);
	return out;
}

enum outcome
plan_batch_store(struct plan_batch *batch)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;
	enum outcome out = OUT_OK;
	int gate = -1;

	for (int i = 0; i < batch->count && out == OUT_OK; i++)
		out = need_turn(batch, &batch->items[i].request);
	if (out == OUT_OK)
		out = journal_gate_enter(&batch->journal, batch->run->db,
		    deadline, &gate, &batch->run->fault);
	if (out == OUT_OK)
		out = store_all(batch, deadline);
	journal_gate_leave(&gate);
	return out;
}
