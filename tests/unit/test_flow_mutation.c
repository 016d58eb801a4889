/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Flows that somebody broke by hand: whatever is done to the example, it is
 * either refused with findings or runs.
 */
#include "flow_mutate.h"

#define ROUNDS 1000

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
	assert_int_equal(taken, findings_errors(&findings, NULL) == 0);
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
