/* SPDX-License-Identifier: MIT */
/*
 * Who came into which state, from where and when: a row for each person and
 * arrow of the flow, however often it was taken.
 */
#ifndef LEADPIPE_FUNNEL_H
#define LEADPIPE_FUNNEL_H

#include "store/db.h"

/* Inside a transaction: the chat went from the state FROM ("": it is new) to
 * STATE. */
enum outcome funnel_arrived(struct db *db, int64_t chat_id, const char *from,
    const char *state, int64_t now, struct fault *fault) must_check;

/* How many people went from one state to another, and how often. */
struct funnel_arrow {
	const char *from, *state; /* borrowed */
	int64_t people, times;
};

/* Tells VISIT of each arrow that was taken. */
enum outcome funnel_arrows(struct db *db,
    void (*visit)(const struct funnel_arrow *arrow, void *arg), void *arg,
    struct fault *fault) must_check;

/* When a person came to a state, first and last. */
struct funnel_visit {
	int64_t chat_id, first_at, last_at;
};

/* Tells VISIT of each person who was in STATE, by growing chat id. */
enum outcome funnel_visits(struct db *db, const char *state,
    void (*visit)(const struct funnel_visit *visit, void *arg), void *arg,
    struct fault *fault) must_check;

#endif
