/* SPDX-License-Identifier: MIT */
#include "crm/crm_lead.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Bytes of a person's text in a note; the rest stays in our database. */
#define NOTE_MAX 16000
#define VALUE_MAX 1000

void
crm_lead_release(struct crm_lead *lead)
{
	json_decref(lead->dropped);
	lead->dropped = NULL;
}

void
crm_lead_drop(struct crm_lead *lead, const char *field, const json_t *value,
    const char *why)
{
	json_t *entry = json_pack("{s:s s:O? s:s}", "field", field, "value",
	    value, "why", why);

	if (!lead->dropped)
		lead->dropped = json_array();
	json_array_append_new(lead->dropped, entry);
}

const char *
crm_lead_detail(const struct crm_lead *lead, const char *name)
{
	const char *text = json_get_text(lead->details, name);

	return text && *text ? text : NULL;
}

const char *
crm_lead_person(const struct crm_lead *lead)
{
	const char *const texts[] = { lead->name, lead->phone, lead->phone_raw,
		lead->email };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i] && *texts[i])
			return texts[i];
	return "?";
}

/* A line "NAME: TEXT", cut. */
static void
line_add(struct buf *out, const char *name, const char *text)
{
	size_t len;

	if (!text || !*text)
		return;
	len = utf8_prefix_bytes(text, VALUE_MAX);
	buf_printf(out, "%s: %.*s%s\n", name, (int)len, text,
	    text[len] ? "..." : "");
}

static void
dropped_add(struct buf *out, const json_t *dropped)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (dropped, i, entry) {
		const json_t *value = json_object_get(entry, "value");
		char *text = json_is_string(value) ? NULL : json_text(value);
		char *name = mem_printf("(%s) %s", json_get_text(entry, "why"),
		    json_get_text(entry, "field"));

		line_add(out, name, text ? text : json_string_value(value));
		free(name);
		free(text);
	}
}

char *
crm_lead_note(const struct crm_lead *lead)
{
	const char *update = crm_lead_detail(lead, "update");
	const char *note = update ? update : crm_lead_detail(lead, "note");
	struct buf out = BUF_INIT(4 * NOTE_MAX);
	size_t len = note ? utf8_prefix_bytes(note, NOTE_MAX) : 0;
	char *marked;

	if (note)
		buf_printf(&out, "%.*s\n", (int)len, note);
	if (note && note[len])
		buf_printf(&out,
		    "(%zu bytes more are kept with lead %lld of leadpipe)\n",
		    strlen(note) - len, (long long)lead->id);
	if (!update) {
		if (!lead->phone)
			line_add(&out, "phone", lead->phone_raw);
		line_add(&out, "page", crm_lead_detail(lead, "page"));
		line_add(&out, "consent", crm_lead_detail(lead, "consent"));
	}
	dropped_add(&out, lead->dropped);
	if (out.len == 0) {
		buf_release(&out);
		return NULL;
	}
	/* never cut off: by its last line it is known again */
	marked = mem_printf("%s%s%s %08x", out.data,
	    out.overflow ? "...\n" : "", lead->marker,
	    (unsigned)id_hash(out.data, out.len));
	buf_release(&out);
	return marked;
}

const char *
crm_note_mark(const char *note)
{
	const char *line = strrchr(note, '\n');

	return line ? line + 1 : note;
}
