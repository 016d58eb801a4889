/* SPDX-License-Identifier: MIT */
/*
 * Long lists on stdout, a page at a time.
 */
#ifndef LEADPIPE_OUTPUT_H
#define LEADPIPE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "ops/run.h"

/*
 * Writes PAGE to TO, the command's stdout, and empties it.  False when there is no more use in
 * reading on: whoever reads has had enough (list-tasks | head), or nothing can
 * be written, which is RUN's fault then.
 */
bool output_flush(struct run *run, FILE *to, struct buf *page);

#endif
