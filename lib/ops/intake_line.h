/* SPDX-License-Identifier: MIT */
/*
 * A lead that came in, as add-lead --json prints it.
 */
#ifndef LEADPIPE_INTAKE_LINE_H
#define LEADPIPE_INTAKE_LINE_H

#include "base/buf.h"
#include "ops/reception.h"

/* Appends one line of JSON: schema, id, fate (added, joined, known), by, key,
 * source, crm, title, name, phone, phone_e164, phone_flag, email, chat, details,
 * file, line, dry_run; null where nothing is known. */
void intake_line_add(struct buf *out, const struct reception_item *item,
    bool dry_run);

#endif
