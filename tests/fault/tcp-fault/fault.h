/* SPDX-License-Identifier: MIT */
/* What is to happen to a connection, and the connections still waiting. */
#ifndef LEADPIPE_FAULT_FAULT_H
#define LEADPIPE_FAULT_FAULT_H

#include <stdbool.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_ACCEPT, /* closed as soon as it is accepted */
	FAULT_CUT,    /* closed after `at` bytes of direction `way` */
	FAULT_FREEZE, /* kept open, but `way` stops after `at` bytes */
	FAULT_BODY,   /* closed `at` bytes behind the request's header */
	FAULT_WHOLE   /* closed when the whole request was forwarded */
};

enum way { UP, DOWN }; /* client to server, server to client */

#define NTH_EVERY 0
#define NTH_OPEN (-1)

struct fault {
	enum fault_kind kind;
	enum way way;
	long at;
	bool reset; /* RST instead of FIN */
	long nth;   /* connection from now on, 1 is the next */
};

/* Reads "cut up 20 rst" and the like; false if it is not a fault. */
bool fault_parse(const char *line, struct fault *fault);

/* Keeps a fault for a connection to come; false when there are too many. */
bool fault_arm(const struct fault *fault);

/* The fault of the connection that has just come; kind NONE if none. */
struct fault fault_take(void);

void fault_clear(void);

#endif
