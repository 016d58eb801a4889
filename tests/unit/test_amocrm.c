/* SPDX-License-Identifier: MIT */
/* needs: crm telegram net store base */
#include "unit/crm_case.h"

#include "crm/job.h"
#include "crm/lookup.h"
#include "store/limits.h"

#define BASE "https://shop.amocrm.ru"
#define SETTINGS \
	"AMOCRM_BASE_URL=" BASE "/\n" \
	"AMOCRM_LONG_LIVED_TOKEN=eyJ0eXAi.eyJleHAi.c2lnbmF0dXJl\n"
#define PHONE_1 "+79991234567"
#define PHONE_2 "+79997654321"

#define PERSON(id, phone) \
	"{\"id\":" id ",\"custom_fields_values\":[{\"field_code\":\"PHONE\"," \
	"\"values\":[{\"value\":\"8 800 000\"},{\"value\":\"" phone "\"}]}]}"
#define PERSONS(list) "{\"_embedded\":{\"contacts\":[" list "]}}"
#define COMPLEX(id, person, marker) \
	"{\"id\":" id ",\"contact_id\":" person \
	",\"company_id\":null,\"request_id\":[\"lp-" marker \
	"\"],\"merged\":false}"
#define LEADS(list) "{\"_embedded\":{\"leads\":[" list "]}}"

#define LOOKUP \
	"{\"account\":\"Shop\",\"pipelines\":[{\"id\":\"10\",\"name\":\"Продажи\"," \
	"\"main\":true,\"statuses\":[{\"id\":\"101\",\"name\":\"Новая\"}," \
	"{\"id\":\"142\",\"name\":\"Успешно\"}]},{\"id\":\"20\",\"name\":\"Опт\"," \
	"\"main\":false,\"statuses\":[{\"id\":\"201\",\"name\":\"Звонок\"}]}]," \
	"\"fields\":[{\"id\":\"7\",\"code\":\"UTM_SOURCE\",\"name\":\"utm\"," \
	"\"type\":\"tracking_data\"},{\"id\":\"8\",\"name\":\"Город\"," \
	"\"type\":\"select\",\"enums\":[{\"id\":\"81\",\"name\":\"Москва\"}]}," \
	"{\"id\":\"9\",\"name\":\"VIP\",\"type\":\"checkbox\"},{\"id\":\"11\"," \
	"\"name\":\"Дата\",\"type\":\"date\"}]}"

static void
open_account(const char *more)
{
	json_t *lookup = json_loads(LOOKUP, 0, NULL);
	char *lines = mem_printf(SETTINGS "%s", more);

	state_ok(lookup_save(db, "amocrm", lookup, NOW, &fault), &fault);
	json_decref(lookup);
	crm_begin("amocrm", lines);
	free(lines);
}

static const json_t *
at(const json_t *json, const char *path)
{
	char *copy = mem_dup(path), *rest = copy, *part;

	while ((part = strsep(&rest, "/"))) {
		json = json_is_array(json)
		    ? json_array_get(json, (size_t)atoi(part))
		    : json_object_get(json, part);
		if (!json)
			fail_msg("no %s of %s", part, path);
	}
	free(copy);
	return json;
}

static void
check_text(const json_t *json, const char *path, const char *text)
{
	assert_string_equal(json_string_value(at(json, path)), text);
}

static void
check_int(const json_t *json, const char *path, int64_t value)
{
	assert_int_equal(json_integer_value(at(json, path)), value);
}

/* A new person: one call creates both. */
static void
test_complex(void **state)
{
	json_t *body;

	(void)state;
	open_account("");
	assert_null(crm_chore(crm, NOW));
	lead_make(0, MARKER, PHONE_1,
	    "{\"price\":990,\"tags\":[\"telegram\"],\"note\":\"Перезвонить\","
	    "\"utm\":{\"utm_source\":\"yandex\"},\"pipeline\":\"опт\","
	    "\"status\":\"звонок\",\"fields\":{\"Город\":\"москва\","
	    "\"VIP\":true,\"11\":1795000000}}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_GET, BASE "/api/v4/contacts?query=9991234567");
	assert_false(request.creates);
	assert_non_null(strstr(request.http.headers[0], "Bearer eyJ0"));
	answer(204, "");
	expect_ask(HTTP_POST, BASE "/api/v4/leads/complex");
	assert_true(request.creates && leads[0].leaving);
	body = asked_body();
	check_text(body, "0/name", "Заявка с сайта " MARKER);
	check_int(body, "0/price", 990);
	check_int(body, "0/pipeline_id", 20);
	check_int(body, "0/status_id", 201);
	check_text(body, "0/request_id", "lp-" MARKER);
	check_text(body, "0/_embedded/tags/0/name", "telegram");
	check_text(body, "0/_embedded/contacts/0/first_name", "Иван Петров");
	check_text(body,
	    "0/_embedded/contacts/0/custom_fields_values/0/values/0/value",
	    PHONE_1);
	check_int(body, "0/custom_fields_values/0/values/0/enum_id", 81);
	assert_true(
	    json_is_true(at(body, "0/custom_fields_values/1/values/0/value")));
	check_int(body, "0/custom_fields_values/2/values/0/value", 1795000000);
	check_int(body, "0/custom_fields_values/3/field_id", 7);
	json_decref(body);
	answer(200, "[" COMPLEX("501", "601", MARKER) "]");
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_string_equal(leads[0].remote_id, "501");
	assert_string_equal(leads[0].contact_id, "601");
	assert_false(leads[0].leaving);
	assert_null(leads[0].dropped);
	expect_ask(HTTP_POST, "/api/v4/leads/notes");
	body = asked_body();
	check_int(body, "0/entity_id", 501);
	assert_non_null(strstr(json_string_value(at(body, "0/params/text")),
	    "Перезвонить"));
	json_decref(body);
	answer(200, "{\"_embedded\":{\"notes\":[{\"id\":1}]}}");
	assert_true(leads[0].noted);
	expect_done();
}

/* `query` is fuzzy: only the same number is the same person. */
static void
test_person(void **state)
{
	json_t *body;

	(void)state;
	open_account("");
	lead_make(0, MARKER, PHONE_1, NULL);
	lead_make(1, "LPOTHER00001", PHONE_2, NULL);
	job_begin(CRM_CREATE, 2);
	expect_ask(HTTP_GET, "query=9991234567");
	answer(200,
	    PERSONS(PERSON("70", "+7 999 123-45-68") "," PERSON("71",
		"8 (999) 123-45-67")));
	assert_string_equal(leads[0].contact_id, "71");
	expect_ask(HTTP_GET, "query=9997654321");
	answer(200, PERSONS(PERSON("72", "999123456")));
	assert_string_equal(leads[1].contact_id, "");
	expect_ask(HTTP_POST, "/api/v4/leads/complex");
	assert_true(leads[1].leaving && !leads[0].leaving);
	answer(200, "[" COMPLEX("502", "602", "LPOTHER00001") "]");
	expect_ask(HTTP_POST, "/api/v4/leads");
	assert_null(strstr(request.http.url, "complex"));
	body = asked_body();
	check_int(body, "0/_embedded/contacts/0/id", 71);
	assert_true(json_is_true(at(body, "0/_embedded/contacts/0/is_main")));
	json_decref(body);
	answer(200, LEADS("{\"id\":503,\"request_id\":\"lp-" MARKER "\"}"));
	assert_string_equal(leads[0].remote_id, "503");
	assert_string_equal(leads[0].contact_id, "71");
	expect_done();
}

static void
three_people(enum crm_task task)
{
	static const char *const markers[] = { MARKER, "LPOTHER00001",
		"LPOTHER00002" };
	static const char *const phones[] = { PHONE_1, PHONE_2,
		"+79990000003" };

	open_account("");
	for (int i = 0; i < 3; i++) {
		lead_make(i, markers[i], phones[i], "{\"note\":\"x\"}");
		if (task == CRM_NOTE)
			snprintf(leads[i].remote_id,
			    sizeof(leads[i].remote_id), "%d", 50 + i);
	}
	job_begin(task, 3);
}

/* One lookup without an answer: that lead waits, its neighbours go. */
static void
test_person_lost(void **state)
{
	(void)state;
	three_people(CRM_CREATE);
	expect_ask(HTTP_GET, "query=9991234567");
	answer(204, "");
	expect_ask(HTTP_GET, "query=9997654321");
	answer(502, "<html>");
	assert_int_equal(leads[1].verdict, CRM_AGAIN);
	assert_false(leads[1].free);
	assert_non_null(strstr(leads[1].text, "502"));
	expect_ask(HTTP_GET, "query=9990000003");
	answer(204, "");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[0].leaving && !leads[1].leaving && leads[2].leaving);
	answer(200,
	    "[" COMPLEX("501", "601", MARKER) "," COMPLEX("502", "602",
		"LPOTHER00002") "]");
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_int_equal(leads[2].verdict, CRM_CREATED);
}

/* Two in a row: the CRM is away; who was not asked for uses up no try. */
static void
test_person_away(void **state)
{
	(void)state;
	three_people(CRM_CREATE);
	expect_ask(HTTP_GET, "query=9991234567");
	answer_nothing(HTTP_NOT_LEFT);
	expect_ask(HTTP_GET, "query=9997654321");
	answer_nothing(HTTP_NOT_LEFT);
	expect_done();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(leads[i].verdict, CRM_AGAIN);
		assert_int_equal(leads[i].free, i == 2);
	}
	assert_int_equal(health(), CRM_FAILING);
}

/* The same for leads in doubt, and for those whose note is looked for. */
static void
test_question_lost(void **state)
{
	(void)state;
	three_people(CRM_SEARCH);
	expect_ask(HTTP_GET, "query=" MARKER);
	answer(502, "<html>");
	assert_int_equal(leads[0].verdict, CRM_UNKNOWN);
	expect_ask(HTTP_GET, "query=LPOTHER00001");
	answer(200, LEADS("{\"id\":31,\"name\":\"LPOTHER00001\"}"));
	assert_int_equal(leads[1].verdict, CRM_CREATED);
	crm_job_close(job);
	for (int i = 0; i < 3; i++) {
		json_decref(lead_details[i]);
		lead_details[i] = NULL;
	}
	crm_close(crm);
	config_close(crm_config);
	three_people(CRM_NOTE);
	expect_ask(HTTP_GET, "/leads/50/notes");
	answer(502, "<html>");
	expect_ask(HTTP_GET, "/leads/51/notes");
	answer(204, "");
	expect_ask(HTTP_GET, "/leads/52/notes");
	answer(204, "");
	expect_ask(HTTP_POST, "/leads/notes");
	assert_null(strstr(request.http.body, "\"entity_id\":50"));
	answer(200, "{\"_embedded\":{\"notes\":[{\"id\":1}]}}");
	assert_false(leads[0].noted);
	assert_true(leads[1].noted && leads[2].noted);
	crm_job_close(job);
	for (int i = 0; i < 3; i++)
		leads[i].noted = false;
	job_begin(CRM_NOTE, 3);
	expect_ask(HTTP_GET, "/leads/50/notes");
	answer(502, "<html>");
	expect_ask(HTTP_GET, "/leads/51/notes");
	answer(502, "<html>");
	expect_done();
	assert_true(!leads[0].free && !leads[1].free && leads[2].free);
}

/* What may be asked in ten seconds is nearly all asked, and never more in any
 * one. */
static void
test_rate(void **state)
{
	struct crm_bounds bounds;
	int64_t taken[100], until;
	int count = 0;

	(void)state;
	open_account("");
	bounds = crm_bounds(crm);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	for (int64_t at = NOW; at < NOW + 10000; at += 3) {
		state_ok(limits_take_crm(db, "amocrm", bounds.per_second,
			     bounds.burst, at, &until, &fault),
		    &fault);
		if (until != 0)
			continue;
		taken[count++] = at;
		if (count > bounds.per_second)
			assert_true(
			    at - taken[count - 1 - bounds.per_second] >= 1000);
	}
	db_rollback(db);
	assert_true(count >= bounds.per_second * 9);
}

/* Two leads of one new person in one job become one person. */
static void
test_same_person(void **state)
{
	json_t *body;

	(void)state;
	open_account("");
	lead_make(0, MARKER, PHONE_1, NULL);
	lead_make(1, "LPOTHER00001", PHONE_1, NULL);
	job_begin(CRM_CREATE, 2);
	expect_ask(HTTP_GET, "query=9991234567");
	answer(204, "");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[0].leaving && !leads[1].leaving);
	answer(200, "[" COMPLEX("501", "601", MARKER) "]");
	expect_ask(HTTP_POST, "/api/v4/leads");
	body = asked_body();
	check_int(body, "0/_embedded/contacts/0/id", 601);
	json_decref(body);
	answer(200, LEADS("{\"id\":502,\"request_id\":\"lp-LPOTHER00001\"}"));
	assert_int_equal(leads[1].verdict, CRM_CREATED);
	expect_done();
}

/* What the account does not have is left out and told, the lead goes. */
static void
test_dropped(void **state)
{
	json_t *body;

	(void)state;
	open_account("AMO_PIPELINE_ID=Продожи\n");
	lead_make(0, MARKER, NULL,
	    "{\"fields\":{\"Горд\":\"x\",\"Город\":\"Тверь\"},"
	    "\"utm\":{\"utm_id\":\"5\"}}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/complex");
	body = asked_body();
	assert_null(json_object_get(at(body, "0"), "pipeline_id"));
	assert_null(json_object_get(at(body, "0"), "custom_fields_values"));
	json_decref(body);
	assert_int_equal(json_array_size(leads[0].dropped), 4);
	check_text(leads[0].dropped, "0/field", "pipeline");
	check_text(leads[0].dropped, "0/why",
	    "amoCRM has no such name, perhaps 'Продажи'");
	check_text(leads[0].dropped, "1/why",
	    "amoCRM has no such name, perhaps 'Город'");
	check_text(leads[0].dropped, "2/field", "Город");
	answer(200, "[" COMPLEX("501", "601", MARKER) "]");
	expect_ask(HTTP_POST, "/notes");
	body = asked_body();
	assert_non_null(
	    strstr(json_string_value(at(body, "0/params/text")), "Тверь"));
	json_decref(body);
	answer(500, "");
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_false(leads[0].noted);
	expect_done();
	/* a name that is missing is looked up anew, but not each time */
	assert_null(crm_chore(crm, NOW + 1000));
	crm_job_close(job);
	job = crm_chore(crm, NOW + LOOKUP_MISS_MS + 1);
	assert_non_null(job);
}

/* An account that does not tell us its names: one that was meant is not left
 * out without a word, ids go as they are, and it is asked again soon. */
static void
test_names_refused(void **state)
{
	static const char no[] = "{\"title\":\"Forbidden\",\"status\":403}";
	json_t *body;

	(void)state;
	crm_begin("amocrm",
	    SETTINGS "AMO_PIPELINE_ID=Опт\nAMO_STATUS_ID=201\n");
	job = crm_chore(crm, NOW);
	for (int i = 0; i < 3; i++) {
		expect_ask(HTTP_GET, "/api/v4/");
		answer(403, no);
	}
	expect_done();
	crm_job_close(job);
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/complex");
	body = asked_body();
	assert_null(json_object_get(at(body, "0"), "pipeline_id"));
	check_int(body, "0/status_id", 201);
	json_decref(body);
	assert_int_equal(json_array_size(leads[0].dropped), 1);
	check_text(leads[0].dropped, "0/field", "pipeline");
	check_text(leads[0].dropped, "0/why",
	    "amoCRM does not tell us its names");
	/* also by who has missed nothing */
	crm_job_close(job);
	crm_close(crm);
	state_ok(crm_open(&crm, "amocrm", crm_config, db, &fault), &fault);
	job = crm_chore(crm, NOW + 1000);
	assert_null(job);
	job = crm_chore(crm, NOW + LOOKUP_MISS_MS + 1);
	assert_non_null(job);
}

#define REFUSED(list) \
	"{\"validation-errors\":[" list "],\"title\":\"Bad Request\"," \
	"\"status\":400,\"detail\":\"Request validation failed\"}"
#define BAD(request, path) \
	"{\"request_id\":\"" request "\",\"errors\":[{\"code\":" \
	"\"NotSupportedChoice\",\"path\":\"" path \
	"\",\"detail\":\"not a valid choice\"}]}"

static void
batch_of_three(void)
{
	lead_make(0, MARKER, NULL, NULL);
	lead_make(1, "LPOTHER00001", NULL,
	    "{\"fields\":{\"Город\":\"Москва\",\"VIP\":1}}");
	lead_make(2, "LPOTHER00002", NULL, NULL);
	job_begin(CRM_CREATE, 3);
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[0].leaving && leads[1].leaving && leads[2].leaving);
}

/* One bad field: the others go together, the bad one alone and without it. */
static void
test_strike(void **state)
{
	json_t *body;

	(void)state;
	open_account("");
	batch_of_three();
	answer(400,
	    REFUSED(BAD("lp-LPOTHER00001", "custom_fields_values.0.values")));
	assert_int_equal(health(), CRM_WELL);
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[0].leaving && !leads[1].leaving && leads[2].leaving);
	answer(200,
	    "[" COMPLEX("1", "11", MARKER) "," COMPLEX("3", "13",
		"LPOTHER00002") "]");
	assert_int_equal(leads[1].verdict, CRM_PENDING);
	expect_ask(HTTP_POST, "/complex");
	body = asked_body();
	assert_int_equal(json_array_size(body), 1);
	assert_int_equal(json_array_size(at(body, "0/custom_fields_values")),
	    1);
	check_int(body, "0/custom_fields_values/0/field_id", 9);
	json_decref(body);
	check_text(leads[1].dropped, "0/field", "Город");
	check_text(leads[1].dropped, "0/why", "not a valid choice");
	answer(200, "[" COMPLEX("2", "12", "LPOTHER00001") "]");
	assert_string_equal(leads[1].remote_id, "2");
	expect_ask(HTTP_POST, "/notes");
}

/* Nothing that is named can be left out: name and person alone, then the
 * lead waits for somebody. */
static void
test_park(void **state)
{
	(void)state;
	open_account("");
	lead_make(0, MARKER, NULL, "{\"fields\":{\"VIP\":1},\"price\":5}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/complex");
	answer(400, REFUSED(BAD("0", "responsible_user_id")));
	expect_ask(HTTP_POST, "/complex");
	assert_null(strstr(request.http.body,
	    "custom_fields_values\":[{\"field_id\":9"));
	assert_null(strstr(request.http.body, "\"price\""));
	answer(400, REFUSED(BAD("0", "responsible_user_id")));
	assert_int_equal(leads[0].verdict, CRM_PARKED);
	assert_non_null(strstr(leads[0].text, "responsible_user_id"));
	assert_true(leads[0].remedy[0]);
	expect_done();
}

/* Which one is bad is not said: found by halves, its neighbours go. */
static void
test_halves(void **state)
{
	(void)state;
	open_account("");
	batch_of_three();
	answer(413, "<html>");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[0].leaving && !leads[1].leaving);
	answer(200, "[" COMPLEX("1", "11", MARKER) "]");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[1].leaving && !leads[2].leaving);
	answer(413, "<html>");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[2].leaving);
	answer(200, "[" COMPLEX("3", "13", "LPOTHER00002") "]");
	expect_ask(HTTP_POST, "/complex");
	assert_true(leads[1].leaving);
	answer(413, "<html>");
	assert_int_equal(leads[1].verdict, CRM_PARKED);
}

/* A contact that was merged away meanwhile is forgotten. */
static void
test_person_gone(void **state)
{
	(void)state;
	open_account("");
	lead_make(0, MARKER, PHONE_1, NULL);
	strcpy(leads[0].contact_id, "77");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/api/v4/leads");
	answer(400, REFUSED(BAD("lp-" MARKER, "_embedded.contacts.0.id")));
	expect_ask(HTTP_POST, "/complex");
	assert_non_null(strstr(request.http.body, PHONE_1));
}

/* A batch whose reply is lost: each of its leads is searched for. */
static void
test_unknown(void **state)
{
	(void)state;
	open_account("");
	batch_of_three();
	answer_nothing(HTTP_LEFT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(leads[i].verdict, CRM_UNKNOWN);
	assert_int_equal(health(), CRM_FAILING);
	expect_done();
	crm_job_close(job);
	job_begin(CRM_SEARCH, 3);
	expect_ask(HTTP_GET, "/api/v4/leads?query=" MARKER "&");
	/* fuzzy: what only looks like it is not taken */
	answer(200,
	    LEADS("{\"id\":9,\"name\":\"x " MARKER "Z\"},"
		  "{\"id\":8,\"name\":\"x LP7Q2M4K9XTC\"}"));
	assert_int_equal(leads[0].verdict, CRM_PENDING);
	expect_ask(HTTP_GET, "query=LPOTHER00001");
	answer(200,
	    LEADS("{\"id\":31,\"name\":\"renamed\",\"custom_fields_values\":"
		  "[{\"values\":[{\"value\":\"LPOTHER00001\"}]}],"
		  "\"_embedded\":{\"contacts\":[{\"id\":41}]}}"));
	assert_string_equal(leads[1].remote_id, "31");
	assert_string_equal(leads[1].contact_id, "41");
	expect_ask(HTTP_GET, "query=LPOTHER00002");
	answer(204, "");
	/* the index lags behind: the newest are looked through */
	expect_ask(HTTP_GET, "order[created_at]=desc");
	answer(200, LEADS("{\"id\":32,\"name\":\"y LPOTHER00002\"}"));
	assert_string_equal(leads[2].remote_id, "32");
	expect_done();
	assert_int_equal(leads[0].verdict, CRM_ABSENT);
}

/* Whoever may create leads but not read or annotate them: nothing is asked
 * in a circle, nothing is given up, and the rest goes on. */
static void
test_denied(void **state)
{
	static const char no[] = "{\"title\":\"Forbidden\",\"status\":403}";

	(void)state;
	open_account("");
	lead_make(0, MARKER, PHONE_1, "{\"note\":\"x\"}");
	job_begin(CRM_SEARCH, 1);
	expect_ask(HTTP_GET, "query=" MARKER);
	answer(403, no);
	expect_done();
	assert_int_equal(leads[0].verdict, CRM_UNKNOWN);
	assert_false(leads[0].free);
	assert_int_equal(health(), CRM_WELL);
	crm_job_close(job);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_GET, "/contacts?query=");
	answer(403, no);
	expect_ask(HTTP_POST, "/leads/complex");
	answer(200, "[" COMPLEX("501", "601", MARKER) "]");
	expect_ask(HTTP_POST, "/leads/notes");
	answer(403, no);
	expect_done();
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	assert_false(leads[0].noted);
	assert_int_equal(health(), CRM_WELL);
}

/* A pipeline that was removed since: the lead goes without it at once. */
static void
test_place_gone(void **state)
{
	static const char gone[] = "{\"title\":\"Not Found\",\"status\":404,"
				   "\"detail\":\"Pipeline not found\"}";

	(void)state;
	open_account("");
	lead_make(0, MARKER, NULL,
	    "{\"pipeline\":\"опт\",\"status\":\"звонок\"}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/leads/complex");
	assert_non_null(strstr(request.http.body, "\"pipeline_id\":20"));
	answer(404, gone);
	assert_int_equal(health(), CRM_WELL);
	expect_ask(HTTP_POST, "/leads/complex");
	assert_null(strstr(request.http.body, "pipeline_id"));
	assert_null(strstr(request.http.body, "status_id"));
	assert_int_equal(json_array_size(leads[0].dropped), 1);
	answer(404, gone);
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_int_equal(health(), CRM_DENIED);
	expect_done();
	/* the names are asked for again */
	crm_job_close(job);
	job = crm_chore(crm, NOW + 700000);
	assert_non_null(job);
}

static void
test_unsorted(void **state)
{
	json_t *body;

	(void)state;
	open_account("AMOCRM_MODE=unsorted\n");
	lead_make(0, MARKER, PHONE_1, "{\"page\":\"https://a.example/\"}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/api/v4/leads/unsorted/forms");
	body = asked_body();
	check_text(body, "0/metadata/form_page", "https://a.example/");
	check_text(body, "0/source_uid", "form");
	check_text(body, "0/_embedded/leads/0/name", "Заявка с сайта " MARKER);
	check_text(body, "0/_embedded/contacts/0/first_name", "Иван Петров");
	json_decref(body);
	answer(200,
	    "{\"_embedded\":{\"unsorted\":[{\"uid\":\"a\",\"request_id\":"
	    "\"lp-" MARKER "\",\"_embedded\":{\"leads\":[{\"id\":5}],"
	    "\"contacts\":[{\"id\":6}]}}]}}");
	assert_string_equal(leads[0].remote_id, "5");
	assert_string_equal(leads[0].contact_id, "6");
}

static void
test_note_once(void **state)
{
	char *mark;

	(void)state;
	open_account("");
	lead_make(0, MARKER, NULL, "{\"note\":\"x\"}");
	strcpy(leads[0].remote_id, "55");
	job_begin(CRM_NOTE, 1);
	expect_ask(HTTP_GET, "/api/v4/leads/55/notes?");
	answer(200,
	    "{\"_embedded\":{\"notes\":[{\"params\":{\"text\":\"y " MARKER
	    " 00000000\"}}]}}");
	expect_ask(HTTP_POST, "/api/v4/leads/notes");
	mark = mem_printf("{\"_embedded\":{\"notes\":%s}}", request.http.body);
	answer_nothing(HTTP_LEFT);
	assert_false(leads[0].noted);
	crm_job_close(job);
	job_begin(CRM_NOTE, 1);
	expect_ask(HTTP_GET, "/api/v4/leads/55/notes?");
	answer(200, mark);
	free(mark);
	assert_true(leads[0].noted);
	expect_done();
}

/* However much is in it, it is known again by its last line. */
static void
test_note_full(void **state)
{
	char *value = mem_printf("%0999d", 7), *note;

	(void)state;
	lead_make(0, MARKER, NULL, "{\"note\":\"x\"}");
	for (int i = 0; i < 100; i++) {
		json_auto_t *text = json_string(value);

		crm_lead_drop(&leads[0], "field", text, "no such field");
	}
	note = crm_lead_note(&leads[0]);
	assert_non_null(strstr(note, "\n...\n" MARKER " "));
	assert_ptr_equal(strstr(crm_note_mark(note), MARKER),
	    crm_note_mark(note));
	free(note);
	free(value);
}

static void
test_lookup(void **state)
{
	(void)state;
	crm_begin("amocrm", SETTINGS);
	job = crm_chore(crm, NOW);
	assert_non_null(job);
	expect_ask(HTTP_GET, "/api/v4/account");
	answer(200, "{\"id\":1,\"name\":\"Shop\"}");
	expect_ask(HTTP_GET, "/api/v4/leads/pipelines");
	answer(200,
	    "{\"_embedded\":{\"pipelines\":[{\"id\":10,\"name\":\"A\","
	    "\"is_main\":true,\"_embedded\":{\"statuses\":[{\"id\":1,"
	    "\"name\":\"B\"}]}}]}}");
	expect_ask(HTTP_GET, "/api/v4/leads/custom_fields?limit=250&page=1");
	answer(403, "{\"title\":\"Forbidden\",\"status\":403}");
	expect_done();
	assert_null(crm_chore(crm, NOW));
	crm_job_close(job);
	job = NULL;
	lead_make(0, MARKER, NULL, "{\"pipeline\":\"a\",\"status\":\"b\"}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/complex");
	assert_non_null(strstr(request.http.body, "\"pipeline_id\":10"));
	assert_non_null(strstr(request.http.body, "\"status_id\":1"));
}

static void
test_pull(void **state)
{
	const struct crm_change *changes;
	size_t count;

	(void)state;
	open_account("");
	job_begin(CRM_PULL, 0);
	crm_job_pull_from(job, "1795000000");
	expect_ask(HTTP_GET, "filter[updated_at][from]=1795000000");
	answer(200,
	    LEADS("{\"id\":3,\"status_id\":143,\"pipeline_id\":10,"
		  "\"updated_at\":1795000900},{\"id\":2,\"status_id\":142,"
		  "\"pipeline_id\":10,\"updated_at\":1795000500},"
		  "{\"id\":1,\"status_id\":101,\"updated_at\":1794000000}"));
	expect_done();
	changes = crm_job_changes(job, &count);
	assert_int_equal(count, 2);
	assert_string_equal(changes[0].remote_id, "2");
	assert_string_equal(changes[0].status, "Успешно");
	assert_true(changes[0].won && changes[1].lost);
	assert_string_equal(crm_job_cursor(job), "1795000900");
}

/* A full page of changes at second AT, ids from ID on. */
static void
answer_full(int64_t at, int id)
{
	struct buf body = BUF_INIT(1 << 20);

	buf_add_text(&body, "{\"_embedded\":{\"leads\":[");
	for (int i = 0; i < 250; i++)
		buf_printf(&body,
		    "%s{\"id\":%d,\"status_id\":142,\"updated_at\":%lld}",
		    i ? "," : "", id + i, (long long)at);
	buf_add_text(&body, "]}}");
	answer(200, body.data);
	buf_release(&body);
}

/* More changes than one job brings: the next goes on where it ended, and the
 * cursor moves only when all were heard. */
static void
test_pull_many(void **state)
{
	size_t count;

	(void)state;
	open_account("");
	job_begin(CRM_PULL, 0);
	crm_job_pull_from(job, "1795000000");
	for (int page = 1; page <= 8; page++) {
		expect_ask(HTTP_GET, "&page=");
		answer_full(1795009000 - page, page * 1000);
	}
	expect_done();
	(void)crm_job_changes(job, &count);
	assert_int_equal(count, 2000);
	assert_string_equal(crm_job_cursor(job), "1795000000 1795008999 8");
	crm_job_close(job);
	job_begin(CRM_PULL, 0);
	crm_job_pull_from(job, "1795000000 1795008999 8");
	expect_ask(HTTP_GET, "&page=8&filter[updated_at][from]=1795000000");
	answer_full(1795009999, 9000);
	expect_ask(HTTP_GET, "&page=9&");
	answer(200,
	    LEADS("{\"id\":3,\"status_id\":143,"
		  "\"updated_at\":1795000100}"));
	expect_done();
	/* what is newer than the first page was then is heard from there */
	assert_string_equal(crm_job_cursor(job), "1795008999");
}

static void
test_settings(void **state)
{
	static const char *const bad[] = { "https://amocrm.ru",
		"https://www.amocrm.ru", "http://shop.amocrm.ru",
		"https://shop.amocrm.ru.evil.example",
		"https://user@shop.amocrm.ru", "https://shop.amocrm.ru/leads",
		"https://a.b.amocrm.ru", "https://shop.amocrm.ru:8443",
		"shop.amocrm.ru", "http://10.0.0.1" };
	static const char *const good[] = { "https://shop.amocrm.ru",
		"https://Shop-2.kommo.com/", "https://x.amocrm.com",
		"http://127.0.0.1:8080" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *lines = mem_printf("AMOCRM_BASE_URL=%s\n", bad[i]);

		if (crm_try("amocrm", lines) == OUT_OK)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(fault.text, "https://NAME.amocrm.ru"));
		config_close(crm_config);
		free(lines);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char *lines = mem_printf("AMOCRM_BASE_URL=%s\n", good[i]);

		crm_begin("amocrm", lines);
		crm_close(crm);
		config_close(crm_config);
		free(lines);
	}
	crm = NULL;
	crm_config = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CRM(test_complex),
		WITH_CRM(test_person),
		WITH_CRM(test_person_lost),
		WITH_CRM(test_person_away),
		WITH_CRM(test_question_lost),
		WITH_CRM(test_rate),
		WITH_CRM(test_same_person),
		WITH_CRM(test_dropped),
		WITH_CRM(test_names_refused),
		WITH_CRM(test_strike),
		WITH_CRM(test_park),
		WITH_CRM(test_halves),
		WITH_CRM(test_person_gone),
		WITH_CRM(test_unknown),
		WITH_CRM(test_denied),
		WITH_CRM(test_place_gone),
		WITH_CRM(test_unsorted),
		WITH_CRM(test_note_once),
		WITH_CRM(test_note_full),
		WITH_CRM(test_lookup),
		WITH_CRM(test_pull),
		WITH_CRM(test_pull_many),
		WITH_CRM(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
