/* SPDX-License-Identifier: MIT */
#include "shared/bull_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/*
 * KEYS wait, active, prioritized, events, limiter, delayed, meta, pc, marker;
 * ARGV what jobs begin with, now, token, lock in ms, our name, most, bytes of
 * one, bytes of all, of a glimpse.  As its moveToActive, for several at once:
 * what is due is promoted, and nothing is touched while the queue is paused.
 *
 * Returns 'none', 'paused', 'version' and which, or 'ok', whether there may be
 * more, how many jobs are not plain and one of them and why, then {id,
 * timestamp, attempts, size, deferred failure, options, data} of each.
 */
static const struct redis_script take_script = {
	.sha1 = "80686deb035268ba0028d3d23ad816b21f284f8b",
	.text =
	    "local c, pre, now = redis.call, ARGV[1], tonumber(ARGV[2])\n"
	    "local wait, active, ranked, events, limiter, delayed, meta, pc,\n"
	    "  marker = unpack(KEYS)\n"
	    "local kinds = {'list', 'list', 'zset', 'stream', 'string',\n"
	    "  'zset', 'hash', 'string', 'zset'}\n" BULL_KINDS
	    "if c('EXISTS', meta) == 0 then return {'none'} end\n"
	    "local m = c('HMGET', meta, 'version', 'paused', 'concurrency',\n"
	    "  'max', 'duration')\n"
	    "local major = string.match(m[1] or '', '^bullmq:(%d+)%.')\n"
	    "if major ~= '5' and major ~= '6' then\n"
	    "  return {'version', m[1] or ''}\n"
	    "end\n"
	    "if m[2] then return {'paused'} end\n"
	    "local most, max = tonumber(m[3]), tonumber(m[4])\n"
	    "local function shut()\n"
	    "  if most and c('LLEN', active) >= most then return true end\n"
	    "  return max and tonumber(c('GET', limiter) or 0) >= max\n"
	    "    and c('PTTL', limiter) > 0\n"
	    "end\n"
	    "local due = c('ZRANGEBYSCORE', delayed, 0,\n"
	    "  string.format('%.0f', (now + 1) * 4096 - 1), 'LIMIT', 0, 1000)\n"
	    "for _, id in ipairs(due) do\n"
	    "  local rank = tonumber(c('HGET', pre .. id, 'priority')) or 0\n"
	    "  c('ZREM', delayed, id)\n"
	    "  if rank == 0 then\n"
	    "    c('LPUSH', wait, id)\n"
	    "  else\n"
	    "    c('ZADD', ranked, string.format('%.0f',\n"
	    "      rank * 4294967296 + c('INCR', pc) % 4294967296), id)\n"
	    "  end\n"
	    "  c('XADD', events, '*', 'event', 'waiting', 'jobId', id,\n"
	    "    'prev', 'delayed')\n"
	    "  c('HSET', pre .. id, 'delay', '0')\n"
	    "end\n"
	    "local out, bytes, taken = {'ok', 1, 0, '', ''}, 0, 0\n"
	    "local others = {}\n"
	    "local function lock(id, key, f)\n"
	    "  if max and not f[6] and c('INCR', limiter) == 1 then\n"
	    "    c('PEXPIRE', limiter,\n"
	    "      math.floor(math.abs(tonumber(m[5]) or 1)))\n"
	    "  end\n"
	    "  c('SET', key .. ':lock', ARGV[3], 'PX', ARGV[4])\n"
	    "  c('XADD', events, '*', 'event', 'active', 'jobId', id,\n"
	    "    'prev', 'waiting')\n"
	    "  c('HSET', key, 'processedOn', ARGV[2], 'pb', ARGV[5])\n"
	    "  c('HINCRBY', key, 'ats', 1)\n"
	    "  local data = f[1] or ''\n"
	    "  local size = #data\n"
	    "  if size > tonumber(ARGV[7]) then\n"
	    "    data = string.sub(data, 1, ARGV[9])\n"
	    "  end\n"
	    "  bytes = bytes + #data\n"
	    "  taken = taken + 1\n"
	    "  out[#out + 1] = {id, string.sub(f[3] or '0', 1, 20),\n"
	    "    string.sub(f[4] or '0', 1, 20), size,\n"
	    "    string.sub(f[6] or '', 1, 200), f[2] or '{}', data}\n"
	    "end\n"
	    "while taken < tonumber(ARGV[6]) and bytes <= tonumber(ARGV[8])\n"
	    "    and #others < 1000 do\n"
	    "  if shut() then out[2] = 0 break end\n"
	    "  local id, score = c('RPOPLPUSH', wait, active), nil\n"
	    "  if not id then\n"
	    "    local first = c('ZPOPMIN', ranked)\n"
	    "    if #first == 0 then\n"
	    "      c('DEL', pc)\n"
	    "      out[2] = 0\n"
	    "      break\n"
	    "    end\n"
	    "    id, score = first[1], first[2]\n"
	    "    c('LPUSH', active, id)\n"
	    "  end\n"
	    "  local key = pre .. id\n"
	    "  local f = c('HMGET', key, 'data', 'opts', 'timestamp', 'atm',\n"
	    "    'name', 'defa', 'parentKey', 'rjk', 'deid')\n"
	    "  local why = f[7] and 'a flow' or f[8] and 'a scheduler'\n"
	    "    or f[9] and 'deduplication'\n"
	    "    or #(f[2] or '') > 65536 and 'large options'\n"
	    "  if not f[5] then\n"
	    "    c('LREM', active, 1, id)\n"
	    "  elseif why then\n"
	    "    c('LREM', active, 1, id)\n"
	    "    others[#others + 1] = {id, score, why}\n"
	    "  else\n"
	    "    lock(id, key, f)\n"
	    "  end\n"
	    "end\n"
	    "for i = #others, 1, -1 do\n"
	    "  local o = others[i]\n"
	    "  if o[2] then c('ZADD', ranked, o[2], o[1])\n"
	    "  else c('RPUSH', wait, o[1]) end\n"
	    "  out[3], out[4], out[5] = #others, string.sub(o[1], 1, 60), o[3]\n"
	    "end\n"
	    "if taken + #others + #due > 0 and not shut() then\n"
	    "  c('ZADD', marker, 0, '0')\n"
	    "end\n"
	    "return out\n"
};

/* Where all keys of the queue begin: bull:orders:. */
static void
add_keys(const struct inbox *inbox, struct script_words *words)
{
	static const char *const keys[] = { ":wait", ":active", ":prioritized",
		":events", ":limiter", ":delayed", ":meta", ":pc", ":marker" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		script_key(words, inbox->name, keys[i]);
}

/* Its counter begins anew after a flush; the time it was added does not. */
static char *
job_key(const struct inbox *inbox, const char *id, const char *timestamp)
{
	return mem_printf("%s:%s@%s", inbox->name, id, timestamp);
}

static void
read_job(struct inbox *inbox, const struct redisReply *reply)
{
	const char *id = script_part_text(reply, 0);
	const char *timestamp = script_part_text(reply, 1);
	const char *failure = script_part_text(reply, 4);
	const struct redisReply *options = script_part(reply, 5);
	const struct redisReply *data = script_part(reply, 6);

	if (id == NULL || timestamp == NULL || options == NULL ||
	    options->str == NULL || data == NULL || data->str == NULL)
		return;
	struct arrival *arrival = inbox_add(inbox);
	arrival->key = job_key(inbox, id, timestamp);
	arrival->ticket = mem_dup(id);
	arrival->size = script_part_number(reply, 3, 0);
	arrival->len = (size_t)data->len;
	arrival->raw = mem_dup_n(data->str, arrival->len);
	arrival->job = mem_alloc(sizeof(*arrival->job));
	bull_options(arrival->job, options->str, (size_t)options->len,
	    script_part_number(reply, 2, 0));
	inbox_judge(arrival);
	if (failure != NULL && *failure != '\0')
		snprintf(arrival->why, sizeof(arrival->why), "%.200s",
		    failure);
}

static void
read_jobs(struct inbox *inbox, const struct redisReply *reply)
{
	const char *id = script_part_text(reply, 3);
	const char *why = script_part_text(reply, 4);
	int64_t others = script_part_number(reply, 2, 0);

	inbox->more = script_part_number(reply, 1, 0) > 0;
	if (others > 0)
		snprintf(inbox->notice, sizeof(inbox->notice),
		    "%lld jobs are no plain ones and are left to other "
		    "workers: job %.60s is of %.20s",
		    (long long)others, id ? id : "", why ? why : "");
	for (size_t i = 5; i < reply->elements; i++)
		read_job(inbox, reply->element[i]);
}

enum outcome
bull_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault)
{
	struct script_words words = { 0 };
	const struct redisReply *reply;

	add_keys(inbox, &words);
	script_key(&words, inbox->name, ":");
	script_number(&words, clock_wall_ms());
	script_text(&words, inbox->owner);
	script_number(&words, inbox->lease_ms);
	script_text(&words, BULL_WORKER);
	script_number(&words, most);
	script_number(&words, INBOX_BYTES);
	script_number(&words, INBOX_ANSWER_BYTES);
	script_number(&words, INBOX_GLIMPSE);
	script_call(&words, redis, &take_script, 9);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	if (inbox_answer(inbox, redis, 0, &reply) != OUT_OK)
		return OUT_OK;
	if (script_says(reply, "version"))
		bull_complain(script_part_text(reply, 1), inbox->trouble);
	else if (script_says(reply, "ok"))
		read_jobs(inbox, reply);
	return OUT_OK;
}
