/* SPDX-License-Identifier: MIT */
/*
 * A bot with a flow whose schedule is `later`, a real Redis, and what other
 * programs do to it.
 */
#ifndef LEADPIPE_SHARED_CASE_H
#define LEADPIPE_SHARED_CASE_H

#include "redis_server.h"
#include "turn_case.h"

#include "shared/handover.h"
#include "shared/handover_script.h"
#include "turn/turn_shared.h"
#include "turn/turn_tasks.h"

#define SHARED_FLOW \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"commands\":{\"/start\":[{\"goto\":\"hello\"}]," \
	"\"/paid\":[{\"goto\":\"paid\"}]," \
	"\"/no\":[{\"cancel\":[\"later\"]}]}," \
	"\"fallback\":[{\"send\":\"what\"}]," \
	"\"states\":{\"hello\":{\"enter\":[{\"send\":\"hi\"}," \
	"{\"schedule\":\"later\",\"after\":\"5m\"," \
	"\"unless\":{\"been\":\"paid\"},\"expire\":\"1d\"," \
	"\"do\":[{\"send\":\"remind\"}]}]}," \
	"\"paid\":{\"enter\":[{\"send\":\"thanks\"}]}}," \
	"\"texts\":{\"en\":{\"hi\":\"Hi\",\"what\":\"What\"," \
	"\"remind\":\"Remember\",\"thanks\":\"Thanks\"}}}"

static struct redis_server server;
static redisContext *foreign; /* another program */
static struct redis *redis;
static struct handover *handover;

/* Another program's command: its number, or text in `answer`. */
static char answer[1 << 17];

static inline int64_t
other(const char *format, ...)
{
	va_list args;
	int64_t number = 0;

	va_start(args, format);
	redisReply *reply = redisvCommand(foreign, format, args);
	va_end(args);
	if (reply == NULL)
		fail_msg("no answer: %s", foreign->errstr);
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s", reply->str);
	answer[0] = '\0';
	if (reply->type == REDIS_REPLY_INTEGER)
		number = reply->integer;
	else if (reply->type == REDIS_REPLY_ARRAY)
		number = (int64_t)reply->elements;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		snprintf(answer, sizeof(answer), "%s", reply->element[0]->str);
	else if (reply->str != NULL)
		snprintf(answer, sizeof(answer), "%s", reply->str);
	freeReplyObject(reply);
	return number;
}

static inline void
foreign_connect(void)
{
	if (foreign != NULL)
		redisFree(foreign);
	foreign = redisConnectUnix(server.socket);
	assert_non_null(foreign);
	assert_int_equal(foreign->err, 0);
}

static inline int
server_up(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	foreign_connect();
	return 0;
}

static inline int
server_down(void **state)
{
	(void)state;
	redisFree(foreign);
	redis_server_remove(&server);
	return 0;
}

static inline void
shared_open(void)
{
	redis = redis_server_client(&server, db, REDIS_SYNC);
	state_ok(handover_open(&handover, db, config, &fault), &fault);
}

static inline void
shared_close(void)
{
	handover_close(handover);
	redis_close(redis);
	handover = NULL;
	redis = NULL;
}

static inline int
shared_setup(void **state)
{
	setenv("LEADPIPE_SHARED_TASKS", "true", 1);
	if (turn_setup(state, SHARED_FLOW, "#!/bin/sh\n") != 0)
		return -1;
	other("FLUSHALL");
	shared_open();
	return 0;
}

static inline int
shared_teardown(void **state)
{
	shared_close();
	return turn_teardown(state);
}

#define SHARED(test) \
	cmocka_unit_test_setup_teardown(test, shared_setup, shared_teardown)

static inline void
change(const char *sql)
{
	state_exec(state_path, sql);
}

/* One round that claims WANT. */
static inline bool
round_of(int want)
{
	bool more;

	redis_end_by(redis, clock_mono_ms() + 10000);
	state_ok(handover_round(handover, redis, 100, want, &more, &fault),
	    &fault);
	return more;
}

/* What is owned is read, and what is due is done. */
static inline void
work(void)
{
	bool more;

	begin();
	state_ok(turn_shared(turn, clock_wall_ms(), 1000, &more, &fault),
	    &fault);
	state_ok(turn_tasks(turn, clock_wall_ms(), 1000, &more, &fault),
	    &fault);
	commit();
}

/* As many rounds as it takes. */
static inline void
settle(void)
{
	for (int i = 0; i < 6; i++) {
		round_of(100);
		work();
	}
}

/* Somebody puts MEMBER there, due AGO ms ago. */
static inline void
put(const char *member, int64_t ago)
{
	other("ZADD scheduler:tasks %lld %b",
	    (long long)(clock_wall_ms() - ago), member, strlen(member));
}

/* All that waits in the set is due since a minute. */
static inline void
let_due(void)
{
	other("EVAL %s 1 scheduler:tasks %lld",
	    "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do "
	    "redis.call('ZADD', KEYS[1], ARGV[1], m) end",
	    (long long)clock_wall_ms() - 60000);
	change("UPDATE shared_tasks SET due_at = 1000 * strftime('%s', 'now')"
	       " - 60000, look_at = 0 WHERE ours = 1");
}

static inline void
let_lease_end(void)
{
	other("EVAL %s 1 " HANDOVER_LEASES,
	    "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do "
	    "redis.call('ZADD', KEYS[1], 1, m) end");
}

/* Nothing of ours is left in Redis but the generation. */
static inline void
is_clean(void)
{
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	assert_int_equal(other("ZCARD " HANDOVER_LEASES), 0);
	assert_int_equal(other("HLEN " HANDOVER_NOTES), 0);
}

static inline int64_t
messages(const char *text)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM messages WHERE role = 'assistant'"
	    " AND text = '%s'",
	    text);
	return number(sql);
}

#endif
