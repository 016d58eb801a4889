/* SPDX-License-Identifier: MIT */
/*
 * A lead as webhooks and programs get it.
 */
#ifndef LEADPIPE_LEAD_JSON_H
#define LEADPIPE_LEAD_JSON_H

#include <jansson.h>

#include "crm/crm_lead.h"

/* {"schema":1,"lead":ID,"marker","source","title","name","phone",
 * "phone_raw","email","chat_id","created_at", and the details}; what is not
 * known is left out.  "update" is what the person said when they came again.
 * The caller owns it. */
json_t *crm_lead_json(const struct crm_lead *lead);

#endif
