/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "shared/handover_round.h"
#include "shared/handover_script.h"
#include "shared/script.h"
#include "store/meta.h"

#define KEYS 5

/* A claim that is not acknowledged by then goes back. */
#define LEASE_MS 30000

/* So long what another leadpipe put there is left to it: it knows the person.
 * It may be dead. */
#define HEAD_START_MS 10000

void
handover_round_read(struct round *r, int limit)
{
	struct db *db = r->h->db;

	r->tasks = mem_array(NULL, 3 * (size_t)limit, sizeof(*r->tasks));
	for (int errand = SHARED_TELL; errand <= SHARED_PUT; errand++) {
		int got = shared_tasks_read(db, (enum shared_errand)errand,
		    r->now, limit, r->tasks + r->count);
		r->count += got;
		r->full = r->full || got == limit;
	}
	r->epoch = meta_text(db, META_SHARED_EPOCH);
	r->gen = meta_int(db, META_SHARED_GEN, 0);
}

void
handover_round_release(struct round *r)
{
	for (int i = 0; i < r->count; i++)
		shared_task_release(&r->tasks[i]);
	free(r->tasks);
	free(r->epoch);
}

const char *
handover_round_op(const struct shared_task *task)
{
	static const struct {
		const char *state, *op;
	} ops[] = {
		{ "exporting", "put" },
		{ "exported", "put" },
		{ "claimed", "ack" },
		{ "owned", "mine" },
		{ "running", "mine" },
		{ "poison", "poison" },
		{ "freed", "free" },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (strcmp(task->state, ops[i].state) == 0)
			return ops[i].op;
	return task->ours ? "drop" : "done";
}

/* Who asks whom, with a TOKEN in case that Redis has lost its own. */
static void
add_head(struct script_words *words, const struct round *r, const char *token)
{
	static const char *const keys[] = { HANDOVER_TASKS, HANDOVER_LEASES,
		HANDOVER_NOTES, HANDOVER_GEN, HANDOVER_POISON };

	for (size_t i = 0; i < KEYS; i++)
		script_text(words, keys[i]);
	script_text(words, r->h->host);
	script_text(words, r->epoch ? r->epoch : "");
	script_number(words, r->gen);
	script_text(words, token);
}

static void
ask_tasks(const struct round *r, struct redis *redis, const char *token)
{
	struct script_words words = { 0 };

	add_head(&words, r, token);
	for (int i = 0; i < r->count; i++) {
		const struct shared_task *task = &r->tasks[i];
		const char *op = handover_round_op(task);

		script_text(&words, op);
		script_text(&words, task->member);
		script_number(&words, task->due_at);
		script_number(&words, task->gen);
		script_text(&words,
		    strcmp(op, "poison") == 0 ? task->reason
			: task->epoch	      ? task->epoch
					      : "");
	}
	script_call(&words, redis, &handover_tell_script, KEYS);
}

static void
ask_claims(const struct round *r, struct redis *redis, const char *token,
    int want)
{
	struct script_words words = { 0 };

	add_head(&words, r, token);
	script_number(&words, want);
	script_number(&words, LEASE_MS);
	script_number(&words, SHARED_MEMBER_MAX);
	script_number(&words, HEAD_START_MS);
	script_call(&words, redis, &handover_claim_script, KEYS);
}

void
handover_round_ask(struct round *r, struct redis *redis, int want)
{
	char token[20];

	snprintf(token, sizeof(token), "%016llx",
	    (unsigned long long)id_random());
	r->tells = r->count > 0 || want == 0;
	r->claims = want > 0;
	if (r->tells)
		ask_tasks(r, redis, token);
	if (r->claims)
		ask_claims(r, redis, token, want);
}

static bool
are_texts(const struct redisReply *list)
{
	if (list == NULL || list->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < list->elements; i++)
		if (list->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

/* What both replies begin with; the later one is newer. */
static bool
understand_head(struct round *r, const struct redisReply *reply)
{
	r->new_epoch = script_part_text(reply, 0);
	r->new_gen = script_part_number(reply, 1, -1);
	return r->new_epoch != NULL && r->new_gen >= 0;
}

bool
handover_round_understand(struct round *r, const struct redisReply *tells,
    const struct redisReply *claims)
{
	if (tells != NULL) {
		r->said = script_part(tells, 2);
		if (!understand_head(r, tells) || !are_texts(r->said) ||
		    r->said->elements != (size_t)r->count)
			return false;
	}
	if (claims != NULL) {
		r->took = script_part(claims, 3);
		if (!understand_head(r, claims) || !are_texts(r->took))
			return false;
		r->spoilt = script_part_number(claims, 2, 0);
	}
	return true;
}
