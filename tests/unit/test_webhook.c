/* SPDX-License-Identifier: MIT */
/* needs: crm telegram net store base */
#include "unit/crm_case.h"

#include "base/base64.h"
#include "crm/webhook_sign.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT 1614265330
#define BODY "{\"test\": 2432232314}"
#define RIGHT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define WRONG "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

/* The vectors that Standard Webhooks publishes. */
static const struct {
	const char *id, *timestamp, *signatures;
	int64_t now;
	bool good;
} vectors[] = {
	{ ID, "1614265330", RIGHT, AT, true },
	{ ID, "1614265330",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=", AT, false },
	{ ID, "1614265330", "v1,dawfeoifkpqwoekfpqoekf", AT, false },
	{ ID, "1614265330", "v1,", AT, false },
	{ ID, "1614265330",
	    WRONG " v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= " RIGHT
		  " " WRONG,
	    AT, true },
	{ ID, "hello", RIGHT, AT, false },
	{ NULL, "1614265330", RIGHT, AT, false },
	{ ID, NULL, RIGHT, AT, false },
	{ ID, "1614265330", NULL, AT, false },
	{ ID, "1614265330", RIGHT, AT + 301, false },
	{ ID, "1614265330", RIGHT, AT - 301, false },
	{ ID, "1614265330", RIGHT, AT + 300, true },
	{ "msg_other", "1614265330", RIGHT, AT, false },
};

static void
test_vectors(void **state)
{
	struct webhook_key key;

	(void)state;
	assert_true(webhook_key_read(&key, SECRET));
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		if (webhook_verify(&key, vectors[i].id, vectors[i].timestamp,
			vectors[i].signatures, BODY, strlen(BODY),
			vectors[i].now) != vectors[i].good)
			fail_msg("vector %zu", i);
}

static void
test_sign(void **state)
{
	struct webhook_key key;
	char *made;

	(void)state;
	assert_true(webhook_key_read(&key, strchr(SECRET, '_') + 1));
	made = webhook_sign(&key, ID, AT, BODY, strlen(BODY));
	assert_string_equal(made, RIGHT);
	free(made);
}

static void
test_bad_keys(void **state)
{
	static const char *const bad[] = { "", "whsec_", "whsec_***",
		"whsec_A",
		"whsec_" /* 65 bytes */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	struct webhook_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (webhook_key_read(&key, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
}

/* RFC 4648, section 10, and the URL-safe alphabet of tokens. */
static void
test_base64(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" } };
	char *text, *data;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		text = base64_encode(pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(text, pairs[i][1]);
		assert_true(base64_decode(text, strlen(text), &data, &len));
		assert_int_equal(len, strlen(pairs[i][0]));
		assert_string_equal(data, pairs[i][0]);
		free(data);
		free(text);
	}
	assert_true(base64_decode("-__-", 4, &data, &len));
	assert_string_equal(data, "\xfb\xff\xfe");
	free(data);
	assert_true(base64_decode("Zg", 2, &data, &len));
	free(data);
	assert_false(base64_decode("Z", 1, &data, &len));
	assert_false(base64_decode("Zm 9v", 5, &data, &len));
}

#define SETTINGS \
	"LEAD_WEBHOOK_URL=https://crm.example/hooks\n" \
	"LEAD_WEBHOOK_SECRET=" SECRET "\n"

static const char *
header(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request.http.header_count; i++)
		if (strncmp(request.http.headers[i], name, len) == 0)
			return request.http.headers[i] + len;
	return NULL;
}

static void
send_lead(void)
{
	lead_make(0, MARKER, "+79991234567", "{\"price\":5}");
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "https://crm.example/hooks");
}

/* What leaves is what a receiver accepts, and the same over all tries. */
static void
test_request(void **state)
{
	struct webhook_key key;
	char *first;

	(void)state;
	crm_begin("webhook", SETTINGS);
	send_lead();
	assert_true(request.creates && request.http.public_only);
	assert_true(leads[0].leaving);
	assert_string_equal(header("Idempotency-Key: "), "\"" MARKER "\"");
	assert_string_equal(header("webhook-id: "), "msg_" MARKER);
	assert_true(webhook_key_read(&key, SECRET));
	assert_true(webhook_verify(&key, header("webhook-id: "),
	    header("webhook-timestamp: "), header("webhook-signature: "),
	    request.http.body, request.http.body_len, NOW / 1000));
	first = mem_dup(request.http.body);
	answer_nothing(HTTP_LEFT);
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_false(leads[0].free);
	crm_job_close(job);
	json_decref(lead_details[0]);
	send_lead();
	assert_string_equal(request.http.body, first);
	free(first);
	answer(200, "ok");
	assert_int_equal(leads[0].verdict, CRM_CREATED);
	expect_done();
	assert_string_equal(leads[0].remote_id, MARKER);
	assert_true(leads[0].noted);
}

/* The lead was joined by another source between two tries: the same key is
 * the same bytes. */
static void
test_frozen(void **state)
{
	char *first;

	(void)state;
	crm_begin("webhook", SETTINGS);
	send_lead();
	assert_string_equal(leads[0].freezing, request.http.body);
	first = mem_dup(leads[0].freezing);
	answer_nothing(HTTP_LEFT);
	expect_done();
	assert_null(leads[0].freezing);
	crm_job_close(job);
	json_decref(lead_details[0]);
	lead_make(0, MARKER, "+79991234567", "{\"price\":6}")->name = "Other";
	leads[0].frozen = first;
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "https://crm.example/hooks");
	assert_string_equal(request.http.body, first);
	assert_string_equal(header("Idempotency-Key: "), "\"" MARKER "\"");
	free(first);
}

static void
test_named(void **state)
{
	(void)state;
	crm_begin("webhook", SETTINGS);
	send_lead();
	answer(201, "{\"id\":\"deal/9\"}");
	assert_string_equal(leads[0].remote_id, "deal/9");
}

static const struct {
	int status;
	const char *body;
	enum crm_verdict verdict;
	bool free;
	enum crm_health health;
} answers[] = {
	{ 204, "", CRM_CREATED, false, CRM_WELL },
	{ 302, "", CRM_AGAIN, true, CRM_CLOSED },
	{ 400, "{\"error\":\"no\"}", CRM_PARKED, false, CRM_WELL },
	{ 401, "", CRM_AGAIN, true, CRM_CLOSED },
	{ 403, "<html>", CRM_AGAIN, true, CRM_CLOSED },
	{ 404, "", CRM_AGAIN, true, CRM_CLOSED },
	{ 409, "", CRM_AGAIN, false, CRM_FAILING },
	{ 410, "", CRM_AGAIN, true, CRM_CLOSED },
	{ 422, "{}", CRM_PARKED, false, CRM_WELL },
	{ 429, "", CRM_AGAIN, true, CRM_LIMITED },
	{ 500, "", CRM_AGAIN, false, CRM_FAILING },
	{ 502, "<html>", CRM_AGAIN, false, CRM_FAILING },
	{ 503, "", CRM_AGAIN, false, CRM_FAILING },
};

static void
test_answers(void **state)
{
	(void)state;
	crm_begin("webhook", SETTINGS);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		send_lead();
		answer(answers[i].status, answers[i].body);
		if (leads[0].verdict != answers[i].verdict ||
		    leads[0].free != answers[i].free ||
		    health() != answers[i].health)
			fail_msg("%d: verdict %d free %d health %d",
			    answers[i].status, leads[0].verdict, leads[0].free,
			    health());
		if (answers[i].status >= 300)
			assert_true(leads[0].text[0]);
		crm_job_close(job);
		job = NULL;
		json_decref(lead_details[0]);
		lead_details[0] = NULL;
	}
}

static void
test_retry_after(void **state)
{
	struct http_result result = { .answered = true,
		.status = 503,
		.left = HTTP_LEFT,
		.retry_after_ms = 7000 };

	(void)state;
	crm_begin("webhook", SETTINGS);
	send_lead();
	answer_as(&result, "");
	assert_int_equal(leads[0].wait_ms, 7000);
	assert_int_equal(crm_job_state(job)->wait_ms, 7000);
}

static void
test_settings(void **state)
{
	static const struct {
		const char *lines, *says;
	} bad[] = {
		{ "LEAD_WEBHOOK_URL=http://crm.example/\n",
		    "must begin with https://" },
		{ "LEAD_WEBHOOK_URL=ftp://crm.example/\n", "must be like" },
		{ "LEAD_WEBHOOK_URL=https://u:p@crm.example/\n",
		    "must be like" },
		{ "LEAD_WEBHOOK_URL=https://127.0.0.1/\n",
		    "LEAD_WEBHOOK_PRIVATE=true" },
		{ "LEAD_WEBHOOK_URL=https://10.0.0.5/x\n",
		    "LEAD_WEBHOOK_PRIVATE=true" },
		{ "LEAD_WEBHOOK_URL=https://[::1]/x\n",
		    "LEAD_WEBHOOK_PRIVATE=true" },
		{ "LEAD_WEBHOOK_URL=https://crm.example/\n"
		  "LEAD_WEBHOOK_SECRET=whsec_***bad\n",
		    "LEAD_WEBHOOK_SECRET is no key" },
		{ "LEAD_WEBHOOK_URL=https://crm.example/\n"
		  "LEAD_WEBHOOK_PRIVATE=maybe\n",
		    "true or false" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (crm_try("webhook", bad[i].lines) == OUT_OK ||
		    !strstr(fault.text, bad[i].says) ||
		    strstr(fault.text, "u:p") || fault.code != EXIT_CONFIG)
			fail_msg("%s: %s", bad[i].lines, fault.text);
		config_close(crm_config);
	}
	crm_begin("webhook",
	    "LEAD_WEBHOOK_URL=http://127.0.0.1:9/x\n"
	    "LEAD_WEBHOOK_PRIVATE=true\n");
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "http://127.0.0.1:9/x");
	assert_false(request.http.public_only);
	assert_null(header("webhook-signature: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_base64),
		WITH_CRM(test_request),
		WITH_CRM(test_frozen),
		WITH_CRM(test_named),
		WITH_CRM(test_answers),
		WITH_CRM(test_retry_after),
		WITH_CRM(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
