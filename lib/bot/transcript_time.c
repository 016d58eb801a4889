/* SPDX-License-Identifier: MIT */
/*
 * The clock of a transcript.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/zone.h"
#include "bot/model.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"
#include "bot/when_date.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static const struct zone *
zone_of(const struct player *player)
{
	const struct zone *zone = zone_find(flow_zone(player->flow));

	return zone ? zone : zone_find("UTC");
}

/* The instant that TEXT ("2026-11-20 23:00", "23:00") is for the flow; false
 * when it is none.  A time of day is the next one. */
static bool
instant_read(const struct player *player, const char *text, int64_t *at)
{
	const struct zone *zone = zone_of(player);

	if (date_instant(zone, text, at))
		return true;
	for (int days = 0; days < 2; days++) {
		struct zone_time day =
		    zone_local(zone, player->now + days * DAY_MS);
		char *date = mem_printf("%04d-%02d-%02d %s", day.year,
		    day.month, day.day, text);
		bool is_date = date_instant(zone, date, at);

		free(date);
		if (!is_date || *at > player->now)
			return is_date;
	}
	return false;
}

void
play_until(struct player *player, const char *rest)
{
	int64_t at;

	if (!instant_read(player, rest, &at)) {
		player_refuse(player,
		    "'%s' is no time: write 'at 2026-11-20 23:00' or 'at "
		    "23:00'",
		    rest);
	} else if (player->actor_count == 0) {
		player->now = at; /* nobody is there yet: it begins then */
	} else if (at < player->now) {
		player_refuse(player, "'%s' is over already", rest);
	} else {
		player_wait(player, at);
	}
}

static bool
near(int64_t due_at, int64_t wanted)
{
	return due_at / 1000 == wanted / 1000;
}

bool
timer_is_due(const struct player *player, const struct timer *timer,
    const char *when)
{
	int64_t span, at;

	if (when[0] == '\0')
		return true;
	if (strncmp(when, "in ", 3) == 0 &&
	    clock_parse_span(when + 3, &span) == 0)
		return near(timer->due_at, player->now + span);
	return strncmp(when, "at ", 3) == 0 &&
	    instant_read(player, when + 3, &at) && near(timer->due_at, at);
}

char *
time_text(const struct player *player, int64_t at)
{
	const struct zone_time time = zone_local(zone_of(player), at);

	return mem_printf("%04d-%02d-%02d %02d:%02d", time.year, time.month,
	    time.day, time.hour, time.minute);
}
