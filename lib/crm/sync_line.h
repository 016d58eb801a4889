/* SPDX-License-Identifier: MIT */
/*
 * What the files of the sync loop share: the lines, one for each CRM with the
 * jobs that are under way to it.
 */
#ifndef LEADPIPE_SYNC_LINE_H
#define LEADPIPE_SYNC_LINE_H

#include "crm/sync.h"
#include "crm/sync_job.h"
#include "store/breaker.h"

#define LINE_JOBS 16

struct sync_line {
	struct sync *sync;
	struct crm *crm;
	struct crm_bounds bounds;
	struct lead_scope scope;
	int64_t settings; /* hash of what it is configured with */
	struct sync_job jobs[LINE_JOBS];
	int most;		/* jobs at a time */
	enum errand last;	/* errand of the last job that began */
	int64_t chore_at;	/* mono: no chore before */
	int64_t chore_failures; /* in a row */
	int64_t pull_at;	/* mono: of the next CRM_PULL */
	int64_t blocked_until;	/* wall: it wants no call before */
	bool needs_chore;
	bool hastens;		/* it answers again: what waits is due */
	struct breaker breaker; /* as of the last transaction */
	int64_t answered_noted; /* wall: when that was last written down */
	bool answered;		/* in this run */
	struct fault trouble;	/* last, until it answers */
};

struct sync {
	struct sync_options options;
	struct http *http;
	struct sync_line *lines;
	size_t line_count;
	int64_t end, hard_end;	 /* mono */
	int64_t claimed, staked; /* leads; the latter in the transaction */
	int waker;		 /* epoll: a signal, or a child */
	bool dirty;
	int64_t next_at; /* wall: a lead becomes due */
	int64_t locked_since;
	struct sync_counts counts, committed;
	struct fault refused; /* the first line that could not be opened */
	enum outcome out;
	struct fault fault;
};

/* Opens all lines; those that cannot be are told in sync->refused. */
void sync_lines_open(struct sync *sync);

/* Opens what its calls need. */
enum outcome sync_open_network(struct sync *sync, struct fault *fault)
    must_check;

/* Why a CRM got nothing in this run; OUT_OK: each did, or nothing waits. */
enum outcome sync_reached(struct sync *sync, struct fault *fault) must_check;

/* Something that the CRM needs by itself is under way. */
bool line_on_chore(const struct sync_line *line);

/* Nothing but time keeps a job from beginning: a place is free, no chore comes
 * first, and while it fails one job is enough. */
bool line_is_open(struct sync_line *line);

/* Nor does time: no breaker and no flood wait. */
bool line_may_begin(const struct sync_line *line, int64_t now);
struct sync_job *line_free_job(struct sync_line *line);

/* Inside a transaction: gives leads to the line's free jobs, as far as it may
 * begin any. */
enum outcome line_claim(struct sync_line *line, int64_t now,
    struct fault *fault) must_check;

/* Inside a transaction: takes notice of how the CRM of JOB does. */
enum outcome line_judge(struct sync_job *job, int64_t now, struct fault *fault)
    must_check;

/* One transaction of the loop. */
void sync_work(struct sync *sync);

/* May this run begin something?  And go on with what is begun? */
bool sync_may_start(const struct sync *sync);
bool sync_may_go_on(const struct sync *sync);

/* The run cannot go on; the first reason counts. */
void sync_give_up(struct sync *sync, enum outcome out,
    const struct fault *fault);

#endif
