/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "store/broadcasts.h"
#include "store/chats.h"
#include "store/runs.h"
#include "store/worker_life.h"

#define LOOK_MS 500

/* What a shorter time tells of the rest is too little. */
#define PATIENCE_MS 2000

/* Cron starts what sends every minute. */
#define LATELY_MS (2 * 60 * 1000)

/* The process ends by itself when one look takes longer. */
#define LIFE_MS 60000

bool
broadcast_sender(struct db *db, int64_t now)
{
	struct run_row row = { 0 };
	char command[40] = "";
	bool found = false;

	while (runs_last(db, command, &row)) {
		snprintf(command, sizeof(command), "%s", row.command);
		if (strcmp(command, "poll-updates") != 0 &&
		    strcmp(command, "send-due") != 0)
			continue;
		if (row.finished_at >= now - LATELY_MS ||
		    (row.finished_at == 0 && !row.crashed &&
			worker_lives(db, row.worker)))
			found = true;
	}
	return found;
}

/* What one look saw. */
struct sight {
	enum broadcast_state state;
	bool through;
	struct broadcast_counts counts;
};

static enum outcome
look(struct run *run, int64_t id, struct sight *sight)
{
	struct broadcast broadcast = { 0 };
	char which[24];
	enum outcome out = run->db ? OUT_OK : run_open_db(run, DB_READ);

	snprintf(which, sizeof(which), "%lld", (long long)id);
	if (out == OUT_OK && !broadcasts_find(run->db, which, &broadcast))
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "broadcast %s is not there any more", which);
	if (out == OUT_OK)
		out =
		    broadcasts_count(run->db, id, &sight->counts, &run->fault);
	sight->state = broadcast.state;
	sight->through = broadcast.through;
	return out;
}

/* How far it got: of the people in its audience, or before these are known of
 * all that are looked at. */
struct way {
	int64_t at, size;
};

static struct way
way_of(const struct sight *sight, int64_t people)
{
	const struct broadcast_counts *n = &sight->counts;

	if (sight->through)
		return (struct way){ n->chosen - n->waiting, n->chosen };
	return (struct way){ n->looked - n->waiting,
		people > n->looked ? people : n->looked };
}

static void
add_left(struct buf *line, const struct way *way, int64_t done, int64_t ms)
{
	char span[CLOCK_TEXT_SIZE];
	int64_t left;

	if (done <= 0 || way->size <= way->at)
		return;
	left = (way->size - way->at) * ms / done;
	buf_printf(line, ", %s left",
	    clock_span_text(left / 1000 * 1000 + 1000, span));
}

static void
show(void (*tell)(const char *line), const struct sight *now,
    const struct sight *first, int64_t people, int64_t ms)
{
	struct buf line = BUF_INIT(400);
	const struct broadcast_counts *n = &now->counts;
	struct way way = way_of(now, people), before = way_of(first, people);
	int64_t failed = n->dead + n->unknown + n->expired;
	int64_t left_out = n->blocked + n->unsubscribed;

	terminal_add_progress(&line, way.at, way.size, n->sent, "sent");
	if (failed > 0)
		buf_printf(&line, ", %lld failed", (long long)failed);
	if (left_out > 0)
		buf_printf(&line, ", %lld blocked or unsubscribed",
		    (long long)left_out);
	if (ms >= PATIENCE_MS && n->sent > first->counts.sent)
		buf_printf(&line, ", %.1f/s",
		    (double)(n->sent - first->counts.sent) * 1000 /
			(double)ms);
	if (ms >= PATIENCE_MS && now->through == first->through)
		add_left(&line, &way, way.at - before.at, ms);
	else if (ms >= PATIENCE_MS)
		add_left(&line, &way, n->sent - first->counts.sent, ms);
	tell(line.data);
	buf_release(&line);
}

/* Who looks on for an hour must not wait for a cron that is not there. */
static void
look_for_sender(struct run *run, const struct broadcast_tell *tell, bool *told)
{
	if (*told || broadcast_sender(run->db, clock_wall_ms()))
		return;
	*told = true;
	tell->silence();
}

static bool
goes_on(enum broadcast_state state)
{
	return state == BROADCAST_RUNNING || state == BROADCAST_SCHEDULED;
}

enum outcome
broadcast_watch(struct run *run, int64_t id, const struct broadcast_tell *tell,
    bool *ended)
{
	int64_t since = clock_mono_ms(), people = 0;
	bool told = false;
	struct sight first, now;
	enum outcome out = look(run, id, &first);

	now = first;
	if (out == OUT_OK)
		people = chats_people(run->db);
	while (out == OUT_OK && goes_on(now.state) && !stop_wanted()) {
		stop_hard_at(clock_mono_ms() + LIFE_MS);
		look_for_sender(run, tell, &told);
		show(tell->line, &now, &first, people,
		    clock_mono_ms() - since);
		db_close(run->db);
		run->db = NULL;
		clock_sleep_until(clock_mono_ms() + LOOK_MS);
		out = look(run, id, &now);
	}
	*ended = !goes_on(now.state);
	return out;
}
