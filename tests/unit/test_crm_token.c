/* SPDX-License-Identifier: MIT */
/* needs: crm telegram net store base */
#include "unit/crm_case.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/base64.h"
#include "crm/lookup.h"
#include "store/crm_tokens.h"

#define SETTINGS \
	"AMOCRM_BASE_URL=https://shop.amocrm.ru\n" \
	"AMOCRM_CLIENT_ID=1c2b3a49\nAMOCRM_CLIENT_SECRET=SEKRET-of-ours\n" \
	"AMOCRM_REDIRECT_URI=https://test.test\n"
#define PAIR(access, refresh) \
	"{\"token_type\":\"Bearer\",\"expires_in\":86400,\"access_token\":\"" access \
	"\",\"refresh_token\":\"" refresh "\"}"
#define USED_UP \
	"{\"hint\":\"Token has been revoked\",\"title\":\"Bad\",\"status\":401," \
	"\"detail\":\"x\"}"
#define HOUR INT64_C(3600000)

static int64_t now;

static struct crm_token
row(void)
{
	struct crm_token token;

	assert_true(crm_token_load(db, "amocrm", &token));
	return token;
}

static void
row_put(const char *access, const char *refresh, int64_t expires_at)
{
	struct crm_token token = { .access = mem_dup(access),
		.refresh = mem_dup(refresh),
		.expires_at = expires_at };

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(crm_token_put(db, "amocrm", &token, now, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	crm_token_release(&token);
}

/* The process ends here, as by kill -9, and another begins. */
static void
process_new(void)
{
	crm_job_close(job);
	crm_close(crm);
	config_close(crm_config);
	job = NULL;
	crm_begin("amocrm", SETTINGS);
}

static void
account_open(void)
{
	json_t *lookup = lookup_new();

	now = NOW;
	state_ok(lookup_save(db, "amocrm", lookup, NOW, &fault), &fault);
	json_decref(lookup);
	crm_begin("amocrm", SETTINGS);
}

/* A pair whose access token ends soon. */
static void
pair_old(void)
{
	now = NOW - 24 * HOUR;
	row_put("ACCESS-1-old", "REFRESH-1-old", NOW + HOUR / 2);
	account_open();
}

static void
expect_refresh(const char *token)
{
	char *part = mem_printf("\"refresh_token\":\"%s\"", token);

	if (!job)
		job = crm_chore(crm, now);
	assert_non_null(job);
	expect_ask(HTTP_POST, "/oauth2/access_token");
	assert_false(request.idempotent);
	if (!strstr(request.http.body, part))
		fail_msg("sent %s", request.http.body);
	assert_int_equal(request.http.header_count, 0);
	free(part);
}

static void
chore_end(void)
{
	expect_done();
	crm_job_close(job);
	job = NULL;
}

/* A lead leaves with this token. */
static void
expect_bearer(const char *token)
{
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/leads/complex");
	assert_string_equal(strstr(request.http.headers[0], " ") + 8, token);
	crm_job_close(job);
	job = NULL;
}

static void
check_row(const char *access, const char *refresh, const char *previous)
{
	struct crm_token token = row();

	assert_string_equal(token.access, access);
	assert_string_equal(token.refresh, refresh);
	if (previous)
		assert_string_equal(token.previous, previous);
	assert_null(token.needs_reauth);
	crm_token_release(&token);
}

static void
test_refresh(void **state)
{
	struct crm_token token;

	(void)state;
	pair_old();
	expect_refresh("REFRESH-1-old");
	assert_non_null(strstr(request.http.body, "SEKRET-of-ours"));
	token = row();
	assert_true(token.refresh_started_at > token.updated_at);
	crm_token_release(&token);
	answer(200, PAIR("ACCESS-2-new", "REFRESH-2-new"));
	chore_end();
	check_row("ACCESS-2-new", "REFRESH-2-new", "REFRESH-1-old");
	token = row();
	assert_int_equal(token.refresh_started_at, 0);
	assert_int_equal(token.expires_at, NOW + 24 * HOUR);
	crm_token_release(&token);
	assert_null(crm_chore(crm, now));
	expect_bearer("ACCESS-2-new");
}

/* Killed before the answer, or the answer was lost: the same token again. */
static void
test_lost(void **state)
{
	(void)state;
	pair_old();
	expect_refresh("REFRESH-1-old");
	process_new();
	expect_refresh("REFRESH-1-old");
	answer_nothing(HTTP_LEFT);
	assert_int_equal(health(), CRM_FAILING);
	chore_end();
	check_row("ACCESS-1-old", "REFRESH-1-old", NULL);
	/* not at once: the CRM is asked to recover first */
	assert_null(crm_chore(crm, now));
	expect_bearer("ACCESS-1-old");
	now += 6000;
	expect_refresh("REFRESH-1-old");
	answer(502, "<html>");
	chore_end();
	now += 6000;
	expect_refresh("REFRESH-1-old");
	answer(200, "{\"token_type\":\"Bearer\"");
	chore_end();
	check_row("ACCESS-1-old", "REFRESH-1-old", NULL);
	process_new();
	expect_refresh("REFRESH-1-old");
	answer(200, PAIR("ACCESS-2-new", "REFRESH-2-new"));
	chore_end();
	check_row("ACCESS-2-new", "REFRESH-2-new", "REFRESH-1-old");
}

static void
lead_rejected(void)
{
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/leads/complex");
	answer(401, "{\"title\":\"Unauthorized\",\"status\":401}");
	assert_int_equal(health(), CRM_TOKEN);
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_true(leads[0].free);
	chore_end();
}

/* 401 because somebody else has refreshed: theirs is used. */
static void
test_race(void **state)
{
	(void)state;
	now = NOW;
	row_put("ACCESS-1-old", "REFRESH-1-old", NOW + 20 * HOUR);
	account_open();
	assert_null(crm_chore(crm, now));
	lead_rejected();
	row_put("ACCESS-9-they", "REFRESH-9-they", NOW + 23 * HOUR);
	job = crm_chore(crm, now);
	if (job)
		chore_end();
	expect_bearer("ACCESS-9-they");
	check_row("ACCESS-9-they", "REFRESH-9-they", "REFRESH-1-old");
	/* 401 and nobody did: refresh once */
	lead_rejected();
	expect_refresh("REFRESH-9-they");
}

/* One at a time: whoever waits finds the work done. */
static void
send_lead(void)
{
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "/leads/complex");
}

/* A call that left with the old token is refused after the refresh: that says
 * nothing of the new one.  When that is refused, too, not every call costs a
 * refresh. */
static void
test_stale(void **state)
{
	struct crm_job *slow;

	(void)state;
	pair_old();
	send_lead();
	slow = job;
	job = NULL;
	expect_refresh("REFRESH-1-old");
	answer(200, PAIR("ACCESS-2-new", "REFRESH-2-new"));
	chore_end();
	job = slow;
	answer(401, "{\"title\":\"Unauthorized\",\"status\":401}");
	assert_int_equal(health(), CRM_TOKEN);
	assert_true(leads[0].free);
	crm_job_close(job);
	job = crm_chore(crm, NOW + 1000);
	assert_null(job);
	send_lead();
	assert_non_null(strstr(request.http.headers[0], "ACCESS-2-new"));
	answer(401, "{\"title\":\"Unauthorized\",\"status\":401}");
	crm_job_close(job);
	job = crm_chore(crm, NOW + 10000);
	assert_null(job);
	job = crm_chore(crm, NOW + 61000);
	assert_non_null(job);
}

static void
test_lock(void **state)
{
	char *path;
	int fd;

	(void)state;
	pair_old();
	path = db_beside(db, "run");
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	free(path);
	path = db_beside(db, "run/crm-token.lock");
	job = crm_chore(crm, now);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_WAIT);
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_WAIT);
	row_put("ACCESS-9-they", "REFRESH-9-they", NOW + 23 * HOUR);
	close(fd);
	chore_end();
	expect_bearer("ACCESS-9-they");
	check_row("ACCESS-9-they", "REFRESH-9-they", "REFRESH-1-old");
}

/* Nothing is left to try: stored, said, and no lead is lost. */
static void
test_reauth(void **state)
{
	struct crm_token token;

	(void)state;
	pair_old();
	row_put("ACCESS-2-old", "REFRESH-2-old", NOW + HOUR / 2);
	process_new();
	expect_refresh("REFRESH-2-old");
	answer(401, USED_UP);
	expect_refresh("REFRESH-1-old");
	answer(401, USED_UP);
	assert_int_equal(health(), CRM_REAUTH);
	assert_non_null(strstr(crm_job_state(job)->text, "authorize-crm"));
	chore_end();
	token = row();
	assert_non_null(strstr(token.needs_reauth, "Token has been revoked"));
	assert_string_equal(token.refresh, "REFRESH-2-old");
	crm_token_release(&token);
	assert_null(crm_chore(crm, now));
	process_new();
	assert_null(crm_chore(crm, now));
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_done();
	assert_int_equal(health(), CRM_REAUTH);
	assert_int_equal(leads[0].verdict, CRM_AGAIN);
	assert_true(leads[0].free);
	chore_end();
	/* a person authorizes: noticed within a minute, without a restart */
	row_put("ACCESS-3-new", "REFRESH-3-new", NOW + 24 * HOUR);
	now += 61000;
	assert_null(crm_chore(crm, now));
	expect_bearer("ACCESS-3-new");
}

/* A ban and a page of somebody's are no last word. */
static void
test_no_last_word(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum crm_health health;
	} answers[] = {
		{ 403, "<html>403 Forbidden</html>", CRM_CLOSED },
		{ 404, "<html>nginx</html>", CRM_FAILING },
		{ 429, "{\"retry_after\":3}", CRM_LIMITED },
		{ 500, "{\"status\":500}", CRM_FAILING },
		{ 200, "", CRM_FAILING },
		{ 200, "{\"access_token\":\"ACCESS-x\"}", CRM_FAILING },
	};

	(void)state;
	pair_old();
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		expect_refresh("REFRESH-1-old");
		answer(answers[i].status, answers[i].body);
		if (health() != answers[i].health)
			fail_msg("%d: %d", answers[i].status, health());
		chore_end();
		check_row("ACCESS-1-old", "REFRESH-1-old", NULL);
		now += 6000;
	}
}

/* Nor does it let the token before be tried, whose refusal says nothing. */
static void
test_no_word_of_the_token(void **state)
{
	(void)state;
	pair_old();
	row_put("ACCESS-2-old", "REFRESH-2-old", NOW + HOUR / 2);
	process_new();
	expect_refresh("REFRESH-2-old");
	answer(404, "<html>nginx</html>");
	assert_int_equal(health(), CRM_FAILING);
	chore_end();
	check_row("ACCESS-2-old", "REFRESH-2-old", "REFRESH-1-old");
	now += 6000;
	expect_refresh("REFRESH-2-old");
	answer(401, USED_UP);
	expect_refresh("REFRESH-1-old");
	answer(404, "<html>nginx</html>");
	assert_int_equal(health(), CRM_FAILING);
	chore_end();
	check_row("ACCESS-2-old", "REFRESH-2-old", "REFRESH-1-old");
}

static char *
jwt_of(const char *claims)
{
	char *text = base64_encode(claims, strlen(claims)), *token;

	token = mem_printf("eyJhbGciOiJub25lIn0.%s.c2lnbmF0dXJl", text);
	free(text);
	return token;
}

/* The account has another name now: its tokens know where to ask. */
static void
test_renamed(void **state)
{
	char *access = jwt_of("{\"api_domain\":\"api-b.amocrm.ru\"}");

	(void)state;
	now = NOW;
	row_put(access, "REFRESH-1-old", NOW + HOUR / 2);
	free(access);
	account_open();
	expect_refresh("REFRESH-1-old");
	answer(404, "<html>");
	expect_ask(HTTP_GET,
	    "https://api-b.amocrm.ru/oauth2/account/current/subdomain");
	assert_string_equal(request.http.headers[0],
	    "X-Refresh-Token: REFRESH-1-old");
	answer(200, "{\"id\":1,\"subdomain\":\"new-shop\"}");
	expect_refresh("REFRESH-1-old");
	assert_non_null(strstr(request.http.url, "//new-shop.amocrm.ru/"));
	answer(200, PAIR("ACCESS-2-new", "REFRESH-2-new"));
	chore_end();
	process_new();
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_ask(HTTP_POST, "https://new-shop.amocrm.ru/api/v4/leads");
}

/* A token that names a stranger's host does not get the refresh token. */
static void
test_stranger(void **state)
{
	char *access = jwt_of("{\"api_domain\":\"amocrm.ru.evil.example\"}");

	(void)state;
	now = NOW;
	row_put(access, "REFRESH-1-old", NOW + HOUR / 2);
	free(access);
	account_open();
	expect_refresh("REFRESH-1-old");
	answer(401, USED_UP);
	assert_int_equal(health(), CRM_REAUTH);
	chore_end();
}

#define LONG_LIVED \
	"AMOCRM_BASE_URL=https://shop.amocrm.ru\n" \
	"AMOCRM_LONG_LIVED_TOKEN=" LONG "\n"

/* Its rejection is as old by our clock as by that of the test. */
static void
rejected_just_now(void)
{
	lead_rejected();
	state_exec(state_path,
	    "UPDATE crm_tokens SET rejected_at = unixepoch() * 1000"
	    " WHERE rejected_at > 0");
}

/* A long-lived one that is refused: remembered without being stored. */
static void
test_long(void **state)
{
#define LONG "eyJh.eyJl.LONG-TOKEN-1"
	const char *lines = LONG_LIVED;
#undef LONG
#define LONG "eyJh.eyJl.LONG-TOKEN-2"
	const char *other = LONG_LIVED;

	(void)state;
	account_open();
	crm_close(crm);
	config_close(crm_config);
	crm_begin("amocrm", lines);
	rejected_just_now();
	for (int i = 0; i < 2; i++) {
		assert_null(crm_chore(crm, now));
		lead_make(0, MARKER, NULL, NULL);
		job_begin(CRM_CREATE, 1);
		expect_done();
		assert_int_equal(health(), CRM_REAUTH);
		assert_true(leads[0].free);
		crm_job_close(job);
		job = NULL;
		crm_close(crm);
		config_close(crm_config);
		crm_begin("amocrm", lines);
	}
	/* By a row of its own: what authorize-crm stored stays as it is. */
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT count(*) FROM crm_tokens WHERE needs_reauth <> ''"
		" AND access LIKE 'digest:%' AND access NOT LIKE '%LONG%'"
		" AND crm <> 'amocrm'"));
	crm_close(crm);
	config_close(crm_config);
	crm_begin("amocrm", other);
	expect_bearer("eyJh.eyJl.LONG-TOKEN-2");
}

static void
hour_passes(void)
{
	state_exec(state_path,
	    "UPDATE crm_tokens SET rejected_at = rejected_at - 3600000");
	crm_job_close(job);
	job = NULL;
}

/* A single 401 may be a fault of theirs: an hour later one call is made, and
 * nobody has to do anything; refused again it waits for another hour. */
static void
test_second_chance(void **state)
{
#undef LONG
#define LONG "eyJh.eyJl.LONG-TOKEN-3"
	(void)state;
	account_open();
	crm_close(crm);
	config_close(crm_config);
	crm_begin("amocrm", LONG_LIVED);
	rejected_just_now();
	for (int i = 0; i < 2; i++) {
		now += 61000;
		assert_null(crm_chore(crm, now));
		lead_make(0, MARKER, NULL, NULL);
		job_begin(CRM_CREATE, 1);
		expect_done();
		hour_passes();
		now += 61000;
		assert_null(crm_chore(crm, now));
		rejected_just_now();
	}
	hour_passes();
	now += 61000;
	assert_null(crm_chore(crm, now));
	expect_bearer("eyJh.eyJl.LONG-TOKEN-3");
}

/* The same for one that was stored, which somebody else may have replaced. */
static void
test_second_chance_stored(void **state)
{
	(void)state;
	row_put("LONG-1", NULL, 0);
	crm_begin("amocrm", SETTINGS);
	rejected_just_now();
	hour_passes();
	now += 61000;
	crm_job_close(crm_chore(crm, now));
	rejected_just_now();
	lead_make(0, MARKER, NULL, NULL);
	job_begin(CRM_CREATE, 1);
	expect_done();
	assert_int_equal(health(), CRM_REAUTH);
	hour_passes();
	row_put("LONG-2", NULL, 0);
	now += 61000;
	crm_job_close(crm_chore(crm, now));
	expect_bearer("LONG-2");
}

/* What a server repeats to us is not repeated to people. */
static void
test_secrets(void **state)
{
	(void)state;
	pair_old();
	expect_refresh("REFRESH-1-old");
	answer(401,
	    "{\"hint\":\"REFRESH-1-old of ACCESS-1-old with SEKRET-of-ours\","
	    "\"status\":401}");
	assert_int_equal(health(), CRM_REAUTH);
	assert_null(strstr(crm_job_state(job)->text, "REFRESH-1"));
	assert_null(strstr(crm_job_state(job)->text, "ACCESS-1"));
	assert_null(strstr(crm_job_state(job)->text, "SEKRET"));
	chore_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CRM(test_refresh),
		WITH_CRM(test_lost),
		WITH_CRM(test_race),
		WITH_CRM(test_stale),
		WITH_CRM(test_lock),
		WITH_CRM(test_reauth),
		WITH_CRM(test_no_last_word),
		WITH_CRM(test_no_word_of_the_token),
		WITH_CRM(test_renamed),
		WITH_CRM(test_stranger),
		WITH_CRM(test_long),
		WITH_CRM(test_second_chance),
		WITH_CRM(test_second_chance_stored),
		WITH_CRM(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
