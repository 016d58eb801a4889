/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Flows that somebody broke by hand: whatever is done to an example, it is
 * either refused with findings or runs.
 */
#include "flow_mutate.h"

#include "bot/model.h"

#define ROUNDS 1000

/* The small one, that with most states, that with most handlers and people. */
static const char *const examples[] = { "funnel.json", "booking/flow.json",
	"support/flow.json" };
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

struct trial {
	const struct flow *flow;
	struct chat chat;
	char *resume, *button, *pointer, *name; /* what it made last */
};

static void
keep(char **place, char *text)
{
	free(*place);
	*place = text;
}

static void
remember(struct trial *trial, const struct effects *effects)
{
	char *button = case_button(effects);

	if (button != NULL)
		keep(&trial->button, button);
	for (size_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->list[i];

		if (effect->kind == EFFECT_EXEC) {
			keep(&trial->resume, json_text(effect->resume));
		} else if (effect->kind == EFFECT_TASK) {
			keep(&trial->pointer, mem_dup(effect->pointer));
			keep(&trial->name, mem_dup(effect->text));
		}
	}
}

static void
try_input(struct trial *trial, enum input_kind kind, const char *text,
    const json_t *data)
{
	const struct input input = { .kind = kind,
		.text = text,
		.data = data,
		.name = trial->name,
		.user_id = 42 };
	struct effects effects = { 0 };
	struct fault fault = { .text = "" };
	enum outcome outcome =
	    step(trial->flow, &trial->chat, &input, NOW, &effects, &fault);

	assert_true(outcome == OUT_OK || outcome == OUT_NEVER);
	remember(trial, &effects);
	effects_release(&effects);
}

/* Whatever handlers, buttons and delays INPUT led to. */
static void
try_all(struct trial *trial, enum input_kind kind, const char *text)
{
	json_t *data = json_pack("{s:b}", "ok", below(2) == 0);
	int left = 8;
	char *at;

	try_input(trial, kind, text, data);
	while (left-- > 0 && trial->resume != NULL) {
		at = trial->resume;
		trial->resume = NULL;
		try_input(trial, INPUT_EXEC, at, data);
		free(at);
	}
	at = trial->button;
	trial->button = NULL;
	if (at != NULL)
		try_input(trial, INPUT_BUTTON, at, NULL);
	free(at);
	at = trial->pointer;
	trial->pointer = NULL;
	if (at != NULL)
		try_input(trial,
		    trial->name && step_is_timer(trial->name) ? INPUT_TIMER
							      : INPUT_SCHEDULE,
		    at, NULL);
	free(at);
	json_decref(data);
}

/* Whatever passed the check must run without an invariant breaking. */
static void
use(const struct flow *flow)
{
	static const char *const said[] = { "/start x", "words", "24.12.2026",
		"1", "+79123456789", "ann@example.org", "/stop" };
	struct trial trial = { .flow = flow, .chat = case_chat("ru") };
	const char *name;
	json_t *value;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		try_all(&trial, INPUT_TEXT, said[i]);
	try_all(&trial, INPUT_BUTTON, "ed00a|access");
	try_all(&trial, INPUT_MEDIA, "photo");
	try_all(&trial, INPUT_CONTACT, "+7");
	json_object_foreach (flow->commands, name, value) {
		try_all(&trial, INPUT_TEXT, name);
		try_all(&trial, INPUT_TEXT, said[below(7)]);
	}
	json_object_foreach (flow->signals, name, value)
		try_all(&trial, INPUT_EVENT, name);
	free(trial.resume);
	free(trial.button);
	free(trial.pointer);
	free(trial.name);
	chat_release(&trial.chat);
}

static char *
example(const char *name)
{
	struct findings findings = { 0 };
	const char *top = getenv("TOP");
	char *path = mem_printf("%s/examples/%s", top ? top : ".", name);
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
mutate_values(const char *name, int rounds)
{
	char *bundle = example(name);
	int i, taken = 0;
	size_t times;

	for (i = 0; i < rounds; i++) {
		json_t *root = json_loads(bundle, 0, NULL);
		char *text;

		for (times = 1 + below(3); times > 0; times--)
			mutate(root);
		text = json_dumps(root, JSON_COMPACT);
		taken += judge(text, strlen(text));
		free(text);
		json_decref(root);
	}
	print_message("# %s: %d of %d still ran\n", name, taken, rounds);
	/* else the mutations are too mild, or too wild, to test anything */
	assert_in_range(taken, rounds / 100, rounds / 2);
	free(bundle);
}

static void
test_mutated_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLES; i++)
		mutate_values(examples[i], i == 0 ? ROUNDS : ROUNDS / 2);
}

static void
mutate_bytes(const char *name, int rounds)
{
	char *bundle = example(name);
	size_t len = strlen(bundle), times;
	int i;

	for (i = 0; i < rounds; i++) {
		char *copy = mem_dup_n(bundle, len);

		for (times = 1 + below(3); times > 0; times--)
			copy[below(len)] = (char)below(256);
		judge(copy, below(10) == 0 ? below(len) : len);
		free(copy);
	}
	free(bundle);
}

static void
test_mutated_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLES; i++)
		mutate_bytes(examples[i], i == 0 ? ROUNDS : ROUNDS / 2);
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
