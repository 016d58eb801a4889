/* SPDX-License-Identifier: MIT */
/*
 * amoCRM refuses a whole lead, and the whole batch with it, for one field that
 * it does not like, and names it by its path.  That field is struck out, told
 * in the note and reported; the lead still goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/amocrm.h"
#include "crm/lookup.h"

/* Rounds by path; then nothing is left in but name and person. */
#define STRIKES_MAX 3

static const char *
after(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(text, beginning, len) == 0 ? text + len : NULL;
}

/* What people call the field of ENTRY; the caller frees it. */
static char *
entry_name(const struct crm *crm, const json_t *entry)
{
	const char *code = json_get_text(entry, "field_code");
	char *id =
	    mem_printf("%lld", (long long)json_get_int(entry, "field_id", 0));
	const json_t *field =
	    lookup_find(json_object_get(crm->lookup, "fields"),
		code ? code : id);
	const char *name = json_get_text(field, "name");

	name = name ? name : code;
	if (!name)
		return id;
	free(id);
	return mem_dup(name);
}

static const json_t *
entry_value(const json_t *entry)
{
	const json_t *first =
	    json_array_get(json_object_get(entry, "values"), 0);
	const json_t *value = json_object_get(first, "value");

	return value ? value : json_object_get(first, "enum_id");
}

/* Elements leave a hole, so that the paths of further errors stay right. */
static bool
entry_strike(const struct crm *crm, struct crm_lead *lead, json_t *list,
    const char *path, const char *why)
{
	char *end, *name;
	size_t index = strtoul(path, &end, 10);
	json_t *entry = json_array_get(list, index);

	if (end == path || !json_is_object(entry))
		return end != path && json_is_null(entry);
	name = entry_name(crm, entry);
	crm_lead_drop(lead, name, entry_value(entry), why);
	free(name);
	json_array_set_new(list, index, json_null());
	return true;
}

static bool
member_strike(struct crm_lead *lead, json_t *body, const char *path,
    const char *why)
{
	static const char *const keys[] = { "pipeline_id", "status_id",
		"price", "created_at", "tags" };
	json_t *object;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!after(path, keys[i]))
			continue;
		object = i < 4 ? body : json_object_get(body, "_embedded");
		if (!json_object_get(object, keys[i]))
			return false;
		crm_lead_drop(lead, keys[i], json_object_get(object, keys[i]),
		    why);
		json_object_del(object, keys[i]);
		/* a status is one of its pipeline */
		if (i == 0)
			json_object_del(body, "status_id");
		return true;
	}
	return false;
}

static bool
path_strike(const struct crm *crm, struct crm_lead *lead, json_t *body,
    const char *path, const char *why)
{
	json_t *persons =
	    json_object_get(json_object_get(body, "_embedded"), "contacts");
	json_t *person = json_array_get(persons, 0);
	const char *rest;

	path += strspn(path, "0123456789.");
	if ((rest = after(path, "_embedded.leads.0.")))
		path = rest;
	if ((rest = after(path, "custom_fields_values.")))
		return entry_strike(crm, lead,
		    json_object_get(body, "custom_fields_values"), rest, why);
	if ((rest = after(path, "_embedded.contacts.0.custom_fields_values.")))
		return entry_strike(crm, lead,
		    json_object_get(person, "custom_fields_values"), rest,
		    why);
	/* deleted or merged there since we met them */
	if (after(path, "_embedded.contacts") && lead->contact_id[0]) {
		lead->contact_id[0] = '\0';
		amocrm_person_set(lead, body);
		return true;
	}
	if ((rest = after(path, "_embedded.")))
		path = rest;
	return member_strike(lead, body, path, why);
}

static void
holes_close(json_t *object)
{
	json_t *list = json_object_get(object, "custom_fields_values");

	for (size_t i = json_array_size(list); i > 0; i--)
		if (json_is_null(json_array_get(list, i - 1)))
			json_array_remove(list, i - 1);
	if (list && json_array_size(list) == 0)
		json_object_del(object, "custom_fields_values");
}

/* Nothing but what a manager needs to call back. */
static void
strike_all(struct crm *crm, struct crm_lead *lead, json_t *body,
    const char *why)
{
	json_t *embedded = json_object_get(body, "_embedded");
	json_t *list = json_object_get(body, "custom_fields_values"), *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		char *name = entry_name(crm, entry);

		crm_lead_drop(lead, name, entry_value(entry), why);
		free(name);
	}
	json_object_del(body, "custom_fields_values");
	json_object_del(body, "pipeline_id");
	json_object_del(body, "status_id");
	json_object_del(body, "price");
	json_object_del(body, "created_at");
	json_object_del(embedded, "tags");
}

static bool
has_place(const json_t *body)
{
	return json_object_get(body, "pipeline_id") ||
	    json_object_get(body, "status_id");
}

static void
lead_strike(struct crm_job *job, size_t index, const json_t *errors,
    const struct crm_reply *reply)
{
	struct crm_lead *lead = &job->leads[index];
	struct crm_work *work = &job->work[index];
	const json_t *error;
	bool struck = false, placed = has_place(work->body);
	size_t i;

	work->alone = true;
	json_array_foreach (errors, i, error) {
		const char *path = json_get_text(error, "path");
		const char *why = json_get_text(error, "detail");

		why = why ? why : json_get_text(error, "code");
		if (path && work->strikes < STRIKES_MAX &&
		    path_strike(job->crm, lead, work->body, path,
			why ? why : "amoCRM refuses it"))
			struck = true;
	}
	holes_close(work->body);
	holes_close(json_array_get(json_object_get(json_object_get(work->body,
						       "_embedded"),
				       "contacts"),
	    0));
	if (struck) {
		work->strikes++;
	} else if (work->strikes <= STRIKES_MAX) {
		work->strikes = STRIKES_MAX + 1;
		strike_all(job->crm, lead, work->body,
		    "amoCRM refuses the lead with it");
	} else {
		crm_lead_park(lead, reply->text, NULL);
	}
	/* the list that it was taken from is not true any more */
	if (placed && !has_place(work->body))
		job->crm->missed = true;
}

/* The errors about the lead at INDEX, the POSITIONth that was asked about. */
static const json_t *
errors_of(const json_t *list, const struct crm_lead *lead, size_t position,
    bool only)
{
	const json_t *entry;
	char number[24];
	size_t i;

	snprintf(number, sizeof(number), "%zu", position);
	json_array_foreach (list, i, entry) {
		const char *name = json_get_text(entry, "request_id");
		const char *marker = name ? after(name, AMOCRM_REQUEST) : NULL;

		if (only || (marker && strcmp(marker, lead->marker) == 0) ||
		    (name && strcmp(name, number) == 0))
			return json_object_get(entry, "errors");
	}
	return NULL;
}

void
amocrm_strike(struct crm_job *job, const struct crm_reply *reply)
{
	const json_t *list = json_object_get(reply->body, "validation-errors");
	size_t asked = 0, position = 0, named = 0;
	const struct crm_lead *lead;

	for (size_t at = 0; crm_asked(job, &at); at++)
		asked++;
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++) {
		const json_t *errors =
		    errors_of(list, lead, position++, asked == 1);

		if (!errors && asked > 1)
			continue;
		named++;
		lead_strike(job, at, errors, reply);
	}
	/* Which of them is bad is not said: look in halves. */
	if (named == 0)
		job->most = asked / 2;
}

bool
amocrm_strike_place(struct crm_job *job, const struct crm_reply *reply)
{
	struct crm_lead *lead;
	bool struck = false;

	for (size_t at = 0; (lead = crm_asked(job, &at)); at++)
		while (member_strike(lead, job->work[at].body, "pipeline_id",
			   reply->text) ||
		    member_strike(lead, job->work[at].body, "status_id",
			reply->text))
			struck = true;
	job->crm->missed = job->crm->missed || struck;
	if (struck)
		crm_job_well(job);
	return struck;
}
