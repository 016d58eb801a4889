/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Leads on their way: who owns one, what a crash leaves, and that only who
 * owns it can end it.
 */
#include "state_db.h"

#include "store/lead_mend.h"
#include "store/lead_settle.h"
#include "store/lead_stats.h"
#include "store/statement.h"
#include "store/worker.h"

#define ME 7
#define NOW 1700000000000

static const struct lead_scope amo = { "amocrm", true };

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
add(const char *key, const char *crm)
{
	begin();
	sqlite3_stmt *stmt = db_use(db,
	    "INSERT INTO leads(key, crm, marker, name, phone, phone_e164,"
	    " created_at, details) VALUES(?1, ?2, 'lp' || ?1, 'Anna',"
	    " '8 999', '+7999', ?3, '{\"price\":5}')");

	db_bind_text(stmt, 1, key);
	db_bind_text(stmt, 2, crm);
	db_bind_int(stmt, 3, NOW);
	db_run(db, stmt);
	state_ok(db_result(db, &fault), &fault);
	commit();
}

static size_t
claim(enum errand errand, int64_t worker, int64_t now, struct lead *leads,
    size_t most)
{
	begin();
	state_ok(leads_claim(db, &amo, errand, worker, now, leads, &most,
		     &fault),
	    &fault);
	commit();
	return most;
}

static void
leave(struct lead *lead, int64_t worker)
{
	bool lost = true;

	begin();
	state_ok(lead_leaves(db, lead, worker, NOW, &lost, &fault), &fault);
	commit();
	assert_false(lost);
}

static bool
settle(const struct lead *lead, int64_t worker,
    struct lead_settlement settlement, int64_t now)
{
	bool lost;

	begin();
	state_ok(lead_settle(db, lead, worker, &settlement, false, now, &lost,
		     &fault),
	    &fault);
	commit();
	return !lost;
}

static void
assert_row(const char *expression)
{
	char sql[400];

	snprintf(sql, sizeof(sql), "SELECT %s FROM leads WHERE id = 1",
	    expression);
	if (state_number(state_path, sql) != 1)
		fail_msg("not so: %s", expression);
}

static void
each_is_claimed_once(void **state)
{
	struct lead leads[4] = { 0 }, others[4] = { 0 };

	(void)state;
	add("a", "amocrm");
	add("b", NULL);
	add("c", "bitrix24");
	assert_int_equal(2, claim(ERRAND_CREATE, ME, NOW, leads, 4));
	assert_int_equal(0, claim(ERRAND_CREATE, 8, NOW, others, 4));
	assert_row("state = 'sending' AND worker = 7 AND generation = 1");
	assert_string_equal("+7999", leads[0].phone);
	assert_string_equal("lpa", leads[0].marker);
	assert_null(leads[0].phone_raw);
	assert_int_equal(5,
	    json_integer_value(json_object_get(leads[0].details, "price")));
	/* The stray one has become amoCRM's. */
	assert_int_equal(2,
	    state_number(state_path,
		"SELECT count(*) FROM leads WHERE crm = 'amocrm'"));
	lead_release(&leads[0]);
	lead_release(&leads[1]);
}

static void
claims_stop_at_the_count(void **state)
{
	struct lead leads[2] = { 0 };
	char key[8];

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		add(key, i % 2 ? "amocrm" : NULL);
	}
	for (size_t left = 5; left > 0;) {
		size_t got = claim(ERRAND_CREATE, ME, NOW, leads, 2);

		assert_int_equal(left < 2 ? left : 2, got);
		left -= got;
		for (size_t i = 0; i < got; i++)
			lead_release(&leads[i]);
	}
	assert_int_equal(0, claim(ERRAND_CREATE, ME, NOW, leads, 2));
}

static void
created_is_created(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	assert_row(
	    "errand = 'search' AND sends = 1 AND sent_at = 1700000000000");
	assert_true(settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_CREATED,
		.remote_id = "55",
		.contact_id = "66",
		.dropped = "[{\"field\":\"X\"}]",
		.noted = true },
	    NOW + 5));
	assert_row("state = 'created' AND errand IS NULL AND worker IS NULL"
		   " AND remote_id = '55' AND remote_contact_id = '66'"
		   " AND dropped LIKE '%X%' AND settled_at = 1700000000005");
	assert_int_equal(CLOCK_NEVER, leads_next(db, &amo));
	lead_release(&lead);
}

/* Another process took it over meanwhile: what we learned counts for
 * nothing. */
static bool
freeze(const struct lead *lead, int64_t worker, const char *body)
{
	bool lost;

	begin();
	state_ok(lead_freeze(db, lead, worker, body, &lost, &fault), &fault);
	commit();
	return !lost;
}

/* What left under a key is what leaves under it again, until it arrived. */
static void
what_left_is_frozen(void **state)
{
	struct lead lead;

	(void)state;
	add("1", "amocrm");
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, &lead, 1));
	assert_null(lead.body);
	assert_false(freeze(&lead, ME + 1, "stolen"));
	assert_true(freeze(&lead, ME, "first"));
	assert_true(freeze(&lead, ME, "second"));
	leave(&lead, ME);
	assert_true(settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_AGAIN }, NOW));
	lead_release(&lead);
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, &lead, 1));
	assert_string_equal("first", lead.body);
	assert_true(settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_CREATED, .remote_id = "5" },
	    NOW));
	lead_release(&lead);
	assert_row("body IS NULL AND state = 'created'");
	/* the same for what it is told later */
	assert_int_equal(1, claim(ERRAND_NOTE, ME, NOW, &lead, 1));
	assert_null(lead.body);
	assert_true(freeze(&lead, ME, "update"));
	assert_true(settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_AGAIN }, NOW));
	lead_release(&lead);
	assert_row("body = 'update'");
	assert_int_equal(1, claim(ERRAND_NOTE, ME, NOW, &lead, 1));
	assert_true(settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_NOTED }, NOW));
	lead_release(&lead);
	assert_row("body IS NULL");
}

static void
a_lost_lead_is_not_settled(void **state)
{
	struct lead mine = { 0 }, theirs = { 0 };
	const struct lead_settlement created = { .how = LEAD_CREATED,
		.remote_id = "1",
		.noted = true };
	int unknown, queued;

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &mine, 1);
	begin();
	state_ok(leads_orphaned(db, ME, NOW, &unknown, &queued, &fault),
	    &fault);
	commit();
	assert_int_equal(0, unknown);
	assert_int_equal(1, queued);
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, &theirs, 1));
	assert_false(settle(&mine, ME, created, NOW));
	assert_false(settle(&theirs, 8, created, NOW));
	assert_row("state = 'sending' AND remote_id IS NULL");
	assert_true(settle(&theirs, ME, created, NOW));
	lead_release(&mine);
	lead_release(&theirs);
}

static void
what_may_have_left_is_unknown(void **state)
{
	struct lead lead = { 0 }, second = { 0 };
	int unknown, queued;

	(void)state;
	add("a", "amocrm");
	add("b", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	claim(ERRAND_CREATE, ME, NOW, &second, 1);
	leave(&lead, ME);
	begin();
	state_ok(leads_orphaned(db, ME, NOW, &unknown, &queued, &fault),
	    &fault);
	commit();
	assert_int_equal(1, unknown);
	assert_int_equal(1, queued);
	assert_row("state = 'unknown' AND errand = 'search'"
		   " AND not_before = 1700000010000");
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT state = 'queued' AND errand = 'create'"
		" FROM leads WHERE id = 2"));
	lead_release(&lead);
	lead_release(&second);
}

/* 10, 30 and 120 s after the reply was lost, then it is sent again. */
static void
the_unknown_is_searched_for_three_times(void **state)
{
	static const int64_t at[] = { 10000, 30000, 120000 };
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(NOW + at[i], leads_next(db, &amo));
		assert_int_equal(0,
		    claim(ERRAND_CREATE, ME, NOW + at[i], &lead, 1));
		assert_int_equal(0,
		    claim(ERRAND_SEARCH, ME, NOW + at[i] - 1, &lead, 1));
		assert_int_equal(1,
		    claim(ERRAND_SEARCH, ME, NOW + at[i], &lead, 1));
		assert_int_equal(NOW, lead.sent_at);
		settle(&lead, ME,
		    (struct lead_settlement){ .how = LEAD_ABSENT },
		    NOW + at[i]);
		lead_release(&lead);
	}
	assert_row("state = 'queued' AND errand = 'create' AND sends = 1");
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW + at[2], &lead, 1));
	lead_release(&lead);
}

/* A request on which the CRM breaks each time takes no neighbour along. */
static void
who_failed_goes_alone(void **state)
{
	struct lead leads[4] = { 0 };

	(void)state;
	add("a", "amocrm");
	add("b", "amocrm");
	add("c", "amocrm");
	add("d", "amocrm");
	state_exec(state_path, "UPDATE leads SET tries = 1 WHERE id = 2");
	for (int64_t i = 0; i < 2; i++) {
		assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, leads, 4));
		assert_int_equal(1 + i, leads[0].id);
		lead_release(&leads[0]);
	}
	assert_int_equal(2, claim(ERRAND_CREATE, ME, NOW, leads, 4));
	assert_int_equal(3, leads[0].id);
	lead_release(&leads[0]);
	lead_release(&leads[1]);
}

/* Also those who are taken along by a command that dies. */
static void
who_was_in_a_crash_goes_alone(void **state)
{
	struct lead leads[2] = { 0 };
	int unknown, queued;

	(void)state;
	add("a", "amocrm");
	add("b", "amocrm");
	assert_int_equal(2, claim(ERRAND_CREATE, ME, NOW, leads, 2));
	leave(&leads[0], ME);
	leave(&leads[1], ME);
	lead_release(&leads[0]);
	lead_release(&leads[1]);
	begin();
	state_ok(leads_orphaned(db, ME, NOW, &unknown, &queued, &fault),
	    &fault);
	commit();
	assert_int_equal(2, unknown);
	state_exec(state_path,
	    "UPDATE leads SET state = 'queued',"
	    " errand = 'create', not_before = 0");
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, leads, 2));
	lead_release(&leads[0]);
}

/* Its note may be on its way: it is looked for when it must have come. */
static void
a_crash_leaves_time_for_its_note(void **state)
{
	struct lead lead = { 0 };
	int unknown, queued;

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_CREATED, .remote_id = "55" },
	    NOW);
	lead_release(&lead);
	claim(ERRAND_NOTE, ME, NOW, &lead, 1);
	lead_release(&lead);
	begin();
	state_ok(leads_orphaned(db, ME, NOW, &unknown, &queued, &fault),
	    &fault);
	commit();
	assert_int_equal(NOW + LEAD_NOTE_MS, leads_next(db, &amo));
	assert_row("state = 'created' AND errand = 'note'");
}

/* A search that fails tells nothing: it is made again, as often as needed. */
static void
a_failing_search_uses_up_none(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	for (int i = 0; i < 5; i++) {
		claim(ERRAND_SEARCH, ME, NOW + 10000 + i, &lead, 1);
		settle(&lead, ME,
		    (struct lead_settlement){ .how = LEAD_AGAIN,
			.wait_ms = 1,
			.reason = "HTTP 502" },
		    NOW + 10000 + i);
		lead_release(&lead);
	}
	assert_row("state = 'unknown' AND errand = 'search' AND searches = 0"
		   " AND tries = 6 AND reason = 'HTTP 502'");
}

static void
a_refusal_parks_it_with_the_remedy(void **state)
{
	const char *name;
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_PARKED,
		.reason = "no such pipeline",
		.remedy = "set AMO_PIPELINE_ID" },
	    NOW);
	lead_release(&lead);
	assert_row("state = 'parked' AND errand IS NULL");
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT mend = 'set AMO_PIPELINE_ID, then leadpipe"
		" recover-pending --retry lead:1' FROM dead_letters"
		" WHERE kind = 'lead' AND item = 1"));
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT retry_count = 1 AND error_message ="
		" 'no such pipeline' FROM failed_amocrm_sync"
		" WHERE lead_id = 1"));
	assert_false(leads_crm(db, "", &name));
}

/* A lead that left, and how that ended. */
static void
bring(enum lead_end how)
{
	struct lead lead = { 0 };

	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = how, .remote_id = "55" }, NOW);
	lead_release(&lead);
}

static void
its_note_is_an_errand_of_its_own(void **state)
{
	struct lead lead = { 0 };
	const char *name;

	(void)state;
	bring(LEAD_CREATED);
	assert_row("state = 'created' AND errand = 'note'");
	assert_int_equal(0, leads_waiting(db, NULL));
	/* A CRM that was given up is not missed for a note. */
	assert_false(leads_crm(db, "", &name));
	assert_int_equal(1, claim(ERRAND_NOTE, ME, NOW, &lead, 1));
	assert_row("state = 'created' AND worker = 7");
	assert_string_equal("55", lead.remote_id);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_AGAIN, .wait_ms = 2000 },
	    NOW);
	lead_release(&lead);
	assert_row("state = 'created' AND errand = 'note' AND tries = 1");
	claim(ERRAND_NOTE, ME, NOW + 2000, &lead, 1);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_NOTED },
	    NOW + 2000);
	lead_release(&lead);
	assert_row("state = 'created' AND errand IS NULL");
}

static void
mend(enum mend how, const char *expected)
{
	const char *to = "";

	begin();
	state_ok(lead_mend(db, 1, how, NOW, &to, &fault), &fault);
	commit();
	assert_string_equal(expected, to);
}

static void
refuse(enum mend how)
{
	const char *to = "";

	begin();
	assert_int_equal(OUT_NEVER, lead_mend(db, 1, how, NOW, &to, &fault));
	assert_int_equal(EXIT_INPUT, fault.code);
	db_rollback(db);
}

static void
stats_are(int64_t untold, int64_t since)
{
	struct lead_stats stats;

	state_ok(lead_stats_count(db, NOW, &stats, &fault), &fault);
	assert_int_equal(untold, stats.untold);
	assert_int_equal(since, stats.untold_since);
}

/* It is counted while it is refused, and ends by hand if nobody wants it. */
static void
a_refused_note_is_counted(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	bring(LEAD_CREATED);
	stats_are(0, 0);
	claim(ERRAND_NOTE, ME, NOW, &lead, 1);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_AGAIN, .reason = "403" },
	    NOW + 5);
	lead_release(&lead);
	stats_are(1, NOW + 5);
	mend(MEND_DROP, "created");
	stats_are(0, 0);
	assert_row("state = 'created' AND errand IS NULL AND told = joins");
	refuse(MEND_DROP);
}

/* What was joined while it was in doubt is not forgotten with the doubt. */
static void
sent_by_hand_keeps_its_updates(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	bring(LEAD_UNKNOWN);
	state_exec(state_path,
	    "UPDATE leads SET joins = 1,"
	    " details = '{\"updates\":[\"call me\"]}'");
	mend(MEND_SENT, "created");
	assert_row("errand = 'note'");
	assert_int_equal(1, claim(ERRAND_NOTE, ME, NOW, &lead, 1));
	assert_string_equal("call me",
	    json_string_value(json_object_get(lead.details, "update")));
	lead_release(&lead);
}

static void
the_end_of_an_outage_makes_all_due(void **state)
{
	struct lead lead = { 0 };
	char key[8];
	int count;

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		add(key, "amocrm");
		claim(ERRAND_CREATE, ME, NOW, &lead, 1);
		settle(&lead, ME,
		    (struct lead_settlement){ .how = LEAD_AGAIN,
			.wait_ms = 3600000 },
		    NOW);
		lead_release(&lead);
	}
	assert_int_equal(NOW + 3600000, leads_next(db, &amo));
	begin();
	state_ok(leads_hasten(db, &amo, NOW + 60000, 3, &count, &fault),
	    &fault);
	assert_int_equal(3, count);
	state_ok(leads_hasten(db, &amo, NOW + 60000, 3, &count, &fault),
	    &fault);
	assert_int_equal(1, count);
	state_ok(leads_hasten(db, &amo, NOW + 60000, 3, &count, &fault),
	    &fault);
	assert_int_equal(0, count);
	commit();
	assert_int_equal(NOW + 60000, leads_next(db, &amo));
}

static void
the_end_of_an_outage_sends_no_note_after_itself(void **state)
{
	struct lead lead = { 0 };
	int count;

	(void)state;
	add("k", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_CREATED, .remote_id = "7" },
	    NOW);
	lead_release(&lead);
	claim(ERRAND_NOTE, ME, NOW, &lead, 1);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_AGAIN, .wait_ms = 3600000 },
	    NOW);
	lead_release(&lead);
	for (int i = 1; i >= 0; i--) {
		begin();
		state_ok(leads_hasten(db, &amo, NOW + 1000, 3, &count, &fault),
		    &fault);
		commit();
		assert_int_equal(i, count);
		assert_int_equal(NOW + 1000 + LEAD_NOTE_MS,
		    leads_next(db, &amo));
	}
}

/* What was dropped can be had again; if it may exist it is searched for. */
static void
dropping_is_undone(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	mend(MEND_DROP, "dropped");
	assert_int_equal(0, claim(ERRAND_CREATE, ME, NOW, &lead, 1));
	refuse(MEND_DROP);
	mend(MEND_RETRY, "queued");
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, &lead, 1));
	refuse(MEND_DROP);
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	mend(MEND_DROP, "dropped");
	mend(MEND_RETRY, "unknown");
	assert_int_equal(1, claim(ERRAND_SEARCH, ME, NOW, &lead, 1));
	lead_release(&lead);
}

static void
search_in_vain(struct lead *lead, int64_t now)
{
	for (int i = 0; i < LEAD_SEARCHES; i++) {
		now += 120000;
		assert_int_equal(1, claim(ERRAND_SEARCH, ME, now, lead, 1));
		settle(lead, ME,
		    (struct lead_settlement){ .how = LEAD_ABSENT }, now);
		lead_release(lead);
	}
}

/* What was sent again in doubt is looked for once more, an hour after it was
 * created; a second one waits for a person. */
static void
a_double_comes_to_light(void **state)
{
	const int64_t later = NOW + 10 * 60000;
	const char *to = NULL;
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	search_in_vain(&lead, NOW);
	assert_int_equal(1, claim(ERRAND_CREATE, ME, later, &lead, 1));
	leave(&lead, ME);
	settle(&lead, ME,
	    (struct lead_settlement){ .how = LEAD_CREATED,
		.remote_id = "1",
		.noted = true },
	    later);
	lead_release(&lead);
	assert_row("state = 'created' AND errand IS NULL AND sends = 2");
	assert_int_equal(later + LEAD_CHECK_MS, leads_next(db, &amo));
	assert_int_equal(0,
	    claim(ERRAND_CHECK, ME, later + LEAD_CHECK_MS - 1, &lead, 1));
	assert_int_equal(1,
	    claim(ERRAND_CHECK, ME, later + LEAD_CHECK_MS, &lead, 1));
	/* Nobody owns it, and should nobody end it: later again. */
	assert_row("state = 'created' AND worker IS NULL");
	assert_int_equal(later + 2 * LEAD_CHECK_MS, leads_next(db, &amo));
	begin();
	state_ok(lead_checked(db, &lead, "amocrm has 1 and 2", later, &fault),
	    &fault);
	state_ok(lead_mend(db, 1, MEND_SENT, later, &to, &fault), &fault);
	db_rollback(db);
	begin();
	state_ok(lead_checked(db, &lead, NULL, later, &fault), &fault);
	commit();
	lead_release(&lead);
	assert_row("check_at IS NULL");
	assert_int_equal(0,
	    state_number(state_path, "SELECT count(*) FROM dead_letters"));
	assert_int_equal(CLOCK_NEVER, leads_next(db, &amo));
	refuse(MEND_SENT);
}

static void
the_unknown_is_decided(void **state)
{
	struct lead lead = { 0 };

	(void)state;
	add("a", "amocrm");
	refuse(MEND_SENT);
	refuse(MEND_RESEND);
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	mend(MEND_RESEND, "queued");
	assert_int_equal(1, claim(ERRAND_CREATE, ME, NOW, &lead, 1));
	leave(&lead, ME);
	settle(&lead, ME, (struct lead_settlement){ .how = LEAD_UNKNOWN },
	    NOW);
	lead_release(&lead);
	mend(MEND_SENT, "created");
	refuse(MEND_RETRY);
	assert_row("state = 'created' AND errand IS NULL AND remote_id IS"
		   " NULL");
}

/* However many wait or are done, the next one is found by an index. */
static void
claiming_is_flat(void **state)
{
	sqlite3 *handle = sqlite3_db_handle(db_use(db, "SELECT 1"));
	sqlite3_stmt *stmt = NULL, *plan;
	struct lead lead;
	int found = 0;
	char *sql;

	(void)state;
	claim(ERRAND_CREATE, ME, NOW, &lead, 1);
	while ((stmt = sqlite3_next_stmt(handle, stmt)) != NULL) {
		if (!strstr(sqlite3_sql(stmt), "ORDER BY not_before, id"))
			continue;
		++found;
		sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s",
		    sqlite3_sql(stmt));
		assert_int_equal(SQLITE_OK,
		    sqlite3_prepare_v2(handle, sql, -1, &plan, NULL));
		assert_int_equal(SQLITE_ROW, sqlite3_step(plan));
		assert_non_null(
		    strstr((const char *)sqlite3_column_text(plan, 3),
			"leads_due (crm=? AND errand=? AND not_before<?)"));
		assert_int_equal(SQLITE_DONE, sqlite3_step(plan));
		sqlite3_finalize(plan);
		sqlite3_free(sql);
	}
	assert_int_equal(1, found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(each_is_claimed_once),
		WITH_DB(claims_stop_at_the_count),
		WITH_DB(created_is_created),
		WITH_DB(what_left_is_frozen),
		WITH_DB(a_lost_lead_is_not_settled),
		WITH_DB(what_may_have_left_is_unknown),
		WITH_DB(the_unknown_is_searched_for_three_times),
		WITH_DB(a_double_comes_to_light),
		WITH_DB(who_failed_goes_alone),
		WITH_DB(who_was_in_a_crash_goes_alone),
		WITH_DB(a_crash_leaves_time_for_its_note),
		WITH_DB(a_failing_search_uses_up_none),
		WITH_DB(a_refusal_parks_it_with_the_remedy),
		WITH_DB(its_note_is_an_errand_of_its_own),
		WITH_DB(a_refused_note_is_counted),
		WITH_DB(sent_by_hand_keeps_its_updates),
		WITH_DB(the_end_of_an_outage_makes_all_due),
		WITH_DB(the_end_of_an_outage_sends_no_note_after_itself),
		WITH_DB(dropping_is_undone),
		WITH_DB(the_unknown_is_decided),
		WITH_DB(claiming_is_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
