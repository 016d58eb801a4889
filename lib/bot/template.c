/* SPDX-License-Identifier: MIT */
#include "bot/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "bot/markup.h"
#include "bot/model.h"
#include "bot/text.h"
#include "bot/variable.h"

static const struct {
	const char *name;
	bool needs_arg;
} filters[] = {
	{ "default", true },
	{ "urlencode", false },
	{ "label", false },
	{ "lower", false },
};

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\n");
}

static bool
take_word(const char **at, struct json_slice *word)
{
	skip_blanks(at);
	word->at = *at;
	while (isalnum((unsigned char)**at) || **at == '_' || **at == '.')
		++*at;
	word->len = (size_t)(*at - word->at);
	skip_blanks(at);
	return word->len > 0;
}

static bool
take_filter(const char **at, struct template_filter *filter)
{
	const char *end;

	memset(filter, 0, sizeof(*filter));
	if (!take_word(at, &filter->name))
		return false;
	if (**at != ':')
		return true;
	++*at;
	skip_blanks(at);
	if (**at != '"' || (end = strchr(*at + 1, '"')) == NULL)
		return false;
	filter->arg = (struct json_slice){ *at + 1, (size_t)(end - *at - 1) };
	*at = end + 1;
	skip_blanks(at);
	return true;
}

static bool
take_slot(const char **at, struct template_slot *slot)
{
	slot->count = 0;
	if (!take_word(at, &slot->name))
		return false;
	while (**at == '|') {
		++*at;
		if (slot->count == TEMPLATE_FILTERS ||
		    !take_filter(at, &slot->filters[slot->count++]))
			return false;
	}
	if (strncmp(*at, "}}", 2) != 0)
		return false;
	*at += 2;
	return true;
}

enum template_part
template_next(const char **at, struct json_slice *literal,
    struct template_slot *slot)
{
	const char *from = *at, *open;

	if (*from == '\0')
		return TEMPLATE_END;
	if (strncmp(from, "{{", 2) == 0) {
		*at += 2;
		if (take_slot(at, slot))
			return TEMPLATE_SLOT;
		*literal = (struct json_slice){ from, strlen(from) };
		*at = from + literal->len;
		return TEMPLATE_BROKEN;
	}
	open = strstr(from, "{{");
	*at = open ? open : from + strlen(from);
	*literal = (struct json_slice){ from, (size_t)(*at - from) };
	return TEMPLATE_LITERAL;
}

static bool
slice_is(struct json_slice slice, const char *text)
{
	return slice.len == strlen(text) &&
	    memcmp(slice.at, text, slice.len) == 0;
}

static bool
ends_with(const struct template_slot *slot, const char *name)
{
	return slot->count > 0 &&
	    slice_is(slot->filters[slot->count - 1].name, name);
}

static char *
url_encode(const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	struct buf out = BUF_INIT(64U << 10);

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) != NULL) {
			buf_add_char(&out, (char)c);
		} else {
			buf_add_char(&out, '%');
			buf_add_char(&out, hex[c >> 4]);
			buf_add_char(&out, hex[c & 15]);
		}
	}
	return buf_take(&out);
}

/* What a person sees of the choice VALUE of the variable NAME; a variable that
 * holds no choice is its own label. */
static char *
label_of(const struct flow *flow, const struct chat *chat,
    const struct template_filter *filter, const char *name, char *value)
{
	struct chat reader = *chat;
	char *lang, *label = NULL;
	const json_t *choice;

	if (value == NULL)
		return NULL;
	choice = flow_choice(flow, name, value);
	if (choice != NULL) {
		lang = filter->arg.at
		    ? mem_dup_n(filter->arg.at, filter->arg.len)
		    : NULL;
		if (lang != NULL)
			reader.reading = lang;
		label =
		    text_label(flow, &reader, json_get_text(choice, "text"));
		free(lang);
	}
	return label ? label : value;
}

/* Takes VALUE (may be NULL: unset) of NAME and returns what FILTER makes of
 * it. */
static char *
filter_apply(const struct flow *flow, const struct chat *chat,
    const struct template_filter *filter, const char *name, char *value)
{
	char *result = value;

	if (slice_is(filter->name, "default")) {
		if (value == NULL || value[0] == '\0')
			result = mem_dup_n(filter->arg.at, filter->arg.len);
	} else if (slice_is(filter->name, "urlencode")) {
		result = value ? url_encode(value) : NULL;
	} else if (slice_is(filter->name, "lower")) {
		result = value ? utf8_fold(value) : NULL;
	} else if (slice_is(filter->name, "label")) {
		result = label_of(flow, chat, filter, name, value);
	}
	if (result != value)
		free(value);
	return result;
}

static void
slot_expand(const struct flow *flow, const struct chat *chat,
    const struct template_slot *slot, enum place place, struct buf *out)
{
	char name[VARIABLE_NAME_SIZE], *value;
	size_t i;

	if (slot->name.len >= sizeof(name))
		return;
	memcpy(name, slot->name.at, slot->name.len);
	name[slot->name.len] = '\0';
	value = variable_text(flow, chat, name);
	for (i = 0; i < slot->count; i++)
		value =
		    filter_apply(flow, chat, &slot->filters[i], name, value);
	if (value != NULL && place == PLACE_HTML) {
		markup_escape(value, out);
	} else if (value != NULL && place == PLACE_URL &&
	    !ends_with(slot, "urlencode")) {
		char *encoded = url_encode(value);

		buf_add_text(out, encoded);
		free(encoded);
	} else if (value != NULL) {
		buf_add_text(out, value);
	}
	free(value);
}

void
template_expand(const struct flow *flow, const struct chat *chat,
    const char *text, enum place place, struct buf *out)
{
	struct json_slice literal;
	struct template_slot slot;
	enum template_part part;

	while ((part = template_next(&text, &literal, &slot)) != TEMPLATE_END)
		if (part == TEMPLATE_SLOT)
			slot_expand(flow, chat, &slot, place, out);
		else
			buf_add(out, literal.at, literal.len);
}

static void
filter_check(struct check *check, const struct template_filter *filter)
{
	json_t *known = json_object();
	char *name = mem_dup_n(filter->name.at, filter->name.len);
	size_t i, count = sizeof(filters) / sizeof(filters[0]);

	for (i = 0; i < count; i++) {
		if (strcmp(filters[i].name, name) == 0)
			break;
		json_object_set_new(known, filters[i].name, json_true());
	}
	if (i == count)
		check_unknown(check, "filter", name, known);
	else if (filters[i].needs_arg && filter->arg.at == NULL)
		check_add(check, "filter '%s' wants an argument: %s:\"...\"",
		    name, name);
	free(name);
	json_decref(known);
}

bool
template_in_tag(struct json_slice literal, bool in_tag)
{
	size_t i;

	for (i = 0; i < literal.len; i++) {
		if (literal.at[i] == '<')
			in_tag = true;
		else if (literal.at[i] == '>')
			in_tag = false;
	}
	return in_tag;
}

void
template_check(struct check *check, const char *text, enum place place)
{
	struct json_slice literal;
	struct template_slot slot;
	enum template_part part;
	bool in_tag = false;
	size_t i;

	while (
	    (part = template_next(&text, &literal, &slot)) != TEMPLATE_END) {
		if (part == TEMPLATE_BROKEN) {
			check_add(check,
			    "'%.20s...' is not a template: write "
			    "{{name}} or {{name|filter:\"argument\"}}",
			    literal.at);
		} else if (part == TEMPLATE_SLOT) {
			variable_check_name(check, slot.name);
			for (i = 0; i < slot.count; i++)
				filter_check(check, &slot.filters[i]);
			if ((place == PLACE_URL ||
				(place == PLACE_HTML && in_tag)) &&
			    !ends_with(&slot, "urlencode"))
				check_add(check,
				    "'%.*s' in an address must "
				    "end with |urlencode",
				    (int)slot.name.len, slot.name.at);
		} else if (place == PLACE_HTML) {
			in_tag = template_in_tag(literal, in_tag);
		}
	}
}

size_t
template_slot_max(const struct flow *flow, const struct template_slot *slot)
{
	size_t max = variable_max(flow, slot->name), i;

	for (i = 0; i < slot->count; i++) {
		char *arg;

		if (!slice_is(slot->filters[i].name, "default"))
			continue;
		arg = mem_dup_n(slot->filters[i].arg.at,
		    slot->filters[i].arg.len);
		if (utf8_length(arg) > max)
			max = utf8_length(arg);
		free(arg);
	}
	return max;
}

bool
template_slot_says(const struct flow *flow, const struct template_slot *slot)
{
	size_t i;

	for (i = 0; i < slot->count; i++)
		if (slice_is(slot->filters[i].name, "default") &&
		    slot->filters[i].arg.len > 0)
			return true;
	return variable_says(flow, slot->name);
}
