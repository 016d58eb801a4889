/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Which part of a flow takes an input.
 */
#include "flow_case.h"

#define OTHER "sendMessage: Bye\n"

/* `first` takes many things; the flow's fallback says Bye. */
static struct flow *
taker(const char *key)
{
	char *patch = mem_printf("{'fallback':[{'send':'bye'}],'states':{"
				 "'first':{'on':{%s:[{'send':'hi'}]}}}}",
	    key);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

static void
test_on(void **state)
{
	static const struct {
		const char *key, *text;
		enum input_kind kind;
		bool taken;
	} cases[] = {
		{ "'text:да'", "  ДА\n", INPUT_TEXT, true },
		{ "'text:да'", "да!", INPUT_TEXT, false },
		{ "'text:да'", "photo", INPUT_MEDIA, false },
		{ "'regex:[0-9]{4}'", "1234", INPUT_TEXT, true },
		{ "'regex:[0-9]{4}'", "12345", INPUT_TEXT, false },
		{ "'regex:a|b'", "b", INPUT_TEXT, true },
		{ "'regex:a|b'", "ax", INPUT_TEXT, false },
		{ "'photo'", "photo", INPUT_MEDIA, true },
		{ "'photo'", "voice", INPUT_MEDIA, false },
		{ "'voice'", "voice", INPUT_MEDIA, true },
		{ "'video'", "video", INPUT_MEDIA, true },
		{ "'document'", "document", INPUT_MEDIA, true },
		{ "'location'", "location", INPUT_MEDIA, true },
		{ "'contact'", "+7", INPUT_CONTACT, true },
		{ "'contact'", "photo", INPUT_MEDIA, false },
		{ "'any'", "x", INPUT_TEXT, true },
		{ "'any'", "/unknown", INPUT_TEXT, true },
		{ "'any'", "voice", INPUT_MEDIA, true },
		{ "'any'", "+7", INPUT_CONTACT, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow *flow = taker(cases[i].key);
		struct chat chat = case_chat("en");

		case_step(flow, &chat, cases[i].kind, cases[i].text,
		    cases[i].taken ? "sendMessage: Hi\n" : OTHER);
		chat_release(&chat);
		flow_close(flow);
	}
}

/* A fixed text comes before a pattern, wherever they stand. */
static void
test_text_before_regex(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'on':{"
	    "'regex:.*':[{'send':'bye'}],'any':[{'send':'bye'}],"
	    "'text:x':[{'send':'hi'}]}}}}");
	struct chat chat = case_chat("en");

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "x", "sendMessage: Hi\n");
	case_step(flow, &chat, INPUT_TEXT, "y", OTHER);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_fallback_of_state(void **state)
{
	struct flow *flow = case_flow(
	    "{'fallback':[{'send':'bye'}],"
	    "'states':{'first':{'fallback':[{'send':'hi'}]}},"
	    "'commands':{'/a':[{'goto':'second'}]}}");
	struct chat chat = case_chat("en");

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "x", "sendMessage: Hi\n");
	case_step(flow, &chat, INPUT_TEXT, "/a", "enter second\n");
	case_step(flow, &chat, INPUT_TEXT, "x", OTHER);
	case_step(flow, &chat, INPUT_EVENT, "x", "");
	case_step(flow, &chat, INPUT_NOTHING, NULL, "");
	chat_release(&chat);
	flow_close(flow);
}

static void
test_commands(void **state)
{
	struct flow *flow = case_flow(
	    "{'fallback':[{'send':'bye'}],"
	    "'states':{'first':{'on':{'event:e':[{'send':'hi'}]}}},"
	    "'events':{'e':[{'send':'bye'}],'f':[{'send':'bye'}]},"
	    "'commands':{'/secret':{'who':'admin','help':'hi',"
	    "'do':[{'send':'hi'}]},"
	    "'/vip':{'when':{'tag':'vip'},'do':[{'send':'hi'}]},"
	    "'/tag':[{'tag':['+vip']}]}}");
	struct chat chat = case_chat("en"), admin = case_chat("en");

	(void)state;
	admin.person.id = 7;
	case_step(flow, &chat, INPUT_TEXT, "/secret", OTHER);
	case_step(flow, &admin, INPUT_TEXT, "/secret", "sendMessage: Hi\n");
	case_step(flow, &admin, INPUT_TEXT, "/SECRET@bot x",
	    "sendMessage: Hi\n");
	case_step(flow, &admin, INPUT_TEXT, "/secrets", OTHER);
	case_step(flow, &chat, INPUT_TEXT, "/vip", OTHER);
	case_step(flow, &chat, INPUT_TEXT, "/tag", "");
	case_step(flow, &chat, INPUT_TEXT, "/vip", "sendMessage: Hi\n");
	case_step(flow, &chat, INPUT_TEXT, "/", OTHER);
	case_step(flow, &chat, INPUT_EVENT, "e", "sendMessage: Hi\n");
	case_step(flow, &chat, INPUT_EVENT, "f", OTHER);
	assert_true(flow_has_event(flow, "e"));
	assert_false(flow_has_event(flow, "g"));
	chat_release(&admin);
	chat_release(&chat);
	flow_close(flow);
}

#define INLINE \
	"{'commands':{'/b':[{'goto':'second'}],'/c':[{'goto':'third'}]}," \
	"'states':{'second':{'enter':[{'send':'hi','buttons':" \
	"[[{'text':'b','id':'go'}]]}],'on':{'button:go':[{'send':'bye'}]}}}}"

static void
test_button_outlives_its_state(void **state)
{
	struct flow *flow = case_flow(INLINE);
	struct chat chat = case_chat("en");
	struct effects effects;
	char *button;

	(void)state;
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/b", &effects),
	    OUT_OK);
	button = case_button(&effects);
	assert_int_equal(strlen(button), 8);
	effects_release(&effects);
	case_step(flow, &chat, INPUT_BUTTON, button, OTHER);
	case_step(flow, &chat, INPUT_TEXT, "/c", "enter third\n");
	case_step(flow, &chat, INPUT_BUTTON, button, OTHER);
	assert_string_equal(chat.state, "third");
	free(button);
	chat_release(&chat);
	flow_close(flow);
}

/* Callback data comes from strangers. */
static void
test_buttons_that_are_not_ours(void **state)
{
	static const char *const data[] = { NULL, "", "go", "|go", "00000|",
		"00000|go", "zzzzz|go", "00000|g|o", "00000|GO", "00000|<b>",
		"000001|go", "00000\ngo",
		"00000|aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee" };
	struct flow *flow = case_flow(INLINE);
	struct chat chat = case_chat("en"), russian = case_chat("ru");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		case_step(flow, &chat, INPUT_BUTTON, data[i],
		    "notice This button no longer works\n");
	case_step(flow, &russian, INPUT_BUTTON, "x",
	    "notice Эта кнопка больше не действует\n");
	chat_release(&russian);
	chat_release(&chat);
	flow_close(flow);
}

#define REPLY \
	"{'fallback':[{'send':'bye'}]," \
	"'commands':{'/b':[{'goto':'second'}],'/c':[{'goto':'third'}]," \
	"'/d':[{'goto':'fourth'}]},'states':{'second':{'enter':[" \
	"{'send':'hi','reply':[[{'text':'b','id':'go'}]]}]," \
	"'on':{'button:go':[{'set':{'s':'second'}}]}}," \
	"'third':{'enter':[{'send':'hi','reply':[[{'text':'b'," \
	"'id':'on'}]]}],'on':{'button:on':[{'set':{'s':'third'}}]}}," \
	"'fourth':{}}}"

static void
press(const struct flow *flow, struct chat *chat, const char *label,
    const char *says)
{
	json_object_del(chat->vars, "s");
	case_step(flow, chat, INPUT_TEXT, label, "");
	assert_string_equal(json_get_text(chat->vars, "s"), says);
}

static void
test_reply_keyboard(void **state)
{
	struct flow *flow = case_flow(REPLY);
	struct chat chat = case_chat("en");
	struct effects effects;
	json_t *wanted = case_json("{'keyboard':[[{'text':'Go'}]],"
				   "'resize_keyboard':true}");

	(void)state;
	/* nobody was ever shown this button: just a word */
	case_step(flow, &chat, INPUT_TEXT, "Go", OTHER);
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/b", &effects),
	    OUT_OK);
	assert_true(json_equal(wanted,
	    json_object_get(effects.list[1].params, "reply_markup")));
	effects_release(&effects);
	press(flow, &chat, "Go", "second");
	press(flow, &chat, " Вперёд ", "second"); /* in either language */
	case_step(flow, &chat, INPUT_TEXT, "/d", "enter fourth\n");
	press(flow, &chat, "Go", "second");
	case_step(flow, &chat, INPUT_TEXT, "/c",
	    "enter third\nsendMessage: Hi\n");
	press(flow, &chat, "Go", "third");
	case_step(flow, &chat, INPUT_TEXT, "/d", "enter fourth\n");
	press(flow, &chat, "Go", "third"); /* it sent the last keyboard */
	case_step(flow, &chat, INPUT_TEXT, "Go!", OTHER);
	json_decref(wanted);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_button_when(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'enter':["
	    "{'send':'hi','buttons':[[{'text':'b','id':'go',"
	    "'when':{'tag':'vip'}}],[{'text':'bye','id':'go'}]]}],"
	    "'on':{'button:go':[]}}},'commands':{'/tag':["
	    "{'tag':['+vip']}]}}");
	struct chat chat = case_chat("en");
	struct effects effects;
	size_t i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/start",
				     &effects),
		    OUT_OK);
		assert_int_equal(json_array_size(json_object_get(
				     json_object_get(effects.list[1].params,
					 "reply_markup"),
				     "inline_keyboard")),
		    i);
		effects_release(&effects);
		case_step(flow, &chat, INPUT_TEXT, "/tag", "");
	}
	chat_release(&chat);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on),
		cmocka_unit_test(test_text_before_regex),
		cmocka_unit_test(test_fallback_of_state),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_button_outlives_its_state),
		cmocka_unit_test(test_buttons_that_are_not_ours),
		cmocka_unit_test(test_reply_keyboard),
		cmocka_unit_test(test_button_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
