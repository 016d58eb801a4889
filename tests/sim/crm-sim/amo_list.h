/* SPDX-License-Identifier: MIT */
/* Batches in, pages out. */
#ifndef CRM_SIM_AMO_LIST_H
#define CRM_SIM_AMO_LIST_H

#include "table.h"

#include <jansson.h>
#include <stdint.h>

struct call;

/* {"self": {"href": ...}} of a thing, or of a collection when id is 0. */
json_t *amo_links(const struct call *call, const char *kind, int64_t id);

/* One page of the rows whose ids are in `ids`, which it takes;
 * `view` makes what is shown. */
void amo_page(struct call *call, const char *kind, json_t *ids,
    json_t *(*view)(const struct call *call, int64_t id));

/* Whether the row passes filter[...] and, for searches, is found by query;
 * ids in the order asked for. A new reference. */
json_t *amo_select(const struct call *call, const struct table *table);

/* The items of a batch to be created or changed; NULL when refused. An object
 * alone stands for a batch of one where the path has an id. */
json_t *amo_batch(struct call *call, size_t most);

/* request_id of the item, or its index. A new reference. */
json_t *amo_request_id(const json_t *item, size_t index);

#endif
