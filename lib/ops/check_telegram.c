/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "store/meta.h"
#include "store/webhook_record.h"

#define PROBE "'leadpipe check-config --online' says what is wrong"

/* True when a webhook brings the updates: whether it does, Telegram knows. */
static bool
check_webhook(struct checks *checks, struct db *db,
    const struct config *config)
{
	struct webhook_record record;
	char span[CLOCK_TEXT_SIZE];

	webhook_record_load(db, &record);
	if (!record.set)
		return false;
	struct check *check = checks_add(checks, "telegram", "webhook");
	check_say(check,
	    "a webhook brings the updates, last sign of it %s ago",
	    check_span(checks->now - record.at, span));
	if (config != NULL &&
	    config_get(config, "TELEGRAM_WEBHOOK_SECRET") == NULL) {
		check->state = CHECK_CRITICAL;
		check_say(check,
		    "a webhook brings the updates, and all are "
		    "refused: there is no secret");
		check_mend(check, "set TELEGRAM_WEBHOOK_SECRET; " PROBE);
	} else if (record.trouble_at != 0) {
		char *why = meta_text(db, META_WEBHOOK_FAULT);
		check->state = CHECK_CRITICAL;
		check->since = record.trouble_at;
		check_say(check, "a webhook brings no updates for %s: %s",
		    check_span(checks->now - record.trouble_at, span),
		    why ? why : "no reason kept");
		check_mend(check,
		    "'leadpipe set-webhook --status' shows it, 'leadpipe "
		    "set-webhook URL' sets it anew");
		free(why);
	}
	return true;
}

static void
check_poll(struct checks *checks, struct db *db)
{
	int64_t at = meta_int(db, META_POLL_AT, 0);
	char span[CLOCK_TEXT_SIZE];
	struct check *check = checks_measure_age(checks, "poll_age", at, span);

	if (at == 0) {
		check->known = false;
		check->state = CHECK_WARNING;
		check_say(check, "Telegram has not answered getUpdates yet");
	} else {
		check_say(check, "Telegram answered %s ago", span);
	}
	check_mend(check, "is poll-updates running? " PROBE);
}

/* What was recorded of a refusal, by those who poll and those who send. */
static void
check_refused(struct checks *checks, struct db *db, const char *key,
    const char *key_at, const char *what)
{
	int64_t at = meta_int(db, key_at, 0);
	struct check *check = checks_add(checks, "telegram", key);
	char *why = at ? meta_text(db, key) : NULL;
	char span[CLOCK_TEXT_SIZE];

	check->since = at;
	if (at != 0) {
		check->state = CHECK_CRITICAL;
		check_say(check, "%s for %s: %s", what,
		    check_span(checks->now - at, span),
		    why ? why : "no reason kept");
		check_mend(check, "%s; all is kept meanwhile", PROBE);
	}
	free(why);
}

static void
check_flow(struct checks *checks, struct db *db)
{
	struct check *check = checks_add(checks, "telegram", "flow");
	char *flow = meta_text(db, META_FLOW);
	char *refused = meta_text(db, META_FLOW_REFUSED);

	if (flow == NULL || refused != NULL)
		check->state = CHECK_WARNING;
	if (flow == NULL) {
		check_say(check, "no flow is deployed, nobody is answered");
		check_mend(check,
		    "set FLOW_FILE, or 'leadpipe deploy-flow "
		    "FILE'");
	} else if (refused != NULL) {
		check_say(check, "the newest flow is not used: %s", refused);
		check_mend(check,
		    "'leadpipe deploy-flow --dry-run FILE' "
		    "shows all that is wrong with it");
	}
	free(flow);
	free(refused);
}

void
check_telegram(struct checks *checks, struct db *db,
    const struct config *config)
{
	struct fault fault;

	check_refused(checks, db, META_POLL_FAULT, META_POLL_FAULT_AT,
	    "getUpdates is refused");
	check_refused(checks, db, META_CONFIG_FAULT, META_CONFIG_FAULT_AT,
	    "sending is refused");
	if (!check_webhook(checks, db, config))
		check_poll(checks, db);
	check_flow(checks, db);
	if (db_result(db, &fault) != OUT_OK)
		checks_fault(checks, "telegram", "telegram", &fault);
}
