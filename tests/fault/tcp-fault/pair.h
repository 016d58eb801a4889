/* SPDX-License-Identifier: MIT */
/* One client, one server, and the bytes between them. */
#ifndef LEADPIPE_FAULT_PAIR_H
#define LEADPIPE_FAULT_PAIR_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

struct flow {
	char data[16384];
	size_t start, len;
	long total;	  /* bytes forwarded */
	long limit;	  /* -1: none */
	bool eof, closed; /* nothing more to read; told the other side */
};

struct pair {
	int fd[2];	     /* client, server */
	struct flow flow[2]; /* by enum way */
	struct fault fault;
	bool eager;	  /* cut on reaching the limit, not beyond it */
	char head[16384]; /* the request's header, while it is awaited */
	size_t head_len;
	bool head_seen;
	bool draining; /* cut: the rest is read and thrown away */
	int64_t drain_until;
};

struct stats {
	long connections, open, fired, total[2];
};

extern struct stats stats;

/* Bytes a second for all clients together, 0: no limit. */
void rate_set(long bytes_per_second);

/* Lets time pass for the rate; the longest time poll may wait, in ms. */
int rate_tick(int64_t now_ms);

/* Owns both descriptors. */
struct pair *pair_open(int client, int server, const struct fault *fault);

/* Puts a fault on a living pair, counted from now. */
void pair_arm(struct pair *pair, const struct fault *fault);

/* What to poll for: two entries. */
void pair_want(const struct pair *pair, struct pollfd want[2]);

/* Moves what can be moved; false when the pair has ended and been freed. */
bool pair_move(struct pair *pair, const struct pollfd got[2], int64_t now_ms);

#endif
