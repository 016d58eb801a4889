/* SPDX-License-Identifier: MIT */
/*
 * Rate limits shared by all processes of this host: GCRA, one stored instant
 * per limit.  core.telegram.org/bots/faq: about 30 messages a second in bulk,
 * one a second per chat with short bursts, 20 a minute per group.
 */
#ifndef LEADPIPE_LIMITS_H
#define LEADPIPE_LIMITS_H

#include "store/db.h"

/* What all who send for the bot may send together, when somebody counts for
 * all of them: shared/rate.h. */
struct allowance {
	bool rules;	    /* somebody counts; else SHARE is for this host */
	int64_t share;	    /* percent of per_second that is for this host */
	int64_t left;	    /* messages that may leave */
	int64_t owed;	    /* left without having been granted: answers */
	int64_t wait_until; /* wall ms: when more may be had */
};

struct limits {
	int64_t per_second;	  /* of the bot, 0: off */
	struct allowance *shared; /* NULL: nobody else sends for it */
	int64_t chat_per_second;  /* 0: off; a burst of 3 */
	int64_t group_per_minute; /* 0: off */
};

/*
 * May a message to CHAT_ID leave at NOW?  COUNTED_ONLY (answers): it is
 * counted, and waits only for a flood wait.  *WAIT_UNTIL (wall ms) is 0 when
 * it may: then it has been counted in.  *BOT_WIDE tells that the bot's limit
 * said no, not the chat's.  RESERVE messages a second are left for others
 * (broadcasts leave 5).
 */
enum outcome limits_take(struct db *db, const struct limits *limits,
    int64_t chat_id, bool counted_only, int64_t reserve, int64_t now,
    int64_t *wait_until, bool *bot_wide, struct fault *fault) must_check;

/* The bot's limit as a rate: one each INTERVAL_US in the long run (0: off),
 * BURST at once, and so never more than per_second in any second. */
void limits_bot_rate(const struct limits *limits, int64_t *interval_us,
    int64_t *burst);

/* A 429: CHAT_ID waits RETRY_MS; when three chats got one within 5 s the whole
 * bot does.  *UNTIL is when. */
enum outcome limits_flooded(struct db *db, int64_t chat_id, int64_t retry_ms,
    int64_t now, int64_t *until, struct fault *fault) must_check;

/*
 * The same for calls to the CRM NAME: PER_SECOND of them in the long run (0:
 * any number), BURST at once.  *WAIT_UNTIL is 0 when one may leave at NOW:
 * then it has been counted in.
 */
enum outcome limits_take_crm(struct db *db, const char *name,
    int64_t per_second, int64_t burst, int64_t now, int64_t *wait_until,
    struct fault *fault) must_check;

/* Nobody calls the CRM NAME before UNTIL. */
enum outcome limits_block_crm(struct db *db, const char *name, int64_t until,
    int64_t now, struct fault *fault) must_check;

/*
 * The rate of broadcast ID, which is asked before all other limits and counted
 * only when these agree.  0: one may leave at NOW; else when it may, and each
 * further one *INTERVAL_US later.
 */
int64_t limits_ask_broadcast(struct db *db, int64_t id, int64_t per_second,
    int64_t now, int64_t *interval_us);
void limits_count_broadcast(struct db *db, int64_t id, int64_t per_second,
    int64_t now);

/* Until when the whole bot waits, 0: it does not. */
int64_t limits_blocked_until(struct db *db, int64_t now);

#endif
