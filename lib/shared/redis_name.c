/* SPDX-License-Identifier: MIT */
/*
 * Where the name of Redis leads.  A lookup may take 20 s whatever one says, so
 * a thread of its own does it, which nobody waits for beyond the deadline, and
 * what it found is kept for the processes that may not look.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/host.h"
#include "shared/redis_state.h"
#include "store/meta.h"

#define FRESH_MS (5 * 60 * 1000)
#define LOOKUP_MS 2000
#define WRITE_MS 200

struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t done;
	int owners; /* the thread and who waits for it */
	bool over;
	char name[HOST_SIZE];
	char ip[INET6_ADDRSTRLEN];
};

static void
lookup_leave(struct lookup *lookup)
{
	int owners;

	pthread_mutex_lock(&lookup->lock);
	owners = --lookup->owners;
	pthread_mutex_unlock(&lookup->lock);
	if (owners > 0)
		return;
	pthread_mutex_destroy(&lookup->lock);
	pthread_cond_destroy(&lookup->done);
	free(lookup);
}

static void *
lookup_run(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG };
	struct lookup *lookup = arg;
	struct addrinfo *found = NULL;
	char ip[INET6_ADDRSTRLEN] = "";

	if (getaddrinfo(lookup->name, NULL, &hints, &found) == 0)
		getnameinfo(found->ai_addr, found->ai_addrlen, ip, sizeof(ip),
		    NULL, 0, NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	pthread_mutex_lock(&lookup->lock);
	strcpy(lookup->ip, ip);
	lookup->over = true;
	pthread_cond_signal(&lookup->done);
	pthread_mutex_unlock(&lookup->lock);
	lookup_leave(lookup);
	return NULL;
}

static bool
lookup_start(struct lookup *lookup)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	/* Signals are for the thread that knows what to do with them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, lookup_run, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_detach(thread);
	return error == 0;
}

static void
lookup_wait(struct lookup *lookup, int64_t deadline)
{
	struct timespec until = { .tv_sec = deadline / 1000,
		.tv_nsec = deadline % 1000 * 1000000 };
	int error = 0;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->over && error == 0)
		error = pthread_cond_clockwait(&lookup->done, &lookup->lock,
		    CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&lookup->lock);
}

/* The address of NAME, NULL when it was not found by DEADLINE. */
static char *
look_up(const char *name, int64_t deadline)
{
	struct lookup *lookup = mem_alloc(sizeof(*lookup));
	char *ip = NULL;

	pthread_mutex_init(&lookup->lock, NULL);
	pthread_cond_init(&lookup->done, NULL);
	snprintf(lookup->name, sizeof(lookup->name), "%s", name);
	lookup->owners = 2;
	if (lookup_start(lookup)) {
		lookup_wait(lookup, deadline);
		pthread_mutex_lock(&lookup->lock);
		if (lookup->over && lookup->ip[0] != '\0')
			ip = mem_dup(lookup->ip);
		pthread_mutex_unlock(&lookup->lock);
	} else {
		lookup->owners--;
	}
	lookup_leave(lookup);
	return ip;
}

/* What was found of this name ("name address time"), and *AGE ms ago; the
 * caller frees it. */
static char *
recall(struct redis *redis, int64_t *age)
{
	char *known = redis->db ? meta_text(redis->db, META_REDIS_ADDRESS)
				: NULL;
	size_t len = strlen(redis->address.host);
	char *found = NULL, *at, *end;

	if (known && strncmp(known, redis->address.host, len) == 0 &&
	    known[len] == ' ') {
		at = known + len + 1;
		end = at + strcspn(at, " ");
		*age = clock_wall_ms() - strtoll(end, NULL, 10);
		found = mem_dup_n(at, (size_t)(end - at));
	}
	free(known);
	return found;
}

/* For the processes that may not look; without it they go without Redis. */
static void
keep(struct redis *redis, const char *ip)
{
	struct fault unsaid = { 0 };
	char *text;

	if (!redis->db ||
	    db_begin(redis->db, clock_mono_ms() + WRITE_MS, &unsaid) != OUT_OK)
		return;
	text = mem_printf("%s %s %lld", redis->address.host, ip,
	    (long long)clock_wall_ms());
	if (meta_set_text(redis->db, META_REDIS_ADDRESS, text, &unsaid) ==
	    OUT_OK)
		(void)!db_commit(redis->db, &unsaid);
	db_rollback(redis->db);
	free(text);
}

/* An address, or a name that needs no lookup. */
static char *
plain_address(const char *host)
{
	struct in6_addr ip;

	if (strcasecmp(host, "localhost") == 0)
		return mem_dup("127.0.0.1");
	return inet_pton(AF_INET, host, &ip) == 1 ||
		inet_pton(AF_INET6, host, &ip) == 1
	    ? mem_dup(host)
	    : NULL;
}

enum outcome
redis_find(struct redis *redis, int64_t deadline, struct fault *fault)
{
	int64_t age = FRESH_MS, latest = clock_mono_ms() + LOOKUP_MS;
	char *found;

	if (redis->ip || redis->address.path)
		return OUT_OK;
	redis->ip = plain_address(redis->address.host);
	if (redis->ip)
		return OUT_OK;
	redis->ip = recall(redis, &age);
	if (redis->way == REDIS_SYNC && (age < 0 || age >= FRESH_MS)) {
		found = look_up(redis->address.host,
		    deadline < latest ? deadline : latest);
		if (found) {
			keep(redis, found);
			free(redis->ip);
			redis->ip = found;
		}
	}
	if (redis->ip)
		return OUT_OK;
	return redis_fail(redis, OUT_LATER, fault,
	    redis->way == REDIS_BOT
		? "its name was not looked up yet: 'leadpipe sync-redis' does"
		: "its name was not found");
}
