/* SPDX-License-Identifier: MIT */
/*
 * A receiver of webhooks that trusts nobody: the signature must be right, the
 * time near, and what bears a known Idempotency-Key is answered as the first
 * time.
 */
#ifndef CRM_SIM_HOOK_H
#define CRM_SIM_HOOK_H

#include "table.h"

#include <jansson.h>
#include <stdint.h>

#define HOOK_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

struct call;

struct hook {
	struct table deliveries;
	json_t *keys; /* Idempotency-Key -> {"id", "body"} */
	int64_t repeated;
};

void hook_start(struct hook *hook);
void hook_reset(struct hook *hook);
void hook_run(struct call *call);

#endif
