/* SPDX-License-Identifier: MIT */
/*
 * Notes of leads.  Ours ends with a mark, so that it is known again and not
 * brought twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/amocrm.h"

enum crm_next
amocrm_notes(struct crm_job *job, struct crm_request *request)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->work[i].note_read || !crm_note_wanted(job, i))
			continue;
		job->work[i].asked = true;
		return amocrm_ask(job, request, HTTP_GET,
			   mem_printf("/api/v4/leads/%s/notes?limit=250"
				      "&filter[note_type]=common",
			       job->leads[i].remote_id),
			   NULL)
		    ? CRM_ASK
		    : CRM_DONE;
	}
	return CRM_DONE;
}

bool
amocrm_notes_read(struct crm_job *job, const json_t *body)
{
	const json_t *notes = amocrm_embedded(body, "notes"), *note;
	struct crm_lead *lead;
	size_t at = 0, i;

	lead = crm_asked(job, &at);
	job->work[at].note_read = true;
	json_array_foreach (notes, i, note) {
		const char *text =
		    json_get_text(json_object_get(note, "params"), "text");

		if (text && strstr(text, crm_note_mark(job->work[at].note)))
			lead->noted = true;
	}
	return true;
}

enum crm_next
amocrm_note(struct crm_job *job, struct crm_request *request)
{
	json_t *list = json_array();
	size_t count = 0;

	for (size_t i = 0; i < job->count && count < job->most; i++) {
		const char *note = crm_note_wanted(job, i);
		const struct crm_lead *lead = &job->leads[i];

		if (!note)
			continue;
		job->work[i].asked = true;
		count++;
		json_array_append_new(list,
		    json_pack("{s:I s:s s:{s:s} s:s+}", "entity_id",
			(json_int_t)strtoll(lead->remote_id, NULL, 10),
			"note_type", "common", "params", "text", note,
			"request_id", AMOCRM_REQUEST, lead->marker));
	}
	if (count > 0 &&
	    amocrm_ask(job, request, HTTP_POST, mem_dup("/api/v4/leads/notes"),
		list))
		return CRM_ASK;
	if (count == 0)
		json_decref(list);
	return CRM_DONE;
}

bool
amocrm_noted(struct crm_job *job, const json_t *body)
{
	struct crm_lead *lead;

	if (!json_is_array(amocrm_embedded(body, "notes")))
		return false;
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++)
		lead->noted = true;
	return true;
}
