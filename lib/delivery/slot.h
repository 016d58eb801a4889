/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/delivery share.  A slot holds one message from the
 * transaction that marks it `sending` to the one that settles it:
 *
 *   FREE -> CLAIMED -> FLYING -> ANSWERED -> SETTLED -> FREE
 *
 * CLAIMED and SETTLED are of the open transaction and go back one step when it
 * fails.
 */
#ifndef LEADPIPE_SLOT_H
#define LEADPIPE_SLOT_H

#include "delivery/delivery.h"
#include "shared/rate.h"
#include "store/limits.h"
#include "store/messages.h"
#include "telegram/answer.h"
#include "telegram/method.h"

enum slot_phase {
	SLOT_FREE,
	SLOT_CLAIMED,
	SLOT_FLYING,
	SLOT_ANSWERED,
	SLOT_SETTLED
};

/* A file of the message: known to Telegram, or its path. */
struct slot_file {
	char kind[16];
	char *file_id, *upload;
	int64_t file_id_at;
};

struct slot {
	enum slot_phase phase;
	/* Without texts: those of the row are borrowed from the statement. */
	struct message message;
	enum method method;
	char *params;
	struct slot_file files[MESSAGE_FILES]; /* as message.media */
	struct http_call *call;
	struct answer answer;
	bool is_cut; /* by the end of this run */
};

struct delivery {
	struct db *db;
	struct telegram *telegram;
	struct turn *turn;
	int64_t worker;
	struct limits limits;
	struct rate rate;
	/* What rate.found was when it was stored. */
	enum rate_found rate_noted;
	struct redis *redis;
	int64_t bot;
	/* Twice as many as may be under way: those that are settled in a
	 * transaction are free only once it is committed. */
	struct slot *slots;
	int slot_count;
	int most, bulk_most; /* messages under way; of them bulk */
	int in_flight, claimed;
	int bulk_in_flight; /* of them reminders and broadcasts */
	int results;
	int64_t left; /* heads that may still be claimed, negative: any */
	int64_t bot_waits_until; /* wall ms, of the bot's limit */
	/* Of those who pay for their own; of a broadcast's own rate. */
	int64_t paid_waits_until, rate_waits_until;
	int postponed; /* to their turn, by this claim */
	bool is_stopped, answered;
	bool clears_way; /* nothing is claimed until all is answered */
	bool recording, fault_recorded; /* of the stop; once committed */
	struct fault stopped;
	struct fault unanswered; /* of the last call without an answer */
	struct delivery_counts counts, committed;
};

enum choice {
	CHOICE_SEND,
	CHOICE_PASS,	 /* settled otherwise, or its lane waits now */
	CHOICE_REPORT,	 /* it is written before anything else is claimed */
	CHOICE_BOT_WAITS /* the whole bot waits */
};

bool slot_is_bulk(const struct slot *slot);

void slot_free(struct slot *slot);

/* A free slot, or NULL when as many as may be are under way. */
struct slot *slot_find(struct delivery *delivery);

/* The next head that may leave, as far as it can be told before it is looked
 * at; BULK reminders and broadcasts are under way. */
bool pace_next(struct delivery *delivery, int64_t now, int bulk,
    struct lane_place *place, struct message *message);

/* Is it the turn of MESSAGE, by the RATE (0: none) of its broadcast? */
enum outcome pace_turn(struct delivery *delivery,
    const struct message *message, int64_t rate, int64_t now,
    enum choice *choice, struct fault *fault) must_check;

/* May MESSAGE leave now, by all other limits?  Then it is counted. */
enum outcome pace_check(struct delivery *delivery,
    const struct message *message, int64_t rate, int64_t now,
    enum choice *choice, struct fault *fault) must_check;

#endif
