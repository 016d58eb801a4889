/* SPDX-License-Identifier: MIT */
/*
 * TLS over a connected socket, by libcurl, for peers that do not speak HTTP.
 * Always verified, against the same authorities as HTTP.  libcurl, which takes
 * longer to load than a command to run, is loaded when it is needed.  Inside
 * lib/net only.
 */
#ifndef LEADPIPE_TLS_H
#define LEADPIPE_TLS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "net/stream.h"

struct tls;

/* Shakes hands on FD, which is the TLS's own from now on, also on failure. */
enum outcome tls_open(struct tls **tls, int fd, const struct stream_peer *peer,
    int64_t deadline, struct fault *fault) must_check;
void tls_close(struct tls *tls);

/* As stream_send() and stream_receive(). */
ssize_t tls_send(struct tls *tls, const char *data, size_t len);
ssize_t tls_receive(struct tls *tls, char *data, size_t size);

#endif
