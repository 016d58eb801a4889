/* SPDX-License-Identifier: MIT */
/*
 * Requests held against the published description of the Bot API.
 */
#ifndef TELEGRAM_SIM_SPEC_H
#define TELEGRAM_SIM_SPEC_H

#include <jansson.h>

struct sim;
struct call;

/* An array of what is wrong with the request; NULL: nothing. */
json_t *spec_check(struct sim *sim, const struct call *call);
void spec_count(struct sim *sim, const json_t *problems);

#endif
