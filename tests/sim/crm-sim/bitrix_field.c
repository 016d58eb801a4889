/* SPDX-License-Identifier: MIT */
#include "bitrix.h"
#include "call.h"

#include <string.h>

/* What an item can hold; anything else is dropped without a word. */
static const struct {
	const char *name, *upper, *type, *title;
} fields[] = {
	{ "title", "TITLE", "string", "Lead Name" },
	{ "name", "NAME", "string", "First name" },
	{ "lastName", "LAST_NAME", "string", "Last name" },
	{ "secondName", "SECOND_NAME", "string", "Second name" },
	{ "stageId", "STATUS_ID", "crm_status", "Stage" },
	{ "sourceId", "SOURCE_ID", "crm_status", "Source" },
	{ "sourceDescription", "SOURCE_DESCRIPTION", "text",
	    "Source information" },
	{ "opened", "OPENED", "boolean", "Available to everyone" },
	{ "assignedById", "ASSIGNED_BY_ID", "user", "Responsible person" },
	{ "opportunity", "OPPORTUNITY", "double", "Amount" },
	{ "currencyId", "CURRENCY_ID", "crm_currency", "Currency" },
	{ "comments", "COMMENTS", "text", "Comment" },
	{ "fm", "FM", "crm_multifield", "Phone, e-mail" },
	{ "originatorId", "ORIGINATOR_ID", "string", "External source" },
	{ "originId", "ORIGIN_ID", "string", "Item ID in data source" },
	{ "utmSource", "UTM_SOURCE", "string", "Advertising system" },
	{ "utmMedium", "UTM_MEDIUM", "string", "Medium" },
	{ "utmCampaign", "UTM_CAMPAIGN", "string", "Ad campaign UTM" },
	{ "utmContent", "UTM_CONTENT", "string", "Campaign contents" },
	{ "utmTerm", "UTM_TERM", "string", "Campaign search term" },
	{ "contactId", "CONTACT_ID", "crm_contact", "Contact" },
	{ "contactIds", "CONTACT_IDS", "crm_contact", "Contacts" },
	{ "categoryId", "CATEGORY_ID", "crm_category", "Pipeline" },
	{ "companyTitle", "COMPANY_TITLE", "string", "Company Name" },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void
bitrix_fields_copy(json_t *data, const json_t *from)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		json_t *value = json_object_get(from, fields[i].name);

		if (value)
			json_object_set(data, fields[i].name, value);
	}
}

void
bitrix_item_fields(struct call *call)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < FIELDS; i++)
		json_object_set_new(all, fields[i].name,
		    json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:s, s:s}",
			"type", fields[i].type, "isRequired", 0, "isReadOnly",
			0, "isImmutable", 0, "isMultiple",
			!strcmp(fields[i].name, "fm"), "isDynamic", 0, "title",
			fields[i].title, "upperName", fields[i].upper));
	bitrix_answer(call, json_pack("{s:o}", "fields", all));
}
