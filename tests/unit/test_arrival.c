/* SPDX-License-Identifier: MIT */
/* needs: ops telegram shared net store base crm */
/*
 * Updates that a webhook brings: the secret, the address, the minute that is
 * counted, the record of which way they come, and that one is the same by both
 * ways.
 */
#include "state_db.h"

#include "ops/webhook.h"
#include "store/meta.h"
#include "store/updates.h"
#include "store/webhook_record.h"
#include "store/window.h"
#include "telegram/address.h"

#define NOW INT64_C(1800000000000)

static void
only_the_secret_is_known(void **state)
{
	const struct webhook webhook = { .secret = "Abc_d-9" };
	static const char *const others[] = { "", "A", "Abc_d-", "Abc_d-8",
		"abc_d-9", "Abc_d-9 ", "Abc_d-9Abc_d-9", "Abc_d-9Abc_d-",
		" Abc_d-9" };
	char longest[300];

	(void)state;
	assert_true(webhook_knows(&webhook, "Abc_d-9"));
	assert_false(webhook_knows(&webhook, NULL));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(webhook_knows(&webhook, others[i]));
	memset(longest, 'A', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_false(webhook_knows(&webhook, longest));
	longest[256] = '\0';
	const struct webhook long_one = { .secret = longest };
	assert_true(webhook_knows(&long_one, longest));
}

static bool
parses(const char *text, int64_t *id)
{
	struct buf body = BUF_INIT(1000);
	bool good;

	buf_add_text(&body, text);
	good = webhook_parse(&body, id, &fault) == OUT_OK;
	if (!good)
		assert_int_equal(EXIT_INPUT, fault.code);
	buf_release(&body);
	return good;
}

static void
an_update_has_a_number(void **state)
{
	int64_t id = 0;

	(void)state;
	assert_true(parses("{\"update_id\":7,\n\"message\":{}}", &id));
	assert_int_equal(7, id);
	assert_true(parses(" {\"a\":[1],\"update_id\": -2 }\n", &id));
	assert_int_equal(-2, id);
	assert_false(parses("", &id));
	assert_false(parses("{}", &id));
	assert_false(parses("7", &id));
	assert_false(parses("[{\"update_id\":7}]", &id));
	assert_false(parses("{\"update_id\":7", &id));
	assert_false(parses("{\"update_id\":7}{", &id));
	assert_false(parses("{\"update_id\":7.0}", &id));
	assert_false(parses("{\"update_id\":null}", &id));
	assert_false(parses("{\"message\":{\"update_id\":7}}", &id));
	assert_false(parses("{\"update_id\":9223372036854775808}", &id));
}

static bool
may_be_set(const char *url, bool own)
{
	return address_check_webhook(url, own, &fault) == OUT_OK;
}

static void
telegram_calls_few_ports(void **state)
{
	static const char *const good[] = { "https://bot.example.org/x",
		"https://bot.example.org", "https://bot.example.org:443/",
		"https://bot.example.org:80/x", "https://1.2.3.4:88/x",
		"HTTPS://bot.example.org:8443/x?a=b&c=d" };
	static const char *const bad[] = { "", "bot.example.org/x",
		"http://bot.example.org/x", "ftp://bot.example.org/x",
		"https://", "https://bot.example.org:444/x",
		"https://bot.example.org:0/x", "https://bot.example.org:x/",
		"https://bot.example.org/a b", "https://bot.example.org/\xd0",
		"https://127.0.0.1/x", "https://10.0.0.1/x",
		"https://localhost/x", "https://[2001:db8::1]/x",
		"https://me@bot.example.org/x" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(may_be_set(good[i], false));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(may_be_set(bad[i], false));
		assert_int_equal(EXIT_INPUT, fault.code);
	}
	assert_true(may_be_set("http://127.0.0.1:8081/x", true));
	assert_true(may_be_set("https://bot.example.org:444/x", true));
	assert_false(may_be_set("ftp://127.0.0.1/x", true));
}

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

static void
take(int64_t now)
{
	begin();
	state_ok(window_take(db, now, &fault), &fault);
	commit();
}

static void
a_minute_has_so_many_and_no_more(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(0, window_wait(db, 1000, NOW + i));
		take(NOW + i);
	}
	assert_int_equal(WINDOW_MS - 1000, window_wait(db, 1000, NOW + 1000));
	assert_int_equal(0, window_wait(db, 0, NOW + 1000));
	assert_int_equal(0, window_wait(db, 1001, NOW + 1000));
	assert_int_equal(1, window_wait(db, 1000, NOW + WINDOW_MS - 1));
	assert_int_equal(0, window_wait(db, 1000, NOW + WINDOW_MS));
	take(NOW + WINDOW_MS);
	assert_int_equal(0, window_wait(db, 2, NOW + WINDOW_MS + 1));
	assert_int_equal(WINDOW_MS - 1,
	    window_wait(db, 1, NOW + WINDOW_MS + 1));
}

static void
a_clock_that_goes_back_opens_a_new_one(void **state)
{
	(void)state;
	take(NOW);
	assert_int_equal(WINDOW_MS, window_wait(db, 1, NOW));
	assert_int_equal(0, window_wait(db, 1, NOW - 1));
	take(NOW - 3600000);
	assert_int_equal(WINDOW_MS, window_wait(db, 1, NOW - 3600000));
}

static bool
is_fresh(const char *raw)
{
	int64_t row;
	bool fresh;

	begin();
	state_ok(updates_add(db, 7, raw, strlen(raw), NOW, &row, &fresh,
		     &fault),
	    &fault);
	commit();
	assert_true(row > 0);
	return fresh;
}

static void
an_update_is_the_same_by_both_ways(void **state)
{
	(void)state;
	assert_true(is_fresh("{\"update_id\":7,\n\"message\":{\"text\":\"a "
			     "b\"}}"));
	assert_false(is_fresh("{\"update_id\":7,\n\"message\":{\"text\":\"a "
			      "b\"}}\n"));
	assert_false(is_fresh("{ \"update_id\": 7, \"message\": {\"text\": "
			      "\"a b\"} }"));
	assert_true(is_fresh("{\"update_id\":7,\n\"message\":{\"text\":\"a  "
			     "b\"}}"));
}

static struct webhook_record
record(void)
{
	struct webhook_record record;

	webhook_record_load(db, &record);
	state_ok(db_result(db, &fault), &fault);
	return record;
}

static void
no_offset_outlives_a_change(void **state)
{
	char *url;

	(void)state;
	assert_false(record().set);
	begin();
	state_ok(meta_set_int(db, META_OFFSET, 8, &fault), &fault);
	state_ok(webhook_record_set(db, "https://a/b", NOW, &fault), &fault);
	commit();
	assert_true(record().set);
	assert_int_equal(NOW, record().at);
	assert_int_equal(0, meta_int(db, META_OFFSET, 0));
	begin();
	state_ok(webhook_record_set(db, NULL, NOW + 1, &fault), &fault);
	commit();
	url = meta_text(db, META_WEBHOOK_URL);
	assert_string_equal("https://a/b", url);
	free(url);
	begin();
	state_ok(meta_set_int(db, META_OFFSET, 9, &fault), &fault);
	state_ok(webhook_record_end(db, NOW + 2, &fault), &fault);
	commit();
	assert_false(record().set);
	assert_int_equal(NOW + 2, record().ends);
	assert_int_equal(0, meta_int(db, META_OFFSET, 0));
	begin();
	state_ok(webhook_record_gone(db, NOW + 3, &fault), &fault);
	commit();
	assert_false(record().set);
	assert_int_equal(0, record().ends);
	assert_int_equal(NOW + 3, meta_int(db, META_POLL_AT, 0));
	assert_false(meta_has(db, META_WEBHOOK_URL));
}

/* It is heard of with each update. */
static void
what_came_last_counts(void **state)
{
	(void)state;
	begin();
	state_ok(webhook_record_set(db, NULL, NOW - 5000, &fault), &fault);
	commit();
	assert_int_equal(NOW - 5000, record().at);
	assert_true(is_fresh("{\"update_id\":7}"));
	assert_int_equal(NOW, record().at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_secret_is_known),
		cmocka_unit_test(an_update_has_a_number),
		cmocka_unit_test(telegram_calls_few_ports),
		WITH_DB(a_minute_has_so_many_and_no_more),
		WITH_DB(a_clock_that_goes_back_opens_a_new_one),
		WITH_DB(an_update_is_the_same_by_both_ways),
		WITH_DB(no_offset_outlives_a_change),
		WITH_DB(what_came_last_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
