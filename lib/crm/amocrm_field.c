/* SPDX-License-Identifier: MIT */
/*
 * Custom fields of amoCRM: by id, code or name, with the types that the
 * account has given them.  One bad value makes amoCRM refuse the whole lead,
 * so what cannot fit is left out beforehand and told in the note.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/amocrm.h"
#include "crm/lookup.h"

/* values of one entity in leads/complex */
#define FIELDS_MAX 40

/* Every account has these (type tracking_data), known before any lookup. */
static const char *const tracking[] = { "UTM_SOURCE", "UTM_MEDIUM",
	"UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM", "UTM_REFERRER", "REFERRER",
	"GCLID", "GCLIENTID", "YCLID", "FBCLID", "ROISTAT", "FROM" };

static bool
is_one_of(const char *type, const char *a, const char *b)
{
	return type && (strcmp(type, a) == 0 || strcmp(type, b) == 0);
}

/* The text of a scalar; the caller frees it. */
static char *
scalar_text(const json_t *value)
{
	return json_is_string(value) ? mem_dup(json_string_value(value))
				     : json_text(value);
}

static json_t *
checkbox_value(const char *text)
{
	static const char *const yes[] = { "true", "1", "yes", "on", "да" };
	char *folded = utf8_fold(text);
	bool on = false;

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		on = on || strcmp(folded, yes[i]) == 0;
	free(folded);
	return json_pack("{s:b}", "value", on);
}

/* What the field takes for VALUE, NULL when it takes no such thing. */
static json_t *
field_value(const json_t *field, const json_t *value)
{
	const char *type = json_get_text(field, "type");
	const json_t *enums = json_object_get(field, "enums"), *choice;
	char *text = scalar_text(value);
	json_t *made = NULL;
	int64_t at;

	if (json_is_object(value) || json_is_null(value)) {
		made = NULL;
	} else if (is_one_of(type, "checkbox", "flag")) {
		made = checkbox_value(text);
	} else if (is_one_of(type, "date", "date_time") &&
	    !text[strspn(text, "0123456789")]) {
		made = json_pack("{s:I}", "value",
		    (json_int_t)strtoll(text, NULL, 10));
	} else if (is_one_of(type, "date", "date_time")) {
		if (clock_parse(text, &at) == 0)
			made = json_pack("{s:I}", "value",
			    (json_int_t)(at / 1000));
	} else if (json_array_size(enums) > 0) {
		choice = lookup_find(enums, text);
		if (choice)
			made = json_pack("{s:I}", "enum_id",
			    (json_int_t)strtoll(json_get_text(choice, "id"),
				NULL, 10));
	} else {
		made = json_pack("{s:s}", "value", text);
	}
	free(text);
	return made;
}

/* {"field_id" or "field_code", "values"}; NULL when no value fits. */
static json_t *
field_entry(const json_t *field, const json_t *value)
{
	const char *id = json_get_text(field, "id");
	const char *code = json_get_text(field, "code");
	json_t *values = json_array(), *made;
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	for (size_t i = 0; i < count; i++) {
		made = field_value(field,
		    json_is_array(value) ? json_array_get(value, i) : value);
		if (made)
			json_array_append_new(values, made);
	}
	if (json_array_size(values) == 0) {
		json_decref(values);
		return NULL;
	}
	return id
	    ? json_pack("{s:I s:o}", "field_id",
		  (json_int_t)strtoll(id, NULL, 10), "values", values)
	    : json_pack("{s:s s:o}", "field_code", code, "values", values);
}

/* A field of which nothing is known but what it was called. */
static json_t *
field_blind(const char *wanted)
{
	bool is_id = wanted[strspn(wanted, "0123456789")] == '\0';

	return json_pack("{s:s}", is_id ? "id" : "code", wanted);
}

static void
field_add(struct crm *crm, struct crm_lead *lead, const char *wanted,
    const json_t *value, json_t *list)
{
	const json_t *fields = json_object_get(crm->lookup, "fields");
	bool known = json_array_size(fields) > 0;
	const json_t *field = lookup_find(fields, wanted);
	json_auto_t *blind = known ? NULL : field_blind(wanted);
	json_t *entry;

	if (json_array_size(list) >= FIELDS_MAX) {
		crm_lead_drop(lead, wanted, value,
		    "amoCRM takes 40 fields at most");
		return;
	}
	if (!field && known) {
		crm_missed(crm, lead, wanted, value, wanted, fields);
		return;
	}
	entry = field_entry(field ? field : blind, value);
	if (entry)
		json_array_append_new(list, entry);
	else
		crm_lead_drop(lead, wanted, value,
		    "the field takes no such value");
}

/* "utm_source" is UTM_SOURCE, "roistat_visit" ROISTAT. */
static void
tracking_add(struct crm *crm, struct crm_lead *lead, const char *key,
    const json_t *value, json_t *list)
{
	const json_t *fields = json_object_get(crm->lookup, "fields");
	char *code = mem_dup(key);
	bool known = false;

	for (char *at = code; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	if (strcmp(code, "ROISTAT_VISIT") == 0)
		code[strlen("ROISTAT")] = '\0';
	for (size_t i = 0; i < sizeof(tracking) / sizeof(*tracking); i++)
		known = known || strcmp(code, tracking[i]) == 0;
	if (json_array_size(fields) > 0)
		known = lookup_find(fields, code) != NULL;
	if (known)
		field_add(crm, lead, code, value, list);
	else
		crm_lead_drop(lead, key, value, "no field for it");
	free(code);
}

void
amocrm_fields_add(struct crm *crm, struct crm_lead *lead, json_t *body)
{
	json_t *list = json_object_get(body, "custom_fields_values");
	const char *referer = crm_lead_detail(lead, "referer"), *key;
	json_auto_t *text = referer ? json_string(referer) : NULL;
	json_t *value;

	json_object_foreach (json_object_get(lead->details, "fields"), key,
	    value)
		field_add(crm, lead, key, value, list);
	json_object_foreach (json_object_get(lead->details, "utm"), key, value)
		tracking_add(crm, lead, key, value, list);
	if (text)
		tracking_add(crm, lead, "referrer", text, list);
}
