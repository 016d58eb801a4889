/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "ops/check_component.h"
#include "store/broadcasts.h"
#include "store/stuck.h"

/* A rate over fewer attempts says nothing. */
#define RATE_ATTEMPTS 20

/* Whoever paused it by hand has forgotten it. */
#define PAUSED_MS (INT64_C(24) * 60 * 60 * 1000)

#define LIST "'leadpipe recover-pending --list "

struct amount {
	const char *metric;
	int64_t count, since;
	const char *what; /* before the number */
	const char *remedy;
};

static void
check_amount(struct checks *checks, const struct amount *amount)
{
	struct check *check =
	    checks_measure(checks, amount->metric, (double)amount->count);

	check->since = amount->since;
	check_say(check, "%s: %lld", amount->what, (long long)amount->count);
	check_mend(check, "%s", amount->remedy);
}

static void
check_lag(struct checks *checks, const struct stuck *stuck)
{
	char span[CLOCK_TEXT_SIZE];
	struct check *check =
	    checks_measure_age(checks, "due_lag", stuck->oldest_due_at, span);

	if (check->value > 0)
		check_say(check, "the oldest due waits %s", span);
	else
		check_say(check, "nothing is late");
	check_mend(check,
	    "is cron running? 'leadpipe send-due -v' sends what is due and "
	    "says what keeps it");
}

/* A handler that is never run keeps all that comes for its chat. */
static void
check_handler_age(struct checks *checks, const struct stuck *stuck)
{
	char span[CLOCK_TEXT_SIZE];
	struct check *check = checks_measure_age(checks, "handler_age",
	    stuck->execs_since, span);

	if (check->value > 0)
		check_say(check, "the oldest handler is open for %s", span);
	else
		check_say(check, "no handler is open");
	check_mend(check,
	    "'leadpipe poll-updates -v' and 'leadpipe send-due -v' run it and "
	    "say why it does not end");
}

static void
check_rate(struct checks *checks, const struct stuck *stuck)
{
	bool enough = stuck->attempts >= RATE_ATTEMPTS;
	double rate = enough
	    ? 100.0 * (double)stuck->failures / (double)stuck->attempts
	    : 0;
	struct check *check = checks_measure(checks, "error_rate", rate);

	check_say(check, "%.0f %% of %lld attempts failed in 15 min", rate,
	    (long long)stuck->attempts);
	check_mend(check,
	    "'leadpipe send-due -v' says what fails; "
	    "'leadpipe check-config --online' probes the line");
}

static void
check_broadcast(struct checks *checks, const struct broadcast *b)
{
	bool by_hand = b->reason == NULL;
	char span[CLOCK_TEXT_SIZE];

	if (b->state != BROADCAST_PAUSED ||
	    (by_hand && checks->now - b->moved_at < PAUSED_MS))
		return;
	struct check *check = checks_add(checks, "queue", "broadcast");
	check->state = CHECK_WARNING;
	check->since = b->moved_at;
	check_of(check, b->name);
	check_say(check, "broadcast %lld is paused%s for %s", (long long)b->id,
	    by_hand ? "" : ", not by hand,",
	    check_span(checks->now - b->moved_at, span));
	check_mend(check,
	    "'leadpipe send-broadcast --status %lld' says why, then --resume "
	    "or --cancel",
	    (long long)b->id);
}

static void
check_broadcasts(struct checks *checks, struct db *db)
{
	struct broadcast b = { .id = 0 };

	while (broadcasts_next(db, b.id, &b))
		check_broadcast(checks, &b);
}

void
check_queue(struct checks *checks, struct db *db, const struct config *config)
{
	struct stuck stuck;
	struct fault fault;

	(void)config;
	if (stuck_count(db, checks->now, &stuck, &fault) != OUT_OK) {
		checks_fault(checks, "queue", "queue", &fault);
		return;
	}
	const struct amount amounts[] = {
		{ "tasks", stuck.tasks_waiting, 0, "tasks waiting",
		    "'leadpipe list-tasks' shows them" },
		{ "ready", stuck.messages_ready, 0, "messages ready",
		    "'leadpipe send-due' sends them" },
		{ "updates", stuck.updates_waiting, stuck.updates_since,
		    "updates waiting",
		    "is there a flow? 'leadpipe poll-updates -v' says what "
		    "keeps them" },
		{ "parked", stuck.updates_parked, stuck.parked_since,
		    "updates parked",
		    LIST "update' shows why, then "
			 "--retry or --drop" },
		{ "ambiguous", stuck.ambiguous, stuck.ambiguous_since,
		    "messages ambiguous",
		    "they are sent again by themselves; " LIST "message'" },
		{ "unknown", stuck.unknown, stuck.unknown_since,
		    "messages that may have arrived",
		    LIST "message' shows them, "
			 "then --sent, --resend or --drop" },
		{ "held", stuck.held, 0, "messages held",
		    LIST "message' shows them" },
		{ "dead", stuck.dead, stuck.dead_since, "dead letters",
		    "'leadpipe recover-pending --list' shows what mends each" },
		{ "handlers", stuck.execs_open, 0, "handlers open",
		    "each is run by poll-updates or send-due, as many at "
		    "once as LEADPIPE_HANDLER_SLOTS says" },
		{ "unhandled", stuck.execs_failed, 0,
		    "handlers that failed in 15 min",
		    "the log of poll-updates and send-due says why; the flow "
		    "went on with `on_error`" },
	};
	check_lag(checks, &stuck);
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
		check_amount(checks, &amounts[i]);
	check_handler_age(checks, &stuck);
	check_rate(checks, &stuck);
	check_broadcasts(checks, db);
}
