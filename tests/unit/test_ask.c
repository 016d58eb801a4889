/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Questions: what is an answer, what is not, and what follows.
 */
#include "talk.h"

/* `first` asks for the variable v of TYPE; ASK and STATE are more members. */
static struct flow *
ask_flow(const char *type, const char *ask, const char *state)
{
	char *patch = mem_printf(
	    "{'vars':{'v':{'type':'%s','max':50},'w':{}},"
	    "'commands':{'/go':[{'goto':'first'}],'/no':[{'send':'bye'}]},"
	    "'fallback':[{'send':'bye'}],'states':{"
	    "'first':{'ask':{'text':'q','var':'v','retry':'e'%s},"
	    "'then':'second'%s},"
	    "'second':{'enter':[{'send':'got'}]},"
	    "'third':{'enter':[{'send':'bye'}]}},"
	    "'texts':{'en':{'q':'Q?','e':'Wrong','got':'Got {{v}}','a':'Red',"
	    "'c':'Blue','s':'Skip','card':'Card'},"
	    "'ru':{'q':'В?','e':'Нет','got':'Есть {{v}}','a':'Красный',"
	    "'c':'Синий','s':'Дальше','card':'Номер'}}}",
	    type, ask, state);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

#define ASKED "enter first\nsendMessage: Q?\n"
#define WRONG "sendMessage: Wrong\n"
#define CHOICES ",'choices':[{'id':'a','text':'a'},{'id':'c','text':'c'}]"

struct answer_case {
	const char *type, *ask, *text;
	const char *value; /* JSON, NULL: wrong */
};

static const struct answer_case answers[] = {
	{ "text", "", "  two words ", "'two words'" },
	{ "text", ",'trim':false", "two words", "'two words'" },
	{ "text", "", "line\nline", "'line\\nline'" },
	{ "text", "", "\xe2\x80\xae<b>{{v}}</b>\x01", "'<b>{{v}}</b>'" },
	{ "text", "", "\xe2\x80\xae", NULL },
	{ "text", ",'min':3", "ok", NULL },
	{ "text", ",'min':3", "три", "'три'" },
	{ "text", ",'max':3", "четыре", NULL },
	{ "text", "", "123456789012345678901234567890123456789012345678901",
	    NULL },
	{ "text", ",'regex':'[0-9]{4}'", "1234", "'1234'" },
	{ "text", ",'regex':'[0-9]{4}'", "12345", NULL },
	{ "int", "", "1 500", "1500" },
	{ "int", "",
	    "1\xc2\xa0"
	    "500",
	    "1500" },
	{ "int", "", "-3", "-3" },
	{ "int", "", "1.5", NULL },
	{ "int", "", "1,500", NULL },
	{ "int", "", "15.000", NULL },
	{ "int", "", "five", NULL },
	{ "int", "", "1e5", NULL },
	{ "int", "", "99999999999999999999", NULL },
	{ "int", ",'min':1,'max':10", "10", "10" },
	{ "int", ",'min':1,'max':10", "11", NULL },
	{ "int", ",'min':1,'max':10", "0", NULL },
	{ "number", "", "1,5", "1.5" },
	{ "number", "", "1,5,5", NULL },
	{ "bool", "", "ДА", "true" },
	{ "bool", "", "no", "false" },
	{ "bool", "", "maybe", NULL },
	{ "phone", "", "8 (912) 345-67-89", "'+79123456789'" },
	{ "phone", ",'region':'RU'", "call me", NULL },
	{ "email", "", "ann@example.org", "'ann@example.org'" },
	{ "email", "", "ann@example", NULL },
	{ "email", "", "a@b@example.org", NULL },
	{ "email", "", "Ann <ann@example.org>", NULL },
	{ "email", "", "ann@example..org", NULL },
	{ "date", "", "01.03.2027", "'2027-03-01'" },
	{ "date", "", "2027-03-01 10:00", "'2027-03-01 10:00'" },
	{ "date", "", "31.02.2027", NULL },
	{ "text", CHOICES, "red", "'a'" },
	{ "text", CHOICES, "СИНИЙ", "'c'" },
	{ "text", CHOICES, "green", NULL },
	{ "text", CHOICES, "a", NULL },
	{ "text", CHOICES ",'free_text':true", "green", "'green'" },
	{ "text", CHOICES ",'free_text':true", "Red", "'a'" },
};

static void
test_answers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_case *c = &answers[i];
		struct flow *flow = ask_flow(c->type, c->ask, "");
		struct talk talk = talk_begin(flow, "en");
		struct input input = { .kind = INPUT_TEXT, .text = c->text };
		struct fault fault;
		json_t *value, *expected;

		print_message("# %s%s: %s\n", c->type, c->ask, c->text);
		talk_say(&talk, "/go", ASKED);
		effects_release(&talk.last);
		assert_int_equal(step(flow, &talk.chat, &input, NOW,
				     &talk.last, &fault),
		    OUT_OK);
		value = json_object_get(talk.chat.vars, "v");
		if (c->value == NULL) {
			assert_null(value);
			assert_string_equal(talk.chat.state, "first");
			assert_string_equal(talk.last.list[0].plain, "Wrong");
		} else {
			expected = case_json(c->value);
			assert_true(json_equal(value, expected));
			json_decref(expected);
			assert_string_equal(talk.chat.state, "second");
		}
		talk_end(&talk);
		flow_close(flow);
	}
}

static void
test_attempts(void **state)
{
	struct flow *flow =
	    ask_flow("int", ",'attempts':3,'on_fail':[{'send':'hi'}]", "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "x", WRONG);
	talk_say(&talk, "y", WRONG);
	/* without a goto it goes on as if answered */
	talk_say(&talk, "z",
	    "sendMessage: Hi\nenter second\nsendMessage: Got \n");
	/* they are counted since it was asked */
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "x", WRONG);
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "x", WRONG);
	talk_say(&talk, "y", WRONG);
	talk_say(&talk, "7", "enter second\nsendMessage: Got 7\n");
	talk_end(&talk);
	flow_close(flow);
	flow =
	    ask_flow("int", ",'attempts':1,'on_fail':[{'goto':'third'}]", "");
	talk = talk_begin(flow, "en");
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "x", "enter third\nsendMessage: Bye\n");
	talk_end(&talk);
	flow_close(flow);
}

/* Where it goes on may hang on what giving up did, also in a handler. */
static void
test_then_after_failure(void **state)
{
	struct flow *flow = case_flow(
	    "{'handlers':'/handlers','states':{'first':{'ask':{'text':'hi',"
	    "'var':'n','attempts':1,'on_fail':[{'set':{'flag':true}},"
	    "{'exec':{'run':['x']}}]},'then':[{'when':{'all':[{'var':'flag',"
	    "'eq':true},{'var':'x','eq':7}]},'to':'third'},"
	    "{'to':'second'}]}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk_say(&talk, "many", "exec /states/first/ask/on_fail/1\n");
	talk_answer(&talk, "{'ok':true,'set':{'x':7}}", "enter third\n");
	talk_end(&talk);
	flow_close(flow);
}

/* Without `retry` the question itself is repeated. */
static void
test_retry_is_the_question(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'ask':{'text':'hi','var':'n'},'then':"
	    "'second'}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk_say(&talk, "x", "sendMessage: Hi\n");
	talk_say(&talk, "5", "enter second\n");
	talk_end(&talk);
	flow_close(flow);
}

/* A command always wins; what is no answer may be taken by `on`. */
static void
test_order_of_takers(void **state)
{
	struct flow *flow = ask_flow("text", ",'min':6",
	    ",'on':{'text:back':[{'goto':'third'}],"
	    "'text:backwards':[{'goto':'third'}],'photo':[{'send':'hi'}],"
	    "'any':[{'send':'bye'}]}");
	struct talk talk = talk_begin(flow, "en");
	struct input photo = { .kind = INPUT_MEDIA, .text = "photo" };
	struct input voice = { .kind = INPUT_MEDIA, .text = "voice" };

	(void)state;
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "/no", "sendMessage: Bye\n");
	talk_say(&talk, "/cancle", WRONG);
	talk_give(&talk, &photo, "sendMessage: Hi\n");
	talk_give(&talk, &voice, WRONG);
	talk_say(&talk, "no", WRONG);
	talk_say(&talk, "back", "enter third\nsendMessage: Bye\n");
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "backwards",
	    "enter second\nsendMessage: Got backwards\n");
	talk_say(&talk, "/go", ASKED);
	photo.caption = "a long caption";
	talk_give(&talk, &photo,
	    "enter second\nsendMessage: Got a long caption\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_inline_choices(void **state)
{
	struct flow *flow = ask_flow("text",
	    ",'columns':2,'skip':'s','choices':[{'id':'a','text':'a'},"
	    "{'id':'c','text':'c'},{'id':'d','text':'hi','when':"
	    "{'tag':'vip'}},{'id':'e','text':'bye'}]",
	    "");
	struct talk talk = talk_begin(flow, "en");
	struct input press = { .kind = INPUT_BUTTON };
	char *data, *hidden;

	(void)state;
	talk_say(&talk, "/go", ASKED);
	data = json_text(talk.last.list[1].params);
	assert_non_null(strstr(data, "[[{\"callback_data\":\""));
	assert_non_null(strstr(data, "\"text\":\"Blue\"}],[{"));
	assert_non_null(strstr(data, "\"text\":\"Bye\"}],[{"));
	assert_non_null(strstr(data, "|-\",\"text\":\"Skip\"}]]"));
	assert_null(strstr(data, "Hi"));
	assert_int_equal(talk.chat.asked_at, NOW);
	free(data);
	/* what was not offered cannot be pressed */
	data = case_button(&talk.last);
	hidden = mem_dup(data);
	hidden[6] = 'd';
	press.text = hidden;
	talk_give(&talk, &press, "notice This button no longer works\n");
	press.text = data;
	talk_give(&talk, &press, "enter second\nsendMessage: Got a\n");
	assert_int_equal(talk.chat.asked_at, 0);
	/* a second tap does nothing more */
	talk_give(&talk, &press, "notice This button no longer works\n");
	talk_say(&talk, "/go", ASKED);
	hidden[6] = '-';
	press.text = hidden;
	talk_give(&talk, &press, "enter second\nsendMessage: Got \n");
	assert_null(json_object_get(talk.chat.vars, "v"));
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "Дальше", "enter second\nsendMessage: Got \n");
	free(hidden);
	free(data);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_reply_choices(void **state)
{
	struct flow *flow =
	    ask_flow("text", CHOICES ",'keyboard':'reply','skip':'s'", "");
	struct talk talk = talk_begin(flow, "ru");
	char *data;

	(void)state;
	talk_say(&talk, "/go", "enter first\nsendMessage: В?\n");
	data = json_text(
	    json_object_get(talk.last.list[1].params, "reply_markup"));
	assert_string_equal(data,
	    "{\"keyboard\":[[{\"text\":\"Красный\"}],[{\"text\":\"Синий\"}],"
	    "[{\"text\":\"Дальше\"}]],\"resize_keyboard\":true,"
	    "\"one_time_keyboard\":true}");
	free(data);
	/* a message outlives an outage, so nothing is asked again */
	assert_int_equal(talk.chat.asked_at, 0);
	talk_say(&talk, "Синий", "enter second\nsendMessage: Есть c\n");
	talk_end(&talk);
	flow_close(flow);
}

static bool
removes(const struct talk *talk)
{
	const json_t *markup =
	    json_object_get(talk_last(talk, EFFECT_MESSAGE)->params,
		"reply_markup");

	return json_is_true(json_object_get(markup, "remove_keyboard"));
}

/* The keyboard of a question goes when it was answered, not before. */
static void
test_keyboard_goes(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/hi':[{'send':'hi'}],'/in':[{'send':'hi',"
	    "'buttons':[[{'text':'b','url':'https://example.org'}]]}]},"
	    "'states':{'first':{'ask':{'text':'hi','var':'s','keyboard':"
	    "'reply','choices':[{'id':'a','text':'b'},{'id':'c','text':"
	    "'bye'}]},'then':'second'},'second':{'ask':{'text':'bye','var':"
	    "'n'},'then':'third'}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	assert_false(removes(&talk));
	talk_say(&talk, "/hi", "sendMessage: Hi\n");
	assert_false(removes(&talk));
	talk_say(&talk, "Go", "enter second\nsendMessage: Bye\n");
	assert_true(removes(&talk));
	talk_say(&talk, "x", "sendMessage: Bye\n");
	assert_false(removes(&talk));
	/* what has buttons of its own leaves it to the next */
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk.chat.state[0] = 'x';
	json_object_del(talk.chat.memory, "ask");
	talk_say(&talk, "/in", "sendMessage: Hi\n");
	assert_false(removes(&talk));
	talk_say(&talk, "/hi", "sendMessage: Hi\n");
	assert_true(removes(&talk));
	assert_null(json_object_get(talk.chat.memory, "keyboard"));
	talk_end(&talk);
	flow_close(flow);
}

static void
test_asked_again(void **state)
{
	struct flow *flow = ask_flow("text", CHOICES, "");
	struct talk talk = talk_begin(flow, "en");
	const struct input lost = { .kind = INPUT_LOST, .text = "" };
	struct input press = { .kind = INPUT_BUTTON, .text = "00000|old" };

	(void)state;
	talk_give(&talk, &lost, "");
	talk_say(&talk, "/go", ASKED);
	/* its presses may still come */
	talk.now += 149000;
	talk_give(&talk, &lost, "");
	talk.now += 1000;
	talk_give(&talk, &lost, "sendMessage: Q?\n");
	assert_int_equal(talk.chat.asked_at, talk.now);
	/* somebody presses what expired while a question waits */
	talk_give(&talk, &press, "notice This button no longer works\n");
	talk.now += 150000;
	talk_give(&talk, &press,
	    "notice This button no longer works\nsendMessage: Q?\n");
	talk.now += 150000;
	talk.chat.unsubscribed = true;
	talk_give(&talk, &lost, "");
	talk_say(&talk, "red", "enter second\nsendMessage: Got a\n");
	talk.now += 150000;
	talk_give(&talk, &lost, "");
	talk_end(&talk);
	flow_close(flow);
}

/* A reminder that asks is rendered again, buttons and all, when it leaves. */
static void
test_asked_by_reminder(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'schedule':'r','after':'5m','do':[{'goto':"
	    "'second'}]}]},'states':{'second':{'ask':{'text':'hi','var':'s',"
	    "'choices':[{'id':'a','text':'b'}]},'then':'third'}}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect task, again;
	const struct effect *message;
	struct fault fault;

	(void)state;
	talk_say(&talk, "/go", "task r in 300 s\n");
	task = talk_task(&talk);
	talk_fire(&talk, &task, "enter second\nsendMessage: Hi\n");
	message = talk_last(&talk, EFFECT_MESSAGE);
	assert_int_equal(message->urgency, URGENCY_REMINDER);
	assert_int_equal(step_render(flow, &talk.chat, message->action, &again,
			     &fault),
	    OUT_OK);
	assert_true(json_equal(message->params, again.params));
	assert_non_null(json_object_get(again.params, "reply_markup"));
	effect_release(&again);
	talk_press(&talk, 0, "enter third\n");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_contact(void **state)
{
	struct flow *flow =
	    ask_flow("phone", ",'contact_button':'card','region':'RU'", "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go", ASKED);
	talk_contact(&talk, "+79990000000", 77, WRONG);
	talk_contact(&talk, "+79990000000", 0, WRONG);
	talk_contact(&talk, "<b>", 42, WRONG);
	talk_contact(&talk, NULL, 42, WRONG);
	talk_contact(&talk, "4915112345678", 42,
	    "enter second\nsendMessage: Got +4915112345678\n");
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, "8 912 345 67 89",
	    "enter second\nsendMessage: Got +79123456789\n");
	/* nobody asked */
	talk_contact(&talk, "+79990000000", 42, "sendMessage: Bye\n");
	talk_end(&talk);
	flow_close(flow);
	flow = ask_flow("phone",
	    ",'contact_button':'card','own_contact':false", "");
	talk = talk_begin(flow, "en");
	talk_say(&talk, "/go", ASKED);
	talk_contact(&talk, "+79990000000", 77,
	    "enter second\nsendMessage: Got +79990000000\n");
	talk_end(&talk);
	flow_close(flow);
}

/* The ways on: the first whose guard holds. */
static void
test_then(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'ask':{'text':'hi','var':'n'},'then':["
	    "{'when':{'var':'n','gt':9},'to':'third'},{'to':'second'}]}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk_say(&talk, "10", "enter third\n");
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk_say(&talk, "9", "enter second\n");
	talk_end(&talk);
	flow_close(flow);
}

/* `enter` comes first, and where it goes elsewhere nothing is asked. */
static void
test_enter_before(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'enter':[{'send':'bye'},{'if':{'var':'n',"
	    "'set':true},'then':[{'goto':'second'}]}],"
	    "'ask':{'text':'hi','var':'n'},'then':'second'}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start",
	    "enter first\nsendMessage: Bye\nsendMessage: Hi\n");
	talk_say(&talk, "3", "enter second\n");
	talk_say(&talk, "/start",
	    "enter first\nsendMessage: Bye\nenter second\n");
	talk_say(&talk, "4", "");
	talk_end(&talk);
	flow_close(flow);
}

/* Put there by hand, or by a version without the question: it is asked first,
 * what was written is no answer to it. */
static void
test_never_asked(void **state)
{
	struct flow *flow = ask_flow("text", "", "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "hello", "sendMessage: Q?\n");
	talk_say(&talk, "hello", "enter second\nsendMessage: Got hello\n");
	talk_end(&talk);
	flow_close(flow);
}

/* Put there by hand: what it then asks is as open as any. */
static void
test_put_there(void **state)
{
	struct flow *flow = ask_flow("text", CHOICES, "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start", ASKED);
	json_object_clear(talk.chat.visits);
	json_object_clear(talk.chat.memory);
	free(talk.chat.state);
	talk.chat.state = mem_dup("third");
	talk.flow = case_flow(
	    "{'states':{'third':{'ask':{'text':'hi','var':'s','choices':["
	    "{'id':'a','text':'b'}]},'then':'second'}}}");
	talk_say(&talk, "hello", "sendMessage: Hi\n");
	talk_press(&talk, 0, "enter second\n");
	flow_close((struct flow *)(uintptr_t)talk.flow);
	talk_end(&talk);
	flow_close(flow);
}

/* In a group people talk to each other. */
static void
test_groups_of_people(void **state)
{
	struct flow *flow = ask_flow("text", CHOICES, "");
	struct talk talk = talk_begin(flow, "en");
	struct input text = { .kind = INPUT_TEXT,
		.text = "red",
		.in_group = true };
	struct input press = { .kind = INPUT_BUTTON, .in_group = true };
	char *data;

	(void)state;
	talk_say(&talk, "/go", ASKED);
	data = case_button(&talk.last);
	talk_give(&talk, &text, "");
	press.text = data;
	talk_give(&talk, &press, "enter second\nsendMessage: Got a\n");
	free(data);
	talk_end(&talk);
	flow_close(flow);
}

/* 100 KB are no answer, and do no harm. */
static void
test_hostile(void **state)
{
	struct flow *flow = ask_flow("text", "", "");
	struct talk talk = talk_begin(flow, "en");
	char *huge = mem_alloc(100001);

	(void)state;
	memset(huge, '<', 100000);
	talk_say(&talk, "/go", ASKED);
	talk_say(&talk, huge, WRONG);
	talk_contact(&talk, huge, 42, WRONG);
	talk_say(&talk, "</b>&lt;",
	    "enter second\nsendMessage: Got </b>&lt;\n");
	assert_string_equal(json_get_text(talk.last.list[1].params, "text"),
	    "Got &lt;/b&gt;&amp;lt;");
	free(huge);
	talk_end(&talk);
	flow_close(flow);
}

/* A question on its way is not the other state's. */
static void
test_renamed(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'goto':'one'}]},'states':{'one':{'ask':"
	    "{'text':'hi','var':'s'},'then':'second'}}}");
	struct flow *newer = case_flow(
	    "{'renamed':{'one':'first'},'states':{'first':{'ask':{'text':"
	    "'hi','var':'s'},'then':'second'}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go", "enter one\nsendMessage: Hi\n");
	talk.flow = newer;
	talk_say(&talk, "words", "enter second\n");
	assert_string_equal(json_get_text(talk.chat.vars, "s"), "words");
	talk_end(&talk);
	flow_close(newer);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_then_after_failure),
		cmocka_unit_test(test_retry_is_the_question),
		cmocka_unit_test(test_order_of_takers),
		cmocka_unit_test(test_inline_choices),
		cmocka_unit_test(test_reply_choices),
		cmocka_unit_test(test_keyboard_goes),
		cmocka_unit_test(test_asked_again),
		cmocka_unit_test(test_asked_by_reminder),
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_then),
		cmocka_unit_test(test_enter_before),
		cmocka_unit_test(test_never_asked),
		cmocka_unit_test(test_put_there),
		cmocka_unit_test(test_groups_of_people),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
