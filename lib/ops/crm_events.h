/* SPDX-License-Identifier: MIT */
/*
 * What happens to a lead in the CRM, told to the flow of the person: the
 * events crm_won, crm_lost and crm_status.  A flow without the first two hears
 * crm_status instead; a flow without any hears nothing.
 */
#ifndef LEADPIPE_CRM_EVENTS_H
#define LEADPIPE_CRM_EVENTS_H

#include "crm/adapter.h"
#include "turn/turn.h"

struct crm_events {
	struct db *db;
	struct turn *turn;
};

/* sync_options.hear; ARG is a struct crm_events. */
enum outcome crm_events_hear(void *arg, const char *crm, int64_t lead,
    const struct crm_change *change, int64_t now, struct fault *fault)
    must_check;

#endif
