/* SPDX-License-Identifier: MIT */
/* needs: base */
/*
 * Time zones: what the database says of the past, what its rules say of the
 * far future, and files that are broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/zone.h"
#include "base/zone_file.h"

static int64_t
utc_ms(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (int64_t)timegm(&tm) * 1000;
}

static char *
shown(const char *zone, int64_t at)
{
	struct zone_time time = zone_local(zone_find(zone), at);

	return mem_printf("%04d-%02d-%02d %02d:%02d:%02d", time.year,
	    time.month, time.day, time.hour, time.minute, time.second);
}

struct instant {
	const char *zone, *utc, *local;
};

/* Computed with the C library's own reader (TZ=... date), a second before and
 * after each change. */
static const struct instant instants[] = {
	{ "UTC", "2026-11-21 04:00:00", "2026-11-21 04:00:00" },
	{ "Europe/Berlin", "2026-03-29 00:59:59", "2026-03-29 01:59:59" },
	{ "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 03:00:00" },
	{ "Europe/Berlin", "2026-10-25 00:59:59", "2026-10-25 02:59:59" },
	{ "Europe/Berlin", "2026-10-25 01:00:00", "2026-10-25 02:00:00" },
	{ "Europe/Berlin", "2100-07-01 10:00:00", "2100-07-01 12:00:00" },
	{ "Europe/Berlin", "2100-03-28 00:59:59", "2100-03-28 01:59:59" },
	{ "Europe/Berlin", "2100-03-28 01:00:00", "2100-03-28 03:00:00" },
	{ "Europe/Berlin", "2100-12-31 23:30:00", "2101-01-01 00:30:00" },
	{ "America/New_York", "2026-03-08 06:59:59", "2026-03-08 01:59:59" },
	{ "America/New_York", "2026-03-08 07:00:00", "2026-03-08 03:00:00" },
	{ "America/New_York", "2026-11-01 05:59:59", "2026-11-01 01:59:59" },
	{ "America/New_York", "2026-11-01 06:00:00", "2026-11-01 01:00:00" },
	{ "America/New_York", "2099-11-01 06:00:00", "2099-11-01 01:00:00" },
	/* summer is from October to April, so at both ends of the year */
	{ "Australia/Sydney", "2100-01-01 00:00:00", "2100-01-01 11:00:00" },
	{ "Australia/Sydney", "2100-07-01 00:00:00", "2100-07-01 10:00:00" },
	/* no summer time since 2014, and different before */
	{ "Europe/Moscow", "2026-07-01 09:00:00", "2026-07-01 12:00:00" },
	{ "Europe/Moscow", "2012-01-01 08:00:00", "2012-01-01 12:00:00" },
	{ "Europe/Moscow", "2009-07-01 08:00:00", "2009-07-01 12:00:00" },
	{ "Asia/Kathmandu", "2026-02-28 18:15:00", "2026-03-01 00:00:00" },
	{ "Asia/Kathmandu", "2028-02-28 18:15:00", "2028-02-29 00:00:00" },
	/* before the epoch, before the first change */
	{ "UTC", "1969-12-31 23:59:59", "1969-12-31 23:59:59" },
	{ "Europe/Berlin", "1890-01-01 00:00:00", "1890-01-01 00:53:28" },
};

static void
test_shown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		char *local = shown(instants[i].zone, utc_ms(instants[i].utc));

		if (strcmp(local, instants[i].local) != 0)
			fail_msg("%s %s: %s, not %s", instants[i].zone,
			    instants[i].utc, local, instants[i].local);
		free(local);
	}
}

/* Whatever the C library shows, every 11 hours and a bit for 140 years. */
static void
test_as_the_library(void **state)
{
	static const char *const zones[] = { "Europe/Berlin",
		"America/New_York", "Europe/Moscow", "Asia/Kathmandu",
		"Australia/Lord_Howe", "America/Nuuk", "Africa/Casablanca",
		"Pacific/Apia", "Europe/Dublin" };
	const int64_t last = utc_ms("2110-01-01 00:00:00") / 1000;
	size_t i;
	int64_t at;

	(void)state;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		const struct zone *zone = zone_find(zones[i]);

		assert_non_null(zone);
		setenv("TZ", zones[i], 1);
		tzset();
		for (at = 1; at < last; at += 11 * 3600 + 977) {
			struct zone_time time = zone_local(zone, at * 1000);
			time_t second = (time_t)at;
			struct tm tm;

			assert_non_null(localtime_r(&second, &tm));
			if (time.hour != tm.tm_hour ||
			    time.minute != tm.tm_min || time.day != tm.tm_mday)
				fail_msg("%s at %lld: %d:%02d, not %d:%02d",
				    zones[i], (long long)at, time.hour,
				    time.minute, tm.tm_hour, tm.tm_min);
		}
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

/* What the clocks show, the instant of it: the first of two, the first after a
 * gap; days beyond their month count on. */
static const struct instant locals[] = {
	{ "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 02:30:00" },
	{ "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 02:00:00" },
	{ "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 03:00:00" },
	{ "Europe/Berlin", "2026-10-25 00:30:00", "2026-10-25 02:30:00" },
	{ "Europe/Berlin", "2026-10-25 02:00:00", "2026-10-25 03:00:00" },
	{ "America/New_York", "2026-03-08 07:00:00", "2026-03-08 02:59:59" },
	{ "America/New_York", "2026-11-01 05:30:00", "2026-11-01 01:30:00" },
	{ "America/New_York", "2100-03-14 07:00:00", "2100-03-14 02:30:00" },
	{ "Asia/Kathmandu", "2026-12-31 18:15:00", "2027-01-01 00:00:00" },
	{ "Europe/Moscow", "2028-02-28 21:00:00", "2028-02-29 00:00:00" },
	/* a whole day that Samoa left out */
	{ "Pacific/Apia", "2011-12-30 10:00:00", "2011-12-30 12:00:00" },
};

static void
test_instants(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
		struct zone_time time = { 0 };
		int64_t at;

		assert_int_equal(sscanf(locals[i].local, "%d-%d-%d %d:%d:%d",
				     &time.year, &time.month, &time.day,
				     &time.hour, &time.minute, &time.second),
		    6);
		at = zone_instant(zone_find(locals[i].zone), time);
		if (at != utc_ms(locals[i].utc))
			fail_msg("%s %s: off by %lld s", locals[i].zone,
			    locals[i].local,
			    (long long)(at - utc_ms(locals[i].utc)) / 1000);
	}
}

static void
test_calendar(void **state)
{
	const struct zone *utc = zone_find("UTC");

	(void)state;
	assert_int_equal(zone_instant(utc,
			     (struct zone_time){ 2026, 1, 32, 25, 61, 0 }),
	    utc_ms("2026-02-02 02:01:00"));
	assert_int_equal(zone_weekday((struct zone_time){ .year = 2026,
			     .month = 11,
			     .day = 21 }),
	    5);
	assert_int_equal(zone_weekday((struct zone_time){ .year = 2100,
			     .month = 2,
			     .day = 29 }),
	    0);
	assert_true(
	    zone_time_real((struct zone_time){ 2028, 2, 29, 0, 0, 0 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2027, 2, 29, 0, 0, 0 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2100, 2, 29, 0, 0, 0 }));
	assert_true(
	    zone_time_real((struct zone_time){ 2000, 2, 29, 0, 0, 0 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2027, 1, 1, 24, 0, 0 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2027, 1, 1, 0, 60, 0 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2027, 1, 1, 0, 0, 60 }));
	assert_false(
	    zone_time_real((struct zone_time){ 2027, 0, 1, 0, 0, 0 }));
}

#define LONG_NAME \
	"EuropeEuropeEuropeEuropeEuropeEuropeEuropeEurope" \
	"EuropeEuropeEurope/Berlin"

static void
test_unknown(void **state)
{
	static const char *const names[] = { "", "Mars/Base", "Europe", "/",
		"../zoneinfo/UTC", "Europe/../UTC", "/etc/passwd", "tzdata.zi",
		"Europe/Berlin\n", "Europe/Berlin ", ".", LONG_NAME };
	size_t i;

	(void)state;
	assert_true(zone_database());
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (zone_find(names[i]) != NULL)
			fail_msg("'%s' is a zone", names[i]);
	assert_ptr_equal(zone_find("Europe/Berlin"),
	    zone_find("Europe/Berlin"));
}

static void
test_rules(void **state)
{
	static const char *const wrong[] = { "", "CET", "CE-1", "CET-1CEST,",
		"CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168",
		"CET-1CEST,J0,J365", "CET-1CEST,J366,J1", "CET-99", "<+03-3",
		"CET-1CEST,M3.5.0,M10.5.0x",
		"CET-1CEST,M99999999999.5.0,M10.5.0" };
	struct zone_rule rule;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (zone_rule_read(wrong[i], &rule))
			fail_msg("'%s' is a rule", wrong[i]);
	assert_true(zone_rule_read("<+0545>-5:45", &rule));
	assert_false(rule.saves);
	assert_int_equal(rule.standard, 20700);
	assert_true(zone_rule_read("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", &rule));
	assert_int_equal(rule.standard, -7200);
	assert_int_equal(rule.saving, -3600);
	assert_int_equal(rule.begin.time, -3600);
	assert_true(zone_rule_read("EST5EDT,J60/1:30,300", &rule));
	assert_int_equal(rule.begin.kind, 'J');
	assert_int_equal(rule.begin.time, 5400);
	assert_int_equal(rule.end.kind, 'N');
}

static char *data;
static size_t data_len;

/* Reads a file of the first LEN bytes with the byte at AT changed. */
static struct zone *
read_broken(size_t len, size_t at, int byte)
{
	char path[] = "/tmp/zone-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct zone *zone;
	char *copy = mem_dup_n(data, data_len);

	assert_non_null(file);
	if (at < len)
		copy[at] = (char)byte;
	assert_int_equal(fwrite(copy, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	zone = zone_read(path);
	unlink(path);
	free(copy);
	return zone;
}

static void
zone_free(struct zone *zone)
{
	if (zone != NULL)
		free(zone->changes);
	free(zone);
}

/* A file cut off anywhere is none; one with a wrong byte is none or is used
 * without harm. */
static void
test_broken_files(void **state)
{
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
	struct zone *zone;
	size_t i, j, refused = 0;

	(void)state;
	assert_non_null(file);
	data = mem_alloc(64U << 10);
	data_len = fread(data, 1, 64U << 10, file);
	assert_int_equal(fclose(file), 0);
	assert_in_range(data_len, 100, (64U << 10) - 1);
	zone = read_broken(data_len, data_len, 0);
	assert_non_null(zone);
	zone_free(zone);
	for (i = 0; i < data_len; i++)
		assert_null(read_broken(i, i, 0));
	for (i = 0; i < data_len; i++)
		for (j = 0; j < 2; j++) {
			zone = read_broken(data_len, i, j ? 0xff : 0);
			refused += zone == NULL;
			zone_free(zone);
		}
	/* the marks and counts of both headers, changes out of order */
	assert_in_range(refused, 20, data_len);
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_as_the_library),
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_broken_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
