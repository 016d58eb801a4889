/* SPDX-License-Identifier: MIT */
#include "ops/intake_line.h"

#include "base/json.h"

static json_t *
number_or_null(int64_t number)
{
	return number != 0 ? json_integer(number) : json_null();
}

void
intake_line_add(struct buf *out, const struct reception_item *item,
    bool dry_run)
{
	static const char *const fates[] = { [LEAD_ADDED] = "added",
		[LEAD_JOINED] = "joined",
		[LEAD_KNOWN] = "known" };
	static const char *const flags[] = { [PHONE_INVALID] = "invalid",
		[PHONE_GUESSED] = "guessed",
		[PHONE_VALID] = "valid" };
	const struct lead_new *lead = &item->lead;
	const struct lead_taken *taken = &item->taken;
	bool judged = lead->phone != NULL && taken->fate != LEAD_KNOWN;
	json_t *line = json_pack(
	    "{s:i, s:I, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:o, s:O, s:o, s:o, s:b}",
	    "schema", 1, "id", (json_int_t)(dry_run ? 0 : taken->id), "fate",
	    fates[taken->fate], "by", json_text_or_null(taken->by), "key",
	    json_text_or_null(lead->key), "source", lead->source, "crm",
	    json_text_or_null(lead->crm), "title",
	    json_text_or_null(lead->title), "name",
	    json_text_or_null(lead->name), "phone",
	    json_text_or_null(lead->phone), "phone_e164",
	    json_text_or_null(taken->e164[0] ? taken->e164 : NULL),
	    "phone_flag",
	    json_text_or_null(judged ? flags[taken->phone] : NULL), "email",
	    json_text_or_null(lead->email), "chat",
	    number_or_null(lead->chat_id), "details", lead->details, "file",
	    json_text_or_null(item->file && *item->file ? item->file : NULL),
	    "line", number_or_null(item->line), "dry_run", dry_run);
	json_line_add(out, line);
}
