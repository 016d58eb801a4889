/* SPDX-License-Identifier: MIT */
/* needs: store net base */
/*
 * Leads as they come in: once per key, joined when it is the same person
 * again, and every source kept.
 */
#include "state_db.h"
#include "state_raw.h"

#include <jansson.h>

#include "base/email.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/lead.h"
#include "store/lead_join.h"
#include "store/lead_settle.h"
#include "store/leads.h"
#include "store/prune.h"

#define HOUR (60 * 60 * 1000LL)
#define DAY (24 * HOUR)

static int64_t clock_now;

static int
setup_at(void **state)
{
	clock_now = 1800000000000;
	return setup(state);
}

#define AT_NOON(test) cmocka_unit_test_setup_teardown(test, setup_at, teardown)

/* Of a form, with a window of a day unless the members say otherwise. */
#define LEAD(...) ((struct lead_new){ __VA_ARGS__ })
#define NO_JOIN (-1)

static struct lead_taken
take(struct lead_new lead)
{
	struct lead_taken taken;

	lead.source = lead.source ? lead.source : "form";
	lead.raw = lead.raw ? lead.raw : "{}";
	lead.join_ms = lead.join_ms == 0 ? DAY
	    : lead.join_ms == NO_JOIN	 ? 0
					 : lead.join_ms;
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(leads_take(db, &lead, clock_now, &taken, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	return taken;
}

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

/* A text out of the database, in one of two buffers. */
static const char *
text(const char *sql)
{
	static char texts[2][200000];
	static int turn;
	sqlite3_stmt *stmt = NULL;
	sqlite3 *raw = NULL;
	char *out = texts[turn++ % 2];
	const unsigned char *found;

	assert_int_equal(SQLITE_OK, sqlite3_open(state_path, &raw));
	assert_int_equal(SQLITE_OK,
	    sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL));
	assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
	found = sqlite3_column_text(stmt, 0);
	snprintf(out, sizeof(texts[0]), "%s", found ? (char *)found : "NULL");
	sqlite3_finalize(stmt);
	sqlite3_close(raw);
	return out;
}

static json_t *
details(const char *json)
{
	json_t *value = json_loads(json, 0, NULL);

	assert_non_null(value);
	return value;
}

/* The lead goes to the CRM; ends as it did there. */
static void
send(int64_t id, enum lead_end how, bool joined_meanwhile)
{
	const struct lead_scope scope = { "amocrm", true };
	struct lead_settlement end = { .how = how,
		.remote_id = "77",
		.noted = true };
	struct lead leads[1];
	size_t count = 1;
	bool lost;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(leads_claim(db, &scope, ERRAND_CREATE, 5, clock_now, leads,
		     &count, &fault),
	    &fault);
	assert_int_equal(count, 1);
	assert_int_equal(leads[0].id, id);
	state_ok(lead_leaves(db, &leads[0], 5, clock_now, &lost, &fault),
	    &fault);
	assert_false(lost);
	state_ok(db_commit(db, &fault), &fault);
	if (joined_meanwhile)
		assert_int_equal(take(LEAD(.key = "meanwhile",
					  .phone = "89991234567",
					  .name = "Other"))
				     .id,
		    id);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(lead_settle(db, &leads[0], 5, &end, false, clock_now, &lost,
		     &fault),
	    &fault);
	assert_false(lost);
	state_ok(db_commit(db, &fault), &fault);
	lead_release(&leads[0]);
}

static void
the_same_key_is_one_lead(void **state)
{
	struct lead_taken first, again;
	int64_t id;
	bool added;

	(void)state;
	first = take(LEAD(.key = "a", .name = "Ann", .phone = "89991234567"));
	assert_int_equal(first.fate, LEAD_ADDED);
	assert_int_equal(first.phone, PHONE_VALID);
	assert_string_equal(first.e164, "+79991234567");
	clock_now += 400 * DAY;
	again = take(LEAD(.key = "a", .name = "Changed"));
	assert_int_equal(again.fate, LEAD_KNOWN);
	assert_int_equal(again.id, first.id);
	assert_string_equal(text("SELECT name FROM leads"), "Ann");
	assert_int_equal(number("SELECT count(*) FROM lead_sources"), 1);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(leads_add(db, &LEAD(.key = "a"), clock_now, &id, &added,
		     &fault),
	    &fault);
	assert_int_equal(id, first.id);
	assert_false(added);
	state_ok(leads_add(db, &LEAD(.key = "b"), clock_now, &id, &added,
		     &fault),
	    &fault);
	assert_true(added);
	state_ok(db_commit(db, &fault), &fault);
}

/* A form that is sent twice because our answer was lost. */
static void
the_same_text_soon_is_one_lead(void **state)
{
	struct lead_new lead = LEAD(.raw = "{\"name\":\"Ann\"}");
	int64_t first = take(lead).id;

	(void)state;
	lead.join_ms = NO_JOIN;
	clock_now += LEAD_REPEAT_MS - 1;
	assert_int_equal(take(lead).fate, LEAD_KNOWN);
	lead.source = "another form";
	assert_int_equal(take(lead).fate, LEAD_ADDED);
	lead.source = "form";
	clock_now += 1;
	assert_int_equal(take(lead).fate, LEAD_ADDED);
	lead.raw = "{\"name\":\"Bob\"}";
	assert_int_equal(take(lead).fate, LEAD_ADDED);
	assert_int_equal(number("SELECT count(*) FROM leads"), 4);
	clock_now += DAY - 1;
	lead.join_ms = DAY;
	assert_int_equal(take(lead).fate, LEAD_KNOWN);
	assert_int_not_equal(first, 0);
}

static void
what_is_stored_is_compared(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .phone = "998901234567",
	    .email = " <Ann@Example.ORG> "));
	take(LEAD(.key = "2", .phone = "call me", .email = "no address"));
	take(LEAD(.key = "3"));
	assert_string_equal(
	    text("SELECT group_concat(coalesce(phone, '-') || '|' ||"
		 " coalesce(phone_e164, '-') || '|' ||"
		 " coalesce(phone_flag, '-') || '|' || coalesce(email, '-'),"
		 " '; ') FROM leads"),
	    "998901234567|+998901234567|guessed|ann@example.org; "
	    "call me|-|invalid|-; -|-|-|-");
	/* What cannot be an address is not lost. */
	assert_string_equal(
	    text("SELECT details ->> 'note' FROM leads WHERE id = 2"),
	    "email: no address");
	assert_int_equal(number("SELECT count(DISTINCT marker) FROM leads"
				" WHERE length(marker) = 12"
				" AND marker GLOB '[a-z]*'"
				" AND marker NOT GLOB '*[^a-z0-9]*'"),
	    3);
}

static void
one_person_is_one_lead(void **state)
{
	struct lead_taken first, again;

	(void)state;
	first = take(LEAD(.key = "1", .name = "Ann", .phone = "89991234567"));
	again = take(LEAD(.key = "2", .phone = "+7 (999) 123-45-67",
	    .email = "ann@example.org", .chat_id = 42, .source = "tilda"));
	assert_int_equal(again.id, first.id);
	assert_string_equal(again.by, "phone");
	assert_int_equal(take(LEAD(.key = "3", .chat_id = 42)).id, first.id);
	assert_int_equal(take(LEAD(.key = "4", .email = "ANN@example.org")).id,
	    first.id);
	assert_int_equal(take(LEAD(.key = "5", .email = "Ann@Example.org",
				  .phone = "8 (999) 123 45 67", .name = "Ann"))
			     .id,
	    first.id);
	assert_string_equal(
	    text("SELECT name || phone_e164 || email || chat_id FROM leads"),
	    "Ann+79991234567ann@example.org42");
	assert_string_equal(
	    text("SELECT group_concat(key || ' ' || source || ' ' ||"
		 " coalesce(joined_by, 'new'), ', ') FROM lead_sources"),
	    "1 form new, 2 tilda phone, 3 form chat, 4 form email,"
	    " 5 form phone");
}

static void
strangers_stay_apart(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .phone = "89991234567", .email = "a@b.cc"));
	/* A mailbox of several people. */
	assert_int_equal(take(LEAD(.key = "2", .phone = "89991234568",
				  .email = "a@b.cc"))
			     .fate,
	    LEAD_ADDED);
	assert_int_equal(take(LEAD(.key = "3", .phone = "12345")).fate,
	    LEAD_ADDED);
	assert_int_equal(take(LEAD(.key = "4", .phone = "12345")).fate,
	    LEAD_ADDED);
	assert_int_equal(take(LEAD(.key = "5")).fate, LEAD_ADDED);
	assert_int_equal(take(LEAD(.key = "6", .phone = "89991234567",
				  .crm = "bitrix24"))
			     .fate,
	    LEAD_JOINED);
	assert_int_equal(take(LEAD(.key = "7", .phone = "89991234567",
				  .crm = "amocrm"))
			     .fate,
	    LEAD_ADDED);
	assert_int_equal(take(LEAD(.key = "8", .phone = "89991234567",
				  .join_ms = NO_JOIN))
			     .fate,
	    LEAD_ADDED);
}

static void
the_window_ends(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .phone = "89991234567"));
	clock_now += DAY - 1;
	assert_int_equal(take(LEAD(.key = "2", .phone = "89991234567")).fate,
	    LEAD_JOINED);
	clock_now += 1;
	assert_int_equal(take(LEAD(.key = "3", .phone = "89991234567")).fate,
	    LEAD_ADDED);
}

static void
a_transaction_is_one_lead(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .transaction = "467251:8442970",
	    .phone = "89991234567"));
	clock_now += 3 * DAY;
	struct lead_taken again = take(
	    LEAD(.key = "2", .transaction = "467251:8442970",
		.join_ms = NO_JOIN, .name = "Ann"));
	assert_int_equal(again.fate, LEAD_JOINED);
	assert_string_equal(again.by, "transaction");
	assert_string_equal(text("SELECT name FROM leads"), "Ann");
}

static void
what_is_given_up_takes_nothing_in(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .phone = "89991234567"));
	state_exec(state_path, "UPDATE leads SET state = 'parked'");
	assert_int_equal(take(LEAD(.key = "2", .phone = "89991234567")).fate,
	    LEAD_ADDED);
	state_exec(state_path, "UPDATE leads SET state = 'dropped'");
	assert_int_equal(take(LEAD(.key = "3", .phone = "89991234567")).fate,
	    LEAD_ADDED);
}

static void
details_are_merged(void **state)
{
	json_t *first = details("{\"tags\":[\"a\"],\"note\":\"first\","
				"\"utm\":{\"utm_source\":\"ads\"},"
				"\"fields\":{\"City\":\"Omsk\"}}");
	json_t *second = details(
	    "{\"tags\":[\"a\",\"b\"],\"note\":\"second\",\"price\":5,"
	    "\"utm\":{\"utm_source\":\"mail\"},\"page\":\"https://b.cc/\","
	    "\"fields\":{\"City\":\"Tomsk\",\"Size\":\"7\"}}");

	(void)state;
	take(LEAD(.key = "1", .phone = "89991234567", .details = first));
	take(LEAD(.key = "2", .phone = "89991234567", .details = second,
	    .name = "Ann", .source = "tilda"));
	assert_string_equal(
	    text("SELECT json_remove(details, '$.note') FROM leads"),
	    "{\"tags\":[\"a\",\"b\"],\"utm\":{\"utm_source\":\"ads\"},"
	    "\"fields\":{\"City\":\"Omsk\",\"Size\":\"7\"},\"price\":5,"
	    "\"page\":\"https://b.cc/\"}");
	assert_string_equal(text("SELECT details ->> 'note' FROM leads"),
	    "first\n\n[tilda, 2027-01-15 08:00:00 UTC]\nname: Ann\n"
	    "page: https://b.cc/\nutm_source: mail\nsecond");
	/* Nothing new: nothing is said. */
	take(LEAD(.key = "3", .phone = "89991234567", .name = "Ann"));
	assert_int_equal(number("SELECT instr(details, 'form') FROM leads"),
	    0);
	json_decref(first);
	json_decref(second);
}

/* A phone that can be called replaces one that cannot. */
static void
the_better_phone_wins(void **state)
{
	(void)state;
	take(LEAD(.key = "1", .phone = "call me", .email = "a@b.cc"));
	take(LEAD(.key = "2", .phone = "89991234567", .email = "a@b.cc"));
	assert_string_equal(
	    text("SELECT phone || phone_e164 || phone_flag FROM leads"),
	    "89991234567+79991234567valid");
	take(LEAD(.key = "3", .phone = "nobody", .email = "a@b.cc"));
	assert_string_equal(
	    text("SELECT phone || phone_e164 || phone_flag FROM leads"),
	    "89991234567+79991234567valid");
	assert_int_not_equal(
	    number("SELECT instr(details, 'phone: nobody') FROM leads"), 0);
}

/* What sync-crm is given to bring, and that it was brought. */
static const char *
bring_note(void)
{
	static char brought[1000];
	const struct lead_scope scope = { "amocrm", false };
	struct lead_settlement end = { .how = LEAD_NOTED };
	struct lead leads[1];
	size_t count = 1;
	bool lost;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(leads_claim(db, &scope, ERRAND_NOTE, 5, clock_now, leads,
		     &count, &fault),
	    &fault);
	assert_int_equal(count, 1);
	snprintf(brought, sizeof(brought), "%s",
	    json_get_text(leads[0].details, "update"));
	state_ok(lead_settle(db, &leads[0], 5, &end, false, clock_now, &lost,
		     &fault),
	    &fault);
	assert_false(lost);
	state_ok(db_commit(db, &fault), &fault);
	lead_release(&leads[0]);
	return brought;
}

static void
a_created_lead_gets_a_note(void **state)
{
	int64_t id;

	(void)state;
	id = take(LEAD(.key = "1", .phone = "89991234567")).id;
	send(id, LEAD_CREATED, false);
	assert_string_equal(text("SELECT state || coalesce(errand, '-')"
				 " FROM leads"),
	    "created-");
	clock_now += HOUR;
	take(LEAD(.key = "2", .phone = "89991234567", .name = "Ann"));
	take(LEAD(.key = "3", .phone = "89991234567", .title = "Again"));
	take(LEAD(.key = "4", .phone = "89991234567"));
	assert_string_equal(text("SELECT state || errand || joins FROM leads"),
	    "creatednote2");
	assert_int_equal(
	    number(
		"SELECT json_array_length(details, '$.updates') FROM leads"),
	    2);
	assert_string_equal(
	    text("SELECT coalesce(details ->> 'note', '-') FROM leads"), "-");
	/* Each is brought by itself, in order. */
	assert_non_null(strstr(bring_note(), "UTC]\nname: Ann"));
	assert_non_null(strstr(bring_note(), "UTC]\ntitle: Again"));
	assert_int_equal(number("SELECT errand IS NULL FROM leads"), 1);
	assert_int_equal(number("SELECT told FROM leads"), 2);
}

/* While it is on its way nobody knows of the second source; its note is not
 * forgotten when it has arrived. */
static void
what_joins_on_the_way_is_told_later(void **state)
{
	int64_t id;

	(void)state;
	id = take(LEAD(.key = "1", .phone = "89991234567")).id;
	send(id, LEAD_CREATED, true);
	assert_string_equal(text("SELECT state || errand FROM leads"),
	    "creatednote");
	assert_int_equal(number("SELECT worker IS NULL FROM leads"), 1);
	assert_non_null(strstr(bring_note(), "name: Other"));
}

static void
an_unknown_lead_keeps_its_errand(void **state)
{
	int64_t id;

	(void)state;
	id = take(LEAD(.key = "1", .phone = "89991234567")).id;
	send(id, LEAD_UNKNOWN, true);
	assert_string_equal(text("SELECT state || errand || joins FROM leads"),
	    "unknownsearch1");
}

static void
notes_have_an_end(void **state)
{
	json_t *object = json_object();
	char *huge = mem_printf("%0100000d", 7);

	(void)state;
	lead_note_add(object, huge);
	assert_in_range(json_string_length(json_object_get(object, "note")),
	    LEAD_NOTE_MAX - 100, LEAD_NOTE_MAX);
	assert_non_null(strstr(json_get_text(object, "note"),
	    "\n[cut off: 100000 bytes came]"));
	lead_note_add(object, "more");
	assert_in_range(json_string_length(json_object_get(object, "note")),
	    LEAD_NOTE_MAX - 100, LEAD_NOTE_MAX);
	free(huge);
	json_decref(object);
}

/* The person sends a form that says NAME. */
static void
send_form(const char *name, int number_of)
{
	char key[16];

	snprintf(key, sizeof(key), "%s%d", name, number_of);
	take(LEAD(.key = key, .phone = "89991234567", .name = key));
}

/* One person who sends all day: the CRM hears all of it, in few notes. */
static void
what_comes_too_often_is_gathered(void **state)
{
	const char *last = NULL;

	(void)state;
	send(take(LEAD(.key = "first", .phone = "89991234567", .name = "x"))
		 .id,
	    LEAD_CREATED, false);
	for (int i = 0; i < 60; i++)
		send_form("day", i);
	assert_int_equal(number("SELECT joins FROM leads"), 50);
	assert_int_equal(number("SELECT count(*) FROM lead_sources"), 61);
	for (int i = 0; i < 50; i++)
		last = bring_note();
	assert_non_null(strstr(last, "day49"));
	assert_non_null(strstr(last, "day50"));
	assert_non_null(strstr(last, "day59"));
	assert_int_equal(number("SELECT errand IS NULL FROM leads"), 1);
	/* From now on one note an hour, and one for what comes while that may
	 * be on its way. */
	for (int i = 0; i < 20; i++)
		send_form("eve", i);
	assert_int_equal(number("SELECT not_before FROM leads"),
	    clock_now + HOUR);
	assert_int_equal(number("SELECT joins FROM leads"), 52);
	clock_now += HOUR;
	assert_non_null(strstr(bring_note(), "eve0"));
	last = bring_note();
	assert_non_null(strstr(last, "eve1\n"));
	assert_non_null(strstr(last, "eve19"));
	assert_int_equal(number("SELECT errand IS NULL FROM leads"), 1);
}

static void
emails_are_compared(void **state)
{
	static const char *const samples[][2] = { { "a@b.cc", "a@b.cc" },
		{ " Ann.Lee+x@Mail.Example.ORG\n",
		    "ann.lee+x@mail.example.org" },
		{ "Ann <ann@b.cc>", "ann@b.cc" },
		{ "mailto:ann@b.cc", "ann@b.cc" },
		{ "ИВАН@Почта.рф", "иван@почта.рф" }, { "", "" }, { "@", "" },
		{ "ann", "" }, { "ann@", "" }, { "@b.cc", "" },
		{ "ann@b", "" }, { "ann@b.c", "" }, { "a b@c.dd", "" },
		{ "a@b..cc", "" }, { "a@.cc", "" }, { "a@b.cc.", "" },
		{ "a@b@c.dd", "" }, { "a,b@c.dd", "" }, { "a\xff@b.cc", "" },
		{ "+79991234567", "" } };
	char out[EMAIL_SIZE], *huge;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		assert_int_equal(email_parse(samples[i][0], out),
		    samples[i][1][0] != '\0');
		assert_string_equal(out, samples[i][1]);
	}
	huge = mem_printf("a@%0250d.cc", 1);
	assert_false(email_parse(huge, out));
	free(huge);
}

/* What people wrote is forgotten with the history, but never what waits; the
 * same file again is known all the same. */
static void
the_text_is_forgotten_in_time(void **state)
{
	const struct retention retention = RETENTION_DEFAULT;
	struct pruned pruned = { 0 };
	struct lead_taken done, waits;

	(void)state;
	done = take(LEAD(.key = "k1", .name = "A", .raw = "{\"name\":\"A\"}"));
	waits = take(
	    LEAD(.key = "k2", .name = "B", .raw = "{\"name\":\"B\"}"));
	state_exec(state_path,
	    "UPDATE leads SET state = 'created', errand = NULL WHERE name = 'A'");
	state_ok(prune_some(db, &retention, clock_now + 89 * DAY, 10,
		     state_soon(), &pruned, &fault),
	    &fault);
	assert_int_equal(2,
	    number("SELECT count(*) FROM lead_sources WHERE raw IS NOT NULL"));
	state_ok(prune_some(db, &retention, clock_now + 91 * DAY, 10,
		     state_soon(), &pruned, &fault),
	    &fault);
	assert_int_equal(1, pruned.sources);
	assert_string_equal("{\"name\":\"B\"}",
	    text("SELECT raw FROM lead_sources WHERE raw IS NOT NULL"));
	clock_now += 92 * DAY;
	assert_int_equal(done.id, take(LEAD(.key = "k1", .name = "A")).id);
	assert_int_equal(waits.id, take(LEAD(.key = "k2", .name = "B")).id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AT_NOON(the_same_key_is_one_lead),
		AT_NOON(the_same_text_soon_is_one_lead),
		AT_NOON(what_is_stored_is_compared),
		AT_NOON(one_person_is_one_lead),
		AT_NOON(strangers_stay_apart),
		AT_NOON(the_window_ends),
		AT_NOON(a_transaction_is_one_lead),
		AT_NOON(what_is_given_up_takes_nothing_in),
		AT_NOON(details_are_merged),
		AT_NOON(the_better_phone_wins),
		AT_NOON(a_created_lead_gets_a_note),
		AT_NOON(what_joins_on_the_way_is_told_later),
		AT_NOON(an_unknown_lead_keeps_its_errand),
		AT_NOON(notes_have_an_end),
		AT_NOON(what_comes_too_often_is_gathered),
		cmocka_unit_test(emails_are_compared),
		AT_NOON(the_text_is_forgotten_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
