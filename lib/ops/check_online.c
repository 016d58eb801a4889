/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "ops/check_component.h"
#include "telegram/question.h"

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
check_webhook(struct checks *checks, const json_t *info)
{
	const char *url = json_get_text(info, "url");
	const char *error = json_get_text(info, "last_error_message");
	struct check *check;

	if (url == NULL || *url == '\0')
		return;
	check = checks_add(checks, "telegram", "webhook");
	check->state = CHECK_CRITICAL;
	check->since = json_get_int(info, "last_error_date", 0) * 1000;
	check_say(check, "a webhook is set, poll-updates gets nothing%s%s",
	    error ? "; its last error: " : "", error ? error : "");
	check_mend(check, "Telegram's method deleteWebhook ends it; " PROBE);
}

static void
check_pending(struct checks *checks, const json_t *info)
{
	int64_t pending = json_get_int(info, "pending_update_count", 0);
	struct check *check =
	    checks_measure(checks, "pending_updates", (double)pending);

	check_say(check, "updates waiting at Telegram: %lld",
	    (long long)pending);
	check_mend(check,
	    "'leadpipe poll-updates -v' fetches them and says what keeps it; "
	    "after 24 h Telegram drops them");
}

void
check_online(struct checks *checks, struct db *db, const struct config *config)
{
	struct telegram *telegram = NULL;
	struct fault fault;
	json_t *whole = NULL;
	const json_t *info = NULL;

	(void)db;
	if (checks->online_by == 0 || config == NULL)
		return;
	if (telegram_open(&telegram, config, &fault) == OUT_OK)
		info = telegram_ask(telegram, METHOD_GET_WEBHOOK_INFO,
		    checks->online_by, &whole, &fault);
	if (info == NULL) {
		check_line(checks, &fault);
	} else {
		check_webhook(checks, info);
		check_pending(checks, info);
	}
	json_decref(whole);
	telegram_close(telegram);
}
