/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "bot/markup.h"
#include "bot/model.h"
#include "bot/template.h"

/* Telegram counts characters after its markup is taken out, and refuses more
 * bytes than these before it looks. */
#define TEXT_MAX 4096
#define CAPTION_MAX 1024
#define TEXT_MAX_BYTES 32768U

/* Telegram shows far less of a button, and of a reply button all of it must
 * come back. */
#define LABEL_MAX 128

/* A text with its slots filled in, as far as can be said beforehand. */
struct outline {
	struct buf text;  /* an x for each slot */
	struct buf least; /* an x for each slot that cannot be empty */
	size_t slots;	  /* outside of tags */
	size_t max;	  /* the most characters that these become */
};

static void
outline_read(struct outline *outline, const struct flow *flow,
    const char *text)
{
	struct json_slice literal;
	struct template_slot slot;
	enum template_part part;
	bool in_tag = false;

	while (
	    (part = template_next(&text, &literal, &slot)) != TEMPLATE_END) {
		if (part != TEMPLATE_SLOT) {
			buf_add(&outline->text, literal.at, literal.len);
			buf_add(&outline->least, literal.at, literal.len);
			in_tag = template_in_tag(literal, in_tag);
			continue;
		}
		buf_add_char(&outline->text, 'x');
		if (template_slot_says(flow, &slot))
			buf_add_char(&outline->least, 'x');
		if (in_tag)
			continue;
		outline->slots++;
		outline->max += template_slot_max(flow, &slot);
	}
	buf_add_text(&outline->text, "");
	buf_add_text(&outline->least, "");
}

static void
length_check(struct check *check, const struct outline *outline, size_t limit)
{
	char *plain = markup_plain(outline->text.data);
	char *least = markup_plain(outline->least.data);
	char *trimmed = utf8_trim(least);
	size_t max = utf8_length(plain) - outline->slots + outline->max;

	if (max > limit)
		check_add(check,
		    "can become %zu characters long, Telegram "
		    "takes %zu; shorten it or give its variables a 'max'",
		    max, limit);
	if (trimmed[0] == '\0')
		check_add(check,
		    outline->slots == 0
			? "is empty, which Telegram refuses"
			: "can become empty, which Telegram refuses: give a "
			  "slot |default:\"...\"");
	free(trimmed);
	free(least);
	free(plain);
}

static void
text_check(struct check *check, const char *key, json_t *value)
{
	const char *text = json_string_value(value);
	bool plain = json_object_get(check->plain, key) != NULL;
	bool caption = json_object_get(check->captions, key) != NULL;
	bool label = json_object_get(check->labels, key) != NULL;
	struct outline outline = { .text = BUF_INIT(TEXT_MAX_BYTES),
		.least = BUF_INIT(TEXT_MAX_BYTES) };
	char error[100];

	if (text == NULL) {
		check_shape(check, "must be a string");
		return;
	}
	if (strlen(text) >= TEXT_MAX_BYTES) {
		check_add(check, "longer than %u bytes", TEXT_MAX_BYTES);
		return;
	}
	template_check(check, text, plain ? PLACE_PLAIN : PLACE_HTML);
	outline_read(&outline, check->flow, text);
	if (!plain && !markup_valid(outline.text.data, error, sizeof(error)))
		check_add(check, "%s", error);
	length_check(check, &outline,
	    label	  ? LABEL_MAX
		: caption ? CAPTION_MAX
			  : TEXT_MAX);
	buf_release(&outline.text);
	buf_release(&outline.least);
}

static void
translations_check(struct check *check, const char *lang, json_t *texts)
{
	const char *base = json_string_value(
	    json_array_get(check->flow->langs, 0));
	json_t *first = base ? json_object_get(check->flow->texts, base)
			     : NULL,
	       *value;
	const char *key;
	size_t len;

	json_object_foreach (first, key, value)
		if (json_object_get(texts, key) == NULL)
			check_add(check, "'%s' is not translated to '%s'", key,
			    lang);
	json_object_foreach (texts, key, value) {
		len = check_enter(check, key);
		if (!name_fits(key, NAME_TEXT))
			check_shape(check, "bad name '%s' of a text", key);
		if (json_object_get(first, key) == NULL)
			check_unknown(check, "text", key, first);
		text_check(check, key, value);
		check_leave(check, len);
	}
}

/* The text KEY must be there; where it is used decides what it may hold. */
static void
text_used(struct check *check, json_t *value, json_t *users)
{
	const char *key = json_string_value(value);
	const char *lang = json_string_value(
	    json_array_get(check->flow->langs, 0));
	json_t *texts = lang ? json_object_get(check->flow->texts, lang)
			     : NULL;

	if (key == NULL) {
		check_shape(check, "must be a key of 'texts'");
		return;
	}
	if (!name_fits(key, NAME_TEXT)) {
		check_shape(check,
		    "'%.60s' is no key of 'texts': write the words there, "
		    "under a name, and the name here",
		    key);
		return;
	}
	if (json_object_get(texts, key) == NULL)
		check_unknown(check, "text", key, texts);
	if (users != NULL)
		json_object_set_new(users, key, json_true());
}

void
check_text_plain(struct check *check, json_t *value)
{
	text_used(check, value, check->plain);
}

void
check_label(struct check *check, json_t *value)
{
	const char *key = json_string_value(value);

	text_used(check, value, check->plain);
	if (key != NULL)
		json_object_set_new(check->labels, key, json_true());
}

void
check_text(struct check *check, json_t *value)
{
	text_used(check, value, NULL);
}

void
check_texts(struct check *check, json_t *value)
{
	const char *lang;
	json_t *texts, *known;
	size_t i, len;

	/* That they are missing was said. */
	if (value == NULL)
		return;
	known = json_object();
	json_array_foreach (check->flow->langs, i, texts)
		json_object_set_new(known, json_string_value(texts),
		    json_true());
	if (!json_is_object(value))
		check_shape(check, "must be an object");
	check_count(check, value, 1, SIZE_MAX);
	json_object_foreach (value, lang, texts) {
		len = check_enter(check, lang);
		if (!name_fits(lang, NAME_LANG))
			check_shape(check, "bad name '%s': %s", lang,
			    name_rule(NAME_LANG));
		else if (json_object_get(known, lang) == NULL)
			check_unknown(check, "language", lang, known);
		if (json_is_object(texts))
			translations_check(check, lang, texts);
		else
			(json_is_string(texts) ? check_add
					       : check_shape)(check,
			    "must be an object of texts, or the "
			    "name of a file that holds it");
		check_leave(check, len);
	}
	json_object_foreach (known, lang, texts)
		if (json_object_get(value, lang) == NULL)
			check_add(check, "no texts in '%s'", lang);
	json_decref(known);
}
