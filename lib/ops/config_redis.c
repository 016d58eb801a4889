/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ops/config_note.h"
#include "shared/redis.h"
#include "shared/redis_address.h"
#include "shared/redis_field.h"
#include "telegram/token.h"

#define SUBJECT "Redis"

static enum outcome
check_address(const struct config *config, struct fault *fault)
{
	struct redis_address address;
	enum outcome out = redis_address_read(&address, config, fault);

	redis_address_release(&address);
	return out;
}

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
		note_faults(notes, SUBJECT, run->config, check_address);
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

static void
check_server(struct redis *redis, int64_t bot, struct config_notes *notes)
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
	note_rights(redis, notes);
	/* Whether it takes what is written, it says late. */
	redis_add_ask(redis, sizeof(write) / sizeof(write[0]), write);
	if (redis_run(redis, &fault) != OUT_OK)
		note_fault(notes, SUBJECT, &fault);
	else
		note_neighbours(redis, bot, notes);
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
		check_server(redis,
		    telegram_bot_id(
			config_get_or(run->config, "BOT_TOKEN", "")),
		    notes);
	redis_close(redis);
}
