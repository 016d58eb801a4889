/* SPDX-License-Identifier: MIT */
#include "ops/check_component.h"
#include "store/updates.h"
#include "telegram/question.h"
#include "telegram/webhook_info.h"

#define PROBE "'leadpipe check-config --online' says what is wrong"

/* One refused question is no outage: how long it lasts poll_age says. */
static void
check_line(struct checks *checks, const struct fault *fault)
{
	struct check *check = checks_add(checks, "telegram", "line");

	check->state = fault->what == OUT_NEVER ? CHECK_CRITICAL
						: CHECK_WARNING;
	check_say(check, "%s", fault->text);
	check_mend(check, PROBE);
}

static void
check_foreign(struct checks *checks, const struct webhook_info *info,
    const char *error)
{
	struct check *check = checks_add(checks, "telegram", "webhook");

	check->state = CHECK_CRITICAL;
	check->since = info->error_at;
	check_say(check, "a webhook is set, poll-updates gets nothing%s%s",
	    *error != '\0' ? "; " : "", error);
	check_mend(check,
	    "'leadpipe set-webhook --delete' ends it; is it ours, set "
	    "TELEGRAM_WEBHOOK_SECRET");
}

static void
check_delivery(struct checks *checks, struct db *db,
    const struct webhook_info *info, const char *error)
{
	struct check *check = checks_add(checks, "telegram", "delivery");
	enum webhook_owner owner = db != NULL ? webhook_info_owner(info, db)
					      : WEBHOOK_OURS;
	int64_t last = db != NULL ? updates_last_at(db) : 0;

	if (owner == WEBHOOK_OTHERS) {
		check->state = CHECK_CRITICAL;
		check_say(check, "somebody else has set another webhook");
	} else if (webhook_info_fails(info, last, checks->now)) {
		check->state = info->pending > 0 ? CHECK_CRITICAL
						 : CHECK_WARNING;
		check->since = info->error_at;
		check_say(check, "updates cannot be brought; %s", error);
	} else if (owner == WEBHOOK_UNKNOWN) {
		check->state = CHECK_WARNING;
		check_say(check,
		    "a webhook is set, but not by 'leadpipe set-webhook'");
	}
	check_mend(check,
	    "'leadpipe set-webhook --status' shows it, 'leadpipe set-webhook "
	    "URL' sets it anew");
}

static void
check_webhook(struct checks *checks, struct db *db,
    const struct config *config, const struct webhook_info *info)
{
	struct buf error = BUF_INIT(400);

	if (info->url == NULL)
		return;
	webhook_info_add_error(&error, info, checks->now);
	const char *said = error.len > 0 ? error.data : "";
	if (config_get(config, "TELEGRAM_WEBHOOK_SECRET") == NULL)
		check_foreign(checks, info, said);
	else
		check_delivery(checks, db, info, said);
	buf_release(&error);
}

static void
check_pending(struct checks *checks, const struct webhook_info *info)
{
	int64_t pending = info->pending;
	struct check *check =
	    checks_measure(checks, "pending_updates", (double)pending);

	check_say(check, "updates waiting at Telegram: %lld",
	    (long long)pending);
	check_mend(check, "%s; after 24 h Telegram drops them",
	    info->url != NULL
		? "'leadpipe set-webhook --status' says what keeps them"
		: "'leadpipe poll-updates -v' fetches them and says what "
		  "keeps it");
}

void
check_online(struct checks *checks, struct db *db, const struct config *config)
{
	struct telegram *telegram = NULL;
	struct fault fault;
	json_t *whole = NULL;
	const json_t *result = NULL;
	struct webhook_info info;

	if (checks->online_by == 0 || config == NULL)
		return;
	if (telegram_open(&telegram, config, &fault) == OUT_OK)
		result = telegram_ask(telegram, METHOD_GET_WEBHOOK_INFO, NULL,
		    checks->online_by, &whole, &fault);
	if (result == NULL) {
		check_line(checks, &fault);
	} else {
		webhook_info_read(result, &info);
		check_webhook(checks, db, config, &info);
		check_pending(checks, &info);
	}
	json_decref(whole);
	telegram_close(telegram);
}
