/* SPDX-License-Identifier: MIT */
#include "shared/rate.h"

#include <stdio.h>

#include "base/log.h"
#include "shared/script.h"

/* Answers do not wait for the limit; that they left is told now and then. */
#define PAY_MS 100

/*
 * KEYS arrival time, key that others count in ("" is none); ARGV interval in
 * us, burst, wanted, owed (less what was granted and not used), messages a
 * second.  Returns what is granted, and in how many ms there is more.  A time
 * further ahead than the rate can have put it means that Redis's clock went
 * back: it counts for nothing.  What was not used makes the time no earlier
 * than now, or an hour's quiet would be a burst; where others count it stays
 * counted, as their second may be another one by now.
 */
static const struct redis_script rate_script = {
	.sha1 = "222c7aeb5aa44de68b74a1a707c0d4e37dafda7e",
	.text =
	    "local t = redis.call('TIME')\n"
	    "local now = t[1] * 1000000 + t[2]\n"
	    "local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	    "local want, owed = tonumber(ARGV[3]), tonumber(ARGV[4])\n"
	    "local most = now + 4 * burst * step\n"
	    "local tat = tonumber(redis.call('GET', KEYS[1]) or 0) or 0\n"
	    "if tat < now or tat > most then tat = now end\n"
	    "tat = math.min(math.max(tat + owed * step, now), most)\n"
	    "local room = math.floor((now - tat) / step) + burst\n"
	    "local got = math.max(0, math.min(want, room))\n"
	    "local wait = 0\n"
	    "if KEYS[2] ~= '' then\n"
	    "  local used = tonumber(redis.call('GET', KEYS[2]) or 0) or 0\n"
	    "  got = math.max(0, math.min(got, tonumber(ARGV[5]) - used))\n"
	    "  local new = got + math.max(owed, 0)\n"
	    "  if new > 0 then redis.call('INCRBY', KEYS[2], new) end\n"
	    "  local left = redis.call('PTTL', KEYS[2])\n"
	    "  if left == -1 then\n"
	    "    redis.call('PEXPIRE', KEYS[2], 1000)\n"
	    "    left = 1000\n"
	    "  end\n"
	    "  if got < want and got < room then wait = left * 1000 end\n"
	    "end\n"
	    "tat = tat + got * step\n"
	    "if got ~= 0 or owed ~= 0 then\n"
	    "  redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX',\n"
	    "    math.ceil((tat - now) / 1000) + 1000)\n"
	    "end\n"
	    "if got < want then\n"
	    "  wait = math.max(wait, tat - (burst - 1) * step - now, 1)\n"
	    "end\n"
	    "return {got, math.ceil(wait / 1000)}\n"
};

enum outcome
rate_read(const struct config *config, struct rate *rate, struct fault *fault)
{
	enum outcome out = config_bool(config, "LEADPIPE_SHARED_LIMITS", false,
	    &rate->shared, fault);

	rate->join = config_get(config, "LEADPIPE_LIMIT_JOIN");
	if (out == OUT_OK)
		out = config_int(config, "LEADPIPE_LIMIT_SHARE", 1, 100, 50,
		    &rate->allowance.share, fault);
	return out;
}

static void
add_question(const struct rate *rate, struct redis *redis, int64_t bot,
    const struct limits *limits, bool wanted)
{
	struct script_words words = { 0 };
	int64_t step, burst;
	char key[40];

	limits_bot_rate(limits, &step, &burst);
	snprintf(key, sizeof(key), "lp:gcra:%lld", (long long)bot);
	script_text(&words, key);
	script_text(&words, rate->join ? rate->join : "");
	script_number(&words, step);
	script_number(&words, burst);
	script_number(&words, wanted ? burst : 0);
	script_number(&words, rate->allowance.owed - rate->unused);
	script_number(&words, limits->per_second);
	script_call(&words, redis, &rate_script, 2);
}

/* There is no more of it yet. */
static bool
has_to_wait(const struct rate *rate, int64_t now)
{
	const struct allowance *a = &rate->allowance;

	return a->rules && now >= rate->asked_at && now < a->wait_until;
}

/* Answers left that nobody granted, some time ago: or the clock went back. */
static bool
has_to_pay(const struct rate *rate, int64_t now)
{
	return rate->allowance.owed > 0 &&
	    (now < rate->asked_at || now - rate->asked_at >= PAY_MS);
}

static void
take_reply(struct rate *rate, const struct redisReply *reply, int64_t now)
{
	struct allowance *a = &rate->allowance;
	int64_t got = script_part_number(reply, 0, -1);

	rate->found = got < 0 ? RATE_OFF : RATE_SHARED;
	if (got < 0) {
		snprintf(rate->why, sizeof(rate->why), "%s",
		    reply->type == REDIS_REPLY_ERROR ? reply->str
						     : "a strange answer");
		log_warning("redis: the limit of the bot is not shared: %s",
		    rate->why);
		return;
	}
	*a = (struct allowance){ .rules = true,
		.share = a->share,
		.left = got,
		.wait_until = now + script_part_number(reply, 1, 0) };
	rate->asked_at = now;
}

void
rate_ask(struct rate *rate, struct redis *redis, int64_t bot,
    const struct limits *limits, bool wanted, int64_t now)
{
	struct allowance *a = &rate->allowance;
	struct fault fault;

	if (!rate->shared || limits->per_second <= 0)
		return;
	/* Used later it would come on top of what that second has. */
	rate->unused += a->left;
	a->left = 0;
	if (!has_to_pay(rate, now) && (!wanted || has_to_wait(rate, now)))
		return;
	a->rules = false;
	if (rate->found == RATE_OFF || !redis_usable(redis))
		return;
	add_question(rate, redis, bot, limits, wanted);
	rate->unused = 0;
	if (redis_run(redis, &fault) == OUT_OK)
		take_reply(rate, redis_reply(redis, 0), now);
}
