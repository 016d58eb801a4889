/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * What one input does to a chat.
 */
#include "flow_case.h"

#include "base/clock.h"

static struct flow *
funnel_open(void)
{
	struct findings findings = { 0 };
	struct fault fault;
	struct flow *flow = NULL;
	const char *top = getenv("TOP");
	char *path = mem_printf("%s/examples/funnel.json", top ? top : ".");
	char *bundle;

	if (flow_bundle(path, &bundle, &findings, &fault) != OUT_OK ||
	    flow_open(bundle, strlen(bundle), NULL, &flow, &findings,
		&fault) != OUT_OK)
		fail_msg("%s", fault.text);
	findings_release(&findings);
	free(bundle);
	free(path);
	return flow;
}

#define ACCESS "@access" /* the last inline button is pressed */
#define REMINDER "/states/awaiting_payment/enter/1"

struct line {
	enum input_kind kind;
	const char *text, *ru, *en;
};

static const struct line funnel[] = {
	{ INPUT_TEXT, "/start ads_7",
	    "enter welcome\nsendMessage: Здравствуйте, Иван <script>! "
	    "Нажмите кнопку, чтобы открыть материалы.\n",
	    "enter welcome\nsendMessage: Hello, Иван <script>! "
	    "Press the button to open the materials.\n" },
	{ INPUT_BUTTON, ACCESS,
	    "enter awaiting_payment\nsendMessage: Осталось оплатить. "
	    "Ссылка действует сутки.\ntask payment_reminder in 300 s\n",
	    "enter awaiting_payment\nsendMessage: One step left: the "
	    "payment. The link works for a day.\n"
	    "task payment_reminder in 300 s\n" },
	{ INPUT_BUTTON, ACCESS, "sendMessage: Ссылка на оплату выше 👆\n",
	    "sendMessage: The payment link is above 👆\n" },
	{ INPUT_TEXT, "?", "sendMessage: Не понял. Команды: /start /stop\n",
	    "sendMessage: I did not understand. Commands: /start /stop\n" },
	{ INPUT_SCHEDULE, REMINDER,
	    "sendVideo traps: 3 ловушки, из-за которых откладывают "
	    "решение.\n",
	    "sendVideo traps: 3 traps that make people put it off.\n" },
	{ INPUT_EVENT, "paid",
	    "enter paid\ncancel payment_reminder\n"
	    "sendMessage: Спасибо! Доступ открыт.\n",
	    "enter paid\ncancel payment_reminder\n"
	    "sendMessage: Thank you! Access is open.\n" },
	{ INPUT_SCHEDULE, REMINDER, "", "" },
	{ INPUT_TEXT, "/start",
	    "sendMessage: С возвращением! Доступ уже открыт.\nenter idle\n",
	    "sendMessage: Welcome back! Your access is open.\n"
	    "enter idle\n" },
	{ INPUT_TEXT, "/stop",
	    "cancel payment_reminder\n"
	    "sendMessage: Больше не пишем. Вернуться: /start\nenter idle\n",
	    "cancel payment_reminder\n"
	    "sendMessage: We will not write again. Come back: /start\n"
	    "enter idle\n" },
	{ INPUT_BUTTON, "00000|gone",
	    "notice Эта кнопка больше не действует. Начать снова: /start\n",
	    "notice This button no longer works. Start again: /start\n" },
};

static void
talk(const struct flow *flow, const char *lang, bool russian)
{
	struct chat chat = case_chat(lang);
	char *button = NULL, *told, *next;
	size_t i;

	free(chat.person.first_name);
	chat.person.first_name = mem_dup("Иван <script>");
	for (i = 0; i < sizeof(funnel) / sizeof(funnel[0]); i++) {
		const struct line *line = &funnel[i];
		const char *text =
		    strcmp(line->text, ACCESS) == 0 ? button : line->text;
		struct effects effects;

		assert_int_equal(case_try(flow, &chat, line->kind, text,
				     &effects),
		    OUT_OK);
		told = case_tell(&effects);
		assert_string_equal(told, russian ? line->ru : line->en);
		free(told);
		next = case_button(&effects);
		if (next != NULL) {
			free(button);
			button = next;
		}
		effects_release(&effects);
	}
	free(button);
	assert_string_equal(json_get_text(chat.vars, "source"), "ads_7");
	chat_release(&chat);
}

static void
test_funnel(void **state)
{
	struct flow *flow = funnel_open();

	(void)state;
	talk(flow, "ru", true);
	talk(flow, "ru-RU", true);
	talk(flow, "en-GB", false);
	talk(flow, "uk", true); /* not there: the default */
	flow_close(flow);
}

static int64_t
best_of(int64_t before, int64_t best)
{
	int64_t took = clock_mono_us() - before;

	return took < best ? took : best;
}

/*
 * A step looks things up in what was made when the flow was loaded.  Measured
 * against loading it, so that it holds for instrumented builds too.
 */
static void
test_speed(void **state)
{
	struct flow *flow = funnel_open(), *again;
	struct chat chat = case_chat("ru");
	struct effects effects;
	int64_t before, steps = INT64_MAX, loads = INT64_MAX;
	int i, round;

	(void)state;
	for (round = 0; round < 20; round++) {
		before = clock_mono_us();
		for (i = 0; i < 20; i++) {
			assert_int_equal(case_try(flow, &chat, INPUT_TEXT,
					     "/start", &effects),
			    OUT_OK);
			effects_release(&effects);
		}
		steps = best_of(before, steps);
		before = clock_mono_us();
		for (i = 0; i < 20; i++) {
			again = funnel_open();
			flow_close(again);
		}
		loads = best_of(before, loads);
	}
	print_message("# %.1f us a step, %.1f us to load\n",
	    (double)steps / 20, (double)loads / 20);
	assert_true(steps * 5 < loads);
	chat_release(&chat);
	flow_close(flow);
}

struct guard_case {
	const char *guard;
	bool holds;
};

static const struct guard_case guards[] = {
	{ "{'state':'second'}", true },
	{ "{'state':'first'}", false },
	{ "{'state':['first','second']}", true },
	{ "{'state':['first','third']}", false },
	{ "{'been':'second'}", true },
	{ "{'been':'third'}", false },
	{ "{'tag':'vip'}", true },
	{ "{'tag':'poor'}", false },
	{ "{'role':'admin'}", false },
	{ "{'not':{'tag':'poor'}}", true },
	{ "{'not':{'tag':'vip'}}", false },
	{ "{'all':[{'tag':'vip'},{'been':'second'}]}", true },
	{ "{'all':[{'tag':'vip'},{'been':'third'}]}", false },
	{ "{'any':[{'tag':'poor'},{'been':'second'}]}", true },
	{ "{'any':[{'tag':'poor'},{'been':'third'}]}", false },
	{ "{'var':'n','eq':5}", true },
	{ "{'var':'n','eq':5.0}", true },
	{ "{'var':'n','ne':5}", false },
	{ "{'var':'n','ne':6}", true },
	{ "{'var':'n','lt':6}", true },
	{ "{'var':'n','lt':5}", false },
	{ "{'var':'n','le':5}", true },
	{ "{'var':'n','le':4}", false },
	{ "{'var':'n','gt':4}", true },
	{ "{'var':'n','gt':5}", false },
	{ "{'var':'n','ge':5}", true },
	{ "{'var':'n','ge':6}", false },
	{ "{'var':'n','in':[4,5]}", true },
	{ "{'var':'n','in':[4,6]}", false },
	{ "{'var':'n','set':true}", true },
	{ "{'var':'n','set':false}", false },
	{ "{'var':'x','set':false}", true },
	{ "{'var':'x','lt':1}", false },
	{ "{'var':'x','ne':1}", true },
	{ "{'var':'flag','eq':true}", true },
	{ "{'var':'name','eq':'Ann'}", true },
	{ "{'var':'source','eq':'direct'}", true },
	{ "{'var':'source','set':true}", false },
};

static void
test_guards(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
		char *patch = mem_printf(
		    "{'commands':{'/go':[{'goto':"
		    "'second'}]},'states':{'second':{'enter':["
		    "{'tag':['+vip','+poor','-poor']},"
		    "{'set':{'n':'5','flag':true}},"
		    "{'if':%s,'then':[{'send':'hi'}],'else':[{'send':'bye'}]}"
		    "]}}}",
		    guards[i].guard);
		struct flow *flow = case_flow(patch);
		struct chat chat = case_chat("en");

		print_message("# %s\n", guards[i].guard);
		case_step(flow, &chat, INPUT_TEXT, "/go",
		    guards[i].holds ? "enter second\nsendMessage: Hi\n"
				    : "enter second\nsendMessage: Bye\n");
		chat_release(&chat);
		flow_close(flow);
		free(patch);
	}
}

#define POINTER "/commands/~1go/0"

static struct flow *
schedule_flow(const char *unless, const char *more, const char *actions)
{
	char *patch = mem_printf(
	    "{'commands':{'/go':[{'schedule':'r',"
	    "'after':'5m','unless':%s%s,'do':%s}],"
	    "'/a':[{'goto':'second'}],'/tag':[{'tag':['+t']}],"
	    "'/stop':[{'unsubscribe':true}],'/no':[{'cancel':['r']}]},"
	    "'events':{'e':[{'send':'hi'}]}}",
	    unless, more, actions);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

static struct effect *
fire(const struct flow *flow, struct chat *chat, const char *pointer,
    const char *name, int64_t entries, struct effects *effects)
{
	struct input input = { .kind = INPUT_SCHEDULE,
		.text = pointer,
		.name = name,
		.entries = entries };
	struct fault fault;

	memset(effects, 0, sizeof(*effects));
	assert_int_equal(step(flow, chat, &input, NOW, effects, &fault),
	    OUT_OK);
	return effects->count > 0 ? &effects->list[effects->count - 1] : NULL;
}

static void
test_been_is_since_the_task(void **state)
{
	struct flow *flow = schedule_flow("{'been':'second'}",
	    ",'expire':'1d','if_exists':'replace'", "[{'send':'hi'}]");
	struct chat chat = case_chat("en");
	struct effects effects;
	const struct effect *task;
	int64_t entries;

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "/a", "enter second\n");
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/go", &effects),
	    OUT_OK);
	task = &effects.list[0];
	assert_int_equal(task->kind, EFFECT_TASK);
	assert_string_equal(task->text, "r");
	assert_string_equal(task->pointer, POINTER);
	assert_int_equal(task->due_at, NOW + 300000);
	assert_int_equal(task->expire_at, NOW + 300000 + 86400000);
	assert_true(task->replace);
	entries = task->entries;
	effects_release(&effects);
	/* been before the task was made does not count */
	assert_false(step_unless(flow, &chat, NULL, POINTER, entries));
	assert_non_null(fire(flow, &chat, POINTER, "r", entries, &effects));
	effects_release(&effects);
	case_step(flow, &chat, INPUT_TEXT, "/a", "enter second\n");
	assert_true(step_unless(flow, &chat, NULL, POINTER, entries));
	assert_null(fire(flow, &chat, POINTER, "r", entries, &effects));
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_defaults_of_schedule(void **state)
{
	struct flow *flow = schedule_flow("{'tag':'t'}", "", "[]");
	struct chat chat = case_chat("en");
	struct effects effects;

	(void)state;
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/go", &effects),
	    OUT_OK);
	assert_false(effects.list[0].replace);
	assert_int_equal(effects.list[0].expire_at - effects.list[0].due_at,
	    7LL * 86400000);
	effects_release(&effects);
	case_step(flow, &chat, INPUT_TEXT, "/no", "cancel r\n");
	chat_release(&chat);
	flow_close(flow);
}

static void
test_unless_asked_again(void **state)
{
	struct flow *flow =
	    schedule_flow("{'tag':'t'}", "", "[{'send':'hi'}]");
	struct chat chat = case_chat("en");
	struct effect *message, again;
	struct effects effects;
	struct fault fault;

	(void)state;
	message = fire(flow, &chat, POINTER, "r", 3, &effects);
	assert_int_equal(message->urgency, URGENCY_REMINDER);
	assert_string_equal(json_get_text(message->action, "schedule"),
	    POINTER);
	assert_int_equal(json_get_int(message->action, "entries", 0), 3);
	free(chat.person.lang);
	chat.person.lang = mem_dup("ru");
	assert_int_equal(step_render(flow, &chat, message->action, &again,
			     &fault),
	    OUT_OK);
	assert_string_equal(again.plain, "Привет");
	effect_release(&again);
	effects_release(&effects);
	assert_false(step_unless(flow, &chat, NULL, POINTER, 3));
	case_step(flow, &chat, INPUT_TEXT, "/tag", "");
	assert_true(step_unless(flow, &chat, NULL, POINTER, 3));
	chat_release(&chat);
	flow_close(flow);
}

/* A reminder that marks itself as sent must not be silenced by its mark. */
static void
test_own_mark_does_not_silence(void **state)
{
	struct flow *flow =
	    schedule_flow("{'tag':'t'}", "", "[{'send':'hi'},{'tag':['+t']}]");
	struct chat chat = case_chat("en");
	struct effects effects;
	struct effect *message;

	(void)state;
	message = fire(flow, &chat, POINTER, "r", 0, &effects);
	assert_non_null(message->action);
	assert_null(json_object_get(message->action, "schedule"));
	effects_release(&effects);
	assert_null(fire(flow, &chat, POINTER, "r", 0, &effects));
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

/* The reminder finds the person elsewhere; its button leads back. */
static void
test_reminder_from_elsewhere(void **state)
{
	struct flow *flow = funnel_open();
	struct chat chat = case_chat("en");
	struct effect *message, again;
	struct effects effects;
	struct fault fault;
	char *button;

	(void)state;
	free(chat.state);
	chat.state = mem_dup("idle");
	json_object_set_new(chat.visits, "awaiting_payment",
	    json_pack("[ii]", 1, 1));
	message = fire(flow, &chat, REMINDER, "payment_reminder", 0, &effects);
	assert_int_equal(step_render(flow, &chat, message->action, &again,
			     &fault),
	    OUT_OK);
	assert_true(json_equal(again.params, message->params));
	assert_string_equal(again.method, message->method);
	assert_string_equal(again.media, "traps");
	effect_release(&again);
	button = case_button(&effects);
	effects_release(&effects);
	case_step(flow, &chat, INPUT_BUTTON, button,
	    "sendMessage: The payment link is above 👆\n");
	assert_string_equal(chat.state, "idle");
	free(button);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_schedule_moved_or_gone(void **state)
{
	struct flow *flow =
	    schedule_flow("{'tag':'t'}", "", "[{'send':'hi'}]");
	struct chat chat = case_chat("en");
	struct effects effects;
	struct input gone = { .kind = INPUT_SCHEDULE,
		.text = "/states/x",
		.name = "other" };
	struct fault fault;

	(void)state;
	assert_non_null(
	    fire(flow, &chat, "/states/old/enter/7", "r", 0, &effects));
	effects_release(&effects);
	assert_int_equal(step(flow, &chat, &gone, NOW, &effects, &fault),
	    OUT_NEVER);
	assert_non_null(strstr(fault.text, "'other'"));
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_unsubscribed_gets_no_reminder(void **state)
{
	struct flow *flow =
	    schedule_flow("{'tag':'t'}", "", "[{'send':'hi'}]");
	struct chat chat = case_chat("en");
	struct effects effects;

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "/stop", "");
	assert_true(chat.unsubscribed);
	assert_null(fire(flow, &chat, POINTER, "r", 0, &effects));
	effects_release(&effects);
	case_step(flow, &chat, INPUT_TEXT, "/start", "enter first\n");
	assert_false(chat.unsubscribed);
	assert_non_null(fire(flow, &chat, POINTER, "r", 0, &effects));
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_cancel_on(void **state)
{
	static const struct {
		const char *on;
		enum input_kind kind;
		const char *text;
		const char *told;
	} cases[] = {
		{ "state:second", INPUT_TEXT, "/a",
		    "enter second\ncancel r\n" },
		{ "state:third", INPUT_TEXT, "/a", "enter second\n" },
		{ "command:/a", INPUT_TEXT, "/a@some_bot",
		    "cancel r\nenter second\n" },
		{ "command:/a", INPUT_TEXT, "/tag", "" },
		{ "event:e", INPUT_EVENT, "e", "cancel r\nsendMessage: Hi\n" },
		{ "event:z", INPUT_EVENT, "z", "cancel r\n" },
		{ "event:z", INPUT_EVENT, "e", "sendMessage: Hi\n" },
		{ "reply", INPUT_TEXT, "words", "cancel r\n" },
		{ "reply", INPUT_MEDIA, "photo", "cancel r\n" },
		{ "reply", INPUT_CONTACT, "+1", "cancel r\n" },
		{ "reply", INPUT_EVENT, "e", "sendMessage: Hi\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *more = mem_printf(",'cancel_on':['%s']", cases[i].on);
		struct flow *flow = schedule_flow("{'tag':'t'}", more, "[]");
		struct chat chat = case_chat("en");

		case_step(flow, &chat, cases[i].kind, cases[i].text,
		    cases[i].told);
		chat_release(&chat);
		flow_close(flow);
		free(more);
	}
}

/* The tasks of a schedule may be of a version that had it elsewhere: only
 * where the name alone does not tell which one is meant, its place does. */
static void
test_cancel_on_is_by_name(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/a':[{'schedule':'one','after':'5m','cancel_on':"
	    "['event:e'],'do':[]},{'schedule':'two','after':'5m','cancel_on':"
	    "['event:e'],'do':[]}],'/b':[{'schedule':'two','after':'5m',"
	    "'do':[]}]},'events':{'e':[]}}");
	struct chat chat = case_chat("en");
	struct effects effects;

	(void)state;
	assert_int_equal(case_try(flow, &chat, INPUT_EVENT, "e", &effects),
	    OUT_OK);
	assert_int_equal(effects.count, 2);
	assert_string_equal(effects.list[0].text, "one");
	assert_null(effects.list[0].pointer);
	assert_string_equal(effects.list[1].text, "two");
	assert_string_equal(effects.list[1].pointer, "/commands/~1a/1");
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

/* An older version does not know the state that the person is in. */
static void
test_old_reminder_leaves_the_place(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'enter':[{'schedule':'r','after':'5m','do':"
	    "[{'send':'hi'}]},{'schedule':'go','after':'5m','do':"
	    "[{'goto':'second'}]}]}}}");
	struct chat chat = case_chat("en");
	struct effects effects;

	(void)state;
	free(chat.state);
	chat.state = mem_dup("survey");
	assert_non_null(
	    fire(flow, &chat, "/states/first/enter/0", "r", 0, &effects));
	effects_release(&effects);
	assert_string_equal(chat.state, "survey");
	assert_non_null(
	    fire(flow, &chat, "/states/first/enter/1", "go", 0, &effects));
	effects_release(&effects);
	assert_string_equal(chat.state, "second");
	chat_release(&chat);
	flow_close(flow);
}

/* What a schedule says before it unsubscribes is said. */
static void
test_goodbye_is_an_answer(void **state)
{
	struct flow *flow = schedule_flow("{'tag':'t'}", "",
	    "[{'send':'bye'},{'unsubscribe':true}]");
	struct chat chat = case_chat("en");
	struct effects effects;
	struct effect *message = fire(flow, &chat, POINTER, "r", 0, &effects);

	(void)state;
	assert_true(chat.unsubscribed);
	assert_int_equal(message->kind, EFFECT_MESSAGE);
	assert_int_equal(message->urgency, URGENCY_ANSWER);
	assert_null(message->action);
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_session_begins_with_its_input(void **state)
{
	struct flow *flow = case_flow(
	    "{'vars':{'source':{'scope':'session'},'s':{'scope':'session'},"
	    "'old':{'scope':'session'}},"
	    "'commands':{'/a':{'args':['s'],'do':[{'goto':'first'}]}}}");
	struct chat chat = case_chat("en");

	(void)state;
	json_object_set_new(chat.vars, "old", json_string("x"));
	case_step(flow, &chat, INPUT_TEXT, "/start ads_7", "enter first\n");
	assert_string_equal(json_get_text(chat.vars, "source"), "ads_7");
	assert_null(json_object_get(chat.vars, "old"));
	case_step(flow, &chat, INPUT_TEXT, "/a word", "enter first\n");
	assert_string_equal(json_get_text(chat.vars, "s"), "word");
	assert_null(json_object_get(chat.vars, "source"));
	case_step(flow, &chat, INPUT_TEXT, "/start", "enter first\n");
	assert_null(json_object_get(chat.vars, "s"));
	chat_release(&chat);
	flow_close(flow);
}

static void
test_loop_guard(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{"
	    "'first':{'enter':[{'if':{'not':{'tag':'out'}},"
	    "'then':[{'goto':'second'}]}]},"
	    "'second':{'enter':[{'goto':'first'}]}}}");
	struct chat chat = case_chat("en");
	struct input input = { .kind = INPUT_TEXT, .text = "/start" };
	struct effects effects = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(step(flow, &chat, &input, NOW, &effects, &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	assert_non_null(strstr(fault.text, "more than 32 states"));
	assert_true(effects.looped);
	assert_int_equal(chat.entries, 32);
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

/* The 32nd goto of a turn is still allowed. */
static void
test_loop_guard_spares(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/start':"
	    "[{'set':{'n':0}},{'goto':'first'}]},'states':{'first':{'enter':"
	    "[{'set':{'s':'{{s}}+'}},{'if':{'var':'s','ne':"
	    "'++++++++++++++++++++++++++++++++'},"
	    "'then':[{'goto':'second'}]}]},'second':{'enter':["
	    "{'set':{'s':'{{s}}+'}},{'if':{'var':'s','ne':"
	    "'++++++++++++++++++++++++++++++++'},"
	    "'then':[{'goto':'first'}]}]}},'vars':{'s':{'scope':'user'}}}");
	struct chat chat = case_chat("en");
	struct effects effects;

	(void)state;
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/start", &effects),
	    OUT_OK);
	assert_int_equal(effects.count, 32);
	assert_int_equal(chat.entries, 32);
	effects_release(&effects);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_state_that_vanished(void **state)
{
	struct flow *flow = case_flow("{'states':{'first':{'on':"
				      "{'text:hello':[{'send':'hi'}]}}}}");
	struct chat chat = case_chat("en");

	(void)state;
	free(chat.state);
	chat.state = mem_dup("of_an_older_version");
	case_step(flow, &chat, INPUT_TEXT, " HELLO ", "sendMessage: Hi\n");
	assert_string_equal(chat.state, "first");
	chat_release(&chat);
	flow_close(flow);
}

static void
test_variables(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{"
	    "'/set':{'args':['n','s'],'do':[{'set':{'x':'{{n}}',"
	    "'flag':'{{s}}'}}]},"
	    "'/clear':[{'clear':['n','s']}],"
	    "'/null':[{'set':{'x':null}}]},"
	    "'events':{'e':{'args':['n','x'],'do':[]}},"
	    "'vars':{'s':{'max':5,'scope':'session'}}}");
	struct chat chat = case_chat("en");
	struct effects effects = { 0 };
	json_t *data = json_pack("{si,ss}", "n", 9, "x", "1.5");
	struct input event = { .kind = INPUT_EVENT,
		.text = "e",
		.data = data };

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "/set 12  пять и шесть", "");
	assert_int_equal(json_get_int(chat.vars, "n", 0), 12);
	assert_int_equal(json_get_int(chat.vars, "x", 0), 12);
	assert_string_equal(json_get_text(chat.vars, "s"), "пять ");
	assert_null(json_object_get(chat.vars, "flag"));
	case_step(flow, &chat, INPUT_TEXT, "/set 12x", "");
	assert_null(json_object_get(chat.vars, "n"));
	assert_null(json_object_get(chat.vars, "s"));
	case_step(flow, &chat, INPUT_TEXT, "/set 1 true", "");
	assert_true(json_is_true(json_object_get(chat.vars, "flag")));
	assert_int_equal(step(flow, &chat, &event, NOW, &effects, NULL),
	    OUT_OK);
	assert_int_equal(json_get_int(chat.vars, "n", 0), 9);
	assert_true(json_is_real(json_object_get(chat.vars, "x")));
	case_step(flow, &chat, INPUT_TEXT, "/null", "");
	assert_null(json_object_get(chat.vars, "x"));
	/* session variables go when it all begins again */
	case_step(flow, &chat, INPUT_TEXT, "/start", "enter first\n");
	assert_null(json_object_get(chat.vars, "s"));
	assert_int_equal(json_get_int(chat.vars, "n", 0), 9);
	case_step(flow, &chat, INPUT_TEXT, "/clear", "");
	assert_null(json_object_get(chat.vars, "n"));
	effects_release(&effects);
	json_decref(data);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_deep_link(void **state)
{
	static const struct {
		const char *text, *source;
	} cases[] = {
		{ "/start", NULL },
		{ "/start ads-7_B", "ads-7_B" },
		{ "/start@some_bot  x ", "x" },
		{ "/start 0123456789abcdefghij", "0123456789abcdef" },
		{ "/start a\xe2\x80\xae"
		  "b\x01"
		  "c",
		    "abc" },
		{ "/startx y", NULL },
	};
	struct flow *flow = case_flow("{}");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat chat = case_chat("en");
		struct effects effects;
		const char *source;

		assert_int_equal(case_try(flow, &chat, INPUT_TEXT,
				     cases[i].text, &effects),
		    OUT_OK);
		source = json_get_text(chat.vars, "source");
		if (cases[i].source == NULL)
			assert_null(source);
		else
			assert_string_equal(source, cases[i].source);
		effects_release(&effects);
		chat_release(&chat);
	}
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_funnel),
		cmocka_unit_test(test_speed),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_been_is_since_the_task),
		cmocka_unit_test(test_defaults_of_schedule),
		cmocka_unit_test(test_unless_asked_again),
		cmocka_unit_test(test_own_mark_does_not_silence),
		cmocka_unit_test(test_reminder_from_elsewhere),
		cmocka_unit_test(test_schedule_moved_or_gone),
		cmocka_unit_test(test_unsubscribed_gets_no_reminder),
		cmocka_unit_test(test_cancel_on),
		cmocka_unit_test(test_cancel_on_is_by_name),
		cmocka_unit_test(test_old_reminder_leaves_the_place),
		cmocka_unit_test(test_goodbye_is_an_answer),
		cmocka_unit_test(test_session_begins_with_its_input),
		cmocka_unit_test(test_loop_guard),
		cmocka_unit_test(test_loop_guard_spares),
		cmocka_unit_test(test_state_that_vanished),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_deep_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
