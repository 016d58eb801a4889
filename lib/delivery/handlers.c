/* SPDX-License-Identifier: MIT */
#include "delivery/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "turn/handler.h"
#include "turn/turn_exec.h"

#define SLOTS_DEFAULT 8
#define SLOTS_MOST 64

/* Of what it says on stderr. */
#define ERROR_LINES 20

/* When the system has no room for another process. */
#define NO_ROOM_MS 1000

/*
 *   FREE -> CLAIMED -> RUNNING -> ENDED -> SETTLED -> FREE
 *
 * CLAIMED and SETTLED are of the open transaction and go back one step when it
 * fails.
 */
enum bench_phase {
	BENCH_FREE,
	BENCH_CLAIMED,
	BENCH_RUNNING,
	BENCH_ENDED,
	BENCH_SETTLED
};

struct bench {
	enum bench_phase phase;
	struct exec exec; /* without texts */
	struct handler handler;
	struct child *child;
	struct handler_end end; /* without a child: how it ended */
	bool logged;
};

struct handlers {
	struct db *db;
	struct turn *turn;
	int64_t worker;
	int epoll;
	struct bench *benches;
	int count;
};

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

/* What it wrote on stderr is for who wrote it: always when it failed, else
 * when somebody wants to know. */
static void
log_errors(const struct bench *bench)
{
	const struct child_result *result = child_result(bench->child);
	bool well = result->status == 0 && !result->timed_out;
	char *line, *rest = result->errors.data;

	for (int left = ERROR_LINES;
	     left > 0 && (line = rest ? strsep(&rest, "\n") : NULL) != NULL;
	     left--)
		if (*line != '\0') {
			log_mask(line);
			log_event(well ? LOG_INFO : LOG_WARNING,
			    "handler_said", "exec=%lld chat=%lld text=%s",
			    (long long)bench->exec.id,
			    (long long)bench->exec.chat_id, log_quote(line));
		}
}

static enum outcome
settle_one(struct handlers *h, struct bench *bench, int64_t now,
    struct fault *fault)
{
	if (bench->child != NULL && !bench->logged)
		log_errors(bench);
	bench->logged = true;
	return turn_exec_end(h->turn, &bench->exec, h->worker,
	    bench->child ? child_result(bench->child) : NULL, &bench->end, now,
	    fault);
}

enum outcome
handlers_settle(struct handlers *h, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < h->count && out == OUT_OK; i++) {
		if (h->benches[i].phase != BENCH_ENDED)
			continue;
		out = settle_one(h, &h->benches[i], now, fault);
		h->benches[i].phase = BENCH_SETTLED;
	}
	return out;
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

/* Claims EXEC into BENCH; what cannot be run at all is settled at once. */
static enum outcome
claim_one(struct handlers *h, struct bench *bench, struct exec *exec,
    int64_t now, struct fault *fault)
{
	struct fault why;
	enum outcome out = execs_claim(h->db, exec, h->worker, now, fault);
	enum outcome plan = OUT_OK;

	if (out != OUT_OK)
		return out;
	if (exec->crashes >= EXECS_CRASHES)
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
	if (*bench->end.why == '\0')
		return OUT_OK;
	out = settle_one(h, bench, now, fault);
	bench_free(bench);
	return out;
}

enum outcome
handlers_claim(struct handlers *h, int64_t now, bool *more,
    struct fault *fault)
{
	struct exec_place place = { INT64_MIN, 0 };
	struct bench *bench;
	struct exec exec;
	enum outcome out = OUT_OK;

	*more = false;
	while (out == OUT_OK && execs_ready(h->db, now, &place, &exec)) {
		bench = find_free(h);
		if (bench == NULL)
			break;
		out = claim_one(h, bench, &exec, now, fault);
		/* Its flow went on and may want the next one. */
		if (bench->phase == BENCH_FREE)
			*more = true;
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
	enum outcome out = run(bench, &fault);

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
	bench->phase = BENCH_ENDED;
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
