/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_desk.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "ops/broadcast_report.h"
#include "turn/broadcast_text.h"

#define WAIT_MS 30000

static enum outcome
find(struct run *run, const char *which, struct broadcast *broadcast)
{
	if (broadcasts_find(run->db, which, broadcast))
		return OUT_OK;
	if (db_result(run->db, &run->fault) != OUT_OK)
		return run->fault.what;
	return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
	    "there is no broadcast '%.64s'; 'leadpipe send-broadcast --list' "
	    "shows all",
	    which);
}

static enum outcome
add_status(struct run *run, const struct broadcast *broadcast, struct buf *out)
{
	struct broadcast_counts counts;
	enum outcome done =
	    broadcasts_count(run->db, broadcast->id, &counts, &run->fault);

	if (done != OUT_OK)
		return done;
	if (run->shared.json) {
		broadcast_line_add(out, broadcast, &counts, clock_wall_ms(),
		    true);
		return OUT_OK;
	}
	broadcast_text(out, broadcast, &counts);
	buf_add_char(out, '\n');
	return OUT_OK;
}

enum outcome
broadcast_desk_show(struct run *run, const char *which, struct buf *out,
    struct broadcast *broadcast)
{
	enum outcome done = find(run, which, broadcast);

	return done == OUT_OK ? add_status(run, broadcast, out) : done;
}

enum outcome
broadcast_desk_list(struct run *run, struct buf *out)
{
	struct broadcast_counts counts;
	struct broadcast broadcast = { 0 };
	enum outcome done = OUT_OK;

	if (!run->shared.json && isatty(STDOUT_FILENO))
		buf_add_text(out, broadcast_line_head);
	while (done == OUT_OK &&
	    broadcasts_next(run->db, broadcast.id, &broadcast)) {
		done = broadcasts_count(run->db, broadcast.id, &counts,
		    &run->fault);
		broadcast_line_add(out, &broadcast, &counts, clock_wall_ms(),
		    run->shared.json);
	}
	if (broadcast.id == 0 && !run->shared.json)
		buf_add_text(out, "there is no broadcast yet\n");
	return done == OUT_OK ? db_result(run->db, &run->fault) : done;
}

struct reporting {
	struct buf *out;
	bool json;
};

static bool
report_person(const struct broadcast_person *person, void *arg)
{
	const struct reporting *r = arg;

	broadcast_person_add(r->out, person, r->json);
	return !r->out->overflow;
}

/* All of it is read before any of it is printed: a slow reader must not keep
 * the database from being tidied up. */
enum outcome
broadcast_desk_report(struct run *run, const char *which, bool bom,
    struct buf *out)
{
	struct reporting r = { out, run->shared.json };
	struct broadcast broadcast;
	enum outcome done = find(run, which, &broadcast);

	if (bom)
		buf_add_text(out, "\xef\xbb\xbf");
	if (!r.json)
		buf_add_text(out, broadcast_person_head);
	if (done == OUT_OK)
		done = broadcasts_people(run->db, broadcast.id, report_person,
		    &r, &run->fault);
	if (done == OUT_OK && out->overflow)
		done = fault_set(&run->fault, OUT_NEVER, EXIT_REFUSED,
		    "the report is longer than %u bytes", BROADCAST_PRINT_MAX);
	return done;
}

/* Who resumes one that is over may mean those who did not get it. */
static enum outcome
refuse_change(struct run *run, const struct broadcast *broadcast,
    enum broadcast_change change)
{
	struct broadcast_counts counts = { 0 };
	char failed[80] = "";
	enum outcome out = change == CHANGE_RESUME
	    ? broadcasts_count(run->db, broadcast->id, &counts, &run->fault)
	    : OUT_OK;

	if (out != OUT_OK)
		return out;
	if (counts.dead > 0)
		snprintf(failed, sizeof(failed),
		    "; %lld failed: --report %lld shows why",
		    (long long)counts.dead, (long long)broadcast->id);
	return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
	    "broadcast %lld is %s%s", (long long)broadcast->id,
	    broadcast_state_name(broadcast->state), failed);
}

/* Inside a transaction. */
static enum outcome
apply(struct run *run, const char *which, enum broadcast_change change)
{
	static const enum broadcast_state wanted[] = {
		[CHANGE_PAUSE] = BROADCAST_PAUSED,
		[CHANGE_RESUME] = BROADCAST_RUNNING,
		[CHANGE_CANCEL] = BROADCAST_CANCELLED,
	};
	struct broadcast broadcast;
	int64_t now = clock_wall_ms();
	bool changed = false;
	enum outcome out = find(run, which, &broadcast);

	if (out == OUT_OK)
		out = change == CHANGE_PAUSE
		    ? broadcasts_pause(run->db, broadcast.id, NULL, now,
			  &changed, &run->fault)
		    : change == CHANGE_RESUME
		    ? broadcasts_resume(run->db, broadcast.id, now, &changed,
			  &run->fault)
		    : broadcasts_cancel(run->db, broadcast.id, now, &changed,
			  &run->fault);
	if (out != OUT_OK || changed || broadcast.state == wanted[change] ||
	    (change == CHANGE_RESUME &&
		broadcast.state == BROADCAST_SCHEDULED))
		return out;
	return refuse_change(run, &broadcast, change);
}

enum outcome
broadcast_desk_change(struct run *run, const char *which,
    enum broadcast_change change, struct buf *out)
{
	struct broadcast broadcast;
	enum outcome done =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);

	if (done == OUT_OK)
		done = apply(run, which, change);
	done = db_end(run->db, done, &run->fault);
	return done == OUT_OK
	    ? broadcast_desk_show(run, which, out, &broadcast)
	    : done;
}
