/* SPDX-License-Identifier: MIT */
/*
 * Leads to a program of the user's: the lead as JSON on stdin, {"id": ...} on
 * stdout.  Exit 0: it is there; 75: not yet, try again; 65 or 69: this lead
 * can never go; 77 or 78: the program's settings are wrong.  Anything else may
 * have happened after it was created, so the same lead may come twice, with
 * the same marker.  What a person said later comes as the same lead with an
 * "update".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/lead_json.h"
#include "crm/work.h"

#define CLOSED_MS INT64_C(900000)

static enum outcome
exec_open(struct crm *crm, struct fault *fault)
{
	const char *path = config_get(crm->config, "LEAD_EXEC");

	if (*path != '/')
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_EXEC must be the whole path of a program, without "
		    "arguments (%s)",
		    config_origin(crm->config, "LEAD_EXEC"));
	if (access(path, X_OK) != 0)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEAD_EXEC '%s' is not a program that can be run here "
		    "(%s); chmod +x it",
		    path, config_origin(crm->config, "LEAD_EXEC"));
	crm->own = mem_dup(path);
	return OUT_OK;
}

static void
exec_close(struct crm *crm)
{
	free(crm->own);
}

static enum crm_next
exec_request(struct crm_job *job, struct crm_request *request)
{
	struct crm_lead *lead = NULL;
	const char *mark;
	json_t *json;

	if (job->step == STEP_NOTE)
		lead = crm_next_update(job, &mark);
	else if (job->step == STEP_CREATE)
		lead = crm_next_pending(job);
	if (!lead)
		return CRM_DONE;
	json = crm_lead_json(lead);
	job->body = json_text(json);
	json_decref(json);
	job->argv[0] = job->crm->own;
	request->argv = job->argv;
	request->input = job->body;
	request->input_len = strlen(job->body);
	return CRM_ASK;
}

/* What the program meant by how it ended. */
static void
exec_meaning(const struct crm_response *response, struct crm_reply *reply)
{
	const char *said = response->error ? response->error : "";

	reply->meaning = MEANS_DOUBT;
	if (!response->ran || response->exit_code == 75)
		reply->meaning = MEANS_SAFE;
	else if (response->exit_code == 65 || response->exit_code == 69)
		reply->meaning = MEANS_NEVER;
	else if (response->exit_code == 77 || response->exit_code == 78)
		reply->meaning = MEANS_CLOSED;
	if (reply->meaning == MEANS_CLOSED)
		reply->wait_ms = CLOSED_MS;
	if (response->timed_out)
		snprintf(reply->text, sizeof(reply->text),
		    "the program of LEAD_EXEC did not end in time");
	else if (response->ran && response->exit_code < 0)
		snprintf(reply->text, sizeof(reply->text),
		    "the program of LEAD_EXEC was killed");
	else if (response->ran)
		snprintf(reply->text, sizeof(reply->text),
		    "the program of LEAD_EXEC ended with %d",
		    response->exit_code);
	if (*said) {
		size_t len = strlen(reply->text);

		reply->quote = response->ran ? len : 0;
		snprintf(reply->text + len, sizeof(reply->text) - len, "%s",
		    len ? ": " : "");
		len = strlen(reply->text);
		crm_say(reply->text + len, sizeof(reply->text) - len, said);
	}
}

static void
exec_judge(struct crm_job *job, const struct crm_response *response)
{
	const struct json_slice text = { response->output,
		response->output_len };
	struct crm_reply reply = { 0 };
	json_error_t error;
	size_t at = 0;

	if (response->ran && !response->timed_out &&
	    response->exit_code == 0 && text.len > 0)
		reply.body = json_parse(text, &error);
	if (json_is_object(reply.body) && json_object_get(reply.body, "id")) {
		struct crm_lead *lead = crm_asked(job, &at);

		if (job->step == STEP_NOTE)
			lead->noted = true;
		else
			crm_lead_named(lead, reply.body);
		crm_job_well(job);
	} else {
		exec_meaning(response, &reply);
		if (response->exit_code == 0 && !response->timed_out)
			snprintf(reply.text, sizeof(reply.text),
			    "the program of LEAD_EXEC did not print "
			    "{\"id\": ...}");
		crm_job_refused(job, &reply);
	}
	crm_reply_release(&reply);
}

const struct crm_adapter crm_exec = {
	.name = "exec",
	.title = "the program of LEAD_EXEC",
	.settings = { "LEAD_EXEC" },
	.bounds = { 1, 0, 0 },
	.repeats = true,
	.open = exec_open,
	.close = exec_close,
	.request = exec_request,
	.judge = exec_judge,
};
