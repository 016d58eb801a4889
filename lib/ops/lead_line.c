/* SPDX-License-Identifier: MIT */
#include "ops/lead_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/utf8.h"

/* Characters of a stranger's text in a column. */
#define WHO_CHARS 24
#define REASON_CHARS 120

const char lead_line_head[] =
    "ID         STATE    NEXT    CRM        DUE (UTC)            TRIES WHO\n";

static void
add_text(struct buf *out, const struct lead_brief *lead)
{
	char due[CLOCK_TEXT_SIZE] = "at once";

	if (lead->not_before > 0) {
		clock_text(lead->not_before, due);
		due[10] = ' ';
		due[19] = '\0';
	}
	buf_printf(out, "%-10lld %-8s %-7s %-10s %-20s %5lld ",
	    (long long)lead->id, lead->state, lead->errand,
	    lead->crm ? lead->crm : "-", due, (long long)lead->tries);
	terminal_add(out, lead->name, WHO_CHARS);
	if (lead->name != NULL)
		buf_add_char(out, ' ');
	terminal_add(out, lead->phone, WHO_CHARS);
	if (lead->reason != NULL) {
		buf_add_text(out, ": ");
		terminal_add(out, lead->reason, REASON_CHARS);
	}
	buf_add_char(out, '\n');
}

static json_t *
value_of(const char *text)
{
	char *clean = text ? utf8_clean(text, strlen(text)) : NULL;
	json_t *value = clean ? json_string(clean) : json_null();

	free(clean);
	return value;
}

void
lead_line_add(struct buf *out, const struct lead_brief *lead, bool json)
{
	if (!json) {
		add_text(out, lead);
		return;
	}
	json_t *object =
	    json_pack("{s:i s:I s:s s:s s:o s:o s:o s:I s:o s:o s:o}",
		"schema", 1, "id", (json_int_t)lead->id, "state", lead->state,
		"next", lead->errand, "crm", value_of(lead->crm), "created_at",
		json_time_or_null(lead->created_at), "not_before",
		json_time_or_null(lead->not_before), "tries",
		(json_int_t)lead->tries, "name", value_of(lead->name), "phone",
		value_of(lead->phone), "reason", value_of(lead->reason));
	json_line_add(out, object);
}
