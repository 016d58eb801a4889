/* SPDX-License-Identifier: MIT */
/*
 * A member of the shared set as a line for people or for programs.
 */
#ifndef LEADPIPE_MEMBER_LINE_H
#define LEADPIPE_MEMBER_LINE_H

#include "base/buf.h"
#include "shared/handover_list.h"

extern const char member_line_head[];

void member_line_add(struct buf *out, const struct handover_member *member,
    int64_t now, bool json);

#endif
