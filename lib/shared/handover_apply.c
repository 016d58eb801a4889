/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/log.h"
#include "shared/handover_round.h"
#include "shared/script.h"
#include "store/meta.h"

/* What is due sooner is done here: handing it over would cost more. */
#define OFFER_AHEAD_MS 2000

/* Past its due time an exported task is looked at; and so on. */
#define LOOK_AFTER_MS 10000
#define LOOK_EVERY_MS 30000

static enum outcome
apply_put(struct round *r, const struct shared_task *task, const char *said,
    struct fault *fault)
{
	struct handover_counts *counts = &r->h->doing;
	enum shared_standing standing = SHARED_WAITS;
	int64_t look_at = task->due_at > r->now ? task->due_at + LOOK_AFTER_MS
						: r->now + LOOK_EVERY_MS;

	if (strcmp(said, "put") == 0)
		++counts->exported;
	if (strcmp(said, "taken") == 0) {
		standing = SHARED_TAKEN;
		++counts->taken;
	} else if (strcmp(said, "done") == 0) {
		standing = SHARED_DONE;
		++counts->done;
	}
	return shared_tasks_stands(r->h->db, task->id, standing, look_at,
	    r->now, fault);
}

static enum outcome
apply_ack(struct round *r, const struct shared_task *task, const char *said,
    struct fault *fault)
{
	bool acked = strcmp(said, "yes") == 0;

	if (acked)
		++r->h->doing.owned;
	else
		++r->h->doing.lost;
	return shared_tasks_acked(r->h->db, task, acked, r->now, fault);
}

/* That somebody else had it is news where it was not expected. */
static enum outcome
apply_told(struct round *r, const struct shared_task *task, const char *said,
    struct fault *fault)
{
	bool late = strcmp(said, "late") == 0 &&
	    strcmp(task->state, "taken") != 0 &&
	    (!task->ours || strcmp(task->state, "done") != 0);

	++r->h->doing.told;
	if (late && strcmp(task->state, "cancelled") != 0) {
		++r->h->doing.doubted;
		log_warning("task %lld may have been done twice: somebody "
			    "else has it from Redis as well",
		    (long long)task->id);
	}
	return shared_tasks_told(r->h->db, task,
	    late ? "somebody else had taken it" : NULL, fault);
}

static enum outcome
apply_all(struct round *r, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; r->said != NULL && i < r->count && out == OUT_OK;
	     i++) {
		const struct shared_task *task = &r->tasks[i];
		const char *said = script_part_text(r->said, (size_t)i);
		const char *op = handover_round_op(task);

		if (said == NULL)
			continue;
		if (strcmp(op, "put") == 0)
			out = apply_put(r, task, said, fault);
		else if (strcmp(op, "ack") == 0)
			out = apply_ack(r, task, said, fault);
		else
			out = apply_told(r, task, said, fault);
	}
	return out;
}

static enum outcome
apply_claims(struct round *r, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (size_t i = 0;
	     r->took != NULL && i + 1 < r->took->elements && out == OUT_OK;
	     i += 2) {
		const struct redisReply *member = r->took->element[i];
		const struct shared_claim claim = { .member = member->str,
			.len = (size_t)member->len,
			.due_at = script_part_number(r->took, i + 1, 0),
			.gen = r->new_gen,
			.epoch = r->new_epoch };
		bool fresh;

		out = shared_tasks_claimed(r->h->db, &claim, r->now, &fresh,
		    fault);
		r->h->doing.claimed += fresh;
	}
	return out;
}

/* Of other data than what was known: some may be gone, some back. */
static enum outcome
apply_epoch(struct round *r, struct fault *fault)
{
	struct db *db = r->h->db;
	bool other = r->epoch == NULL || strcmp(r->epoch, r->new_epoch) != 0;
	enum outcome out = OUT_OK;

	if (other)
		out =
		    meta_set_text(db, META_SHARED_EPOCH, r->new_epoch, fault);
	if (out == OUT_OK && r->new_gen != r->gen)
		out = meta_set_int(db, META_SHARED_GEN, r->new_gen, fault);
	if (out == OUT_OK && r->h->was_off)
		out = meta_set_text(db, META_SHARED_OFF, NULL, fault);
	if (out != OUT_OK || !other || r->epoch == NULL)
		return out;
	log_warning("Redis lost data: what was handed over is put there "
		    "again");
	return shared_tasks_recheck(db, fault);
}

/* True when the round has anything to write. */
static bool
round_matters(const struct round *r)
{
	return r->count > 0 || (r->took != NULL && r->took->elements > 0) ||
	    r->epoch == NULL || strcmp(r->epoch, r->new_epoch) != 0 ||
	    r->new_gen != r->gen || r->h->was_off ||
	    (r->h->mode == HANDOVER_BOTH && shared_tasks_offers(r->h->db)) ||
	    shared_tasks_ended(r->h->db);
}

/* Only now that Redis has answered are more tasks handed over. */
enum outcome
handover_round_write(struct round *r, int limit, bool *more,
    struct fault *fault)
{
	struct handover *h = r->h;
	struct shared_offer offer = { .host = h->host,
		.after = r->now + OFFER_AHEAD_MS,
		.limit = limit };

	if (!round_matters(r))
		return db_result(h->db, fault);
	enum outcome out = handover_begin(h, fault);
	if (out == OUT_OK)
		out = apply_all(r, fault);
	if (out == OUT_OK)
		out = apply_epoch(r, fault);
	if (out == OUT_OK)
		out = apply_claims(r, fault);
	if (out == OUT_OK)
		out = shared_tasks_finish(h->db, r->now, fault);
	if (out == OUT_OK && h->mode == HANDOVER_BOTH)
		out = shared_tasks_offer(h->db, &offer, fault);
	h->doing.offered += offer.count;
	out = handover_end(h, out, fault);
	if (out == OUT_OK)
		h->was_off = false;
	*more = r->full || offer.more || shared_tasks_wait(h->db, r->now);
	return out;
}
