/* SPDX-License-Identifier: MIT */
/*
 * What check-config says of CRMs: settings, and with --online whether each
 * lets us in and has what leads ask for.  Nothing is changed there or here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"
#include "crm/adapter.h"
#include "crm/call.h"
#include "crm/jwt.h"
#include "crm/lookup.h"
#include "ops/config_note.h"
#include "ops/reception.h"
#include "store/crm_tokens.h"

#define DAY_MS INT64_C(86400000)
#define CALLS_MS 60000
#define LONG_TOKEN_SOON_MS (30 * DAY_MS)
/* amoCRM lets a refresh token die after three months without use. */
#define REFRESH_OLD_MS (30 * DAY_MS)
#define NAMES_MAX 240

static const char amo[] = "amocrm";

static void
check_one(struct run *run, const char *name, struct config_notes *notes)
{
	struct crm *crm = NULL;
	struct fault fault;
	bool fine = true;

	while (crm_open(&crm, name, run->config, NULL, &fault) != OUT_OK) {
		fine = false;
		if (!note_fault_aside(notes, name, run->config, &fault))
			break;
	}
	config_restore(run->config);
	if (fine)
		note_good(notes, name, "its settings are valid");
	crm_close(crm);
}

static void
check_default(struct run *run, struct config_notes *notes)
{
	struct fault fault;
	const char *name = crm_default(run->config, &fault);

	if (name == NULL)
		note_fault(notes, "LEAD_CRM", &fault);
	else if (!crm_is_configured(run->config, name))
		note_problem(notes, "LEAD_CRM", EXIT_CONFIG,
		    "LEAD_CRM is '%s', which is not configured", name);
	else
		note_good(notes, "LEAD_CRM", "leads go to %s", name);
}

void
config_check_crm(struct run *run, struct config_notes *notes)
{
	bool any = config_get(run->config, "LEAD_CRM") != NULL;

	for (size_t i = 0; crm_names[i] != NULL; i++) {
		if (!crm_is_configured(run->config, crm_names[i]))
			continue;
		any = true;
		check_one(run, crm_names[i], notes);
	}
	/* A bot without leads needs none. */
	if (any)
		check_default(run, notes);
}

static void
note_end(struct config_notes *notes, int64_t expires_at, int64_t now)
{
	char until[CLOCK_TEXT_SIZE];

	clock_text(expires_at, until);
	if (expires_at < now)
		note_problem(notes, "amocrm token", EXIT_PERMISSION,
		    "the long-lived token ended on %.10s; make a new one in "
		    "the integration's keys",
		    until);
	else if (expires_at - now < LONG_TOKEN_SOON_MS)
		note_problem(notes, "amocrm token", EXIT_CONFIG,
		    "the long-lived token ends on %.10s; make a new one in "
		    "the integration's keys before that",
		    until);
	else
		note_good(notes, "amocrm token", "long-lived, until %.10s",
		    until);
}

/* False when it cannot be used now: refreshing is for those who write. */
static bool
check_stored(const struct crm_token *token, int64_t now,
    struct config_notes *notes)
{
	char age[CLOCK_TEXT_SIZE];
	int64_t old = now - token->updated_at;

	clock_span_text(old > 0 ? old : 0, age);
	if (token->needs_reauth)
		note_problem(notes, "amocrm token", EXIT_PERMISSION,
		    "%s; run leadpipe authorize-crm amocrm",
		    token->needs_reauth);
	else if (token->refresh == NULL && token->expires_at > 0)
		note_end(notes, token->expires_at, now);
	else if (token->refresh != NULL && old > REFRESH_OLD_MS)
		note_problem(notes, "amocrm token", EXIT_CONFIG,
		    "the refresh token is %s old and dies after 90 days "
		    "without use; does cron run sync-crm?",
		    age);
	else
		note_good(notes, "amocrm token", "came %s ago%s", age,
		    token->expires_at < now && token->refresh
			? "; the next sync-crm refreshes it"
			: "");
	return !token->needs_reauth &&
	    (token->refresh == NULL || token->expires_at > now);
}

static bool
check_token(struct run *run, int64_t now, struct config_notes *notes)
{
	const char *access =
	    config_get(run->config, "AMOCRM_LONG_LIVED_TOKEN");
	struct crm_token token = { 0 };
	bool usable = false;

	if (access != NULL && jwt_expires_at(access) > 0)
		note_end(notes, jwt_expires_at(access), now);
	if (access != NULL)
		return true;
	if (run->db != NULL && crm_token_load(run->db, amo, &token))
		usable = check_stored(&token, now, notes);
	else
		note_problem(notes, "amocrm token", EXIT_CONFIG,
		    "there is none; set AMOCRM_LONG_LIVED_TOKEN or run "
		    "leadpipe authorize-crm amocrm");
	crm_token_release(&token);
	return usable;
}

/* "A", "B" ... of a list, cut; the caller frees it. */
static char *
names_text(const json_t *list)
{
	struct buf text = BUF_INIT(4 * NAMES_MAX);
	const json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		if (text.len > NAMES_MAX) {
			buf_add_text(&text, " ...");
			break;
		}
		buf_add_text(&text, i > 0 ? ", '" : "'");
		terminal_add(&text, json_get_text(entry, "name"), 60);
		buf_add_char(&text, '\'');
	}
	return buf_take(&text);
}

static void
note_missing(struct config_notes *notes, const char *setting,
    const char *wanted, const char *what, const json_t *list)
{
	const char *near = lookup_near(list, wanted);
	char *names = names_text(list);

	note_problem(notes, setting, EXIT_CONFIG,
	    "amoCRM has no %s '%s'%s%s%s; it has %s", what, wanted,
	    near ? " (did you mean '" : "", near ? near : "",
	    near ? "'?)" : "", *names ? names : "none");
	free(names);
}

static void
check_place(struct run *run, const json_t *lookup, struct config_notes *notes)
{
	const char *pipeline = config_get(run->config, "AMO_PIPELINE_ID");
	const char *status = config_get(run->config, "AMO_STATUS_ID");
	const json_t *pipelines = json_object_get(lookup, "pipelines");
	struct lookup_place place = lookup_place(lookup, pipeline, status);
	const json_t *main = place.pipeline ? place.pipeline
					    : lookup_main(pipelines);

	if (pipeline && !place.pipeline)
		note_missing(notes, "AMO_PIPELINE_ID", pipeline, "pipeline",
		    pipelines);
	else if (pipeline)
		note_good(notes, "AMO_PIPELINE_ID", "'%s'",
		    json_get_text(place.pipeline, "name"));
	if (status && !place.status)
		note_missing(notes, "AMO_STATUS_ID", status, "status",
		    json_object_get(main, "statuses"));
	else if (status)
		note_good(notes, "AMO_STATUS_ID", "'%s'",
		    json_get_text(place.status, "name"));
}

/* Why a job did not go well; false: it did. */
static bool
note_state(struct config_notes *notes, const char *name,
    const struct crm_state *state)
{
	bool rejected = state->health == CRM_TOKEN ||
	    state->health == CRM_REAUTH;

	if (state->health == CRM_WELL && state->status / 100 == 2)
		return false;
	note_problem(notes, name, rejected ? EXIT_PERMISSION : EXIT_LATER,
	    "%s%s%s%s%s", state->text,
	    state->health == CRM_TOKEN
		? "; run leadpipe authorize-crm amocrm, or set a new "
		  "AMOCRM_LONG_LIVED_TOKEN"
		: "",
	    state->request_id[0] ? " (X-Request-Id " : "", state->request_id,
	    state->request_id[0] ? ")" : "");
	return true;
}

/* The search that finds leads whose reply was lost. */
static void
check_search(struct crm *crm, struct http *http, struct config_notes *notes)
{
	struct crm_lead lead = { .marker = "leadpipecheck00",
		.created_at = clock_wall_ms() };
	struct crm_job *job = crm_job_open(crm, CRM_SEARCH, &lead, 1);

	crm_job_run(job, http, clock_mono_ms() + CALLS_MS);
	if (!note_state(notes, crm_name(crm), crm_job_state(job)))
		note_good(notes, crm_name(crm), "searches for leads work");
	crm_job_close(job);
	crm_lead_release(&lead);
}

static void
check_account(struct run *run, struct crm *crm, struct http *http,
    struct config_notes *notes)
{
	const char *name = crm_name(crm);
	struct crm_job *job = crm_probe(crm);
	const json_t *lookup;
	bool bad;

	if (job == NULL) {
		note_good(notes, name,
		    "cannot be asked without sending a lead");
		return;
	}
	crm_job_run(job, http, clock_mono_ms() + CALLS_MS);
	bad = note_state(notes, name, crm_job_state(job));
	crm_job_close(job);
	if (bad)
		return;
	lookup = crm_lookup(crm);
	note_good(notes, name, "lets us in: %s%s%zu fields of leads",
	    json_get_text(lookup, "account") ? json_get_text(lookup, "account")
					     : "",
	    json_get_text(lookup, "account") ? ", " : "",
	    json_array_size(json_object_get(lookup, "fields")));
	if (strcmp(name, amo) == 0)
		check_place(run, lookup, notes);
	check_search(crm, http, notes);
}

void
config_check_crm_online(struct run *run, struct config_notes *notes)
{
	struct http *http = NULL;
	struct fault fault;

	for (size_t i = 0; crm_names[i] != NULL; i++) {
		struct crm *crm = NULL;

		/* why not is noted already */
		if (!crm_is_configured(run->config, crm_names[i]) ||
		    crm_open(&crm, crm_names[i], run->config, run->db,
			&fault) != OUT_OK)
			continue;
		if (http == NULL &&
		    crm_http_open(&http, run->config, &fault) != OUT_OK) {
			note_fault(notes, "CRM_PROXY", &fault);
			crm_close(crm);
			return;
		}
		crm_forget_db(crm);
		if (strcmp(crm_names[i], amo) != 0 ||
		    check_token(run, clock_wall_ms(), notes))
			check_account(run, crm, http, notes);
		crm_close(crm);
	}
	http_close(http);
}
