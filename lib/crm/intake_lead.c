/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "crm/intake.h"
#include "crm/tilda.h"

/* First and last name make the name where none was given. */
static void
join_names(struct intake *intake)
{
	const char *first = intake->first_name, *last = intake->last_name;

	if (intake->name == NULL && (first != NULL || last != NULL))
		intake->name = mem_printf("%s%s%s", first ? first : "",
		    first && last ? " " : "", last ? last : "");
	else if (intake->name != NULL && last != NULL &&
	    strstr(intake->name, last) == NULL) {
		char *name = mem_printf("%s %s", intake->name, last);

		free(intake->name);
		intake->name = name;
	}
}

static bool
has_campaign(const json_t *utm)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)utm, name, value)
		if (strncmp(name, "utm_", 4) == 0)
			return true;
	return false;
}

/*
 * Where the person came from: as the form says, else the cookie, else the
 * address of the page, else that of the page before.  Of one campaign only.
 */
static void
find_campaign(struct intake *intake)
{
	static const char *const urls[] = { "page", "referer" };
	json_t *utm = json_object_get(intake->details, "utm");
	bool campaign;
	const char *name, *url;
	json_t *value;

	utm = utm ? json_incref(utm) : json_object();
	campaign = has_campaign(utm);
	json_object_foreach (intake->cookie_utm, name, value)
		if (!campaign || strncmp(name, "utm_", 4) != 0)
			if (json_object_get(utm, name) == NULL)
				json_object_set(utm, name, value);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		url = json_get_text(intake->details, urls[i]);
		if (url != NULL)
			tilda_query(utm, url, !has_campaign(utm));
	}
	if (json_object_size(utm) > 0)
		json_object_set(intake->details, "utm", utm);
	json_decref(utm);
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/*
 * A sender's id of the submission, together with who it is about: a sender
 * who gives every one the same id loses nothing.
 */
static char *
make_key(const struct intake *intake, const char *source)
{
	char *person, *key;

	if (intake->transaction == NULL)
		return NULL;
	person = mem_printf("%s|%s|%s", or_empty(intake->phone),
	    or_empty(intake->email), or_empty(intake->name));
	key = mem_printf("%s:%s:%016llx", source, intake->transaction,
	    (unsigned long long)id_hash(person, strlen(person)));
	free(person);
	return key;
}

void
intake_lead(struct intake *intake, const char *source, const char *kind,
    struct lead_new *lead)
{
	join_names(intake);
	find_campaign(intake);
	if (source == NULL)
		source = intake->source ? intake->source
		    : intake->tilda	? "tilda"
					: kind;
	intake->raw_text = json_text(intake->raw);
	intake->key = make_key(intake, source);
	*lead = (struct lead_new){ .key = intake->key,
		.crm = intake->crm,
		.source = source,
		.title = intake->title,
		.name = intake->name,
		.phone = intake->phone,
		.email = intake->email,
		.chat_id = intake->chat_id,
		.details = intake->details,
		.transaction = intake->transaction,
		.raw = intake->raw_text };
}
