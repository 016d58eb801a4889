/* SPDX-License-Identifier: MIT */
/*
 * The status as JSON, "schema": 1.
 */
#ifndef LEADPIPE_STATUS_JSON_H
#define LEADPIPE_STATUS_JSON_H

#include "ops/status.h"

/*
 * The caller's.  {"schema", "state", "exit", "since", "generated_at",
 * "next_at", "valid_until", "components", "days", "incidents"}; unless it is
 * public also "checks" as healthcheck --json has them, "today",
 * "yesterday_by_now", "yesterday", "commands", "funnels".  Times are texts.
 */
json_t *status_json(const struct status *status);

#endif
