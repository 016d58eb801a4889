/* SPDX-License-Identifier: MIT */
/*
 * What Redis does for shared/handover.h, each at once.
 */
#ifndef LEADPIPE_HANDOVER_SCRIPT_H
#define LEADPIPE_HANDOVER_SCRIPT_H

#include "shared/redis.h"

/* Of other programs, too. */
#define HANDOVER_TASKS "scheduler:tasks"
#define HANDOVER_PROCESSING "scheduler:processing"

/* Ours, which a cluster has in one slot with the tasks. */
#define HANDOVER_LEASES "{scheduler:tasks}:lp:lease"
#define HANDOVER_NOTES "{scheduler:tasks}:lp:owner"
#define HANDOVER_GEN "{scheduler:tasks}:lp:gen"
#define HANDOVER_POISON "{scheduler:tasks}:lp:poison"

extern const struct redis_script handover_tell_script;
extern const struct redis_script handover_claim_script;
extern const struct redis_script handover_look_script;
extern const struct redis_script handover_decide_script;
extern const struct redis_script handover_list_script;

#endif
