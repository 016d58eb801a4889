/* SPDX-License-Identifier: MIT */
/*
 * What Redis says of itself.
 */
#ifndef LEADPIPE_REDIS_FIELD_H
#define LEADPIPE_REDIS_FIELD_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* Copies the field NAME of an answer to INFO, or to CONFIG GET; false when it
 * is not in it. */
#define REDIS_FIELD_SIZE 128
bool redis_field(const struct redisReply *reply, const char *name,
    char value[REDIS_FIELD_SIZE]);

#endif
