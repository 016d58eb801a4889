/* SPDX-License-Identifier: MIT */
#include "delivery/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/bench.h"

#define SLOTS_DEFAULT 8
#define SLOTS_MOST 64

/* When the system has no room for another process. */
#define NO_ROOM_MS 1000

static enum outcome
read_slots(const struct config *config, int64_t *slots, struct fault *fault)
{
	return config_int(config, "LEADPIPE_HANDLER_SLOTS", 1, SLOTS_MOST,
	    SLOTS_DEFAULT, slots, fault);
}

enum outcome
handlers_check_config(const struct config *config, struct fault *fault)
{
	int64_t slots;

	return read_slots(config, &slots, fault);
}

static void
watch(struct handlers *h, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0)
		epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event);
}

enum outcome
handlers_open(struct handlers **handlers, struct db *db, struct turn *turn,
    const struct worker *worker, const struct config *config,
    struct fault *fault)
{
	int64_t slots;
	enum outcome out = read_slots(config, &slots, fault);

	*handlers = NULL;
	if (out != OUT_OK)
		return out;
	struct handlers *h = mem_alloc(sizeof *h);
	*h = (struct handlers){ .db = db,
		.turn = turn,
		.worker = worker->id,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.count = (int)slots };
	h->benches = mem_alloc((size_t)slots * sizeof *h->benches);
	watch(h, stop_fd());
	*handlers = h;
	return OUT_OK;
}

static void
bench_free(struct bench *bench)
{
	child_close(bench->child);
	handler_release(&bench->handler);
	json_decref(bench->end.output);
	*bench = (struct bench){ .phase = BENCH_FREE };
}

void
handlers_close(struct handlers *h)
{
	if (h == NULL)
		return;
	for (int i = 0; i < h->count; i++)
		bench_free(&h->benches[i]);
	if (h->epoll >= 0)
		close(h->epoll);
	free(h->benches);
	free(h);
}

int
handlers_fd(const struct handlers *h)
{
	return h->epoll;
}

static int
count_in(const struct handlers *h, enum bench_phase phase)
{
	int count = 0;

	for (int i = 0; i < h->count; i++)
		count += h->benches[i].phase == phase;
	return count;
}

int64_t
handlers_due(const struct handlers *h)
{
	int64_t due = CLOCK_NEVER;

	for (int i = 0; i < h->count; i++)
		if (h->benches[i].phase == BENCH_RUNNING &&
		    child_due(h->benches[i].child) < due)
			due = child_due(h->benches[i].child);
	return due;
}

/* Who did not end by itself did not end what it started either, be it in a
 * process group of its own. */
static void
sweep(const struct bench *bench)
{
	if (handler_kill_left(&bench->handler) > 0)
		log_event(LOG_INFO, "handler_left_processes", "exec=%lld",
		    (long long)bench->exec.id);
}

void
handlers_work(struct handlers *h)
{
	for (int i = 0; i < h->count; i++) {
		struct bench *bench = &h->benches[i];
		if (bench->phase != BENCH_RUNNING || !child_work(bench->child))
			continue;
		bench->phase = BENCH_ENDED;
		if (child_result(bench->child)->status < 0)
			sweep(bench);
	}
}

bool
handlers_have_results(const struct handlers *h)
{
	return count_in(h, BENCH_ENDED) > 0;
}

int
handlers_running(const struct handlers *h)
{
	return count_in(h, BENCH_RUNNING);
}

static struct bench *
find_free(struct handlers *h)
{
	for (int i = 0; i < h->count; i++)
		if (h->benches[i].phase == BENCH_FREE)
			return &h->benches[i];
	return NULL;
}

static void
give_up(struct bench *bench, enum handler_verdict verdict, const char *why)
{
	bench->end.verdict = verdict;
	snprintf(bench->end.why, sizeof bench->end.why, "%s", why);
}

/* Claims EXEC into BENCH.  What cannot be run at all has ended, but is settled
 * later: should the flow kill us as it goes on, it must be on disk whose turn
 * it was. */
static enum outcome
claim_one(struct handlers *h, struct bench *bench, struct exec *exec,
    int64_t now, struct fault *fault)
{
	struct fault why;
	enum outcome out = execs_claim(h->db, exec, h->worker, now, fault);
	enum outcome plan = OUT_OK;

	if (out != OUT_OK)
		return out;
	if (exec->tries >= 2 * EXECS_TRIES)
		give_up(bench, HANDLER_DEADLY,
		    "the command died each time the flow went on");
	else if (exec->tries >= EXECS_TRIES)
		give_up(bench, HANDLER_FAILED,
		    "the command died each time it went on with its answer");
	else if (exec->crashes >= EXECS_CRASHES)
		give_up(bench, HANDLER_FAILED,
		    "the command died each time while it ran");
	else
		plan = handler_plan(h->db, exec, &bench->handler, &why);
	if (plan == OUT_NEVER && !db_broken(h->db)) {
		give_up(bench, HANDLER_FAILED, why.text);
	} else if (plan != OUT_OK) {
		handler_release(&bench->handler);
		*fault = why;
		return plan;
	}
	bench->exec = *exec;
	bench->exec.flow = bench->exec.place = bench->exec.request =
	    bench->exec.resume = bench->exec.task_name = bench->exec.reason =
		NULL;
	bench->phase = BENCH_CLAIMED;
	return OUT_OK;
}

enum outcome
handlers_claim(struct handlers *h, int64_t now, struct fault *fault)
{
	struct exec_place place = { INT64_MIN, 0 };
	struct bench *bench;
	struct exec exec;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && execs_ready(h->db, now, &place, &exec)) {
		bench = find_free(h);
		if (bench == NULL)
			break;
		out = claim_one(h, bench, &exec, now, fault);
	}
	return out == OUT_OK ? db_result(h->db, fault) : out;
}

static enum outcome
run(struct bench *bench, struct fault *fault)
{
	/* A command that was killed could not end what it had started. */
	if (bench->exec.crashes > 0 && handler_kill_left(&bench->handler) > 0)
		log_warning("exec %lld: what a killed command left running "
			    "was ended",
		    (long long)bench->exec.id);
	return handler_start(&bench->handler, &bench->child, fault);
}

static void
start(struct handlers *h, struct bench *bench)
{
	struct fault fault;
	enum outcome out;

	bench->phase = BENCH_ENDED;
	if (*bench->end.why != '\0')
		return;
	out = run(bench, &fault);
	if (out == OUT_OK) {
		bench->phase = BENCH_RUNNING;
		watch(h, child_fd(bench->child));
		log_event(LOG_DEBUG, "handler_started",
		    "exec=%lld chat=%lld attempt=%d",
		    (long long)bench->exec.id, (long long)bench->exec.chat_id,
		    bench->exec.attempt);
		return;
	}
	give_up(bench, out == OUT_LATER ? HANDLER_BACK : HANDLER_FAILED,
	    fault.text);
	bench->end.not_before = clock_wall_ms() + NO_ROOM_MS;
}

void
handlers_start(struct handlers *h)
{
	for (int i = 0; i < h->count; i++) {
		if (h->benches[i].phase == BENCH_SETTLED)
			bench_free(&h->benches[i]);
		else if (h->benches[i].phase == BENCH_CLAIMED)
			start(h, &h->benches[i]);
	}
}

void
handlers_undo(struct handlers *h)
{
	for (int i = 0; i < h->count; i++) {
		if (h->benches[i].phase == BENCH_CLAIMED)
			bench_free(&h->benches[i]);
		else if (h->benches[i].phase == BENCH_SETTLED)
			h->benches[i].phase = BENCH_ENDED;
	}
}

int64_t
handlers_next(struct handlers *h)
{
	return find_free(h) ? execs_next_ready(h->db) : CLOCK_NEVER;
}

void
handlers_abandon(struct handlers *h)
{
	handlers_work(h);
	/* It stays readable: whoever waits for us would do so in a spin. */
	epoll_ctl(h->epoll, EPOLL_CTL_DEL, stop_fd(), NULL);
	for (int i = 0; i < h->count; i++) {
		struct bench *bench = &h->benches[i];
		if (bench->phase != BENCH_RUNNING)
			continue;
		child_close(bench->child);
		bench->child = NULL;
		sweep(bench);
		give_up(bench, HANDLER_BACK,
		    "the command ended while the handler ran");
		bench->phase = BENCH_ENDED;
	}
}
