/* SPDX-License-Identifier: MIT */
/* needs: delivery telegram shared net store base */
/*
 * What a poller makes of the rows that a webhook brings, without a Telegram:
 * what it looks at, which presses it remembers, when it asks.
 */
#include "state_db.h"

#include "base/clock.h"
#include "delivery/poller.h"
#include "store/meta.h"
#include "store/updates.h"
#include "store/webhook_record.h"
#include "telegram/webhook_info.h"

static struct poller *poller;
static char *printed;
static size_t printed_len;
static FILE *print;

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
bring(int64_t id, const char *kind)
{
	char raw[128];
	int64_t row;
	bool fresh;

	snprintf(raw, sizeof raw,
	    "{\"update_id\":%lld,\"%s\":{\"id\":\"press%lld\"}}",
	    (long long)id, kind, (long long)id);
	begin();
	state_ok(updates_add(db, id, raw, strlen(raw), clock_wall_ms(), &row,
		     &fresh, &fault),
	    &fault);
	commit();
	return row;
}

static void
step(int64_t row)
{
	begin();
	state_ok(updates_done(db, row, 42, clock_wall_ms(), &fault), &fault);
	commit();
}

static void
set_webhook(void)
{
	begin();
	state_ok(webhook_record_set(db, "https://a/b", clock_wall_ms(),
		     &fault),
	    &fault);
	commit();
}

static void
run_begin(bool secret)
{
	print = open_memstream(&printed, &printed_len);
	poller = poller_open(db, NULL, print);
	poller_expect(poller, secret);
}

static void
run_end(void)
{
	poller_close(poller);
	fclose(print);
	free(printed);
}

/* The presses that nobody has answered, "7 8 ": none is to be waited for. */
static const char *
unanswered(void)
{
	static char list[64];
	char *press;

	*list = '\0';
	while ((press = poller_unanswered(poller, INT64_MAX)) != NULL) {
		strcat(strcat(list, press + strlen("press")), " ");
		free(press);
	}
	return list;
}

static int
lines(void)
{
	int count = 0;

	poller_look(poller, true);
	fflush(print);
	for (const char *at = printed; *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

/* It is stepped by the transaction that waited for its commit. */
static void
what_is_stepped_at_once_is_looked_at(void **state)
{
	(void)state;
	set_webhook();
	run_begin(true);
	assert_int_equal(0, lines());
	(void)bring(1, "message");
	assert_int_equal(1, lines());
	step(bring(2, "message"));
	(void)bring(3, "message");
	assert_int_equal(3, lines());
	assert_int_equal(3, lines());
	assert_int_equal(3, poller_report(poller)->received);
	run_end();
}

static void
what_runs_before_have_stepped_is_old(void **state)
{
	(void)state;
	set_webhook();
	step(bring(1, "message"));
	(void)bring(2, "message");
	step(bring(3, "message"));
	run_begin(true);
	assert_int_equal(1, lines());
	step(bring(4, "message"));
	assert_int_equal(2, lines());
	run_end();
}

static void
a_press_that_is_stepped_was_answered(void **state)
{
	(void)state;
	set_webhook();
	run_begin(true);
	(void)bring(1, "callback_query");
	step(bring(2, "callback_query"));
	assert_int_equal(2, lines());
	assert_string_equal("1 ", unanswered());
	run_end();
}

/* One that ran before there was a secret left it behind, for healthcheck to
 * cry about for ever. */
static void
what_was_refused_without_the_secret_is_asked_again(void **state)
{
	(void)state;
	set_webhook();
	run_begin(true);
	assert_true(poller_ready_at(poller) > clock_mono_ms());
	run_end();
	begin();
	state_ok(meta_set_text(db, META_POLL_FAULT, "refused", &fault),
	    &fault);
	commit();
	run_begin(true);
	assert_true(poller_watches(poller));
	assert_true(poller_ready_at(poller) <= clock_mono_ms());
	run_end();
	run_begin(false);
	assert_false(poller_watches(poller));
	assert_true(poller_ready_at(poller) <= clock_mono_ms());
	run_end();
}

static int64_t
trouble(void)
{
	struct webhook_record record;

	webhook_record_load(db, &record);
	return record.trouble_at;
}

static void
note_trouble(const char *why, int64_t now)
{
	begin();
	state_ok(webhook_record_trouble(db, why, now, &fault), &fault);
	commit();
}

static void
trouble_ends_with_what_comes_after_it(void **state)
{
	int64_t now = clock_wall_ms() - 60000;

	(void)state;
	set_webhook();
	assert_int_equal(0, trouble());
	note_trouble("it fails", now);
	note_trouble("it fails otherwise", now + 1000);
	assert_int_equal(now, trouble());
	note_trouble(NULL, now);
	assert_int_equal(0, trouble());
	note_trouble("it fails", now);
	(void)bring(1, "message");
	assert_int_equal(0, trouble());
	now = clock_wall_ms() + 1000;
	note_trouble("it fails", now);
	assert_int_equal(now, trouble());
	set_webhook();
	assert_int_equal(0, trouble());
	note_trouble("it fails", now);
	begin();
	state_ok(meta_set_text(db, META_WEBHOOK, NULL, &fault), &fault);
	state_ok(webhook_record_set(db, NULL, now, &fault), &fault);
	commit();
	assert_int_equal(0, trouble());
}

static void
a_failure_is_over_once_something_came(void **state)
{
	const int64_t at = INT64_C(1800000000000), minute = 60000;
	struct webhook_info info = { .url = "https://a/b" };

	(void)state;
	assert_false(webhook_info_fails(&info, 0, at));
	info.error = "Wrong response";
	info.error_at = at;
	assert_true(webhook_info_fails(&info, 0, at + minute));
	assert_true(webhook_info_fails(&info, at - 1, at + minute));
	assert_false(webhook_info_fails(&info, at, at + minute));
	assert_false(webhook_info_fails(&info, 0, at + 11 * minute));
	info.pending = 1;
	assert_true(webhook_info_fails(&info, 0, at + 11 * minute));
	assert_false(webhook_info_fails(&info, at, at + minute));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(what_is_stepped_at_once_is_looked_at),
		WITH_DB(what_runs_before_have_stepped_is_old),
		WITH_DB(a_press_that_is_stepped_was_answered),
		WITH_DB(what_was_refused_without_the_secret_is_asked_again),
		WITH_DB(trouble_ends_with_what_comes_after_it),
		cmocka_unit_test(a_failure_is_over_once_something_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
