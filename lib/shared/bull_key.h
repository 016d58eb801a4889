/* SPDX-License-Identifier: MIT */
/*
 * What the files bull*.c have in common.
 */
#ifndef LEADPIPE_BULL_KEY_H
#define LEADPIPE_BULL_KEY_H

#include "shared/bull.h"
#include "shared/inbox_key.h"

/* Who processed a job, as BullMQ's boards show it. */
#define BULL_WORKER "leadpipe"

/* Of a script: as many events as the queue keeps by m[4], of its meta; one that
 * says nonsense must not end the script half way. */
#define BULL_EVENTS \
	"local most = string.match(m[4] or '', '^%d+$') or '10000'\n"

/* Of a script whose KEYS should be of these kinds. */
#define BULL_KINDS \
	"for i, kind in ipairs(kinds) do\n" \
	"  local is = c('TYPE', KEYS[i]).ok\n" \
	"  if is ~= 'none' and is ~= kind then\n" \
	"    return {'type', KEYS[i], is, kind}\n" \
	"  end\n" \
	"end\n"

/* Of a script: the job ID is due at DUE, behind those of the same ms; whoever
 * waits for the first of them hears of it. */
#define BULL_DELAY \
	"  local low, high = due * 4096, due * 4096 + 4095\n" \
	"  local r = c('ZREVRANGEBYSCORE', delayed,\n" \
	"    string.format('%.0f', high), string.format('%.0f', low),\n" \
	"    'WITHSCORES', 'LIMIT', 0, 1)\n" \
	"  local score = r[2] and math.min(tonumber(r[2]) + 1, high) or low\n" \
	"  c('ZADD', delayed, string.format('%.0f', score), id)\n" \
	"  c('XADD', events, '*', 'event', 'delayed', 'jobId', id,\n" \
	"    'delay', string.format('%.0f', due))\n" \
	"  local first = c('ZRANGE', delayed, 0, 0, 'WITHSCORES')\n" \
	"  c('ZADD', marker,\n" \
	"    string.format('%.0f', tonumber(first[2]) / 4096), '1')\n"

/* TEXT says what is wrong with a queue whose meta has VERSION. */
void bull_complain(const char *version, char text[200]);

#endif
