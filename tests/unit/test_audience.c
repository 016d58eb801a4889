/* SPDX-License-Identifier: MIT */
/* needs: crm bot base */
/*
 * Whom a broadcast is for, and what it says.
 */
#include "flow_case.h"

#include "bot/audience.h"
#include "bot/audience_words.h"
#include "bot/broadcast_bundle.h"
#include "crm/csv.h"

#define PEOPLE 4000

static struct flow *
audience_flow(void)
{
	return case_flow(
	    "{'states':{'quiz.one':{'on':{'button:next':[]}},'quiz.two':{},"
	    "'quizzes':{'alias':['old.name']}},"
	    "'commands':{'/v':[{'tag':['+vip','-new']}]}}");
}

/* What WORDS say, or the refusal; the caller frees it. */
static char *
made(const struct flow *flow, const struct audience_words *words)
{
	struct fault fault = { .text = "" };
	json_t *audience, *strange;
	enum outcome out =
	    audience_make(flow, words, NOW, &audience, &strange, &fault);
	char *text = out == OUT_OK ? json_text(audience) : mem_dup(fault.text);

	assert_true(
	    out == OUT_OK || (out == OUT_NEVER && fault.code == EXIT_INPUT));
	json_decref(audience);
	json_decref(strange);
	return text;
}

static void
test_words(void **state)
{
	static const struct {
		struct audience_words words;
		const char *made;
	} cases[] = {
#define NONE .seen_within_ms = -1, .not_seen_ms = -1
		{ { NONE }, "{}" },
		{ { NONE, .tags = { { "vip" }, 1 } },
		    "{'guard':{'tag':'vip'}}" },
		{ { NONE, .tags = { { "vip" }, 1 },
		      .no_tags = { { "new" }, 1 } },
		    "{'guard':{'all':[{'tag':'vip'},{'not':{'tag':'new'}}]}}" },
		{ { NONE, .tags = { { "no tag" }, 1 } },
		    "'no tag' is no tag" },
		{ { NONE, .states = { { "first", "quiz" }, 2 } },
		    "{'guard':{'state':['first','quiz.one','quiz.two']}}" },
		{ { NONE, .states = { { "old.name" }, 1 } },
		    "{'guard':{'state':['quizzes']}}" },
		{ { NONE, .states = { { "frist" }, 1 } },
		    "no state 'frist'; did you mean 'first'?" },
		{ { NONE, .states = { { "qiuz" }, 1 } },
		    "no state 'qiuz'; did you mean 'quiz'?" },
		{ { NONE, .vars = { { "n=5" }, 1 } },
		    "{'guard':{'var':'n','eq':5}}" },
		{ { NONE, .vars = { { "flag=true" }, 1 } },
		    "{'guard':{'var':'flag','eq':true}}" },
		{ { NONE, .vars = { { "source=a=b" }, 1 } },
		    "{'guard':{'var':'source','eq':'a=b'}}" },
		{ { NONE, .vars = { { "name=" }, 1 } },
		    "{'guard':{'var':'name','set':false}}" },
		{ { NONE, .vars = { { "name" }, 1 } },
		    "{'guard':{'var':'name','set':true}}" },
		{ { NONE, .vars = { { "n=five" }, 1 } },
		    "'five' is no value of the variable 'n'" },
		{ { NONE, .vars = { { "nmae=x" }, 1 } },
		    "no variable 'nmae'; did you mean 'name'?" },
		{ { NONE, .langs = { { "RU-ru" }, 1 } }, "{'lang':['ru']}" },
		{ { NONE, .langs = { { "fr" }, 1 } }, "no language 'fr'" },
		{ { .seen_within_ms = 1000, .not_seen_ms = 10 },
		    "{'seen_after':1763683199000,"
		    "'seen_before':1763683199990}" },
		{ { NONE, .part = "ab:1/2" },
		    "{'part':{'name':'ab','from':0,'to':1,'of':2}}" },
		{ { NONE, .part = "ab:2/2" },
		    "{'part':{'name':'ab','from':1,'to':2,'of':2}}" },
		{ { NONE, .part = "ab:3-10/10" },
		    "{'part':{'name':'ab','from':2,'to':10,'of':10}}" },
		{ { NONE, .part = "ab:3/2" }, "'ab:3/2' is no part" },
		{ { NONE, .part = "ab:0/2" }, "is no part" },
		{ { NONE, .part = "ab:2-1/2" }, "is no part" },
		{ { NONE, .part = "ab:1/2x" }, "is no part" },
		{ { NONE, .part = ":1/2" }, "is no part" },
		{ { NONE, .part = "ab" }, "is no part" },
		{ { NONE, .guard = "{\"been\": \"first\"}" },
		    "{'guard':{'been':'first'}}" },
		{ { NONE, .guard = "[]" }, "--if is no guard" },
		{ { NONE, .guard = "{" }, "--if is no guard" },
	};
	struct flow *flow = audience_flow();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = made(flow, &cases[i].words), *at;
		bool is_made = cases[i].made[0] == '{';

		for (at = text; is_made && *at != '\0'; at++)
			if (*at == '"')
				*at = '\'';
		if (is_made)
			assert_string_equal(text, cases[i].made);
		else if (strstr(text, cases[i].made) == NULL)
			fail_msg("%s: %s", cases[i].made, text);
		free(text);
	}
	flow_close(flow);
}

/* A handler may give tags that the flow never mentions: whoever asks decides
 * by those that people have. */
static void
test_strange_tags(void **state)
{
	struct flow *flow = audience_flow();
	const struct audience_words words = { NONE,
		.tags = { { "vpi", "vip" }, 2 },
		.guard =
		    "{\"any\": [{\"tag\": \"other\"}, {\"tag\": \"new\"}]}" };
	json_t *audience, *strange;
	struct fault fault;
	char *text;

	(void)state;
	assert_int_equal(audience_make(flow, &words, NOW, &audience, &strange,
			     &fault),
	    OUT_OK);
	assert_non_null(
	    json_object_get(json_object_get(strange, "other"), "vip"));
	json_object_del(strange, "other");
	text = json_text(strange);
	assert_string_equal(text, "{\"vpi\":\"vip\"}");
	free(text);
	json_decref(audience);
	json_decref(strange);
	flow_close(flow);
}

static bool
has(const struct flow *flow, const struct chat *chat, const char *audience,
    int64_t seen_at)
{
	json_t *json = case_json(audience);
	bool is_in = audience_has(flow, chat, json, seen_at);

	json_decref(json);
	return is_in;
}

static void
test_has(void **state)
{
	struct flow *flow = audience_flow();
	struct chat chat = case_chat("ru");

	(void)state;
	json_object_set_new(chat.tags, "vip", json_true());
	assert_true(has(flow, &chat, "{}", 5));
	assert_true(has(flow, &chat, "{'lang':['en','ru']}", 5));
	assert_false(has(flow, &chat, "{'lang':['en']}", 5));
	assert_true(has(flow, &chat, "{'seen_after':5}", 5));
	assert_false(has(flow, &chat, "{'seen_after':6}", 5));
	assert_true(has(flow, &chat, "{'seen_before':6}", 5));
	assert_false(has(flow, &chat, "{'seen_before':5}", 5));
	assert_true(has(flow, &chat, "{'guard':{'tag':'vip'}}", 5));
	assert_false(has(flow, &chat, "{'guard':{'not':{'tag':'vip'}}}", 5));
	assert_false(
	    has(flow, &chat, "{'guard':{'tag':'vip'},'lang':['en']}", 5));
	chat_release(&chat);
	flow_close(flow);
}

/* Everybody is in one part and no other, and it is the one of the flow's own
 * experiment. */
static void
test_parts(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/go':[{'split':'ab','to':{"
	    "'a':{'weight':1,'do':[{'tag':['+a']}]},"
	    "'b':{'weight':2,'do':[{'tag':['+b']}]}}}]}}");
	int first = 0;

	(void)state;
	for (int64_t id = 1; id <= PEOPLE; id++) {
		struct chat chat = case_chat("en");
		struct effects effects;
		bool a, b;

		chat.person.id = id * 7919;
		a = has(flow, &chat,
		    "{'part':{'name':'ab','from':0,'to':1,'of':3}}", 0);
		b = has(flow, &chat,
		    "{'part':{'name':'ab','from':1,'to':3,'of':3}}", 0);
		assert_true(a != b);
		first += a;
		assert_int_equal(case_try(flow, &chat, INPUT_TEXT, "/go",
				     &effects),
		    OUT_OK);
		assert_true(a == (json_object_get(chat.tags, "a") != NULL));
		effects_release(&effects);
		chat_release(&chat);
	}
	assert_in_range(first, PEOPLE / 3 - PEOPLE / 30,
	    PEOPLE / 3 + PEOPLE / 30);
	flow_close(flow);
}

/* The fault of MESSAGE, or "" after its version of the flow was opened. */
static char *
refusal(const struct flow *flow, const char *text, const char *langs,
    bool unsubscribe, struct flow **said, json_t **action)
{
	json_t *message = case_json(text);
	json_t *readers = langs ? case_json(langs) : NULL;
	const struct broadcast_content content = { .message = message,
		.path = "/dev/null",
		.langs = readers,
		.unsubscribe = unsubscribe };
	struct findings findings = { 0 };
	struct fault fault = { .text = "" };
	struct buf where = BUF_INIT(1000);
	const struct finding *first;
	char *bundle;

	*said = NULL;
	if (broadcast_bundle(flow, &content, &bundle, action, &fault) ==
		OUT_OK &&
	    flow_open(bundle, strlen(bundle), NULL, said, &findings, &fault) !=
		OUT_OK &&
	    findings_errors(&findings, &first) > 0) {
		broadcast_part(&where, first->where);
		buf_printf(&where, ": %s", first->text);
	} else {
		buf_add_text(&where, fault.text);
	}
	findings_release(&findings);
	json_decref(message);
	json_decref(readers);
	free(bundle);
	return buf_take(&where);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *message, *langs, *says;
		bool unsubscribe;
	} cases[] = {
		{ "{}", NULL, "a text is missing", false },
		{ "{'text':5}", NULL, "'text' must be a string", false },
		{ "{'texts':'x'}", NULL,
		    "unknown member 'texts' of the message; did you mean "
		    "'text'?",
		    false },
		{ "{'text':{'en':'x'}}", NULL, "a text is not there in 'ru'",
		    false },
		{ "{'text':{'en':'x','fr':'y'}}", NULL, "no language 'fr'",
		    false },
		{ "{'text':{'en':'x','ru':5}}", NULL, "must be a string",
		    false },
		{ "{'text':''}", NULL, "the text in 'en': is empty", false },
		{ "{'text':{'en':'x','ru':'<b>'}}", NULL,
		    "the text in 'ru': <b> is never closed", false },
		{ "{'text':'{{nmae}}'}", NULL,
		    "the text in 'en': unknown variable 'nmae'", false },
		{ "{'text':'x','media':[{'photo':'/nowhere/x'}]}", NULL,
		    "cannot read '/nowhere/x'", false },
		{ "{'text':'x','media':{}}", NULL, "'media' must be a list",
		    false },
		{ "{'text':'x','buttons':[[{'text':'b','id':'nxet'}]],"
		  "'state':'quiz.one'}",
		    NULL,
		    "the state 'quiz.one' has no 'button:nxet' in its 'on'; "
		    "did you mean 'next'?",
		    false },
		{ "{'text':'x','state':'quiz'}", NULL, "no state 'quiz'",
		    false },
		{ "{'text':'x','buttons':[[{'text':'b','ulr':'x'}]]}", NULL,
		    "unknown member 'ulr' of a button; did you mean 'url'?",
		    false },
		{ "{'text':'x','buttons':[[{'text':'b','url':'ftp://x'}]]}",
		    NULL,
		    "the message at /buttons/0/0/url: must be an "
		    "address",
		    false },
		{ "{'text':'x','buttons':[[{'text':'b'}]]}", NULL,
		    "a button has one of 'id', 'url' and 'unsubscribe'",
		    false },
		{ "{'text':'x','buttons':[[{'text':'','url':'tg://x'}]]}",
		    NULL, "button 1 in row 1 in 'en': is empty", false },
		{ "{'text':'x','buttons':5}", NULL, "rows of buttons", false },
	};
	struct flow *flow = audience_flow(), *said;
	json_t *action;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = refusal(flow, cases[i].message, cases[i].langs,
		    cases[i].unsubscribe, &said, &action);

		if (strstr(text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].message, text);
		assert_null(said);
		json_decref(action);
		free(text);
	}
	flow_close(flow);
}

/* What MESSAGE says to CHAT: its text, then its buttons' data. */
static void
assert_says(const char *message, const char *lang, const char *langs,
    bool unsubscribe, const char *expected)
{
	struct flow *flow = audience_flow(), *said;
	struct chat chat = case_chat(lang);
	struct buf told = BUF_INIT(4000);
	struct effect effect;
	struct fault fault;
	json_t *action, *row, *button;
	size_t i, j;
	char *text =
	    refusal(flow, message, langs, unsubscribe, &said, &action);

	assert_string_equal(text, "");
	assert_int_equal(step_render(said, &chat, action, &effect, &fault),
	    OUT_OK);
	buf_add_text(&told, effect.plain);
	json_array_foreach (json_object_get(json_object_get(effect.params,
						"reply_markup"),
				"inline_keyboard"),
	    i, row)
		json_array_foreach (row, j, button)
			buf_printf(&told, " [%s %s%s]",
			    json_get_text(button, "text"),
			    json_get_text(button, "url")
				? json_get_text(button, "url")
				: "",
			    json_get_text(button, "callback_data")
				? json_get_text(button, "callback_data")
				: "");
	assert_string_equal(told.data, expected);
	assert_string_equal(flow_id(said), flow_id(flow));
	buf_release(&told);
	effect_release(&effect);
	free(text);
	json_decref(action);
	chat_release(&chat);
	flow_close(said);
	flow_close(flow);
}

static void
test_says(void **state)
{
	(void)state;
	assert_says("{'text':'Hi {{name}}'}", "ru", NULL, false, "Hi Ann");
	assert_says("{'text':{'en':'A','ru':'B'}}", "ru", NULL, true,
	    "B [Отписаться unsubscribe]");
	assert_says("{'text':{'en':'A','ru':'B'}}", "de", NULL, true,
	    "A [Unsubscribe unsubscribe]");
	/* in the other language nobody is meant */
	assert_says("{'text':{'ru':'B'}}", "en", "['ru']", false, "B");
	assert_says("{'text':'x','buttons':[[{'text':{'en':'N','ru':'Д'},"
		    "'id':'next'},{'text':'U','url':'tg://x'}]],"
		    "'state':'quiz.one'}",
	    "ru", NULL, true,
	    "x [Д 54e49|next] [U tg://x] [Отписаться unsubscribe]");
	/* one is enough */
	assert_says("{'text':'x','buttons':[[{'text':'Bye',"
		    "'unsubscribe':true}]]}",
	    "en", NULL, true, "x [Bye unsubscribe]");
}

/* Whatever else of the flow changed. */
static void
test_same(void **state)
{
	static const char *const patches[] = { "{}",
		"{'texts':{'en':{'hi':'Hello'},'ru':{'hi':'Hello'}}}" };
	static const char *const messages[] = { "{'text':'x'}",
		"{'text':'y'}" };
	char *bundles[2][2];

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct flow *flow = case_flow(patches[i / 2]);
		json_t *message = case_json(messages[i % 2]), *action;
		const struct broadcast_content content = { .message = message,
			.path = "-" };
		struct fault fault;

		assert_int_equal(broadcast_bundle(flow, &content,
				     &bundles[i / 2][i % 2], &action, &fault),
		    OUT_OK);
		json_decref(action);
		json_decref(message);
		flow_close(flow);
	}
	assert_string_not_equal(bundles[0][0], bundles[1][0]);
	assert_true(broadcast_same(bundles[0][0], bundles[1][0]));
	assert_false(broadcast_same(bundles[0][0], bundles[0][1]));
	for (int i = 0; i < 4; i++)
		free(bundles[i / 2][i % 2]);
}

/* OWASP, CSV injection; RFC 4180, 2.5 to 2.7. */
static void
test_csv(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{ NULL, "" },
		{ "", "" },
		{ "Ann", "Ann" },
		{ "O'Neil", "O'Neil" },
		{ "a,b", "\"a,b\"" },
		{ "a;b", "\"a;b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "a\nb", "\"a\nb\"" },
		{ " a", "\" a\"" },
		{ "=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"" },
		{ "  =1+1", "\"'  =1+1\"" },
		{ "+1", "\"'+1\"" },
		{ "-1", "\"'-1\"" },
		{ "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "\t=1", "\"'\t=1\"" },
		{ "\r=1", "\"'\r=1\"" },
		{ "\"=1\"", "\"\"\"=1\"\"\"" },
		{ "＝1", "\"'＝1\"" },
		{ "a=1", "a=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT(200);
		char *field;

		csv_add(&out, cases[i].text);
		field = buf_take(&out);
		assert_string_equal(field, cases[i].field);
		free(field);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_strange_tags),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_says),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
