/* SPDX-License-Identifier: MIT */
/*
 * What happened to our leads in a CRM.  A CRM is asked for what changed since
 * a cursor and may tell the same twice; each change is kept for a while so
 * that nobody hears of it again.
 */
#ifndef LEADPIPE_CRM_CHANGES_H
#define LEADPIPE_CRM_CHANGES_H

#include "store/db.h"

struct crm_change_row {
	const char *crm, *remote_id, *status_id;
	int64_t at; /* as the CRM says it */
};

/* Inside a transaction: *LEAD is ours that changed, 0 when it is none of ours
 * or when this is known already. */
enum outcome crm_changes_add(struct db *db, const struct crm_change_row *row,
    int64_t now, int64_t *lead, struct fault *fault) must_check;

/* Where the next question to CRM goes on; NULL: from now on.  The caller
 * frees it. */
char *crm_changes_cursor(struct db *db, const char *crm);
enum outcome crm_changes_move(struct db *db, const char *crm,
    const char *cursor, struct fault *fault) must_check;

#endif
