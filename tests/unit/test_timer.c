/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * What happens by itself: `after`, the end of a session, what recurs.
 */
#include "talk.h"

static void
test_after(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'goto':'second'}],'/out':[{'goto':'third'}"
	    "],'/hi':[{'send':'hi'}]},'states':{'second':{'after':{'5m':["
	    "{'send':'bye'}],'1d':[{'goto':'third'}]}}}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect day, five, stale;

	(void)state;
	talk_say(&talk, "/go",
	    "enter second\ntask after:second:1d in 86400 s\n"
	    "task after:second:5m in 300 s\n");
	five = talk_task(&talk);
	assert_string_equal(five.pointer, "/states/second/after/5m");
	assert_true(step_has_timer(flow, five.text, five.pointer));
	assert_false(step_has_timer(flow, "after:second:7m", "/x"));
	assert_true(step_is_timer(five.text));
	talk_say(&talk, "/hi", "sendMessage: Hi\n");
	talk_fire(&talk, &five, "sendMessage: Bye\n");
	assert_int_equal(talk_last(&talk, EFFECT_MESSAGE)->urgency,
	    URGENCY_REMINDER);
	stale = five;
	/* entered again it starts anew: what was planned before is over */
	talk_say(&talk, "/go",
	    "enter second\ntask after:second:1d in 86400 s\n"
	    "task after:second:5m in 300 s\n");
	assert_true(talk.last.list[1].replace);
	day = talk.last.list[1];
	day.text = mem_dup(day.text);
	day.pointer = mem_dup(day.pointer);
	talk_fire(&talk, &stale, "");
	talk_fire(&talk, &day,
	    "cancel after:second:1d\ncancel after:second:5m\nenter third\n");
	talk_fire(&talk, &day, "");
	talk_task_end(&day);
	talk_task_end(&five);
	talk_end(&talk);
	flow_close(flow);
}

/* The state has another name in the version that runs it. */
static void
test_after_renamed(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'goto':'old'}]},"
	    "'states':{'old':{'after':{'5m':[{'send':'hi'}]}}}}");
	struct flow *newer = case_flow(
	    "{'renamed':{'old':'second'},'states':{'second':{'after':{'5m':"
	    "[{'send':'bye'}]}}}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "enter old\ntask after:old:5m in 300 s\n");
	task = talk_task(&talk);
	assert_true(step_has_timer(newer, task.text, task.pointer));
	talk.flow = newer;
	talk_fire(&talk, &task, "sendMessage: Bye\n");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(newer);
	flow_close(flow);
}

static struct flow *
group_flow(const char *group, const char *more)
{
	char *patch = mem_printf(
	    "{'vars':{'w':{'scope':'session'},'u':{}},"
	    "'commands':{'/go':[{'set':{'u':'{{session.id}}'}},"
	    "{'goto':'g.a'}],'/b':[{'goto':'g.b'}],"
	    "'/out':[{'goto':'second'}],'/w':[{'set':{'w':'kept'}}],"
	    "'/id':[{'set':{'u':'{{session.id}}'}}],"
	    "'/with':[{'set':{'w':'new'}},{'goto':'g.a'}]},"
	    "'groups':{'g':{%s}},'states':{'g.a':{},'g.b':{%s}},"
	    "'texts':{'en':{'w':'w={{w}}.'},'ru':{'w':'w={{w}}.'}}}",
	    group, more);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

static void
test_sessions(void **state)
{
	struct flow *flow = group_flow("", "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/w", "");
	talk_say(&talk, "/go", "enter g.a\n");
	assert_null(json_object_get(talk.chat.vars, "w"));
	talk_say(&talk, "/w", "");
	talk_say(&talk, "/b", "enter g.b\n");
	talk_say(&talk, "/id", "");
	assert_string_equal(json_get_text(talk.chat.vars, "u"), "42-1");
	assert_string_equal(json_get_text(talk.chat.vars, "w"), "kept");
	talk_say(&talk, "/out", "enter second\n");
	assert_string_equal(json_get_text(talk.chat.vars, "w"), "kept");
	/* what is set on the way in is of the new session */
	talk_say(&talk, "/with", "enter g.a\n");
	talk_say(&talk, "/id", "");
	assert_string_equal(json_get_text(talk.chat.vars, "u"), "42-2");
	assert_string_equal(json_get_text(talk.chat.vars, "w"), "new");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_ttl(void **state)
{
	struct flow *flow = group_flow("'ttl':'1h','on_expire':[{'send':'w'}]",
	    "'ttl':'10m','on_expire':[{'goto':'third'}]");
	struct talk talk = talk_begin(flow, "en");
	struct effect group, own;

	(void)state;
	talk_say(&talk, "/go", "enter g.a\ntask ttl:g in 3600 s\n");
	group = talk_task(&talk);
	assert_string_equal(group.pointer, "/groups/g");
	talk_say(&talk, "/w", "");
	/* the state's own comes first */
	talk_say(&talk, "/b",
	    "enter g.b\ncancel ttl:g\n"
	    "task ttl:g.b in 600 s\n");
	own = talk_task(&talk);
	assert_string_equal(own.pointer, "/states/g.b");
	talk_fire(&talk, &own, "enter third\n");
	assert_null(json_object_get(talk.chat.vars, "w"));
	talk_say(&talk, "/go", "enter g.a\ntask ttl:g in 3600 s\n");
	talk_say(&talk, "/w", "");
	/* of the session before: its time is not over */
	talk_fire(&talk, &own, "");
	talk.now += 3600000;
	/* on_expire may still say what the session knew; without a goto the
	 * chat is back at the start */
	talk_fire(&talk, &group, "sendMessage: w=kept.\n");
	assert_null(json_object_get(talk.chat.vars, "w"));
	assert_string_equal(talk.chat.state, "first");
	assert_int_equal(talk.chat.expires_at, 0);
	talk_fire(&talk, &group, "");
	talk_task_end(&group);
	talk_task_end(&own);
	talk_end(&talk);
	flow_close(flow);
}

/* Only the person keeps a session alive. */
static void
test_ttl_slides(void **state)
{
	struct flow *flow = group_flow("'ttl':'1h'", "");
	struct talk talk = talk_begin(flow, "en");
	const struct input event = { .kind = INPUT_EVENT, .text = "e" };
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "enter g.a\ntask ttl:g in 3600 s\n");
	task = talk_task(&talk);
	talk.now += 1800000;
	talk_give(&talk, &event, "");
	assert_int_equal(talk.chat.expires_at, NOW + 3600000);
	talk_say(&talk, "words", "");
	assert_int_equal(talk.chat.expires_at, NOW + 5400000);
	talk_fire(&talk, &task, "task ttl:g in 1800 s\n");
	talk_say(&talk, "/out", "enter second\ncancel ttl:g\n");
	talk_fire(&talk, &task, "");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_every(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'schedule':'r','every':'1d','times':3,"
	    "'unless':{'tag':'t'},'do':[{'send':'hi'}]}],"
	    "'/on':[{'schedule':'s','every':'1h','do':[{'cancel':['s']}]}],"
	    "'/no':[{'cancel':['r']}]}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "task r in 86400 s\n");
	task = talk_task(&talk);
	talk_fire(&talk, &task, "task r in 86400 s\nsendMessage: Hi\n");
	assert_true(talk.last.list[0].again);
	task.due_at += 86400000;
	talk_fire(&talk, &task, "task r in 86400 s\nsendMessage: Hi\n");
	task.due_at += 86400000;
	talk_fire(&talk, &task, "sendMessage: Hi\n");
	assert_int_equal(json_object_size(talk.chat.memory), 0);
	/* made anew it counts anew */
	talk_say(&talk, "/go", "task r in 86400 s\n");
	task.due_at += 86400000;
	talk_fire(&talk, &task, "task r in 86400 s\nsendMessage: Hi\n");
	talk_say(&talk, "/no", "cancel r\n");
	assert_int_equal(json_object_size(talk.chat.memory), 0);
	talk_task_end(&task);
	/* it may end itself: the next one is planned before */
	talk_say(&talk, "/on", "task s in 3600 s\n");
	task = talk_task(&talk);
	talk_fire(&talk, &task, "task s in 3600 s\ncancel s\n");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

/* What an outage made useless is not said, but goes on recurring. */
static void
test_late(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'schedule':'r','every':'1d','do':"
	    "[{'send':'hi'}]}]},'recurring':{'daily':{'role':'admin',"
	    "'at':'09:00','do':[{'report':'today'}]}}}");
	struct talk talk = talk_begin(flow, "en");
	struct input late = { .kind = INPUT_SCHEDULE,
		.text = "/commands/~1go/0",
		.name = "r",
		.due_at = NOW,
		.late = true };
	struct input timer = { .kind = INPUT_TIMER,
		.text = "/recurring/daily",
		.name = "recurring:daily",
		.due_at = NOW,
		.late = true };

	(void)state;
	talk.now += 259200000 + 1000;
	/* what was missed is left out */
	talk_give(&talk, &late, "task r in 86399 s\n");
	/* no longer in the role */
	talk_give(&talk, &timer, "");
	talk.chat.person.id = 7;
	talk_give(&talk, &timer, "task recurring:daily in 32399 s\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_recurring(void **state)
{
	struct flow *flow = case_flow(
	    "{'recurring':{'daily':{'role':'admin','at':'09:00','unless':"
	    "{'tag':'away'},'do':[{'send':'hi'},{'report':'today'}]}}}");
	struct talk talk = talk_begin(flow, "en");
	const struct input timer = { .kind = INPUT_TIMER,
		.text = "/recurring/daily",
		.name = "recurring:daily",
		.due_at = NOW - 1000 };
	const char *told = "task recurring:daily in 86399 s\n";
	char *whole = mem_printf("%ssendMessage: Hi\nreport today\n", told);

	(void)state;
	/* NOW is a second after 09:00 */
	talk.now = NOW - NOW % 86400000 + 9 * 3600000 + 1000;
	talk.chat.person.id = 7;
	talk_give(&talk, &timer, whole);
	json_object_set_new(talk.chat.tags, "away", json_true());
	talk_give(&talk, &timer, told);
	json_object_clear(talk.chat.tags);
	/* nothing is said to who unsubscribed, but it goes on */
	talk.chat.unsubscribed = true;
	talk_give(&talk, &timer, told);
	free(whole);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_unsubscribed(void **state)
{
	struct flow *flow = group_flow(
	    "'ttl':'1h','on_expire':[{'send':'w'},{'goto':'second'}]", "");
	struct talk talk = talk_begin(flow, "en");
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "enter g.a\ntask ttl:g in 3600 s\n");
	task = talk_task(&talk);
	talk.chat.unsubscribed = true;
	talk_fire(&talk, &task, "enter second\n");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

/* What was not asked is not answered. */
static void
test_unsubscribed_question(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'after':{'1h':[{'goto':'second'}]}},"
	    "'second':{'ask':{'text':'hi','var':'s'},'then':'third'}}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect task;

	(void)state;
	talk_say(&talk, "/start",
	    "enter first\ntask after:first:1h in 3600 s\n");
	task = talk_task(&talk);
	talk.chat.unsubscribed = true;
	talk_fire(&talk, &task, "cancel after:first:1h\nenter second\n");
	talk_say(&talk, "hello", "sendMessage: Hi\n");
	talk_say(&talk, "Bob", "enter third\n");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

/* A lead's key has the number of the session: who orders again, without having
 * left the group, must not have it twice. */
static void
test_second_lead(void **state)
{
	static const struct {
		const char *q, *done;
		const char *keys[2];
	} cases[] = {
		{ "o.q", "o.done", { "42-1", "42-2" } },
		{ "first", "second", { "42-0", "42-1" } },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *patch = mem_printf(
		    "{'commands':{'/go':[{'goto':'%s'}],'/on':[{'goto':"
		    "'third'}]},'states':{'%s':{'ask':{'text':'hi','var':"
		    "'name'},'then':'%s'},'%s':{'enter':[{'lead':{'key':"
		    "'{{session.id}}','name':'n'}}],'on':{'text:again':["
		    "{'goto':'%s'}]}}}}",
		    cases[i].q, cases[i].q, cases[i].done, cases[i].done,
		    cases[i].done);
		struct flow *flow = case_flow(patch);
		struct talk talk = talk_begin(flow, "en");
		char *asked =
		    mem_printf("enter %s\nsendMessage: Hi\n", cases[i].q);

		for (size_t n = 0; n < 2; n++) {
			char *led = mem_printf(
			    "enter %s\nlead {\"key\":\"%s\",\"title\":"
			    "\"n\"}\n",
			    cases[i].done, cases[i].keys[n]);

			talk_say(&talk, "/go", asked);
			/* before there is a lead it is the same order */
			talk_say(&talk, "/go", asked);
			talk_say(&talk, "Ann", led);
			talk_say(&talk, "again", led);
			free(led);
		}
		free(asked);
		talk_end(&talk);
		flow_close(flow);
		free(patch);
	}
}

static void
test_group_takes(void **state)
{
	struct flow *flow = group_flow(
	    "'on':{'text:stop':[{'goto':'second'}],'any':[{'send':'hi'}],"
	    "'event:e':[{'send':'bye'}]}",
	    "'on':{'text:stop':[{'goto':'third'}]}");
	struct talk talk = talk_begin(flow, "en");
	const struct input event = { .kind = INPUT_EVENT, .text = "e" };
	const struct input photo = { .kind = INPUT_MEDIA, .text = "photo" };

	(void)state;
	talk_say(&talk, "/go", "enter g.a\n");
	talk_give(&talk, &event, "sendMessage: Bye\n");
	talk_give(&talk, &photo, "sendMessage: Hi\n");
	talk_say(&talk, "stop", "enter second\n");
	talk_say(&talk, "/b", "enter g.b\n");
	talk_say(&talk, "else", "sendMessage: Hi\n");
	talk_say(&talk, "stop", "enter third\n");
	talk_end(&talk);
	flow_close(flow);
	flow = group_flow("'fallback':[{'send':'hi'}]",
	    "'fallback':[{'send':'bye'}]");
	talk = talk_begin(flow, "en");
	talk_say(&talk, "/go", "enter g.a\n");
	talk_say(&talk, "x", "sendMessage: Hi\n");
	talk_say(&talk, "/b", "enter g.b\n");
	talk_say(&talk, "x", "sendMessage: Bye\n");
	talk_end(&talk);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_after_renamed),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_ttl_slides),
		cmocka_unit_test(test_every),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_recurring),
		cmocka_unit_test(test_unsubscribed),
		cmocka_unit_test(test_unsubscribed_question),
		cmocka_unit_test(test_second_lead),
		cmocka_unit_test(test_group_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
