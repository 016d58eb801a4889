/* SPDX-License-Identifier: MIT */
/*
 * Waiting tasks, and messages, as lines: columns for people, NDJSON for
 * programs.
 */
#ifndef LEADPIPE_TASK_LINE_H
#define LEADPIPE_TASK_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/history.h"
#include "store/tasks.h"

/* The names of the columns, with a newline. */
extern const char task_line_head[];
extern const char message_line_head[];

/* Appends a line of TASK as it is at NOW. */
void task_line_add(struct buf *out, const struct task *task, int64_t now,
    bool json);

/* Appends a message of which nobody knows whether it arrived, with the command
 * that mends it. */
void message_line_add(struct buf *out, const struct history_row *row,
    int64_t now, bool json);

/* Appends what was said: when, by whom, and all of it. */
void said_line_add(struct buf *out, const struct history_row *row, bool json);

#endif
