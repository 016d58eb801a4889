/* SPDX-License-Identifier: MIT */
#include "store/window.h"

#include "store/meta.h"

/* When the window ends; 0: none is open.  One that ends later than it could
 * have begun was opened before the clock went back: it counts for nothing. */
static int64_t
end_of(struct db *db, int64_t now)
{
	int64_t end = meta_int(db, META_WEBHOOK_WINDOW, 0);

	return end > now && end <= now + WINDOW_MS ? end : 0;
}

int64_t
window_wait(struct db *db, int64_t most, int64_t now)
{
	int64_t end = most > 0 ? end_of(db, now) : 0;

	if (end == 0 || meta_int(db, META_WEBHOOK_TAKEN, 0) < most)
		return 0;
	return end - now;
}

enum outcome
window_take(struct db *db, int64_t now, struct fault *fault)
{
	bool open = end_of(db, now) != 0;
	int64_t taken = open ? meta_int(db, META_WEBHOOK_TAKEN, 0) : 0;
	enum outcome out = OUT_OK;

	if (!open)
		out = meta_set_int(db, META_WEBHOOK_WINDOW, now + WINDOW_MS,
		    fault);
	return out == OUT_OK
	    ? meta_set_int(db, META_WEBHOOK_TAKEN, taken + 1, fault)
	    : out;
}
