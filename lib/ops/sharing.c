/* SPDX-License-Identifier: MIT */
#include "ops/sharing.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/shared_claims.h"

#define TELL_MS 1500

/* What a call is given: one that is cut short would look like a Redis that
 * hangs. */
#define LEAST_MS 400
#define ROUND 500

enum outcome
sharing_open(struct sharing *sharing, struct run *run)
{
	enum outcome out = redis_open(&sharing->redis, run->db, run->config,
	    REDIS_SYNC, &run->fault);

	if (out == OUT_OK && sharing->redis == NULL)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
		    "no Redis is configured: set REDIS_URL, or leave --shared "
		    "out");
	if (out == OUT_OK)
		out = handover_open(&sharing->handover, run->db, run->config,
		    &run->fault);
	return out;
}

void
sharing_close(struct sharing *sharing)
{
	handover_close(sharing->handover);
	redis_close(sharing->redis);
	*sharing = (struct sharing){ 0 };
}

enum outcome
sharing_tell(struct sharing *sharing, struct run *run, bool loud)
{
	enum outcome out = OUT_OK;
	int64_t until = clock_mono_ms() + TELL_MS;
	bool more = true;

	redis_end_by(sharing->redis, until);
	while (out == OUT_OK && more && clock_mono_ms() + LEAST_MS < until)
		out = handover_round(sharing->handover, sharing->redis, ROUND,
		    0, &more, &run->fault);
	if (out == OUT_OK && loud && handover_waits(sharing->handover))
		log_warning("redis at %s does not know it yet; the next "
			    "poll-updates or sync-redis tells it",
		    redis_where(sharing->redis));
	return out;
}

enum outcome
sharing_follow(struct run *run)
{
	struct sharing sharing = { 0 };

	if (!shared_tasks_wait(run->db, clock_wall_ms()))
		return db_result(run->db, &run->fault);
	enum outcome out = redis_open(&sharing.redis, run->db, run->config,
	    REDIS_SYNC, &run->fault);
	if (out == OUT_OK && sharing.redis != NULL) {
		out = handover_open(&sharing.handover, run->db, run->config,
		    &run->fault);
		if (out == OUT_OK)
			out = sharing_tell(&sharing, run, false);
	}
	sharing_close(&sharing);
	return out;
}
