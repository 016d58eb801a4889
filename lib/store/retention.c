/* SPDX-License-Identifier: MIT */
#include "store/retention.h"

#include <stddef.h>

#define DAYS_MOST 36500

/* The identity of an update must outlive Telegram's queue (24 h) twice over. */
#define UPDATES_LEAST 3

static const struct {
	const char *name;
	int64_t least;
	size_t member;
} settings[] = {
	{ "LEADPIPE_KEEP_UPDATES", UPDATES_LEAST,
	    offsetof(struct retention, updates) },
	{ "LEADPIPE_KEEP_RUNS", 1, offsetof(struct retention, runs) },
	{ "LEADPIPE_KEEP_TASKS", 1, offsetof(struct retention, tasks) },
	{ "LEADPIPE_KEEP_HISTORY", 1, offsetof(struct retention, history) },
};

enum outcome
retention_read(const struct config *config, struct retention *retention,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	*retention = (struct retention)RETENTION_DEFAULT;
	for (size_t i = 0;
	     i < sizeof(settings) / sizeof(*settings) && out == OUT_OK; i++) {
		int64_t *keep = (int64_t *)(void *)((char *)retention +
		    settings[i].member);
		int64_t days = *keep / RETENTION_DAY_MS;

		out = config_int(config, settings[i].name, 0, DAYS_MOST, days,
		    &days, fault);
		if (out == OUT_OK && days > 0 && days < settings[i].least)
			out = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "%s is %lld (%s), it must be at least %lld days, "
			    "or 0 for ever: what was received once must be "
			    "known again",
			    settings[i].name, (long long)days,
			    config_origin(config, settings[i].name),
			    (long long)settings[i].least);
		*keep = days > 0 ? days * RETENTION_DAY_MS : RETENTION_EVER;
	}
	return out;
}
