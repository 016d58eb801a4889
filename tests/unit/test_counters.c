/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Counters are as true as the rows that they count, and never fall; what the
 * page saw is kept without claiming what nobody saw.
 */
#include "state_db.h"

#include "store/counters.h"
#include "store/pages.h"
#include "store/series.h"

#define NOW (INT64_C(1800000000000) - INT64_C(1800000000000) % COUNTER_SLOT_MS)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void
begin(void)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
}

static void
commit(void)
{
	state_ok(db_commit(db, &fault), &fault);
}

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static void
a_commit_writes_what_was_counted(void **state)
{
	(void)state;
	begin();
	counter_add(db, COUNT_SETTLED, "sent", 2);
	counter_add(db, COUNT_SETTLED, "dead", 1);
	counter_add(db, COUNT_SETTLED, "sent", 3);
	assert_int_equal(0, counter_sum(db, COUNT_SETTLED));
	commit();
	assert_int_equal(6, counter_sum(db, COUNT_SETTLED));
	assert_int_equal(5,
	    number("SELECT value FROM counters WHERE label = 'sent'"
		   " AND slot = 0"));
	begin();
	counter_add(db, COUNT_SETTLED, "sent", 1);
	commit();
	begin();
	commit();
	assert_int_equal(7, counter_sum(db, COUNT_SETTLED));
}

static void
what_was_undone_is_not_counted(void **state)
{
	(void)state;
	begin();
	counter_add(db, COUNT_UPDATES, "", 1);
	db_rollback(db);
	begin();
	counter_add(db, COUNT_UPDATES, "", 10);
	state_ok(db_mark(db, &fault), &fault);
	counter_add(db, COUNT_UPDATES, "", 100);
	db_return(db);
	counter_add(db, COUNT_UPDATES, "", 1000);
	commit();
	assert_int_equal(1010, counter_sum(db, COUNT_UPDATES));
}

/* A batch has a mark for each update: a row for each counter all the same. */
static void
what_was_kept_is_written_once(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 50; i++) {
		state_ok(db_mark(db, &fault), &fault);
		counter_add(db, COUNT_STATES, "welcome", 1);
		counter_add(db, COUNT_STATES, i % 2 ? "odd" : "even", 1);
		state_ok(db_unmark(db, &fault), &fault);
	}
	commit();
	assert_int_equal(100, counter_sum(db, COUNT_STATES));
	assert_int_equal(3, number("SELECT count(*) FROM counters"));
	assert_int_equal(25,
	    number("SELECT value FROM counters WHERE label = 'odd'"));
}

static void
a_failed_commit_counts_nothing(void **state)
{
	(void)state;
	state_exec(state_path,
	    "CREATE TRIGGER full BEFORE INSERT ON counters"
	    " BEGIN SELECT raise(ABORT, 'no'); END");
	begin();
	state_ok(pages_written(db, "/a", 1, NOW, &fault), &fault);
	counter_add(db, COUNT_UPDATES, "", 1);
	assert_int_not_equal(OUT_OK, db_commit(db, &fault));
	assert_int_equal(0, number("SELECT count(*) FROM pages"));
	state_exec(state_path, "DROP TRIGGER full");
	begin();
	commit();
	assert_int_equal(0, counter_sum(db, COUNT_UPDATES));
}

static void
they_survive_pruning_and_a_restart(void **state)
{
	(void)state;
	clock_fake(NOW, 1000);
	begin();
	counter_add(db, COUNT_RECEIVED, "", 5);
	commit();
	begin();
	counters_prune(db, NOW + 2 * DAY);
	commit();
	assert_int_equal(2, number("SELECT count(*) FROM counters"));
	begin();
	counters_prune(db, NOW + 4 * DAY);
	commit();
	assert_int_equal(1, number("SELECT count(*) FROM counters"));
	db_close(db);
	db = state_open(DB_WRITE);
	assert_int_equal(5, counter_sum(db, COUNT_RECEIVED));
}

static void
keep_slot(int64_t at, int64_t value, void *arg)
{
	int64_t *sums = arg;

	assert_int_equal(0, (at - NOW) % COUNTER_SLOT_MS);
	sums[(at - NOW) / COUNTER_SLOT_MS] += value;
}

static void
quarters_of_an_hour_are_told_apart(void **state)
{
	const struct counter_span sent = { COUNT_SETTLED, "sent", NOW,
		NOW + HOUR };
	const struct counter_span all = { COUNT_SETTLED, NULL, NOW,
		NOW + HOUR };
	int64_t sums[4] = { 0 }, totals[4] = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		clock_fake(NOW + i * COUNTER_SLOT_MS + 59999, 1000);
		begin();
		counter_add(db, COUNT_SETTLED, "sent", i + 1);
		counter_add(db, COUNT_SETTLED, "dead", 10);
		commit();
	}
	counter_slots(db, &sent, keep_slot, sums);
	counter_slots(db, &all, keep_slot, totals);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(i + 1, sums[i]);
		assert_int_equal(i + 11, totals[i]);
	}
}

static void
the_slowest_counts_and_buckets_add_up(void **state)
{
	const struct counter_span slowest = { COUNT_SLOWEST_MS, NULL, NOW,
		NOW + HOUR };
	int64_t most[4] = { 0 };

	(void)state;
	clock_fake(NOW, 1000);
	begin();
	counter_observe(db, COUNT_DELAY, 100);
	counter_observe(db, COUNT_DELAY, 101);
	counter_observe(db, COUNT_DELAY, -5);
	commit();
	begin();
	counter_observe(db, COUNT_DELAY, 40);
	counter_observe(db, COUNT_LATENESS, INT64_C(4) * 3600000);
	commit();
	counter_slots(db, &slowest, keep_slot, most);
	assert_int_equal(101, most[0]);
	assert_int_equal(241, counter_sum(db, COUNT_DELAY_MS));
	assert_int_equal(3,
	    number("SELECT value FROM counters WHERE name = 'delay'"
		   " AND label = '100'"));
	assert_int_equal(1,
	    number("SELECT value FROM counters WHERE name = 'delay'"
		   " AND label = '250'"));
	assert_int_equal(1,
	    number("SELECT value FROM counters WHERE name = 'lateness'"
		   " AND label = 'inf'"));
}

/* --- what the page saw */

static void
see(int64_t at, enum series_state verdict, const char *key)
{
	const struct sample sample = { .at = at,
		.day = at / DAY,
		.gap_ms = 5 * MINUTE,
		.state = verdict,
		.queue = (at / MINUTE) % 7 };
	const struct incident trouble = { .key = key,
		.text = "it fails",
		.state = verdict,
		.began_at = at };

	begin();
	state_ok(series_record(db, &sample, &trouble, key != NULL, &fault),
	    &fault);
	commit();
}

static void
nothing_is_claimed_of_what_nobody_saw(void **state)
{
	(void)state;
	see(NOW, SERIES_OK, NULL);
	assert_int_equal(0, number("SELECT count(*) FROM days"));
	see(NOW + MINUTE, SERIES_WARNING, "a/b");
	see(NOW + 3 * MINUTE, SERIES_CRITICAL, "a/b");
	see(NOW + 4 * MINUTE, SERIES_OK, NULL);
	assert_int_equal(MINUTE, number("SELECT sum(ok_ms) FROM days"));
	assert_int_equal(2 * MINUTE,
	    number("SELECT sum(warning_ms) FROM days"));
	assert_int_equal(MINUTE, number("SELECT sum(critical_ms) FROM days"));
	/* An hour that nobody looked, an unknown minute, a clock set back. */
	see(NOW + HOUR, SERIES_UNKNOWN, NULL);
	see(NOW + HOUR + MINUTE, SERIES_OK, NULL);
	see(NOW, SERIES_OK, NULL);
	assert_int_equal(MINUTE, number("SELECT sum(ok_ms) FROM days"));
}

static void
a_trouble_has_a_begin_and_an_end(void **state)
{
	(void)state;
	see(NOW, SERIES_WARNING, "crm/crm_failures");
	see(NOW + MINUTE, SERIES_CRITICAL, "crm/crm_failures");
	assert_int_equal(0, series_calm_since(db));
	see(NOW + 2 * MINUTE, SERIES_OK, NULL);
	assert_int_equal(NOW + 2 * MINUTE, series_calm_since(db));
	/* Back after nine minutes: it never was away. */
	see(NOW + 11 * MINUTE, SERIES_WARNING, "crm/crm_failures");
	assert_int_equal(1, number("SELECT count(*) FROM incidents"));
	assert_int_equal(SERIES_CRITICAL,
	    number("SELECT state FROM incidents"));
	assert_int_equal(NOW, number("SELECT began_at FROM incidents"));
	see(NOW + 12 * MINUTE, SERIES_OK, NULL);
	see(NOW + 30 * MINUTE, SERIES_WARNING, "crm/crm_failures");
	assert_int_equal(2, number("SELECT count(*) FROM incidents"));
	assert_int_equal(NOW + 12 * MINUTE,
	    number("SELECT ended_at FROM incidents WHERE id = 1"));
}

static void
count_sample(const struct sample *sample, void *arg)
{
	int64_t *most = arg;

	most[0]++;
	if (sample->queue > most[1])
		most[1] = sample->queue;
}

static void
a_quarter_of_an_hour_shows_its_worst(void **state)
{
	int64_t most[2] = { 0, 0 };

	(void)state;
	for (int i = 0; i < 30; i++)
		see(NOW + i * MINUTE, SERIES_OK, NULL);
	series_samples(db, NOW, count_sample, most);
	assert_int_equal(2, most[0]);
	assert_int_equal(6, most[1]);
}

static void
what_is_over_for_long_is_deleted(void **state)
{
	(void)state;
	see(NOW, SERIES_WARNING, "a/b");
	see(NOW + MINUTE, SERIES_OK, NULL);
	see(NOW + 2 * MINUTE, SERIES_WARNING, "c/d");
	begin();
	series_prune(db, NOW + INCIDENTS_KEPT_MS + HOUR);
	commit();
	assert_int_equal(1, number("SELECT count(*) FROM incidents"));
	assert_int_equal(0, number("SELECT count(*) FROM samples"));
	assert_int_equal(1, number("SELECT count(*) FROM days"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(a_commit_writes_what_was_counted),
		WITH_DB(what_was_undone_is_not_counted),
		WITH_DB(what_was_kept_is_written_once),
		WITH_DB(a_failed_commit_counts_nothing),
		WITH_DB(they_survive_pruning_and_a_restart),
		WITH_DB(quarters_of_an_hour_are_told_apart),
		WITH_DB(the_slowest_counts_and_buckets_add_up),
		WITH_DB(nothing_is_claimed_of_what_nobody_saw),
		WITH_DB(a_trouble_has_a_begin_and_an_end),
		WITH_DB(a_quarter_of_an_hour_shows_its_worst),
		WITH_DB(what_is_over_for_long_is_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
