/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Which part of a flow takes an input.
 */
#include <malloc.h>

#include "flow_case.h"

#include "bot/model.h"

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
		{ "'regex:[а-яё]+'", "привет", INPUT_TEXT, true },
		{ "'regex:[а-яё]+'", "ёж!", INPUT_TEXT, false },
		{ "'regex:[^а-я-]+'", "ёж", INPUT_TEXT, false },
		{ "'regex:[[:alpha:]a-я]+'", "Zя", INPUT_TEXT, true },
		{ "'regex:[]а-в-]+'", "б]-", INPUT_TEXT, true },
		{ "'regex:\\\\[а-я]'", "[а-я]", INPUT_TEXT, true },
		{ "'regex:.{2,3}'", "где", INPUT_TEXT, true },
		{ "'regex:.{2,3}'", "дом 4", INPUT_TEXT, false },
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

/* glibc's matcher can be made to keep 12 kB for each letter of a message. */
static void
test_regex_is_bounded(void **state)
{
	struct flow *flow = taker("'regex:.*a.............c.*'");
	struct chat chat = case_chat("en");
	char text[4097];
	unsigned seed = 1;
	size_t before = 0, i, j;

	(void)state;
	for (i = 0; i < 60; i++) {
		size_t len = i % 2 ? 4096 : 255;

		for (j = 0; j < len; j++) {
			seed = seed * 1103515245U + 12345U;
			text[j] = seed >> 16 & 1 ? 'a' : 'b';
		}
		text[len] = '\0';
		case_step(flow, &chat, INPUT_TEXT, text, OTHER);
		if (i == 1)
			before = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks < before + 1000000);
	memset(text, 'a', 256);
	text[256] = '\0';
	text[200] = 'c';
	case_step(flow, &chat, INPUT_TEXT, text, "sendMessage: Hi\n");
	text[256] = 'a';
	text[257] = '\0';
	case_step(flow, &chat, INPUT_TEXT, text, OTHER);
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

static void
press_data(const struct flow *flow, struct chat *chat, const char *state,
    const char *id, const char *told)
{
	char hash[STATE_HASH_SIZE], *data;

	state_hash(state, hash);
	data = mem_printf("%s|%s", hash, id);
	case_step(flow, chat, INPUT_BUTTON, data, told);
	free(data);
}

#define EXPIRED "notice This button no longer works\n"

/* The hash of a state is no secret. */
static void
test_forged_sender(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/b':[{'goto':'second'}],'/c':[{'goto':'third'}]},"
	    "'states':{'first':{'on':{'button:no':[{'send':'hi'}]}},"
	    "'second':{'on':{'button:go':[{'tag':['+vip']},"
	    "{'send':'bye'}]}}}}");
	struct chat chat = case_chat("en");

	(void)state;
	press_data(flow, &chat, "second", "go", EXPIRED);
	assert_int_equal(json_object_size(chat.tags), 0);
	case_step(flow, &chat, INPUT_TEXT, "/b", "enter second\n");
	case_step(flow, &chat, INPUT_TEXT, "/c", "enter third\n");
	press_data(flow, &chat, "second", "go", OTHER);
	/* everybody begins in the start state, also who never entered it */
	press_data(flow, &chat, "first", "no", "sendMessage: Hi\n");
	chat_release(&chat);
	flow_close(flow);
}

/* A button that is hidden from a person cannot be pressed by them either,
 * whichever state they say that it is from. */
static void
test_hidden_button_is_not_pressed(void **state)
{
	struct flow *flow = case_flow(
	    "{'fallback':[{'send':'hi'}],"
	    "'commands':{'/b':[{'goto':'second'}],'/t':[{'tag':['+vip']}]},"
	    "'states':{'second':{'enter':[{'send':'hi','buttons':"
	    "[[{'text':'b','id':'go','when':{'tag':'vip'}}]]},"
	    "{'send':'hi','reply':[[{'text':'bye','id':'on',"
	    "'when':{'tag':'vip'}}],[{'text':'b','id':'no'}]]}],"
	    "'on':{'button:go':[{'send':'bye'}],"
	    "'button:on':[{'send':'bye'}],'button:no':[]}}}}");
	static const char *const from[] = { "first", "second", "third",
		"nowhere" };
	struct chat chat = case_chat("en");
	size_t i;

	(void)state;
	case_step(flow, &chat, INPUT_TEXT, "/b",
	    "enter second\nsendMessage: Hi\nsendMessage: Hi\n");
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		press_data(flow, &chat, from[i], "go", EXPIRED);
		press_data(flow, &chat, from[i], "on", EXPIRED);
	}
	case_step(flow, &chat, INPUT_TEXT, "Bye", "sendMessage: Hi\n");
	case_step(flow, &chat, INPUT_TEXT, "/t", "");
	press_data(flow, &chat, "second", "go", OTHER);
	case_step(flow, &chat, INPUT_TEXT, "Bye", OTHER);
	chat_release(&chat);
	flow_close(flow);
}

static void
say_in_group(const struct flow *flow, struct chat *chat, enum input_kind kind,
    const char *text, const char *told)
{
	const struct input input = { .kind = kind,
		.text = text,
		.in_group = true };
	struct effects effects = { 0 };
	struct fault fault;
	char *line;

	assert_int_equal(step(flow, chat, &input, NOW, &effects, &fault),
	    OUT_OK);
	line = case_tell(&effects);
	assert_string_equal(line, told);
	free(line);
	effects_release(&effects);
}

/* People in a group talk to each other. */
/* Who is told of others was never in the state that says so. */
static void
test_button_of_a_notice(void **state)
{
	static const struct {
		const char *role, *pressed;
	} cases[] = {
		{ "[42,9]", "sendMessage: Bye\n" },
		{ "[9]", "notice This button no longer works\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *patch = mem_printf(
		    "{'roles':{'op':%s},'commands':{'/go':[{'goto':'second'}]"
		    "},'states':{'second':{'enter':[{'notify':'op','text':"
		    "'hi','buttons':[[{'text':'b','id':'take'}]]}],"
		    "'on':{'button:take':[{'send':'bye'}]}}}}",
		    cases[i].role);
		struct flow *flow = case_flow(patch);
		struct chat chat = case_chat("en"), reader = case_chat("en");
		struct effects told, pressed;
		char *data, *said;

		assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/go",
				     &told),
		    OUT_OK);
		data = case_button(&told);
		assert_int_equal(case_try(flow, &reader, INPUT_BUTTON, data,
				     &pressed),
		    OUT_OK);
		said = case_tell_at(&pressed, NOW);
		assert_string_equal(said, cases[i].pressed);
		free(said);
		free(data);
		effects_release(&pressed);
		effects_release(&told);
		chat_release(&reader);
		chat_release(&chat);
		flow_close(flow);
		free(patch);
	}
}

static void
test_group(void **state)
{
	struct flow *flow = case_flow(
	    "{'fallback':[{'send':'bye'}],'commands':{'/a':[{'send':'hi'}]},"
	    "'states':{'first':{'enter':[{'send':'hi','reply':[[{'text':'b',"
	    "'id':'go'}]]},{'schedule':'r','after':'1h','cancel_on':['reply'],"
	    "'do':[]}],'on':{'any':[{'send':'bye'}],"
	    "'button:go':[{'send':'hi'}]}}}}");
	struct chat chat = case_chat("en");

	(void)state;
	say_in_group(flow, &chat, INPUT_TEXT, "see you", "");
	say_in_group(flow, &chat, INPUT_MEDIA, "photo", "");
	say_in_group(flow, &chat, INPUT_CONTACT, "+7", "");
	say_in_group(flow, &chat, INPUT_TEXT, "/a@bot",
	    "cancel r\nsendMessage: Hi\n");
	say_in_group(flow, &chat, INPUT_TEXT, "Go",
	    "cancel r\nsendMessage: Hi\n");
	case_step(flow, &chat, INPUT_TEXT, "see you",
	    "cancel r\nsendMessage: Bye\n");
	chat_release(&chat);
	flow_close(flow);
}

/* It works for people in states and flows that know nothing of it, and for
 * whom an operator has; not for a whole group. */
static void
test_unsubscribe_button(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/a':[{'send':'hi','buttons':[[{'text':'b',"
	    "'unsubscribe':true}]]}]},'states':{'first':{'ask':{'text':'hi','var':'name'},"
	    "'then':'second'}}}");
	struct flow *other = case_flow(
	    "{'states':{'else':{}},'start':'else',"
	    "'texts':{'ru':{'button.unsubscribed':'Всё'},"
	    "'en':{'button.unsubscribed':'Done'}}}");
	struct chat chat = case_chat("en");
	struct effects effects;
	char *data;

	(void)state;
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/a", &effects),
	    OUT_OK);
	data = case_button(&effects);
	effects_release(&effects);
	assert_string_equal(data, "unsubscribe");
	say_in_group(flow, &chat, INPUT_BUTTON, data,
	    "notice This button no longer works\n");
	assert_false(chat.unsubscribed);
	case_step(flow, &chat, INPUT_BUTTON, data,
	    "notice You will get no more such messages. To get them again: "
	    "/start\n");
	assert_true(chat.unsubscribed);
	assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/start", &effects),
	    OUT_OK);
	effects_release(&effects);
	assert_false(chat.unsubscribed);
	chat.handoff_until = NOW + 60000;
	case_step(other, &chat, INPUT_BUTTON, data, "notice Done\n");
	assert_true(chat.unsubscribed);
	assert_true(chat.handoff_until > NOW);
	free(data);
	chat_release(&chat);
	flow_close(flow);
	flow_close(other);
}

/* A broadcast goes to people who never were in the state of its buttons; they
 * are believed with the message that has the button, and for that one only. */
static void
test_button_of_a_broadcast(void **state)
{
	static const struct {
		const char *action, *told;
	} cases[] = {
		{ "{'state':'second','buttons':[[{'text':'b','id':'go'}]]}",
		    "sendMessage: Hi\n" },
		{ "{'state':'second','buttons':[[{'text':'b','id':'x'}]]}",
		    "notice This button no longer works\n" },
		{ "{'state':'third','buttons':[[{'text':'b','id':'go'}]]}",
		    "notice This button no longer works\n" },
		{ "{'buttons':[[{'text':'b','id':'go'}]]}",
		    "notice This button no longer works\n" },
		{ "null", "notice This button no longer works\n" },
	};
	struct flow *flow = case_flow(
	    "{'states':{'second':{'on':{'button:go':[{'send':'hi'}]}}}}");
	char hash[STATE_HASH_SIZE], *data;

	(void)state;
	state_hash("second", hash);
	data = mem_printf("%s|go", hash);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *action = case_json(cases[i].action);
		const struct input input = { .kind = INPUT_BUTTON,
			.text = data,
			.data = action };
		struct chat chat = case_chat("en");
		struct effects effects = { 0 };
		struct fault fault;
		char *told;

		assert_true(step_press_is_foreign(flow, &chat, data));
		assert_int_equal(step(flow, &chat, &input, NOW, &effects,
				     &fault),
		    OUT_OK);
		told = case_tell(&effects);
		assert_string_equal(told, cases[i].told);
		free(told);
		effects_release(&effects);
		free(chat.state);
		chat.state = mem_dup("second");
		assert_false(step_press_is_foreign(flow, &chat, data));
		chat_release(&chat);
		json_decref(action);
	}
	free(data);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on),
		cmocka_unit_test(test_text_before_regex),
		cmocka_unit_test(test_regex_is_bounded),
		cmocka_unit_test(test_fallback_of_state),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_button_outlives_its_state),
		cmocka_unit_test(test_buttons_that_are_not_ours),
		cmocka_unit_test(test_reply_keyboard),
		cmocka_unit_test(test_button_when),
		cmocka_unit_test(test_forged_sender),
		cmocka_unit_test(test_hidden_button_is_not_pressed),
		cmocka_unit_test(test_button_of_a_notice),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_unsubscribe_button),
		cmocka_unit_test(test_button_of_a_broadcast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
