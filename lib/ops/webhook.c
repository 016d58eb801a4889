/* SPDX-License-Identifier: MIT */
#include "ops/webhook.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ops/journal_place.h"
#include "shared/webhook_limit.h"
#include "store/updates.h"
#include "store/window.h"

/* core.telegram.org/bots/api#setwebhook: secret_token */
#define SECRET_MAX 256
#define SECRET_LETTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

#define PER_MINUTE 1000
#define PER_MINUTE_MAX 1000000

enum outcome
webhook_read(const struct config *config, bool needs, struct webhook *webhook,
    struct fault *fault)
{
	const char *secret = config_get(config, "TELEGRAM_WEBHOOK_SECRET");
	size_t len = secret != NULL ? strlen(secret) : 0;

	webhook->secret = secret;
	if (len > SECRET_MAX ||
	    (secret != NULL &&
		(len == 0 || strspn(secret, SECRET_LETTERS) != len)))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "TELEGRAM_WEBHOOK_SECRET (%s) must be 1 to 256 of A-Z, "
		    "a-z, 0-9, _ and -",
		    config_origin(config, "TELEGRAM_WEBHOOK_SECRET"));
	if (needs && secret == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "TELEGRAM_WEBHOOK_SECRET is not set: without it anybody "
		    "could write in a person's name; set 1 to 256 of A-Z, "
		    "a-z, 0-9, _ and - (openssl rand -hex 32), then "
		    "'leadpipe set-webhook'");
	return config_int(config, "LEADPIPE_WEBHOOK_PER_MINUTE", 0,
	    PER_MINUTE_MAX, PER_MINUTE, &webhook->per_minute, fault);
}

bool
webhook_knows(const struct webhook *webhook, const char *word)
{
	size_t len = strlen(webhook->secret);
	size_t got = word != NULL ? strlen(word) : 0;
	volatile unsigned char differs = got != len;

	if (got > SECRET_MAX)
		return false;
	for (size_t i = 0; i < got; i++)
		differs |= (unsigned char)(word[i] ^ webhook->secret[i % len]);
	return differs == 0;
}

enum outcome
webhook_parse(const struct buf *body, int64_t *update_id, struct fault *fault)
{
	struct json_slice text = { body->len ? body->data : "", body->len };
	json_error_t error;
	json_auto_t *update = json_parse(text, &error);
	const json_t *id = json_object_get(update, "update_id");

	if (update == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is not JSON: %s", error.text);
	if (!json_is_integer(id))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is no update: it has no update_id");
	*update_id = json_integer_value(id);
	return OUT_OK;
}

/* OUT_OK when nothing has to be waited for. */
static enum outcome
refuse_for(int64_t wait_ms, int64_t most, struct fault *fault)
{
	if (wait_ms <= 0)
		return OUT_OK;
	(void)fault_set(fault, OUT_LATER, EXIT_LATER,
	    "more than %lld updates in a minute: refused for %lld s; "
	    "LEADPIPE_WEBHOOK_PER_MINUTE is the limit",
	    (long long)most, (long long)((wait_ms + 999) / 1000));
	fault->retry_ms = wait_ms;
	return OUT_LATER;
}

enum outcome
webhook_admit(struct run *run, const struct webhook *webhook, int64_t *most)
{
	struct redis *redis = NULL;
	int64_t per_minute = webhook->per_minute, wait_ms = 0;
	bool shared = false;
	struct fault why;

	*most = per_minute;
	/* People are answered whatever is wrong with where Redis is said to
	 * be; check-config and healthcheck tell. */
	if (per_minute > 0 &&
	    redis_open(&redis, run->db, run->config, REDIS_BOT, &why) ==
		OUT_OK)
		shared = webhook_limit_take(redis, run_bot_id(run), per_minute,
		    &wait_ms);
	redis_close(redis);
	if (shared)
		*most = 0;
	else
		wait_ms = window_wait(run->db, per_minute, clock_wall_ms());
	enum outcome out = db_result(run->db, &run->fault);
	return out == OUT_OK ? refuse_for(wait_ms, per_minute, &run->fault)
			     : out;
}

/* Before the transaction: what is in the database is in the journal. */
static enum outcome
keep(struct run *run, const struct buf *body, int64_t update_id, int64_t now)
{
	const struct journal_record record = { .kind = JOURNAL_UPDATE,
		.at = now,
		.id = update_id,
		.text = body->data,
		.len = body->len };
	struct journal journal;
	enum outcome out = journal_place(run, true, &journal);

	if (out != OUT_OK || journal.dir == NULL)
		return out;
	return journal_append(&journal, &record, 1, &run->fault);
}

enum outcome
webhook_store(struct run *run, const struct buf *body, int64_t update_id,
    int64_t most, int64_t deadline, bool *fresh)
{
	int64_t row, now = clock_wall_ms();
	enum outcome out = keep(run, body, update_id, now);

	if (out == OUT_OK)
		out = db_begin(run->db, deadline, &run->fault);
	if (out != OUT_OK)
		return out;
	/* Counted with the row, so that of several that come at once no more
	 * than the limit are stored. */
	out = refuse_for(window_wait(run->db, most, now), most, &run->fault);
	if (out == OUT_OK)
		out = updates_add(run->db, update_id, body->data, body->len,
		    now, &row, fresh, &run->fault);
	if (out == OUT_OK)
		out = window_take(run->db, now, &run->fault);
	return db_end(run->db, out, &run->fault);
}
