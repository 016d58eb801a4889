/* SPDX-License-Identifier: MIT */
/*
 * A Bitrix24 portal behind an inbound webhook: what is empty comes as [], the
 * bucket leaks, unknown fields are ignored without a word.
 */
#ifndef CRM_SIM_BITRIX_H
#define CRM_SIM_BITRIX_H

#include "table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define BITRIX_CODE "k8t2simulatedcode"

struct call;
struct sim;

struct bitrix {
	double per_second; /* 0: any */
	double burst;
	double level;
	int64_t leaked_us;
	bool revoked;
	struct table items; /* leads, deals and contacts alike */
	struct table comments;
};

void bitrix_start(struct bitrix *bitrix);
void bitrix_reset(struct bitrix *bitrix);
void bitrix_run(struct call *call);

/* {"result": ..., "time": ...}; takes the reference. */
void bitrix_answer(struct call *call, json_t *result);
void bitrix_refuse(struct call *call, unsigned status, const char *error,
    const char *description);

/* bitrix_item.c */
void bitrix_item_add(struct call *call);
void bitrix_item_get(struct call *call);
void bitrix_item_list(struct call *call);
void bitrix_item_update(struct call *call);
void bitrix_find_comm(struct call *call);
void bitrix_comment_add(struct call *call);
void bitrix_comment_list(struct call *call);
void bitrix_status_list(struct call *call);

/* bitrix_field.c */
void bitrix_item_fields(struct call *call);

/* Sets in DATA what FROM says of fields that there are. */
void bitrix_fields_copy(json_t *data, const json_t *from);

#endif
