/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * What waits for a handler goes on where it was.
 */
#include "talk.h"

static struct flow *
exec_flow(const char *commands, const char *more)
{
	char *patch =
	    mem_printf("{'handlers':'/handlers','vars':{'s':{'scope':'user'}},"
		       "'commands':{%s},'states':{"
		       "'second':{'enter':[{'send':'bye'}]}%s}}",
		commands, more);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

/* The rest of its list, then of those around it; nothing twice. */
static void
test_stack(void **state)
{
	struct flow *flow = exec_flow(
	    "'/go':[{'send':'hi'},{'if':{'not':{'tag':'t'}},'then':["
	    "{'set':{'n':1}},{'split':'e','to':{'a':{'weight':1,'do':["
	    "{'exec':{'run':['x.py']}},{'send':'b'}]},"
	    "'b':{'weight':0,'do':[]}}},{'send':'hi'},"
	    "{'exec':{'run':['y.py']}}]},{'send':'bye'},{'goto':'second'}]",
	    "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go",
	    "sendMessage: Hi\n"
	    "exec /commands/~1go/1/then/1/to/a/do/0\n");
	talk_answer(&talk, "{'ok':true}",
	    "sendMessage: Go\nsendMessage: Hi\n"
	    "exec /commands/~1go/1/then/3\n");
	talk_answer(&talk, "{'ok':true}",
	    "sendMessage: Bye\nenter second\nsendMessage: Bye\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_request(void **state)
{
	struct flow *flow = exec_flow(
	    "'/go':[{'set':{'s':'<{{user.first_name}}>'}},"
	    "{'exec':{'run':['x.py','{{s}}'],'timeout':'5s','retry':"
	    "['1s','1m'],'history':7,'input':{'who':'{{s}}','e':'{{n}}'}}}]",
	    "");
	struct talk talk = talk_begin(flow, "en");
	const struct effect *exec;
	json_t *expected;

	(void)state;
	talk_say(&talk, "/go", "exec /commands/~1go/1\n");
	exec = talk_last(&talk, EFFECT_EXEC);
	expected = case_json(
	    "{'run':['x.py','{{s}}'],'timeout_ms':5000,'retry_ms':"
	    "[1000,60000],'input':{'who':'<Ann>','e':''},'state':'first',"
	    "'user':{'id':'42','first_name':'Ann','full_name':'Ann',"
	    "'lang':'en'},'vars':{'name':'Ann','source':'direct',"
	    "'s':'<Ann>'},'history':7,'reminder':false}");
	if (!json_equal(exec->data, expected))
		fail_msg("%s", json_dumps(exec->data, 0));
	json_decref(expected);
	talk_end(&talk);
	flow_close(flow);
}

/* What a handler says: set, then actions, then goto; nothing of it is a
 * template. */
static void
test_what_it_says(void **state)
{
	struct flow *flow =
	    exec_flow("'/go':[{'exec':{'run':['x.py']}},{'send':'bye'}]", "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go", "exec /commands/~1go/0\n");
	talk_answer(&talk,
	    "{'ok':true,'set':{'n':'5','s':'{{user.id}}','flag':'x',"
	    "'user.lang':'ru','unknown':1},'actions':[{'send':'hi'},"
	    "{'if':{'var':'n','eq':5},'then':[{'set':{'s':'{{n}}'}}]}]}",
	    "sendMessage: Привет\nsendMessage: Пока\n");
	assert_string_equal(json_get_text(talk.chat.vars, "s"), "{{n}}");
	assert_int_equal(json_get_int(talk.chat.vars, "n", 0), 5);
	assert_null(json_object_get(talk.chat.vars, "flag"));
	assert_null(json_object_get(talk.chat.vars, "unknown"));
	talk_say(&talk, "/go", "exec /commands/~1go/0\n");
	/* a goto ends what was left */
	talk_answer(&talk,
	    "{'ok':true,'actions':[{'send':'hi'}],'goto':'second'}",
	    "sendMessage: Привет\nenter second\nsendMessage: Пока\n");
	talk_say(&talk, "/go", "exec /commands/~1go/0\n");
	/* its actions go first */
	talk_answer(&talk,
	    "{'ok':true,'actions':[{'goto':'third'}],'goto':'second'}",
	    "enter third\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_error(void **state)
{
	struct flow *flow = exec_flow(
	    "'/go':[{'exec':{'run':['x.py'],'on_error':[{'send':'hi'}]}},"
	    "{'send':'bye'}],'/out':[{'exec':{'run':['x.py'],'on_error':"
	    "[{'goto':'second'}]}},{'send':'hi'}],"
	    "'/again':[{'exec':{'run':['x.py'],'on_error':[{'exec':{'run':"
	    "['y.py']}}]}},{'send':'hi'}]",
	    "");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go", "exec /commands/~1go/0\n");
	talk_answer(&talk, "{'ok':false,'error':'x','set':{'n':1}}",
	    "sendMessage: Hi\nsendMessage: Bye\n");
	assert_null(json_object_get(talk.chat.vars, "n"));
	talk_say(&talk, "/out", "exec /commands/~1out/0\n");
	talk_answer(&talk, "{'ok':false}", "enter second\nsendMessage: Bye\n");
	talk_say(&talk, "/again", "exec /commands/~1again/0\n");
	talk_answer(&talk, "{'ok':false}",
	    "exec /commands/~1again/0/exec/on_error/0\n");
	/* a list that is done is not kept: handlers may call each other */
	assert_int_equal(json_array_size(
			     json_object_get(talk_last(&talk, EFFECT_EXEC)
						 ->resume,
				 "frames")),
	    1);
	talk_answer(&talk, "{'ok':true}", "sendMessage: Hi\n");
	talk_end(&talk);
	flow_close(flow);
}

/* In `enter`: the question comes when the handler has answered. */
static void
test_before_a_question(void **state)
{
	struct flow *flow = exec_flow("'/go':[{'goto':'q'}]",
	    ",'q':{'enter':[{'exec':{'run':['x.py']}}],'ask':{'text':'hi',"
	    "'var':'n'},'then':'second','after':{'5m':[{'send':'bye'}]},"
	    "'ttl':'1h'}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/go",
	    "enter q\ntask after:q:5m in 300 s\ntask ttl:q in 3600 s\n"
	    "exec /states/q/enter/0\n");
	talk_answer(&talk, "{'ok':true}", "sendMessage: Hi\n");
	talk_say(&talk, "5",
	    "cancel after:q:5m\nenter second\nsendMessage: Bye\n"
	    "cancel ttl:q\n");
	talk_end(&talk);
	flow_close(flow);
}

/* What a reminder's handler leads to is a reminder still. */
static void
test_reminder(void **state)
{
	struct flow *flow = exec_flow(
	    "'/go':[{'schedule':'r','after':'5m','unless':{'tag':'t'},'do':["
	    "{'exec':{'run':['x.py']}},{'send':'hi'}]}]",
	    "");
	struct talk talk = talk_begin(flow, "en");
	const struct effect *message;
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "task r in 300 s\n");
	task = talk_task(&talk);
	talk_fire(&talk, &task, "exec /commands/~1go/0/do/0\n");
	assert_true(json_is_true(
	    json_object_get(talk_last(&talk, EFFECT_EXEC)->data, "reminder")));
	talk_answer(&talk, "{'ok':true}", "sendMessage: Hi\n");
	message = talk_last(&talk, EFFECT_MESSAGE);
	assert_int_equal(message->urgency, URGENCY_REMINDER);
	assert_string_equal(json_get_text(message->action, "schedule"),
	    "/commands/~1go/0");
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

/* The answer to a question is of the new session, also when a handler stands
 * between. */
static void
test_taken_survives(void **state)
{
	struct flow *flow = case_flow(
	    "{'handlers':'/handlers','vars':{'w':{'scope':'session'}},"
	    "'commands':{'/go':{'args':['s'],'do':[{'exec':{'run':['x.py']}"
	    "},{'goto':'g.a'}]}},'groups':{'g':{}},'states':{'g.a':{}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	json_object_set_new(talk.chat.vars, "w", json_string("old"));
	talk_say(&talk, "/go word", "exec /commands/~1go/do/0\n");
	talk_answer(&talk, "{'ok':true}", "enter g.a\n");
	assert_string_equal(json_get_text(talk.chat.vars, "s"), "word");
	assert_null(json_object_get(talk.chat.vars, "w"));
	talk_end(&talk);
	flow_close(flow);
}

/* The session ends when the handler has answered. */
static void
test_expiring(void **state)
{
	struct flow *flow = case_flow(
	    "{'handlers':'/handlers','commands':{'/go':[{'goto':'g.a'}]},"
	    "'groups':{'g':{'ttl':'1h','on_expire':["
	    "{'exec':{'run':['x.py'],'input':{'s':'{{s}}'}}},"
	    "{'goto':'g.a'}]}},'states':{'g.a':{'enter':[{'set':{'s':'x'}}]"
	    "}}}");
	struct talk talk = talk_begin(flow, "en");
	struct effect task;

	(void)state;
	talk_say(&talk, "/go", "enter g.a\ntask ttl:g in 3600 s\n");
	task = talk_task(&talk);
	assert_int_equal(talk.chat.session, 1);
	talk_fire(&talk, &task,
	    "task ttl:g in 3600 s\nexec /groups/g/on_expire/0\n");
	assert_string_equal(json_get_text(json_object_get(talk_last(&talk,
							      EFFECT_EXEC)
							      ->data,
					      "input"),
				"s"),
	    "x");
	talk_answer(&talk, "{'ok':true}", "enter g.a\n");
	/* the same group again, but another session */
	assert_int_equal(talk.chat.session, 2);
	talk_task_end(&task);
	talk_end(&talk);
	flow_close(flow);
}

/* Round and round through handlers is a circle too. */
static void
test_circle(void **state)
{
	struct flow *flow = exec_flow("'/go':[{'goto':'x'}]",
	    ",'x':{'enter':[{'exec':{'run':['x.py']}},{'if':{'not':{'tag':"
	    "'t'}},'then':[{'goto':'x'}]}]}");
	struct talk talk = talk_begin(flow, "en");
	struct fault fault = { .text = "" };
	enum outcome out;
	int rounds;

	(void)state;
	talk_say(&talk, "/go", "enter x\nexec /states/x/enter/0\n");
	for (rounds = 0; rounds < 40; rounds++) {
		char *resume = json_text(
		    talk_last(&talk, EFFECT_EXEC)->resume);
		json_t *data = case_json("{'ok':true}");
		struct input input = { .kind = INPUT_EXEC,
			.text = resume,
			.data = data };

		effects_release(&talk.last);
		out = step(flow, &talk.chat, &input, NOW, &talk.last, &fault);
		json_decref(data);
		free(resume);
		if (out != OUT_OK)
			break;
	}
	assert_int_equal(out, OUT_NEVER);
	assert_true(talk.last.looped);
	assert_int_equal(rounds, 15);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_other_version(void **state)
{
	struct flow *flow =
	    exec_flow("'/go':[{'exec':{'run':['x.py']}},{'send':'hi'}]", "");
	struct flow *other = exec_flow("'/go':[{'send':'bye'}]", "");
	struct talk talk = talk_begin(flow, "en");
	static const char *const broken[] = { "", "{}", "[]", "null",
		"{\"origin\":\"x\",\"frames\":[{}]}",
		"{\"origin\":\"x\",\"frames\":[{\"at\":\"/states\"}]}",
		"{\"origin\":\"x\",\"frames\":[{\"goto\":\"gone\"}]}",
		"{\"origin\":\"x\",\"schedule\":\"/x\"}" };
	struct fault fault = { .text = "" };
	char *resume;
	size_t i;

	(void)state;
	talk_say(&talk, "/go", "exec /commands/~1go/0\n");
	resume = json_text(talk_last(&talk, EFFECT_EXEC)->resume);
	assert_true(step_can_resume(flow, resume));
	assert_false(step_can_resume(other, resume));
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct input input = { .kind = INPUT_EXEC, .text = broken[i] };

		effects_release(&talk.last);
		assert_false(step_can_resume(flow, broken[i]));
		assert_int_equal(step(flow, &talk.chat, &input, NOW,
				     &talk.last, &fault),
		    OUT_NEVER);
	}
	free(resume);
	talk_end(&talk);
	flow_close(other);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_before_a_question),
		cmocka_unit_test(test_reminder),
		cmocka_unit_test(test_taken_survives),
		cmocka_unit_test(test_expiring),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_other_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
