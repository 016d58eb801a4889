/* SPDX-License-Identifier: MIT */
#ifndef LEADPIPE_PENDING_DETAIL_H
#define LEADPIPE_PENDING_DETAIL_H

#include <stdint.h>

#include "store/db.h"

/* All that is known of ITEM of KIND (message, update ...), as a JSON object;
 * borrowed until the next call, NULL: there is none. */
const char *pending_detail(struct db *db, const char *kind, int64_t item);

#endif
