/* SPDX-License-Identifier: MIT */
/*
 * What Telegram says of the webhook (getWebhookInfo), in words.
 */
#ifndef LEADPIPE_WEBHOOK_INFO_H
#define LEADPIPE_WEBHOOK_INFO_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/db.h"

struct webhook_info {
	const char *url;   /* borrowed of the answer; NULL: none is set */
	int64_t pending;   /* updates that wait at Telegram */
	const char *error; /* of its last failed delivery; NULL: none */
	int64_t error_at;  /* wall ms */
};

/* RESULT is that of getWebhookInfo. */
void webhook_info_read(const json_t *result, struct webhook_info *info);

/* Whether it fails at NOW: nothing has been brought since its last failure
 * (LAST, wall ms, is when the last update came; 0: none), and something waits,
 * or that was within ten minutes. */
bool webhook_info_fails(const struct webhook_info *info, int64_t last,
    int64_t now);

/* What mends the failure; NULL without one. */
const char *webhook_info_remedy(const struct webhook_info *info);

/* Whose webhook is set, by the address that we set. */
enum webhook_owner {
	WEBHOOK_OURS,
	WEBHOOK_UNKNOWN, /* we set none, or were killed before we noted it */
	WEBHOOK_OTHERS
};
enum webhook_owner webhook_info_owner(const struct webhook_info *info,
    struct db *db);

/* Adds what its last failure was, and what mends that; there is one. */
void webhook_info_add_reason(struct buf *out, const struct webhook_info *info);

/* Adds "its last error, 2 min ago: ...; remedy" when there is one; a text of
 * Telegram that cannot spoil a line. */
void webhook_info_add_error(struct buf *out, const struct webhook_info *info,
    int64_t now);

#endif
