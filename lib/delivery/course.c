/* SPDX-License-Identifier: MIT */
#include "delivery/course.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "delivery/press.h"
#include "store/meta.h"
#include "turn/turn_broadcast.h"
#include "turn/turn_recur.h"
#include "turn/turn_report.h"
#include "turn/turn_tasks.h"

/* A database that stays locked this long: the next run will try again. */
#define LOCKED_MOST_MS 30000

#define STEP_BATCH 100

/* How long a press waits in Telegram's queue, and how old a question may be
 * that is asked again. */
#define PRESS_MS 150000
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* How many messages this run may still send; -1: any number. */
static int64_t
left(const struct loop *l)
{
	const struct delivery_counts *n = delivery_counts(l->delivery);
	int64_t begun = n->sent + n->retried + n->ambiguous + n->dead +
	    n->blocked + delivery_in_flight(l->delivery);

	if (l->most == 0)
		return -1;
	return begun < l->most ? l->most - begun : 0;
}

bool
course_may_start(const struct course *c)
{
	const struct loop *l = c->loop;

	if (stop_wanted() || c->draining || c->out != OUT_OK || left(l) == 0)
		return false;
	return clock_mono_ms() < l->end;
}

void
course_give_up(struct course *c, enum outcome out, const struct fault *fault)
{
	if (c->out != OUT_OK)
		return;
	c->out = out;
	c->fault = *fault;
}

/* A transaction could not begin or commit: busy is waited for, anything else
 * ends the run. */
static void
transaction_failed(struct course *c, enum outcome out,
    const struct fault *fault)
{
	int64_t mono = clock_mono_ms();

	db_rollback(c->loop->db);
	delivery_undo(c->loop->delivery);
	handlers_undo(c->loop->handlers);
	turn_undone(c->loop->turn);
	c->outages = 0;
	c->asked_after = INT64_MIN;
	c->dirty = true;
	if (c->locked_since == 0)
		c->locked_since = mono;
	if (out == OUT_LATER && fault->code == EXIT_LATER &&
	    mono - c->locked_since < LOCKED_MOST_MS)
		return;
	course_give_up(c, out, fault);
}

static bool
begin(struct course *c)
{
	struct fault fault;
	enum outcome out =
	    db_begin(c->loop->db, clock_mono_ms() + COURSE_BEGIN_MS, &fault);

	if (out != OUT_OK)
		transaction_failed(c, out, &fault);
	return out == OUT_OK;
}

static bool
commit(struct course *c, enum outcome out, struct fault *fault)
{
	if (out == OUT_OK)
		out = db_commit(c->loop->db, fault);
	if (out != OUT_OK)
		transaction_failed(c, out, fault);
	else
		c->locked_since = 0;
	return out == OUT_OK;
}

void
course_poll(struct course *c)
{
	struct loop *l = c->loop;
	int64_t mono = clock_mono_ms(), timeout_s = 0;

	if (l->poller == NULL || poller_busy(l->poller) || c->draining ||
	    stop_wanted() || c->out != OUT_OK ||
	    poller_report(l->poller)->stopped ||
	    mono < poller_ready_at(l->poller))
		return;
	if (l->one_pass &&
	    (poller_report(l->poller)->drained ||
		poller_report(l->poller)->fault.code != 0))
		return;
	if (!l->one_pass) {
		timeout_s = (l->end - mono) / 1000;
		if (timeout_s > POLLER_LONGEST_S)
			timeout_s = POLLER_LONGEST_S;
		if (timeout_s < 1)
			timeout_s = 1;
	}
	poller_start(l->poller, timeout_s);
}

bool
course_store(struct course *c)
{
	struct loop *l = c->loop;
	int64_t now = clock_wall_ms();
	struct fault fault;
	enum outcome out;

	if (!poller_copy(l->poller))
		return true;
	if (!begin(c))
		return false;
	out = delivery_settle(l->delivery, now, &fault);
	if (out == OUT_OK)
		out = poller_store(l->poller, now, &fault);
	if (!commit(c, out, &fault))
		return false;
	poller_stored(l->poller);
	delivery_start(l->delivery);
	course_poll(c);
	return true;
}

/*
 * The bot was away for longer than a press lives in Telegram's queue: once
 * what is left there is stepped, who still has an open question is asked
 * again.
 */
static enum outcome
ask_again(struct course *c, int64_t now, bool *more, struct fault *fault)
{
	const struct poller *poller = c->loop->poller;
	struct db *db = c->loop->db;
	enum outcome out = OUT_OK;

	if (*more || poller == NULL || !course_may_start(c) ||
	    !poller_report(poller)->drained ||
	    c->outages > poller_report(poller)->outages)
		return OUT_OK;
	int64_t since = meta_int(db, META_OUTAGE, 0);
	const struct turn_outage outage = { since - DAY_MS, now - PRESS_MS };
	if (since != 0)
		out = turn_ask_again(c->loop->turn, &outage, &c->asked_after,
		    STEP_BATCH, now, more, fault);
	if (out != OUT_OK || *more)
		return out;
	c->outages = poller_report(poller)->outages + 1;
	c->asked_after = INT64_MIN;
	return since == 0 ? OUT_OK : meta_set_int(db, META_OUTAGE, 0, fault);
}

static bool
may_promote(const struct course *c)
{
	return course_may_start(c) &&
	    delivery_stopped(c->loop->delivery) == NULL;
}

static enum outcome
broadcast(struct course *c, int64_t now, bool *more, struct fault *fault)
{
	const struct turn_pace pace = delivery_pace(c->loop->delivery);

	return turn_broadcasts(c->loop->turn, &pace, now, more,
	    &c->broadcast_at, fault);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static enum outcome
try_task(struct course *c, int64_t now, struct fault *fault)
{
	return turn_task_try(c->loop->turn, now, &c->tried, fault);
}

static enum outcome
do_task(struct course *c, int64_t now, struct fault *fault)
{
	return turn_task_alone(c->loop->turn, c->tried, now, fault);
}

static enum outcome
try_handler(struct course *c, int64_t now, struct fault *fault)
{
	(void)now;
	return handlers_try(c->loop->handlers, fault);
}

static enum outcome
end_handler(struct course *c, int64_t now, struct fault *fault)
{
	return handlers_settle_alone(c->loop->handlers, now, fault);
}

static enum outcome
store_report(struct course *c, int64_t now, struct fault *fault)
{
	return turn_report_store(c->loop->turn, now, fault);
}

/* A transaction with nothing in it but WORK.  Should it be undone, the answers
 * to presses that are committed already are not. */
static bool
alone(struct course *c,
    enum outcome (*work)(struct course *c, int64_t now, struct fault *fault))
{
	struct fault fault;

	press_answer(c->loop);
	if (!begin(c) || !commit(c, work(c, clock_wall_ms(), &fault), &fault))
		return false;
	turn_committed(c->loop->turn);
	handlers_start(c->loop->handlers);
	return true;
}

/* The last run died, perhaps over a task. */
static void
promote_alone(struct course *c)
{
	if (!alone(c, try_task))
		return;
	c->careful = c->tried != 0 ? c->careful - 1 : 0;
	if (c->tried == 0 || !alone(c, do_task))
		return;
	c->tried = 0;
	c->more = true;
}

/* What is left for the next turn. */
struct rest {
	bool updates, shared, tasks, people, heads;
};

static enum outcome
settle(struct course *c, int64_t now, struct fault *fault)
{
	struct loop *l = c->loop;
	enum outcome out = delivery_settle(l->delivery, now, fault);

	if (out == OUT_OK)
		out = handlers_settle(l->handlers, now, fault);
	if (out == OUT_OK)
		out = turn_report_store(l->turn, now, fault);
	return out;
}

/* What came in; and what is asked again as it did not. */
static enum outcome
step_updates(struct course *c, int64_t now, struct rest *rest,
    struct fault *fault)
{
	struct loop *l = c->loop;
	enum outcome out = OUT_OK;

	if (l->poller != NULL && course_may_start(c))
		out = turn_recurring(l->turn, now, fault);
	/* After a failure only what is on its way is brought to its end. */
	if (out == OUT_OK && l->poller != NULL && !c->draining &&
	    c->out == OUT_OK)
		out = turn_updates(l->turn, now, STEP_BATCH, &rest->updates,
		    fault);
	return out == OUT_OK ? ask_again(c, now, &rest->updates, fault) : out;
}

/* What is due becomes messages, and what is for many some of them. */
static enum outcome
promote(struct course *c, int64_t now, struct rest *rest, struct fault *fault)
{
	struct loop *l = c->loop;
	enum outcome out = OUT_OK;

	if (may_promote(c))
		out = exchange_take(l->exchange, now, &rest->shared, fault);
	if (out == OUT_OK && c->careful == 0 && may_promote(c))
		out = turn_tasks(l->turn, now, COURSE_TASKS, &rest->tasks,
		    fault);
	if (out == OUT_OK && may_promote(c))
		out = broadcast(c, now, &rest->people, fault);
	return out;
}

static enum outcome
claim(struct course *c, int64_t now, struct rest *rest, struct fault *fault)
{
	struct loop *l = c->loop;
	enum outcome out = OUT_OK;

	if (course_may_start(c)) {
		delivery_limit(l->delivery, left(l));
		out = delivery_claim(l->delivery, now, &rest->heads, fault);
	}
	if (out == OUT_OK && course_may_start(c) &&
	    !turn_report_asked(l->turn))
		out = handlers_claim(l->handlers, now, fault);
	return out;
}

/* It is on disk: what was claimed leaves. */
static void
committed(struct course *c, int64_t now, const struct rest *rest)
{
	struct loop *l = c->loop;

	turn_committed(l->turn);
	delivery_start(l->delivery);
	handlers_start(l->handlers);
	c->next_at = delivery_next(l->delivery);
	exchange_committed(l->exchange);
	c->more = rest->updates || rest->shared || rest->people ||
	    ((rest->tasks || rest->heads) && c->next_at <= now);
	c->next_at = sooner(c->next_at, handlers_next(l->handlers));
	c->next_at = sooner(c->next_at, c->broadcast_at);
	c->dirty = false;
}

void
course_work(struct course *c)
{
	struct loop *l = c->loop;
	int64_t now = clock_wall_ms();
	struct rest rest = { 0 };
	struct fault fault;
	enum outcome out;

	if (l->poller != NULL)
		exchange_ask(l->exchange);
	delivery_ask_limit(l->delivery, now);
	if (!begin(c))
		return;
	out = settle(c, now, &fault);
	if (out == OUT_OK)
		out = step_updates(c, now, &rest, &fault);
	if (out == OUT_OK)
		out = promote(c, now, &rest, &fault);
	if (out == OUT_OK)
		out = claim(c, now, &rest, &fault);
	if (!commit(c, out, &fault))
		return;
	committed(c, now, &rest);
	if (turn_report_write(l->turn, now)) {
		alone(c, store_report);
		c->more = true;
	}
	/* An update that may have done it is not to be taken for a task. */
	if (c->careful > 0 && !rest.updates && may_promote(c))
		promote_alone(c);
	if (handlers_have_suspect(l->handlers) && alone(c, try_handler) &&
	    alone(c, end_handler))
		c->more = true;
}
