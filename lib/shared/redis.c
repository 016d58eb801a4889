/* SPDX-License-Identifier: MIT */
#include "shared/redis.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "shared/redis_breaker.h"

#define SYNC_MS 5000

/* Password and place: what a person changes when these are refused. */
static int64_t
credential_of(const struct redis_address *address)
{
	char *text = mem_printf("%s %s %s %d", address->where,
	    address->user ? address->user : "",
	    address->password ? address->password : "", address->database);
	int64_t hash = (int64_t)(id_hash(text, strlen(text)) & INT64_MAX);

	free(text);
	return hash;
}

enum outcome
redis_open(struct redis **redis, struct db *db, const struct config *config,
    enum redis_way way, struct fault *fault)
{
	struct redis_address address;
	enum outcome out = redis_address_read(&address, config, fault);

	*redis = NULL;
	if (out != OUT_OK || !address.setting)
		return out;
	*redis = mem_alloc(sizeof(**redis));
	(*redis)->db = db;
	(*redis)->way = way;
	(*redis)->address = address;
	(*redis)->credential = credential_of(&address);
	(*redis)->deadline = clock_mono_ms() + SYNC_MS;
	(*redis)->out = (struct buf)BUF_INIT(REDIS_SENT_MOST);
	return OUT_OK;
}

static void
drop_replies(struct redis *redis)
{
	for (int i = 0; i < redis->reply_count; i++)
		freeReplyObject(redis->replies[i]);
	free(redis->replies);
	redis->replies = NULL;
	redis->reply_count = 0;
}

static void
drop_commands(struct redis *redis)
{
	free(redis->commands);
	redis->commands = NULL;
	redis->count = 0;
	buf_clear(&redis->out);
	redis->out.overflow = false;
}

void
redis_close(struct redis *redis)
{
	if (!redis)
		return;
	redis_disconnect(redis);
	drop_replies(redis);
	drop_commands(redis);
	buf_release(&redis->out);
	redis_address_release(&redis->address);
	free(redis->ip);
	free(redis);
}

bool
redis_usable(struct redis *redis)
{
	return redis && redis_allowed(redis, NULL);
}

/* The command that was appended to `out` from AT on. */
static void
note_command(struct redis *redis, size_t at, const struct redis_script *script)
{
	if (redis->count == 0)
		drop_replies(redis);
	/* Room for twice as many, whenever their number is a power of 2. */
	if ((redis->count & (redis->count - 1)) == 0)
		redis->commands = mem_array(redis->commands,
		    (size_t)redis->count * 2 + 1, sizeof(*redis->commands));
	redis->commands[redis->count++] = (struct redis_command){ .at = at,
		.len = redis->out.len - at,
		.script = script };
}

void
redis_add(struct redis *redis, const char *format, ...)
{
	size_t at;
	char *text = NULL;
	va_list args;
	int len;

	if (!redis)
		return;
	at = redis->out.len;
	va_start(args, format);
	len = redisvFormatCommand(&text, format, args);
	va_end(args);
	if (len <= 0)
		redis->out.overflow = true;
	else
		buf_add(&redis->out, text, (size_t)len);
	redisFreeCommand(text);
	note_command(redis, at, NULL);
}

void
redis_add_words(struct redis *redis, int count, const char *const *words,
    const size_t *lengths)
{
	size_t at;

	if (!redis)
		return;
	at = redis->out.len;
	if (!redis_format(&redis->out, count, words, lengths))
		redis->out.overflow = true;
	note_command(redis, at, NULL);
}

void
redis_add_ask(struct redis *redis, int count, const char *const *words)
{
	redis_add_words(redis, count, words, NULL);
	if (redis)
		redis->commands[redis->count - 1].asks = true;
}

void
redis_add_script(struct redis *redis, const struct redis_script *script,
    int keys, int count, const char *const *words, const size_t *lengths)
{
	const char **all;
	size_t *sizes, at;
	char number[16];

	if (!redis)
		return;
	at = redis->out.len;
	all = mem_array(NULL, (size_t)count + 3, sizeof(*all));
	sizes = mem_array(NULL, (size_t)count + 3, sizeof(*sizes));
	snprintf(number, sizeof(number), "%d", keys);
	all[0] = "EVALSHA";
	all[1] = script->sha1;
	all[2] = number;
	for (int i = 0; i < count; i++)
		all[i + 3] = words[i];
	for (int i = 0; i < count + 3; i++)
		sizes[i] = i < 3 || !lengths ? strlen(all[i]) : lengths[i - 3];
	if (!redis_format(&redis->out, count + 3, all, sizes))
		redis->out.overflow = true;
	note_command(redis, at, script);
	free(all);
	free(sizes);
}

/* What its replies say of all of Redis. */
static enum outcome
explain_replies(const struct redis *redis, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; out == OUT_OK && i < redis->reply_count; i++) {
		const struct redisReply *reply = redis->replies[i];

		if (reply &&
		    !(redis->commands[i].asks && redis_lacks_right(reply)))
			out = redis_explain(redis, reply, fault);
	}
	return out;
}

static enum outcome
call(struct redis *redis, struct fault *fault)
{
	enum outcome out =
	    redis_connect(redis, redis_connect_by(redis), fault);
	enum outcome said;

	if (out != OUT_OK)
		return out;
	redis->reply_count = redis->count;
	redis->replies =
	    mem_array(NULL, (size_t)redis->count, sizeof(struct redisReply *));
	out = redis_trip_all(redis, redis_answer_by(redis), fault);
	said = explain_replies(redis, fault);
	return said != OUT_OK ? said : out;
}

enum outcome
redis_run(struct redis *redis, struct fault *fault)
{
	int64_t start = clock_mono_ms();
	enum outcome out = OUT_OK;

	if (!redis)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "no Redis is configured");
	if (redis->count == 0)
		return OUT_OK;
	drop_replies(redis);
	redis->hung = false;
	redis->until = redis_end_of(redis, start);
	if (redis->out.overflow)
		out = fault_set(fault, OUT_BUG, EXIT_BUG,
		    "a command for redis that cannot be written");
	else if (!redis_allowed(redis, fault) || !redis_claim(redis, fault)) {
		out = fault->what;
		redis_tell(redis, fault);
	} else {
		out = call(redis, fault);
		if (out != OUT_OK)
			redis_disconnect(redis);
		redis_settle(redis, start, out, fault);
	}
	if (out != OUT_OK)
		drop_replies(redis);
	drop_commands(redis);
	return out;
}

const struct redisReply *
redis_reply(const struct redis *redis, int index)
{
	return redis && index >= 0 && index < redis->reply_count
	    ? redis->replies[index]
	    : NULL;
}

const char *
redis_where(const struct redis *redis)
{
	return redis->address.where;
}

void
redis_end_by(struct redis *redis, int64_t deadline)
{
	if (redis)
		redis->deadline = deadline;
}
