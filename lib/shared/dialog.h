/* SPDX-License-Identifier: MIT */
/*
 * Where a person is in the dialog of another program, as that program keeps it
 * in Redis, found and left in the form it has:
 *
 *   user:state:ID              a hash with state (or step) and its data, or a
 *                              string: a JSON object of these, or the state
 *   fsm:CHAT:USER:state|data   aiogram 3: the name of the state, and JSON; its
 *                              lock (...:lock) is honoured
 *
 * What we do not know of a value stays in it.  Nothing is written over what
 * somebody else wrote since it was read, nor while the lock is held.
 */
#ifndef LEADPIPE_DIALOG_H
#define LEADPIPE_DIALOG_H

#include <jansson.h>

#include "shared/redis.h"

enum dialog_mode {
	DIALOG_OFF = 0,
	DIALOG_IMPORT = 1, /* what is there counts */
	DIALOG_EXPORT = 2, /* what we know is written there */
	DIALOG_BOTH = 3	   /* who wrote last counts */
};

struct dialog_options {
	enum dialog_mode mode; /* LEADPIPE_DIALOGS */
	/* LEADPIPE_DIALOG_KEY and ..._DATA_KEY, ..._LOCK_KEY ("": none), with
	 * {user}, {chat}, {id} or {bot}; owned. */
	char *key, *data_key, *lock_key;
	int64_t ttl_ms; /* LEADPIPE_DIALOG_TTL: of a new key; 0: none */
	int64_t bot;
};

enum outcome dialog_options_read(const struct config *config, int64_t bot,
    struct dialog_options *options, struct fault *fault) must_check;
void dialog_options_release(struct dialog_options *options);

enum dialog_form {
	DIALOG_NONE, /* no key */
	DIALOG_HASH,
	DIALOG_TEXT,   /* a string that is the state */
	DIALOG_OBJECT, /* a string that is a JSON object */
	DIALOG_PAIR,   /* state and data in two keys */
	DIALOG_STRANGE /* nothing that we could read and write back */
};

#define DIALOG_DIGEST_SIZE 33

struct dialog {
	int64_t chat_id; /* in a private chat the person's id too */
	char *state;	 /* owned; NULL: no dialog */
	json_t *data;	 /* owned object: its variables */
	json_t *whole;	 /* owned: of a hash or object, all of it */
	json_t *read;	 /* owned: fields of a hash as they are in Redis */
	enum dialog_form form;
	bool locked;			 /* somebody works on it */
	char digest[DIALOG_DIGEST_SIZE]; /* of state and data */
	char strange[40]; /* for people: what is there instead */
	char stamp[41];	  /* of the value in Redis */
};
void dialog_release(struct dialog *dialog);

/* Not less than the updates of one transaction. */
#define DIALOGS_AT_ONCE 100

/* Reads the dialogs of COUNT chats (chat_id is set) in one round trip. */
enum outcome dialog_read(struct redis *redis,
    const struct dialog_options *options, struct dialog *dialogs, int count,
    struct fault *fault) must_check;

/* Makes DIALOG, as it was read, say STATE (NULL: no dialog) and VARS; false
 * when it says so already. */
bool dialog_change(struct dialog *dialog, const struct dialog_options *options,
    const char *state, const json_t *vars);

/* Writes COUNT changed ones in one round trip; WRITTEN: false where somebody
 * else was faster, or has the lock. */
enum outcome dialog_write(struct redis *redis,
    const struct dialog_options *options, const struct dialog *dialogs,
    int count, bool *written, struct fault *fault) must_check;

#endif
