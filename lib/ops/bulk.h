/* SPDX-License-Identifier: MIT */
/*
 * Leads in bulk: tables and spool directories, some hundred a transaction.  A
 * bad one is logged, counted, and stops nothing.
 */
#ifndef LEADPIPE_BULK_H
#define LEADPIPE_BULK_H

#include "crm/table.h"
#include "ops/reception.h"
#include "ops/spool.h"

struct bulk {
	struct reception *reception;
	/* After each commit, while the queue is still there. */
	enum outcome (*stored)(void *arg);
	void *arg;
	int64_t refused;
	int64_t at, size; /* of the input, 0: not known */
	struct table table;
	struct spool spool;
	bool told; /* that it is windows-1251 */
};

/*
 * Takes what FD holds, or the complete files of DIR, which go away once they
 * are stored: bad ones to DIR/bad.  Stops early when stop_wanted(), with
 * EXIT_LATER.  What the configuration and the disk do wrong fills the run's
 * fault.
 */
enum outcome bulk_take_table(struct bulk *bulk, enum table_kind kind, int fd)
    must_check;
enum outcome bulk_take_spool(struct bulk *bulk, const char *dir) must_check;

#endif
