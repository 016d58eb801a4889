/* SPDX-License-Identifier: MIT */
/*
 * What waits for a human, written out: all of it, or one.
 */
#ifndef LEADPIPE_PENDING_LIST_H
#define LEADPIPE_PENDING_LIST_H

#include <stdio.h>

#include "ops/pending_text.h"
#include "ops/run.h"

/* Writes what waits of KIND (NULL: all, PENDING_DROPPED) to TO, the command's
 * stdout, some at a time: the list may be long, and its reader slow.  *ANY:
 * there was something.  A failure is RUN's fault. */
void pending_list_write(struct run *run, FILE *to, const char *kind,
    bool *any);

/* Appends all that is known of ITEM.  OUT_NEVER/EXIT_INPUT: there is none. */
enum outcome pending_item_add(struct run *run, const struct item_name *item,
    struct buf *said) must_check;

#endif
