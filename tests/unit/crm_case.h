/* SPDX-License-Identifier: MIT */
/*
 * What the tests of CRM adapters share: a configuration, a lead, and a CRM
 * that is played by answering requests.
 */
#ifndef LEADPIPE_TEST_CRM_CASE_H
#define LEADPIPE_TEST_CRM_CASE_H

#include <jansson.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crm/adapter.h"
#include "unit/state_db.h"

#define NOW INT64_C(1795000000000) /* wall ms */
#define MARKER "LP7Q2M4K9XTB"

static struct config *crm_config;
static struct crm *crm;
static struct crm_job *job;
static struct crm_request request;
static json_t *lead_details[4];
static struct crm_lead leads[4];

/* Opens CRM NAME with LINES of configuration. */
static inline enum outcome
crm_try(const char *name, const char *lines)
{
	char *path = mem_printf("%s/conf", state_dir);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(lines, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
	state_ok(config_open(&crm_config, path, &fault), &fault);
	free(path);
	return crm_open(&crm, name, crm_config, db, &fault);
}

static inline void
crm_begin(const char *name, const char *lines)
{
	state_ok(crm_try(name, lines), &fault);
}

static inline int
crm_teardown(void **state)
{
	crm_job_close(job);
	crm_close(crm);
	config_close(crm_config);
	job = NULL;
	crm = NULL;
	crm_config = NULL;
	for (int i = 0; i < 4; i++) {
		crm_lead_release(&leads[i]);
		json_decref(lead_details[i]);
		lead_details[i] = NULL;
	}
	return teardown(state);
}

#define WITH_CRM(test) \
	cmocka_unit_test_setup_teardown(test, setup, crm_teardown)

/* Lead INDEX with DETAILS (JSON or NULL). */
static inline struct crm_lead *
lead_make(int index, const char *marker, const char *phone,
    const char *details)
{
	lead_details[index] = details ? json_loads(details, 0, NULL) : NULL;
	assert_true(!details || lead_details[index]);
	leads[index] = (struct crm_lead){ .id = index + 17,
		.marker = marker,
		.source = "form",
		.title = "Заявка с сайта",
		.name = "Иван Петров",
		.phone = phone,
		.email = "ivan@example.com",
		.created_at = NOW - 60000,
		.sent_at = NOW - 30000,
		.details = lead_details[index] };
	return &leads[index];
}

static inline void
job_begin(enum crm_task task, size_t count)
{
	job = crm_job_open(crm, task, leads, count);
}

static inline void
expect_done(void)
{
	if (crm_job_next(job, NOW, &request) != CRM_DONE)
		fail_msg("asks for %s", request.http.url);
}

/* The next request must be METHOD of a URL that ends with, or holds, PART. */
static inline void
expect_ask(enum http_method method, const char *part)
{
	assert_int_equal(crm_job_next(job, NOW, &request), CRM_ASK);
	if (request.http.method != method || !strstr(request.http.url, part))
		fail_msg("asks for %d %s, not %s", request.http.method,
		    request.http.url, part);
}

/* The body of the last request; the caller owns it. */
static inline json_t *
asked_body(void)
{
	json_t *body =
	    json_loadb(request.http.body, request.http.body_len, 0, NULL);

	assert_non_null(body);
	return body;
}

static inline void
answer_as(struct http_result *result, const char *body)
{
	struct crm_response response = { .http = result };

	result->body = (struct buf)BUF_INIT(1 << 20);
	buf_add_text(&result->body, body);
	crm_job_answer(job, &response, NOW);
	buf_release(&result->body);
}

static inline void
answer(int status, const char *body)
{
	struct http_result result = { .answered = true,
		.status = status,
		.left = HTTP_LEFT,
		.request_id = "req-1" };

	answer_as(&result, body);
}

/* No answer: LEFT tells whether the request may have arrived. */
static inline void
answer_nothing(enum http_left left)
{
	struct http_result result = { .left = left, .timed_out = true };

	fault_set(&result.fault, OUT_LATER, EXIT_LATER,
	    "cannot reach the CRM: no whole answer in time");
	answer_as(&result, "");
}

static inline enum crm_health
health(void)
{
	return crm_job_state(job)->health;
}

#endif
