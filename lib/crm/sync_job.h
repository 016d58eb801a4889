/* SPDX-License-Identifier: MIT */
/*
 * A job of the sync loop: a few leads on their way to a CRM, or a chore.
 *
 *   FREE -> READY -> WANTS -> FLYING -> ANSWERED -> READY ... -> DONE -> FREE
 *
 * What a transaction does with a job is only planned until it is committed.
 */
#ifndef LEADPIPE_SYNC_JOB_H
#define LEADPIPE_SYNC_JOB_H

#include "base/child.h"
#include "crm/adapter.h"
#include "store/lead_settle.h"

struct sync_line;

enum job_phase {
	JOB_FREE,
	JOB_READY,    /* to be asked what comes next */
	JOB_WANTS,    /* has a request; limits and the commit come first */
	JOB_FLYING,   /* it is under way */
	JOB_ANSWERED, /* verdicts are to be stored */
	JOB_DONE      /* what is left is to be stored */
};

/* Of the open transaction. */
enum job_plan {
	PLAN_NONE,
	PLAN_OPEN, /* its leads were claimed */
	PLAN_SEND, /* its request may leave */
	PLAN_GO_ON,
	PLAN_GIVE_UP, /* it would wait too long for its call */
	PLAN_CLOSE
};

struct job_lead {
	struct lead row;
	bool storing; /* in the transaction */
	bool keeping; /* ... created, and still ours for its note */
	bool through; /* committed: nothing is left to be stored */
};

struct sync_job {
	struct sync_line *line;
	enum job_phase phase;
	enum job_plan plan;
	enum crm_task task;
	bool chore; /* without leads: CRM_PULL, or what the CRM needs */
	bool trial; /* is the CRM back? */
	bool asked_once;
	bool judged; /* crm_job_state() was taken notice of */
	struct crm_job *crm_job;
	struct job_lead *leads;
	struct crm_lead *asked; /* the same leads, as the adapter has them */
	size_t count;
	int64_t ready_at; /* mono: not before */
	struct crm_request request;
	struct http_call *call;
	struct child *child;
};

/* Starts JOB on the leads that it has, or as a chore. */
void job_begin(struct sync_job *job, struct crm_job *crm_job);

/* Asks the adapter what comes next; not inside a transaction. */
void job_next(struct sync_job *job);

/* The request leaves. */
void job_send(struct sync_job *job);

/* Takes the answer of a child that ended or a call. */
void job_child_done(struct sync_job *job);
void job_call_done(struct sync_job *job);

/* Ends what is under way: what may have created something is unknown. */
void job_abandon(struct sync_job *job);

/* Everything of it is stored, or was never more than planned. */
void job_free(struct sync_job *job);

/* Inside a transaction: stores the verdicts that are new; ENDS: also what
 * becomes of the leads without one. */
enum outcome job_store(struct sync_job *job, bool ends, int64_t now,
    struct fault *fault) must_check;

/* The transaction was committed, or rolled back. */
void job_stored(struct sync_job *job, bool committed);

#endif
