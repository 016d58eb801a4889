/* SPDX-License-Identifier: MIT */
#include "shared/inbox_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * An element of a list has no name, so it gets one when it is taken: two equal
 * ones are two, and the same one taken again is the same.  A ticket is "name
 * owner until tries", a field of the hash of what is taken.
 *
 * KEYS list, taken, poison, counter; ARGV owner, lease in ms, most, bytes of
 * one, bytes of all, of a glimpse.  What a dead command left goes first, alone.
 * Returns 'ok', how many are left, then name, ticket, size, tries and the
 * element of each.  Memory runs out before the first write or not at all.
 */
static const struct redis_script take_script = {
	.sha1 = "f4f51100924a3cc15816c3907af2cc5df574cc6a",
	.text =
	    "local kinds = {'list', 'hash', 'list', 'string'}\n"
	    "for i, kind in ipairs(kinds) do\n"
	    "  local is = redis.call('TYPE', KEYS[i]).ok\n"
	    "  if is ~= 'none' and is ~= kind then\n"
	    "    return {'type', KEYS[i], is, kind}\n"
	    "  end\n"
	    "end\n"
	    "local t = redis.call('TIME')\n"
	    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	    "local till = string.format('%.0f', now + ARGV[2])\n"
	    "local out, bytes = {'ok', '0'}, 0\n"
	    "local function give(name, tries, raw)\n"
	    "  local ticket = name .. ' ' .. ARGV[1] .. ' ' .. till .. ' '"
	    " .. tries\n"
	    "  redis.call('HSET', KEYS[2], ticket, raw)\n"
	    "  local size = #raw\n"
	    "  if size > tonumber(ARGV[4]) then\n"
	    "    raw = string.sub(raw, 1, ARGV[6])\n"
	    "  end\n"
	    "  bytes = bytes + #raw\n"
	    "  for _, v in ipairs({name, ticket, size, tries, raw}) do\n"
	    "    out[#out + 1] = v\n"
	    "  end\n"
	    "end\n"
	    "local left = redis.call('HKEYS', KEYS[2])\n"
	    "table.sort(left)\n"
	    "for _, ticket in ipairs(left) do\n"
	    "  local name, owner, over, tries =\n"
	    "    string.match(ticket, '^(%S+) (%S+) (%d+) (%d+)$')\n"
	    "  if name and (owner == ARGV[1] or tonumber(over) < now) then\n"
	    "    local raw = redis.call('HGET', KEYS[2], ticket)\n"
	    "    redis.call('HDEL', KEYS[2], ticket)\n"
	    "    give(name, tries + 1, raw)\n"
	    "    out[2] = '1'\n"
	    "    return out\n"
	    "  end\n"
	    "end\n"
	    "for i = 1, tonumber(ARGV[3]) do\n"
	    "  if bytes > tonumber(ARGV[5]) then break end\n"
	    "  local raw = redis.call('LPOP', KEYS[1])\n"
	    "  if not raw then break end\n"
	    "  local name = string.format('%s%06d-%.0f', t[1], t[2],\n"
	    "    redis.call('INCR', KEYS[4]))\n"
	    "  give(name, 0, raw)\n"
	    "end\n"
	    "out[2] = tostring(redis.call('LLEN', KEYS[1]))\n"
	    "return out\n"
};

/* KEYS taken; ARGV owner, lease in ms, tickets.  Returns the new ticket of
 * each, '' for one that somebody else has. */
static const struct redis_script hold_script = {
	.sha1 = "d0690ee43d7382a5fafd090ed40acc18d6311df5",
	.text =
	    "local t = redis.call('TIME')\n"
	    "local till = string.format('%.0f',\n"
	    "  t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2])\n"
	    "local out = {}\n"
	    "for i = 3, #ARGV do\n"
	    "  local raw = redis.call('HGET', KEYS[1], ARGV[i])\n"
	    "  local name, tries = string.match(ARGV[i],\n"
	    "    '^(%S+) %S+ %d+ (%d+)$')\n"
	    "  if raw and name then\n"
	    "    local ticket = name .. ' ' .. ARGV[1] .. ' ' .. till .. ' '"
	    " .. tries\n"
	    "    redis.call('HDEL', KEYS[1], ARGV[i])\n"
	    "    redis.call('HSET', KEYS[1], ticket, raw)\n"
	    "    out[#out + 1] = ticket\n"
	    "  else\n"
	    "    out[#out + 1] = ''\n"
	    "  end\n"
	    "end\n"
	    "return out\n"
};

/*
 * KEYS taken, poison; ARGV fate and ticket of each.  What is given back keeps
 * its name, as nobody knows whether a commit that failed did so on the disk;
 * it is nobody's, and was not tried.
 */
static const struct redis_script settle_script = {
	.sha1 = "4ab311ea1681eba45a1edcdbf99c3e885df95c95",
	.text = "local is = redis.call('TYPE', KEYS[2]).ok\n"
		"if is ~= 'none' and is ~= 'list' then\n"
		"  return {'type', KEYS[2], is, 'list'}\n"
		"end\n"
		"for i = 1, #ARGV, 2 do\n"
		"  local raw = redis.call('HGET', KEYS[1], ARGV[i + 1])\n"
		"  if raw then\n"
		"    redis.call('HDEL', KEYS[1], ARGV[i + 1])\n"
		"    if ARGV[i] == 'refused' then\n"
		"      redis.call('RPUSH', KEYS[2], raw)\n"
		"    elseif ARGV[i] == 'later' then\n"
		"      redis.call('HSET', KEYS[1],\n"
		"        string.match(ARGV[i + 1], '^%S+') .. ' - 0 0', raw)\n"
		"    end\n"
		"  end\n"
		"end\n"
		"return 'ok'\n"
};

static void
read_arrival(struct inbox *inbox, const struct redisReply *reply, size_t at)
{
	struct arrival *arrival =
	    inbox_read(inbox, script_part_text(reply, at), reply, at + 1);
	const struct redisReply *raw = script_part(reply, at + 4);

	arrival->len = (size_t)raw->len;
	arrival->raw = mem_dup_n(raw->str, arrival->len);
}

enum outcome
list_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault)
{
	struct script_words words = { 0 };
	const struct redisReply *reply;

	script_text(&words, inbox->name);
	script_key(&words, inbox->name, ":processing");
	script_key(&words, inbox->name, ":poison");
	script_key(&words, inbox->name, ":counter");
	script_text(&words, inbox->owner);
	script_number(&words, inbox->lease_ms);
	script_number(&words, most);
	script_number(&words, INBOX_BYTES);
	script_number(&words, INBOX_ANSWER_BYTES);
	script_number(&words, INBOX_GLIMPSE);
	script_call(&words, redis, &take_script, 4);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	if (inbox_answer(inbox, redis, 0, &reply) != OUT_OK)
		return OUT_OK;
	inbox->more = script_part_number(reply, 1, 0) > 0;
	for (size_t i = 2; i + 4 < reply->elements; i += 5)
		if (script_part_text(reply, i + 4) != NULL)
			read_arrival(inbox, reply, i);
	return OUT_OK;
}

enum outcome
list_hold(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	struct script_words words = { 0 };
	const struct redisReply *reply;

	script_key(&words, inbox->name, ":processing");
	script_text(&words, inbox->owner);
	script_number(&words, inbox->lease_ms);
	for (int i = 0; i < inbox->count; i++)
		script_text(&words, inbox->arrivals[i].ticket);
	script_call(&words, redis, &hold_script, 1);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	out = inbox_answer(inbox, redis, 0, &reply);
	for (int i = 0; i < inbox->count; i++) {
		const char *ticket = script_part_text(reply, (size_t)i);

		inbox_lose(&inbox->arrivals[i]);
		if (out == OUT_OK && ticket != NULL && *ticket != '\0')
			inbox->arrivals[i].ticket = mem_dup(ticket);
	}
	return OUT_OK;
}

enum outcome
list_settle(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	struct script_words words = { 0 };

	script_key(&words, inbox->name, ":processing");
	script_key(&words, inbox->name, ":poison");
	inbox_fates(inbox, &words);
	script_call(&words, redis, &settle_script, 2);
	return inbox_settled(inbox, redis, fault);
}
