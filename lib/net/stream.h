/* SPDX-License-Identifier: MIT */
/*
 * A connection that never blocks: TCP, a unix socket, or TLS over TCP.  Names
 * are not looked up here, as that has no deadline; every wait has one.
 */
#ifndef LEADPIPE_STREAM_H
#define LEADPIPE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

struct stream;

struct stream_peer {
	const char *path; /* of a unix socket, or NULL */
	const char *ip;	  /* in numbers */
	int port;
	const char *tls_name; /* whom the certificate names; NULL: no TLS */
};

/*
 * Connects by DEADLINE (monotonic ms).  *STREAM is NULL on failure; FAULT then
 * says why in a few words ("connection refused"), without naming the peer, and
 * is OUT_NEVER where only a person can mend it (a certificate).
 */
enum outcome stream_open(struct stream **stream,
    const struct stream_peer *peer, int64_t deadline, struct fault *fault)
    must_check;
void stream_close(struct stream *stream);

/* As much as goes without waiting: a count, STREAM_WAIT when that is nothing,
 * STREAM_END when the peer closed, STREAM_BROKEN with errno. */
enum { STREAM_WAIT = -1, STREAM_END = -2, STREAM_BROKEN = -3 };
ssize_t stream_send(struct stream *stream, const char *data, size_t len);
ssize_t stream_receive(struct stream *stream, char *data, size_t size);

/* Waits until something can be read (or written, when SENDING); false when
 * DEADLINE came first. */
bool stream_wait(struct stream *stream, bool sending, int64_t deadline);

#endif
