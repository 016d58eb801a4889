/* SPDX-License-Identifier: MIT */
#include "shared/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "shared/dialog_key.h"
#include "shared/script.h"

/* KEYS value, data, lock ("": none): what is there, as one table, and a stamp
 * of it.  Data that cannot be read makes all of it something else: it would be
 * written over. */
#define LOOK \
	"local most = 65536\n" \
	"local function text(key)\n" \
	"  local kind = key == '' and 'none' or redis.call('TYPE', key).ok\n" \
	"  if kind ~= 'string' then return kind, false end\n" \
	"  if redis.call('STRLEN', key) > most then return 'big', false end\n" \
	"  return kind, redis.call('GET', key)\n" \
	"end\n" \
	"local kind, value = text(KEYS[1])\n" \
	"local other, data = text(KEYS[2])\n" \
	"local all = value or ''\n" \
	"if kind == 'hash' then\n" \
	"  local size = redis.call('HLEN', KEYS[1]) <= 256 and 0 or most + 1\n" \
	"  for _, name in ipairs(size == 0\n" \
	"    and redis.call('HKEYS', KEYS[1]) or {}) do\n" \
	"    size = size + #name + redis.call('HSTRLEN', KEYS[1], name)\n" \
	"  end\n" \
	"  if size > most then kind = 'big'\n" \
	"  else value = redis.call('HGETALL', KEYS[1]) end\n" \
	"  all = value and table.concat(value, '\\0') or ''\n" \
	"end\n" \
	"if other ~= 'none' and not data then\n" \
	"  kind, value = other, false\n" \
	"end\n" \
	"local stamp = redis.sha1hex(kind .. all .. '\\0' .. (data or ''))\n" \
	"local locked = KEYS[3] ~= '' and redis.call('EXISTS', KEYS[3]) or 0\n"

static const struct redis_script look = {
	.sha1 = "4ca113387beb4e0f3343f4fe63df74bcd6f7a927",
	.text = LOOK "return {kind, locked, stamp, value, data}\n",
};

/*
 * ARGV stamp, form, life of a new key in ms, then fields and values, or the
 * text, or the state and the data.  A key keeps that it has a life, which
 * begins again, or that it has none.  Returns 1, or 0 when it was not written.
 */
static const struct redis_script put = {
	.sha1 = "06a99cafe8e087529661b69e4f4816b47add28d1",
	.text = LOOK
	"if locked == 1 or stamp ~= ARGV[1] then return 0 end\n"
	"local form, life = ARGV[2], tonumber(ARGV[3])\n"
	"local function lives(key)\n"
	"  local left = redis.call('PTTL', key)\n"
	"  if left == -2 then return life end\n"
	"  return left > 0 and (life > 0 and life or left) or 0\n"
	"end\n"
	"local function set(key, text)\n"
	"  local left = lives(key)\n"
	"  redis.call('SET', key, text)\n"
	"  if left > 0 then redis.call('PEXPIRE', key, left) end\n"
	"end\n"
	"if form == 'gone' then\n"
	"  redis.call('DEL', KEYS[1])\n"
	"  if KEYS[2] ~= '' then redis.call('DEL', KEYS[2]) end\n"
	"  return 1\n"
	"end\n"
	"if form == 'hash' then\n"
	"  local left = lives(KEYS[1])\n"
	"  redis.call('HSET', KEYS[1], unpack(ARGV, 4))\n"
	"  if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end\n"
	"else\n"
	"  set(KEYS[1], ARGV[4])\n"
	"end\n"
	"if form == 'pair' then set(KEYS[2], ARGV[5]) end\n"
	"return 1\n",
};

static void
add_keys(struct script_words *words, const struct dialog_options *options,
    int64_t chat_id)
{
	const char *templates[] = { options->key, options->data_key,
		options->lock_key };

	for (int i = 0; i < 3; i++) {
		char *key = dialog_key(templates[i], options, chat_id);
		script_text(words, key);
		free(key);
	}
}

/* What the script calls it, and whether it read it. */
static enum dialog_form
form_of(const char *kind, bool has_value, bool pair)
{
	if (strcmp(kind, "none") == 0)
		return pair ? DIALOG_PAIR : DIALOG_NONE;
	if (!has_value || (pair && strcmp(kind, "string") != 0))
		return DIALOG_STRANGE;
	if (strcmp(kind, "hash") == 0)
		return DIALOG_HASH;
	return pair ? DIALOG_PAIR : DIALOG_TEXT;
}

static void
take_reply(struct dialog *dialog, const struct redisReply *reply, bool pair)
{
	const struct redisReply *value = script_part(reply, 3);
	bool has_value = value != NULL && value->type != REDIS_REPLY_NIL;
	const char *stamp = script_part_text(reply, 2);
	const char *kind = script_part_text(reply, 0);

	if (kind == NULL || strcmp(kind, "big") == 0)
		kind = kind ? "more than 64 KB" : "no answer";
	snprintf(dialog->strange, sizeof(dialog->strange), "%s", kind);
	dialog->locked = script_part_number(reply, 1, 0) != 0;
	if (stamp != NULL && strlen(stamp) < sizeof(dialog->stamp))
		memcpy(dialog->stamp, stamp, strlen(stamp) + 1);
	dialog_parse(dialog, form_of(kind, has_value, pair), value,
	    script_part(reply, 4));
}

enum outcome
dialog_read(struct redis *redis, const struct dialog_options *options,
    struct dialog *dialogs, int count, struct fault *fault)
{
	bool pair = *options->data_key != '\0';

	for (int i = 0; i < count; i++) {
		struct script_words words = { 0 };
		add_keys(&words, options, dialogs[i].chat_id);
		script_call(&words, redis, &look, 3);
	}
	enum outcome out = redis_run(redis, fault);
	for (int i = 0; i < count && out == OUT_OK; i++)
		take_reply(&dialogs[i], redis_reply(redis, i), pair);
	return out;
}

/* Only what changed: fields that JSON cannot hold were not read whole. */
static void
add_fields(struct script_words *words, const struct dialog *dialog)
{
	const char *name;
	json_t *value;

	json_object_foreach (dialog->whole, name, value) {
		if (!json_is_string(value) ||
		    json_equal(value, json_object_get(dialog->read, name)))
			continue;
		script_text(words, name);
		script_text(words, json_string_value(value));
	}
}

static void
add_value(struct script_words *words, const struct dialog_options *options,
    const struct dialog *dialog)
{
	bool pair = dialog->form == DIALOG_PAIR;

	script_text(words,
	    dialog->state == NULL	      ? "gone"
		: dialog->form == DIALOG_HASH ? "hash"
		: pair			      ? "pair"
					      : "text");
	script_number(words, options->ttl_ms);
	if (dialog->state == NULL)
		return;
	if (dialog->form == DIALOG_HASH) {
		add_fields(words, dialog);
		return;
	}
	char *text = dialog_text(dialog);
	script_text(words, pair ? dialog->state : text);
	if (pair)
		script_text(words, text);
	free(text);
}

enum outcome
dialog_write(struct redis *redis, const struct dialog_options *options,
    const struct dialog *dialogs, int count, bool *written,
    struct fault *fault)
{
	for (int i = 0; i < count; i++) {
		struct script_words words = { 0 };
		add_keys(&words, options, dialogs[i].chat_id);
		script_text(&words, dialogs[i].stamp);
		add_value(&words, options, &dialogs[i]);
		script_call(&words, redis, &put, 3);
	}
	enum outcome out = redis_run(redis, fault);
	for (int i = 0; i < count && out == OUT_OK; i++) {
		const struct redisReply *reply = redis_reply(redis, i);
		written[i] = reply->type == REDIS_REPLY_INTEGER &&
		    reply->integer == 1;
	}
	return out;
}
