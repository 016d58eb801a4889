/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Where variables come from, and those that are the person's own.
 */
#include "talk.h"

#include "bot/pointer.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
