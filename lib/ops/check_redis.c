/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "shared/redis.h"
#include "shared/redis_address.h"
#include "store/breaker.h"
#include "store/bull_jobs.h"
#include "store/dialogs.h"
#include "store/meta.h"
#include "store/refusals.h"

#define PROBE "'leadpipe check-config --online' says what is wrong"
#define UNHARMED "the bot goes on without it; "

/* Whether there is one to be well; why not is said. */
static bool
check_configured(struct checks *checks, const struct config *config)
{
	struct redis_address address;
	struct fault fault;
	struct check *check = checks_add(checks, "redis", "redis");
	enum outcome out = redis_address_read(&address, config, &fault);
	bool configured = out == OUT_OK && address.setting;

	if (out != OUT_OK) {
		check->state = CHECK_CRITICAL;
		check_say(check, "%s", fault.text);
		check_mend(check, UNHARMED "mend that line");
	} else if (configured) {
		check_say(check, "redis at %s", address.where);
	} else {
		check_say(check, "redis is not configured");
		check->absent = true;
	}
	redis_address_release(&address);
	return configured;
}

/* A few failures in a row are no outage. */
static void
check_breaker(struct checks *checks, struct db *db)
{
	struct breaker b;
	struct check *check;
	char span[CLOCK_TEXT_SIZE];
	int64_t since;

	breaker_load(db, BREAKER_REDIS, &b);
	since = b.open_until != 0 ? b.since : 0;
	check = checks_measure_age(checks, "redis_down", since, span);
	if (since == 0)
		return;
	if (b.kind != BREAKER_FAILING) {
		check->state = CHECK_CRITICAL;
		check_say(check, "%s, for %s", b.reason, span);
		check_mend(check,
		    UNHARMED "other settings are tried at once, the same ones "
			     "once a minute; " PROBE);
		return;
	}
	check_say(check, "%s, for %s", b.reason, span);
	check_mend(check, UNHARMED "it is tried again by itself; " PROBE);
}

/* People whose mirror is older than what happened, and why it is. */
static void
check_mirror(struct checks *checks, struct db *db)
{
	char span[CLOCK_TEXT_SIZE];
	char *why = meta_text(db, META_MIRROR_FAULT);
	int64_t behind = mirror_wanted(db) ? mirror_behind_count(db) : 0;
	struct check *check = checks_measure_age(checks, "mirror_behind",
	    behind > 0 ? mirror_told_at(db) : 0, span);

	if (why != NULL) {
		check->state = CHECK_WARNING;
		check_say(check, "%s", why);
		check_mend(check,
		    UNHARMED "mend what it names, the next sync-redis goes "
			     "on; or set LEADPIPE_MIRROR=false");
	} else if (behind > 0) {
		check_say(check,
		    "the mirror is as of %s ago, %lld chats changed since",
		    span, (long long)behind);
		check_mend(check,
		    UNHARMED "is 'leadpipe sync-redis' run each minute?");
	}
	free(why);
}

/* Where another program's people are that the flow knows nothing of. */
static void
check_dialogs(struct checks *checks, struct db *db)
{
	char name[64];
	int64_t count = dialogs_unknown(db, name, sizeof(name));
	struct check *check;

	if (count == 0)
		return;
	check = checks_add(checks, "redis", "dialogs");
	check->state = CHECK_WARNING;
	check_say(check,
	    "%lld %s in a dialog that the flow does not know: '%s'",
	    (long long)count, count == 1 ? "person is" : "people are", name);
	if (name[0] == '(') /* No name, but why there is none. */
		check_mend(check,
		    "change or delete that key in Redis ('leadpipe show-chat' "
		    "shows a person's), which counts when the person writes "
		    "next; they are answered from where we know them");
	else
		check_mend(check,
		    "give a state of the flow that \"alias\"; 'leadpipe "
		    "show-chat' shows a person's; they are answered from "
		    "where we know them");
}

/* What other programs were promised; also where Redis was taken away. */
static void
check_jobs(struct checks *checks, struct db *db)
{
	int64_t oldest = 0, count = bull_jobs_count(db, &oldest);
	char span[CLOCK_TEXT_SIZE];
	struct check *check;

	if (count == 0)
		return;
	check = checks_measure_age(checks, "jobs_lag", oldest, span);
	check_say(check, "%lld jobs wait for BullMQ, the oldest for %s",
	    (long long)count, span);
	check_mend(check,
	    "is 'leadpipe sync-redis' run each minute? With -v it says what "
	    "keeps them");
}

/* WHAT is turned off because of what is in Redis. */
static void
check_off(struct checks *checks, const char *name, const char *what,
    const char *reason)
{
	struct check *check = checks_add(checks, "redis", "off");

	check->state = CHECK_WARNING;
	check_of(check, name);
	check_say(check, "%s: %s", what, reason);
	check_mend(check,
	    "rename or delete that key in Redis, the next command looks "
	    "again");
}

static void
check_features(struct checks *checks, struct db *db)
{
	static const struct {
		const char *key, *name, *what;
	} features[] = {
		{ META_SHARED_OFF, "tasks", "no tasks are shared" },
		{ META_LIMIT_FAULT, "limit", "the limit is not shared" },
	};
	char after[128] = "";
	const char *name, *reason;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		char *why = meta_text(db, features[i].key);

		if (why)
			check_off(checks, features[i].name, features[i].what,
			    why);
		free(why);
	}
	while (intake_fault_next(db, after, &name, &reason)) {
		struct check *check = checks_add(checks, "redis", "off");

		snprintf(after, sizeof(after), "%s", name);
		check->state = CHECK_WARNING;
		check_of(check, after);
		check_say(check, "%s: %s", after, reason);
		check_mend(check, "the next sync-redis looks again");
	}
}

void
check_redis(struct checks *checks, struct db *db, const struct config *config)
{
	struct fault fault;

	if (config == NULL)
		return;
	if (check_configured(checks, config)) {
		check_breaker(checks, db);
		check_features(checks, db);
		check_mirror(checks, db);
		check_dialogs(checks, db);
	}
	check_jobs(checks, db);
	if (db_result(db, &fault) != OUT_OK)
		checks_fault(checks, "redis", "database", &fault);
}

void
check_redis_online(struct checks *checks, struct db *db,
    const struct config *config)
{
	struct redis *redis = NULL;
	struct fault fault;
	struct check *check;

	(void)db;
	if (checks->online_by == 0 || config == NULL ||
	    redis_open(&redis, NULL, config, REDIS_SYNC, &fault) != OUT_OK ||
	    !redis)
		return;
	redis_end_by(redis, checks->online_by);
	redis_add(redis, "PING");
	if (redis_run(redis, &fault) != OUT_OK) {
		check = checks_add(checks, "redis", "line");
		check->state = fault.what == OUT_NEVER ? CHECK_CRITICAL
						       : CHECK_WARNING;
		check_say(check, "%s", fault.text);
		check_mend(check, UNHARMED PROBE);
	}
	redis_close(redis);
}
