/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * An operator speaks through the bot, and the bot keeps silent.
 */
#include "talk.h"

static struct flow *
handoff_flow(const char *more)
{
	char *patch = mem_printf(
	    "{'roles':{'op':[501,502],'nobody':[]},"
	    "'commands':{'/help':[{'handoff':{'role':'op'%s}},"
	    "{'send':'hi'}],'/no':[{'handoff':{'role':'nobody'}},"
	    "{'send':'bye'}],'/go':[{'goto':'second'}],"
	    "'/secret':{'who':'admin','do':[{'send':'bye'}]}},"
	    "'events':{'paid':[{'goto':'third'}]},"
	    "'fallback':[{'send':'bye'}],"
	    "'states':{'first':{'enter':[{'send':'hi','buttons':[[{'text':"
	    "'b','id':'x'}]]}],'on':{'button:x':[{'send':'bye'}]}}}}",
	    more);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

#define CALL(id) \
	"to " id " sendMessage: Ann asks for an operator. Reply to this " \
	"message; /done ends the talk.\n"
#define CALLED \
	"task handoff:end in 3600 s\n" CALL("501") \
	    CALL("502") "sendMessage: Hi\n"

static void
operator_says(struct talk *talk, const char *text, const char *expected)
{
	const struct input input = { .kind = INPUT_OPERATOR,
		.text = text,
		.from_chat = 501,
		.message_id = 9 };

	talk_give(talk, &input, expected);
}

static void
test_talk(void **state)
{
	struct flow *flow = handoff_flow("");
	struct talk talk = talk_begin(flow, "en");
	const struct input photo = { .kind = INPUT_MEDIA,
		.text = "photo",
		.caption = "look",
		.message_id = 5 };
	const struct effect *message;
	char *params;

	(void)state;
	talk_say(&talk, "/help", CALLED);
	assert_int_equal(talk.last.list[1].about, 42);
	assert_true(step_paused(&talk.chat, NOW));
	talk_say(&talk, "is <b>anybody</b> there?",
	    "to 501 sendMessage: Ann:\nis <b>anybody</b> there?\n"
	    "to 502 sendMessage: Ann:\nis <b>anybody</b> there?\n");
	message = &talk.last.list[0];
	assert_int_equal(message->about, 42);
	assert_string_equal(json_get_text(message->params, "text"),
	    "Ann:\nis &lt;b&gt;anybody&lt;/b&gt; there?");
	talk_give(&talk, &photo,
	    "to 501 forwardMessage: look\nto 502 forwardMessage: look\n");
	params = json_text(talk.last.list[1].params);
	assert_string_equal(params, "{\"from_chat_id\":42,\"message_id\":5}");
	free(params);
	operator_says(&talk, "yes, 5 < 6",
	    "task handoff:end in 3600 s\nsendMessage: yes, 5 < 6\n");
	message = talk_last(&talk, EFFECT_MESSAGE);
	assert_true(message->by_operator);
	assert_string_equal(json_get_text(message->params, "text"),
	    "yes, 5 &lt; 6");
	operator_says(&talk, NULL,
	    "task handoff:end in 3600 s\ncopyMessage: \n");
	params = json_text(talk_last(&talk, EFFECT_MESSAGE)->params);
	assert_string_equal(params, "{\"from_chat_id\":501,\"message_id\":9}");
	free(params);
	operator_says(&talk, " /DONE ", "cancel handoff:end\n");
	assert_false(step_paused(&talk.chat, NOW));
	talk_say(&talk, "hello", "sendMessage: Bye\n");
	operator_says(&talk, "late",
	    "to 501 sendMessage: This talk is over, the message was not "
	    "sent.\n");
	talk_end(&talk);
	flow_close(flow);
}

/* It ends by itself; answers move the end on. */
static void
test_end_by_time(void **state)
{
	struct flow *flow = handoff_flow(
	    ",'pause':'10m','on_end':[{'goto':'second'}]");
	struct talk talk = talk_begin(flow, "en");
	struct effect end, moved;

	(void)state;
	talk_say(&talk, "/help",
	    "task handoff:end in 600 s\n" CALL("501") CALL("502") "sendMessage"
								  ": Hi\n");
	end = talk_task(&talk);
	assert_string_equal(end.pointer, "/commands/~1help/0/handoff/on_end");
	talk.now += 540000;
	/* at once: nothing is run while the chat is paused */
	operator_says(&talk, "one moment",
	    "task handoff:end in 600 s\nsendMessage: one moment\n");
	moved = talk_task(&talk);
	assert_true(moved.replace);
	assert_int_equal(moved.due_at, talk.chat.handoff_until);
	talk_fire(&talk, &end, "");
	talk_fire(&talk, &moved, "enter second\n");
	assert_int_equal(talk.chat.handoff_until, 0);
	assert_null(json_object_get(talk.chat.memory, "handoff"));
	talk_fire(&talk, &moved, "");
	talk_task_end(&moved);
	talk_task_end(&end);
	talk_end(&talk);
	flow_close(flow);
}

/* The person may call the bot back; facts from outside are still facts. */
static void
test_end_by_command(void **state)
{
	struct flow *flow = handoff_flow(",'on_end':[{'send':'bye'}]");
	struct talk talk = talk_begin(flow, "en");
	const struct input paid = { .kind = INPUT_EVENT, .text = "paid" };
	struct input press = { .kind = INPUT_BUTTON };
	char *data;

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	data = case_button(&talk.last);
	press.text = data;
	talk_say(&talk, "/help", CALLED);
	talk_give(&talk, &press, "");
	talk_give(&talk, &paid, "enter third\n");
	/* not a command for this person: the operator gets it */
	talk_say(&talk, "/secret",
	    "to 501 sendMessage: Ann:\n/secret\n"
	    "to 502 sendMessage: Ann:\n/secret\n");
	talk_say(&talk, "/go", "cancel handoff:end\nenter second\n");
	assert_false(step_paused(&talk.chat, NOW));
	talk_give(&talk, &press, "sendMessage: Bye\n");
	free(data);
	talk_end(&talk);
	flow_close(flow);
}

/* A question waits for the end of the talk. */
static void
test_question_waits(void **state)
{
	struct flow *flow = case_flow(
	    "{'roles':{'op':[501]},'commands':{'/op':[{'handoff':{'role':"
	    "'op','pause':'1h'}}]},'states':{'first':{'ask':{'text':'hi',"
	    "'var':'s','choices':[{'id':'a','text':'b'}]},'then':'second'}}}");
	struct talk talk = talk_begin(flow, "en");
	const struct input lost = { .kind = INPUT_LOST, .text = "" };

	(void)state;
	talk_say(&talk, "/start", "enter first\nsendMessage: Hi\n");
	talk_say(&talk, "/op", "task handoff:end in 3600 s\n" CALL("501"));
	talk.now += 600000;
	talk_give(&talk, &lost, "");
	talk_say(&talk, "Go", "to 501 sendMessage: Ann:\nGo\n");
	/* over, also before its task was run */
	talk.now += 3000000;
	talk_say(&talk, "Go", "cancel handoff:end\nenter second\n");
	talk_end(&talk);
	flow_close(flow);
}

/* The bot was away when the time was over: what that does comes before what
 * the person wrote since, and not after it. */
static void
test_overdue(void **state)
{
	struct flow *flow = handoff_flow(
	    ",'pause':'10m','on_end':[{'goto':'second'}]");
	struct talk talk = talk_begin(flow, "en");
	struct effect end;

	(void)state;
	talk_say(&talk, "/help",
	    "task handoff:end in 600 s\n" CALL("501") CALL("502") "sendMessage"
								  ": Hi\n");
	end = talk_task(&talk);
	talk.now += 3600000;
	talk_say(&talk, "anybody?",
	    "cancel handoff:end\nenter second\nsendMessage: Bye\n");
	talk_fire(&talk, &end, "");
	talk_task_end(&end);
	talk_end(&talk);
	flow_close(flow);
}

/* Only who is in the role now speaks through the bot. */
static void
test_left_the_role(void **state)
{
	struct flow *flow = handoff_flow("");
	struct talk talk = talk_begin(flow, "en");
	struct input input = { .kind = INPUT_OPERATOR,
		.text = "pay to my card",
		.from_chat = 503,
		.user_id = 503,
		.message_id = 9 };

	(void)state;
	talk_say(&talk, "/help", CALLED);
	talk_give(&talk, &input,
	    "to 503 sendMessage: This talk is over, the message was not "
	    "sent.\n");
	/* anybody in a group that is a member is */
	input.from_chat = 502;
	talk_give(&talk, &input,
	    "task handoff:end in 3600 s\nsendMessage: pay to my card\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_nobody(void **state)
{
	struct flow *flow = handoff_flow("");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/no", "sendMessage: Bye\n");
	assert_false(step_paused(&talk.chat, NOW));
	talk_end(&talk);
	flow_close(flow);
}

static void
test_own_words(void **state)
{
	struct flow *flow = handoff_flow(",'text':'bye','done':'/fin'");
	struct talk talk = talk_begin(flow, "ru");

	(void)state;
	/* what operators read is in the flow's first language */
	talk_say(&talk, "/help",
	    "task handoff:end in 3600 s\nto 501 sendMessage: Bye\n"
	    "to 502 sendMessage: Bye\nsendMessage: Привет\n");
	operator_says(&talk, "/done",
	    "task handoff:end in 3600 s\nsendMessage: /done\n");
	operator_says(&talk, "/fin", "cancel handoff:end\n");
	talk_end(&talk);
	flow_close(flow);
}

/* A name that turns the line, and a text without end. */
static void
test_hostile(void **state)
{
	struct flow *flow = handoff_flow("");
	struct talk talk = talk_begin(flow, "en");
	char *huge = mem_alloc(100001);
	struct input input = { .kind = INPUT_TEXT, .message_id = 5 };
	const struct effect *message;

	(void)state;
	free(talk.chat.person.first_name);
	talk.chat.person.first_name = mem_dup("\xe2\x80\xae<i>\n");
	memset(huge, '&', 100000);
	effects_release(&talk.last);
	talk_say(&talk, "/help",
	    "task handoff:end in 3600 s\n"
	    "to 501 sendMessage: <i> asks for an operator. Reply to this "
	    "message; /done ends the talk.\n"
	    "to 502 sendMessage: <i> asks for an operator. Reply to this "
	    "message; /done ends the talk.\nsendMessage: Hi\n");
	assert_int_equal(strncmp(json_get_text(talk.last.list[1].params,
				     "text"),
			     "&lt;i&gt; asks", 14),
	    0);
	effects_release(&talk.last);
	assert_int_equal(case_try(flow, &talk.chat, INPUT_TEXT, huge,
			     &talk.last),
	    OUT_OK);
	message = &talk.last.list[0];
	assert_int_equal(strlen(message->plain), 4096);
	/* "<i>:" and a line's end, escaped */
	assert_int_equal(strlen(json_get_text(message->params, "text")),
	    11 + 4091 * 5);
	/* what would have to be cut is sent on whole */
	input.text = huge;
	effects_release(&talk.last);
	assert_int_equal(step(flow, &talk.chat, &input, NOW, &talk.last, NULL),
	    OUT_OK);
	assert_string_equal(talk.last.list[0].method, "forwardMessage");
	free(huge);
	talk_end(&talk);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_end_by_time),
		cmocka_unit_test(test_end_by_command),
		cmocka_unit_test(test_question_waits),
		cmocka_unit_test(test_overdue),
		cmocka_unit_test(test_left_the_role),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_own_words),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
