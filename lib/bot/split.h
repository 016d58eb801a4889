/* SPDX-License-Identifier: MIT */
/*
 * Experiments: where among equal shares a person is.
 */
#ifndef LEADPIPE_SPLIT_H
#define LEADPIPE_SPLIT_H

#include <stdint.h>

#include "bot/chat.h"

/* The person's place, 0 to TOTAL - 1, in the experiment NAME: always the same,
 * and when TOTAL grows as few people as can be move to another share. */
uint32_t split_place(const struct chat *chat, const char *name,
    uint32_t total);

#endif
