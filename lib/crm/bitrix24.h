/* SPDX-License-Identifier: MIT */
/*
 * The parts of the Bitrix24 adapter (inbound webhook, crm.item methods of
 * leads).  Inside lib/crm/bitrix24*.c.
 */
#ifndef LEADPIPE_BITRIX24_H
#define LEADPIPE_BITRIX24_H

#include "crm/work.h"

#define BITRIX24 "bitrix24"
#define BITRIX24_LEAD 1 /* entityTypeId */
#define BITRIX24_ORIGIN "leadpipe"

struct bitrix24 {
	char *base; /* https://portal/rest/1/code/; secret */
};

/* A call of METHOD with PARAMS, which becomes the function's. */
enum crm_next bitrix24_ask(struct crm_job *job, struct crm_request *request,
    const char *method, json_t *params);

/* bitrix24_lead.c: the fields of crm.item.add. */
json_t *bitrix24_fields(struct crm *crm, struct crm_lead *lead);
/* Leaves out what may be wrong, for Bitrix24 does not say what is: first the
 * person, then all that is not needed to call back. */
void bitrix24_strike(struct crm_job *job, const struct crm_reply *reply);

/* bitrix24_lookup.c */
enum crm_next bitrix24_lookup(struct crm_job *job,
    struct crm_request *request);
bool bitrix24_looked_up(struct crm_job *job, const json_t *result);

/* bitrix24_pull.c */
enum crm_next bitrix24_pull(struct crm_job *job, struct crm_request *request);
bool bitrix24_pulled(struct crm_job *job, const json_t *body);

/* bitrix24_error.c */
extern const struct crm_refusal bitrix24_refusals[];
crm_said bitrix24_said;

#endif
