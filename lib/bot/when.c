/* SPDX-License-Identifier: MIT */
#include "bot/when.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "bot/check_part.h"
#include "bot/model.h"
#include "bot/template.h"
#include "bot/when_date.h"

#define DAY_MS (24LL * 3600 * 1000)
#define AT_BYTES 256U

const char *const when_days[] = { "mon", "tue", "wed", "thu", "fri", "sat",
	"sun", NULL };

void
zone_check(struct check *check, const char *zone)
{
	if (zone_find(zone) != NULL)
		return;
	if (zone_database())
		check_add(check,
		    "unknown time zone '%s'; use a name such as "
		    "Europe/Moscow",
		    zone);
	else
		check_warn(check,
		    "this machine knows no time zones, so all times are UTC: "
		    "install tzdata");
}

const char *
when_zone(const struct flow *flow, const struct chat *chat)
{
	if (chat->tz != NULL && zone_find(chat->tz) != NULL)
		return chat->tz;
	return zone_find(flow_zone(flow)) ? flow_zone(flow) : "UTC";
}

/* Days in the span TEXT, 0 when it is of hours or less: those are no matter of
 * the calendar. */
static int
span_days(const char *text)
{
	size_t len = strlen(text);
	int64_t ms;

	if (len == 0 || strchr("dw", text[len - 1]) == NULL ||
	    clock_parse_span(text, &ms) != 0)
		return 0;
	return (int)(ms / DAY_MS);
}

static int64_t
span_ms(const char *text)
{
	int64_t ms;

	return text && clock_parse_span(text, &ms) == 0 ? ms : 0;
}

static int64_t
days_later(const struct zone *zone, int64_t at, int days)
{
	struct zone_time time = zone_local(zone, at);

	time.day += days;
	return zone_instant(zone, time);
}

/* AT moved by the span OFFSET, "-1d" or "+2h". */
static int64_t
moved(const struct zone *zone, int64_t at, const char *offset)
{
	int sign = offset[0] == '-' ? -1 : 1, days = span_days(offset + 1);

	if (days != 0)
		return days_later(zone, at, sign * days);
	return at + sign * span_ms(offset + 1);
}

/* Minutes of CLOCK, "10:00", from midnight; the checker lets no other form
 * through. */
static int
clock_minutes(const char *clock)
{
	char *minutes;
	long hours = strtol(clock, &minutes, 10);

	return (int)(hours * 60 +
	    (*minutes == ':' ? strtol(minutes + 1, NULL, 10) : 0));
}

/* CLOCK, "10:00", of the day that is DAYS after that of AT. */
static int64_t
on_day(const struct zone *zone, int64_t at, int days, const char *clock)
{
	struct zone_time time = zone_local(zone, at);

	time.day += days;
	time.hour = clock_minutes(clock) / 60;
	time.minute = clock_minutes(clock) % 60;
	time.second = 0;
	return zone_instant(zone, time);
}

/* The first CLOCK at or after AT. */
static int64_t
next_clock(const struct zone *zone, int64_t at, const char *clock)
{
	int64_t today = on_day(zone, at, 0, clock);

	return today >= at ? today : on_day(zone, at, 1, clock);
}

static int64_t
clock_due(const struct zone *zone, const json_t *action, const char *clock,
    int64_t now)
{
	const char *after = json_get_text(action, "after");
	int days = after ? span_days(after) : 0;

	if (days > 0)
		return on_day(zone, now, days, clock);
	return next_clock(zone, now + (after ? span_ms(after) : 1), clock);
}

static int64_t
date_due(const struct zone *zone, const json_t *action, const char *text,
    int64_t now)
{
	const char *offset = json_get_text(action, "offset");
	int64_t due;

	if (!date_instant(zone, text, &due))
		return WHEN_NEVER;
	if (offset != NULL)
		due = moved(zone, due, offset);
	return due > now ? due : WHEN_NEVER;
}

/* What `at` of ACTION says for CHAT; the caller frees it.  A day that is not
 * set leaves " 12:00" of "{{day}} 12:00", which is not today's. */
static char *
at_text(const struct flow *flow, const struct chat *chat, const json_t *action)
{
	const char *at = json_get_text(action, "at");
	struct buf out = BUF_INIT(AT_BYTES);
	char *text;

	if (at == NULL)
		return NULL;
	template_expand(flow, chat, at, PLACE_PLAIN, &out);
	text = out.len > 0 && out.data[0] == ' ' && at[0] != ' '
	    ? mem_dup("")
	    : utf8_trim(out.data ? out.data : "");
	buf_release(&out);
	return text;
}

static bool
day_listed(const json_t *days, int weekday)
{
	json_t *day;
	size_t i;

	json_array_foreach (days, i, day)
		if (strcmp(json_string_value(day), when_days[weekday]) == 0)
			return true;
	return false;
}

/* AT, or the same time of the first day after it that ACTION has in its
 * `days`. */
static int64_t
on_listed_day(const struct zone *zone, const json_t *action, int64_t at)
{
	const json_t *days = json_object_get(action, "days");
	int later, weekday = zone_weekday(zone_local(zone, at));

	for (later = 0; days != NULL && later < 7; later++)
		if (day_listed(days, (weekday + later) % 7))
			return later == 0 ? at : days_later(zone, at, later);
	return at;
}

static int64_t
after_quiet(const struct zone *zone, const json_t *quiet, int64_t at)
{
	const char *from = json_get_text(quiet, "from");
	const char *to = json_get_text(quiet, "to");
	struct zone_time time = zone_local(zone, at);
	int now = time.hour * 60 + time.minute, begin, end;
	int64_t awake;

	if (from == NULL || to == NULL)
		return at;
	begin = clock_minutes(from);
	end = clock_minutes(to);
	if (begin < end ? now < begin || now >= end
			: now < begin && now >= end)
		return at;
	awake = on_day(zone, at, begin > end && now >= begin, to);
	/* Of a time that comes twice we may be in the second. */
	return awake > at ? awake : at;
}

/* AT on a day that ACTION is for, and not in the quiet hours: its own, else
 * the flow's. */
static int64_t
settled(const struct flow *flow, const struct chat *chat, const json_t *action,
    int64_t at)
{
	const struct zone *zone = zone_find(when_zone(flow, chat));
	const json_t *quiet = json_object_get(action, "quiet");

	if (quiet == NULL)
		quiet = json_object_get(flow->root, "quiet");
	return after_quiet(zone, quiet, on_listed_day(zone, action, at));
}

int64_t
when_due(const struct flow *flow, const struct chat *chat,
    const json_t *action, int64_t now)
{
	const struct zone *zone = zone_find(when_zone(flow, chat));
	const char *every = json_get_text(action, "every");
	const char *after = json_get_text(action, "after");
	char *at = at_text(flow, chat, action);
	int64_t due;

	if (at != NULL && name_fits(at, NAME_CLOCK))
		due = clock_due(zone, action, at, now);
	else if (at != NULL)
		due = date_due(zone, action, at, now);
	else if (after != NULL || every == NULL)
		due = now + span_ms(after);
	else if (span_days(every) > 0)
		due = days_later(zone, now, span_days(every));
	else
		due = now + span_ms(every);
	free(at);
	return due == WHEN_NEVER ? due : settled(flow, chat, action, due);
}

/* The first instant after NOW that is whole DAYS after DUE, at CLOCK or, when
 * that is NULL, at the same time of day. */
static int64_t
days_again(const struct zone *zone, int64_t due, int days, const char *clock,
    int64_t now)
{
	int64_t from = clock ? next_clock(zone, due + 1, clock) : due;
	int64_t past = now > from ? (now - from) / (days * DAY_MS) : 0;
	int first = clock ? days - 1 : days;
	int64_t next;

	/* A day of 23 or 25 hours: one too many or too few. */
	for (past = past > 1 ? past - 1 : 0;; past++) {
		next = days_later(zone, from, first + (int)past * days);
		if (next > now)
			return next;
	}
}

int64_t
when_again(const struct flow *flow, const struct chat *chat,
    const json_t *action, int64_t due, int64_t now)
{
	const struct zone *zone = zone_find(when_zone(flow, chat));
	const char *every = json_get_text(action, "every");
	const char *at = json_get_text(action, "at");
	int64_t ms = span_ms(every), next;
	int days;

	if (every == NULL && json_object_get(action, "role") != NULL)
		ms = span_ms(every = "1d");
	if (every == NULL || ms == 0)
		return WHEN_NEVER;
	if (now < due)
		now = due;
	days = span_days(every);
	if (days > 0)
		next = days_again(zone, due, days,
		    at && name_fits(at, NAME_CLOCK) ? at : NULL, now);
	else
		next = due + ((now - due) / ms + 1) * ms;
	return settled(flow, chat, action, next);
}
