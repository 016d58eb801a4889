/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * What is said: templates, escaping, languages, parameters of the method.
 */
#include "flow_case.h"

struct said {
	const char *name, *template, *text, *plain;
};

/* NAME is the person's first name, that an attacker chooses. */
static const struct said cases[] = {
	{ "Иван <script>", "<b>{{name|default:\"-\"}}</b>",
	    "<b>Иван &lt;script&gt;</b>", "Иван <script>" },
	{ "a&b\"c'd", "{{user.first_name|default:\"-\"}}", "a&amp;b&quot;c'd",
	    "a&b\"c'd" },
	{ "&lt;", "{{name|default:\"-\"}}", "&amp;lt;", "&lt;" },
	{ "{{user.id}}", "{{name|default:\"-\"}}", "{{user.id}}",
	    "{{user.id}}" },
	{ "A\x01\x07"
	  "B\nC\tD",
	    "{{name|default:\"-\"}}", "AB C D", "AB C D" },
	{ "\xe2\x80\xae"
	  "gpj.exe\xe2\x81\xa6",
	    "{{name|default:\"-\"}}", "gpj.exe", "gpj.exe" },
	{ "\xff\xfe", "{{name|default:\"-\"}}", "\xef\xbf\xbd\xef\xbf\xbd",
	    "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "", "Hi {{name|default:\"<you>\"}}", "Hi &lt;you&gt;", "Hi <you>" },
	{ "\xe2\x80\xae", "{{name|default:\"you\"}}", "you", "you" },
	{ NULL, "Hi {{ name | default : \"you\" }}", "Hi you", "Hi you" },
	{ NULL, "[{{name}}]", "[]", "[]" },
	{ "ПЁТР",
	    "{{name|lower|default:\"-\"}} {{name|label}} {{name|label:\"ru\"}}",
	    "пётр ПЁТР ПЁТР", "пётр ПЁТР ПЁТР" },
	{ "a b&я", "<a href=\"https://x/?{{name|urlencode}}\">y</a>",
	    "<a href=\"https://x/?a%20b%26%D1%8F\">y</a>", "y" },
	{ "Ann",
	    "{{user.id}} {{user.full_name}} {{user.username}} "
	    "{{user.lang}} {{user.last_name}} {{source}}",
	    "42 Ann Lee ann_lee en Lee direct",
	    "42 Ann Lee ann_lee en Lee direct" },
	{ "Ann", "1 &lt; 2 &amp;&amp; &#65;&#x42; &nbsp;<i>!</i>",
	    "1 &lt; 2 &amp;&amp; &#65;&#x42; &nbsp;<i>!</i>",
	    "1 < 2 && AB &nbsp;!" },
	{ "0123456789012345678901234567890123456789012345678901234567890123"
	  "4567",
	    "{{name|default:\"-\"}}",
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    "0123456789012345678901234567890123456789012345678901234567890123" },
};

static char *
quoted(const char *text)
{
	json_t *value = json_string(text);
	char *json = json_dumps(value, JSON_ENCODE_ANY);

	json_decref(value);
	return json;
}

/* The base flow with the English text `hi` replaced. */
static struct flow *
saying(const char *text)
{
	json_t *root = case_json(case_base);
	char *value = quoted(text), *bundle;
	struct findings findings = { 0 };
	struct flow *flow;

	json_object_set_new(json_object_get(json_object_get(root, "texts"),
				"en"),
	    "hi", json_loads(value, JSON_DECODE_ANY, NULL));
	bundle = json_dumps(root, JSON_COMPACT);
	if (flow_open(bundle, strlen(bundle), NULL, &flow, &findings, NULL) !=
	    OUT_OK)
		fail_msg("%s: %s", text, findings.list[0].text);
	findings_release(&findings);
	free(bundle);
	free(value);
	json_decref(root);
	return flow;
}

static void
render(const struct flow *flow, const struct chat *chat, const char *action,
    struct effect *message)
{
	json_t *what = case_json(action);
	struct fault fault;

	if (step_render(flow, chat, what, message, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	json_decref(what);
}

static void
test_escaping(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow *flow = saying(cases[i].template);
		struct chat chat = case_chat("en");
		struct effect message;

		free(chat.person.first_name);
		chat.person.first_name = mem_dup(cases[i].name);
		chat.person.last_name = mem_dup("Lee");
		chat.person.username = mem_dup("ann_lee");
		render(flow, &chat, "{'send':'hi'}", &message);
		assert_string_equal(json_get_text(message.params, "text"),
		    cases[i].text);
		assert_string_equal(message.plain, cases[i].plain);
		effect_release(&message);
		chat_release(&chat);
		flow_close(flow);
	}
}

static void
test_parameters(void **state)
{
	static const struct {
		const char *action, *method, *params;
	} sends[] = {
		{ "{'send':'hi'}", "sendMessage",
		    "{'text':'Hi','parse_mode':'HTML',"
		    "'link_preview_options':{'is_disabled':true}}" },
		{ "{'send':'hi','preview':true,'silent':true,"
		  "'keyboard':'keep'}",
		    "sendMessage",
		    "{'text':'Hi','parse_mode':'HTML',"
		    "'disable_notification':true}" },
		{ "{'send':'hi','preview':true,'keyboard':'remove'}",
		    "sendMessage",
		    "{'text':'Hi','parse_mode':'HTML',"
		    "'reply_markup':{'remove_keyboard':true}}" },
		{ "{'send':'hi','media':'clip'}", "sendVideo",
		    "{'caption':'Hi','parse_mode':'HTML'}" },
		{ "{'send':'hi','media':'pic'}", "sendPhoto",
		    "{'caption':'Hi','parse_mode':'HTML',"
		    "'has_spoiler':true}" },
		{ "{'send':'hi','media':'doc'}", "sendDocument",
		    "{'caption':'Hi','parse_mode':'HTML'}" },
		{ "{'send':'hi','media':'voice'}", "sendVoice",
		    "{'caption':'Hi','parse_mode':'HTML'}" },
		{ "{'send':'hi','media':'gif'}", "sendAnimation",
		    "{'caption':'Hi','parse_mode':'HTML'}" },
		{ "{'send':'hi','media':'song'}", "sendAudio",
		    "{'caption':'Hi','parse_mode':'HTML'}" },
		{ "{'send':'hi','media':'clip','buttons':[[{'text':'b',"
		  "'url':'https://x/?n={{user.first_name|urlencode}}&"
		  "f={{user.full_name}}'}]]}",
		    "sendVideo",
		    "{'caption':'Hi','parse_mode':'HTML','reply_markup':{"
		    "'inline_keyboard':[[{'text':'Go',"
		    "'url':'https://x/?n=A%26%22%20n&f=A%26%22%20n'}]]}}" },
	};
	struct flow *flow = case_flow(
	    "{'media':{"
	    "'pic':{'photo':'/p','spoiler':true},'doc':{'document':'/d'},"
	    "'voice':{'voice':'/v'},'gif':{'animation':'/g'},"
	    "'song':{'audio':'/s'}}}");
	struct chat chat = case_chat("en");
	size_t i;

	(void)state;
	free(chat.person.first_name);
	chat.person.first_name = mem_dup("A&\" n");
	for (i = 0; i < sizeof(sends) / sizeof(sends[0]); i++) {
		json_t *wanted = case_json(sends[i].params);
		struct effect message;

		render(flow, &chat, sends[i].action, &message);
		assert_string_equal(message.method, sends[i].method);
		if (!json_equal(message.params, wanted)) {
			char *got = json_dumps(message.params, 0);

			fail_msg("%s: %s", sends[i].action, got);
		}
		json_decref(wanted);
		effect_release(&message);
	}
	chat_release(&chat);
	flow_close(flow);
}

/* Several files are one message; its text is that of the first. */
static void
test_album(void **state)
{
	struct flow *flow = case_flow(
	    "{'media':{'pic':{'photo':'/p','spoiler':true}}}");
	json_t *gone = case_json("{'send':'hi','media':['pic','gone']}");
	struct chat chat = case_chat("en");
	struct effect message;
	struct fault fault;
	char *list, *params;

	(void)state;
	render(flow, &chat,
	    "{'send':'hi','media':['clip','pic'],'silent':true}", &message);
	assert_string_equal(message.method, "sendMediaGroup");
	assert_null(message.media);
	assert_string_equal(message.plain, "Hi");
	list = json_text(message.media_list);
	assert_string_equal(list, "[\"clip\",\"pic\"]");
	params = json_text(message.params);
	assert_string_equal(params,
	    "{\"has_spoiler\":[false,true],\"caption\":\"Hi\","
	    "\"parse_mode\":\"HTML\",\"disable_notification\":true}");
	free(params);
	free(list);
	effect_release(&message);
	assert_int_equal(step_render(flow, &chat, gone, &message, &fault),
	    OUT_NEVER);
	assert_non_null(strstr(fault.text, "no media 'gone'"));
	json_decref(gone);
	chat_release(&chat);
	flow_close(flow);
}

/* Telegram refuses empty labels; half of an address leads astray. */
static void
test_buttons_at_their_limits(void **state)
{
	struct flow *flow = case_flow(
	    "{'vars':{'s':{'max':4096,'default':'x'}},"
	    "'texts':{'en':{'b':'{{s}}'},'ru':{'b':'{{s}}'}}}");
	json_t *empty = case_json("{'send':'hi','buttons':[[{'text':'b',"
				  "'url':'https://x/'}]]}");
	json_t *long_url = case_json("{'send':'hi','buttons':[[{'text':'hi',"
				     "'url':'https://x/?{{s|urlencode}}'}]]}");
	struct chat chat = case_chat("en");
	struct effect message;
	struct fault fault;
	char full[4001];
	char *params;

	(void)state;
	json_object_set_new(chat.vars, "s", json_string(" "));
	assert_int_equal(step_render(flow, &chat, empty, &message, &fault),
	    OUT_OK);
	params = json_text(message.params);
	assert_non_null(strstr(params, "\"text\":\"?\""));
	free(params);
	effect_release(&message);
	memset(full, '/', sizeof(full) - 1);
	full[sizeof(full) - 1] = '\0';
	json_object_set_new(chat.vars, "s", json_string(full));
	assert_int_equal(step_render(flow, &chat, long_url, &message, &fault),
	    OUT_NEVER);
	assert_non_null(strstr(fault.text, "address of a button"));
	full[2000] = '\0';
	json_object_set_new(chat.vars, "s", json_string(full));
	assert_int_equal(step_render(flow, &chat, long_url, &message, &fault),
	    OUT_OK);
	effect_release(&message);
	json_decref(empty);
	json_decref(long_url);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_language(void **state)
{
	static const struct {
		const char *person, *chosen, *var, *says;
	} langs[] = {
		{ "ru", NULL, NULL, "Привет" },
		{ "ru-RU", NULL, NULL, "Привет" },
		{ "RU_ru", NULL, NULL, "Привет" },
		{ "en", NULL, NULL, "Hi" },
		{ "rup", NULL, NULL, "Hi" },
		{ "", NULL, NULL, "Hi" },
		{ NULL, NULL, NULL, "Hi" },
		{ "en", "ru", NULL, "Привет" },
		{ "ru", "fr", NULL, "Привет" },
		{ "en", "en", "ru", "Привет" },
		{ "en", NULL, "xx", "Hi" },
	};
	struct flow *flow = case_flow("{}");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(langs) / sizeof(langs[0]); i++) {
		struct chat chat = case_chat(langs[i].person);
		struct effect message;

		chat.lang = mem_dup(langs[i].chosen);
		if (langs[i].var != NULL)
			json_object_set_new(chat.vars, "lang",
			    json_string(langs[i].var));
		render(flow, &chat, "{'send':'hi'}", &message);
		assert_string_equal(message.plain, langs[i].says);
		effect_release(&message);
		chat_release(&chat);
	}
	flow_close(flow);
}

/* A value that an older version stored, longer than is allowed now. */
static void
test_old_value_is_cut(void **state)
{
	struct flow *flow = saying("{{source}}");
	struct chat chat = case_chat("en");
	struct effect message;

	(void)state;
	json_object_set_new(chat.vars, "source",
	    json_string("ЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖ"));
	render(flow, &chat, "{'send':'hi'}", &message);
	assert_string_equal(message.plain, "ЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖ");
	effect_release(&message);
	chat_release(&chat);
	flow_close(flow);
}

static void
test_vanished_parts(void **state)
{
	static const char *const actions[] = { "{'send':'gone'}", "{}",
		"{'send':'hi','media':'gone'}" };
	struct flow *flow = case_flow("{}");
	struct chat chat = case_chat("en");
	struct effect message;
	struct fault fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		json_t *action = case_json(actions[i]);

		assert_int_equal(step_render(flow, &chat, action, &message,
				     &fault),
		    OUT_NEVER);
		assert_int_equal(fault.code, EXIT_INPUT);
		assert_null(message.params);
		json_decref(action);
	}
	chat_release(&chat);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_album),
		cmocka_unit_test(test_buttons_at_their_limits),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_old_value_is_cut),
		cmocka_unit_test(test_vanished_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
