/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ops/config_note.h"
#include "shared/redis.h"
#include "shared/redis_address.h"
#include "shared/redis_field.h"

#define SUBJECT "Redis"

void
config_check_redis(struct run *run, struct config_notes *notes)
{
	struct redis_address address;
	struct fault fault;
	bool dev, shares;

	/* What is wrong with that is noted already. */
	if (config_bool(run->config, "DEV_MODE", false, &dev, &fault) !=
	    OUT_OK)
		return;
	if (config_bool(run->config, "LEADPIPE_SHARED_TASKS", false, &shares,
		&fault) != OUT_OK)
		note_fault(notes, "LEADPIPE_SHARED_TASKS", &fault);
	if (redis_address_read(&address, run->config, &fault) != OUT_OK)
		note_fault(notes, SUBJECT, &fault);
	else if (address.setting != NULL)
		note_good(notes, SUBJECT, "at %s%s", address.where,
		    address.tls ? ", with TLS" : "");
	else if (dev &&
	    (config_get(run->config, "REDIS_URL") != NULL ||
		config_get(run->config, "REDISHOST") != NULL))
		note_good(notes, SUBJECT, "is not used in DEV_MODE");
	redis_address_release(&address);
}

/* What it says of itself; borrowed from the last round trip. */
struct facts {
	const struct redisReply *server, *memory, *persistence, *replication,
	    *config, *size;
};

/* Whether every answer came; why not is noted. */
static bool
ask_facts(struct redis *redis, struct facts *facts, struct config_notes *notes)
{
	static const char *const asked[][3] = { { "INFO", "server" },
		{ "INFO", "memory" }, { "INFO", "persistence" },
		{ "INFO", "replication" }, { "CONFIG", "GET", "*" },
		{ "DBSIZE" } };
	struct fault fault;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		int count = 1 + (asked[i][1] != NULL) + (asked[i][2] != NULL);

		redis_add_ask(redis, count, asked[i]);
	}
	if (redis_run(redis, &fault) != OUT_OK) {
		note_fault(notes, SUBJECT, &fault);
		return false;
	}
	*facts = (struct facts){ redis_reply(redis, 0), redis_reply(redis, 1),
		redis_reply(redis, 2), redis_reply(redis, 3),
		redis_reply(redis, 4), redis_reply(redis, 5) };
	return true;
}

static void
tell_server(const struct redis *redis, const struct facts *facts,
    int64_t took_us, struct config_notes *notes)
{
	char version[REDIS_FIELD_SIZE], mode[REDIS_FIELD_SIZE];

	if (redis_field(facts->server, "redis_mode", mode) &&
	    strcmp(mode, "cluster") == 0) {
		note_problem(notes, SUBJECT, EXIT_CONFIG,
		    "%s is a cluster, which is not supported: name a server "
		    "of its own",
		    redis_where(redis));
		return;
	}
	if (!redis_field(facts->server, "redis_version", version))
		snprintf(version, sizeof(version), "unknown");
	note_good(notes, SUBJECT,
	    "%s answers in %.1f ms: version %s, "
	    "%lld keys",
	    redis_where(redis), (double)took_us / 1000, version,
	    facts->size->integer);
}

/* The longest time of "3600 1 300 100", as seconds; 0: it never saves. */
static long
longest_save(const char *rules)
{
	long longest = 0;
	char *end;

	for (;;) {
		long seconds = strtol(rules, &end, 10);

		if (end == rules)
			return longest;
		longest = seconds > longest ? seconds : longest;
		strtol(end, &end, 10);
		rules = end;
	}
}

#define SET_AOF \
	"; in redis.conf set 'appendonly yes' and " \
	"'appendfsync everysec'"

/* What is lost when it, or its machine, dies. */
static void
tell_persistence(const struct facts *facts, struct config_notes *notes)
{
	char aof[REDIS_FIELD_SIZE], fsync[REDIS_FIELD_SIZE];
	char rules[REDIS_FIELD_SIZE], span[CLOCK_TEXT_SIZE];
	bool known = redis_field(facts->config, "save", rules);
	long seconds = longest_save(rules);

	if (!redis_field(facts->persistence, "aof_enabled", aof))
		note_advice(notes, SUBJECT,
		    "it does not say whether it keeps anything (INFO is not "
		    "allowed): ask who runs it for appendonly yes");
	else if (strcmp(aof, "1") != 0 && !known)
		note_advice(notes, SUBJECT,
		    "it would lose what came since its last snapshot (CONFIG "
		    "is not allowed, so nobody knows how long that is)" SET_AOF);
	else if (strcmp(aof, "1") != 0 && seconds == 0)
		note_advice(notes, SUBJECT,
		    "it would lose everything: it saves nothing" SET_AOF);
	else if (strcmp(aof, "1") != 0)
		note_advice(notes, SUBJECT,
		    "it would lose up to %s of what others hand over "
		    "(save '%s', appendonly no)" SET_AOF,
		    clock_span_text(seconds * INT64_C(1000), span), rules);
	else if (!redis_field(facts->config, "appendfsync", fsync))
		note_good(notes, SUBJECT,
		    "it would lose a second at most, if its appendfsync is "
		    "everysec (CONFIG is not allowed)");
	else if (strcmp(fsync, "no") == 0)
		note_advice(notes, SUBJECT,
		    "it would lose some 30 s with its machine; in redis.conf "
		    "set 'appendfsync everysec'");
	else
		note_good(notes, SUBJECT, "it would lose %s",
		    strcmp(fsync, "always") == 0 ? "nothing"
						 : "a second at most");
}

static void
tell_saving(const struct facts *facts, struct config_notes *notes)
{
	char status[REDIS_FIELD_SIZE];

	if ((redis_field(facts->persistence, "rdb_last_bgsave_status",
		 status) &&
		strcmp(status, "err") == 0) ||
	    (redis_field(facts->persistence, "aof_last_write_status",
		 status) &&
		strcmp(status, "err") == 0))
		note_problem(notes, SUBJECT, EXIT_CONFIG,
		    "it cannot save to its disk: its log says why");
}

static void
tell_eviction(const struct facts *facts, struct config_notes *notes)
{
	char limit[REDIS_FIELD_SIZE], policy[REDIS_FIELD_SIZE];

	if (!redis_field(facts->memory, "maxmemory", limit) ||
	    !redis_field(facts->memory, "maxmemory_policy", policy))
		return;
	if (strcmp(policy, "noeviction") == 0 ||
	    (strncmp(policy, "volatile", 8) == 0 && strcmp(limit, "0") == 0))
		return;
	if (strcmp(limit, "0") == 0)
		note_advice(notes, SUBJECT,
		    "with a maxmemory it would throw tasks and leads away; "
		    "set 'maxmemory-policy noeviction'");
	else
		note_problem(notes, SUBJECT, EXIT_CONFIG,
		    "when it is full it throws %s away (maxmemory-policy %s); "
		    "set 'maxmemory-policy noeviction'",
		    strncmp(policy, "volatile", 8) == 0 ? "dialogs"
							: "tasks and leads",
		    policy);
}

static void
tell_replicas(const struct facts *facts, struct config_notes *notes)
{
	char count[REDIS_FIELD_SIZE], least[REDIS_FIELD_SIZE];

	if (redis_field(facts->replication, "connected_slaves", count) &&
	    strcmp(count, "0") != 0 &&
	    redis_field(facts->config, "min-replicas-to-write", least) &&
	    strcmp(least, "0") == 0)
		note_advice(notes, SUBJECT,
		    "it has %s replicas, and what it takes while they are cut "
		    "off is lost when one of them becomes master; set "
		    "'min-replicas-to-write 1'",
		    count);
}

/* What we do there, with the keys that it is done to by default. */
static const char *const uses[] = { "SET lp:probe 1 PX 1",
	"EVALSHA 0 1 scheduler:tasks", "EVAL 0 1 scheduler:tasks",
	"ZADD scheduler:tasks 1 x", "ZREM scheduler:tasks x",
	"ZRANGEBYSCORE scheduler:tasks 0 1", "ZCARD scheduler:tasks",
	"HSET {scheduler:tasks}:lp:owner x x",
	"HDEL {scheduler:tasks}:lp:owner x", "INCR {scheduler:tasks}:lp:gen",
	"SADD scheduler:processing x", "SREM scheduler:processing x",
	"SSCAN scheduler:processing 0", "HGETALL user:state:1",
	"GET user:state:1", "TYPE user:state:1", "PEXPIRE user:state:1 1",
	"DEL user:state:1", "SET fsm:1:1:state x", "SCAN 0", "SET lp:gcra:1 1",
	"HSET lp:chat:1:1 x x", "RPUSH lp:history:1:1 x",
	"LRANGE leadpipe:in 0 1", "LPOP leadpipe:in",
	"XPENDING leadpipe:leads leadpipe",
	"XCLAIM leadpipe:leads leadpipe x 1 1-1",
	"XREADGROUP GROUP leadpipe x STREAMS leadpipe:leads >",
	"XACK leadpipe:leads leadpipe 1-1", "TIME" };
#define USES (sizeof(uses) / sizeof(uses[0]))

static void
add_use(struct redis *redis, const char *user, const char *use)
{
	const char *words[16] = { "ACL", "DRYRUN", user };
	char copy[128], *at = copy;
	int count = 3;

	snprintf(copy, sizeof(copy), "%s", use);
	while (at)
		words[count++] = strsep(&at, " ");
	redis_add_ask(redis, count, words);
}

/* Who we are there; false when it does not tell. */
static bool
ask_user(struct redis *redis, char user[REDIS_FIELD_SIZE])
{
	static const char *const whoami[] = { "ACL", "WHOAMI" };
	const struct redisReply *reply;
	struct fault fault;

	redis_add_ask(redis, 2, whoami);
	if (redis_run(redis, &fault) != OUT_OK)
		return false;
	reply = redis_reply(redis, 0);
	if (reply->type != REDIS_REPLY_STRING)
		return false;
	snprintf(user, REDIS_FIELD_SIZE, "%s", reply->str);
	return true;
}

/* ACL DRYRUN came with Redis 7; before that, only doing it tells. */
static void
tell_rights(struct redis *redis, struct config_notes *notes)
{
	struct buf refused = BUF_INIT(360);
	char user[REDIS_FIELD_SIZE];
	struct fault fault;

	if (!ask_user(redis, user))
		return;
	for (size_t i = 0; i < USES; i++)
		add_use(redis, user, uses[i]);
	if (redis_run(redis, &fault) != OUT_OK)
		return;
	for (size_t i = 0; i < USES; i++) {
		const struct redisReply *reply = redis_reply(redis, (int)i);

		if (reply->type == REDIS_REPLY_STRING)
			buf_printf(&refused, "%s%s",
			    refused.len > 0 ? ", " : "", uses[i]);
	}
	if (refused.len > 0)
		note_advice(notes, SUBJECT,
		    "the user '%s' may not do this, and what needs it will "
		    "not work: %s%s",
		    user, refused.data, refused.overflow ? ", ..." : "");
	buf_release(&refused);
}

static void
check_server(struct redis *redis, struct config_notes *notes)
{
	static const char *const write[] = { "SET", "lp:probe", "1", "PX",
		"1000" };
	struct facts facts;
	struct fault fault;
	int64_t start;

	redis_add(redis, "PING");
	if (redis_run(redis, &fault) != OUT_OK) {
		note_fault(notes, SUBJECT, &fault);
		return;
	}
	start = clock_mono_us();
	if (!ask_facts(redis, &facts, notes))
		return;
	tell_server(redis, &facts, clock_mono_us() - start, notes);
	tell_persistence(&facts, notes);
	tell_saving(&facts, notes);
	tell_eviction(&facts, notes);
	tell_replicas(&facts, notes);
	tell_rights(redis, notes);
	/* Whether it takes what is written, it says last. */
	redis_add_ask(redis, sizeof(write) / sizeof(write[0]), write);
	if (redis_run(redis, &fault) != OUT_OK)
		note_fault(notes, SUBJECT, &fault);
}

void
config_check_redis_online(struct run *run, struct config_notes *notes)
{
	struct redis *redis = NULL;
	struct fault fault;

	/* Without the database: whoever asks wants to know how it is now, not
	 * how it was.  Why it cannot be opened is noted already. */
	if (redis_open(&redis, NULL, run->config, REDIS_SYNC, &fault) ==
		OUT_OK &&
	    redis != NULL)
		check_server(redis, notes);
	redis_close(redis);
}
