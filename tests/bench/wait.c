/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * wait DATABASE: what a Redis, as REDIS_URL says, costs those who answer: the
 * milliseconds of the first call of a process, of the first while the breaker
 * is open, and what it is said to be.  Each call is one of a new process, as
 * far as the client can tell.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "shared/redis.h"

#define CALLS_MOST 10

static struct db *db;
static struct config *config;
static struct fault fault;

/* How long a call took, in microseconds; *OUT: how it ended. */
static int64_t
call(enum outcome *out)
{
	int64_t start = clock_mono_us(), took;
	struct redis *redis = NULL;

	*out = redis_open(&redis, db, config, REDIS_BOT, &fault);
	if (*out == OUT_OK) {
		redis_add(redis, "SET lp:probe 1 PX 1000");
		*out = redis_run(redis, &fault);
	}
	took = clock_mono_us() - start;
	redis_close(redis);
	return took;
}

static bool
is_open(void)
{
	struct redis *redis = NULL;
	bool usable = redis_open(&redis, db, config, REDIS_BOT, &fault) ==
		OUT_OK &&
	    redis_usable(redis);

	redis_close(redis);
	return !usable;
}

int
main(int argc, char **argv)
{
	enum outcome out;
	int64_t first, later;

	if (argc != 2 || config_open(&config, "/dev/null", &fault) != OUT_OK ||
	    db_open(&db, argv[1], DB_CREATE, 4242, &fault) != OUT_OK) {
		fprintf(stderr, "wait: %s\n", fault.text);
		return 64;
	}
	first = call(&out);
	for (int i = 0; i < CALLS_MOST && !is_open(); i++)
		(void)call(&out);
	later = call(&out);
	printf("%.2f %.3f %s\n", (double)first / 1000, (double)later / 1000,
	    out == OUT_OK ? "well" : fault.text);
	db_close(db);
	config_close(config);
	return 0;
}
