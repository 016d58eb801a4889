/* SPDX-License-Identifier: MIT */
/*
 * Where Redis is, as configured.
 */
#ifndef LEADPIPE_REDIS_ADDRESS_H
#define LEADPIPE_REDIS_ADDRESS_H

#include <stdbool.h>

#include "base/config.h"

struct redis_address {
	const char *setting; /* REDIS_URL or REDISHOST; NULL: none */
	char *path;	     /* of the socket; else NULL */
	char *host;	     /* a name or IP; else NULL */
	int port;
	bool tls;
	char *user, *password; /* NULL: none */
	int database;
	char *where; /* for people */
};

/*
 * Reads REDIS_URL (redis://, rediss://, unix://) or the REDISHOST family into
 * ADDRESS; with DEV_MODE, or when nothing is configured, it has no setting.
 * Passwords are told to log_secret().  OUT_NEVER/EXIT_CONFIG names the setting
 * and what it should be like, never what it is.
 */
enum outcome redis_address_read(struct redis_address *address,
    const struct config *config, struct fault *fault) must_check;
void redis_address_release(struct redis_address *address);

/* What counts for nothing: a bad REDISPORT where nobody asks for it, and any
 * of the family without REDISHOST (OUT_NEVER/EXIT_CONFIG). */
enum outcome redis_address_check(const struct config *config,
    struct fault *fault) must_check;

#endif
