/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "shared/bull_key.h"

/* KEYS stalled; ARGV what jobs begin with, token, lock in ms, ids.  Returns 1
 * for each that is still ours, and locked anew. */
static const struct redis_script hold_script = {
	.sha1 = "879da85f24d858e93a69426bdef53db335864458",
	.text = "local out = {}\n"
		"for i = 4, #ARGV do\n"
		"  local key = ARGV[1] .. ARGV[i] .. ':lock'\n"
		"  out[#out + 1] = 0\n"
		"  if redis.call('GET', key) == ARGV[2] then\n"
		"    redis.call('SET', key, ARGV[2], 'PX', ARGV[3])\n"
		"    redis.call('SREM', KEYS[1], ARGV[i])\n"
		"    out[#out] = 1\n"
		"  end\n"
		"end\n"
		"return out\n"
};

/*
 * KEYS active, stalled, completed, failed, delayed, events, wait, paused,
 * prioritized, marker, meta, pc; ARGV what jobs begin with, id, token, now,
 * what (completed, failed, retry, back), value or reason, delay in ms,
 * attempts, count and age of what is kept, whether the last comes first.
 * Returns 0, or what its moveToFinished does: -1 no job, -2 no lock, -3 not
 * active, -6 somebody else's.
 */
static const struct redis_script end_script = {
	.sha1 = "951c9c5ffd70a08e940062660545487520b1d1e0",
	.text =
	    "local c, pre, id, now = redis.call, ARGV[1], ARGV[2], ARGV[4]\n"
	    "local active, stalled, completed, failed, delayed, events, wait,\n"
	    "  paused, ranked, marker, meta, pc = unpack(KEYS)\n"
	    "local what, value, key = ARGV[5], ARGV[6], pre .. id\n"
	    "if c('EXISTS', key) == 0 then return -1 end\n"
	    "local token = c('GET', key .. ':lock')\n"
	    "if token ~= ARGV[3] then return token and -6 or -2 end\n"
	    /* What may be of a wrong type comes before the job leaves `active`:
	     * it would be nowhere. */
	    "local m = c('HMGET', meta, 'version', 'paused', 'concurrency',\n"
	    "  'opts.maxLenEvents')\n" BULL_EVENTS
	    "c('XTRIM', events, 'MAXLEN', '~', most)\n"
	    "if c('LREM', active, -1, id) < 1 then return -3 end\n"
	    "c('DEL', key .. ':lock')\n"
	    "c('SREM', stalled, id)\n"
	    "local function wake()\n"
	    "  if not m[2] and not (m[3] and c('LLEN', active)\n"
	    "      >= (tonumber(m[3]) or 1e9)) then\n"
	    "    c('ZADD', marker, 0, '0')\n"
	    "  end\n"
	    "end\n"
	    "local function queue(push)\n"
	    "  local rank = tonumber(c('HGET', key, 'priority')) or 0\n"
	    "  if rank > 0 then\n"
	    "    local n = push == 'back' and 0 or c('INCR', pc) % 4294967296\n"
	    "    c('ZADD', ranked,\n"
	    "      string.format('%.0f', rank * 4294967296 + n), id)\n"
	    "  else\n"
	    /* On resume version 5 renames `paused` to `wait`. */
	    "    local five = not string.find(m[1] or '', '^bullmq:6%.')\n"
	    "    c(push == 'first' and 'LPUSH' or 'RPUSH',\n"
	    "      m[2] and five and paused or wait, id)\n"
	    "  end\n"
	    "  c('XADD', events, '*', 'event', 'waiting', 'jobId', id,\n"
	    "    'prev', 'active')\n"
	    "  wake()\n"
	    "  return 0\n"
	    "end\n"
	    "if what == 'back' then return queue('back') end\n"
	    "local made = c('HINCRBY', key, 'atm', 1)\n"
	    "if what == 'retry' then\n"
	    "  c('HSET', key, 'failedReason', value, 'stacktrace', '[]',\n"
	    "    'delay', ARGV[7])\n"
	    "  local delay = tonumber(ARGV[7])\n"
	    "  if delay == 0 then\n"
	    "    return queue(ARGV[11] == '1' and 'last' or 'first')\n"
	    "  end\n"
	    "  local due = tonumber(now) + delay\n" BULL_DELAY "  return 0\n"
	    "end\n"
	    "local function drop(one)\n"
	    "  c('DEL', one, one .. ':logs', one .. ':dependencies',\n"
	    "    one .. ':processed', one .. ':failed', one .. ':unsuccessful')\n"
	    "end\n"
	    /* What is part of a flow is more than its own keys. */
	    "local function drop_old(set, ids)\n"
	    "  for _, old in ipairs(ids) do\n"
	    "    if c('HEXISTS', pre .. old, 'parentKey') == 0 then\n"
	    "      drop(pre .. old)\n"
	    "      c('ZREM', set, old)\n"
	    "    end\n"
	    "  end\n"
	    "end\n"
	    "local field = what == 'completed' and 'returnvalue'\n"
	    "  or 'failedReason'\n"
	    "local set = what == 'completed' and completed or failed\n"
	    "local count, age = tonumber(ARGV[9]), tonumber(ARGV[10])\n"
	    "if count == 0 then\n"
	    "  drop(key)\n"
	    "else\n"
	    "  c('ZADD', set, now, id)\n"
	    "  c('HSET', key, field, value, 'finishedOn', now)\n"
	    "  if what == 'failed' then\n"
	    "    c('HSET', key, 'stacktrace', '[]')\n"
	    "    c('HDEL', key, 'defa')\n"
	    "  end\n"
	    "  if age >= 0 then\n"
	    "    drop_old(set, c('ZREVRANGEBYSCORE', set,\n"
	    "      string.format('%.0f', tonumber(now) - age * 1000), '-inf',\n"
	    "      'LIMIT', 0, 1000))\n"
	    "  end\n"
	    "  if count > 0 then\n"
	    "    drop_old(set, c('ZREVRANGE', set, count, count + 999))\n"
	    "  end\n"
	    "end\n"
	    "c('XADD', events, '*', 'event', what, 'jobId', id, field, value,\n"
	    "  'prev', 'active')\n"
	    "if what == 'failed' and made >= tonumber(ARGV[8]) then\n"
	    "  c('XADD', events, '*', 'event', 'retries-exhausted', 'jobId',\n"
	    "    id, 'attemptsMade', made)\n"
	    "end\n"
	    "if c('LLEN', wait) == 0 and c('LLEN', active) == 0 and\n"
	    "    c('ZCARD', ranked) == 0 then\n"
	    "  c('XADD', events, '*', 'event', 'drained')\n"
	    "end\n"
	    "return 0\n"
};

enum outcome
bull_hold(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	struct script_words words = { 0 };

	script_key(&words, inbox->name, ":stalled");
	script_key(&words, inbox->name, ":");
	script_text(&words, inbox->owner);
	script_number(&words, inbox->lease_ms);
	for (int i = 0; i < inbox->count; i++)
		script_text(&words, inbox->arrivals[i].ticket);
	script_call(&words, redis, &hold_script, 1);
	return inbox_held(inbox, redis, fault);
}

/*
 * What fails here for a while is an attempt, as everywhere else; but the last
 * one is not used up, as nobody would try again.
 */
static const char *
end_of(const struct arrival *arrival)
{
	const struct bull_job *job = arrival->job;

	if (arrival->fate == ARRIVAL_TAKEN)
		return "completed";
	if (arrival->fate == ARRIVAL_REFUSED)
		return "failed";
	return job->made + 1 < job->attempts ? "retry" : "back";
}

static void
add_end(const struct inbox *inbox, const struct arrival *arrival,
    struct redis *redis)
{
	static const char *const keys[] = { ":active", ":stalled",
		":completed", ":failed", ":delayed", ":events", ":wait",
		":paused", ":prioritized", ":marker", ":meta", ":pc" };
	const struct bull_job *job = arrival->job;
	const struct bull_keep *keep =
	    arrival->fate == ARRIVAL_TAKEN ? &job->completed : &job->failed;
	struct script_words words = { 0 };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		script_key(&words, inbox->name, keys[i]);
	script_key(&words, inbox->name, ":");
	script_text(&words, arrival->ticket);
	script_text(&words, inbox->owner);
	script_number(&words, clock_wall_ms());
	script_text(&words, end_of(arrival));
	script_text(&words,
	    arrival->fate == ARRIVAL_TAKEN ? "{\"accepted\":true}"
					   : arrival->why);
	script_number(&words, job->delay_ms);
	script_number(&words, job->attempts);
	script_number(&words, keep->count);
	script_number(&words, keep->age_s);
	script_number(&words, job->lifo);
	script_call(&words, redis, &end_script, 12);
}

enum outcome
bull_settle(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	const struct redisReply *reply;
	enum outcome out = OUT_OK;
	int added = 0;

	for (int i = 0; i < inbox->count; i++)
		if (inbox->arrivals[i].ticket != NULL) {
			add_end(inbox, &inbox->arrivals[i], redis);
			added++;
		}
	if (added > 0)
		out = redis_run(redis, fault);
	for (int i = 0; i < added && out == OUT_OK; i++)
		(void)!inbox_answer(inbox, redis, i, &reply);
	return out;
}
