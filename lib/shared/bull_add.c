/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "shared/bull_key.h"

/* How long an id that was added is known: BullMQ itself knows it only while
 * it keeps the job. */
#define KNOWN_MS (INT64_C(2) * 24 * 60 * 60 * 1000)

/*
 * KEYS wait, paused, meta, id, active, events, marker, delayed, our note of
 * the id; ARGV what jobs begin with, id, name, data, options, now, delay in ms,
 * how long the note is kept.  Version 5 renames `paused` to `wait` when it
 * resumes, and what was put into `wait` meanwhile would be lost.
 * Returns 'added', 'known', or 'version' and which.
 */
static const struct redis_script add_script = {
	.sha1 = "83f3fb912b05366fa7332ca0dc11b4a8971766d3",
	.text =
	    "local c, pre, id = redis.call, ARGV[1], ARGV[2]\n"
	    "local wait, paused, meta, counter, active, events, marker,\n"
	    "  delayed, note = unpack(KEYS)\n"
	    "local kinds = {'list', 'list', 'hash', 'string', 'list',\n"
	    "  'stream', 'zset', 'zset'}\n" BULL_KINDS
	    "local m = c('HMGET', meta, 'version', 'paused', 'concurrency',\n"
	    "  'opts.maxLenEvents')\n"
	    "local major = string.match(m[1] or '', '^bullmq:(%d+)%.')\n"
	    "if c('EXISTS', meta) == 1 and major ~= '5' and major ~= '6' then\n"
	    "  return {'version', m[1] or ''}\n"
	    "end\n"
	    "if not c('SET', note, '1', 'NX', 'PX', ARGV[8]) or\n"
	    "    c('EXISTS', pre .. id) == 1 then\n"
	    "  return {'known'}\n"
	    "end\n"
	    "c('INCR', counter)\n"
	    "local delay = tonumber(ARGV[7])\n" BULL_EVENTS
	    "c('HSET', pre .. id, 'name', ARGV[3], 'data', ARGV[4], 'opts',\n"
	    "  ARGV[5], 'timestamp', ARGV[6], 'delay', ARGV[7],\n"
	    "  'priority', '0')\n"
	    "c('XADD', events, 'MAXLEN', '~', most, '*', 'event', 'added',\n"
	    "  'jobId', id, 'name', ARGV[3])\n"
	    "if delay > 0 then\n"
	    "  local due = tonumber(ARGV[6]) + delay\n" BULL_DELAY
	    "  return {'added'}\n"
	    "end\n"
	    "c('LPUSH', m[2] and major == '5' and paused or wait, id)\n"
	    "if not m[2] and not (m[3] and c('LLEN', active)\n"
	    "    >= (tonumber(m[3]) or 1e9)) then\n"
	    "  c('ZADD', marker, 0, '0')\n"
	    "end\n"
	    "c('XADD', events, '*', 'event', 'waiting', 'jobId', id)\n"
	    "return {'added'}\n"
};

static void
add_one(struct redis *redis, const struct bull_new *job)
{
	static const char *const keys[] = { ":wait", ":paused", ":meta", ":id",
		":active", ":events", ":marker", ":delayed" };
	struct script_words words = { 0 };
	char *note = mem_printf("lp:added:%s:", job->queue);
	char options[64];

	snprintf(options, sizeof(options),
	    job->delay_ms > 0 ? "{\"delay\":%lld,\"attempts\":0}"
			      : "{\"attempts\":0}",
	    (long long)job->delay_ms);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		script_key(&words, job->queue, keys[i]);
	script_key(&words, note, job->id);
	script_key(&words, job->queue, ":");
	script_text(&words, job->id);
	script_text(&words, job->name);
	script_text(&words, job->data);
	script_text(&words, options);
	script_number(&words, clock_wall_ms());
	script_number(&words, job->delay_ms > 0 ? job->delay_ms : 0);
	script_number(&words,
	    KNOWN_MS + (job->delay_ms > 0 ? job->delay_ms : 0));
	script_call(&words, redis, &add_script, 9);
	free(note);
}

static enum bull_fate
read_fate(const struct redisReply *reply, char why[200])
{
	if (script_says(reply, "added"))
		return BULL_ADDED;
	if (script_says(reply, "known"))
		return BULL_KNOWN;
	if (script_says(reply, "version"))
		bull_complain(script_part_text(reply, 1), why);
	else if (!inbox_complain(reply, why))
		snprintf(why, 200, "a strange answer");
	return BULL_REFUSED;
}

enum outcome
bull_add(struct redis *redis, const struct bull_new *jobs, int count,
    struct bull_end *ends, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < count; i++)
		add_one(redis, &jobs[i]);
	if (count > 0)
		out = redis_run(redis, fault);
	for (int i = 0; i < count && out == OUT_OK; i++)
		ends[i].fate = read_fate(redis_reply(redis, i), ends[i].why);
	return out;
}
