/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Transcripts: what each line does, what is let through and what is not, and
 * what the difference looks like.
 */
#include "flow_case.h"

#include "bot/transcript.h"

/* Everything that happens by itself, by others or by programs. */
static const char case_world[] =
    "{'roles':{'admin':'$ADMINS','dispatcher':[900]},"
    "'quiet':{'from':'22:00','to':'09:00'},'tz':'Europe/Moscow',"
    "'vars':{'phone':{'type':'phone'},'what':{'scope':'session'}},"
    "'commands':{'/start':[{'goto':'first'}],'/ask':[{'goto':'shop.what'}],"
    "'/price':[{'exec':{'run':['price.sh','-x'],'input':{'w':'{{what}}'},"
    "'on_error':[{'send':'bad'}]}},{'send':'price'},"
    "{'lead':{'key':'{{user.id}}','name':'Lead {{n}}','price':'{{n}}',"
    "'contact':{'phone':'{{phone}}'},'tags':['a','b']}}],"
    "'/help_me':[{'handoff':{'role':'dispatcher','pause':'1h'}}],"
    "'/later':[{'schedule':'nudge','after':'10h','do':[{'send':'nudge'}]}],"
    "'/stop':[{'unsubscribe':true},{'send':'bye'}],"
    "'/ab':[{'split':'test','to':{'a':{'weight':1,'do':[{'tag':['+a']}]},"
    "'b':{'weight':0,'do':[{'tag':['+b']}]}}},{'send':'hi'}],"
    "'/lang':[{'set':{'user.lang':'ru'}},{'send':'hi'}],"
    "'/note':[{'notify':'dispatcher','text':'told'}],"
    "'/pic':[{'send':'hi','media':'clip','reply':[[{'text':'b','id':'go'}]]}]"
    "},"
    "'recurring':{'daily':{'role':'admin','at':'10:00','quiet':false,"
    "'do':[{'report':'today'}]}},"
    "'events':{'paid':{'args':['n'],'do':[{'goto':'second'}]}},"
    "'fallback':[{'send':'what'}],"
    "'groups':{'shop':{'ttl':'1h','on_expire':[{'send':'gone'},"
    "{'goto':'second'}]}},"
    "'states':{'first':{'enter':[{'send':'hi','buttons':[[{'text':'b',"
    "'id':'go'}]]}],'on':{'button:go':[{'goto':'second'}],"
    "'contact':[{'send':'bye'}],'photo':[{'send':'nudge'}]}},"
    "'second':{'enter':[{'send':'bye'}],'after':{'5m':[{'send':'nudge'}]}},"
    "'shop.what':{'ask':{'text':'what','var':'what','choices':"
    "[{'id':'one','text':'b'}]},'then':'second'}},"
    "'texts':{'en':{'hi':'Hi <b>{{name}}</b>','b':'Go','bye':'Bye',"
    "'bad':'Broken','price':'Costs {{n}}','nudge':'Hey','what':'What?',"
    "'gone':'Gone','told':'About {{user.first_name}}'},"
    "'ru':{'hi':'Привет','b':'Вперёд','bye':'Пока','bad':'Плохо',"
    "'price':'Цена {{n}}','nudge':'Эй','what':'Что?','gone':'Всё',"
    "'told':'О {{user.first_name}}'}}}";

static char *exec_said; /* by the handler when it really runs */

static char *
exec_host(void *arg, const struct flow *flow, const json_t *request,
    const json_t *said, struct fault *fault)
{
	(void)flow;
	(void)said;
	(void)fault;
	assert_ptr_equal(arg, &exec_said);
	assert_string_equal(json_string_value(
				json_array_get(json_object_get(request, "run"),
				    1)),
	    "-x");
	return mem_dup(exec_said);
}

static void
play(const char *text, struct transcript_result *result)
{
	const struct transcript_host host = { exec_host, &exec_said };
	struct flow *flow = case_flow(case_world);

	transcript_play(flow, text, &host, result);
	flow_close(flow);
}

/* All that was found wrong, a line each. */
static char *
wrong(const char *text)
{
	struct transcript_result result;
	struct buf out = BUF_INIT(64U << 10);
	json_t *failure, *line;
	size_t i, j;

	play(text, &result);
	json_array_foreach (result.failures, i, failure) {
		buf_printf(&out, "%lld: %s\n",
		    (long long)json_get_int(failure, "line", 0),
		    json_get_text(failure, "text"));
		json_array_foreach (json_object_get(failure, "diff"), j, line)
			buf_printf(&out, "%s\n", json_string_value(line));
	}
	transcript_release(&result);
	return buf_take(&out);
}

static void
right(const char *text)
{
	char *found = wrong(text);

	assert_string_equal(found, "");
	free(found);
}

static void
fails(const char *text, const char *wanted)
{
	char *found = wrong(text);

	assert_string_equal(found, wanted);
	free(found);
}

#define ANN "user 42 lang=en name=Ann\n"

static void
test_talk(void **state)
{
	(void)state;
	right(ANN "> /start\n< Hi Ann [Go]\n= state first\n"
		  "> [Go]\n< Bye\nstate second\n"
		  "> hm\n< What?\n");
	/* compared as HTML too, and what is quiet is quiet */
	right(ANN "> /start\n< Hi <b>Ann</b> [Go]\n+ 1m\n= silent\n");
	right("user 42 name=\"Иван \\\"<i>\\\"\" last=X username=ivan\n"
	      "> /start\n< Hi Иван \"<i>\" [Go]\n"
	      "> /start\n< Hi <b>Иван &quot;&lt;i&gt;&quot;</b>*\n");
	right("# a comment\n" ANN "> /start    # and one more\n< *\n"
	      "> C# is a # language\n< What?\n");
	right(ANN "> /start\n< ...\n> (photo) look\n< Hey\n"
		  "> contact +79123456789\n< Bye\n");
	right(ANN "> /pic\n< (video clip) Hi Ann [Go]\n> /pic\n< (video) *\n");
	/* a button of an old message still works */
	right(ANN "> /start\n< ...\n> hm\n> [Go]\n< Bye\n");
}

static void
test_others(void **state)
{
	(void)state;
	right(ANN "> /note\nto dispatcher < About Ann\n= silent\n");
	right(ANN "> /note\nto 900 < About*\n> /note\nuser 900\n"
		  "< About Ann\n");
	right("user 1 lang=en\n> /start\nuser 2 lang=ru\n> /start\n"
	      "< Привет [Вперёд]\nuser 1\n> [Go]\n< Bye\nuser 2\n"
	      "= state first\n");
	right(ANN "> /start\n< Hi*\nuser 42 lang=ru\n> [Go]\n< Пока\n"
		  "= lang ru\n");
	right(ANN "> /lang\n< Привет\n= lang ru\n= tz Europe/Moscow\n");
	right(ANN "> /ab\n< Hi*\n= tag a\n= no tag b\n");
	right(ANN "event paid {\"n\": 5}\n< Bye\nvar n = 5\n= var phone =\n");
}

static void
test_operator(void **state)
{
	(void)state;
	right(ANN "> /start\n> /help_me\nto dispatcher < *\n= handoff\n"
		  "> still there?\nto dispatcher < *still there?*\n"
		  "user 900\n> (reply 42) Yes, I am\n"
		  "to 42 < Yes, I am\n"
		  "user 42\n+ 1h\n= no handoff\n> hm\n< What?\n");
	fails(ANN "> hm\nuser 900\n> (reply 42) Yes\n< *\n",
	    "4: no message about chat 42 was sent to chat 900\n");
}

static void
test_time(void **state)
{
	(void)state;
	/* after 5m of the state; nothing once it is left */
	right(ANN "event paid\n< Bye\n= task after:second:5m in 5m\n"
		  "+ 4m 59s\n= silent\n+ 1s\n< Hey\n");
	right(ANN "event paid\n> /start\n+ 1d\n= silent\n");
	/* the group's hour, moved on by what is written */
	right(ANN "> /ask\n< What? [Go]\n+ 59m\n> no\n+ 59m\n"
		  "= state shop.what\n+ 1m\n< Gone\n< Bye\n= state second\n");
	/* quiet hours: asked for at 13:00, due at 23:00, said at 9 */
	right("at 2026-11-20 13:00\n" ANN
	      "> /later\n= task nudge at 09:00\n+ 19h 59m\n= silent\n"
	      "+ 1m\n< Hey\n= no task nudge\n");
	right(ANN "> /later\n> /stop\n< Bye\n= unsubscribed\n+ 3d\n= silent\n"
		  "> /start\n= subscribed\n< Hi*\n");
	/* what recurs does so for whoever is in the role */
	right("at 2026-03-01 09:59\nuser 5 role=admin\n= silent\n"
	      "+ 1m\n< (report today)\n+ 23h 59m\n= silent\n"
	      "+ 1m\n< (report today)\n");
	fails(ANN "> hm\n+ 1h\nat 2026-01-05 12:30\n< *\n",
	    "4: '2026-01-05 12:30' is over already\n");
}

/* What is due for whoever blocked the bot waits, but not for ever. */
static void
test_blocked(void **state)
{
	(void)state;
	right(ANN "> /start\n> /later\nblock\n+ 2d\n= silent\n"
		  "event paid\n= silent\n"
		  "unblock\n< Bye\n< Hey\n= no task nudge\n");
	right(ANN "> /later\nblock\n+ 2d\n> hm\n< Hey\n< What?\n");
	right(ANN "> /later\nblock\n+ 30d\nunblock\n= silent\n"
		  "= no task nudge\n");
	/* nor does an operator's talk lose what comes meanwhile */
	right(ANN "event paid\n> /help_me\n+ 10m\n= silent\n+ 50m\n"
		  "< Hey\n");
}

static void
test_handlers(void **state)
{
	(void)state;
	exec_said = mem_dup("{\"set\":{\"n\":7}}");
	right(ANN "> /price\n< Costs 7\n= var n = 7\n"
		  "lead name=\"Lead 7\" price=7 phone=\"\" tags=a,b key=42\n"
		  "no lead\n");
	right("exec price.sh => {\"set\": {\"n\": 9}}\n" ANN
	      "> /price\n< Costs 9\n");
	right("exec price.sh => fail\n" ANN "> /price\n< Broken\n< Costs*\n");
	free(exec_said);
	exec_said = mem_dup("{\"goto\":\"nowhere\"}");
	char *found = wrong(ANN "> /price\n< Broken\n< ...\n");
	assert_non_null(
	    strstr(found, "2: the flow cannot use what the handler wrote"));
	free(found);
	free(exec_said);
}

static void
test_differences(void **state)
{
	(void)state;
	fails(ANN "> /start\n< Hi Anne [Go]\n",
	    "3: user 42, 2026-01-05 12:00, after line 2 '> /start'\n"
	    "- < Hi Anne [Go]\n"
	    "+ < Hi Ann [Go]\n"
	    "?         ^\n");
	fails(ANN "> /start\n< Hi Ann [Stop]\n",
	    "3: user 42, 2026-01-05 12:00, after line 2 '> /start'\n"
	    "- < Hi Ann [Stop]\n"
	    "+ < Hi Ann [Go]\n"
	    "?           ^\n");
	/* too much, too little, and what is right between */
	fails(ANN "> /ask\n+ 1h\n< Gone\n",
	    "4: user 42, 2026-01-05 13:00, after line 3 '+ 1h'\n"
	    "  < Gone\n"
	    "+ < Bye\n");
	fails(ANN "> /ask\n+ 1h\n< First\n< Gone\n< Bye\n< Last\n",
	    "4: user 42, 2026-01-05 13:00, after line 3 '+ 1h'\n"
	    "- < First\n"
	    "  < Gone\n"
	    "  < Bye\n"
	    "- < Last\n");
	right(ANN "> /ask\n+ 1h\n< ...\n< Bye\n");
	right(ANN "> /ask\n+ 1h\n< Gone\n< ...\n");
	fails(ANN "> /ask\n+ 1h\n< ...\n< Gone\n",
	    "5: user 42, 2026-01-05 13:00, after line 3 '+ 1h'\n"
	    "  < Gone\n"
	    "+ < Bye\n");
	fails(ANN "> /note\nto dispatcher < About Bob\n",
	    "3: dispatcher, 2026-01-05 12:00, after line 2 '> /note'\n"
	    "- < About Bob\n"
	    "+ < About Ann\n"
	    "?         ^\n");
	fails(ANN "> /start\n= silent\n= state second\n= tag x\n= var n = 1\n"
		  "= task nudge\nlead name=x\n= unsubscribed\n",
	    "3: after line 2 '> /start'\n- silent\n+ Hi Ann [Go]\n"
	    "4: after line 2 '> /start'\n- state second\n+ state first\n"
	    "5: after line 2 '> /start'\n- tag x\n+ tags: none\n"
	    "6: after line 2 '> /start'\n- var n = 1\n+ var n = \n"
	    "7: after line 2 '> /start'\n- task nudge\n+ no task\n"
	    "8: after line 2 '> /start' there is no lead\n- lead name=x\n"
	    "9: after line 2 '> /start'\n- unsubscribed\n"
	    "+ not unsubscribed\n");
	fails(ANN "> /later\n= task nudge in 5m\n",
	    "3: after line 2 '> /later'\n- task nudge in 5m\n"
	    "+ task nudge at 2026-01-06 09:00\n");
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		bool fits;
	} cases[] = {
		{ "Hi Ann [Go]", true },
		{ "Hi Ann", true },
		{ "*", true },
		{ "H*i*A*n [Go]", true },
		{ "*Ann* [G*]", true },
		{ "Hi Ann [*]", true },
		{ "Hi \\Ann", true },
		{ "hi ann", false },
		{ "Hi", false },
		{ "*Bob*", false },
		{ "Hi Ann [Go] [Go]", false },
		{ "Hi Ann [go]", false },
		{ "(video) Hi Ann", false },
		{ "Hi \\*", false },
		{ "Hi Ann*x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text =
		    mem_printf(ANN "> /start\n< %s\n", cases[i].pattern);
		char *found = wrong(text);

		if ((found[0] == '\0') != cases[i].fits)
			fail_msg("'%s': %s", cases[i].pattern, found);
		free(found);
		free(text);
	}
}

/* Each is refused at its line, and the play ends there. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "> hm\n", "1: who is this?" },
		{ ANN "hello\n", "2: no line of a transcript begins with" },
		{ "user x\n", "1: a user has a number" },
		{ "user 42 shoe=44\n", "1: 'shoe' is none of" },
		{ "user 42 role=king\n", "1: the flow has no role 'king'" },
		{ "user 42 lang\n", "1: what is 'lang'?" },
		{ ANN "> [Go]\n", "2: nobody was shown a button [Go]" },
		{ ANN "event gone\n", "2: the flow has no event 'gone'" },
		{ ANN "event paid 5\n", "2: what comes with an event" },
		{ ANN "+ soon\n", "2: 'soon' is no span of time" },
		{ "at noon\n", "1: 'noon' is no time" },
		{ "at 2026-02-30\n", "1: '2026-02-30' is no time" },
		{ "at 25:00\n", "1: '25:00' is no time" },
		{ "to king < hi\n", "1: 'king' is neither a role" },
		{ "to dispatcher hi\n", "1: 'dispatcher' is neither a role" },
		{ "exec price.sh\n", "1: what does the handler answer?" },
		{ "exec price.sh => {\n", "1: not JSON" },
		{ "exec prize.sh => {}\n", "1: the flow runs no 'prize.sh'" },
		{ ANN "= state nowhere\n", "2: the flow has no state" },
		{ ANN "= var nothing = 1\n", "2: the flow has no variable" },
		{ ANN "= mood good\n", "2: '= mood'" },
		{ ANN "= no luck\n", "2: 'no luck'" },
		{ ANN "> hm\n", "2: nothing is checked" },
		{ "", "0: nothing is checked" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct transcript_result result;
		char *found;

		play(cases[i].text, &result);
		assert_true(result.broken);
		transcript_release(&result);
		found = wrong(cases[i].text);
		if (strncmp(found, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("'%s': %s", cases[i].text, found);
		assert_ptr_equal(strchr(found, '\n'),
		    found + strlen(found) - 1);
		free(found);
	}
}

/* Whatever a file holds, it is played or refused. */
static void
test_noise(void **state)
{
	static const char *const words[] = { "user 42", "> ", "< ", "= ", "+ ",
		"at ", "to ", "lead ", "no ", "exec ", "event ", "state ", "[",
		"]", "(", ")", "\"", "*", "\\", "#", "=", "1h", "paid", "{",
		"}", "\n", "\n", "\n", "/start", "/ask", "dispatcher", "  ",
		"name=", "\xff", "Привет", "reply 42", "=> ", "fail", "block",
		"unblock", "price.sh", "tag", "var n =", "task x in" };
	const struct transcript_host host = { exec_host, &exec_said };
	struct flow *flow = case_flow(case_world);
	uint64_t seed = 20260105;
	size_t played = 0;

	(void)state;
	exec_said = mem_dup("{}");
	for (int round = 0; round < 2000; round++) {
		struct transcript_result result;
		struct buf text = BUF_INIT(4096);

		buf_add_text(&text, "user 42\n");
		for (int i = 0; i < 40; i++) {
			seed = seed * 6364136223846793005u +
			    1442695040888963407u;
			buf_add_text(&text,
			    words[(seed >> 33) %
				(sizeof(words) / sizeof(*words))]);
		}
		transcript_play(flow, text.data, &host, &result);
		played += result.inputs;
		transcript_release(&result);
		buf_release(&text);
	}
	assert_true(played > 100);
	flow_close(flow);
	free(exec_said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_operator),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_handlers),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_noise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
