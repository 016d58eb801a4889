/* SPDX-License-Identifier: MIT */
/*
 * The way by which updates come, for check-config; for config_*.c only.
 */
#ifndef LEADPIPE_CONFIG_WEBHOOK_H
#define LEADPIPE_CONFIG_WEBHOOK_H

#include <jansson.h>

#include "ops/config_check.h"

/* Which it is, by what is known here; the database is open. */
void config_check_way(struct run *run, struct config_notes *notes);

/* What Telegram says of it: RESULT is that of getWebhookInfo. */
void config_check_webhook(struct run *run, const json_t *result,
    struct config_notes *notes);

#endif
