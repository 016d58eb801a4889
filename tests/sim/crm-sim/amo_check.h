/* SPDX-License-Identifier: MIT */
/*
 * Bodies held against what the real server accepts: members, their types, and
 * values that must be known in the account.
 */
#ifndef CRM_SIM_AMO_CHECK_H
#define CRM_SIM_AMO_CHECK_H

#include <jansson.h>
#include <stdbool.h>

struct call;

/* Each checks one item; what is wrong with it is added to `errors` as
 * {"code", "path", "detail"}. */
void check_lead(const struct call *call, const json_t *item, json_t *errors);
void check_complex(const struct call *call, const json_t *item,
    json_t *errors);
void check_contact(const struct call *call, const json_t *item,
    json_t *errors);
void check_unsorted(const struct call *call, const json_t *item,
    json_t *errors);
void check_note(const struct call *call, const json_t *item, json_t *errors);

/* Adds to `errors`. */
void check_wrong(json_t *errors, const char *code, const char *path,
    const char *detail);

/* custom_fields_values of a "leads" or "contacts" item, whose path begins
 * with `prefix`. */
void check_fields(const struct call *call, const char *kind,
    const json_t *item, const char *prefix, json_t *errors);

/*
 * The whole batch by one of them. False: the call has its refusal, which
 * names every bad item, and nothing may be created.
 */
bool check_batch(struct call *call, const json_t *batch,
    void (*check)(const struct call *, const json_t *, json_t *));

#endif
