/* SPDX-License-Identifier: MIT */
/* needs: crm telegram net store base */
/*
 * The contract between loop and adapter: the same cases for every CRM, and
 * then for each what its refusals mean.
 */
#include "unit/crm_case.h"

#include "crm/lookup.h"

#define AMO \
	"AMOCRM_BASE_URL=https://shop.amocrm.ru\n" \
	"AMOCRM_LONG_LIVED_TOKEN=eyJh.eyJl.c2lnbmF0dXJl\n"
#define BITRIX \
	"BITRIX24_WEBHOOK_URL=https://b24.bitrix24.ru/rest/1/s3cr3tc0de/\n"
#define HOOK "LEAD_WEBHOOK_URL=https://crm.example/hook\n"
#define EXEC "LEAD_EXEC=/bin/true\n"

static const struct kind {
	const char *name, *settings;
	bool repeats; /* the same lead twice does no harm */
	int status;
	const char *good, *id; /* the answer to a lead, and its id in it */
	const char *found, *none;
} kinds[] = {
	{ "amocrm", AMO, false, 200,
	    "[{\"id\":9774766,\"contact_id\":121,\"request_id\":[\"lp-" MARKER
	    "\"],\"merged\":false}]",
	    "9774766",
	    "{\"_embedded\":{\"leads\":[{\"id\":9774766,\"name\":\"a " MARKER
	    "\"}]}}",
	    "{\"_embedded\":{\"leads\":[]}}" },
	{ "bitrix24", BITRIX, false, 200,
	    "{\"result\":{\"item\":{\"id\":342}},\"time\":{}}", "342",
	    "{\"result\":{\"items\":[{\"id\":342}]},\"total\":1}",
	    "{\"result\":{\"items\":[]}}" },
	{ "webhook", HOOK, true, 201, "{\"id\":77}", "77", NULL, NULL },
	{ "exec", EXEC, true, 0, "{\"id\":\"A-1\"}\n", "A-1", NULL, NULL },
};

static const struct kind *kind;

static void
kind_begin(const struct kind *of)
{
	json_t *lookup = lookup_new();

	kind = of;
	state_ok(lookup_save(db, kind->name, lookup, NOW, &fault), &fault);
	json_decref(lookup);
	crm_begin(kind->name, kind->settings);
	assert_string_equal(crm_name(crm), kind->name);
	assert_null(crm_chore(crm, NOW));
}

static void
kind_end(void)
{
	crm_job_close(job);
	crm_close(crm);
	config_close(crm_config);
	for (int i = 0; i < 4; i++) {
		crm_lead_release(&leads[i]);
		json_decref(lead_details[i]);
		lead_details[i] = NULL;
	}
	job = NULL;
	crm = NULL;
	crm_config = NULL;
}

static void
run_answer(int code, const char *output)
{
	const struct crm_response response = { .ran = true,
		.exit_code = code,
		.output = output,
		.output_len = strlen(output),
		.error = "what it said" };

	crm_job_answer(job, &response, NOW);
}

static void
say(int status, const char *body)
{
	if (strcmp(kind->name, "exec") == 0)
		run_answer(status, body);
	else
		answer(status, body);
}

/* Nothing comes back; LEFT tells whether it may have arrived. */
static void
say_nothing(enum http_left left)
{
	const struct crm_response response = { .ran = left == HTTP_LEFT,
		.timed_out = true,
		.exit_code = -1,
		.error = "cannot be run" };

	if (strcmp(kind->name, "exec") == 0)
		crm_job_answer(job, &response, NOW);
	else
		answer_nothing(left);
}

static void
expect_create(void)
{
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_ASK);
	assert_true(request.creates && !request.idempotent);
	assert_true(leads[0].leaving);
	assert_int_equal(request.patience_ms, 30000);
	assert_true((request.argv != NULL) != (request.http.url != NULL));
}

static void
create_one(void)
{
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_create();
}

static void
case_created(void)
{
	create_one();
	say(kind->status, kind->good);
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_string_equal(leads[0].remote_id, kind->id);
	assert_false(leads[0].leaving);
	assert_int_equal(health(), CRM_WELL);
	expect_done();
}

static void
case_not_left(void)
{
	create_one();
	say_nothing(HTTP_NOT_LEFT);
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_false(leads[0].free);
	assert_int_equal(health(), CRM_FAILING);
	assert_true(leads[0].text[0]);
	expect_done();
}

static void
case_lost(void)
{
	create_one();
	say_nothing(HTTP_LEFT);
	assert_int_equal(leads[0].verdict,
	    kind->repeats ? CRM_AGAIN : CRM_UNKNOWN);
	assert_int_equal(health(), CRM_FAILING);
	expect_done();
}

/* A whole answer with half a body says nothing of what was done. */
static void
case_garbled(void)
{
	if (strcmp(kind->name, "webhook") == 0)
		return; /* 2xx is all that counts there */
	create_one();
	say(kind->status, "{\"result\":{\"item\":{\"id\":34");
	assert_int_equal(leads[0].verdict,
	    kind->repeats ? CRM_AGAIN : CRM_UNKNOWN);
	expect_done();
	crm_job_close(job);
	create_one();
	say(kind->status, "");
	assert_int_equal(leads[0].verdict,
	    kind->repeats ? CRM_AGAIN : CRM_UNKNOWN);
}

static void
case_search(void)
{
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_SEARCH, 1);
	if (kind->repeats) {
		expect_done();
		assert_int_equal(leads[0].verdict, CRM_AGAIN);
		assert_true(leads[0].free);
		return;
	}
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_ASK);
	assert_true(!request.creates && !leads[0].leaving);
	say(200, kind->found);
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_string_equal(leads[0].remote_id, kind->id);
	expect_done();
	crm_job_close(job);
	job_begin(CRM_SEARCH, 1);
	while (crm_job_next(job, NOW, &request) == CRM_ASK)
		say(200, kind->none);
	assert_int_equal(leads[0].verdict, CRM_ABSENT);
	crm_job_close(job);
	/* a search that fails proves nothing */
	job_begin(CRM_SEARCH, 1);
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_ASK);
	say_nothing(HTTP_LEFT);
	assert_int_equal(leads[0].verdict, CRM_UNKNOWN);
	expect_done();
}

/* Dropped halfway, before and after a request was made. */
static void
case_dropped(void)
{
	lead_make(0, MARKER, "+79991234567", "{\"note\":\"x\"}");
	job_begin(CRM_CREATE, 1);
	crm_job_close(job);
	job_begin(CRM_CREATE, 1);
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_ASK);
	assert_int_equal(leads[0].verdict, CRM_PENDING);
}

/* What strangers write arrives as they wrote it, or not at all, and is never
 * more than data. */
static void
case_strangers(void)
{
	static const char *const names[] = { "🦊 Лиса",
		"\xd7\xa9\xd7\x9c", "Robert'); DROP TABLE leads;--",
		"<script>alert(1)</script>", "a\"b\\c\nd", "" };
	json_t *body;
	char *big = mem_alloc(100001), *details;

	memset(big, 'x', 100000);
	details = mem_printf("{\"note\":\"%s\",\"tags\":[1,\"\"],\"price\":"
			     "\"free\",\"fields\":[],\"utm\":7}",
	    big);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		lead_make(0, MARKER, NULL, details);
		leads[0].name = leads[0].title = names[i];
		job_begin(CRM_CREATE, 1);
		expect_create();
		body = json_loads(request.argv ? request.input
					       : request.http.body,
		    0, NULL);
		assert_non_null(body);
		json_decref(body);
		crm_job_close(job);
		crm_lead_release(&leads[0]);
		json_decref(lead_details[0]);
	}
	lead_make(0, MARKER, NULL, NULL);
	leads[0].name = "\xff\xfe broken";
	job_begin(CRM_CREATE, 1);
	expect_create();
	free(details);
	free(big);
}

static void
test_contract(void **state)
{
	static void (*const cases[])(void) = { case_created, case_not_left,
		case_lost, case_garbled, case_search, case_dropped,
		case_strangers };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (size_t j = 0; j < sizeof(cases) / sizeof(*cases); j++) {
			kind_begin(&kinds[i]);
			cases[j]();
			kind_end();
		}
}

/* status, body -> what becomes of the lead and of the CRM */
struct row {
	int status;
	const char *body;
	enum crm_verdict verdict;
	bool free;
	enum crm_health health;
	int64_t wait_ms;
};

static void
check_rows(const struct kind *of, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		kind_begin(of);
		create_one();
		say(row->status, row->body);
		if (leads[0].verdict != row->verdict ||
		    leads[0].free != row->free || health() != row->health ||
		    crm_job_state(job)->wait_ms != row->wait_ms)
			fail_msg("%s row %zu (%d %s): verdict %d free %d "
				 "health %d wait %lld",
			    of->name, i, row->status, row->body,
			    leads[0].verdict, leads[0].free, health(),
			    (long long)crm_job_state(job)->wait_ms);
		if (row->verdict == CRM_PARKED)
			assert_true(leads[0].remedy[0] && leads[0].text[0]);
		if (health() != CRM_WELL)
			assert_true(crm_job_state(job)->text[0]);
		kind_end();
	}
}

#define HTML "<html><body>403 Forbidden</body></html>"
#define PROBLEM(detail) \
	"{\"title\":\"T\",\"status\":1,\"detail\":\"" detail "\"}"

static const struct row amocrm_rows[] = {
	{ 400, PROBLEM("Request data can not be empty"), CRM_PARKED, false,
	    CRM_WELL, 0 },
	{ 400,
	    PROBLEM("Возникла системная ошибка. Пожалуйста, повторите "
		    "попытку."),
	    CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 400, PROBLEM("An error occurred. Please try again."), CRM_UNKNOWN,
	    false, CRM_FAILING, 0 },
	{ 400, "{\"errors\":[{\"code\":226}]}", CRM_PARKED, false, CRM_WELL,
	    0 },
	{ 400, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 402, PROBLEM("Payment required"), CRM_AGAIN, true, CRM_CLOSED,
	    600000 },
	{ 403, HTML, CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 403, "403 Forbidden", CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 403, PROBLEM("Forbidden"), CRM_AGAIN, true, CRM_DENIED, 300000 },
	{ 404, PROBLEM("Cannot POST"), CRM_AGAIN, true, CRM_DENIED, 300000 },
	{ 404, HTML, CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 405, PROBLEM("x"), CRM_AGAIN, true, CRM_DENIED, 300000 },
	{ 408, PROBLEM("x"), CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 406, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 418, PROBLEM("x"), CRM_PARKED, false, CRM_WELL, 0 },
	{ 422, PROBLEM("Limit 250 per page"), CRM_PARKED, false, CRM_WELL, 0 },
	{ 429, "{\"status\":429,\"retry_after\":300}", CRM_AGAIN, true,
	    CRM_LIMITED, 300000 },
	{ 429, "<html>429</html>", CRM_AGAIN, true, CRM_LIMITED, 1000 },
	{ 301, "", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 500, PROBLEM("An unknown error occurred."), CRM_UNKNOWN, false,
	    CRM_FAILING, 0 },
	{ 502, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 503, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 504, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 200, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 200, "[]", CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 204, "", CRM_UNKNOWN, false, CRM_FAILING, 0 },
	/* the last one: no call is made with this token any more */
	{ 401, PROBLEM("Неверный логин или пароль"), CRM_AGAIN, true,
	    CRM_TOKEN, 0 },
};

#define ERROR(code) "{\"error\":\"" code "\",\"error_description\":\"said\"}"

static const struct row bitrix24_rows[] = {
	{ 503, ERROR("QUERY_LIMIT_EXCEEDED"), CRM_AGAIN, true, CRM_LIMITED,
	    1000 },
	{ 429, ERROR("OPERATION_TIME_LIMIT"), CRM_AGAIN, true, CRM_LIMITED,
	    600000 },
	{ 429, "", CRM_AGAIN, true, CRM_LIMITED, 1000 },
	{ 503, ERROR("OVERLOAD_LIMIT"), CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 401, ERROR("NO_AUTH_FOUND"), CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 401, ERROR("expired_token"), CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 401, ERROR("invalid_token"), CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 401, HTML, CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 403, ERROR("INVALID_CREDENTIALS"), CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 403, ERROR("insufficient_scope"), CRM_AGAIN, true, CRM_REAUTH, 0 },
	{ 403, ERROR("ACCESS_DENIED"), CRM_AGAIN, true, CRM_DENIED, 300000 },
	{ 403, HTML, CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 402, ERROR("PAYMENT_REQUIRED"), CRM_AGAIN, true, CRM_CLOSED,
	    600000 },
	{ 400, "{\"error\":\"\",\"error_description\":\"Access denied.\"}",
	    CRM_AGAIN, true, CRM_DENIED, 300000 },
	{ 400, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 404, ERROR("ERROR_METHOD_NOT_FOUND"), CRM_AGAIN, true, CRM_DENIED,
	    300000 },
	{ 404, HTML, CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 302, "", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 500, ERROR("INTERNAL_SERVER_ERROR"), CRM_UNKNOWN, false, CRM_FAILING,
	    0 },
	{ 502, HTML, CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 200, "{\"result\":[]}", CRM_UNKNOWN, false, CRM_FAILING, 0 },
	{ 200, ERROR("x"), CRM_UNKNOWN, false, CRM_FAILING, 0 },
};

static const struct row exec_rows[] = {
	{ 75, "", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 65, "", CRM_PARKED, false, CRM_WELL, 0 },
	{ 69, "", CRM_PARKED, false, CRM_WELL, 0 },
	{ 77, "", CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 78, "", CRM_AGAIN, true, CRM_CLOSED, 900000 },
	{ 1, "{\"id\":5}", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ -1, "", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 0, "5\n", CRM_AGAIN, false, CRM_FAILING, 0 },
	{ 0, "{\"lead\":5}", CRM_AGAIN, false, CRM_FAILING, 0 },
};

#define ROWS(of, rows) check_rows(of, rows, sizeof(rows) / sizeof(*(rows)))

static void
test_refusals(void **state)
{
	(void)state;
	ROWS(&kinds[0], amocrm_rows);
	ROWS(&kinds[1], bitrix24_rows);
	ROWS(&kinds[3], exec_rows);
}

/* A failing CRM may quote a person: what it says is kept with their lead alone,
 * never where it stands for the CRM. */
static void
test_quoted(void **state)
{
	static const char quote[] = "no room for Zaphodina";
	const struct crm_response ended = { .ran = true,
		.exit_code = 1,
		.error = quote };

	(void)state;
	kind_begin(&kinds[0]);
	create_one();
	answer(500, PROBLEM("no room for Zaphodina"));
	assert_string_equal(crm_job_state(job)->text, "amoCRM: HTTP 500");
	assert_string_equal(leads[0].text, "amoCRM: HTTP 500");
	kind_end();
	kind_begin(&kinds[3]);
	create_one();
	crm_job_answer(job, &ended, NOW);
	assert_string_equal(crm_job_state(job)->text,
	    "the program of LEAD_EXEC ended with 1");
	assert_string_equal(leads[0].text,
	    "the program of LEAD_EXEC ended with 1: no room for Zaphodina");
	kind_end();
}

/* 429 without a word of how long: longer each time, until one answer. */
static void
test_backoff(void **state)
{
	static const int64_t waits[] = { 1000, 2000, 4000, 8000 };

	(void)state;
	kind_begin(&kinds[0]);
	for (size_t i = 0; i < 4; i++) {
		create_one();
		answer(429, "");
		assert_int_equal(crm_job_state(job)->wait_ms, waits[i]);
		crm_job_close(job);
	}
	create_one();
	answer(200, kinds[0].good);
	crm_job_close(job);
	create_one();
	answer(429, "");
	assert_int_equal(crm_job_state(job)->wait_ms, 1000);
}

/* The person there, an empty map as PHP writes it, and what leaves. */
static void
test_bitrix24(void **state)
{
	const json_t *body;
	json_t *whole;

	(void)state;
	kind_begin(&kinds[1]);
	lead_make(0, MARKER, "+79991234567",
	    "{\"price\":5,\"utm\":{\"utm_source\":\"ya\",\"gclid\":\"g\"},"
	    "\"note\":\"hello\",\"status\":\"NEW\",\"fields\":{\"ufCrm1\":3}}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/crm.duplicate.findbycomm.json");
	assert_non_null(strstr(request.http.body, "\"89991234567\""));
	answer(200, "{\"result\":[]}");
	assert_string_equal(leads[0].contact_id, "");
	crm_job_close(job);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/crm.duplicate.findbycomm.json");
	answer(200, "{\"result\":{\"CONTACT\":[275,2297]}}");
	expect_ask(HTTP_POST, "/rest/1/s3cr3tc0de/crm.item.add.json");
	whole = asked_body();
	body = json_object_get(whole, "fields");
	assert_string_equal(json_get_text(body, "originId"), MARKER);
	assert_string_equal(json_get_text(body, "originatorId"), "leadpipe");
	assert_int_equal(json_get_int(body, "contactId", 0), 275);
	assert_int_equal(json_get_int(body, "ufCrm1", 0), 3);
	assert_string_equal(json_get_text(body, "stageId"), "NEW");
	assert_string_equal(json_get_text(body, "utmSource"), "ya");
	assert_non_null(strstr(json_get_text(body, "comments"), "hello"));
	assert_non_null(strstr(json_get_text(body, "comments"), "gclid: g"));
	json_decref(whole);
	answer(200,
	    "{\"result\":{\"item\":{\"id\":342}},\"time\":{\"operating\":450,"
	    "\"operating_reset_at\":1795000060}}");
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_int_equal(health(), CRM_LIMITED);
	assert_int_equal(crm_job_state(job)->wait_ms, 60000);
	expect_done();
	assert_true(leads[0].noted);
}

/* A lead that was found again has its note in its comments; what was said
 * later is a comment of its own. */
static void
test_bitrix24_notes(void **state)
{
	(void)state;
	crm_begin("bitrix24", BITRIX);
	lead_make(0, MARKER, NULL, "{\"note\":\"x\"}");
	strcpy(leads[0].remote_id, "55");
	job_begin(CRM_NOTE, 1);
	expect_done();
	assert_true(leads[0].noted);
	crm_job_close(job);
	json_decref(lead_details[0]);
	lead_make(0, MARKER, NULL, "{\"note\":\"x\",\"update\":\"y\"}");
	strcpy(leads[0].remote_id, "55");
	job_begin(CRM_NOTE, 1);
	expect_ask(HTTP_POST, "crm.timeline.comment.list");
	answer(200, "{\"result\":[]}");
	expect_ask(HTTP_POST, "crm.timeline.comment.add");
	answer(200, "{\"result\":9}");
	assert_true(leads[0].noted);
	expect_done();
}

/* A question that fails is not asked again and again. */
static void
test_bitrix24_silence(void **state)
{
	(void)state;
	crm_begin("bitrix24", BITRIX);
	lead_make(0, MARKER, "+79991234567", NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "crm.duplicate.findbycomm");
	answer(502, "<html>");
	expect_done();
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_false(leads[0].free);
}

/* Which field is wrong is not said: less and less is sent, never nothing. */
static void
test_bitrix24_strike(void **state)
{
	static const char refused[] = ERROR("CRM_FIELD_ERROR_VALUE");

	(void)state;
	kind_begin(&kinds[1]);
	lead_make(0, MARKER, "+79991234567",
	    "{\"note\":\"hello\",\"fields\":{\"ufCrm1\":3}}");
	strcpy(leads[0].contact_id, "275");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/crm.item.add.json");
	assert_non_null(strstr(request.http.body, "\"contactId\":275"));
	answer(400, refused);
	expect_ask(HTTP_POST, "/crm.item.add.json");
	assert_null(strstr(request.http.body, "contactId"));
	assert_non_null(strstr(request.http.body, "\"ufCrm1\":3"));
	answer(400, refused);
	expect_ask(HTTP_POST, "/crm.item.add.json");
	assert_null(strstr(request.http.body, "\"ufCrm1\":3"));
	assert_non_null(strstr(request.http.body, "ufCrm1: 3"));
	assert_non_null(strstr(request.http.body, "hello"));
	assert_int_equal(json_array_size(leads[0].dropped), 1);
	answer(400, refused);
	assert_int_equal(leads[0].verdict, CRM_PARKED);
	assert_non_null(strstr(leads[0].text, "CRM_FIELD_ERROR_VALUE"));
	expect_done();
}

static void
test_bitrix24_pull(void **state)
{
	const struct crm_change *changes;
	size_t count;

	(void)state;
	kind_begin(&kinds[1]);
	job_begin(CRM_PULL, 0);
	crm_job_pull_from(job, "2026-11-20T10:00:00+03:00");
	expect_ask(HTTP_POST, "/crm.item.list.json");
	assert_non_null(strstr(request.http.body,
	    "\">=updatedTime\":\"2026-11-20T10:00:00+03:00\""));
	answer(200,
	    "{\"result\":{\"items\":[{\"id\":1,\"stageId\":\"CONVERTED\","
	    "\"updatedTime\":\"2026-11-20T11:00:00+03:00\"}]},\"next\":50}");
	/* a lead that changes now moves to the end: no counting from here */
	expect_ask(HTTP_POST, "/crm.item.list.json");
	assert_non_null(strstr(request.http.body, "\"start\":0"));
	assert_non_null(strstr(request.http.body,
	    "\">=updatedTime\":\"2026-11-20T11:00:00+03:00\""));
	answer(200,
	    "{\"result\":{\"items\":[{\"id\":2,\"stageId\":\"JUNK\","
	    "\"updatedTime\":\"2026-11-20T11:00:00+03:00\"}]},\"next\":50}");
	/* but many of one moment are */
	expect_ask(HTTP_POST, "/crm.item.list.json");
	assert_non_null(strstr(request.http.body, "\"start\":50"));
	answer(200,
	    "{\"result\":{\"items\":[{\"id\":3,\"stageId\":\"NEW\","
	    "\"updatedTime\":\"2026-11-20T12:00:00+03:00\"}]}}");
	expect_done();
	changes = crm_job_changes(job, &count);
	assert_int_equal(count, 3);
	assert_true(changes[0].won && changes[1].lost);
	assert_string_equal(crm_job_cursor(job), "2026-11-20T12:00:00+03:00");
	crm_job_close(job);
	job_begin(CRM_PULL, 0);
	crm_job_pull_from(job, "2026-11-20T11:00:00+03:00 100");
	for (int page = 0; page < 20; page++) {
		expect_ask(HTTP_POST, "/crm.item.list.json");
		answer(200,
		    "{\"result\":{\"items\":[{\"id\":2,\"stageId\":\"JUNK\","
		    "\"updatedTime\":\"2026-11-20T11:00:00+03:00\"}]},"
		    "\"next\":150}");
	}
	expect_done();
	assert_string_equal(crm_job_cursor(job),
	    "2026-11-20T11:00:00+03:00 150");
}

static void
test_default(void **state)
{
	static const struct {
		const char *lines, *name, *says;
	} rows[] = {
		{ "LEAD_CRM=bitrix24\n" AMO BITRIX, "bitrix24", NULL },
		{ BITRIX, "bitrix24", NULL },
		{ AMO BITRIX, NULL, "set LEAD_CRM" },
		{ "LEAD_CRM=amocmr\n" AMO, NULL, "did you mean 'amocrm'" },
		{ "ADMIN_IDS=1\n", NULL, "no CRM is configured" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *name;

		(void)!crm_try("none", rows[i].lines);
		name = crm_default(crm_config, &fault);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else if (name || !strstr(fault.text, rows[i].says))
			fail_msg("row %zu: %s %s", i, name, fault.text);
		config_close(crm_config);
	}
	crm_config = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CRM(test_contract),
		WITH_CRM(test_refusals),
		WITH_CRM(test_quoted),
		WITH_CRM(test_backoff),
		WITH_CRM(test_bitrix24),
		WITH_CRM(test_bitrix24_strike),
		WITH_CRM(test_bitrix24_notes),
		WITH_CRM(test_bitrix24_silence),
		WITH_CRM(test_bitrix24_pull),
		WITH_CRM(test_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
