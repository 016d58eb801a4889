/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * The JSON Schema and the checker agree: what one refuses as no flow at all,
 * the other does too.  An independent reader of JSON Schema is the oracle.
 */
#include "flow_mutate.h"

#include <glob.h>
#include <unistd.h>

#define ROUNDS 1000
#define EXAMPLES 6

static const char *
top(void)
{
	const char *path = getenv("TOP");

	return path ? path : ".";
}

/* What may become another text. */
static const char *const words[] = { "", "a", "A", "1", "a.b", "a.b.c", "75s",
	"76s", "1m", "2m", "0m", "7d", "1000000d", "+1d", "-2h", "1d", "10:00",
	"24:00", "2027-03-01", "2027-03-01T10:00", "2027-3-1", "{{name}}",
	"+vip", "vip", "-", "$X", "$x", "$", "RU", "ru", "pt-BR", "ru_RU",
	"/done", "done", "/", "text:x", "text:", "regex:x",
	"regex:", "button:x", "button:X", "event:x", "sticker", "any",
	"user.tz", "user.lang", "user.id", "start.utm_source", "start.payload",
	"state:a.b", "event:a", "command:/a", "reply", "mon", "today", "text",
	"phone", "date", "session", "photo", "audio", "amocrm", "remove",
	"inline", "replace", "https://x", "tg://x", "ftp://x",
	"a0123456789012345678901234567890", "a012345678901234567890123456789",
	"ы" };

/* What may become another member. */
static const char *const members[] = { "note", "enter", "ask", "then", "on",
	"after", "ttl", "on_expire", "fallback", "final", "alias", "when",
	"to", "who", "do", "help", "args", "send", "media", "buttons",
	"keyboard", "silent", "goto", "set", "clear", "tag", "if", "else",
	"split", "schedule", "at", "offset", "days", "every", "times", "quiet",
	"unless", "cancel_on", "if_exists", "expire", "cancel", "lead",
	"notify", "exec", "handoff", "unsubscribe", "report", "state", "been",
	"role", "var", "not", "all", "eq", "in", "lt", "columns", "choices",
	"free_text", "min", "max", "attempts", "on_fail", "skip", "region",
	"from", "scope", "pii", "type", "default", "id", "url", "weight",
	"key", "name", "timeout", "retry", "history", "pause", "on_end", "tz",
	"lang", "groups", "recurring", "renamed", "stats", "vars", "roles" };

static const json_int_t numbers[] = { -1, 0, 1, 2, 7, 8, 9, 20, 21, 50, 51,
	200, 201, 1000, 1001, 4096, 4097 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *
word(void)
{
	size_t index = below(COUNT(words) + COUNT(members));

	return index < COUNT(words) ? words[index]
				    : members[index - COUNT(words)];
}

static json_t *
number(void)
{
	return below(8) == 0 ? json_real(1.5)
			     : json_integer(numbers[below(COUNT(numbers))]);
}

/* VALUE as it could be in another flow: of the same kind, mostly. */
static json_t *
variation(const json_t *value)
{
	json_t *other = NULL;

	if (below(4) == 0)
		return something();
	if (json_is_string(value))
		other = json_string(word());
	else if (json_is_number(value))
		other = number();
	else if (json_is_boolean(value))
		other = json_boolean(below(2));
	return other ? other : json_deep_copy(value);
}

static void
object_vary(json_t *value)
{
	char *key = mem_dup(some_key(value));
	json_t *child = json_incref(json_object_get(value, key));

	switch (below(4)) {
	case 0:
		json_object_del(value, key);
		break;
	case 1:
		json_object_del(value, key);
		json_object_set(value, word(), child);
		break;
	case 2:
		json_object_set_new(value, word(), variation(child));
		break;
	default:
		json_object_set_new(value, key, variation(child));
	}
	json_decref(child);
	free(key);
}

static void
array_vary(json_t *value)
{
	size_t index = below(json_array_size(value)), times;
	json_t *child = json_array_get(value, index);

	if (below(3) == 0)
		json_array_remove(value, index);
	else if (below(2) == 0)
		json_array_set_new(value, index, variation(child));
	else
		for (times = below(12); times > 0; times--)
			json_array_append_new(value, json_deep_copy(child));
}

/* Walks down at random and changes something where it stops. */
static void
vary(json_t *value)
{
	bool stop = below(5) == 0;
	json_t *child = NULL;

	if (json_is_object(value) && json_object_size(value) > 0)
		child = json_object_get(value, some_key(value));
	else if (json_array_size(value) > 0)
		child = json_array_get(value, below(json_array_size(value)));
	if (!stop && (json_object_size(child) || json_array_size(child)))
		vary(child);
	else if (json_is_object(value) && json_object_size(value) > 0)
		object_vary(value);
	else if (json_array_size(value) > 0)
		array_vary(value);
}

static bool
shape_fits(const char *text)
{
	struct findings findings = { 0 };
	struct flow *flow;
	bool fits = true;
	size_t i;

	(void)!flow_open(text, strlen(text), NULL, &flow, &findings, NULL);
	for (i = 0; i < findings.count; i++)
		fits = fits && findings.list[i].kind != FINDING_SHAPE;
	flow_close(flow);
	findings_release(&findings);
	return fits;
}

/* Why the checker refuses TEXT, for people; the caller frees it. */
static char *
shape_why(const char *text)
{
	struct findings findings = { 0 };
	struct flow *flow;
	char *why = mem_dup("it is taken");
	size_t i;

	(void)!flow_open(text, strlen(text), NULL, &flow, &findings, NULL);
	for (i = 0; i < findings.count; i++)
		if (findings.list[i].kind == FINDING_SHAPE) {
			free(why);
			why = mem_printf("%s: %s", findings.list[i].where,
			    findings.list[i].text);
			break;
		}
	flow_close(flow);
	findings_release(&findings);
	return why;
}

/* The flows of all examples and of tests/flows/valid. */
static json_t *
flows_read(void)
{
	static const char *const places[] = { "examples/*/flow.json",
		"examples/funnel.json", "tests/flows/valid/*.json" };
	json_t *flows = json_array();
	size_t i, j;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *pattern = mem_printf("%s/%s", top(), places[i]);
		glob_t found;

		assert_int_equal(glob(pattern, 0, NULL, &found), 0);
		for (j = 0; j < found.gl_pathc; j++) {
			json_t *flow =
			    json_load_file(found.gl_pathv[j], 0, NULL);

			assert_non_null(flow);
			json_array_append_new(flows, flow);
		}
		globfree(&found);
		free(pattern);
	}
	return flows;
}

/* The documents of which both are asked: one in a line of FILE. */
struct documents {
	FILE *file;
	json_t *list;
	json_t *seen; /* members of which all values were tried */
	json_t *root; /* of the flow that is being walked */
};

static void
document_add(struct documents *documents, const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT);

	assert_true(fprintf(documents->file, "%s\n", text) > 0);
	json_array_append_new(documents->list, json_string(text));
	free(text);
}

/* VALUE, the INDEXth of what may stand where OLD is; NULL: no more. */
static json_t *
alternative(const json_t *old, size_t index)
{
	static const char *const others[] = { "null", "true", "1.5", "'x'",
		"[]", "{}" };

	if (index < COUNT(others))
		return case_json(others[index]);
	index -= COUNT(others);
	if (json_is_string(old) && index < COUNT(words))
		return json_string(words[index]);
	if (json_is_number(old) && index < COUNT(numbers))
		return json_integer(numbers[index]);
	return NULL;
}

/* Tries everything at KEY of VALUE, once in all flows for each such place. */
static void
member_try(struct documents *documents, json_t *value, const char *parent,
    const char *key, json_t *child)
{
	char *place = mem_printf("%s/%s", parent, key);
	json_t *other;
	size_t i;

	if (json_object_get(documents->seen, place) == NULL &&
	    strcmp(parent, "en") != 0 && strcmp(key, "note") != 0) {
		json_object_set_new(documents->seen, place, json_true());
		json_incref(child);
		for (i = 0; (other = alternative(child, i)) != NULL; i++) {
			json_object_set_new(value, key, other);
			document_add(documents, documents->root);
		}
		json_object_set_new(value, key, child);
	}
	free(place);
}

static void
element_try(struct documents *documents, json_t *value, const char *parent,
    json_t *child)
{
	char *place = mem_printf("%s/", parent);
	json_t *other;
	size_t i, count;

	if (json_object_get(documents->seen, place) == NULL) {
		json_object_set_new(documents->seen, place, json_true());
		json_incref(child);
		for (i = 0; (other = alternative(child, i)) != NULL; i++) {
			json_array_set_new(value, 0, other);
			document_add(documents, documents->root);
		}
		json_array_set(value, 0, child);
		/* as many as there may be, and more */
		count = json_array_size(value);
		for (i = count + 1; i <= 51; i++) {
			json_array_append_new(value, json_deep_copy(child));
			if (i < 12 || i % 5 < 2)
				document_add(documents, documents->root);
		}
		while (json_array_size(value) > count)
			json_array_remove(value, count);
		json_decref(child);
	}
	free(place);
}

static void
walk(struct documents *documents, json_t *value, const char *parent)
{
	json_t *child, *keys = json_array(), *name;
	const char *key;
	size_t i;

	json_object_foreach (value, key, child)
		json_array_append_new(keys, json_string(key));
	json_array_foreach (keys, i, name) {
		key = json_string_value(name);
		child = json_object_get(value, key);
		member_try(documents, value, parent, key, child);
		walk(documents, json_object_get(value, key), key);
	}
	json_decref(keys);
	if (json_array_size(value) > 0)
		element_try(documents, value, parent,
		    json_array_get(value, 0));
	json_array_foreach (value, i, child)
		walk(documents, child, parent);
}

/* The flows, what became of them at random, and every value in every place. */
static void
documents_make(struct documents *documents)
{
	json_t *flows = flows_read(), *root;
	size_t i, times, count = json_array_size(flows);

	for (i = 0; i < count + ROUNDS; i++) {
		root = json_deep_copy(json_array_get(flows, i % count));
		for (times = i < count ? 0 : 1 + below(2); times > 0; times--)
			below(4) == 0 ? mutate(root) : vary(root);
		document_add(documents, root);
		json_decref(root);
	}
	/* the small ones have all that there is */
	for (i = EXAMPLES; i < count; i++) {
		documents->root = json_array_get(flows, i);
		walk(documents, documents->root, "");
	}
	json_decref(flows);
}

static void
test_same_verdict(void **state)
{
	char path[] = "/tmp/flow-shape-XXXXXX", *command, verdict[8];
	struct documents documents = { fdopen(mkstemp(path), "w"),
		json_array(), json_object(), NULL };
	json_t *document;
	FILE *oracle;
	size_t i, refused = 0, differ = 0;

	(void)state;
	assert_non_null(documents.file);
	documents_make(&documents);
	assert_int_equal(fclose(documents.file), 0);
	command = mem_printf("%s/tests/schema-oracle "
			     "%s/examples/flow.schema.json <%s",
	    top(), top(), path);
	oracle = popen(command, "r");
	assert_non_null(oracle);
	json_array_foreach (documents.list, i, document) {
		const char *text = json_string_value(document);
		bool fits = shape_fits(text);

		assert_non_null(fgets(verdict, sizeof(verdict), oracle));
		refused += !fits;
		if (fits == (verdict[0] == '1'))
			continue;
		if (differ++ < 5) {
			char *why = shape_why(text);

			print_message("# the schema says %s# the checker says "
				      "%s\n# %s\n",
			    verdict, why, text);
			free(why);
		}
	}
	assert_int_equal(pclose(oracle), 0);
	unlink(path);
	print_message("# %zu of %zu refused\n", refused, i);
	assert_int_equal(differ, 0);
	/* else the changes are too mild, or too wild, to test anything */
	assert_in_range(refused, i / 4, i * 19 / 20);
	json_decref(documents.list);
	json_decref(documents.seen);
	free(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_verdict),
	};

	if (system("python3 -c 'import jsonschema' 2>/dev/null") != 0) {
		puts("1..0 # SKIP no python3-jsonschema");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
