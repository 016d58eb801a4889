/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Where variables come from, and those that are the person's own.
 */
#include "talk.h"

#include "bot/pointer.h"
#include "bot/variable.h"

struct link_case {
	const char *payload;
	const char *ref, *source; /* NULL: unset */
};

static const struct link_case links[] = {
	{ "", NULL, NULL },
	{ "ref-42", "42", NULL },
	{ "utm_source-vk__ref-a-b", "a-b", "vk" },
	{ "ref-1__ref-2", "1", NULL },
	{ "ref", NULL, NULL },
	{ "ref-", NULL, NULL },
	{ "xref-1", NULL, NULL },
	{ "__ref-1__", "1", NULL },
	{ "utm_source-a_b", NULL, "a_b" },
	{ "ref-0123456789012345678901234567890123456789", "01234567", NULL },
	{ "ref-\xe2\x80\xae<b>", "<b>", NULL },
};

static void
test_links(void **state)
{
	struct flow *flow = case_flow(
	    "{'vars':{'ref':{'from':'start.ref','max':8},"
	    "'us':{'from':'start.utm_source'}}}");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct talk talk = talk_begin(flow, "en");
		char *text = mem_printf("/start %s", links[i].payload);
		const char *ref, *source;

		print_message("# %s\n", text);
		talk_say(&talk, text, "enter first\n");
		ref = json_get_text(talk.chat.vars, "ref");
		source = json_get_text(talk.chat.vars, "us");
		assert_string_equal(ref ? ref : "-",
		    links[i].ref ? links[i].ref : "-");
		assert_string_equal(source ? source : "-",
		    links[i].source ? links[i].source : "-");
		free(text);
		talk_end(&talk);
	}
	flow_close(flow);
}

static void
test_language(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/ru':[{'set':{'user.lang':'ru'}},{'send':'hi'}],"
	    "'/set':{'args':['name'],'do':[{'set':{'user.lang':'{{name}}'}},"
	    "{'send':'hi'}]},'/null':[{'set':{'user.lang':null}},"
	    "{'send':'hi'}]}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/ru", "sendMessage: Привет\n");
	assert_string_equal(talk.chat.lang, "ru");
	talk_say(&talk, "/set xx", "sendMessage: Hi\n");
	assert_null(talk.chat.lang);
	talk_say(&talk, "/set RU-ru", "sendMessage: Привет\n");
	assert_string_equal(talk.chat.lang, "ru");
	talk_say(&talk, "/null", "sendMessage: Hi\n");
	talk_end(&talk);
	flow_close(flow);
}

static void
test_zone(void **state)
{
	struct flow *flow = case_flow(
	    "{'tz':'Europe/Moscow','commands':{'/set':{'args':['name'],"
	    "'do':[{'set':{'user.tz':'{{name}}'}},{'send':'z'}]},"
	    "'/at':[{'schedule':'r','at':'10:00','do':[]}]},"
	    "'texts':{'en':{'z':'In {{user.tz}}'},"
	    "'ru':{'z':'В {{user.tz}}'}}}");
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	/* NOW is midnight in UTC */
	talk_say(&talk, "/at", "task r in 25200 s\n");
	talk_say(&talk, "/set Asia/Omsk", "sendMessage: In Asia/Omsk\n");
	talk_say(&talk, "/at", "task r in 14400 s\n");
	talk_say(&talk, "/set ../../etc/passwd",
	    "sendMessage: In Europe/Moscow\n");
	assert_null(talk.chat.tz);
	talk_end(&talk);
	flow_close(flow);
}

struct typed_case {
	const char *var, *written, *kept; /* NULL: unset */
};

/* What a type keeps, whoever sets it. */
static const struct typed_case typed[] = {
	{ "day", "24.12.2026", "2026-12-24" },
	{ "day", " 2026-12-24T9:05 ", "2026-12-24 09:05" },
	{ "day", "2026-12-24T09:05:00Z", "2026-12-24T09:05:00Z" },
	{ "day", "2026-12-24 09:05+03:00", "2026-12-24 09:05+03:00" },
	{ "day", "30.02.2026", NULL },
	{ "day", "soon", NULL },
	{ "day", "2026-12-24 and more", NULL },
	{ "tel", "8 (912) 345-67-89", "+79123456789" },
	{ "tel", "+1 (212) 555-0123", "+12125550123" },
	{ "tel", "call me", NULL },
	{ "by", "8 029 491 19 11", "+375294911911" },
	{ "mail", " Ann@example.org ", "Ann@example.org" },
	{ "mail", "ann@example", NULL },
	{ "mail", "a <ann@example.org>", NULL },
	{ "mail", "ann.longer.than.all.that@example.org", NULL },
	{ "n", "5", "5" },
	{ "n", "five", NULL },
	{ "n", "0x10", NULL },
	{ "n", "1e3", "1000" },
};

static void
typed_try(struct flow *flow, const struct typed_case *c, enum input_kind kind,
    const char *text, json_t *data)
{
	struct input input = { .kind = kind, .text = text, .data = data };
	struct chat chat = case_chat("en");
	struct effects effects = { 0 };
	struct fault fault = { .text = "" };
	char *kept;

	print_message("# %s: %s = '%s'\n", text, c->var, c->written);
	/* What was there does not stay in the place of what is new. */
	json_object_set_new(chat.vars, "day", json_string("2020-01-01"));
	assert_int_equal(step(flow, &chat, &input, NOW, &effects, &fault),
	    OUT_OK);
	kept = variable_text(flow, &chat, c->var);
	assert_string_equal(kept ? kept : "-", c->kept ? c->kept : "-");
	free(kept);
	effects_release(&effects);
	chat_release(&chat);
}

static void
test_typed(void **state)
{
	struct flow *flow = case_flow(
	    "{'vars':{'day':{'type':'date'},'tel':{'type':'phone'},"
	    "'by':{'type':'phone'},'mail':{'type':'email','max':32},"
	    "'raw':{}},'texts':{'en':{'q':'Q'},'ru':{'q':'Q'}},"
	    "'states':{'second':{'ask':{'text':'q','var':'by',"
	    "'region':'BY'},'then':'first'}},"
	    "'commands':{'/set_day':{'args':['raw'],"
	    "'do':[{'set':{'day':'{{raw}}'}}]},"
	    "'/set_tel':{'args':['raw'],'do':[{'set':{'tel':'{{raw}}'}}]},"
	    "'/set_by':{'args':['raw'],'do':[{'set':{'by':'{{raw}}'}}]},"
	    "'/set_mail':{'args':['raw'],'do':[{'set':{'mail':'{{raw}}'}}]},"
	    "'/set_n':{'args':['raw'],'do':[{'set':{'n':'{{raw}}'}}]},"
	    "'/day':{'args':['day'],'do':[]}},"
	    "'events':{'told':{'args':['day','tel','by','mail','n'],"
	    "'do':[]}}}");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		const struct typed_case *c = &typed[i];
		char *say = mem_printf("/set_%s %s", c->var, c->written);
		json_t *data = json_pack("{s:s}", c->var, c->written);

		typed_try(flow, c, INPUT_TEXT, say, NULL);
		typed_try(flow, c, INPUT_EVENT, "told", data);
		json_decref(data);
		free(say);
	}
	flow_close(flow);
}

/* What the checker can see of them. */
static void
test_typed_checked(void **state)
{
	static const char *const wrong[] = {
		"{'vars':{'d':{'type':'date','default':'soon'}}}",
		"{'vars':{'d':{'type':'date','default':'24.12.2026'}}}",
		"{'vars':{'d':{'type':'phone','default':'89123456789'}}}",
		"{'vars':{'d':{'type':'email','default':'none'}}}",
		"{'vars':{'d':{'type':'date'}},"
		"'commands':{'/a':[{'set':{'d':'soon'}}]}}",
		"{'vars':{'d':{'type':'phone'}},"
		"'commands':{'/a':[{'set':{'d':'-'}}]}}",
	};
	struct flow *flow;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct findings findings = { 0 };

		print_message("# %s\n", wrong[i]);
		assert_null(case_open(wrong[i], &findings));
		findings_release(&findings);
	}
	flow = case_flow("{'vars':{'d':{'type':'date','default':"
			 "'2026-12-24 19:00'},'e':{'type':'phone',"
			 "'default':'+79123456789'}},"
			 "'commands':{'/a':[{'set':{'d':'24.12.2026',"
			 "'e':null}}]}}");
	flow_close(flow);
}

/* The places of a flow by name, and back. */
static void
test_pointers(void **state)
{
	json_t *root = case_json("{'a/b':{'~':[1,[2,{'x':[]}]]},'c':{}}");
	json_t *deep;
	char *at;

	(void)state;
	deep = pointer_find(root, "/a~1b/~0/1/1/x");
	assert_true(json_is_array(deep));
	at = pointer_of(root, deep);
	assert_string_equal(at, "/a~1b/~0/1/1/x");
	free(at);
	assert_ptr_equal(pointer_find(root, ""), root);
	assert_null(pointer_find(root, "/a~1b/~0/2"));
	assert_null(pointer_find(root, "/a~1b/~0/1x"));
	assert_null(pointer_find(root, "/a~1b/~0/-1"));
	assert_null(pointer_find(root, "/none/x"));
	assert_null(pointer_find(root, "c"));
	assert_null(pointer_find(root, "/c/"));
	deep = json_array();
	assert_null(pointer_of(root, deep));
	json_decref(deep);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_typed_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
