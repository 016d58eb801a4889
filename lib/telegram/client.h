/* SPDX-License-Identifier: MIT */
/*
 * The bot's line to Telegram: builds requests and starts them.  The token
 * stays in here.
 */
#ifndef LEADPIPE_CLIENT_H
#define LEADPIPE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/fault.h"
#include "net/http.h"
#include "telegram/method.h"

struct telegram;

/*
 * Reads BOT_TOKEN, TELEGRAM_API_ROOT, TELEGRAM_PROXY and LEADPIPE_IP; each
 * wrong one is refused by name (EXIT_CONFIG).
 */
enum outcome telegram_open(struct telegram **telegram,
    const struct config *config, struct fault *fault) must_check;

/* The same for another bot, whose token is the setting TOKEN. */
enum outcome telegram_open_as(struct telegram **telegram,
    const struct config *config, const char *token, struct fault *fault)
    must_check;
void telegram_close(struct telegram *telegram);

/* Whether the setting NAME holds a token. */
enum outcome telegram_check_token(const struct config *config,
    const char *name, struct fault *fault) must_check;

/* The calls of this line; http_run(), http_done() and so on work on it. */
struct http *telegram_http(struct telegram *telegram);

/* A file of an album. */
struct telegram_file {
	const char *kind;    /* photo, video, document, audio */
	const char *file_id; /* known to Telegram, or NULL: */
	const char *upload;  /* path of the file to upload */
};

/*
 * One request of a method with the parameters in PARAMS, a JSON object text
 * ("" or NULL: none) that is spliced, not parsed.
 */
struct telegram_request {
	enum method method;
	const char *params;
	int64_t chat_id;     /* 0: none; put before PARAMS */
	const char *file_id; /* file already known to Telegram, or NULL */
	const char *upload;  /* path of the file to upload when there is no
				   file_id, or NULL */
	int64_t upload_size; /* bytes, for the deadline */
	/* sendMediaGroup: what it sends; its caption, in PARAMS as that of a
	 * single file, becomes that of the first, and has_spoiler may be an
	 * array. */
	const struct telegram_file *album;
	size_t album_count;
	int64_t deadline; /* monotonic ms; 0: by method_patience_ms() */
	int tag;
	int64_t id; /* of the caller, http_call_id() */
};

/* Starts the request; the call owns a copy of what it needs. */
struct http_call *telegram_start(struct telegram *telegram,
    const struct telegram_request *request);

/* One call from start to end, for check-config and the like; no other may be
 * under way. The caller releases RESULT->body. A call without answer yields
 * its fault. */
enum outcome telegram_call(struct telegram *telegram,
    const struct telegram_request *request, struct http_result *result,
    struct fault *fault) must_check;

#endif
