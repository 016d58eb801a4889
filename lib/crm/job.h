/* SPDX-License-Identifier: MIT */
/*
 * What an adapter is, and the job that its parts work on.  The engine (job.c)
 * walks through the steps of a task, reads answers by the CRM's table and
 * draws what follows from their meaning; an adapter builds requests and reads
 * good answers.  Inside lib/crm only.
 */
#ifndef LEADPIPE_JOB_H
#define LEADPIPE_JOB_H

#include "crm/adapter.h"
#include "crm/refusal.h"

/* The steps of all tasks, in order. */
enum crm_step {
	STEP_TOKEN,  /* chore: a fresh token */
	STEP_LOOKUP, /* chore: names of pipelines and fields */
	STEP_PERSON, /* does the CRM know the person? */
	STEP_CREATE,
	STEP_SEARCH, /* a lead in doubt */
	STEP_NOTES,  /* is our note there already? */
	STEP_NOTE,
	STEP_PULL,
	STEP_END
};

/* What the engine and the adapter remember of each lead. */
struct crm_work {
	json_t *body;	/* what is sent; made once, fields are struck out */
	char *note;	/* NULL: none */
	bool asked;	/* the request under way is about it */
	bool person;	/* the CRM was asked for the person */
	bool searched;	/* by marker */
	bool alone;	/* goes in a request of its own */
	bool note_read; /* the CRM was asked for the note */
	int strikes;	/* how often something was struck out */
};

struct crm_adapter {
	const char *name, *title; /* "amocrm", "amoCRM" */
	const char *settings[3];  /* any of them: it is configured */
	struct crm_bounds bounds;
	bool repeats; /* the same lead twice is one lead there */
	const struct crm_refusal *refusals, *token_refusals;
	crm_said *said;

	enum outcome (*open)(struct crm *crm, struct fault *fault);
	void (*close)(struct crm *crm);
	bool looks_up; /* STEP_LOOKUP is a chore of it */
	/* Its own chore that is due, STEP_END: none; *READY tells whether
	 * calls can be made at all.  May be NULL. */
	enum crm_step (*chore)(struct crm *crm, int64_t now, bool *ready);
	/* Makes the next request of job->step and marks what it is about as
	 * `asked`; CRM_DONE: this step is through. */
	enum crm_next (
	    *request)(struct crm_job *job, struct crm_request *request);
	/* Reads a good answer; false when it does not say what it must. */
	bool (*read)(struct crm_job *job, const json_t *body);
	/* Answers that name what is wrong: strikes it out of what was asked.
	 * NULL: MEANS_FIELD is MEANS_NEVER. */
	void (*strike)(struct crm_job *job, const struct crm_reply *reply);
	/* Instead of read and strike, for what is no HTTP. */
	void (
	    *judge)(struct crm_job *job, const struct crm_response *response);
	/* Hears of every bad answer; true: the job goes on. May be NULL. */
	bool (*failed)(struct crm_job *job, const struct crm_reply *reply);
};

struct crm {
	const struct crm_adapter *adapter;
	const struct config *config;
	struct db *db;
	void *own;	      /* the adapter's */
	json_t *lookup;	      /* NULL: never asked for */
	bool missed;	      /* a lead named what it does not know */
	int limited;	      /* 429s in a row */
	int64_t reauth_until; /* when to look again for a new token */
};

struct crm_job {
	struct crm *crm;
	enum crm_task task;
	enum crm_step step, last;
	struct crm_lead *leads;
	struct crm_work *work;
	size_t count, most; /* leads; how many go in one request */
	int silent;	    /* failures since the last good answer */
	int64_t now;
	struct crm_state state;
	/* Texts of the request under way. */
	char *url, *body;
	char *headers[6];
	size_t header_count;
	const char *argv[2];
	/* CRM_PULL. */
	struct crm_change *changes;
	size_t change_count;
	char *cursor;
	void *own;			/* the step's, on the heap */
	void (*own_release)(void *own); /* what it holds; may be NULL */
};

extern const struct crm_adapter crm_amocrm, crm_bitrix24, crm_webhook,
    crm_exec;

#endif
