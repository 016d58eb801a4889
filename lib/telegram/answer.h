/* SPDX-License-Identifier: MIT */
/*
 * What an answer of the Bot API means for the request, by the table of error
 * texts (facts gathered from the server's source; tests/data/tg-errors.tsv)
 * and the rules above it.
 */
#ifndef LEADPIPE_ANSWER_H
#define LEADPIPE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"
#include "telegram/album.h"
#include "telegram/method.h"

enum verdict {
	VERDICT_OK,	   /* done, or already so */
	VERDICT_RETRY,	   /* certainly not done: safe to repeat */
	VERDICT_WAIT,	   /* 429: not done, wait retry_ms, uses no try */
	VERDICT_AMBIGUOUS, /* may have been done */
	VERDICT_MESSAGE,   /* this message can never be sent */
	VERDICT_PLAIN,	   /* markup was refused: once more as plain text */
	VERDICT_FILE,	   /* the file_id is no good: upload again */
	VERDICT_CHAT,	   /* this chat takes nothing from us */
	VERDICT_MIGRATE,   /* the chat has the id migrate_to now */
	VERDICT_CONFIG	   /* token, webhook, second poller: stop sending */
};

enum rival { NO_RIVAL, RIVAL_POLLER, RIVAL_WEBHOOK };

struct answer {
	enum verdict verdict;
	int status;	  /* HTTP status, 0: no answer */
	int64_t retry_ms; /* VERDICT_WAIT; a hint with VERDICT_RETRY */
	int64_t migrate_to;
	int64_t message_id; /* of the (first) message sent, 0: none */
	char file_id[256];  /* of the file sent, "": none */
	char unique_id[64];
	/* Of an album: those of its further files. */
	char more_ids[ALBUM_FILES - 1][160];
	enum exit_code code; /* VERDICT_CONFIG: 77 or 78 */
	enum rival rival;    /* VERDICT_CONFIG: who gets our updates */
	char text[256];	     /* description, or what failed; for people */
};

/* Judges the finished call RESULT of METHOD. */
void answer_read(enum method method, const struct http_result *result,
    struct answer *answer);

/*
 * The updates of a getUpdates answer: the text of its array, or false with
 * ANSWER filled in.  Elements are then taken with json_element().
 */
struct json_slice;
bool answer_updates(const struct http_result *result,
    struct json_slice *updates, struct answer *answer);

/* "retry", "config" ... for logs. */
const char *verdict_name(enum verdict verdict);

#endif
