/* SPDX-License-Identifier: MIT */
#include "bot/text.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "bot/model.h"
#include "bot/template.h"

const char *
text_lang_find(const struct flow *flow, const char *tag)
{
	size_t i, len;
	json_t *lang;

	if (tag == NULL || tag[0] == '\0')
		return NULL;
	json_array_foreach (flow->langs, i, lang)
		if (strcasecmp(json_string_value(lang), tag) == 0)
			return json_string_value(lang);
	len = strcspn(tag, "-_");
	json_array_foreach (flow->langs, i, lang) {
		const char *name = json_string_value(lang);

		if (strcspn(name, "-") == len &&
		    strncasecmp(name, tag, len) == 0)
			return name;
	}
	return NULL;
}

const char *
text_lang(const struct flow *flow, const struct chat *chat)
{
	const char *lang = chat->reading;

	if (lang != NULL)
		return lang;
	if (json_object_get(flow->vars, "lang") != NULL)
		lang = text_lang_find(flow,
		    json_string_value(json_object_get(chat->vars, "lang")));
	if (lang == NULL)
		lang = text_lang_find(flow, chat->lang);
	if (lang == NULL)
		lang = text_lang_find(flow, chat->person.lang);
	if (lang == NULL)
		lang = json_string_value(json_array_get(flow->langs, 0));
	return lang;
}

const char *
text_find(const struct flow *flow, const char *lang, const char *key)
{
	const char *text = json_string_value(
	    json_object_get(json_object_get(flow->texts, lang), key));

	if (text != NULL)
		return text;
	lang = json_string_value(json_array_get(flow->langs, 0));
	return json_string_value(
	    json_object_get(json_object_get(flow->texts, lang), key));
}

char *
text_label(const struct flow *flow, const struct chat *chat, const char *key)
{
	struct buf out = BUF_INIT(64U << 10);
	const char *text = text_find(flow, text_lang(flow, chat), key);

	if (text == NULL)
		return NULL;
	template_expand(flow, chat, text, PLACE_PLAIN, &out);
	return buf_take(&out);
}
