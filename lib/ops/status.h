/* SPDX-License-Identifier: MIT */
/*
 * What is known of a bot at one moment: the verdict, what waits, what was done
 * today and yesterday, the last day by quarters of an hour, three months by
 * days.  Pages are made of it; it holds no name, text, phone or id of a person.
 */
#ifndef LEADPIPE_STATUS_H
#define LEADPIPE_STATUS_H

#include <jansson.h>

#include "base/zone.h"
#include "ops/check.h"
#include "store/db.h"

#define STATUS_SLOTS 96
#define STATUS_DAYS 90
#define STATUS_RUNS 24
#define STATUS_INCIDENTS 20

/* Of one of the last STATUS_SLOTS quarters of an hour; -1: nobody looked. */
struct status_slot {
	double received, sent, slowest_ms; /* counted, never -1 */
	double late_ms, queue, leads;
};

struct status_day {
	int64_t ok_ms, warning_ms, critical_ms; /* all 0: nobody looked */
};

struct status_period {
	int64_t people, received, sent, reminders, failed, leads, created;
};

struct status_run {
	char command[40];
	int64_t started_at, ended_at;  /* ended_at 0: it runs */
	int64_t exit_code, success_at; /* 0: none that is known */
	bool crashed;
};

struct status_incident {
	char key[128], text[320]; /* text: "" none */
	enum check_state state;
	int64_t began_at, ended_at; /* 0: it lasts */
};

struct status {
	int64_t now, every_ms; /* rendered again after that */
	const char *title;     /* NULL: made of the bot's id */
	int64_t bot_id;	       /* 0: not known */
	bool public;	       /* for everybody: no numbers of the business */
	bool known;	       /* the database could be read */

	const struct checks *checks;
	enum check_state state;
	int64_t since; /* of the state; 0: not known */
	const struct zone *zone;
	char zone_name[64], flow[64]; /* flow: its id, "" without one */

	struct status_period today, by_now, yesterday; /* by_now: yesterday's
							  same hours */
	struct status_slot slots[STATUS_SLOTS];	       /* the oldest first */
	int64_t first_slot;			       /* when it begins */
	struct status_day days[STATUS_DAYS]; /* the last one is today */
	int64_t today_day;		     /* its number */
	struct status_run runs[STATUS_RUNS];
	int run_count;
	struct status_incident incidents[STATUS_INCIDENTS]; /* the youngest
							       first */
	int incident_count;
	json_t *funnels;    /* name to steps of funnel_count(); NULL: none */
	int64_t funnels_at; /* when they were counted */
	bool funnels_fresh; /* by this very process: worth keeping */
};

/* Fills STATUS, of which NOW, EVERY_MS, TITLE, BOT_ID, PUBLIC and CHECKS are
 * set, from CHECKS and DB (NULL: cannot be read).  Reads only. */
enum outcome status_read(struct status *status, struct db *db,
    struct fault *fault) must_check;
void status_release(struct status *status);

/* Counts the flow's funnels again when the last count is old. */
enum outcome status_funnels(struct status *status, struct db *db,
    struct fault *fault) must_check;

/* The number of the day that WALL_MS is in, in the calendar of ZONE. */
int64_t status_day(const struct zone *zone, int64_t wall_ms);

/* TEXT, which may quote others, without control characters, secrets and what
 * looks like a person's data; the caller frees it. */
char *status_clean(const char *text);

#endif
