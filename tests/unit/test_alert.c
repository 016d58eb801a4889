/* SPDX-License-Identifier: MIT */
/*
 * What people are told, minute by minute, of components that are bad, come and
 * go, or follow from each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "ops/alert_judge.h"
#include "ops/alert_text.h"

#define MINUTE INT64_C(60000)
#define START INT64_C(1790000000000)

/* Of Telegram's 4096: the host has a longer name than "test" (77), it may be
 * sent late and again (82), and more may be said below (170). */
#define LETTER_MOST (4096 - 77 - 82 - 170)

/* One healthcheck a minute, and the letters that came of them. */
static struct alert_state state;
static struct checks checks;
static int64_t now;
static int letters, recoveries;
static char last[20000];
static int64_t written[2000];

static int
setup(void **unused)
{
	(void)unused;
	alert_state_release(&state);
	checks_release(&checks);
	checks_init(&checks, START);
	now = START;
	letters = recoveries = 0;
	last[0] = '\0';
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	alert_state_release(&state);
	checks_release(&checks);
	return 0;
}

/* The next healthcheck says that NAME of COMPONENT is in STATE. */
static struct check *
says(const char *component, const char *name, enum check_state how)
{
	struct check *check = checks_add(&checks, component, name);

	check->state = how;
	if (how != CHECK_OK) {
		check_say(check, "%s is not well", name);
		check_mend(check, "mend %s", name);
	}
	return check;
}

/* Ends a healthcheck, a minute later comes the next. The state goes through
 * its file each time. True when there was a letter. */
static bool
minute(void)
{
	struct alert_state read = { 0 };

	checks.now = now;
	bool remind = alert_judge(&state, &checks);
	const struct alert_letter *letter =
	    alert_write(&state, remind, "leadpipe on test", now);
	bool wrote = letter != NULL;

	if (wrote) {
		assert_true(utf8_length(letter->text) <= LETTER_MOST);
		snprintf(last, sizeof(last), "%s", letter->text);
		written[letters++] = now;
		recoveries += strstr(last, "[OK]") != NULL;
		alert_letter_drop(&state, 0);
	}
	alert_forget(&state, now);
	json_t *json = alert_state_json(&state);
	alert_state_read(&read, json, now);
	json_t *again = alert_state_json(&read);
	assert_true(json_equal(json, again));
	json_decref(json);
	json_decref(again);
	alert_state_release(&state);
	state = read;
	checks.count = 0;
	now += MINUTE;
	return wrote;
}

static void
one(const char *component, const char *name, enum check_state how, int count)
{
	for (int i = 0; i < count; i++) {
		says(component, name, how);
		minute();
	}
}

/* After which COUNT letters were written in all. */
static void
hears(int count, const char *component, const char *name, enum check_state how,
    int times)
{
	one(component, name, how, times);
	assert_int_equal(letters, count);
}

/* A healthcheck of a bot that does well. */
static void
all_well(int count)
{
	for (int i = 0; i < count; i++) {
		says("machine", "disk_free", CHECK_OK);
		says("database", "database", CHECK_OK);
		says("runs", "last_run", CHECK_OK);
		says("runs", "poll_run_age", CHECK_OK);
		says("telegram", "poll_age", CHECK_OK);
		says("queue", "dead", CHECK_OK);
		minute();
	}
}

static void
letter_has(const char *part)
{
	if (strstr(last, part) == NULL)
		fail_msg("'%s' is not in the letter:\n%s", part, last);
}

static void
letter_lacks(const char *part)
{
	if (strstr(last, part) != NULL)
		fail_msg("'%s' is in the letter:\n%s", part, last);
}

/* --- one trouble */

static void
test_moment(void **unused)
{
	(void)unused;
	all_well(3);
	one("queue", "dead", CHECK_CRITICAL, 1);
	all_well(60);
	assert_int_equal(letters, 0);
	assert_int_equal(state.trouble_count, 0);
}

static void
test_once(void **unused)
{
	(void)unused;
	hears(1, "queue", "dead", CHECK_WARNING, 2);
	letter_has("leadpipe on test: WARNING\n");
	letter_has("[WARNING] queue/dead: dead is not well\n");
	letter_has("since 2026-09-21T14:13:20.000Z, for 1 min");
	letter_has("mend: mend dead");
	hears(1, "queue", "dead", CHECK_WARNING, 100);
	hears(1, "queue", "dead", CHECK_OK, 3);
	hears(2, "queue", "dead", CHECK_OK, 1);
	letter_has("leadpipe on test: better\n");
	letter_has("[OK] queue/dead: was WARNING for 1 h 41 min, is well");
	hears(2, "queue", "dead", CHECK_OK, 600);
	assert_int_equal(state.trouble_count, 0);
}

static void
test_known_for_long(void **unused)
{
	(void)unused;
	says("queue", "dead", CHECK_CRITICAL)->since = now - MINUTE;
	assert_true(minute());
	letter_has("for 1 min");
}

static void
test_levels(void **unused)
{
	(void)unused;
	hears(1, "queue", "due_lag", CHECK_WARNING, 10);
	hears(2, "queue", "due_lag", CHECK_CRITICAL, 10);
	letter_has("[CRITICAL] queue/due_lag");
	letter_lacks("comes and goes");
	hears(3, "queue", "due_lag", CHECK_WARNING, 30);
	letter_has("better");
	hears(4, "queue", "due_lag", CHECK_OK, 30);
}

static void
test_reminder(void **unused)
{
	(void)unused;
	hears(1, "queue", "dead", CHECK_WARNING, 241);
	hears(2, "queue", "dead", CHECK_WARNING, 1);
	letter_has("leadpipe on test: still wrong\n");
	letter_has("mend: mend dead");
	hears(3, "queue", "dead", CHECK_WARNING, 9 * 60 - 242);
}

/* --- what comes and goes */

static void
test_flapping(void **unused)
{
	(void)unused;
	for (int i = 0; i < 120; i++) {
		one("telegram", "poll_age", CHECK_CRITICAL, 1);
		one("telegram", "poll_age", CHECK_OK, 1);
	}
	assert_int_equal(letters, 1);
	hears(2, "telegram", "poll_age", CHECK_OK, 10);
	letter_has("[OK]");
}

static void
test_flapping_slowly(void **unused)
{
	(void)unused;
	for (int i = 0; i < 24; i++) {
		one("telegram", "poll_age", CHECK_CRITICAL, 5);
		one("telegram", "poll_age", CHECK_OK, 5);
	}
	/* Told, recovered, told again; then its calm is longer than 5 min. */
	assert_int_equal(letters, 3);
	letter_has("it comes and goes: better for a while, 1 times lately");
	hears(4, "telegram", "poll_age", CHECK_OK, 60);
}

/* --- the database in trouble for an hour */

struct hour {
	const char *name;
	void (*minute)(int i);
};

/* Nothing else can be looked at. */
static void
locked(int i)
{
	(void)i;
	says("machine", "disk_free", CHECK_OK);
	says("database", "open", CHECK_UNKNOWN);
}

/* Whatever reads it finds it damaged, and nobody runs. */
static void
damaged(int i)
{
	says("machine", "disk_free", CHECK_OK);
	says("database", "database", CHECK_CRITICAL);
	says("runs", "last_run", i > 0 ? CHECK_WARNING : CHECK_OK);
	says("runs", "runs", CHECK_CRITICAL);
	says("queue", "queue", CHECK_CRITICAL);
	says("telegram", "telegram", i % 2 ? CHECK_CRITICAL : CHECK_UNKNOWN);
}

/* What runs fails, first of all those that poll. */
static void
full(int i)
{
	says("machine", "disk_free", CHECK_CRITICAL);
	says("database", "database", CHECK_OK);
	says("runs", "last_run", i > 0 ? CHECK_WARNING : CHECK_OK);
	says("runs", "poll_run_age", i > 3 ? CHECK_CRITICAL : CHECK_OK);
	says("telegram", "poll_age",
	    i > 5	? CHECK_CRITICAL
		: i > 2 ? CHECK_WARNING
			: CHECK_OK);
	says("queue", "due_lag", i > 2 ? CHECK_CRITICAL : CHECK_OK);
}

static void
misconfigured(int i)
{
	(void)i;
	says("config", "config", CHECK_CRITICAL);
}

static void
test_hour(void **unused)
{
	static const struct hour hours[] = { { "locked", locked },
		{ "damaged", damaged }, { "full", full },
		{ "misconfigured", misconfigured } };

	for (size_t i = 0; i < 4; i++) {
		setup(unused);
		all_well(5);
		for (int m = 0; m < 60; m++) {
			hours[i].minute(m);
			bool wrote = minute();
			if (wrote != (m == 1))
				fail_msg("%s, minute %d: %s", hours[i].name, m,
				    last);
		}
		all_well(3);
		assert_int_equal(letters, 1);
		all_well(300);
		print_message(
		    "# %s: told after 1 min, recovery after %d min\n",
		    hours[i].name, (int)((written[1] - START) / MINUTE) - 65);
		assert_int_equal(letters, 2);
		assert_int_equal(recoveries, 1);
	}
}

/* What was wrong before stays known while nothing can be looked at, and what
 * stays wrong afterwards is told. */
static void
test_blind(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		says("queue", "dead", CHECK_WARNING);
		minute();
	}
	for (int i = 0; i < 60; i++) {
		if (i < 30)
			locked(i);
		else
			damaged(i);
		minute();
	}
	/* Locked, then damaged instead. */
	assert_int_equal(letters, 3);
	letter_has("[CRITICAL] database/database");
	for (int i = 0; i < 20; i++) {
		says("database", "database", CHECK_OK);
		says("queue", "dead", CHECK_WARNING);
		says("runs", "poll_run_age", CHECK_CRITICAL);
		minute();
	}
	assert_int_equal(letters, 5);
	letter_has("[CRITICAL] runs/poll_run_age");
	letter_lacks("queue/dead");
}

/* A token that is refused: once, though all that polls fails of it. */
static void
test_cause(void **unused)
{
	(void)unused;
	for (int i = 0; i < 60; i++) {
		says("telegram", "poll_fault", CHECK_CRITICAL);
		says("telegram", "poll_age",
		    i > 4 ? CHECK_CRITICAL : CHECK_WARNING);
		check_of(says("runs", "last_run", CHECK_CRITICAL),
		    "poll-updates");
		checks.list[2].since = now - 1000;
		minute();
	}
	assert_int_equal(letters, 1);
	letter_has("[CRITICAL] telegram/poll_fault");
	letter_lacks("poll_age");
	/* It is taken again, but nothing polls. */
	for (int i = 0; i < 10; i++) {
		says("telegram", "poll_fault", CHECK_OK);
		says("telegram", "poll_age", CHECK_CRITICAL);
		check_of(says("runs", "last_run", CHECK_CRITICAL),
		    "poll-updates");
		checks.list[2].since = now - 1000;
		minute();
	}
	assert_int_equal(letters, 3);
	letter_has("[CRITICAL] runs/last_run:poll-updates");
	letter_has("since 2026-09-21T14:13:19.000Z, for 1 h 4 min");
	letter_has("[CRITICAL] telegram/poll_age");
}

/* Dead letters are no consequence of a full disk. */
static void
test_other_trouble(void **unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		full(i);
		says("queue", "dead", i > 4 ? CHECK_WARNING : CHECK_OK);
		minute();
	}
	assert_int_equal(letters, 2);
	letter_has("[WARNING] queue/dead");
}

static void
test_component_alone(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		says("queue", "dead", CHECK_WARNING);
		says("runs", "crashes", CHECK_WARNING);
		minute();
	}
	assert_int_equal(letters, 1);
	hears(2, "runs", "crashes", CHECK_OK, 20);
	letter_has("[OK] runs/crashes");
	letter_has("still wrong: 1");
	one("queue", "parked", CHECK_OK, 20);
	letter_has("[OK] queue/dead");
}

static void
test_units(void **unused)
{
	(void)unused;
	for (int i = 0; i < 30; i++) {
		check_of(says(ALERT_UNITS, "failed", CHECK_CRITICAL),
		    "leadpipe-poll@shop.service");
		says("queue", "dead", CHECK_OK);
		assert_true(minute() == (i == 0));
		all_well(1);
	}
	letter_has("[CRITICAL] units/failed:leadpipe-poll@shop.service");
	all_well(13);
	assert_int_equal(letters, 1);
	all_well(1);
	assert_int_equal(letters, 2);
	letter_has("[OK] units/failed:leadpipe-poll@shop.service");
}

/* A unit that fails says nothing of all the rest. */
static void
test_unit_alone(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		misconfigured(i);
		minute();
	}
	for (int i = 0; i < 10; i++) {
		says(ALERT_UNITS, "failed", CHECK_CRITICAL);
		minute();
	}
	assert_int_equal(letters, 2);
	all_well(4);
	assert_int_equal(letters, 3);
	letter_has("[OK] config/config");
}

/* --- storms */

static void
storm(int count, enum check_state how)
{
	for (int i = 0; i < count; i++)
		check_of(says("crm", "crm_failures", how),
		    (char[2]){ (char)('!' + i), 0 });
}

/* A new trouble each minute for an hour, then all of them go. */
static void
test_storm(void **unused)
{
	int summed = 0;

	(void)unused;
	for (int i = 0; i < 60; i++) {
		storm(i + 1, CHECK_WARNING);
		minute();
		if (i == 20)
			letter_has("this is letter 20 within an hour");
	}
	assert_int_equal(letters, 20);
	for (int i = 0; i < 5; i++) {
		storm(60, CHECK_WARNING);
		summed += minute();
		if (i == 1) {
			letter_has("wrong at present");
			letter_has("got worse 40, got better 0");
		}
	}
	for (int i = 0; i < 200; i++) {
		storm(60, CHECK_OK);
		minute();
	}
	assert_int_equal(summed, 1);
	letter_has("[OK] crm/crm_failures:!: was WARNING");
	letter_has("more: leadpipe healthcheck -v");
	for (int i = 20; i < letters; i++)
		assert_true(written[i] - written[i - 20] >= 60 * MINUTE);
}

static void
test_storm_over(void **unused)
{
	(void)unused;
	for (int i = 0; i < 30; i++) {
		storm(i + 1, CHECK_WARNING);
		minute();
	}
	for (int i = 0; i < 60; i++) {
		storm(30, CHECK_OK);
		minute();
	}
	letter_has("nothing is wrong any more");
	letter_has("got worse 9, got better 29");
	assert_int_equal(letters, 21);
}

/* --- texts */

static void
test_hostile(void **unused)
{
	struct check *check;

	(void)unused;
	log_secret("777:VERY-SECRET-TOKEN");
	for (int i = 0; i < 2; i++) {
		check = says("queue", "dead", CHECK_WARNING);
		check_say(check,
		    "<b>*x*_[a](http://e)\n[OK] all \x01\xff 777:VERY-SECRET"
		    "-TOKEN");
		check_mend(check, "a\tb\nc");
		minute();
	}
	letter_has("[WARNING] queue/dead: <b>*x*_[a](http://e) [OK] all "
		   "\xef\xbf\xbd ***\n");
	letter_has("mend: a b c");
	letter_lacks("SECRET");
}

/* Wherever in an item the letter is full. */
static void
test_any_length(void **unused)
{
	char text[320];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int len = 0; len < 319; len += 5) {
		setup(unused);
		for (int m = 0; m < 2; m++) {
			storm(60, CHECK_CRITICAL);
			for (size_t i = 0; i < checks.count; i++) {
				check_say(&checks.list[i], "%.*s",
				    i < 4 ? len : 319, text);
				check_mend(&checks.list[i], "%s", text);
				memset(checks.list[i].subject + 1, 'x', 62);
			}
			minute();
		}
		assert_int_equal(letters, 1);
	}
}

static void
test_long(void **unused)
{
	char text[320];

	(void)unused;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int m = 0; m < 2; m++) {
		storm(60, CHECK_CRITICAL);
		for (size_t i = 0; i < checks.count; i++) {
			check_say(&checks.list[i], "%s", text);
			check_mend(&checks.list[i], "%s", text);
		}
		minute();
	}
	assert_int_equal(letters, 1);
	letter_has("... and 5");
}

/* --- the file */

static void
read_text(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	alert_state_release(&state);
	alert_state_read(&state, json, now);
	json_decref(json);
}

static void
test_foreign_file(void **unused)
{
	static const char *const texts[] = { "null", "[]", "{}", "7",
		"{\"schema\":2,\"troubles\":[{\"key\":\"a\"}]}",
		"{\"schema\":1,\"troubles\":7,\"letters\":{},\"sent\":null}",
		"{\"schema\":1,\"troubles\":[7,{},{\"key\":1}]}",
		"{\"schema\":1,\"letters\":[[],{\"text\":5}]}" };

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		read_text(texts[i]);
		assert_int_equal(state.trouble_count, 0);
		assert_int_equal(state.letter_count, 0);
	}
	read_text("{\"schema\":1,\"sent\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
		  "15,16,17,18,19,20,21,22],\"troubles\":[{\"key\":\"a/b\","
		  "\"told\":99}]}");
	assert_int_equal(state.sent_count, ALERTS_AN_HOUR);
	assert_int_equal(state.troubles[0].told, CHECK_OK);
}

/* The clock was a year ahead when all of this was written. */
static void
test_clock_back(void **unused)
{
	(void)unused;
	read_text("{\"schema\":1,\"wait_until\":1890000000000,"
		  "\"sent\":[1890000000000],\"troubles\":[{\"key\":"
		  "\"queue/dead\",\"told\":2,\"now\":2,\"told_at\":"
		  "1890000000000,\"since\":1890000000000}]}");
	assert_true(state.wait_until <= now + 24 * 60 * MINUTE);
	hears(1, "queue", "dead", CHECK_WARNING, 241);
	letter_has("still wrong");
	hears(2, "queue", "dead", CHECK_OK, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		TEST(moment),
		TEST(once),
		TEST(known_for_long),
		TEST(levels),
		TEST(reminder),
		TEST(flapping),
		TEST(flapping_slowly),
		TEST(hour),
		TEST(blind),
		TEST(cause),
		TEST(other_trouble),
		TEST(component_alone),
		TEST(units),
		TEST(unit_alone),
		TEST(storm),
		TEST(storm_over),
		TEST(hostile),
		TEST(long),
		TEST(any_length),
		TEST(foreign_file),
		TEST(clock_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
