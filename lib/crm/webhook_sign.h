/* SPDX-License-Identifier: MIT */
/*
 * Signatures of Standard Webhooks (standardwebhooks.com, version 1): HMAC with
 * SHA-256 over `ID.TIMESTAMP.BODY`.
 */
#ifndef LEADPIPE_WEBHOOK_SIGN_H
#define LEADPIPE_WEBHOOK_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a receiver lets clocks differ. */
#define WEBHOOK_TOLERANCE_S 300

struct webhook_key {
	unsigned char data[64];
	size_t len;
};

/* Reads SECRET, base64 with or without whsec_ before it; false when it is no
 * key of 1 to 64 bytes. */
bool webhook_key_read(struct webhook_key *key, const char *secret);

/* "v1,BASE64"; the caller frees it. */
char *webhook_sign(const struct webhook_key *key, const char *id,
    int64_t timestamp_s, const char *body, size_t len);

/*
 * What a receiver does: true when one of SIGNATURES, which are separated by
 * spaces, is right and TIMESTAMP is within the tolerance of NOW_S.  Any text
 * may be NULL.
 */
bool webhook_verify(const struct webhook_key *key, const char *id,
    const char *timestamp, const char *signatures, const char *body,
    size_t len, int64_t now_s);

#endif
