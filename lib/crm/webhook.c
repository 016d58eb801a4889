/* SPDX-License-Identifier: MIT */
/*
 * Leads to an endpoint of the user's, by the rules of Standard Webhooks: the
 * same id over all tries of a lead, so that the receiver knows it again, and
 * whatever failed may be sent again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "crm/lead_json.h"
#include "crm/webhook_sign.h"
#include "crm/work.h"
#include "net/host.h"

#define MINUTE_MS INT64_C(60000)

static const char endpoint[] = "check LEAD_WEBHOOK_URL and what answers there";
static const char locked_out[] =
    "the receiver lets nobody in; check LEAD_WEBHOOK_SECRET and "
    "LEAD_WEBHOOK_URL";

static const struct crm_refusal refusals[] = {
	{ -2, SHAPE_ANY, NULL, MEANS_DONE, 0, NULL },
	/* never followed: the lead would go to whom nobody named */
	{ -3, SHAPE_ANY, NULL, MEANS_CLOSED, 15 * MINUTE_MS,
	    "LEAD_WEBHOOK_URL has moved; set it to the new address" },
	{ 401, SHAPE_ANY, NULL, MEANS_CLOSED, 15 * MINUTE_MS, locked_out },
	{ 403, SHAPE_ANY, NULL, MEANS_CLOSED, 15 * MINUTE_MS, locked_out },
	{ 404, SHAPE_ANY, NULL, MEANS_CLOSED, 15 * MINUTE_MS, endpoint },
	{ 405, SHAPE_ANY, NULL, MEANS_CLOSED, 15 * MINUTE_MS, endpoint },
	/* the same id is being worked on */
	{ 409, SHAPE_ANY, NULL, MEANS_SAFE, 0, NULL },
	{ 408, SHAPE_ANY, NULL, MEANS_SAFE, 0, NULL },
	{ 425, SHAPE_ANY, NULL, MEANS_SAFE, 0, NULL },
	{ 410, SHAPE_ANY, NULL, MEANS_CLOSED, 60 * MINUTE_MS,
	    "the receiver wants no more leads; set LEAD_WEBHOOK_URL to "
	    "another one" },
	{ 429, SHAPE_ANY, NULL, MEANS_LIMIT, 0, NULL },
	{ -4, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
	{ -5, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ 0, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
};

struct webhook {
	const char *url;
	struct webhook_key key;
	bool is_signed, private;
};

static void
webhook_said(const json_t *body, char *text, size_t size)
{
	static const char *const keys[] = { "error", "message", "detail" };
	const char *said = NULL;

	for (size_t i = 0; !said && i < 3; i++)
		said = json_get_text(body, keys[i]);
	crm_say(text, size, said ? said : "");
}

static enum outcome
check_url(const struct config *config, bool private, struct fault *fault)
{
	const char *url = config_get(config, "LEAD_WEBHOOK_URL");
	const char *origin = config_origin(config, "LEAD_WEBHOOK_URL");
	const char *at = url;
	struct host host;
	bool plain = host_skip(&at, "http://");

	if ((!plain && !host_skip(&at, "https://")) ||
	    !host_of_url(url, &host) || memchr(at, '@', strcspn(at, "/")) ||
	    strpbrk(url, " \t\r\n"))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_WEBHOOK_URL must be like https://host/path (%s)",
		    origin);
	if (host_private(&host) && !private)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_WEBHOOK_URL leads into a private network (%s); if "
		    "that is meant, set LEAD_WEBHOOK_PRIVATE=true",
		    origin);
	if (plain && !host_private(&host))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_WEBHOOK_URL must begin with https:// (%s): leads "
		    "are people's data",
		    origin);
	return OUT_OK;
}

static enum outcome
webhook_open(struct crm *crm, struct fault *fault)
{
	struct webhook *hook = mem_alloc(sizeof(*hook));
	const char *secret = config_get(crm->config, "LEAD_WEBHOOK_SECRET");
	enum outcome out;

	crm->own = hook;
	hook->url = config_get(crm->config, "LEAD_WEBHOOK_URL");
	out = config_bool(crm->config, "LEAD_WEBHOOK_PRIVATE", false,
	    &hook->private, fault);
	hook->is_signed = secret != NULL;
	if (out == OUT_OK && secret && !webhook_key_read(&hook->key, secret))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_WEBHOOK_SECRET is no key (%s); it is whsec_ and "
		    "base64 of 24 to 64 bytes",
		    config_origin(crm->config, "LEAD_WEBHOOK_SECRET"));
	/* Last: while it is wrong nobody would hear of the others. */
	return out == OUT_OK ? check_url(crm->config, hook->private, fault)
			     : out;
}

static void
webhook_close(struct crm *crm)
{
	free(crm->own);
}

/* KEY: the same over all tries. */
static void
sign(struct crm_job *job, const char *key)
{
	const struct webhook *hook = job->crm->own;
	int64_t at = job->now / 1000;
	char *signature;

	crm_ask_header(job, mem_printf("webhook-id: msg_%s", key));
	crm_ask_header(job,
	    mem_printf("webhook-timestamp: %lld", (long long)at));
	/* RFC 8941: a String, so quoted */
	crm_ask_header(job, mem_printf("Idempotency-Key: \"%s\"", key));
	if (!hook->is_signed)
		return;
	char *id = mem_printf("msg_%s", key);
	signature =
	    webhook_sign(&hook->key, id, at, job->body, strlen(job->body));
	crm_ask_header(job, mem_printf("webhook-signature: %s", signature));
	free(signature);
	free(id);
}

/* Of the lead and not of the try. */
static char *
body_of(const struct crm_lead *lead, bool update)
{
	char created[CLOCK_TEXT_SIZE];
	json_auto_t *body = json_pack("{s:s s:s s:o}", "type",
	    update ? "lead.updated" : "lead.created", "timestamp",
	    clock_text(lead->created_at, created), "data",
	    crm_lead_json(lead));

	return json_text(body);
}

static enum crm_next
webhook_request(struct crm_job *job, struct crm_request *request)
{
	const struct webhook *hook = job->crm->own;
	const char *mark = NULL;
	struct crm_lead *lead = NULL;
	char *key;

	if (job->step == STEP_NOTE)
		lead = crm_next_update(job, &mark);
	else if (job->step == STEP_CREATE)
		lead = crm_next_pending(job);
	if (!lead)
		return CRM_DONE;
	/* The same key is the same body, also when the lead was joined by
	 * another one since: a receiver may refuse the key else (422). */
	crm_ask(job, request, HTTP_POST, mem_dup(hook->url),
	    lead->frozen ? mem_dup(lead->frozen) : body_of(lead, mark));
	lead->freezing = job->body;
	request->http.public_only = !hook->private;
	key = mem_printf("%s%s%s", lead->marker, mark ? "_" : "",
	    mark ? mark : "");
	sign(job, key);
	free(key);
	return CRM_ASK;
}

/* The receiver may say what it calls the lead; else it is called ours. */
static bool
webhook_read(struct crm_job *job, const json_t *body)
{
	size_t at = 0;
	struct crm_lead *lead = crm_asked(job, &at);

	if (job->step == STEP_NOTE)
		lead->noted = true;
	else
		crm_lead_named(lead, body);
	return true;
}

const struct crm_adapter crm_webhook = {
	.name = "webhook",
	.title = "the webhook",
	.settings = { "LEAD_WEBHOOK_URL" },
	.bounds = { 1, 0, 0 },
	.repeats = true,
	.refusals = refusals,
	.said = webhook_said,
	.open = webhook_open,
	.close = webhook_close,
	.request = webhook_request,
	.read = webhook_read,
};
