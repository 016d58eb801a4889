/* SPDX-License-Identifier: MIT */
/*
 * Which status pages are renewed again and again, so that healthcheck can say
 * when one of them is not any more.
 */
#ifndef LEADPIPE_PAGES_H
#define LEADPIPE_PAGES_H

#include "store/db.h"

struct page_row {
	const char *path; /* absolute; borrowed until the next call */
	int64_t every_ms, written_at;
};

/* Inside a transaction: PATH was written at NOW and is due again EVERY_MS
 * later. */
enum outcome pages_written(struct db *db, const char *path, int64_t every_ms,
    int64_t now, struct fault *fault) must_check;

/* Tells VISIT of each page. */
void pages_each(struct db *db,
    void (*visit)(const struct page_row *page, void *arg), void *arg);

#endif
