/* SPDX-License-Identifier: MIT */
/*
 * The status page: one HTML document, complete in itself, without scripts.
 */
#ifndef LEADPIPE_PAGE_H
#define LEADPIPE_PAGE_H

#include "base/buf.h"
#include "ops/status.h"

/* Appends the document. */
void page_write(const struct status *status, struct buf *out);

#endif
