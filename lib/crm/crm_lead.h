/* SPDX-License-Identifier: MIT */
/*
 * A lead on its way to a CRM: what is known of it, and what became of it.
 */
#ifndef LEADPIPE_CRM_LEAD_H
#define LEADPIPE_CRM_LEAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum crm_verdict {
	CRM_PENDING, /* not settled: the job goes on, or was cut short before
			anything could have been created */
	CRM_CREATED, /* exists there: remote_id */
	CRM_AGAIN,   /* surely not created: try again */
	CRM_UNKNOWN, /* may exist: search before the next try */
	CRM_ABSENT,  /* CRM_SEARCH: was not found this time */
	CRM_PARKED   /* can never succeed like this: text, remedy */
};

struct crm_lead {
	/* From the row; borrowed, NULL or 0 where nothing is known. */
	int64_t id;
	const char *marker;    /* alphanumeric; finds the lead again */
	const char *source;    /* "flow", "form" ... */
	const char *title;     /* of the deal */
	const char *name;      /* of the person */
	const char *phone;     /* E.164 */
	const char *phone_raw; /* as written, when there is no E.164 */
	const char *email;
	int64_t chat_id;
	int64_t created_at;    /* wall ms */
	int64_t sent_at;       /* when the last creating request left */
	const json_t *details; /* see struct lead_new */
	const char *frozen;    /* what an earlier try sent, if that must not
				  change; NULL: none did */

	/* The CRM's id of lead and person; "": not known.  The loop may give
	 * the person's from an earlier lead of the same phone. */
	char remote_id[64], contact_id[64];
	char twin_id[64]; /* CRM_SEARCH: a second one with the same marker */

	/* Result. */
	enum crm_verdict verdict;
	bool leaving; /* part of the request just made, which creates */
	const char *freezing; /* of the request just made: what every further
				 try must send; the job's; NULL: nothing */
	bool free;	  /* CRM_AGAIN: not this lead's fault, uses no try */
	bool merged;	  /* the CRM joined it with one it had */
	bool noted;	  /* what had to be noted is in the CRM */
	int64_t wait_ms;  /* CRM_AGAIN: at least that long; 0: by policy */
	json_t *dropped;  /* [{field, value, why}]: what the CRM refused or
			     does not have; NULL: nothing; lead_release() */
	char text[256];	  /* why, for people */
	char remedy[160]; /* CRM_PARKED: what to do */
};

/* Frees what the adapter put in. */
void crm_lead_release(struct crm_lead *lead);

/* Adds to `dropped`: VALUE (NULL: none) of FIELD does not reach the CRM. */
void crm_lead_drop(struct crm_lead *lead, const char *field,
    const json_t *value, const char *why);

/* What people are to read with the lead: its note, what was dropped, where it
 * came from, and a last line by which this very note is known again.  NULL:
 * nothing is to be said.  The caller frees it. */
char *crm_lead_note(const struct crm_lead *lead);

/* That last line of NOTE. */
const char *crm_note_mark(const char *note);

/* The text member NAME of the details, or NULL. */
const char *crm_lead_detail(const struct crm_lead *lead, const char *name);

/* The person's name, else what they can be reached by; never NULL. */
const char *crm_lead_person(const struct crm_lead *lead);

#endif
