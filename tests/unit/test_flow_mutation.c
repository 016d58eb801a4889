/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Flows that somebody broke by hand: whatever is done to the example, it is
 * either refused with findings or runs.
 */
#include "flow_case.h"

#define ROUNDS 1000

/* xorshift64 (Marsaglia 2003): the same mutations on every run. */
static uint64_t random_state = 88172645463325252ULL;

static size_t
below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % limit);
}

static json_t *
something(void)
{
	static const char *const values[] = { "null", "true", "0", "-1",
		"1e308", "9223372036854775807", "''", "'x'", "'{{'", "'<b>'",
		"'{{name|urlencode}}'", "[]", "{}", "[[]]", "[{}]", "{'a':1}",
		"[null]", "'welcome'", "'1d'", "'$X'", "[{'goto':'welcome'}]",
		"{'not':{'been':'paid'}}",
		"[{'if':{'tag':'a'},'then':[],'else':[]}]" };

	return case_json(values[below(sizeof(values) / sizeof(values[0]))]);
}

static const char *
some_key(json_t *object)
{
	size_t skip = below(json_object_size(object));
	void *at = json_object_iter(object);

	while (skip-- > 0)
		at = json_object_iter_next(object, at);
	return json_object_iter_key(at);
}

/* Walks down at random and does one thing to where it stops. */
static void
mutate(json_t *value)
{
	bool stop = below(4) == 0;

	if (json_is_object(value) && json_object_size(value) > 0) {
		char *key = mem_dup(some_key(value));
		json_t *child = json_object_get(value, key);

		if (!stop && (json_is_object(child) || json_is_array(child)))
			mutate(child);
		else if (below(4) == 0)
			json_object_del(value, key);
		else
			json_object_set_new(value, below(4) == 0 ? "zz" : key,
			    something());
		free(key);
	} else if (json_is_array(value) && json_array_size(value) > 0) {
		size_t index = below(json_array_size(value));
		json_t *child = json_array_get(value, index);

		if (!stop && (json_is_object(child) || json_is_array(child)))
			mutate(child);
		else if (below(2) == 0)
			json_array_append(value, child);
		else
			json_array_set_new(value, index, something());
	}
}

/* Whatever passed the check must run without an invariant breaking. */
static void
use(const struct flow *flow)
{
	static const struct {
		enum input_kind kind;
		const char *text;
	} inputs[] = {
		{ INPUT_TEXT, "/start x" },
		{ INPUT_BUTTON, "ed00a|access" },
		{ INPUT_TEXT, "words" },
		{ INPUT_MEDIA, "photo" },
		{ INPUT_CONTACT, "+7" },
		{ INPUT_SCHEDULE, "/states/awaiting_payment/enter/1" },
		{ INPUT_EVENT, "paid" },
		{ INPUT_TEXT, "/stop" },
	};
	struct chat chat = case_chat("ru");
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		struct effects effects;
		enum outcome outcome = case_try(flow, &chat, inputs[i].kind,
		    inputs[i].text, &effects);

		assert_true(outcome == OUT_OK || outcome == OUT_NEVER);
		effects_release(&effects);
	}
	chat_release(&chat);
}

static char *
example(void)
{
	struct findings findings = { 0 };
	const char *top = getenv("TOP");
	char *path = mem_printf("%s/examples/funnel.json", top ? top : ".");
	struct fault fault;
	char *bundle;

	if (flow_bundle(path, &bundle, &findings, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	findings_release(&findings);
	free(path);
	return bundle;
}

/* Opens TEXT; true when it was taken. */
static bool
judge(const char *text, size_t len)
{
	struct findings findings = { 0 };
	struct flow *flow;
	bool taken = flow_open(text, len, NULL, &flow, &findings, NULL) ==
	    OUT_OK;

	if (taken)
		use(flow);
	else
		assert_true(findings.count > 0);
	assert_int_equal(taken, findings.count == 0);
	flow_close(flow);
	findings_release(&findings);
	return taken;
}

static void
test_mutated_values(void **state)
{
	char *bundle = example();
	int i, taken = 0;
	size_t times;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		json_t *root = json_loads(bundle, 0, NULL);
		char *text;

		for (times = 1 + below(3); times > 0; times--)
			mutate(root);
		text = json_dumps(root, JSON_COMPACT);
		taken += judge(text, strlen(text));
		free(text);
		json_decref(root);
	}
	print_message("# %d of %d still ran\n", taken, ROUNDS);
	/* else the mutations are too mild, or too wild, to test anything */
	assert_in_range(taken, ROUNDS / 100, ROUNDS / 2);
	free(bundle);
}

static void
test_mutated_bytes(void **state)
{
	char *bundle = example();
	size_t len = strlen(bundle), times;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		char *copy = mem_dup_n(bundle, len);

		for (times = 1 + below(3); times > 0; times--)
			copy[below(len)] = (char)below(256);
		judge(copy, below(10) == 0 ? below(len) : len);
		free(copy);
	}
	free(bundle);
}

/* A million brackets must not eat the stack. */
static void
test_deep(void **state)
{
	static const char *const around[][2] = {
		{ "[", "]" },
		{ "{\"not\":", "}" },
		{ "[{\"if\":{\"tag\":\"a\"},\"then\":", "}]" },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		struct buf text = BUF_INIT(1U << 22);

		buf_add_text(&text, "{\"fallback\":[{\"if\":");
		for (j = 0; j < 100000; j++)
			buf_add_text(&text, around[i][0]);
		buf_add_text(&text, "{}");
		for (j = 0; j < 100000; j++)
			buf_add_text(&text, around[i][1]);
		buf_add_text(&text, ",\"then\":[]}]}");
		assert_false(judge(text.data, text.len));
		buf_clear(&text);
		buf_add_text(&text, "{\"fallback\":");
		for (j = 0; j < 1000; j++)
			buf_add_text(&text, around[i][0]);
		buf_add_text(&text, "[]");
		for (j = 0; j < 1000; j++)
			buf_add_text(&text, around[i][1]);
		buf_add_text(&text, "}");
		assert_false(judge(text.data, text.len));
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutated_values),
		cmocka_unit_test(test_mutated_bytes),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
