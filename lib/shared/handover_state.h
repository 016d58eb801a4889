/* SPDX-License-Identifier: MIT */
/*
 * What the files handover*.c share.
 */
#ifndef LEADPIPE_HANDOVER_STATE_H
#define LEADPIPE_HANDOVER_STATE_H

#include "shared/handover.h"

/* A place that is looked through page by page. */
struct handover_look {
	char at[32];
	int64_t since; /* 0: not begun */
	int64_t last;  /* `since` of the one before */
	bool full;     /* more than are kept, which was told */
};

struct handover {
	struct db *db;
	enum handover_mode mode;
	char *host;    /* who we are to others */
	char *off;     /* why this process shares nothing; NULL: it does */
	bool was_off;  /* so the database says */
	int64_t alone; /* when that was last looked at without Redis */
	struct handover_counts counts, doing;
	struct handover_look looks[2]; /* poison, processing */
};

/* A transaction; its counts in `doing` count only when it ends well. */
enum outcome handover_begin(struct handover *handover, struct fault *fault)
    must_check;
enum outcome handover_end(struct handover *handover, enum outcome out,
    struct fault *fault) must_check;

#endif
