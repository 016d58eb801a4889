/* SPDX-License-Identifier: MIT */
#include "ops/inbox_refused.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/refusals.h"

#define WAIT_MS 2000

static bool
is_refused(const struct arrival *arrival)
{
	return arrival->fate == ARRIVAL_REFUSED && arrival->ticket != NULL;
}

static enum outcome
refuse(struct run *run, const struct inbox *inbox,
    const struct arrival *arrival)
{
	char *place = mem_printf("%s:%s in Redis", inbox->name,
	    inbox->kind == INBOX_BULL ? "failed" : "poison");
	const struct refusal refusal = { .key = arrival->key,
		.source = inbox->name,
		.reason = arrival->why,
		.place = place,
		.raw = arrival->raw,
		.len = arrival->len,
		.size = arrival->size };
	enum outcome out =
	    refusals_add(run->db, &refusal, clock_wall_ms(), &run->fault);

	free(place);
	return out;
}

enum outcome
inbox_refused_store(struct run *run, const struct inbox *inbox,
    int64_t *refused)
{
	int count = 0;

	for (int i = 0; i < inbox->count; i++)
		count += is_refused(&inbox->arrivals[i]);
	if (count == 0)
		return OUT_OK;
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	for (int i = 0; i < inbox->count && out == OUT_OK; i++)
		if (is_refused(&inbox->arrivals[i]))
			out = refuse(run, inbox, &inbox->arrivals[i]);
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out != OUT_OK)
		return out;
	*refused += count;
	for (int i = 0; i < inbox->count; i++)
		if (is_refused(&inbox->arrivals[i]))
			log_warning("%s is refused: %s; 'leadpipe "
				    "recover-pending --list' shows it",
			    inbox->arrivals[i].key, inbox->arrivals[i].why);
	return OUT_OK;
}

/* KEY of INBOX is read now; NULL: nothing that could do harm. */
static enum outcome
write_down(struct run *run, const struct inbox *inbox, const char *key)
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);

	if (out == OUT_OK)
		out = intake_try_set(run->db, inbox->name, key, &run->fault);
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

enum outcome
inbox_refused_try(struct run *run, const struct inbox *inbox,
    const struct arrival *arrival, bool *read)
{
	*read = arrival->size <= INBOX_BYTES &&
	    !intake_try_is(run->db, inbox->name, arrival->key);
	return *read ? write_down(run, inbox, arrival->key)
		     : db_result(run->db, &run->fault);
}

enum outcome
inbox_refused_end(struct run *run, const struct inbox *inbox)
{
	return intake_try_is(run->db, inbox->name, NULL)
	    ? db_result(run->db, &run->fault)
	    : write_down(run, inbox, NULL);
}
