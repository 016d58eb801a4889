/* SPDX-License-Identifier: MIT */
/*
 * What is, or was, forgotten of a person, and where else they may be found:
 * in the CRM, with operators, in backups, in logs.
 */
#ifndef LEADPIPE_FORGET_REPORT_H
#define LEADPIPE_FORGET_REPORT_H

#include <jansson.h>

#include "base/buf.h"
#include "ops/run.h"
#include "store/forget.h"

/* Looks everything up, before it is deleted: an object, which the caller
 * releases; NULL with RUN's fault. */
json_t *forget_report(struct run *run, const struct subject *subject,
    bool dry_run);

/* Appends it as text for people, or as one line of JSON. */
void forget_report_add(struct buf *out, const json_t *report, bool json);

#endif
