/* SPDX-License-Identifier: MIT */
#include "crm/amocrm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/host.h"

/* Their limit of a batch; more calls a second get the account banned.  A burst
 * would have to be saved up for: of 5 a second only 3 would be left. */
enum { BATCH = 50, PER_SECOND = 5, BURST = 1 };

/* How long a lead waits for a token that is just being refreshed. */
#define REFRESH_WAIT_MS 1000

#define SUBDOMAIN \
	"abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
host_is_theirs(const char *name)
{
	static const char *const domains[] = { "amocrm.ru", "amocrm.com",
		"kommo.com" };
	size_t label = strspn(name, SUBDOMAIN);

	if (label == 0 || name[label] != '.' || strncmp(name, "www.", 4) == 0)
		return false;
	for (size_t i = 0; i < sizeof(domains) / sizeof(*domains); i++)
		if (strcasecmp(name + label + 1, domains[i]) == 0)
			return true;
	return false;
}

enum outcome
amocrm_check_base(const char *setting, const char *address, const char *origin,
    struct fault *fault)
{
	bool secure = strncasecmp(address, "https://", 8) == 0;
	char name[HOST_SIZE];
	struct host host;

	if (host_of_url(address, &host) && host_name(&host, name) &&
	    strcmp(host.end + (*host.end == '/'), "") == 0 &&
	    !strchr(address, '@') &&
	    ((secure && host.at[host.len] != ':' && host_is_theirs(name)) ||
		host_here(&host)))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s must be like https://NAME.amocrm.ru or "
	    "https://NAME.kommo.com, the address in the browser when you are "
	    "logged in (%s)",
	    setting, origin);
}

static enum outcome
read_mode(const struct config *config, bool *unsorted, struct fault *fault)
{
	const char *mode = config_get_or(config, "AMOCRM_MODE", "leads");

	*unsorted = strcmp(mode, "unsorted") == 0;
	if (*unsorted || strcmp(mode, "leads") == 0)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "AMOCRM_MODE is '%s' (%s), it must be leads or unsorted", mode,
	    config_origin(config, "AMOCRM_MODE"));
}

static enum outcome
amocrm_open(struct crm *crm, struct fault *fault)
{
	const struct config *config = crm->config;
	const char *base = config_get(config, "AMOCRM_BASE_URL");
	struct amocrm *amo = mem_alloc(sizeof(*amo));
	enum outcome out;
	size_t len;

	crm->own = amo;
	if (!base)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "AMOCRM_BASE_URL is not set; set it to the address of "
		    "your amoCRM, such as https://NAME.amocrm.ru");
	len = strlen(base);
	amo->config_base = base;
	amo->base = mem_dup_n(base, base[len - 1] == '/' ? len - 1 : len);
	amo->pipeline = mem_dup(config_get(config, "AMO_PIPELINE_ID"));
	amo->status = mem_dup(config_get(config, "AMO_STATUS_ID"));
	out = read_mode(config, &amo->unsorted, fault);
	if (out == OUT_OK)
		out = amocrm_token_open(crm, fault);
	/* Last: while it is wrong nobody would hear of the others. */
	if (out == OUT_OK)
		out = amocrm_check_base("AMOCRM_BASE_URL", base,
		    config_origin(config, "AMOCRM_BASE_URL"), fault);
	return out;
}

static void
amocrm_close(struct crm *crm)
{
	struct amocrm *amo = crm->own;

	if (!amo)
		return;
	free(amo->base);
	free(amo->pipeline);
	free(amo->status);
	free(amo->access);
	crm_token_release(&amo->token);
	free(amo);
}

static enum crm_step
amocrm_chore(struct crm *crm, int64_t now, bool *ready)
{
	const struct amocrm *amo = crm->own;
	bool due = amocrm_token_due(crm, now);

	*ready = amo->access && !amo->rejected;
	return due ? STEP_TOKEN : STEP_END;
}

/* Why nothing can be asked; false: it can. */
static bool
refuse_locked_out(struct crm_job *job)
{
	const struct amocrm *amo = job->crm->own;
	struct crm_reply reply = { .meaning = MEANS_REAUTH,
		.remedy = "set AMOCRM_LONG_LIVED_TOKEN or run leadpipe "
			  "authorize-crm amocrm" };

	if (amo->access && !amo->rejected)
		return false;
	/* Not the lead's fault: it waits for the chore, and uses no try. */
	if (amo->access) {
		reply.meaning = MEANS_LIMIT;
		reply.remedy = NULL;
		reply.wait_ms = amo->retry_at > job->now
		    ? amo->retry_at - job->now
		    : REFRESH_WAIT_MS;
	}
	snprintf(reply.text, sizeof(reply.text), "%s",
	    amo->access ? "amoCRM: the token has to be refreshed first"
		: amo->token.needs_reauth ? amo->token.needs_reauth
		: amo->rejected ? "amoCRM rejects the long-lived token"
				: "there is no token for amoCRM yet");
	crm_job_refused(job, &reply);
	return true;
}

bool
amocrm_ask(struct crm_job *job, struct crm_request *request,
    enum http_method method, char *path, json_t *body)
{
	const struct amocrm *amo = job->crm->own;
	bool refused = refuse_locked_out(job);

	if (!refused) {
		crm_ask(job, request, method,
		    mem_printf("%s%s", amo->base, path),
		    body ? json_text(body) : NULL);
		crm_ask_header(job,
		    mem_printf("Authorization: Bearer %s", amo->access));
	}
	free(path);
	json_decref(body);
	return !refused;
}

const json_t *
amocrm_embedded(const json_t *body, const char *name)
{
	return json_object_get(json_object_get(body, "_embedded"), name);
}

static enum crm_next
amocrm_request(struct crm_job *job, struct crm_request *request)
{
	switch (job->step) {
	case STEP_TOKEN:
		return amocrm_refresh(job, request);
	case STEP_LOOKUP:
		return amocrm_lookup(job, request);
	case STEP_PERSON:
		return amocrm_person(job, request);
	case STEP_CREATE:
		return amocrm_create(job, request);
	case STEP_SEARCH:
		return amocrm_search(job, request);
	case STEP_NOTES:
		return amocrm_notes(job, request);
	case STEP_NOTE:
		return amocrm_note(job, request);
	case STEP_PULL:
		return amocrm_pull(job, request);
	default:
		return CRM_DONE;
	}
}

static bool
amocrm_read(struct crm_job *job, const json_t *body)
{
	switch (job->step) {
	case STEP_TOKEN:
		return amocrm_refreshed(job, body);
	case STEP_LOOKUP:
		return amocrm_looked_up(job, body);
	case STEP_PERSON:
		return amocrm_person_found(job, body);
	case STEP_CREATE:
		return amocrm_created(job, body);
	case STEP_SEARCH:
		return amocrm_searched(job, body);
	case STEP_NOTES:
		return amocrm_notes_read(job, body);
	case STEP_NOTE:
		return amocrm_noted(job, body);
	case STEP_PULL:
		return amocrm_pulled(job, body);
	default:
		return true;
	}
}

/* An integration without rights for the list of fields still creates leads;
 * names are then dropped, ids work. */
static bool
lookup_failed(struct crm_job *job, const struct crm_reply *reply)
{
	if (reply->meaning != MEANS_NEVER && reply->meaning != MEANS_FIELD &&
	    reply->meaning != MEANS_DENIED)
		return false;
	log_event(LOG_INFO, "lookup_refused", "crm=%s text=%s", AMOCRM,
	    log_quote(reply->text));
	crm_looking_refused(job);
	return amocrm_looked_up(job, NULL);
}

/* A refresh ends the old token at once, also for calls under way with it:
 * their 401 says nothing of the new one. */
static bool
is_of_now(const struct crm_job *job)
{
	const struct amocrm *amo = job->crm->own;
	const char *sent =
	    job->header_count > 0 ? strrchr(job->headers[0], ' ') : NULL;

	return !amo->access || !sent || strcmp(sent + 1, amo->access) == 0;
}

static bool
amocrm_failed(struct crm_job *job, const struct crm_reply *reply)
{
	if (job->step == STEP_TOKEN)
		return amocrm_refresh_failed(job, reply);
	if (reply->meaning == MEANS_TOKEN && is_of_now(job))
		amocrm_token_rejected(job->crm, job->now);
	if (job->step == STEP_CREATE && reply->meaning == MEANS_DENIED &&
	    reply->status == 404)
		return amocrm_strike_place(job, reply);
	return job->step == STEP_LOOKUP && lookup_failed(job, reply);
}

const struct crm_adapter crm_amocrm = {
	.name = AMOCRM,
	.title = "amoCRM",
	.settings = { "AMOCRM_BASE_URL", "AMOCRM_LONG_LIVED_TOKEN",
	    "AMOCRM_CLIENT_ID" },
	.bounds = { BATCH, PER_SECOND, BURST },
	.refusals = amocrm_refusals,
	.looks_up = true,
	.token_refusals = amocrm_token_refusals,
	.said = amocrm_said,
	.open = amocrm_open,
	.close = amocrm_close,
	.chore = amocrm_chore,
	.request = amocrm_request,
	.read = amocrm_read,
	.strike = amocrm_strike,
	.failed = amocrm_failed,
};
