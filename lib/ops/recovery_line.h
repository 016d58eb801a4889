/* SPDX-License-Identifier: MIT */
/*
 * What recover-pending did, as a line or two for people or a JSON object.
 */
#ifndef LEADPIPE_RECOVERY_LINE_H
#define LEADPIPE_RECOVERY_LINE_H

#include "base/buf.h"
#include "ops/journal_compare.h"
#include "ops/lead_import.h"
#include "store/hold.h"
#include "store/worker_life.h"

/* Nothing is said to people when nothing was left behind. */
void recovered_add(struct buf *out, const struct recovered *found, bool json,
    bool dry_run);
void imported_add(struct buf *out, const struct lead_import *import, bool json,
    bool dry_run);
void released_add(struct buf *out, const struct hold_counts *counts, bool json,
    bool dry_run);
void replayed_add(struct buf *out, const struct replayed *replayed, bool json,
    bool dry_run);

#endif
