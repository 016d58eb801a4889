/* SPDX-License-Identifier: MIT */
#include "shared/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "shared/handover_round.h"
#include "shared/handover_script.h"
#include "store/meta.h"
#include "store/shared_stuck.h"

/* How long a transaction waits for its turn. */
#define BEGIN_MS 2000

/* Without Redis; and how many letters are written at a time. */
#define ALONE_MS 1000
#define ALONE_SHARE 50
#define ALONE_BATCH 200

enum outcome
handover_begin(struct handover *h, struct fault *fault)
{
	h->doing = h->counts;
	return db_begin(h->db, clock_mono_ms() + BEGIN_MS, fault);
}

enum outcome
handover_end(struct handover *h, enum outcome out, struct fault *fault)
{
	if (out == OUT_OK)
		out = db_commit(h->db, fault);
	db_rollback(h->db);
	if (out == OUT_OK)
		h->counts = h->doing;
	return out;
}

/* It must be the same after a crash: Redis has it in its notes. */
static enum outcome
make_host(struct handover *h, struct fault *fault)
{
	char host[20];

	snprintf(host, sizeof(host), "%016llx",
	    (unsigned long long)id_random());
	enum outcome out = handover_begin(h, fault);
	if (out != OUT_OK)
		return out;
	h->host = meta_text(h->db, META_SHARED_HOST);
	if (h->host == NULL) {
		h->host = mem_dup(host);
		out = meta_set_text(h->db, META_SHARED_HOST, host, fault);
	}
	return handover_end(h, out, fault);
}

enum outcome
handover_read(const struct config *config, enum handover_mode *mode,
    struct fault *fault)
{
	bool shares = false;

	*mode = HANDOVER_OFF;
	if (strcmp(config_get_or(config, "LEADPIPE_SHARED_TASKS", ""),
		"off") == 0)
		return OUT_OK;
	enum outcome out = config_bool(config, "LEADPIPE_SHARED_TASKS", false,
	    &shares, fault);
	*mode = shares ? HANDOVER_BOTH : HANDOVER_TAKE;
	return out;
}

enum outcome
handover_open(struct handover **handover, struct db *db,
    const struct config *config, struct fault *fault)
{
	struct handover *h = mem_alloc(sizeof *h);

	h->db = db;
	h->alone = INT64_MIN / 2;
	enum outcome out = handover_read(config, &h->mode, fault);
	if (out == OUT_OK) {
		h->host = meta_text(db, META_SHARED_HOST);
		h->was_off = meta_has(db, META_SHARED_OFF);
		if (h->host == NULL)
			out = make_host(h, fault);
	}
	if (out == OUT_OK)
		*handover = h;
	else
		handover_close(h);
	return out;
}

void
handover_close(struct handover *handover)
{
	if (handover == NULL)
		return;
	free(handover->host);
	free(handover->off);
	free(handover);
}

const char *
handover_host(const struct handover *handover)
{
	return handover->host;
}

const struct handover_counts *
handover_counts(const struct handover *handover)
{
	return &handover->counts;
}

const char *
handover_off(const struct handover *handover)
{
	return handover->off;
}

bool
handover_waits(const struct handover *h)
{
	return shared_tasks_wait(h->db, clock_wall_ms()) ||
	    (h->mode == HANDOVER_BOTH && shared_tasks_offers(h->db));
}

/* What does not need Redis, or has waited for it too long. */
static enum outcome
alone(struct handover *h, struct fault *fault)
{
	int64_t now = clock_wall_ms(), mono = clock_mono_ms();
	int doubted = 0, overdue = 0;

	if (mono < h->alone + ALONE_MS)
		return OUT_OK;
	bool waits = shared_tasks_impatient(h->db, now) ||
	    shared_stuck_is_overdue(h->db, now);
	/* To look takes 0.2 s where half a million wait. */
	h->alone = mono + ALONE_SHARE * (clock_mono_ms() - mono);
	if (!waits)
		return db_result(h->db, fault);
	enum outcome out = handover_begin(h, fault);
	if (out == OUT_OK)
		out = shared_tasks_unacked(h->db, now, &doubted, fault);
	if (out == OUT_OK)
		out = shared_stuck_overdue(h->db, now, ALONE_BATCH, &overdue,
		    fault);
	h->doing.doubted += doubted;
	out = handover_end(h, out, fault);
	if (out == OUT_OK && doubted > 0)
		log_warning("%d shared tasks are done although Redis did not "
			    "confirm that they are ours",
		    doubted);
	if (out == OUT_OK && overdue > 0)
		log_warning("%d tasks wait for Redis, which has them; "
			    "'leadpipe recover-pending --list shared' shows "
			    "them",
		    overdue);
	return out;
}

/* Says it once, and no more is shared. */
static void
turn_off(struct handover *h, const char *why)
{
	struct fault fault;

	if (h->off != NULL)
		return;
	h->off = mem_dup(why);
	log_error(
	    "no tasks are shared: %s; mend it in Redis, the next command "
	    "looks again",
	    why);
	h->was_off = true;
	enum outcome out = handover_begin(h, &fault);
	if (out == OUT_OK)
		out = meta_set_text(h->db, META_SHARED_OFF, why, &fault);
	if (handover_end(h, out, &fault) != OUT_OK)
		log_fault(&fault);
}

static bool
failed(struct handover *h, const struct redisReply *reply)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
		return false;
	turn_off(h, reply->str);
	return true;
}

static enum outcome
round_answer(struct round *r, struct redis *redis, int limit, bool *more,
    struct fault *fault)
{
	struct handover *h = r->h;
	const struct redisReply *tells = NULL, *claims = NULL;

	if (r->tells)
		tells = redis_reply(redis, 0);
	if (r->claims)
		claims = redis_reply(redis, r->tells ? 1 : 0);
	/* Of two only both: what the one did is asked for again. */
	if (failed(h, tells) || failed(h, claims))
		return OUT_OK;
	if (!handover_round_understand(r, tells, claims)) {
		turn_off(h, "Redis answers something else than asked");
		return OUT_OK;
	}
	h->counts.too_big += r->spoilt;
	if (r->spoilt > 0)
		log_warning("%lld members of " HANDOVER_TASKS
			    " cannot be read and are in " HANDOVER_POISON,
		    (long long)r->spoilt);
	return handover_round_write(r, limit, more, fault);
}

enum outcome
handover_round(struct handover *h, struct redis *redis, int limit, int want,
    bool *more, struct fault *fault)
{
	struct round r = { .h = h, .now = clock_wall_ms() };
	struct fault why;
	enum outcome out;

	*more = false;
	if (h->off != NULL || !redis_usable(redis))
		return alone(h, fault);
	if (h->mode == HANDOVER_OFF) {
		want = 0;
		if (!handover_waits(h))
			return OUT_OK;
	}
	handover_round_read(&r, limit);
	out = db_result(h->db, fault);
	if (out == OUT_OK) {
		handover_round_ask(&r, redis, want);
		if (redis_run(redis, &why) == OUT_OK)
			out = round_answer(&r, redis, limit, more, fault);
		else
			out = alone(h, fault);
	}
	handover_round_release(&r);
	return out;
}
