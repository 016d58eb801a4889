/* SPDX-License-Identifier: MIT */
#include "delivery/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "delivery/press.h"
#include "store/prune.h"
#include "turn/deploy.h"

/* A row that another process wrote is seen within this time. */
#define TICK_MS 250

/* One attempt to pass the turnstile; in between the calls under way are looked
 * after, so that none outlives its deadline. */
#define BEGIN_MS 100

/* A database that stays locked this long: the next run will try again. */
#define LOCKED_MOST_MS 30000

/* After a signal. */
#define STOP_GRACE_MS 4000

/* What answers are waited for together; a commit costs as much. */
#define GATHER_MS 4

#define STEP_BATCH 100
#define PRUNE_BATCH 200
#define PICKUP_MS 2000

/* The course of one run. */
struct course {
	struct loop *loop;
	bool dirty;	/* rows may have changed: look what is to be done */
	bool more;	/* more can be done at once */
	int64_t next_at; /* wall: something becomes due or ready */
	int64_t locked_since, pickup_at;
	bool pruned;
	bool draining;	/* the lock is given up */
	enum outcome out;
	struct fault fault;
};

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

static bool
may_start(const struct course *c)
{
	const struct loop *l = c->loop;

	if (stop_wanted() || c->draining || c->out != OUT_OK || left(l) == 0)
		return false;
	return l->end == 0 || clock_mono_ms() < l->end;
}

static void
give_up(struct course *c, enum outcome out, const struct fault *fault)
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
	turn_undone(c->loop->turn);
	c->dirty = true;
	if (c->locked_since == 0)
		c->locked_since = mono;
	if (out == OUT_LATER && fault->code == EXIT_LATER &&
	    mono - c->locked_since < LOCKED_MOST_MS)
		return;
	give_up(c, out, fault);
}

static bool
begin(struct course *c)
{
	struct fault fault;
	enum outcome out =
	    db_begin(c->loop->db, clock_mono_ms() + BEGIN_MS, &fault);

	if (out != OUT_OK)
		transaction_failed(c, out, &fault);
	else
		log_hold();
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
	log_release();
	return out == OUT_OK;
}

static void
collect(struct course *c)
{
	struct http_call *other;

	while (delivery_collect(c->loop->delivery, &other)) {
		if (http_call_tag(other) == POLLER_TAG)
			poller_take(c->loop->poller, other);
		else
			http_call_free(other);
	}
}

/*
 * With many calls under way their answers come one by one, and a transaction
 * for each would cost several times the work of sending.
 */
static void
gather(struct course *c)
{
	struct loop *l = c->loop;
	int64_t until = clock_mono_ms() + GATHER_MS;

	collect(c);
	while (delivery_has_results(l->delivery) &&
	    delivery_expects(l->delivery) && !stop_wanted() &&
	    (l->poller == NULL || !poller_has_answer(l->poller)) &&
	    clock_mono_ms() < until) {
		http_run(telegram_http(l->telegram), until, stop_fd());
		collect(c);
	}
}

/* Asks Telegram for more, as far as the time of this run goes. */
static void
poll_on(struct course *c)
{
	struct loop *l = c->loop;
	int64_t mono = clock_mono_ms(), timeout_s = 0;

	if (l->poller == NULL || poller_busy(l->poller) || c->draining ||
	    stop_wanted() || c->out != OUT_OK ||
	    poller_report(l->poller)->stopped ||
	    mono < poller_ready_at(l->poller))
		return;
	if (l->end == 0 && (poller_report(l->poller)->drained ||
			       poller_report(l->poller)->fault.code != 0))
		return;
	if (l->end != 0) {
		timeout_s = (l->end - mono) / 1000;
		if (timeout_s > POLLER_LONGEST_S)
			timeout_s = POLLER_LONGEST_S;
		if (timeout_s < 1)
			timeout_s = 1;
	}
	poller_start(l->poller, timeout_s);
}

/*
 * First transaction of a turn, only when updates came: they are on disk before
 * anything is made of them, so that one which kills the program is counted
 * and takes no neighbour with it.
 */
static bool
store_arrived(struct course *c)
{
	struct loop *l = c->loop;
	int64_t now = clock_wall_ms();
	struct fault fault;
	enum outcome out;

	if (!begin(c))
		return false;
	out = delivery_settle(l->delivery, now, &fault);
	if (out == OUT_OK)
		out = poller_store(l->poller, now, &fault);
	if (!commit(c, out, &fault))
		return false;
	poller_stored(l->poller);
	delivery_start(l->delivery);
	poll_on(c);
	return true;
}

/* Second transaction: settle, step, promote, mark the next; then they leave. */
static void
work(struct course *c)
{
	struct loop *l = c->loop;
	int64_t now = clock_wall_ms();
	bool more_updates = false, more_tasks = false;
	struct fault fault;
	enum outcome out;

	if (!begin(c))
		return;
	out = delivery_settle(l->delivery, now, &fault);
	if (out == OUT_OK && l->poller != NULL && !c->draining)
		out = turn_updates(l->turn, now, STEP_BATCH, &more_updates,
		    &fault);
	if (out == OUT_OK && may_start(c)) {
		delivery_limit(l->delivery, left(l));
		out = delivery_claim(l->delivery, now, &more_tasks, &fault);
	}
	if (!commit(c, out, &fault))
		return;
	turn_committed(l->turn);
	delivery_start(l->delivery);
	c->next_at = delivery_next(l->delivery);
	c->more = more_updates || (more_tasks && c->next_at <= now);
	c->dirty = false;
}

static void
look_around(struct course *c)
{
	struct loop *l = c->loop;
	struct fault fault;
	bool deployed = false;
	int64_t mono = clock_mono_ms();

	if (db_changed(l->db))
		c->dirty = true;
	if (l->poller != NULL && !c->draining && mono >= c->pickup_at) {
		c->pickup_at = mono + PICKUP_MS;
		if (deploy_pickup(l->db, l->config, mono + BEGIN_MS, &deployed,
			&fault) == OUT_BUG)
			give_up(c, OUT_BUG, &fault);
	}
	if (c->dirty || deployed) {
		enum outcome out = turn_refresh(l->turn, &fault);
		if (out != OUT_OK)
			give_up(c, out, &fault);
	}
}

static void
prune_when_idle(struct course *c)
{
	struct loop *l = c->loop;
	struct fault fault;
	int pruned = 0;

	if (c->pruned || delivery_in_flight(l->delivery) > 0 || c->more ||
	    c->next_at < clock_wall_ms() + 1000)
		return;
	/* Nobody waits for it: a busy or full disk is told by what matters. */
	if (prune_some(l->db, clock_wall_ms(), PRUNE_BATCH,
		clock_mono_ms() + BEGIN_MS, &pruned, &fault) != OUT_OK ||
	    pruned == 0)
		c->pruned = true;
}

static void
turn_once(struct course *c)
{
	struct loop *l = c->loop;

	gather(c);
	look_around(c);
	if (l->poller != NULL && poller_has_answer(l->poller)) {
		if (!store_arrived(c)) {
			poller_peek(l->poller);
			press_answer(l);
			return;
		}
		c->dirty = true;
	}
	poll_on(c);
	bool due = may_start(c) && c->next_at <= clock_wall_ms();
	if (c->dirty || c->more || due || delivery_has_results(l->delivery))
		work(c);
	press_answer(l);
	prune_when_idle(c);
}

/* Nothing is left to do at once. */
static bool
idle(const struct course *c)
{
	const struct loop *l = c->loop;

	if (delivery_in_flight(l->delivery) > 0 ||
	    delivery_has_results(l->delivery))
		return false;
	if (!may_start(c))
		return true;
	/* A pass that ended here would deliver one message a run. */
	if (l->poller == NULL &&
	    delivery_throttled(l->delivery, clock_wall_ms()))
		return false;
	if (l->poller != NULL && !poller_report(l->poller)->drained &&
	    poller_report(l->poller)->fault.code == 0)
		return false;
	return !c->dirty && !c->more && c->next_at > clock_wall_ms();
}

/* Not one call was answered, well or badly: why will be known by the deadline
 * of the call under way, and a run that says nothing would look like a good
 * one. */
static bool
unheard(const struct course *c)
{
	const struct poller *p = c->loop->poller;

	return p != NULL && !c->draining && poller_busy(p) &&
	    !poller_report(p)->worked && poller_report(p)->fault.code == 0;
}

static bool
finished(struct course *c)
{
	struct loop *l = c->loop;
	int64_t mono = clock_mono_ms();

	if (mono >= l->hard_end - STOP_GRACE_MS)
		return true;
	if (stop_wanted())
		return delivery_in_flight(l->delivery) == 0 ||
		    mono >= stop_since() + STOP_GRACE_MS;
	if (l->poller != NULL && poller_report(l->poller)->stopped)
		give_up(c, OUT_NEVER, &poller_report(l->poller)->fault);
	if (delivery_stopped(l->delivery) != NULL)
		give_up(c, OUT_NEVER, delivery_stopped(l->delivery));
	if (c->out != OUT_OK)
		return delivery_in_flight(l->delivery) == 0 ||
		    db_broken(l->db);
	if (l->end == 0)
		return idle(c);
	if (mono < l->end)
		return false;
	/* Past the end the lock is kept only while sends are under way and
	 * nobody waits for it: no message then waits for the next command. */
	if (!c->draining && l->lock != NULL && command_lock_wanted(l->lock)) {
		c->draining = true;
		poller_cancel(l->poller);
		command_lock_drop(l->lock);
	}
	return delivery_in_flight(l->delivery) == 0 && !unheard(c);
}

static int64_t
wake_at(const struct course *c)
{
	const struct loop *l = c->loop;
	int64_t mono = clock_mono_ms(), wall = clock_wall_ms();
	int64_t at = mono + TICK_MS;

	if (c->more || delivery_has_results(l->delivery))
		return mono;
	if (c->locked_since != 0)
		return mono + 5;
	if (may_start(c) && c->next_at < wall + TICK_MS)
		at = c->next_at <= wall ? mono : mono + (c->next_at - wall);
	if (l->poller != NULL && !poller_busy(l->poller) &&
	    poller_ready_at(l->poller) > mono &&
	    poller_ready_at(l->poller) < at)
		at = poller_ready_at(l->poller);
	if (l->end > mono && l->end < at)
		at = l->end;
	return at;
}

/* What is still on its way when the run must end. */
static void
wind_up(struct course *c)
{
	struct loop *l = c->loop;
	struct fault fault;
	int64_t until = clock_mono_ms() + STOP_GRACE_MS / 2;

	if (l->poller != NULL)
		poller_cancel(l->poller);
	collect(c);
	delivery_abandon(l->delivery);
	while (delivery_has_results(l->delivery) &&
	    clock_mono_ms() < until) {
		enum outcome out = db_begin(l->db, until, &fault);
		if (out == OUT_OK)
			out = delivery_settle(l->delivery, clock_wall_ms(),
			    &fault);
		if (out == OUT_OK)
			out = db_commit(l->db, &fault);
		if (out == OUT_OK) {
			delivery_start(l->delivery);
			return;
		}
		db_rollback(l->db);
		delivery_undo(l->delivery);
		give_up(c, out, &fault);
		clock_sleep_until(clock_mono_ms() + BEGIN_MS);
	}
}

enum outcome
loop_run(struct loop *loop, struct fault *fault)
{
	struct course c = { .loop = loop, .dirty = true, .out = OUT_OK };

	while (!finished(&c)) {
		http_run(telegram_http(loop->telegram), wake_at(&c),
		    stop_fd());
		turn_once(&c);
	}
	wind_up(&c);
	if (c.out != OUT_OK) {
		*fault = c.fault;
		return c.out;
	}
	if (loop->poller == NULL)
		return delivery_reached(loop->delivery, fault);
	enum outcome out = poller_reached(loop->poller, c.draining, fault);
	return out == OUT_OK ? turn_has_flow(loop->turn, fault) : out;
}
