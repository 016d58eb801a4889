/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/broadcast_bundle.h"

#define OURS BROADCAST_PREFIX

/* Moves *AT on when PREFIX is there. */
static bool
passes(const char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

/* AT is behind "/texts/". */
static bool
text_part(struct buf *out, const char *at)
{
	const char *lang = at;
	int len = (int)strcspn(at, "/");
	unsigned long row, column;
	char *end;

	at += len;
	if (passes(&at, "/" OURS ".button.")) {
		row = strtoul(at, &end, 10);
		column = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
		buf_printf(out, "button %lu in row %lu in '%.*s'", column, row,
		    len, lang);
		return true;
	}
	if (!passes(&at, "/" OURS))
		return false;
	buf_printf(out, "the text in '%.*s'", len, lang);
	return true;
}

void
broadcast_part(struct buf *out, const char *where)
{
	static const struct {
		const char *prefix, *name;
	} parts[] = {
		{ "/media/" OURS "_", "file " },
		{ "/events/" OURS "/when", "the guard at " },
		{ "/events/" OURS "/do/0", "the message at " },
	};
	const char *at = where;

	if (passes(&at, "/texts/") && text_part(out, at))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		at = where;
		if (!passes(&at, parts[i].prefix))
			continue;
		buf_printf(out, "%.*s%s",
		    (int)strlen(parts[i].name) - (*at ? 0 : 4), parts[i].name,
		    at);
		return;
	}
	buf_printf(out, "the flow that runs at '%s'", where);
}

static json_t *
ours_of(const char *bundle)
{
	json_t *root = json_loads(bundle, 0, NULL), *ours, *texts, *media,
	       *value, *text;
	const char *lang, *key;

	ours = json_pack("{s{},s{},s:O*}", "texts", "media", "event",
	    json_object_get(json_object_get(root, "events"), OURS));
	texts = json_object_get(ours, "texts");
	media = json_object_get(ours, "media");
	json_object_foreach (json_object_get(root, "texts"), lang, value)
		json_object_foreach (value, key, text)
			if (strncmp(key, OURS, strlen(OURS)) == 0) {
				char *name = mem_printf("%s/%s", lang, key);

				json_object_set(texts, name, text);
				free(name);
			}
	json_object_foreach (json_object_get(root, "media"), key, value)
		if (strncmp(key, OURS, strlen(OURS)) == 0)
			json_object_set(media, key, value);
	json_decref(root);
	return ours;
}

bool
broadcast_same(const char *a, const char *b)
{
	json_auto_t *one = ours_of(a), *other = ours_of(b);

	return json_equal(one, other);
}
