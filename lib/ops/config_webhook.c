/* SPDX-License-Identifier: MIT */
/*
 * What check-config says of the way by which updates come.
 */
#include "ops/config_webhook.h"

#include "base/clock.h"
#include "ops/config_note.h"
#include "ops/webhook.h"
#include "store/updates.h"
#include "store/webhook_record.h"
#include "telegram/webhook_info.h"

static bool
has_secret(const struct run *run)
{
	return config_get(run->config, "TELEGRAM_WEBHOOK_SECRET") != NULL;
}

void
config_check_way(struct run *run, struct config_notes *notes)
{
	int64_t now = clock_wall_ms();
	struct webhook_record record;
	char span[CLOCK_TEXT_SIZE];

	webhook_record_load(run->db, &record);
	if (!record.set)
		note_good(notes, "updates", "poll-updates polls them%s",
		    has_secret(run) ? "; TELEGRAM_WEBHOOK_SECRET is there for "
				      "'leadpipe set-webhook'"
				    : "");
	else if (!has_secret(run))
		note_problem(notes, "updates", EXIT_CONFIG,
		    "a webhook brings them, and receive-update refuses all of "
		    "them: set TELEGRAM_WEBHOOK_SECRET");
	else
		note_good(notes, "updates",
		    "a webhook brings them, last sign of it %s ago",
		    clock_span_text(now > record.at ? now - record.at : 0,
			span));
}

static void
check_none(struct run *run, const struct webhook_info *info,
    struct config_notes *notes)
{
	struct webhook_record record = { .set = false };

	if (run->db != NULL)
		webhook_record_load(run->db, &record);
	if (record.set)
		note_advice(notes, "webhook",
		    "somebody has deleted it, waiting: %lld; poll-updates "
		    "finds out within 5 min, 'leadpipe set-webhook --delete' "
		    "tells it now",
		    (long long)info->pending);
	else
		note_good(notes, "webhook", "none is set, waiting: %lld",
		    (long long)info->pending);
}

void
config_check_webhook(struct run *run, const json_t *result,
    struct config_notes *notes)
{
	struct buf error = BUF_INIT(400);
	int64_t now = clock_wall_ms();
	struct webhook_info info;

	webhook_info_read(result, &info);
	webhook_info_add_error(&error, &info, now);
	const char *said = error.len > 0 ? error.data : "";
	const char *comma = error.len > 0 ? "; " : "";
	if (info.url == NULL)
		check_none(run, &info, notes);
	else if (!has_secret(run))
		note_problem(notes, "webhook", EXIT_CONFIG,
		    "a webhook is set, so that poll-updates gets nothing "
		    "(waiting: %lld%s%s); delete it with 'leadpipe "
		    "set-webhook --delete', or set TELEGRAM_WEBHOOK_SECRET "
		    "for our own",
		    (long long)info.pending, comma, said);
	else if (run->db != NULL &&
	    webhook_info_owner(&info, run->db) == WEBHOOK_OTHERS)
		note_problem(notes, "webhook", EXIT_CONFIG,
		    "another address than that of 'leadpipe set-webhook' is "
		    "set (waiting: %lld%s%s): somebody else has changed it",
		    (long long)info.pending, comma, said);
	else if (webhook_info_fails(&info,
		     run->db != NULL ? updates_last_at(run->db) : 0, now))
		note_problem(notes, "webhook", EXIT_CONFIG,
		    "updates cannot be brought (waiting: %lld); %s",
		    (long long)info.pending, said);
	else if (run->db != NULL &&
	    webhook_info_owner(&info, run->db) == WEBHOOK_UNKNOWN)
		note_advice(notes, "webhook",
		    "is set, but not by 'leadpipe set-webhook': is the address "
		    "ours? run that again (waiting: %lld%s%s)",
		    (long long)info.pending, comma, said);
	else
		note_good(notes, "webhook", "is set, waiting: %lld%s%s",
		    (long long)info.pending, comma, said);
	buf_release(&error);
}
