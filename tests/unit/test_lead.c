/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * What the CRM and the members of a role are told.
 */
#include "talk.h"

static struct flow *
lead_flow(const char *lead)
{
	char *patch = mem_printf("{'vars':{'s':{'scope':'user','max':4096},"
				 "'src':{'from':'start.utm_source'},"
				 "'camp':{'from':'start.utm_campaign'}},"
				 "'commands':{'/set':{'args':['s'],'do':[]},"
				 "'/go':[{'lead':{%s}}]}}",
	    lead);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

struct lead_case {
	const char *s;	  /* value of the variable s, or NULL */
	const char *lead; /* members of the action */
	const char *data; /* the effect */
};

#define NEEDED "'key':'k{{user.id}}','name':'t'"
#define SAID "\"key\":\"k42\",\"title\":\"t\""

static const struct lead_case leads[] = {
	{ NULL, NEEDED, "{" SAID "}" },
	{ NULL,
	    NEEDED ",'note':'{{s}}','price':'{{s}}','pipeline':'{{s}}',"
		   "'contact':{'name':'{{s}}','phone':' {{s}} '},"
		   "'tags':['{{s}}'],'fields':{'City':'{{s}}'}",
	    "{" SAID "}" },
	{ NULL, "'key':'{{s}}','name':'t'",
	    "{\"key\":\"42-0\",\"title\":\"t\"}" },
	{ "7", "'key':'{{s}}-{{user.id}}','name':' {{s}} ','crm':'bitrix24'",
	    "{\"key\":\"7-42\",\"crm\":\"bitrix24\",\"title\":\"7\"}" },
	{ "<b>&", NEEDED ",'note':'{{s}}','tags':['a','{{s}}']",
	    "{" SAID ",\"note\":\"<b>&\",\"tags\":[\"a\",\"<b>&\"]}" },
	{ "x",
	    NEEDED ",'contact':{'name':'{{user.full_name}}','phone':"
		   "'{{s}}','email':''},'fields':{'City':'{{s}}'}",
	    "{" SAID ",\"contact\":{\"name\":\"Ann\",\"phone\":\"x\"},"
	    "\"fields\":{\"City\":\"x\"}}" },
	{ "15000", NEEDED ",'price':'{{s}}'", "{" SAID ",\"price\":15000}" },
	{ "15 000,50", NEEDED ",'price':'{{s}}'",
	    "{" SAID ",\"price\":15000}" },
	{ "15\xc2\xa0"
	  "000 ",
	    NEEDED ",'price':'{{s}}'", "{" SAID ",\"price\":15000}" },
	{ "1,500", NEEDED ",'price':'{{s}}'", "{" SAID "}" },
	/* settings are only where the lead goes */
	{ NULL, NEEDED ",'note':'$5 off','tags':['$VIP'],'status':'$NONE'",
	    "{" SAID ",\"note\":\"$5 off\",\"tags\":[\"$VIP\"]}" },
	{ "from 15", NEEDED ",'price':'{{s}}'", "{" SAID "}" },
	{ "15.0.0", NEEDED ",'price':'{{s}}'", "{" SAID "}" },
	{ "99999999999999999999", NEEDED ",'price':'{{s}}'", "{" SAID "}" },
	{ "{{user.id}}", NEEDED ",'note':'{{s}}'",
	    "{" SAID ",\"note\":\"{{user.id}}\"}" },
};

static void
test_leads(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		struct flow *flow = lead_flow(leads[i].lead);
		struct talk talk = talk_begin(flow, "en");
		char *told = mem_printf("lead %s\n", leads[i].data);

		print_message("# %s\n", leads[i].lead);
		if (leads[i].s != NULL)
			json_object_set_new(talk.chat.vars, "s",
			    json_string(leads[i].s));
		talk_say(&talk, "/go", told);
		free(told);
		talk_end(&talk);
		flow_close(flow);
	}
}

/* Where the person came from goes with every lead. */
static void
test_utm(void **state)
{
	struct flow *flow = lead_flow(NEEDED);
	struct talk talk = talk_begin(flow, "en");

	(void)state;
	talk_say(&talk, "/start utm_source-vk__utm_campaign-may-2__x-1",
	    "enter first\n");
	talk_say(&talk, "/go",
	    "lead {" SAID ",\"utm\":{\"utm_campaign\":\"may-2\","
	    "\"utm_source\":\"vk\"}}\n");
	/* a link without them leaves them */
	talk_say(&talk, "/start utm_source-__utm_source", "enter first\n");
	talk_say(&talk, "/start", "enter first\n");
	talk_say(&talk, "/go",
	    "lead {" SAID ",\"utm\":{\"utm_campaign\":\"may-2\","
	    "\"utm_source\":\"vk\"}}\n");
	talk_end(&talk);
	flow_close(flow);
}

/* 100 KB in a variable are cut when set; nothing breaks. */
static void
test_hostile(void **state)
{
	struct flow *flow = lead_flow(NEEDED ",'note':'{{s}}'");
	struct talk talk = talk_begin(flow, "en");
	char *huge = mem_alloc(100001);

	(void)state;
	memset(huge, '"', 100000);
	memcpy(huge, "/set ", 5);
	talk_say(&talk, huge, "");
	effects_release(&talk.last);
	assert_int_equal(case_try(flow, &talk.chat, INPUT_TEXT, "/go",
			     &talk.last),
	    OUT_OK);
	assert_int_equal(strlen(json_get_text(talk.last.list[0].data, "note")),
	    4096);
	free(huge);
	talk_end(&talk);
	flow_close(flow);
}

#define EQUIPMENT \
	"'states':{'q':{'ask':{'text':'q','var':'s','choices':[" \
	"{'id':'crane','text':'cr'}]},'then':'second'}}," \
	"'texts':{'en':{'q':'Q','cr':'Crane <1>','n':'N <b>{{s|label}}</b> " \
	"{{s|label:\\'ru\\'}} {{s}} {{user.full_name}}','w':'Yes'}," \
	"'ru':{'q':'В','cr':'Кран <1>','n':'N <b>{{s|label}}</b> по-русски " \
	"{{user.full_name}}','w':'Да'}}"

static struct flow *
notify_flow(const char *more)
{
	char *patch = mem_printf(
	    "{'roles':{'crew':[501,502]},'vars':{'s':{'scope':'user'}},"
	    "'commands':{'/go':[{'notify':'crew','text':'n'%s}]}," EQUIPMENT
	    "}",
	    more);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

/* Everybody in the role, in their language, whatever the person's is. */
static void
test_notify(void **state)
{
	struct flow *flow = notify_flow(",'lang':'ru','silent':true");
	struct talk talk = talk_begin(flow, "en");
	const struct effect *message;

	(void)state;
	json_object_set_new(talk.chat.vars, "s", json_string("crane"));
	free(talk.chat.person.first_name);
	talk.chat.person.first_name = mem_dup("<i>");
	talk_say(&talk, "/go",
	    "to 501 sendMessage: N Кран <1> по-русски <i>\n"
	    "to 502 sendMessage: N Кран <1> по-русски <i>\n");
	message = talk_last(&talk, EFFECT_MESSAGE);
	assert_string_equal(json_get_text(message->params, "text"),
	    "N <b>Кран &lt;1&gt;</b> по-русски &lt;i&gt;");
	assert_true(json_is_true(
	    json_object_get(message->params, "disable_notification")));
	assert_int_equal(message->urgency, URGENCY_ANSWER);
	assert_null(message->action);
	talk_end(&talk);
	flow_close(flow);
	/* without a language the flow's first one, not the person's */
	flow = notify_flow("");
	talk = talk_begin(flow, "ru");
	json_object_set_new(talk.chat.vars, "s", json_string("crane"));
	talk_say(&talk, "/go",
	    "to 501 sendMessage: N Crane <1> Кран <1> crane Ann\n"
	    "to 502 sendMessage: N Crane <1> Кран <1> crane Ann\n");
	/* what is no choice, or nothing, is as it is */
	json_object_set_new(talk.chat.vars, "s", json_string("<x>"));
	talk_say(&talk, "/go",
	    "to 501 sendMessage: N <x> <x> <x> Ann\n"
	    "to 502 sendMessage: N <x> <x> <x> Ann\n");
	json_object_del(talk.chat.vars, "s");
	talk_say(&talk, "/go",
	    "to 501 sendMessage: N    Ann\nto 502 sendMessage: N    Ann\n");
	talk_end(&talk);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leads),
		cmocka_unit_test(test_utm),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_notify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
