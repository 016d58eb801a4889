/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "shared/bull_key.h"

/*
 * KEYS stalled, active, wait, paused, stalled-check, meta, marker, events;
 * ARGV what jobs begin with, interval in ms, now, our name, how often ours may
 * stall.  As its moveStalledJobsToWait: what the last sweep saw active and has
 * no lock by now goes back; one that did so too often fails when it is taken
 * next.  Jobs of others may do so once, as with its own workers.
 */
static const struct redis_script sweep_script = {
	.sha1 = "9073c9c3110b591170b5bba3a3dc2b66e50f31b7",
	.text =
	    "local c, pre = redis.call, ARGV[1]\n"
	    "local stalled, active, wait, paused, check, meta, marker,\n"
	    "  events = unpack(KEYS)\n"
	    "local kinds = {'set', 'list', 'list', 'list', 'string', 'hash',\n"
	    "  'zset', 'stream'}\n" BULL_KINDS
	    "local m = c('HMGET', meta, 'version', 'paused', 'concurrency')\n"
	    "local major = string.match(m[1] or '', '^bullmq:(%d+)%.')\n"
	    "if major ~= '5' and major ~= '6' then return {'none'} end\n"
	    "if not c('SET', check, ARGV[3], 'NX', 'PX', ARGV[2]) then\n"
	    "  return {'early'}\n"
	    "end\n"
	    "local seen = c('SMEMBERS', stalled)\n"
	    "c('DEL', stalled)\n"
	    "for _, id in ipairs(seen) do\n"
	    "  local key = pre .. id\n"
	    "  if c('EXISTS', key .. ':lock') == 0 and\n"
	    "      c('LREM', active, 1, id) > 0 then\n"
	    "    local h = c('HMGET', key, 'pb', 'rjk')\n"
	    "    local most = h[1] == ARGV[4] and tonumber(ARGV[5]) or 1\n"
	    "    if c('HINCRBY', key, 'stc', 1) > most and not h[2] then\n"
	    "      c('HSET', key, 'defa',\n"
	    "        'job stalled more than allowable limit')\n"
	    "    end\n"
	    "    c('RPUSH', m[2] and major == '5' and paused or wait, id)\n"
	    "    if not m[2] and not (m[3] and c('LLEN', active)\n"
	    "        >= (tonumber(m[3]) or 1e9)) then\n"
	    "      c('ZADD', marker, 0, '0')\n"
	    "    end\n"
	    "    c('XADD', events, '*', 'event', 'waiting', 'jobId', id,\n"
	    "      'prev', 'active')\n"
	    "    c('XADD', events, '*', 'event', 'stalled', 'jobId', id)\n"
	    "  end\n"
	    "end\n"
	    "for _, id in ipairs(c('LRANGE', active, 0, -1)) do\n"
	    "  c('SADD', stalled, id)\n"
	    "end\n"
	    "return {'ok'}\n"
};

enum outcome
bull_sweep(struct inbox *inbox, struct redis *redis, int64_t interval_ms,
    struct fault *fault)
{
	static const char *const keys[] = { ":stalled", ":active", ":wait",
		":paused", ":stalled-check", ":meta", ":marker", ":events" };
	struct script_words words = { 0 };
	const struct redisReply *reply;

	if (!redis_usable(redis))
		return OUT_OK;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		script_key(&words, inbox->name, keys[i]);
	script_key(&words, inbox->name, ":");
	script_number(&words, interval_ms);
	script_number(&words, clock_wall_ms());
	script_text(&words, BULL_WORKER);
	script_number(&words, INBOX_TRIES);
	script_call(&words, redis, &sweep_script, 8);
	enum outcome out = redis_run(redis, fault);
	if (out == OUT_OK)
		(void)!inbox_answer(inbox, redis, 0, &reply);
	return out;
}
