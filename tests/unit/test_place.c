/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * A chat that is moved by hand.
 */
#include "talk.h"

static const char flow_text[] =
    "{'vars':{'s':{'scope':'session'},'d':{'type':'date'},'n':{'type':'int'},"
    "'t':{'max':3}},"
    "'commands':{'/go':[{'schedule':'later','after':'1d','do':[{'send':'hi'}"
    "]},{'goto':'form.one'}]},"
    "'groups':{'form':{'ttl':'1h','on_expire':[{'send':'bye'}]}},"
    "'states':{'first':{'enter':[{'send':'hi'}]},"
    "'second':{'alias':['C1:WON'],'enter':[{'send':'hi'}],"
    "'after':{'5m':[{'send':'bye'}]}},"
    "'third':{'enter':[{'send':'hi'},{'goto':'second'}]},"
    "'form.one':{'ask':{'text':'hi','var':'s'},'then':'third'},"
    "'form.two':{'ask':{'text':'b','var':'s'},'then':'third'}}}";

/* Moves the chat; DATA as JSON with ' for ". */
static void
place(struct talk *talk, const char *state, const char *data,
    const char *expected)
{
	json_t *json = case_json(data);
	const struct input input = { .kind = INPUT_PLACE,
		.text = state,
		.data = json };

	talk_give(talk, &input, expected);
	json_decref(json);
}

static void
refused(const struct flow *flow, const char *state, const char *data,
    const char *why)
{
	struct chat chat = case_chat("en");
	json_t *json = case_json(data);
	const struct input input = { .kind = INPUT_PLACE,
		.text = state,
		.data = json };
	struct effects effects = { 0 };
	struct fault fault = { .text = "" };

	assert_int_equal(step(flow, &chat, &input, NOW, &effects, &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	if (strstr(fault.text, why) == NULL)
		fail_msg("%s", fault.text);
	effects_release(&effects);
	chat_release(&chat);
	json_decref(json);
}

/* What begins and ends with a state does, and nothing is said. */
static void
test_moves(void **state)
{
	struct flow *flow = case_flow(flow_text);
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go",
	    "task later in 86400 s\nenter form.one\nsendMessage: Hi\n"
	    "task ttl:form in 3600 s\n");
	place(&talk, "C1:WON", "{}",
	    "enter second\ntask after:second:5m in 300 s\ncancel ttl:form\n");
	assert_string_equal(talk.chat.state, "second");
	assert_int_equal(talk.chat.expires_at, 0);
	place(&talk, "first", "{}", "cancel after:second:5m\nenter first\n");
	place(&talk, "third", "{'enter':true}",
	    "enter third\nsendMessage: Hi\nenter second\n"
	    "task after:second:5m in 300 s\nsendMessage: Hi\n");
	talk_end(&talk);
	flow_close(flow);
}

/* The question is asked when the person writes next. */
static void
test_question(void **state)
{
	struct flow *flow = case_flow(flow_text);
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	place(&talk, "form.two", "{'ttl_ms':60000,'vars':{'s':'x'}}",
	    "enter form.two\ntask ttl:form in 3600 s\n"
	    "task ttl:form in 60 s\n");
	assert_int_equal(talk.chat.expires_at, NOW + 60000);
	assert_string_equal(json_get_text(talk.chat.vars, "s"), "x");
	talk_say(&talk, "hm", "sendMessage: Go\n");
	assert_string_equal(talk.chat.state, "form.two");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_start_over(void **state)
{
	struct flow *flow = case_flow(flow_text);
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go",
	    "task later in 86400 s\nenter form.one\nsendMessage: Hi\n"
	    "task ttl:form in 3600 s\n");
	json_object_set_new(talk.chat.tags, "vip", json_true());
	place(&talk, "form.one", "{'vars':{'s':'x','n':5}}",
	    "enter form.one\n");
	place(&talk, "", "{}", "cancel ttl:form\n");
	assert_string_equal(talk.chat.state, "first");
	assert_null(json_object_get(talk.chat.vars, "s"));
	assert_int_equal(json_get_int(talk.chat.vars, "n", 0), 5);
	assert_non_null(json_object_get(talk.chat.tags, "vip"));
	assert_null(json_object_get(talk.chat.memory, "ask"));
	talk_end(&talk);
	flow_close(flow);
}

static void
test_refused(void **state)
{
	struct flow *flow = case_flow(flow_text);

	(void)state;
	refused(flow, "secnd", "{}", "did you mean 'second'?");
	refused(flow, "nowhere at all", "{}", "has no state 'nowhere at all'");
	refused(flow, "first", "{'vars':{'q':1}}", "has no variable 'q'");
	refused(flow, "first", "{'vars':{'n':'five'}}", "of type int");
	refused(flow, "first", "{'vars':{'n':[5]}}", "of type int");
	refused(flow, "first", "{'vars':{'d':'soon'}}", "of type date");
	refused(flow, "first", "{'vars':{'d':5}}", "of type date");
	refused(flow, "first", "{'vars':{'t':'four'}}", "holds 3 characters");
	refused(flow, "first", "{'ttl_ms':5}", "'first' has no ttl");
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_start_over),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
