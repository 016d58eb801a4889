/* SPDX-License-Identifier: MIT */
#include "ops/inbox_leads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "ops/inbox_refused.h"
#include "ops/reception.h"
#include "shared/bull.h"
#include "shared/inbox.h"
#include "store/refusals.h"

/* Of one round trip and one transaction. */
#define BATCH 100

#define WAIT_MS 2000

/* What begins this long before the end is ended by then. */
#define ROUND_MS 250
#define QUEUES_MAX 32

struct desk {
	struct run *run;
	struct redis *redis;
	const struct inbox_times *times;
	int64_t end;
	struct reception reception;
	struct inbox_counts *counts;
	bool last_try; /* of what was taken too often */
	char owner[160];
};

/* --- queues */

static bool
is_name(const char *text, size_t len)
{
	return len > 0 && len <= 128 && memchr(text, ':', len) == NULL &&
	    memchr(text, '{', len) == NULL;
}

#define SEPARATORS ", \t"

enum outcome
inbox_leads_check(const struct config *config, struct fault *fault)
{
	const char *at = config_get_or(config, "LEADPIPE_BULLMQ_QUEUES", "");
	const char *prefix =
	    config_get_or(config, "LEADPIPE_BULLMQ_PREFIX", "bull");
	int count = 0;

	for (; *(at += strspn(at, SEPARATORS)) != '\0'; count++) {
		size_t len = strcspn(at, SEPARATORS);

		if (!is_name(at, len))
			return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "LEADPIPE_BULLMQ_QUEUES (%s) lists names of "
			    "queues, as leads,orders; '%.*s' is none",
			    config_origin(config, "LEADPIPE_BULLMQ_QUEUES"),
			    len < 40 ? (int)len : 40, at);
		at += len;
	}
	if (count > QUEUES_MAX)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEADPIPE_BULLMQ_QUEUES (%s) lists more than %d queues",
		    config_origin(config, "LEADPIPE_BULLMQ_QUEUES"),
		    QUEUES_MAX);
	if (*prefix == '\0' || strlen(prefix) > 128)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEADPIPE_BULLMQ_PREFIX (%s) is what the keys of the "
		    "queues begin with, as bull",
		    config_origin(config, "LEADPIPE_BULLMQ_PREFIX"));
	return OUT_OK;
}

/* --- one batch */

/* Reads what came into the reception; what cannot be read says why. */
static void
read_all(struct desk *desk, struct inbox *inbox)
{
	const char *kind = inbox->kind == INBOX_BULL ? "bullmq" : "redis";
	struct fault fault;

	reception_clear(&desk->reception);
	for (int i = 0; i < inbox->count; i++) {
		struct arrival *arrival = &inbox->arrivals[i];
		struct intake *intake = reception_intake(&desk->reception);

		arrival->fate = ARRIVAL_TAKEN;
		if (arrival->ticket == NULL)
			continue;
		if (*arrival->why == '\0' &&
		    intake_read(intake, NULL, arrival->raw, arrival->len,
			&fault) != OUT_OK)
			snprintf(arrival->why, sizeof(arrival->why), "%.250s",
			    fault.text);
		if (*arrival->why != '\0')
			arrival->fate = ARRIVAL_REFUSED;
		else if (!intake->test || intake->filled)
			reception_keep(&desk->reception, kind, arrival->key,
			    0);
	}
}

/* What was taken too often comes alone. */
static enum outcome
try_again(struct desk *desk, struct inbox *inbox)
{
	struct arrival *arrival = &inbox->arrivals[0];
	enum outcome out = OUT_OK;
	bool read = false;

	desk->last_try = arrival->tries >= INBOX_TRIES;
	if (desk->last_try)
		out = inbox_refused_try(desk->run, inbox, arrival, &read);
	if (out == OUT_OK && read)
		arrival->why[0] = '\0';
	return out;
}

/* Whoever was stopped for long may have lost what was taken: that is somebody
 * else's to store. */
static enum outcome
hold(struct desk *desk, struct inbox *inbox)
{
	int lost = 0;

	if (clock_mono_ms() - inbox->taken_at < inbox->lease_ms / 3)
		return OUT_OK;
	enum outcome out = inbox_hold(inbox, desk->redis, &desk->run->fault);
	for (int i = 0; i < inbox->count && out == OUT_OK; i++)
		lost += inbox->arrivals[i].ticket == NULL;
	if (lost > 0) {
		log_warning("%s: %d were taken over by others meanwhile",
		    inbox->name, lost);
		desk->counts->lost += lost;
		read_all(desk, inbox);
	}
	return out;
}

/* Nothing was stored: whoever comes next shall find it. */
static void
give_back(struct inbox *inbox)
{
	for (int i = 0; i < inbox->count; i++)
		inbox->arrivals[i].fate = ARRIVAL_LATER;
}

static enum outcome
store(struct desk *desk, struct inbox *inbox)
{
	enum outcome out = hold(desk, inbox);

	if (out == OUT_OK)
		out = inbox_refused_store(desk->run, inbox,
		    &desk->counts->refused);
	if (out == OUT_OK && desk->reception.count > 0)
		out = reception_store(&desk->reception, WAIT_MS);
	if (out == OUT_OK && desk->last_try)
		out = inbox_refused_end(desk->run, inbox);
	return out;
}

/* --- what is wrong */

static enum outcome
keep_fault(struct desk *desk, const struct inbox *inbox)
{
	struct run *run = desk->run;
	const char *reason = *inbox->trouble ? inbox->trouble
	    : *inbox->notice		     ? inbox->notice
					     : NULL;

	if (!intake_fault_differs(run->db, inbox->name, reason))
		return OUT_OK;
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	if (out == OUT_OK)
		out = intake_fault_set(run->db, inbox->name, reason,
		    &run->fault);
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && reason != NULL)
		log_warning("%s: %s", inbox->name, reason);
	return out;
}

/* One round trip, one transaction, one round trip. */
static enum outcome
take_some(struct desk *desk, struct inbox *inbox)
{
	struct fault *fault = &desk->run->fault;
	enum outcome out = inbox_take(inbox, desk->redis, BATCH, fault);

	if (out == OUT_OK && inbox->count > 0) {
		struct fault later;

		out = try_again(desk, inbox);
		if (out == OUT_OK)
			read_all(desk, inbox);
		if (out == OUT_OK)
			out = store(desk, inbox);
		if (out != OUT_OK)
			give_back(inbox);
		enum outcome end = inbox_settle(inbox, desk->redis,
		    out == OUT_OK ? fault : &later);
		reception_clear(&desk->reception);
		if (out == OUT_OK)
			out = end;
	}
	if (out == OUT_OK)
		out = keep_fault(desk, inbox);
	return out;
}

/* --- all of them */

/* The same for every process of this database, and for none of another. */
static void
name_owner(struct desk *desk)
{
	char host[65] = "", *text;

	if (gethostname(host, sizeof(host) - 1) != 0 || strchr(host, ' '))
		host[0] = '\0';
	text = mem_printf("%s:%s", host, db_path(desk->run->db));
	snprintf(desk->owner, sizeof(desk->owner), "leadpipe:%s:%016llx", host,
	    (unsigned long long)id_hash(text, strlen(text)));
	free(text);
}

static int
open_all(const struct desk *desk, struct inbox *inboxes[])
{
	const struct config *config = desk->run->config;
	const char *at = config_get_or(config, "LEADPIPE_BULLMQ_QUEUES", "");
	const char *prefix =
	    config_get_or(config, "LEADPIPE_BULLMQ_PREFIX", "bull");
	int64_t lease_ms = desk->times->lease_ms;
	int count = 0;

	inboxes[count++] =
	    inbox_open(INBOX_LIST, "leadpipe:in", desk->owner, lease_ms);
	inboxes[count++] =
	    inbox_open(INBOX_STREAM, "leadpipe:leads", desk->owner, lease_ms);
	for (; *(at += strspn(at, SEPARATORS)) != '\0';) {
		size_t len = strcspn(at, SEPARATORS);
		char *name = mem_printf("%s:%.*s", prefix, (int)len, at);
		char *token = mem_printf("%s:%llx", desk->owner,
		    (unsigned long long)id_random());

		/* A lock is of one process, as with BullMQ's own workers. */
		inboxes[count++] =
		    inbox_open(INBOX_BULL, name, token, lease_ms);
		free(name);
		free(token);
		at += len;
	}
	return count;
}

/* In turn, so that a full one keeps none waiting. */
static enum outcome
take_all(struct desk *desk, struct inbox *inboxes[], int count)
{
	enum outcome out = OUT_OK;
	bool more = true;

	for (int i = 0; i < count && out == OUT_OK; i++)
		if (inboxes[i]->kind == INBOX_BULL)
			out = bull_sweep(inboxes[i], desk->redis,
			    desk->times->sweep_ms, &desk->run->fault);
	for (int i = 0; i < count; i++)
		inboxes[i]->more = true;
	while (more && out == OUT_OK) {
		more = false;
		for (int i = 0; i < count && out == OUT_OK; i++) {
			if (!inboxes[i]->more)
				continue;
			if (stop_wanted() ||
			    clock_mono_ms() >= desk->end - ROUND_MS) {
				desk->counts->more = true;
				return OUT_OK;
			}
			out = take_some(desk, inboxes[i]);
			more = more || inboxes[i]->more;
		}
	}
	return out;
}

enum outcome
inbox_leads_take(struct run *run, struct redis *redis,
    const struct inbox_times *times, int64_t end, struct inbox_counts *counts)
{
	struct desk desk = { .run = run,
		.redis = redis,
		.times = times,
		.end = end,
		.counts = counts };
	struct inbox *inboxes[QUEUES_MAX + 2];
	enum outcome out = inbox_leads_check(run->config, &run->fault);

	*counts = (struct inbox_counts){ 0 };
	if (out != OUT_OK || !redis_usable(redis))
		return out;
	out = reception_open(&desk.reception, run);
	if (out == OUT_OK) {
		name_owner(&desk);
		int count = open_all(&desk, inboxes);

		out = take_all(&desk, inboxes, count);
		while (count > 0)
			inbox_close(inboxes[--count]);
		counts->added = desk.reception.added;
		counts->joined = desk.reception.joined;
		counts->known = desk.reception.known;
	}
	reception_close(&desk.reception);
	return out;
}
