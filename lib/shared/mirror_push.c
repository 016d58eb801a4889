/* SPDX-License-Identifier: MIT */
#include "shared/mirror_push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/stop.h"
#include "shared/key_type.h"
#include "shared/script.h"
#include "store/meta.h"
#include "store/mirror.h"
#include "store/retention.h"

/* Chats in one round trip, and what they may have to say together. */
#define CHATS 50
#define BYTES (1U << 20)

/* Chats that are marked in one transaction. */
#define MARKS 1000

#define BEGIN_MS 1000

/* Lua's numbers are exact up to that. */
#define EPOCH_MOST (INT64_C(1) << 53)

/*
 * KEYS chat, history; ARGV epoch, ver, life in ms (0: for ever), words of
 * fields, then these and the messages.  No words: the chat is gone.  Returns 1,
 * or 0 when what is there is as new, or -1 when it is of a newer epoch.
 */
static const struct redis_script tell = {
	.sha1 = "e2684eb5c85846429b646529252038505e2c9f8c",
	.text =
	    "local epoch, ver = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	    "local has = redis.call('HMGET', KEYS[1], 'epoch', 'ver')\n"
	    "local e = tonumber(has[1] or -1) or -1\n"
	    "local v = tonumber(has[2] or -1) or -1\n"
	    "if e > epoch then return -1 end\n"
	    "if e == epoch and v >= ver then return 0 end\n"
	    "redis.call('DEL', KEYS[1], KEYS[2])\n"
	    "local words = tonumber(ARGV[4])\n"
	    "if words == 0 then return 1 end\n"
	    "redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'ver', ARGV[2],\n"
	    "  unpack(ARGV, 5, 4 + words))\n"
	    "for i = 5 + words, #ARGV do\n"
	    "  redis.call('RPUSH', KEYS[2], ARGV[i])\n"
	    "end\n"
	    "if ARGV[3] ~= '0' then\n"
	    "  redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"
	    "  redis.call('PEXPIRE', KEYS[2], ARGV[3])\n"
	    "end\n"
	    "return 1\n"
};

/* One call of the script, and what it says in all. */
struct telling {
	struct script_words words;
	size_t bytes;
};

static void
add_field(const char *field, const char *value, void *arg)
{
	struct telling *telling = arg;

	script_text(&telling->words, field);
	script_text(&telling->words, value);
	telling->bytes += strlen(value);
}

static void
add_line(const char *line, void *arg)
{
	struct telling *telling = arg;

	script_text(&telling->words, line);
	telling->bytes += strlen(line);
}

enum outcome
mirror_read(const struct config *config, struct mirror_options *options,
    struct fault *fault)
{
	struct retention retention;
	enum outcome out = config_bool(config, "LEADPIPE_MIRROR", true,
	    &options->wanted, fault);

	if (out == OUT_OK)
		out = config_int(config, "LEADPIPE_MIRROR_HISTORY", 0, 1000,
		    100, &options->history, fault);
	if (out == OUT_OK)
		out = retention_read(config, &retention, fault);
	if (out == OUT_OK)
		options->life_ms = retention.history;
	return out;
}

struct pushing {
	struct redis *redis;
	struct db *db;
	int64_t bot, epoch, users;
	const struct mirror_options *options;
	struct fault trouble; /* the first: OUT_OK, none */
	char *wrong;	      /* the key that it is about, of another type */
};

static char *
key_of(const struct pushing *p, const char *kind, int64_t chat_id)
{
	return mem_printf("lp:%s:%lld:%lld", kind, (long long)p->bot,
	    (long long)chat_id);
}

static void
add_key(struct script_words *words, char *key)
{
	script_text(words, key);
	free(key);
}

/* The fields as words of their own, to be counted. */
static void
add_fields(struct telling *telling, const struct script_words *fields)
{
	script_number(&telling->words, fields->count);
	for (int i = 0; i < fields->count; i++)
		script_text(&telling->words, fields->at[i]);
}

/* Adds what one chat is to be told as; returns its size. */
static size_t
add_chat(struct pushing *p, const struct mirror_row *row)
{
	const struct mirror_options *o = p->options;
	struct telling telling = { .bytes = 0 }, fields = { .bytes = 0 };

	add_key(&telling.words, key_of(p, "chat", row->chat_id));
	add_key(&telling.words, key_of(p, "history", row->chat_id));
	script_number(&telling.words, p->epoch);
	script_number(&telling.words, row->version);
	script_number(&telling.words,
	    o->life_ms == RETENTION_EVER ? 0 : o->life_ms);
	bool exists = mirror_chat(p->db, row->chat_id, add_field, &fields);
	add_fields(&telling, &fields.words);
	script_drop(&fields.words);
	if (exists && o->history > 0)
		mirror_said(p->db, row->chat_id, o->history, add_line,
		    &telling);
	script_call(&telling.words, p->redis, &tell, 2);
	return telling.bytes + fields.bytes;
}

static const struct fault superseded = { .what = OUT_NEVER,
	.code = EXIT_REFUSED,
	.text = "redis: the mirror (lp:chat:*) is written by a newer state of "
		"this bot: is another host live? then set "
		"LEADPIPE_MIRROR=false here" };

/* A KEY that cannot be written stops no other. */
static void
note_trouble(struct pushing *p, char *key, const struct redisReply *reply)
{
	if (p->trouble.what == OUT_OK) {
		(void)!fault_set(&p->trouble, OUT_NEVER, EXIT_REFUSED,
		    "redis: the mirror cannot write %s: %s", key,
		    reply->type == REDIS_REPLY_ERROR ? reply->str
						     : "a strange answer");
		/* A script wraps what its calls met. */
		if (strstr(p->trouble.text, "WRONGTYPE") != NULL)
			p->wrong = mem_dup(key);
	}
	free(key);
}

static char *
epoch_key(const struct pushing *p)
{
	return mem_printf("lp:mirror:%lld", (long long)p->bot);
}

/* Leaves those of the COUNT ROWS that the mirror has now, and returns how
 * many. */
static int
read_replies(struct pushing *p, struct mirror_row *rows, int count)
{
	int told = 0;

	for (int i = 0; i < count; i++) {
		const struct redisReply *reply = redis_reply(p->redis, i);

		if (reply->type != REDIS_REPLY_INTEGER)
			note_trouble(p, key_of(p, "chat", rows[i].chat_id),
			    reply);
		else if (reply->integer < 0)
			p->trouble = superseded;
		else
			rows[told++] = rows[i];
	}
	return told;
}

/* Tells the next ones behind *AFTER, which moves on; *END: there are none. */
static enum outcome
push_some(struct pushing *p, int64_t *after, bool *end, struct fault *fault)
{
	struct mirror_row rows[CHATS];
	int found = mirror_behind(p->db, *after, CHATS, rows), count = 0;
	size_t bytes = 0;
	enum outcome out = db_result(p->db, fault);

	*end = found == 0;
	if (out != OUT_OK || *end)
		return out;
	while (count < found && bytes < BYTES)
		bytes += add_chat(p, &rows[count++]);
	out = redis_run(p->redis, fault);
	if (out != OUT_OK)
		return out;
	*after = rows[count - 1].chat_id;
	count = read_replies(p, rows, count);
	p->users += count;
	return count == 0 ? OUT_OK
			  : mirror_pushed(p->db, rows, count,
				clock_mono_ms() + BEGIN_MS, fault);
}

/* The id that this run of Redis has; "": it does not say. */
static char *
run_id_of(const struct redisReply *info)
{
	const char *at = info->type == REDIS_REPLY_STRING
	    ? strstr(info->str, "run_id:")
	    : NULL;

	at = at ? at + strlen("run_id:") : "";
	return mem_dup_n(at, strcspn(at, "\r\n"));
}

static enum outcome
begin_anew(struct pushing *p, const char *run_id, struct fault *fault)
{
	enum outcome out = mirror_begin(p->db, run_id, p->epoch,
	    clock_mono_ms() + BEGIN_MS, fault);

	if (out != OUT_OK)
		return out;
	redis_add(p->redis, "HSET lp:mirror:%lld epoch %lld",
	    (long long)p->bot, (long long)p->epoch);
	out = redis_run(p->redis, fault);
	if (out == OUT_OK &&
	    redis_reply(p->redis, 0)->type != REDIS_REPLY_INTEGER)
		note_trouble(p, epoch_key(p), redis_reply(p->redis, 0));
	return out;
}

/* The epoch that is in Redis, -1: none. */
static int64_t
epoch_of(const struct redisReply *reply)
{
	int64_t epoch;

	if (reply->type != REDIS_REPLY_STRING ||
	    !json_int((struct json_slice){ reply->str, reply->len }, &epoch) ||
	    epoch < 0 || epoch > EPOCH_MOST)
		return -1;
	return epoch;
}

/*
 * A Redis that was started since may have lost what it was told last, and one
 * that does not know the epoch has lost everything.
 */
static enum outcome
compare(struct pushing *p, int64_t has, const char *run_id,
    struct fault *fault)
{
	int64_t ours = meta_int(p->db, META_MIRROR_EPOCH, 0);
	int64_t now = clock_wall_ms();
	char *known = mirror_redis(p->db);
	enum outcome out = OUT_OK;

	p->epoch = ours != 0 ? ours : has < now ? now : has + 1;
	if (has > p->epoch)
		p->trouble = superseded;
	else if (has < p->epoch || known == NULL || strcmp(known, run_id) != 0)
		out = begin_anew(p, run_id, fault);
	free(known);
	return out;
}

static enum outcome
look(struct pushing *p, struct fault *fault)
{
	static const char *const info[] = { "INFO", "server" };

	redis_add_ask(p->redis, 2, info);
	redis_add(p->redis, "HGET lp:mirror:%lld epoch", (long long)p->bot);
	enum outcome out = redis_run(p->redis, fault);
	if (out != OUT_OK)
		return out;
	const struct redisReply *epoch = redis_reply(p->redis, 1);
	if (epoch->type == REDIS_REPLY_ERROR) {
		note_trouble(p, epoch_key(p), epoch);
		return OUT_OK;
	}
	char *run_id = run_id_of(redis_reply(p->redis, 0));
	out = compare(p, epoch_of(epoch), run_id, fault);
	free(run_id);
	return out;
}

static bool
goes_on(struct pushing *p)
{
	return redis_usable(p->redis) && !stop_wanted() &&
	    strcmp(p->trouble.text, superseded.text) != 0;
}

/* As long as there is time; *MORE: it did not do. */
static enum outcome
push_all(struct pushing *p, bool *more, struct fault *fault)
{
	bool marks = true, end = false;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && (marks || !end) && goes_on(p)) {
		int64_t after = INT64_MIN;

		end = false;
		out = mirror_mark(p->db, MARKS, clock_mono_ms() + BEGIN_MS,
		    &marks, fault);
		while (out == OUT_OK && !end && goes_on(p))
			out = push_some(p, &after, &end, fault);
	}
	*more = marks || !end;
	return out;
}

/* What was met is kept for whoever asks why, until it is met no more. */
static enum outcome
settle(struct pushing *p, enum outcome out, struct fault *fault)
{
	bool met = p->trouble.what != OUT_OK;

	if (out != OUT_OK)
		return out;
	out = meta_note(p->db, META_MIRROR_FAULT, met ? p->trouble.text : NULL,
	    clock_mono_ms() + BEGIN_MS, fault);
	if (out == OUT_OK && met) {
		*fault = p->trouble;
		out = fault->what;
	}
	return out;
}

enum outcome
mirror_push(struct redis *redis, struct db *db, int64_t bot,
    const struct mirror_options *options, int64_t *users, bool *more,
    struct fault *fault)
{
	struct pushing p = { .redis = redis,
		.db = db,
		.bot = bot,
		.options = options };
	enum outcome out;

	*users = 0;
	*more = false;
	if (!options->wanted)
		return mirror_wanted(db)
		    ? mirror_unwant(db, clock_mono_ms() + BEGIN_MS, fault)
		    : OUT_OK;
	if (!redis_usable(redis))
		return OUT_OK;
	int64_t now = clock_wall_ms();
	out = look(&p, fault);
	if (out == OUT_OK && p.trouble.what == OUT_OK)
		out = push_all(&p, more, fault);
	if (out == OUT_OK && p.trouble.what == OUT_OK && !*more)
		out = mirror_told(db, now, clock_mono_ms() + BEGIN_MS, fault);
	*users = p.users;
	if (out == OUT_OK && p.wrong != NULL)
		key_type_explain(redis, p.wrong, "hash", &p.trouble);
	free(p.wrong);
	return settle(&p, out, fault);
}
