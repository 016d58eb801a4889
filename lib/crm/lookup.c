/* SPDX-License-Identifier: MIT */
#include "crm/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "store/meta.h"

/* How long the transaction that keeps it waits for others. */
#define BEGIN_WAIT_MS 10000

json_t *
lookup_new(void)
{
	return json_pack("{s:[] s:[]}", "pipelines", "fields");
}

json_t *
lookup_load(struct db *db, const char *crm)
{
	char *key = mem_printf(META_LOOKUP "%s", crm);
	char *text = meta_text(db, key);
	json_t *lookup = NULL;

	if (text)
		lookup = json_loads(text, 0, NULL);
	free(text);
	free(key);
	return lookup;
}

enum outcome
lookup_save(struct db *db, const char *crm, json_t *lookup, int64_t now,
    struct fault *fault)
{
	char *key = mem_printf(META_LOOKUP "%s", crm), *text;
	enum outcome out;

	json_object_set_new(lookup, "at", json_integer(now));
	text = json_text(lookup);
	out = db_begin(db, clock_mono_ms() + BEGIN_WAIT_MS, fault);
	if (out == OUT_OK)
		out = meta_set_text(db, key, text, fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	db_rollback(db);
	free(text);
	free(key);
	return out;
}

int64_t
lookup_age(const json_t *lookup, int64_t now)
{
	int64_t at = json_get_int(lookup, "at", 0);

	/* from the future: the clock went back */
	return !lookup || at > now ? INT64_MAX : now - at;
}

static bool
same_text(const char *folded, const char *text)
{
	char *other, *trimmed;
	bool same;

	if (!text)
		return false;
	trimmed = utf8_trim(text);
	other = utf8_fold(trimmed);
	same = strcmp(folded, other) == 0;
	free(other);
	free(trimmed);
	return same;
}

const json_t *
lookup_find(const json_t *list, const char *wanted)
{
	static const char *const keys[] = { "id", "code", "name" };
	char *trimmed = utf8_trim(wanted), *folded = utf8_fold(trimmed);
	const json_t *entry, *found = NULL;
	size_t i;

	free(trimmed);
	for (size_t key = 0; key < 3 && !found; key++)
		json_array_foreach (list, i, entry)
			if (!found &&
			    same_text(folded, json_get_text(entry, keys[key])))
				found = entry;
	free(folded);
	return found;
}

const char *
lookup_near(const json_t *list, const char *wanted)
{
	size_t count = json_array_size(list), used = 0;
	const char **names = mem_array(NULL, count + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < count; i++) {
		names[used] = json_get_text(json_array_get(list, i), "name");
		used += names[used] != NULL;
	}
	near = suggest(wanted, names, used);
	free(names);
	return near;
}

const json_t *
lookup_main(const json_t *pipelines)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (pipelines, i, entry)
		if (json_get_bool(entry, "main", false))
			return entry;
	return json_array_get(pipelines, 0);
}

struct lookup_place
lookup_place(const json_t *lookup, const char *want_pipeline,
    const char *want_status)
{
	const json_t *pipelines = json_object_get(lookup, "pipelines");
	struct lookup_place place = { NULL, NULL };
	const json_t *entry;
	size_t i;

	if (want_pipeline)
		place.pipeline = lookup_find(pipelines, want_pipeline);
	if (!want_status)
		return place;
	entry = place.pipeline ? place.pipeline : lookup_main(pipelines);
	place.status =
	    lookup_find(json_object_get(entry, "statuses"), want_status);
	if (place.status && !want_pipeline)
		place.pipeline = entry;
	if (want_pipeline || place.status)
		return place;
	json_array_foreach (pipelines, i, entry) {
		place.status = lookup_find(json_object_get(entry, "statuses"),
		    want_status);
		if (place.status) {
			place.pipeline = entry;
			break;
		}
	}
	return place;
}
