/* SPDX-License-Identifier: MIT */
/*
 * The verdict as a small picture, for a README or a dashboard.
 */
#ifndef LEADPIPE_BADGE_H
#define LEADPIPE_BADGE_H

#include "base/buf.h"
#include "ops/status.h"

/* Appends an SVG document. */
void badge_write(const struct status *status, struct buf *out);

#endif
