/* SPDX-License-Identifier: MIT */
#include "ops/redis_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "ops/enqueue.h"
#include "ops/inbox_leads.h"
#include "shared/handover.h"
#include "shared/mirror_push.h"
#include "store/meta.h"
#include "turn/dialog_sync.h"
#include "turn/turn_shared.h"

/* Until when each part has its turn, in ms since the start; what it leaves the
 * next ones have too. */
#define LEADS_MS 2000
#define TASKS_MS 3000
#define LOOK_MS 3500
#define DIALOGS_MS 4000
#define ALL_MS 5000

#define ROUND 500

/* A call that is cut short by the end of its turn would look like a Redis that
 * hangs, and open the breaker. */
#define LEAST_MS 400
#define BEGIN_MS 2000

struct exchanging {
	struct run *run;
	struct redis *redis;
	struct turn *turn;
	struct redis_exchange *done;
	int64_t started;
};

static bool
has_turn(const struct exchanging *x, int64_t until_ms)
{
	return !stop_wanted() && redis_usable(x->redis) &&
	    clock_mono_ms() + LEAST_MS < x->started + until_ms;
}

static void
begin_turn(const struct exchanging *x, int64_t until_ms)
{
	redis_end_by(x->redis, x->started + until_ms);
}

static enum outcome
take_leads(struct exchanging *x)
{
	const struct inbox_times times = INBOX_TIMES;
	struct inbox_counts n = { 0 };
	enum outcome out = inbox_leads_take(x->run, x->redis, &times,
	    x->started + LEADS_MS, &n);

	x->done->leads = n.added + n.joined + n.known;
	x->done->refused = n.refused;
	x->done->more |= n.more;
	return out;
}

static enum outcome
bring_jobs(struct exchanging *x)
{
	struct enqueue_counts n;

	return enqueue_push(x->run, x->redis, x->started + LEADS_MS, &n);
}

/* What came in becomes tasks, which send-due does. */
static enum outcome
read_tasks(struct exchanging *x, struct fault *fault)
{
	bool more = true;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && more) {
		out = db_begin(x->run->db, clock_mono_ms() + BEGIN_MS, fault);
		if (out == OUT_OK)
			out = turn_shared(x->turn, clock_wall_ms(), ROUND,
			    &more, fault);
		if (out == OUT_OK)
			out = db_commit(x->run->db, fault);
		db_rollback(x->run->db);
	}
	if (out == OUT_OK)
		turn_committed(x->turn);
	else
		turn_undone(x->turn);
	return out;
}

static enum outcome
hand_over(struct exchanging *x, struct handover *handover, struct fault *fault)
{
	bool more = true, look = true;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && more && has_turn(x, TASKS_MS)) {
		out = handover_round(handover, x->redis, ROUND, ROUND, &more,
		    fault);
		if (out == OUT_OK)
			out = read_tasks(x, fault);
	}
	while (out == OUT_OK && look && has_turn(x, TASKS_MS))
		out = handover_look(handover, x->redis, ROUND, &look, fault);
	x->done->tasks_in = handover_counts(handover)->owned;
	x->done->tasks_out = handover_counts(handover)->exported;
	x->done->more |= more;
	return out;
}

static enum outcome
share_tasks(struct exchanging *x)
{
	struct handover *handover = NULL;
	struct fault *fault = &x->run->fault;
	enum outcome out =
	    handover_open(&handover, x->run->db, x->run->config, fault);

	if (out == OUT_OK)
		out = hand_over(x, handover, fault);
	handover_close(handover);
	return out;
}

/* Through all of their keys, from where the last run ended: with millions of
 * other keys among them one run does not get round. */
static enum outcome
look_at_dialogs(struct exchanging *x, struct dialog_sync *dialogs,
    struct fault *fault)
{
	char *known = meta_text(x->run->db, META_DIALOG_CURSOR);
	char cursor[KEY_CURSOR_SIZE] = "0";
	bool look = dialogs != NULL;
	enum outcome out = OUT_OK;

	if (known != NULL && strlen(known) < sizeof(cursor))
		memcpy(cursor, known, strlen(known) + 1);
	free(known);
	while (out == OUT_OK && look && has_turn(x, LOOK_MS)) {
		out = dialog_sync_look(dialogs, x->redis, cursor, fault);
		look = strcmp(cursor, "0") != 0;
	}
	if (out == OUT_OK)
		out = meta_note(x->run->db, META_DIALOG_CURSOR,
		    look && dialogs != NULL ? cursor : NULL,
		    clock_mono_ms() + BEGIN_MS, fault);
	x->done->more |= look;
	return out;
}

static enum outcome
exchange_dialogs(struct exchanging *x, struct dialog_sync *dialogs,
    struct fault *fault)
{
	bool more = dialogs != NULL;
	/* What others wrote comes before what we know. */
	enum outcome out = look_at_dialogs(x, dialogs, fault);

	while (out == OUT_OK && more && has_turn(x, DIALOGS_MS))
		out = dialog_sync_tell(dialogs, x->redis, ROUND, &more, fault);
	const struct dialog_counts *n = dialog_sync_counts(dialogs);
	x->done->dialogs_in = n->taken;
	x->done->dialogs_out = n->told;
	x->done->unknown = n->unknown;
	x->done->more |= more;
	return out;
}

static enum outcome
share_dialogs(struct exchanging *x)
{
	struct dialog_sync *dialogs = NULL;
	struct fault *fault = &x->run->fault;
	enum outcome out = dialog_sync_open(&dialogs, x->turn, x->run->config,
	    run_bot_id(x->run), fault);

	if (out == OUT_OK)
		out = exchange_dialogs(x, dialogs, fault);
	dialog_sync_close(dialogs);
	return out;
}

static enum outcome
write_mirror(struct exchanging *x)
{
	struct mirror_options options;
	struct fault *fault = &x->run->fault;
	bool more = false;
	enum outcome out = mirror_read(x->run->config, &options, fault);

	if (out == OUT_OK)
		out = mirror_push(x->redis, x->run->db, run_bot_id(x->run),
		    &options, &x->done->users, &more, fault);
	x->done->more |= more;
	return out;
}

/* The parts in order; the first fault is kept. */
static enum outcome
run_parts(struct exchanging *x)
{
	static const struct {
		enum outcome (*run)(struct exchanging *x);
		int64_t until_ms;
	} parts[] = { { bring_jobs, LEADS_MS }, { take_leads, LEADS_MS },
		{ share_tasks, TASKS_MS }, { share_dialogs, DIALOGS_MS },
		{ write_mirror, ALL_MS } };
	enum outcome first = OUT_OK;
	struct fault why = { .what = OUT_OK };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (stop_wanted())
			break;
		begin_turn(x, parts[i].until_ms);
		x->run->fault = (struct fault){ .what = OUT_OK };
		enum outcome out = parts[i].run(x);
		if (out != OUT_OK && first == OUT_OK) {
			first = out;
			why = x->run->fault;
		}
	}
	x->run->fault = why;
	return first;
}

enum outcome
redis_exchange(struct run *run, struct redis *redis,
    struct redis_exchange *done)
{
	struct exchanging x = { .run = run,
		.redis = redis,
		.done = done,
		.started = clock_mono_ms() };

	if (redis == NULL)
		return OUT_OK;
	stop_install();
	redis_end_by(redis, x.started + ALL_MS);
	redis_add(redis, "PING");
	enum outcome out = redis_run(redis, &run->fault);
	if (out == OUT_OK)
		out = turn_open(&x.turn, run->db, run->config, &run->fault);
	if (out == OUT_OK)
		out = run_parts(&x);
	/* That Redis went away meanwhile is said, too. */
	if (out == OUT_OK && !redis_usable(redis) && !stop_wanted() &&
	    clock_mono_ms() < x.started + ALL_MS)
		out = fault_set(&run->fault, OUT_LATER, EXIT_LATER,
		    "redis at %s went away; the next run goes on",
		    redis_where(redis));
	turn_close(x.turn);
	return out;
}

char *
redis_exchange_counts(const struct redis_exchange *n)
{
	return mem_printf("{\"users\":%lld,\"leads\":%lld,\"refused\":%lld,"
			  "\"tasks_in\":%lld,\"tasks_out\":%lld,"
			  "\"dialogs_in\":%lld,\"dialogs_out\":%lld,"
			  "\"unknown\":%lld,\"more\":%s}",
	    (long long)n->users, (long long)n->leads, (long long)n->refused,
	    (long long)n->tasks_in, (long long)n->tasks_out,
	    (long long)n->dialogs_in, (long long)n->dialogs_out,
	    (long long)n->unknown, n->more ? "true" : "false");
}

void
redis_exchange_say(const struct redis_exchange *n, FILE *to)
{
	fprintf(to,
	    "%lld %s synchronised; leads: %lld in, %lld refused; tasks: "
	    "%lld in, %lld out; dialogs: %lld in, %lld out%s\n",
	    (long long)n->users, n->users == 1 ? "person" : "people",
	    (long long)n->leads, (long long)n->refused, (long long)n->tasks_in,
	    (long long)n->tasks_out, (long long)n->dialogs_in,
	    (long long)n->dialogs_out,
	    n->more ? "; the next run goes on" : "");
}
