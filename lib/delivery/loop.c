/* SPDX-License-Identifier: MIT */
#include "delivery/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "delivery/course.h"
#include "delivery/press.h"
#include "store/prune.h"
#include "turn/pickup.h"

/* A row that another process wrote is seen within this time. */
#define TICK_MS 250

/* What a webhook brought: somebody waits for the answer. */
#define WATCH_MS 100

/* After a signal. */
#define STOP_GRACE_MS 4000

/* What cannot be brought to its end is settled this long before the hard end,
 * and that may take so long. */
#define WIND_UP_BEFORE_MS 10000
#define WIND_UP_MS 5000

/* What answers are waited for together; a commit costs as much. */
#define GATHER_MS 4

#define PRUNE_BATCH 200
#define PICKUP_MS 2000

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
		http_run(telegram_http(l->telegram), until,
		    handlers_fd(l->handlers));
		collect(c);
	}
}

/* Once, not every 2 s; the old version goes on meanwhile. */
static void
pickup_tell(struct course *c, enum outcome out, const struct fault *fault)
{
	if (out == OUT_BUG)
		course_give_up(c, out, fault);
	else if (out != OUT_OK && !c->pickup_failed)
		log_warning("FLOW_FILE could not be looked at, it will be "
			    "again: %s",
		    fault->text);
	c->pickup_failed = out != OUT_OK;
	if (c->pickup_failed)
		c->pickup_fault = *fault;
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
	if (l->poller != NULL)
		poller_look(l->poller, c->dirty);
	if (l->poller != NULL && !c->draining && mono >= c->pickup_at) {
		c->pickup_at = mono + PICKUP_MS;
		enum outcome out = pickup_flow(l->db, l->config,
		    mono + COURSE_BEGIN_MS, &deployed, &fault);
		pickup_tell(c, out, &fault);
	}
	if (c->dirty || deployed) {
		enum outcome out = turn_refresh(l->turn, &fault);
		if (out != OUT_OK)
			course_give_up(c, out, &fault);
	}
}

static void
prune(struct course *c)
{
	struct loop *l = c->loop;
	struct fault fault;
	struct pruned pruned = { 0 };
	/* Nobody waits for it: a busy or full disk is told by what matters. */
	enum outcome out = prune_some(l->db, &l->retention, clock_wall_ms(),
	    PRUNE_BATCH, clock_mono_ms() + COURSE_BEGIN_MS, &pruned, &fault);

	c->pruned = out != OUT_OK || pruned_sum(&pruned) == 0;
	c->has_pruned = true;
}

static void
prune_when_idle(struct course *c)
{
	if (!c->pruned && !c->more &&
	    delivery_in_flight(c->loop->delivery) == 0 &&
	    c->next_at >= clock_wall_ms() + 1000)
		prune(c);
}

static void
turn_once(struct course *c)
{
	struct loop *l = c->loop;

	gather(c);
	if (stop_wanted())
		handlers_abandon(l->handlers);
	else
		handlers_work(l->handlers);
	look_around(c);
	if (l->poller != NULL && poller_has_answer(l->poller)) {
		if (!course_store(c)) {
			poller_peek(l->poller);
			press_answer(l);
			return;
		}
		c->dirty = true;
	}
	course_poll(c);
	bool due = course_may_start(c) && c->next_at <= clock_wall_ms();
	if (c->dirty || c->more || due || delivery_has_results(l->delivery) ||
	    handlers_have_results(l->handlers))
		course_work(c);
	press_answer(l);
	if (course_may_start(c) && exchange_is_due(l->exchange) &&
	    exchange_round(l->exchange))
		c->dirty = true;
	prune_when_idle(c);
}

/* Calls besides the poll: messages, and answers to pressed buttons; and
 * handlers. */
static int
under_way(const struct loop *l)
{
	bool polling = l->poller != NULL && poller_busy(l->poller) &&
	    !poller_has_answer(l->poller);

	return http_running(telegram_http(l->telegram)) - (int)polling +
	    handlers_running(l->handlers);
}

/* Nothing is left to do at once. */
static bool
idle(const struct course *c)
{
	const struct loop *l = c->loop;

	if (under_way(l) > 0 || delivery_has_results(l->delivery) ||
	    handlers_have_results(l->handlers))
		return false;
	if (!course_may_start(c))
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

	if (mono >= l->hard_end - WIND_UP_BEFORE_MS)
		return true;
	if (stop_wanted())
		return delivery_in_flight(l->delivery) == 0 ||
		    mono >= stop_since() + STOP_GRACE_MS;
	if (l->poller != NULL && poller_report(l->poller)->stopped)
		course_give_up(c, OUT_NEVER, &poller_report(l->poller)->fault);
	if (delivery_stopped(l->delivery) != NULL)
		course_give_up(c, OUT_NEVER, delivery_stopped(l->delivery));
	if (c->out != OUT_OK)
		return delivery_in_flight(l->delivery) == 0 ||
		    db_broken(l->db);
	if (l->one_pass)
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
	return under_way(l) == 0 && !handlers_have_results(l->handlers) &&
	    !unheard(c);
}

static int64_t
wake_at(const struct course *c)
{
	const struct loop *l = c->loop;
	int64_t mono = clock_mono_ms(), wall = clock_wall_ms();
	bool watches = l->poller != NULL && poller_watches(l->poller);
	int64_t at = mono + (watches ? WATCH_MS : TICK_MS);

	if (c->locked_since != 0)
		return mono + (c->out == OUT_OK ? 5 : COURSE_BEGIN_MS);
	if (c->more || delivery_has_results(l->delivery) ||
	    handlers_have_results(l->handlers))
		return mono;
	if (handlers_due(l->handlers) < at)
		at = handlers_due(l->handlers);
	if (course_may_start(c) && c->next_at < wall + TICK_MS)
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
	int64_t until = clock_mono_ms() + WIND_UP_MS;

	if (l->poller != NULL)
		poller_cancel(l->poller);
	collect(c);
	delivery_abandon(l->delivery);
	handlers_abandon(l->handlers);
	while ((delivery_has_results(l->delivery) ||
		   handlers_have_results(l->handlers)) &&
	    clock_mono_ms() < until) {
		enum outcome out = db_begin(l->db, until, &fault);
		if (out == OUT_OK)
			out = delivery_settle(l->delivery, clock_wall_ms(),
			    &fault);
		if (out == OUT_OK)
			out = handlers_settle(l->handlers, clock_wall_ms(),
			    &fault);
		if (out == OUT_OK)
			out = db_commit(l->db, &fault);
		if (out == OUT_OK) {
			delivery_start(l->delivery);
			handlers_start(l->handlers);
			turn_committed(l->turn);
			return;
		}
		db_rollback(l->db);
		delivery_undo(l->delivery);
		handlers_undo(l->handlers);
		turn_undone(l->turn);
		course_give_up(c, out, &fault);
		clock_sleep_until(clock_mono_ms() + COURSE_BEGIN_MS);
	}
}

/* Nobody can mend a flow that the disk, or memory, did not take. */
static enum outcome
has_flow(const struct course *c, struct fault *fault)
{
	enum outcome out = turn_has_flow(c->loop->turn, fault);

	if (out != OUT_OK && c->pickup_failed &&
	    c->pickup_fault.code != EXIT_INPUT) {
		*fault = c->pickup_fault;
		out = fault->what;
	}
	return out;
}

enum outcome
loop_run(struct loop *loop, struct fault *fault)
{
	struct course c = { .loop = loop,
		.dirty = true,
		.careful = loop->careful ? COURSE_TASKS : 0,
		.asked_after = INT64_MIN,
		.broadcast_at = CLOCK_NEVER,
		.out = OUT_OK };

	while (!finished(&c)) {
		http_run(telegram_http(loop->telegram), wake_at(&c),
		    handlers_fd(loop->handlers));
		turn_once(&c);
	}
	wind_up(&c);
	/* A bot that is never idle must not grow for ever. */
	if (c.out == OUT_OK && !c.has_pruned && !stop_wanted())
		prune(&c);
	if (c.out != OUT_OK) {
		*fault = c.fault;
		return c.out;
	}
	if (loop->poller == NULL)
		return delivery_reached(loop->delivery, fault);
	enum outcome out = poller_reached(loop->poller, c.draining, fault);
	return out == OUT_OK ? has_flow(&c, fault) : out;
}
