/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "crm/jwt.h"
#include "ops/check_component.h"
#include "store/breaker.h"
#include "store/crm_tokens.h"
#include "store/lead_stats.h"
#include "store/runs.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define TOKEN_WARN_MS (30 * DAY_MS)
#define TOKEN_CRITICAL_MS (7 * DAY_MS)

#define UNPAID_MS (INT64_C(30) * 60 * 1000)

#define PROBE "'leadpipe check-config --online' says what is wrong"
#define LIST "'leadpipe recover-pending --list lead' shows "

static void
check_lag(struct checks *checks, const struct lead_stats *stats)
{
	char span[CLOCK_TEXT_SIZE];
	struct check *check =
	    checks_measure_age(checks, "lead_lag", stats->oldest_at, span);

	if (stats->waiting == 0)
		check_say(check, "no lead waits for the CRM");
	else
		check_say(check,
		    "%lld lead%s wait%s for the CRM, for %s at most",
		    (long long)stats->waiting, plural(stats->waiting),
		    stats->waiting == 1 ? "s" : "", span);
	check_mend(check,
	    "'leadpipe sync-crm -v' brings them and says what keeps them; " LIST
	    "why");
}

struct amount {
	const char *metric, *what, *remedy;
	int64_t count, since;
};

static void
check_amounts(struct checks *checks, const struct lead_stats *stats)
{
	const struct amount amounts[] = {
		{ "leads", "leads on their way", LIST "those that fail",
		    stats->waiting, 0 },
		{ "leads_unknown", "leads that the CRM may have",
		    "they are searched for by themselves; " LIST "them",
		    stats->unknown, stats->unknown_since },
		{ "leads_parked", "leads that the CRM does not take",
		    LIST "why, and what mends each", stats->parked,
		    stats->parked_since },
		{ "leads_untold", "leads whose note the CRM does not take",
		    LIST "why; after a 403 give the user of the integration "
			 "rights for notes there; they go by themselves "
			 "within the hour",
		    stats->untold, stats->untold_since },
		{ "leads_doubled", "leads that the CRM has twice",
		    LIST "which, and what mends each", stats->doubled,
		    stats->doubled_since },
		{ "leads_stripped", "leads that lost a field in a day",
		    "the CRM has no such field or value: "
		    "'leadpipe check-config --online' names what is missing",
		    stats->stripped, stats->stripped_since },
	};

	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		struct check *check = checks_measure(checks, amounts[i].metric,
		    (double)amounts[i].count);

		check->since = amounts[i].since;
		check_say(check, "%s: %lld", amounts[i].what,
		    (long long)amounts[i].count);
		check_mend(check, "%s", amounts[i].remedy);
	}
}

/* Nobody can call it: that is worse than a failure, and named first. */
static void
check_shut(struct checks *checks, const char *name, const struct breaker *b)
{
	struct check *check = checks_add(checks, "crm", "circuit");
	char span[CLOCK_TEXT_SIZE];

	check_of(check, name);
	check->since = b->since;
	if (b->kind == BREAKER_FAILING) {
		check->state = CHECK_WARNING;
		if (b->open_until > checks->now)
			check_say(check, "%s is not called for %s more: %s",
			    name,
			    check_span(b->open_until - checks->now, span),
			    b->reason);
		else
			check_say(check,
			    "%s is tried again by the next sync-crm: %s", name,
			    b->reason);
		check_mend(check, "it goes on by itself; " PROBE);
		return;
	}
	/* On accounts that are paid for it comes and goes at night. */
	check->state = strstr(b->reason, "HTTP 402") != NULL &&
		checks->now - b->since < UNPAID_MS
	    ? CHECK_OK
	    : CHECK_CRITICAL;
	check_say(check, "%s %s for %s: %s", name,
	    b->kind == BREAKER_REAUTH	    ? "needs a new authorization"
		: b->kind == BREAKER_DENIED ? "takes no leads"
					    : "shuts us out",
	    check_span(checks->now - b->since, span), b->reason);
	check_mend(check,
	    b->kind == BREAKER_REAUTH
		? "give it a new token ('leadpipe authorize-crm', or the "
		  "long-lived one); the leads wait meanwhile"
		: "see what its text asks for; the leads wait meanwhile and "
		  "are sent by themselves");
}

/* The worst of all CRMs counts. */
static void
check_breakers(struct checks *checks, struct db *db)
{
	int64_t failures = 0, since = 0;
	char name[64] = "", worst[64] = "";
	struct breaker b;
	const char *next;

	while (breaker_next(db, name, &next)) {
		snprintf(name, sizeof(name), "%s", next);
		breaker_load(db, name, &b);
		if (b.failures > failures) {
			failures = b.failures;
			since = b.since;
			memcpy(worst, name, sizeof(worst));
		}
		if (b.since != 0 &&
		    (b.kind != BREAKER_FAILING || b.open_until > 0))
			check_shut(checks, name, &b);
	}
	struct check *check =
	    checks_measure(checks, "crm_failures", (double)failures);
	check->since = since;
	if (failures > 0)
		check_say(check, "%s failed %lld times in a row", worst,
		    (long long)failures);
	check_mend(check, "nothing is lost meanwhile; " PROBE);
}

/* A token that nobody uses dies: of the age of a refresh token, three months;
 * of a long-lived one, when its text says. */
static void
check_token(struct checks *checks, struct db *db, const struct config *config)
{
	struct crm_token token = { 0 };
	const char *fixed = config_get(config, "AMOCRM_LONG_LIVED_TOKEN");
	int64_t left, expires_at = fixed ? jwt_expires_at(fixed) : 0;
	char span[CLOCK_TEXT_SIZE];
	struct check *check;

	if (fixed == NULL && crm_token_load(db, "amocrm", &token) &&
	    token.refresh != NULL) {
		check = checks_measure_age(checks, "token_age",
		    token.updated_at, span);
		check_say(check, "amocrm's token was renewed %s ago", span);
		check_mend(check,
		    "'leadpipe sync-crm' renews it; after three months only "
		    "'leadpipe authorize-crm' can");
	}
	crm_token_release(&token);
	left = expires_at - checks->now;
	if (expires_at == 0 || left > TOKEN_WARN_MS)
		return;
	check = checks_add(checks, "crm", "token");
	check->state = left > TOKEN_CRITICAL_MS ? CHECK_WARNING
						: CHECK_CRITICAL;
	check_say(check, "AMOCRM_LONG_LIVED_TOKEN %s%s",
	    left > 0 ? "expires in " : "has expired",
	    left > 0 ? check_span(left, span) : "");
	check_mend(check,
	    "make a new one in the integration's settings of amoCRM");
}

/* A website that takes leads in needs somebody who brings them on. */
static void
check_started(struct checks *checks, struct db *db,
    const struct lead_stats *stats)
{
	struct run_row run;
	char after[64] = "";
	bool ran = false;

	while (runs_last(db, after, &run)) {
		snprintf(after, sizeof(after), "%s", run.command);
		ran = ran || strcmp(after, "sync-crm") == 0;
	}
	if (ran || stats->waiting == 0)
		return;
	struct check *check = checks_add(checks, "crm", "sync_run");
	check->state = CHECK_WARNING;
	check->since = stats->oldest_at;
	check_say(check, "leads wait and sync-crm has not run yet");
	check_mend(check,
	    "cron needs the line: * * * * * leadpipe sync-crm --for 60");
}

void
check_crm(struct checks *checks, struct db *db, const struct config *config)
{
	struct lead_stats stats;
	struct fault fault;

	if (lead_stats_count(db, checks->now, &stats, &fault) != OUT_OK) {
		checks_fault(checks, "crm", "crm", &fault);
		return;
	}
	if (!stats.any)
		return;
	check_breakers(checks, db);
	check_token(checks, db, config);
	check_lag(checks, &stats);
	check_started(checks, db, &stats);
	check_amounts(checks, &stats);
	if (db_result(db, &fault) != OUT_OK)
		checks_fault(checks, "crm", "crm", &fault);
}
