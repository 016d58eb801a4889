/* SPDX-License-Identifier: MIT */
#include "flood.h"
#include "sim.h"

#define BOT_STEP_MS 33
#define BOT_BURST_MS 1000
#define CHAT_STEP_MS 1000
#define CHAT_BURST_MS 3000
#define GROUP_STEP_MS 3000
#define GROUP_BURST_MS 60000

/* How long until the bucket whose theoretical arrival is *at has room. */
static int64_t
bucket_wait(int64_t at, int64_t now, int64_t burst, int64_t cost)
{
	int64_t start = at > now ? at : now;

	return start + cost - burst > now ? start + cost - burst - now : 0;
}

static void
bucket_take(int64_t *at, int64_t now, int64_t cost)
{
	*at = (*at > now ? *at : now) + cost;
}

int
flood_take(struct sim *sim, struct chat *chat, int count)
{
	int64_t now = sim_now_ms(sim), bot_wait, chat_wait;
	int64_t step = chat->id < 0 ? GROUP_STEP_MS : CHAT_STEP_MS;
	int64_t burst = chat->id < 0 ? GROUP_BURST_MS : CHAT_BURST_MS;

	if (!sim->settings.flood)
		return 0;
	if (count * step > burst)
		burst = count * step;
	bot_wait = bucket_wait(sim->flood_state.arrival_ms, now, BOT_BURST_MS,
	    BOT_STEP_MS * count);
	chat_wait = bucket_wait(chat->bucket_at_ms, now, burst, step * count);
	if (chat_wait > bot_wait)
		bot_wait = chat_wait;
	if (bot_wait > 0) {
		sim->flood_state.refused++;
		return (int)((bot_wait + 999) / 1000);
	}
	bucket_take(&sim->flood_state.arrival_ms, now, BOT_STEP_MS * count);
	bucket_take(&chat->bucket_at_ms, now, step * count);
	return 0;
}
