/* SPDX-License-Identifier: MIT */
#include "bot/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/handler_file.h"
#include "bot/media_file.h"
#include "bot/model.h"

/* What people most likely did, for the parser says what it wanted. */
static const char *
meaning_of(const char *error)
{
	static const struct {
		const char *begin, *meaning;
	} meanings[] = {
		{ "string or '}' expected near '}'",
		    ": there is a comma before it" },
		{ "unexpected token near ']'",
		    ": there is a comma before it" },
		{ "string or '}' expected near", ": names stand in \"\"" },
		{ "'}' expected near", ": is a comma missing before it?" },
		{ "']' expected near", ": is a comma missing before it?" },
		{ "':' expected near",
		    ": a name, a colon and a value belong together" },
		{ "unexpected newline near",
		    ": a string ends in its line; write \\n for a new one" },
		{ "duplicate object key near", ": it is there twice" },
	};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strncmp(error, meanings[i].begin,
			strlen(meanings[i].begin)) == 0)
			return meanings[i].meaning;
	return "";
}

/* Of these the parser would complain of a token that nobody sees, or in words
 * that do not say what the file is. */
static bool
begins_well(const char *path, const char *text, const char *where,
    struct findings *findings)
{
	const char *first = text + strspn(text, " \t\r\n");

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		findings_add(findings, where,
		    "'%s' begins with a byte order mark; save it as UTF-8 "
		    "without",
		    path);
	else if (*first == '\0')
		findings_add(findings, where, "'%s' is empty", path);
	else if (*first != '{' && where[0] == '\0')
		findings_add(findings, where,
		    "'%s' does not begin with {, as a flow does; what is "
		    "played against a flow goes behind --test",
		    path);
	else
		return true;
	return false;
}

/* Reads PATH as a JSON object, or adds to FINDINGS what is wrong at WHERE. */
static json_t *
object_read(const char *path, const char *where, struct findings *findings)
{
	struct fault fault;
	json_error_t error;
	json_t *root;
	char *text;
	size_t len;

	if (file_read(path, FLOW_MAX_BYTES, &text, &len, &fault) != OUT_OK) {
		findings_add(findings, where, "%s", fault.text);
		return NULL;
	}
	if (!begins_well(path, text, where, findings)) {
		free(text);
		return NULL;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (json_is_object(root))
		return root;
	if (root != NULL) {
		findings_add(findings, where, "'%s' is not a JSON object",
		    path);
	} else if (where[0] == '\0') {
		findings_add(findings, where, "%s%s", error.text,
		    meaning_of(error.text));
		findings->list[findings->count - 1].line = error.line;
		findings->list[findings->count - 1].column =
		    error.column > 0 ? error.column : 1;
	} else {
		findings_add(findings, where, "'%s' line %d column %d: %s%s",
		    path, error.line, error.column, error.text,
		    meaning_of(error.text));
	}
	json_decref(root);
	return NULL;
}

static void
texts_inline(json_t *root, const char *path, struct findings *findings)
{
	json_t *texts = json_object_get(root, "texts"), *value, *inlined;
	const char *lang;
	void *next;

	json_object_foreach_safe (texts, next, lang, value) {
		char *file, *where;

		if (!json_is_string(value))
			continue;
		file = file_beside(path, json_string_value(value));
		where = mem_printf("/texts/%s", lang);
		inlined = object_read(file, where, findings);
		if (inlined != NULL)
			json_object_set_new(texts, lang, inlined);
		free(where);
		free(file);
	}
}

static void
file_add(json_t *files, const char *path, const json_t *name)
{
	char *file;

	if (!json_is_string(name))
		return;
	file = file_beside(path, json_string_value(name));
	json_array_append_new(files, json_string(file));
	free(file);
}

json_t *
flow_files(const char *path)
{
	struct findings unheard = { 0 };
	json_t *files = json_array(), *root, *value, *entry;
	const char *key, *kind;

	json_array_append_new(files, json_string(path));
	root = object_read(path, "", &unheard);
	json_object_foreach (json_object_get(root, "texts"), key, value)
		file_add(files, path, value);
	json_object_foreach (json_object_get(root, "media"), key, value)
		json_object_foreach (value, kind, entry)
			if (media_kind_find(kind) != NULL)
				file_add(files, path, entry);
	handlers_list(root, path, files);
	json_decref(root);
	findings_release(&unheard);
	return files;
}

/* What a bundle has besides the members of the format is made here alone. */
static void
made_refuse(const json_t *root, struct findings *findings)
{
	static const char *const made[] = { "digest", "size" };
	const char *name;
	json_t *medium;
	size_t i;

	if (json_object_get(root, "handlers") != NULL)
		findings_add(findings, "/handlers",
		    "unknown member 'handlers'")
		    ->kind = FINDING_SHAPE;
	json_object_foreach (json_object_get(root, "media"), name, medium)
		for (i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
			char *where =
			    mem_printf("/media/%s/%s", name, made[i]);

			if (json_object_get(medium, made[i]) != NULL)
				findings_add(findings, where,
				    "unknown member '%s'", made[i])
				    ->kind = FINDING_SHAPE;
			free(where);
		}
}

enum outcome
flow_bundle(const char *path, char **bundle, struct findings *findings,
    struct fault *fault)
{
	size_t before = findings->count;
	json_t *root, *medium;
	const char *name;

	*bundle = NULL;
	root = object_read(path, "", findings);
	if (root != NULL) {
		made_refuse(root, findings);
		if (json_is_string(json_object_get(root, "$schema")))
			json_object_del(root, "$schema");
		texts_inline(root, path, findings);
		json_object_foreach (json_object_get(root, "media"), name,
		    medium)
			media_file_read(medium, name, path, findings);
		handlers_resolve(root, path, findings);
	}
	if (findings->count == before)
		*bundle = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(root);
	if (*bundle != NULL)
		return OUT_OK;
	const struct finding *first = &findings->list[before];
	/* What is said of the whole file names it. */
	if (first->line == 0 && first->where[0] == '\0')
		return fault_set(fault, OUT_NEVER, EXIT_INPUT, "%s",
		    first->text);
	return fault_set(fault, OUT_NEVER, EXIT_INPUT, "flow '%s': %s", path,
	    first->text);
}
