/* SPDX-License-Identifier: MIT */
#include "base/config_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/suggest.h"

const struct config_key config_keys[] = {
	{ "BOT_TOKEN", { "TELEGRAM_BOT_TOKEN" }, KEY_SECRET },
	{ "ADMIN_IDS", { NULL }, KEY_PLAIN },
	{ "DISPATCHER_IDS", { NULL }, KEY_PLAIN },
	{ "DATABASE_PATH", { NULL }, KEY_PATH },
	{ "REDIS_URL", { NULL }, KEY_USERINFO },
	{ "REDISHOST", { "REDIS_HOST" }, KEY_PLAIN },
	{ "REDISPORT", { "REDIS_PORT" }, KEY_PLAIN },
	{ "REDISUSER", { "REDIS_USER" }, KEY_PLAIN },
	{ "REDISPASSWORD", { "REDIS_PASSWORD" }, KEY_SECRET },
	{ "DEV_MODE", { NULL }, KEY_PLAIN },
	{ "TELEGRAM_ALERT_BOT_TOKEN", { NULL }, KEY_SECRET },
	{ "TELEGRAM_ALERT_CHAT_ID", { NULL }, KEY_PLAIN },
	{ "TELEGRAM_WEBHOOK_SECRET", { NULL }, KEY_SECRET },
	{ "TELEGRAM_API_ROOT", { NULL }, KEY_PLAIN },
	{ "TELEGRAM_PROXY", { NULL }, KEY_USERINFO },
	{ "CRM_PROXY", { NULL }, KEY_USERINFO },
	{ "FLOW_FILE", { NULL }, KEY_PATH },
	{ "LEAD_CRM", { NULL }, KEY_PLAIN },
	{ "AMO_PIPELINE_ID", { NULL }, KEY_PLAIN },
	{ "AMO_STATUS_ID", { NULL }, KEY_PLAIN },
	{ "AMOCRM_BASE_URL", { NULL }, KEY_PLAIN },
	{ "AMOCRM_MODE", { NULL }, KEY_PLAIN },
	{ "AMOCRM_LONG_LIVED_TOKEN", { NULL }, KEY_SECRET },
	{ "AMOCRM_CLIENT_ID", { NULL }, KEY_PLAIN },
	{ "AMOCRM_CLIENT_SECRET", { NULL }, KEY_SECRET },
	{ "AMOCRM_REDIRECT_URI", { NULL }, KEY_PLAIN },
	{ "BITRIX24_WEBHOOK_URL", { NULL }, KEY_URL },
	{ "LEAD_WEBHOOK_URL", { NULL }, KEY_URL },
	{ "LEAD_WEBHOOK_PRIVATE", { NULL }, KEY_PLAIN },
	{ "LEAD_WEBHOOK_SECRET", { NULL }, KEY_SECRET },
	{ "LEAD_EXEC", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_ALERT_COMMAND", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_BACKUP_DIR", { NULL }, KEY_PATH },
	{ "LEADPIPE_BULLMQ_PREFIX", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_BULLMQ_QUEUES", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_CONFIG", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_DIALOGS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_DIALOG_DATA_KEY", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_DIALOG_KEY", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_DIALOG_LOCK_KEY", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_DIALOG_TTL", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_HANDLER_SLOTS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_IP", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_JOURNAL_DIR", { NULL }, KEY_PATH },
	{ "LEADPIPE_KEEP_BACKUPS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_KEEP_HISTORY", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_KEEP_JOURNAL", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_KEEP_RUNS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_KEEP_TASKS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_KEEP_UPDATES", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LEAD_JOIN", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_CHAT_PER_SECOND", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_CRM_PER_SECOND", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_GROUP_PER_MINUTE", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_JOIN", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_PER_SECOND", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_LIMIT_SHARE", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_MIRROR", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_MIRROR_HISTORY", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_PHONE_REGION", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_PING_URL", { NULL }, KEY_URL },
	{ "LEADPIPE_SEND_SLOTS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_SHARED_LIMITS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_SHARED_TASKS", { NULL }, KEY_PLAIN },
	{ "LEADPIPE_WEBHOOK_PER_MINUTE", { NULL }, KEY_PLAIN },
};
const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

/* A path this long is no "/hooks/leads": it holds what lets one in. */
#define SECRET_PATH 16

static const struct config_key *
find(const char *name, size_t len)
{
	const struct config_key *key;
	const char *names[3];

	for (size_t i = 0; i < config_key_count; i++) {
		key = &config_keys[i];
		names[0] = key->name;
		names[1] = key->aliases[0];
		names[2] = key->aliases[1];
		for (int j = 0; j < 3 && names[j] != NULL; j++)
			if (strlen(names[j]) == len &&
			    memcmp(names[j], name, len) == 0)
				return key;
	}
	return NULL;
}

const struct config_key *
config_key_find(const char *name)
{
	return find(name, strlen(name));
}

bool
config_key_has_file(const struct config_key *key)
{
	return key->kind != KEY_PLAIN && key->kind != KEY_PATH;
}

static const struct config_key *
config_key_of_file(const char *name)
{
	size_t len = strlen(name);
	const struct config_key *key = NULL;

	if (len > 5 && strcmp(name + len - 5, "_FILE") == 0)
		key = find(name, len - 5);
	return key != NULL && config_key_has_file(key) ? key : NULL;
}

const char *
config_key_suggest(const char *name)
{
	/* Each key has three names at most. */
	const char **names =
	    mem_array(NULL, config_key_count * 3, sizeof(*names));
	const char *nearest;
	size_t count = 0;

	for (size_t i = 0; i < config_key_count; i++) {
		names[count++] = config_keys[i].name;
		for (int j = 0; j < 2 && config_keys[i].aliases[j]; j++)
			names[count++] = config_keys[i].aliases[j];
	}
	nearest = suggest(name, names, count);
	free(names);
	return nearest;
}

/* BOT_TOKEN_2 is another bot of somebody's, not a slip. */
static bool
is_numbered(const char *name, const char *known)
{
	size_t len = strlen(known);

	if (strncmp(name, known, len) != 0)
		return false;
	name += len;
	name += *name == '_';
	return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

bool
config_key_is_wrong(const char *name, bool in_file)
{
	const char *nearest;

	if (config_key_find(name) != NULL || config_key_of_file(name) != NULL)
		return false;
	if (strncmp(name, "LEADPIPE_", 9) == 0)
		return true;
	nearest = in_file ? config_key_suggest(name) : NULL;
	return nearest != NULL && !is_numbered(name, nearest);
}

/* The "user:password" of a URL; 0 when it has none.  It ends at the last '@',
 * as for who uses the URL: a password may hold anything. */
static size_t
find_userinfo(const char *url, const char **at)
{
	const char *start = strstr(url, "://"), *end;

	*at = start != NULL ? start + 3 : url;
	end = strrchr(*at, '@');
	return end != NULL ? (size_t)(end - *at) : 0;
}

/* A foreign name that says itself what it holds. */
static bool
sounds_secret(const char *name)
{
	static const char *const ends[] = { "TOKEN", "SECRET", "PASSWORD",
		"PASSWD", "API_KEY", "SECRET_KEY" };
	size_t len = strlen(name), end;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		end = strlen(ends[i]);
		if (len >= end && strcmp(name + len - end, ends[i]) == 0)
			return true;
	}
	return false;
}

static enum config_kind
kind_of(const char *name)
{
	const struct config_key *key = config_key_find(name);

	if (key != NULL)
		return key->kind;
	return sounds_secret(name) ? KEY_SECRET : KEY_PLAIN;
}

bool
config_key_is_secret(const char *name, const char *value)
{
	enum config_kind kind = kind_of(name);
	const char *at;

	if (value[0] == '\0' || kind == KEY_PLAIN || kind == KEY_PATH)
		return false;
	return kind != KEY_USERINFO || find_userinfo(value, &at) > 0;
}

static void
hide_part(const char *at, size_t len)
{
	char *part = mem_dup_n(at, len);

	log_secret(part);
	free(part);
}

void
config_key_hide(const char *name, const char *value)
{
	enum config_kind kind = kind_of(name);
	const char *at, *colon;
	size_t len;

	if (kind == KEY_USERINFO && (len = find_userinfo(value, &at)) > 0) {
		hide_part(at, len);
		colon = memchr(at, ':', len);
		if (colon != NULL)
			hide_part(colon + 1, len - (size_t)(colon + 1 - at));
	}
	if (kind == KEY_SECRET || kind == KEY_URL)
		log_secret(value);
	/* The half of a bot token that is the password. */
	if (kind == KEY_SECRET && (colon = strchr(value, ':')) != NULL)
		log_secret(colon + 1);
	if (kind == KEY_URL && (at = strstr(value, "://")) != NULL &&
	    (at = strchr(at + 3, '/')) != NULL && strlen(at) >= SECRET_PATH)
		log_secret(at);
}
