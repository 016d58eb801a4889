/* SPDX-License-Identifier: MIT */
/*
 * What an answer of a CRM means, by a table of that CRM's and the rules that
 * hold for all of them.  Inside lib/crm only.
 */
#ifndef LEADPIPE_REFUSAL_H
#define LEADPIPE_REFUSAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

enum crm_meaning {
	MEANS_DONE,   /* 2xx with a body that can be read, or none */
	MEANS_SAFE,   /* surely nothing happened there: again later */
	MEANS_DOUBT,  /* it may have happened */
	MEANS_LIMIT,  /* too fast */
	MEANS_TOKEN,  /* the token is not good any more */
	MEANS_REAUTH, /* only a person can let us in again */
	MEANS_CLOSED, /* ban, unpaid: leave it alone for a while */
	MEANS_DENIED, /* it takes no lead at all: rights, a missing method */
	MEANS_FIELD,  /* something in the request is wrong: look which */
	MEANS_NEVER   /* this request can never succeed */
};

enum crm_shape { SHAPE_ANY, SHAPE_JSON, SHAPE_FOREIGN };

/* A row; the first that fits counts. */
struct crm_refusal {
	int status;	      /* -5: any 5xx; 0 ends the table */
	enum crm_shape shape; /* of the body: JSON, or a page of somebody's */
	const char *said;     /* part of what was said, any case; NULL: any */
	enum crm_meaning meaning;
	int64_t wait_ms;
	const char *remedy; /* for people, after what was said */
};

struct crm_reply {
	enum crm_meaning meaning;
	int status;
	json_t *body;	 /* NULL: not JSON, or empty */
	int64_t wait_ms; /* asked for, or of the row; 0: not said */
	const char *remedy;
	char request_id[80];
	char text[256]; /* what was said, clean and short */
	size_t quote;	/* the length of it without the CRM's own words; 0:
			   there are none */
};

/* Finds in BODY what was said: a code, a sentence; TEXT has SIZE bytes. */
typedef void crm_said(const json_t *body, char *text, size_t size);

/*
 * Reads the finished call RESULT; TITLE names the CRM in texts.  What no row
 * fits goes by its class: 5xx in doubt, any other never.
 */
void crm_reply_read(struct crm_reply *reply, const char *title,
    const struct crm_refusal *table, crm_said *said,
    const struct http_result *result);
void crm_reply_release(struct crm_reply *reply);

/* Copies foreign TEXT for people: clean, one line, without our secrets. */
void crm_say(char *out, size_t size, const char *text);

#endif
