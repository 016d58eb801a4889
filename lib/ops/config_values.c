/* SPDX-License-Identifier: MIT */
/*
 * What check-config says of the settings that a command reads only once it
 * needs them: each is read here as that command reads it.
 */
#include "crm/sync.h"
#include "net/http_options.h"
#include "ops/alert_command.h"
#include "ops/alert_send.h"
#include "ops/backup_place.h"
#include "ops/config_note.h"
#include "ops/inbox_leads.h"
#include "ops/reception.h"
#include "ops/webhook.h"
#include "shared/dialog.h"
#include "shared/handover.h"
#include "shared/mirror_push.h"
#include "shared/redis_address.h"
#include "store/retention.h"
#include "telegram/client.h"

static enum outcome
check_retention(const struct config *config, struct fault *fault)
{
	struct retention retention;

	return retention_read(config, &retention, fault);
}

static enum outcome
check_reception(const struct config *config, struct fault *fault)
{
	const char *region;
	int64_t join_ms;

	return reception_settings(config, &join_ms, &region, fault);
}

static enum outcome
check_alert_bot(const struct config *config, struct fault *fault)
{
	static const char name[] = "TELEGRAM_ALERT_BOT_TOKEN";

	return config_get(config, name) == NULL
	    ? OUT_OK
	    : telegram_check_token(config, name, fault);
}

static enum outcome
check_alert_chats(const struct config *config, struct fault *fault)
{
	return alert_check(config, "TELEGRAM_ALERT_CHAT_ID", fault);
}

static enum outcome
check_crm_proxy(const struct config *config, struct fault *fault)
{
	struct http_options options;

	return http_options_read(&options, config, "CRM_PROXY", fault);
}

static enum outcome
check_crm_limit(const struct config *config, struct fault *fault)
{
	int64_t per_second;

	return sync_limit(config, 0, &per_second, fault);
}

static enum outcome
check_sharing(const struct config *config, struct fault *fault)
{
	enum handover_mode mode;

	return handover_read(config, &mode, fault);
}

static enum outcome
check_dialogs(const struct config *config, struct fault *fault)
{
	struct dialog_options options;
	enum outcome out = dialog_options_read(config, 0, &options, fault);

	dialog_options_release(&options);
	return out;
}

static enum outcome
check_mirror(const struct config *config, struct fault *fault)
{
	struct mirror_options options;

	return mirror_read(config, &options, fault);
}

static enum outcome
check_webhook(const struct config *config, struct fault *fault)
{
	struct webhook webhook;

	return webhook_read(config, false, &webhook, fault);
}

static const struct {
	const char *subject;
	enum outcome (
	    *check)(const struct config *config, struct fault *fault);
} parts[] = {
	{ "retention", check_retention },
	{ "leads", check_reception },
	{ "webhook", check_webhook },
	{ "alerts", check_alert_bot },
	{ "alerts", check_alert_chats },
	{ "alerts", alert_ping_check },
	{ "CRM", check_crm_proxy },
	{ "CRM", check_crm_limit },
	{ "Redis", redis_address_check },
	{ "Redis", check_sharing },
	{ "Redis", check_dialogs },
	{ "Redis", check_mirror },
	{ "Redis", inbox_leads_check },
};

void
config_check_values(struct run *run, struct config_notes *notes)
{
	struct fault fault;
	int64_t keep;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)note_faults(notes, parts[i].subject, run->config,
		    parts[i].check);
	/* A flow may name it, and has said more then. */
	if (!notes_name(notes, "ADMIN_IDS") &&
	    alert_check(run->config, "ADMIN_IDS", &fault) != OUT_OK)
		note_fault(notes, "alerts", &fault);
	if (backup_place_keep(run, &keep) != OUT_OK)
		note_fault(notes, "backups", &run->fault);
	run->fault = (struct fault){ .what = OUT_OK };
}
