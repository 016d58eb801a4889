/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * When something is due, on the calendar of the person.
 */
#include "flow_case.h"

#include <time.h>

#include "bot/when.h"

static const struct flow *plain, *quiet;

static int64_t
utc_ms(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (int64_t)timegm(&tm) * 1000;
}

static char *
utc_text(int64_t ms)
{
	char text[32];
	time_t at = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == WHEN_NEVER)
		return mem_dup("never");
	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	return mem_dup(text);
}

/* What is due, where, asked at what instant, and when. */
struct due {
	const char *zone, *action, *now, *due;
};

static void
due_check(const struct flow *flow, const struct due *wanted)
{
	struct chat chat = case_chat("en");
	json_t *action = case_json(wanted->action);
	char *due;

	chat.tz = mem_dup(wanted->zone);
	json_object_set_new(chat.vars, "s", json_string("2027-03-01 10:00"));
	json_object_set_new(chat.vars, "lang", json_string("18:30"));
	due = utc_text(when_due(flow, &chat, action, utc_ms(wanted->now)));
	if (strcmp(due, wanted->due) != 0)
		fail_msg("%s %s %s: %s, not %s", wanted->zone, wanted->now,
		    wanted->action, due, wanted->due);
	free(due);
	json_decref(action);
	chat_release(&chat);
}

#define DUES(flow, list) \
	dues_check(flow, list, sizeof(list) / sizeof((list)[0]))

static void
dues_check(const struct flow *flow, const struct due *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		due_check(flow, &list[i]);
}

#define BERLIN "Europe/Berlin"
#define YORK "America/New_York"
#define MOSCOW "Europe/Moscow"
#define NEPAL "Asia/Kathmandu"
#define NOON "2026-11-21 12:00:00" /* a Saturday */

static void
test_after(void **state)
{
	static const struct due dues[] = {
		{ "UTC", "{'after':'90s'}", NOON, "2026-11-21 12:01:30" },
		{ "UTC", "{'after':'5m'}", NOON, "2026-11-21 12:05:00" },
		{ "UTC", "{'after':'1w'}", NOON, "2026-11-28 12:00:00" },
		/* 24 hours, whatever the clocks do meanwhile */
		{ BERLIN, "{'after':'24h'}", "2026-03-28 11:00:00",
		    "2026-03-29 11:00:00" },
		/* days with a time are days on the calendar */
		{ MOSCOW, "{'after':'1d','at':'10:00'}", NOON,
		    "2026-11-22 07:00:00" },
		{ MOSCOW, "{'after':'1d','at':'10:00'}", "2026-11-20 21:30:00",
		    "2026-11-22 07:00:00" },
		{ MOSCOW, "{'after':'1w','at':'10:00'}", NOON,
		    "2026-11-28 07:00:00" },
		{ BERLIN, "{'after':'1d','at':'10:00'}", "2026-03-28 09:00:00",
		    "2026-03-29 08:00:00" },
		{ NEPAL, "{'after':'1d','at':'10:00'}", "2026-11-21 18:30:00",
		    "2026-11-23 04:15:00" },
		/* hours with a time: the first such time after them */
		{ "UTC", "{'after':'2h','at':'13:00'}", NOON,
		    "2026-11-22 13:00:00" },
		{ "UTC", "{'after':'2h','at':'14:00'}", NOON,
		    "2026-11-21 14:00:00" },
		{ "UTC", "{'after':'2h','at':'14:01'}", NOON,
		    "2026-11-21 14:01:00" },
	};

	(void)state;
	DUES(plain, dues);
}

static void
test_at(void **state)
{
	static const struct due dues[] = {
		{ "UTC", "{'at':'12:01'}", NOON, "2026-11-21 12:01:00" },
		/* not now, but the next time */
		{ "UTC", "{'at':'12:00'}", NOON, "2026-11-22 12:00:00" },
		{ "UTC", "{'at':'11:59'}", NOON, "2026-11-22 11:59:00" },
		{ MOSCOW, "{'at':'15:30'}", NOON, "2026-11-21 12:30:00" },
		{ NEPAL, "{'at':'00:00'}", NOON, "2026-11-21 18:15:00" },
		{ YORK, "{'at':'07:00'}", NOON, "2026-11-22 12:00:00" },
		{ "UTC", "{'at':'00:00'}", "2026-12-31 23:59:59",
		    "2027-01-01 00:00:00" },
		{ "UTC", "{'at':'09:00'}", "2028-02-28 09:00:00",
		    "2028-02-29 09:00:00" },
		{ "UTC", "{'at':'09:00'}", "2027-02-28 09:00:00",
		    "2027-03-01 09:00:00" },
		{ BERLIN, "{'at':'12:00'}", "2100-07-01 09:00:00",
		    "2100-07-01 10:00:00" },
		{ BERLIN, "{'at':'12:00'}", "2100-02-28 12:00:00",
		    "2100-03-01 11:00:00" },
	};

	(void)state;
	DUES(plain, dues);
}

/* A time that the clocks skip is the first after it, one that comes twice is
 * the first. */
static void
test_clock_changes(void **state)
{
	static const struct due dues[] = {
		{ BERLIN, "{'at':'02:30'}", "2026-03-28 22:00:00",
		    "2026-03-29 01:00:00" },
		{ YORK, "{'at':'02:30'}", "2026-03-08 05:00:00",
		    "2026-03-08 07:00:00" },
		{ BERLIN, "{'at':'02:30'}", "2026-10-24 22:00:00",
		    "2026-10-25 00:30:00" },
		{ YORK, "{'at':'01:30'}", "2026-11-01 04:00:00",
		    "2026-11-01 05:30:00" },
		/* between the first and the second: not once more */
		{ BERLIN, "{'at':'02:30'}", "2026-10-25 00:45:00",
		    "2026-10-26 01:30:00" },
		{ BERLIN, "{'every':'1d'}", "2026-03-28 11:00:00",
		    "2026-03-29 10:00:00" },
		{ YORK, "{'every':'1d'}", "2026-10-31 12:00:00",
		    "2026-11-01 13:00:00" },
	};

	(void)state;
	DUES(plain, dues);
}

static void
test_dates(void **state)
{
	static const struct due dues[] = {
		{ MOSCOW, "{'at':'2027-03-01'}", NOON, "2027-02-28 21:00:00" },
		{ MOSCOW, "{'at':'2027-03-01 10:00'}", NOON,
		    "2027-03-01 07:00:00" },
		{ MOSCOW, "{'at':'2026-11-21 15:00'}", NOON, "never" },
		{ MOSCOW, "{'at':'2026-11-21 15:01'}", NOON,
		    "2026-11-21 12:01:00" },
		/* a variable, which holds 2027-03-01 10:00 */
		{ YORK, "{'at':'{{s}}'}", NOON, "2027-03-01 15:00:00" },
		{ YORK, "{'at':'{{s}}','offset':'-1d'}", NOON,
		    "2027-02-28 15:00:00" },
		{ YORK, "{'at':'{{s}}','offset':'+2h'}", NOON,
		    "2027-03-01 17:00:00" },
		{ YORK, "{'at':'{{s}}','offset':'+2w'}", NOON,
		    "2027-03-15 14:00:00" },
		{ YORK, "{'at':'{{s}}','offset':'+336h'}", NOON,
		    "2027-03-15 15:00:00" },
		{ YORK, "{'at':'{{s}}','offset':'-120d'}", NOON, "never" },
		{ YORK, "{'at':'{{s}}Z'}", NOON, "2027-03-01 10:00:00" },
		{ YORK, "{'at':'{{s}}:30.5+03:00'}", NOON,
		    "2027-03-01 07:00:30" },
		{ YORK, "{'at':'{{s}}-0330'}", NOON, "2027-03-01 13:30:00" },
		/* which holds 18:30 */
		{ "UTC", "{'at':'{{lang}}'}", NOON, "2026-11-21 18:30:00" },
		{ "UTC", "{'at':'2028-02-28 {{lang}}','offset':'+1d'}", NOON,
		    "2028-02-29 18:30:00" },
		/* which are no time */
		{ "UTC", "{'at':'{{x}}'}", NOON, "never" },
		{ "UTC", "{'at':'{{name}}'}", NOON, "never" },
		{ "UTC", "{'at':'{{s}}+24:00'}", NOON, "never" },
		{ "UTC", "{'at':'{{s}}x'}", NOON, "never" },
	};

	(void)state;
	DUES(plain, dues);
}

static void
test_days(void **state)
{
	static const struct due dues[] = {
		{ "UTC", "{'at':'13:00','days':['sat']}", NOON,
		    "2026-11-21 13:00:00" },
		{ "UTC", "{'at':'11:00','days':['sat']}", NOON,
		    "2026-11-28 11:00:00" },
		{ "UTC", "{'at':'13:00','days':['mon','fri']}", NOON,
		    "2026-11-23 13:00:00" },
		{ "UTC", "{'after':'1h','days':['wed']}", NOON,
		    "2026-11-25 13:00:00" },
		/* it is Sunday there already */
		{ NEPAL, "{'after':'1m','days':['sun']}",
		    "2026-11-21 19:00:00", "2026-11-21 19:01:00" },
		{ BERLIN, "{'at':'10:00','days':['sun']}",
		    "2026-03-23 12:00:00", "2026-03-29 08:00:00" },
		{ "UTC", "{'at':'00:30','days':['fri']}",
		    "2026-12-30 12:00:00", "2027-01-01 00:30:00" },
	};

	(void)state;
	DUES(plain, dues);
}

static void
test_quiet(void **state)
{
	static const struct due dues[] = {
		{ MOSCOW, "{'after':'5m'}", "2026-11-21 18:00:00",
		    "2026-11-21 18:05:00" },
		/* quiet from 22:00 on, until 09:00 */
		{ MOSCOW, "{'after':'5m'}", "2026-11-21 18:55:00",
		    "2026-11-22 06:00:00" },
		{ MOSCOW, "{'after':'5m'}", "2026-11-21 22:00:00",
		    "2026-11-22 06:00:00" },
		{ MOSCOW, "{'after':'5m'}", "2026-11-22 05:54:59",
		    "2026-11-22 06:00:00" },
		{ MOSCOW, "{'after':'5m'}", "2026-11-22 05:55:00",
		    "2026-11-22 06:00:00" },
		{ MOSCOW, "{'after':'5m'}", "2026-11-22 05:56:00",
		    "2026-11-22 06:01:00" },
		{ NEPAL, "{'after':'5m'}", "2026-11-21 18:00:00",
		    "2026-11-22 03:15:00" },
		{ "UTC", "{'after':'5m'}", "2026-12-31 23:00:00",
		    "2027-01-01 09:00:00" },
		{ BERLIN, "{'after':'5m'}", "2026-03-28 22:00:00",
		    "2026-03-29 07:00:00" },
		/* its own, or none */
		{ "UTC", "{'after':'5m','quiet':false}", "2026-11-21 23:00:00",
		    "2026-11-21 23:05:00" },
		{ "UTC",
		    "{'after':'5m','quiet':{'from':'12:00','to':'13:30'}}",
		    NOON, "2026-11-21 13:30:00" },
		{ "UTC",
		    "{'after':'5m','quiet':{'from':'12:00','to':'13:30'}}",
		    "2026-11-21 23:00:00", "2026-11-21 23:05:00" },
		/* ending in the gap of spring, and in the doubled hour */
		{ BERLIN,
		    "{'after':'5m','quiet':{'from':'22:00','to':'02:30'}}",
		    "2026-03-28 23:00:00", "2026-03-29 01:00:00" },
		{ BERLIN,
		    "{'after':'5m','quiet':{'from':'22:00','to':'02:30'}}",
		    "2026-10-24 22:00:00", "2026-10-25 00:30:00" },
	};

	(void)state;
	DUES(quiet, dues);
}

/* An action, when it was due, when it was done, when it is due again. */
static const struct again {
	const char *zone, *action, *due, *now, *next;
} agains[] = {
	{ "UTC", "{'after':'5m'}", NOON, NOON, "never" },
	{ "UTC", "{'every':'1h'}", NOON, NOON, "2026-11-21 13:00:00" },
	{ "UTC", "{'every':'1h'}", NOON, "2026-11-21 12:59:59",
	    "2026-11-21 13:00:00" },
	/* what was missed is left out */
	{ "UTC", "{'every':'1h'}", NOON, "2026-11-22 15:20:00",
	    "2026-11-22 16:00:00" },
	{ "UTC", "{'every':'1d'}", NOON, "2026-11-30 12:00:00",
	    "2026-12-01 12:00:00" },
	{ "UTC", "{'every':'2d'}", NOON, "2027-03-01 12:00:00",
	    "2027-03-03 12:00:00" },
	{ "UTC", "{'every':'1w','at':'10:00'}", "2026-11-21 10:00:00", NOON,
	    "2026-11-28 10:00:00" },
	/* the same time of day on both sides of a change */
	{ BERLIN, "{'every':'1d','at':'10:00'}", "2026-03-28 09:00:00",
	    "2026-03-28 09:00:01", "2026-03-29 08:00:00" },
	{ BERLIN, "{'every':'1d'}", "2026-10-24 08:00:00",
	    "2026-10-24 08:00:01", "2026-10-25 09:00:00" },
	{ BERLIN, "{'every':'1d','at':'10:00'}", "2026-03-01 09:00:00",
	    "2026-06-01 09:00:00", "2026-06-02 08:00:00" },
	/* in a day of 25 hours, 24 hours and a half later */
	{ BERLIN, "{'every':'1d'}", "2026-10-24 08:00:00",
	    "2026-10-25 08:30:00", "2026-10-25 09:00:00" },
	/* what quiet hours moved goes back to its time */
	{ "UTC", "{'every':'1d','at':'07:00'}", "2026-11-21 09:00:00",
	    "2026-11-21 09:00:00", "2026-11-22 07:00:00" },
	{ "UTC", "{'every':'1d','at':'10:00','days':['mon','wed']}",
	    "2026-11-18 10:00:00", "2026-11-18 10:00:00",
	    "2026-11-23 10:00:00" },
	/* an entry of `recurring` with a time only is of every day */
	{ MOSCOW, "{'role':'admin','at':'09:00'}", "2026-11-21 06:00:00",
	    "2026-11-21 06:00:05", "2026-11-22 06:00:00" },
	{ "UTC", "{'every':'1d','at':'12:00'}", "2100-02-28 12:00:00",
	    "2100-02-28 12:00:00", "2100-03-01 12:00:00" },
};

static void
test_again(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(agains) / sizeof(agains[0]); i++) {
		const struct again *again = &agains[i];
		struct chat chat = case_chat("en");
		json_t *action = case_json(again->action);
		char *next;

		chat.tz = mem_dup(again->zone);
		next = utc_text(when_again(plain, &chat, action,
		    utc_ms(again->due), utc_ms(again->now)));
		if (strcmp(next, again->next) != 0)
			fail_msg("%s %s after %s: %s, not %s", again->zone,
			    again->action, again->now, next, again->next);
		free(next);
		json_decref(action);
		chat_release(&chat);
	}
}

static void
test_zone(void **state)
{
	struct chat chat = case_chat("en");
	struct flow *flow = case_flow("{'tz':'Asia/Omsk'}");

	(void)state;
	assert_string_equal(when_zone(flow, &chat), "Asia/Omsk");
	chat.tz = mem_dup(NEPAL);
	assert_string_equal(when_zone(flow, &chat), NEPAL);
	free(chat.tz);
	chat.tz = mem_dup("Mars/Base");
	assert_string_equal(when_zone(flow, &chat), "Asia/Omsk");
	flow_close(flow);
	chat_release(&chat);
}

/* What people write, and what is kept of it. */
static const char *const written[][2] = {
	{ "2027-03-01", "2027-03-01" },
	{ "2027-03-01 10:00", "2027-03-01 10:00" },
	{ "2027-03-01T10:00:30", "2027-03-01 10:00" },
	{ "01.03.2027", "2027-03-01" },
	{ "1.3.27", "2027-03-01" },
	{ "01.03.2027 9:05", "2027-03-01 09:05" },
	{ "01.03.2027, 10:00", "2027-03-01 10:00" },
	{ "29.02.2028", "2028-02-29" },
	{ "31.12.2100 23:59", "2100-12-31 23:59" },
	{ "29.02.2027", NULL },
	{ "29.02.2100", NULL },
	{ "31.04.2027", NULL },
	{ "00.03.2027", NULL },
	{ "01.13.2027", NULL },
	{ "01.03.2027 24:00", NULL },
	{ "01.03.2027 10:60", NULL },
	{ "01.03.2027 10", NULL },
	{ "01.03.2027x", NULL },
	{ "01.03.", NULL },
	{ "01.03.227", NULL },
	{ "2027-3-1", NULL },
	{ "10:00", NULL },
	{ "tomorrow", NULL },
	{ "", NULL },
};

static void
test_read_date(void **state)
{
	char out[WHEN_DATE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		bool fits = when_read_date(written[i][0], out);

		if (fits != (written[i][1] != NULL) ||
		    (fits && strcmp(out, written[i][1]) != 0))
			fail_msg("'%s' is %s", written[i][0],
			    fits ? out : "none");
	}
}

static int
flows_open(void **state)
{
	(void)state;
	plain = case_flow("{}");
	quiet = case_flow("{'quiet':{'from':'22:00','to':'09:00'}}");
	return 0;
}

static int
flows_close(void **state)
{
	(void)state;
	flow_close((struct flow *)(uintptr_t)plain);
	flow_close((struct flow *)(uintptr_t)quiet);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_clock_changes),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_read_date),
	};

	return cmocka_run_group_tests(tests, flows_open, flows_close);
}
