/* SPDX-License-Identifier: MIT */
/*
 * What goes to a CRM and what comes back.
 */
#ifndef LEADPIPE_EXCHANGE_H
#define LEADPIPE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/http.h"

struct crm_request {
	bool creates;	 /* leads may exist once it has left */
	bool idempotent; /* may be asked again without harm */
	int64_t patience_ms;
	struct http_request http; /* all but deadline, tag and id */
	/* Instead, when argv is not NULL: a program (argv[0] is its path) and
	 * its stdin. */
	const char *const *argv;
	const char *input;
	size_t input_len;
};

struct crm_response {
	const struct http_result *http; /* of an HTTP request */
	/* Of a program: what it said and how it ended. */
	bool ran;	/* false: it could not be started */
	bool timed_out; /* it was killed at the deadline */
	int exit_code;	/* -1: killed by a signal */
	const char *output;
	size_t output_len;
	const char *error; /* why it did not run, or its last stderr line */
};

/* How the CRM itself does, after an answer. */
enum crm_health {
	CRM_WELL,
	CRM_FAILING, /* one failure for the breaker: network, 5xx, garbage */
	CRM_LIMITED, /* 429: nobody asks for wait_ms */
	CRM_CLOSED,  /* ban, unpaid: the breaker opens for wait_ms, alert */
	CRM_DENIED,  /* it answers, but takes no lead, whichever it is: the
			breaker opens for wait_ms and only a lead that is
			created closes it, alert */
	CRM_TOKEN,   /* a chore comes next; no try was used up */
	CRM_REAUTH   /* a person must run authorize-crm; all leads wait */
};
struct crm_state {
	enum crm_health health;
	int64_t wait_ms;
	int status;	     /* HTTP, 0: none */
	char request_id[80]; /* the CRM's name of the call, for its support */
	char text[420];	     /* what and what to do; for people */
};

enum crm_next {
	CRM_ASK,  /* *REQUEST is what to ask; its texts are the job's */
	CRM_WAIT, /* nothing yet: call again 200 ms later (a lock is held) */
	CRM_DONE
};

/* Something that changed there. */
struct crm_change {
	char remote_id[32];
	char status_id[64], status[128]; /* id and name */
	char pipeline_id[64];
	bool won, lost;
	int64_t at;
};
#endif
