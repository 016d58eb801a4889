/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Loading: what is wrong with a flow is found, placed and said.
 */
#include "flow_wrong.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define SIXTEEN "0123456789abcdef"
#define LONG_LABEL \
	SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

#define LINK "{'text':'b','url':'tg://x'}"
#define NINE \
	LINK "," LINK "," LINK "," LINK "," LINK "," LINK "," LINK "," LINK \
	     "," LINK

/* Each is one thing that is wrong, with the one finding that it makes. */
static const struct wrong wrongs[] = {
	{ "'sttes':{}", "/sttes",
	    "unknown member 'sttes'; did you mean 'states'?" },
	{ "'leadpipe':2", "/leadpipe", "reads format 1" },
	{ "'id':null", "", "'id' is missing" },
	{ "'id':'Big'", "/id", "bad name 'Big'" },
	{ "'start':null", "", "'start' is missing" },
	{ "'start':'frist'", "/start",
	    "unknown state 'frist'; did you mean 'first'?" },
	{ "'states':{'Up':{}}", "/states/Up", "bad name 'Up'" },
	{ "'states':{'second':[]}", "/states/second", "must be an object" },
	{ "'states':{'second':{'entr':[]}}", "/states/second/entr",
	    "unknown member 'entr'; did you mean 'enter'?" },
	{ "'states':{'second':{'enter':{}}}", "/states/second/enter",
	    "must be a list" },
	{ "'tz':'Mars/Base'", "/tz", "unknown time zone 'Mars/Base'" },
	{ "'tz':'Europe'", "/tz", "unknown time zone 'Europe'" },
	{ "'tz':'../zoneinfo/UTC'", "/tz", "unknown time zone" },
	{ SECOND "{'send':'hi','keyboard':[['a']]}" END,
	    "/states/second/enter/0/keyboard",
	    "the rows of a reply keyboard are 'reply'" },
	{ SECOND "{'goto':'nowhere'}" END, "/states/second/enter/0/goto",
	    "unknown state 'nowhere'" },
	{ SECOND "{'send':'helo'}" END, "/states/second/enter/0/send",
	    "unknown text 'helo'" },
	{ SECOND "{'send':'hi','media':'clap'}" END,
	    "/states/second/enter/0/media",
	    "unknown media 'clap'; did you mean 'clip'?" },
	{ SECOND "{'sand':'hi'}" END, "/states/second/enter/0",
	    "unknown action 'sand'; did you mean 'send'?" },
	{ SECOND "{}" END, "/states/second/enter/0", "an action is" },
	{ SECOND "'send'" END, "/states/second/enter/0", "an action is" },
	{ SECOND "{'send':'hi','goto':'third'}" END, "/states/second/enter/0",
	    "'send' and 'goto' in one action" },
	{ SECOND "{'goto':'third'},{'send':'hi'}" END, "/states/second/enter",
	    "what follows a 'goto' is never run" },
	{ SECOND "{'send':'hi','silent':1}" END,
	    "/states/second/enter/0/silent", "must be true or false" },
	{ SECOND "{'send':'hi','keyboard':'off'}" END,
	    "/states/second/enter/0/keyboard",
	    "must be \"keep\" or \"remove\"" },
	{ SECOND "{'send':'hi','keyboard':'remove','buttons':[]}" END,
	    "/states/second/enter/0", "a message carries one of" },
	{ SECOND "{'send':'hi','buttons':[[{'text':'b'}]]}" END,
	    "/states/second/enter/0/buttons/0/0",
	    "one of 'id', 'url' and 'unsubscribe'" },
	{ SECOND "{'send':'hi','buttons':[[{'text':'b','id':'go'}]]}" END,
	    "/states/second/enter/0/buttons/0/0/id",
	    "no state has 'button:go'" },
	{ SECOND "{'send':'hi','buttons':[[{'text':'b','id':"
		 "'a0123456789012345678901234567890123456789'}]]}" END,
	    "/states/second/enter/0/buttons/0/0/id", "64 bytes" },
	{ SECOND "{'send':'hi','buttons':[[{'text':'b','url':"
		 "'https://a/?n={{name}}'}]]}" END,
	    "/states/second/enter/0/buttons/0/0/url",
	    "'name' in an address must end with |urlencode" },
	{ SECOND "{'send':'hi','buttons':[[{'text':'b','url':"
		 "'javascript:1'}]]}" END,
	    "/states/second/enter/0/buttons/0/0/url", "must be an address" },
	{ SECOND "{'send':'hi','buttons':[[" NINE "]]}" END,
	    "/states/second/enter/0/buttons/0", "has more than 8" },
	{ "'roles':{'Boss':[7]}", "/roles/Boss", "bad name 'Boss'" },
	{ SECOND "{'set':{'nn':1}}" END, "/states/second/enter/0/set/nn",
	    "unknown variable 'nn'; did you mean 'n'?" },
	{ SECOND "{'set':{'n':[]}}" END, "/states/second/enter/0/set/n",
	    "must be a string, a number" },
	{ SECOND "{'clear':['m']}" END, "/states/second/enter/0/clear/0",
	    "unknown variable 'm'" },
	{ SECOND "{'tag':['vip']}" END, "/states/second/enter/0/tag/0",
	    "must be \"+tag\" or \"-tag\"" },
	{ SECOND "{'if':{'tag':'a'}}" END, "/states/second/enter/0",
	    "'then' is missing" },
	{ SECOND "{'if':{'beeen':'first'},'then':[]}" END,
	    "/states/second/enter/0/if/beeen",
	    "unknown member 'beeen'; did you mean 'been'?" },
	{ SECOND "{'if':{'tag':'a','been':'first'},'then':[]}" END,
	    "/states/second/enter/0/if", "a guard is one of" },
	{ SECOND "{'if':{'var':'n'},'then':[]}" END,
	    "/states/second/enter/0/if", "a guard is one of" },
	{ SECOND "{'if':{'eq':1},'then':[]}" END, "/states/second/enter/0/if",
	    "a guard is one of" },
	{ SECOND "{'if':{'var':'n','lt':'5'},'then':[]}" END,
	    "/states/second/enter/0/if/lt", "must be a number" },
	{ SECOND "{'if':{'role':'boss'},'then':[]}" END,
	    "/states/second/enter/0/if/role", "unknown role 'boss'" },
	{ SECOND "{'if':{'all':[]},'then':[]}" END,
	    "/states/second/enter/0/if/all", "must not be empty" },
	{ SECOND "{'schedule':'r','after':'0m','do':[]}" END,
	    "/states/second/enter/0/after", "a span such as 90s" },
	{ SECOND "{'schedule':'r','after':'5m','do':[],"
		 "'cancel_on':['state:thrid']}" END,
	    "/states/second/enter/0/cancel_on/0",
	    "unknown state 'thrid'; did you mean 'third'?" },
	{ SECOND "{'schedule':'r','after':'5m','do':[],"
		 "'cancel_on':['command:/stop']}" END,
	    "/states/second/enter/0/cancel_on/0", "unknown command '/stop'" },
	{ SECOND "{'cancel':['r']}" END, "/states/second/enter/0/cancel/0",
	    "unknown schedule 'r'" },
	{ SECOND "{'unsubscribe':false}" END,
	    "/states/second/enter/0/unsubscribe", "must be true" },
	{ "'states':{'second':{'on':{'buton:a':[]}}}",
	    "/states/second/on/buton:a", "is none of button:ID" },
	{ "'states':{'second':{'on':{'regex:(':[]}}}",
	    "/states/second/on/regex:(", "bad regular expression" },
	{ "'states':{'second':{'on':{'regex:(a)\\\\1':[]}}}",
	    "/states/second/on/regex:(a)\\1", "back references" },
	{ "'states':{'second':{'on':{'regex:((a{99}){99}){99}':[]}}}",
	    "/states/second/on/regex:((a{99}){99}){99}", "repeats more" },
	{ "'states':{'second':{'on':{'regex:(a{3}){7}':[]}}}",
	    "/states/second/on/regex:(a{3}){7}", "repeats more" },
	{ "'states':{'second':{'on':{'regex:[я-а]':[]}}}",
	    "/states/second/on/regex:[я-а]", "a range ends before" },
	{ "'commands':{'/Start':[]}", "/commands/~1Start", "bad name" },
	{ "'commands':{'/a':{'who':'boss','do':[]}}", "/commands/~1a/who",
	    "unknown role 'boss'" },
	{ "'commands':{'/a':{'who':'admin'}}", "/commands/~1a",
	    "'do' is missing" },
	{ "'commands':{'/a':{'do':[],'args':['zz']}}", "/commands/~1a/args/0",
	    "unknown variable 'zz'" },
	{ "'commands':{'/a':{'do':[],'help':'zz'}}", "/commands/~1a/help",
	    "unknown text 'zz'" },
	{ "'vars':{'n':{'type':'float'}}", "/vars/n/type",
	    "must be \"text\", \"int\"" },
	{ "'vars':{'n':{'default':'x'}}", "/vars/n",
	    "'default' is not of type 'int'" },
	{ "'vars':{'s':{'max':5000}}", "/vars/s/max", "1 to 4096" },
	{ "'vars':{'s':{'from':'user.phone'}}", "/vars/s/from",
	    "must be start.payload" },
	{ "'vars':{'s':{'scope':'day'}}", "/vars/s/scope", "\"session\"" },
	{ "'media':{'clip':{'photo':'/p'}}", "/media/clip",
	    "must have one of" },
	{ "'media':{'pics':{'photo':['/p']}}", "/media/pics/photo",
	    "must be a string" },
	{ "'roles':{'admin':'7'}", "/roles/admin", "must be a list of ids" },
	{ "'roles':{'admin':['x']}", "/roles/admin", "list of numbers" },
	{ "'stats':{'all':['first','fourth']}", "/stats/all/1",
	    "unknown state 'fourth'" },
	{ "'texts':{'en':{'new':'New'}}", "/texts/ru",
	    "'new' is not translated to 'ru'" },
	{ "'texts':{'ru':{'new':'Новый'}}", "/texts/ru/new",
	    "unknown text 'new'" },
	{ "'texts':{'de':{'hi':'Hallo','b':'Los','bye':'Ade'}}", "/texts/de",
	    "unknown language 'de'" },
	{ "'texts':{'ru':'ru.json'}", "/texts/ru", "must be an object" },
	{ "'texts':{'en':{'hi':1}}", "/texts/en/hi", "must be a string" },
	{ "'texts':{'en':{'hi':''}}", "/texts/en/hi", "is empty" },
	{ "'texts':{'en':{'hi':'<b>Hi'}}", "/texts/en/hi",
	    "<b> is never closed" },
	{ "'texts':{'en':{'hi':'Hi</b>'}}", "/texts/en/hi",
	    "</b> closes nothing" },
	{ "'texts':{'en':{'hi':'<b><i>Hi</b></i>'}}", "/texts/en/hi",
	    "</b> where <i> is open" },
	{ "'texts':{'en':{'hi':'<p>Hi</p>'}}", "/texts/en/hi", "no tag <p>" },
	{ "'texts':{'en':{'hi':'1 < 2'}}", "/texts/en/hi",
	    "a lone '<': write &lt;" },
	{ "'texts':{'en':{'hi':'Hi {{nam}}'}}", "/texts/en/hi",
	    "unknown variable 'nam'; did you mean 'name'?" },
	{ "'texts':{'en':{'hi':'Hi {{user.phone}}'}}", "/texts/en/hi",
	    "unknown variable 'user.phone'" },
	{ "'texts':{'en':{'hi':'{{name'}}", "/texts/en/hi",
	    "is not a template" },
	{ "'texts':{'en':{'hi':'Hi {{name|shout}}'}}", "/texts/en/hi",
	    "unknown filter 'shout'" },
	{ "'texts':{'en':{'hi':'Hi {{name|default}}'}}", "/texts/en/hi",
	    "wants an argument" },
	{ "'texts':{'en':{'hi':'<a href=\\\"http://a/{{name}}\\\">x</a>'}}",
	    "/texts/en/hi", "must end with |urlencode" },
	{ "'texts':{'en':{'hi':'{{s|default:\\\"-\\\"}}'}},"
	  "'vars':{'s':{'max':4096}},"
	  "'states':{'second':{'enter':[{'send':'hi'}]}}",
	    NULL, NULL },
	{ "'texts':{'en':{'hi':'!{{s}}'}},'vars':{'s':{'max':4096}}",
	    "/texts/en/hi",
	    "can become 4097 characters long, Telegram "
	    "takes 4096" },
	{ "'texts':{'en':{'hi':'!{{s}}'}},'vars':{'s':{'max':1024}},"
	  "'states':{'second':{'enter':[{'send':'hi','media':'clip'}]}}",
	    "/texts/en/hi",
	    "can become 1025 characters long, Telegram "
	    "takes 1024" },
	{ "'texts':{'en':{'hi':'<b>{{name}}</b>'}}", "/texts/en/hi",
	    "can become empty" },
	{ "'texts':{'en':{'hi':'{{n}}'}},'vars':{'n':{'default':0}}", NULL,
	    NULL },
	{ "'texts':{'en':{'hi':'{{user.id}}'}}", NULL, NULL },
	{ SECOND "{'if':{'var':'n','tag':'x'},'then':[]}" END,
	    "/states/second/enter/0/if", "a guard is one of" },
	{ SECOND "{'if':{'var':'n','eq':'5'},'then':[]}" END,
	    "/states/second/enter/0/if", "'eq' compares 'n' with" },
	{ SECOND "{'if':{'var':'lang','eq':5},'then':[]}" END,
	    "/states/second/enter/0/if", "'eq' compares 'lang' with" },
	{ SECOND "{'if':{'var':'lang','lt':5},'then':[]}" END,
	    "/states/second/enter/0/if", "'lt' compares 'lang' with" },
	{ SECOND "{'if':{'var':'lang','in':['a',5]},'then':[]}" END,
	    "/states/second/enter/0/if", "'in' compares 'lang' with" },
	{ SECOND "{'if':{'var':'n','ne':null},'then':[]}" END, NULL, NULL },
	{ SECOND "{'set':{'n':'abc'}}" END, "/states/second/enter/0/set/n",
	    "is not of the type of 'n'" },
	{ SECOND "{'set':{'flag':2}}" END, "/states/second/enter/0/set/flag",
	    "is not of the type of 'flag'" },
	{ SECOND "{'set':{'n':'{{x}}','x':'1.5','flag':null,'s':5}}" END, NULL,
	    NULL },
	/* circles without a way out */
	{ "'states':{'second':{'enter':[{'send':'hi'},{'goto':'third'}]},"
	  "'third':{'enter':[{'goto':'second'}]}}",
	    "/states/second/enter", "without end" },
	{ "'states':{'third':{'enter':[{'goto':'third'}]}}",
	    "/states/third/enter", "without end" },
	{ "'states':{'second':{'enter':[{'goto':'third'}]},"
	  "'third':{'enter':[{'if':{'tag':'a'},'then':[{'goto':'first'}]},"
	  "{'goto':'second'}]}}",
	    NULL, NULL },
	/* whose button it is */
	{ "'states':{'second':{'enter':[{'send':'hi','buttons':[[{'text':'b',"
	  "'id':'go'}]]}]},'third':{'on':{'button:go':[]}}}",
	    "/states/second/enter/0/buttons/0/0/id",
	    "neither 'second' nor a state that it leads to" },
	{ "'states':{'first':{'enter':[{'send':'hi','buttons':[[{'text':'b',"
	  "'id':'go'}]]},{'if':{'tag':'a'},'then':[{'goto':'second'}]}]},"
	  "'second':{'fallback':[{'goto':'third'}]},"
	  "'third':{'on':{'button:go':[]}}}",
	    NULL, NULL },
	{ "'commands':{'/a':[{'send':'hi','buttons':[[{'text':'b',"
	  "'id':'go'}]]}]},'states':{'third':{'on':{'button:go':[]}}}",
	    NULL, NULL },
	/* labels: what was pressed is known by its text alone */
	{ "'texts':{'en':{'b':'" LONG_LABEL "x'}},'states':{'first':{'enter':"
	  "[{'send':'hi','buttons':[[" LINK "]]}]}}",
	    "/texts/en/b", "can become 129 characters long" },
	{ "'texts':{'en':{'b':'" LONG_LABEL "'}},'states':{'first':{'enter':"
	  "[{'send':'hi','buttons':[[" LINK "]]}]}}",
	    NULL, NULL },
	{ "'texts':{'en':{'bye':'Go'}},'states':{'first':{'enter':[{'send':"
	  "'hi','reply':[[{'text':'b','id':'go'}],[{'text':'bye',"
	  "'id':'no'}]]}],'on':{'button:go':[],'button:no':[]}}}",
	    "/states/first/enter/0/reply", "two buttons are called 'Go'" },
	{ "'texts':{'en':{'bye':'Go'}},'states':{'first':{'enter':[{'send':"
	  "'hi','reply':[[{'text':'b','id':'go'}],[{'text':'bye',"
	  "'id':'no','when':{'tag':'a'}}]]}],"
	  "'on':{'button:go':[],'button:no':[]}}}",
	    NULL, NULL },
	{ SECOND "{'send':'Hello there!'}" END, "/states/second/enter/0/send",
	    "'Hello there!' is no key of 'texts'" },
	{ SECOND "{'lead':{'key':'{{user.id}}','name':'x','phone':'1'}}" END,
	    "/states/second/enter/0/lead/phone",
	    "there are key, name, crm, pipeline, status, price, contact" },
	{ "'texts':{'en':{'hi':'Now {{event.status}}'}},"
	  "'events':{'crm_status':[{'send':'hi'}]}",
	    "/texts/en/hi", "'status' in 'vars' and in the event's 'args'" },
	{ "'texts':{'en':{'b':'Hi {{name}}'}},'states':{'second':{'enter':["
	  "{'send':'hi','reply':[[{'text':'b','id':'go'}]]}],"
	  "'on':{'button:go':[]}}}",
	    "/states/second/enter/0/reply/0/0", "holds a template" },
};

static void
test_every_finding(void **state)
{
	(void)state;
	check_wrongs(wrongs, sizeof(wrongs) / sizeof(wrongs[0]));
}

/* What runs, but hardly as it was meant. */
static const struct wrong odd[] = {
	{ "'states':{'second':{}}", "/states/second",
	    "nothing leads to this state" },
	{ "'states':{'first':{'enter':[{'goto':'second'}]}}", "/states/second",
	    "a dead end" },
	{ "'states':{'first':{'enter':[{'goto':'second'}]},"
	  "'second':{'final':true}}",
	    NULL, "a dead end" },
	{ "'states':{'first':{'enter':[{'send':'hi','buttons':[[{'text':'b',"
	  "'id':'go'}]]}],'on':{'button:go':[{'lead':{'key':'{{user.id}}',"
	  "'name':'x'}}]}}}",
	    "/states/first/on/button:go", "hangs on an inline button alone" },
	{ "'states':{'first':{'enter':[{'send':'hi','reply':[[{'text':'b',"
	  "'id':'go'}]]}],'on':{'button:go':[{'lead':{'key':'{{user.id}}',"
	  "'name':'x'}}]}}}",
	    NULL, "hangs on an inline button alone" },
	{ "'groups':{'order':{'ttl':'1h'}}", "/groups/order",
	    "this is never used" },
	{ "'states':{'first':{'ask':{'text':'hi','var':'s','on_fail':[]},"
	  "'then':'second'}}",
	    "/states/first/ask", "is never run without 'attempts'" },
	{ "'states':{'first':{'ask':{'text':'hi','var':'s','max':300},"
	  "'then':'second'}},'vars':{'s':{'max':256}}",
	    "/states/first/ask", "the rest is cut off" },
	{ "'states':{'first':{'enter':[{'lead':{'key':'a-{{session.id}}',"
	  "'name':'x'}}]}}",
	    "/states/first/enter/0/lead/key", "outside a group" },
	{ "'commands':{'/a':[{'if':{'tag':'a'},'then':[{'lead':"
	  "{'key':'{{ session.id|urlencode }}','name':'x'}}]}]}",
	    "/commands/~1a/0/then/0/lead/key", "write {{user.id}}" },
	{ "'states':{'first':{'enter':[{'lead':{'key':'{{session.id}}{{s}}',"
	  "'name':'x'}}]}}",
	    NULL, "outside a group" },
	{ "'states':{'g.a':{'enter':[{'lead':{'key':'a-{{session.id}}',"
	  "'name':'x'}}]}}",
	    NULL, "outside a group" },
	{ "'events':{'crm_won':{'args':['s','n'],'do':[]}}",
	    "/events/crm_won/args", "does not tell 'n'" },
	{ "'vars':{'state':{}},'events':{'crm_status':{'args':['state'],"
	  "'do':[]}}",
	    "/events/crm_status/args", "did you mean 'status'" },
	{ "'vars':{'status':{},'won':{'type':'bool'}},'events':{'crm_lost':"
	  "{'args':['status','won'],'do':[]},'paid':{'args':['n'],'do':[]}}",
	    NULL, "does not tell" },
	{ "'groups':{'g':{'on':{'any':[{'lead':{'key':'a-{{session.id}}',"
	  "'name':'x.y'}}]}}},'states':{'g.a':{}}",
	    NULL, "outside a group" },
};

/* A warning does not refuse a flow; where WHERE is NULL there is no such. */
static void
test_warnings(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct findings findings = { 0 };
		char *patch = mem_printf("{%s}", odd[i].patch);
		struct flow *flow = case_open(patch, &findings);
		bool found = false;

		if (flow == NULL)
			fail_msg("refused: %s", patch);
		for (j = 0; j < findings.count; j++)
			found = found ||
			    (findings.list[j].kind == FINDING_WARNING &&
				strstr(findings.list[j].text, odd[i].text) &&
				(odd[i].where == NULL ||
				    strcmp(findings.list[j].where,
					odd[i].where) == 0));
		if (found != (odd[i].where != NULL))
			fail_msg("%s: %s", found ? "warned" : "no warning",
			    patch);
		flow_close(flow);
		findings_release(&findings);
		free(patch);
	}
}

static void
test_all_findings_at_once(void **state)
{
	struct findings findings = { 0 };

	(void)state;
	assert_null(case_open("{'start':'x','id':'Y','zz':1}", &findings));
	assert_int_equal(findings_errors(&findings, NULL), 3);
	findings_release(&findings);
}

/* Of these two names the five digits are the same; found by counting up. */
static void
test_hash_collision(void **state)
{
	struct findings findings = { 0 };
	const struct finding *first;

	(void)state;
	assert_null(case_open("{'states':{'s90':{},'s1316':{}}}", &findings));
	assert_int_equal(findings_errors(&findings, &first), 1);
	assert_non_null(strstr(first->text, "same hash"));
	findings_release(&findings);
}

static char dir[] = "/tmp/flow-XXXXXX";

static char *
put(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", dir, name), *copy = mem_dup(text);
	size_t i, len = strlen(text);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (i = 0; i < len; i++)
		if (copy[i] == '\'')
			copy[i] = '"';
	assert_int_equal(fwrite(copy, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(copy);
	return path;
}

static const char source[] =
    "{\n  '$schema': './flow.schema.json', 'leadpipe': 1, 'id': 'f',\n"
    "  'start': 'a', 'media': { 'm': { 'photo': 'p.jpg' } },\n"
    "  'states': { 'a': { 'enter': [ { 'send': 'hi' } ] } },\n"
    "  'texts': { 'ru': 'ru.json' }\n}\n";

/* The same in another order, with other blanks. */
static const char reordered[] =
    "{'texts':{'ru':'ru.json'},'states':{'a':{'enter':[{'send':'hi'}]}},"
    "'media':{'m':{'photo':'p.jpg'}},'start':'a','id':'f','leadpipe':1}";

static void
test_bundle(void **state)
{
	struct findings findings = { 0 };
	struct fault fault;
	struct flow_media media;
	struct flow *flow;
	char *one = put("one.json", source), *two = put("two.json", reordered);
	char *ru = put("ru.json", "{'hi':'Привет'}");
	char *photo = put("p.jpg", "abc"), *a, *b;

	(void)state;
	assert_int_equal(flow_bundle(one, &a, &findings, &fault), OUT_OK);
	assert_int_equal(flow_bundle(two, &b, &findings, &fault), OUT_OK);
	assert_string_equal(a, b);
	unlink(one);
	unlink(ru);
	assert_int_equal(flow_open(a, strlen(a), NULL, &flow, &findings,
			     &fault),
	    OUT_OK);
	assert_true(flow_media(flow, "m", &media));
	assert_string_equal(media.kind, "photo");
	assert_string_equal(media.path, photo);
	/* FIPS 180-4, "abc" */
	assert_string_equal(media.digest,
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(strlen(flow_hash(flow)), 64);
	flow_close(flow);
	unlink(two);
	unlink(photo);
	free(a);
	free(b);
	free(one);
	free(two);
	free(ru);
	free(photo);
	findings_release(&findings);
}

/* Makes NAME with TEXT and expects one finding at LINE and COLUMN. */
static void
expect(const char *text, const char *where, int line, int column,
    const char *says)
{
	struct findings findings = { 0 };
	const struct finding *first;
	struct fault fault;
	struct flow *flow = NULL;
	char *path = put("bad.json", text), *bundle;

	if (flow_bundle(path, &bundle, &findings, &fault) == OUT_OK)
		assert_int_equal(flow_open(bundle, strlen(bundle), NULL, &flow,
				     &findings, &fault),
		    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	findings_locate(&findings, path);
	assert_int_equal(findings_errors(&findings, &first), 1);
	assert_string_equal(first->where, where);
	if (strstr(first->text, says) == NULL)
		fail_msg("%s", first->text);
	assert_int_equal(first->line, line);
	assert_int_equal(first->column, column);
	free(bundle);
	unlink(path);
	free(path);
	findings_release(&findings);
}

static void
test_located(void **state)
{
	char *ru = put("ru.json", "{'hi':'Привет'}");

	(void)state;
	expect("{\n 'id': 'f',\n 'id': 'g' }", "", 3, 5, "duplicate");
	expect("{\n 'id': }", "", 2, 8, "near '}'");
	expect("[]", "", 1, 1, "does not begin with {");
	expect("", "", 1, 1, "is empty");
	expect("{\n 'id': 'f',\n}", "", 3, 1, "a comma before it");
	expect("{'id': 'f'\n 'start': 'a'}", "", 2, 8, "is a comma missing");
	expect("\xef\xbb\xbf{}", "", 1, 1, "begins with a byte order mark");
	expect("{'leadpipe':1,'id':'f','start':'a','states':{'a':{}},\n"
	       "'texts':{'ru':'none.json'}}",
	    "/texts/ru", 2, 15, "none.json");
	expect("{'leadpipe':1,'id':'f','start':'a',\n'note':'Ы','states':\n"
	       "{'a':{'enter':[{'send':'hi'},\n {'send':'ho'}]}},\n"
	       "'texts':{'ru':'ru.json'}}",
	    "/states/a/enter/1/send", 4, 10, "unknown text 'ho'");
	expect("{'leadpipe':1,'id':'f','start':'a','commands':{'/x':\n"
	       "{'do':1}},'states':{'a':{}},'texts':{'ru':'ru.json'}}",
	    "/commands/~1x/do", 2, 7, "must be a list");
	expect("{'leadpipe':1,'id':'f','start':'a','states':{'a':{}},"
	       "'media':{\n'm':{'photo':'none.jpg'}},"
	       "'texts':{'ru':'ru.json'}}",
	    "/media/m/photo", 2, 14, "cannot read");
	unlink(ru);
	free(ru);
	ru = put("ru.json", "{'hi':'a',\n'hi':'b'}");
	expect("{'leadpipe':1,'id':'f','start':'a','states':{'a':{}},\n"
	       "'texts':{'ru':'ru.json'}}",
	    "/texts/ru", 2, 15, "line 2");
	unlink(ru);
	free(ru);
}

/* What is wrong with a list is shown to everybody who deploys a flow. */
static void
test_roles_are_no_secrets(void **state)
{
	static const char *const names[] = { "BOT_TOKEN", "TELEGRAM_BOT_TOKEN",
		"SHOP_PASSWORD", "LEAD_WEBHOOK_URL" };
	struct config *config;
	struct fault fault;
	struct flow *flow;
	size_t i;

	(void)state;
	setenv("BOT_TOKEN", "7", 1);
	setenv("SHOP_PASSWORD", "7", 1);
	setenv("LEAD_WEBHOOK_URL", "7", 1);
	assert_int_equal(config_open(&config, "/dev/null", &fault), OUT_OK);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct findings findings = { 0 };
		const struct finding *first;
		json_t *root = case_json(case_base);
		char *name = mem_printf("$%s", names[i]), *text;

		json_object_set_new(root, "roles",
		    json_pack("{ss}", "admin", name));
		text = json_dumps(root, JSON_COMPACT);
		assert_int_equal(flow_open(text, strlen(text), config, &flow,
				     &findings, &fault),
		    OUT_NEVER);
		assert_int_equal(findings_errors(&findings, &first), 1);
		assert_string_equal(first->where, "/roles/admin");
		assert_non_null(strstr(first->text, "is a secret"));
		findings_release(&findings);
		json_decref(root);
		free(text);
		free(name);
	}
	config_close(config);
	unsetenv("BOT_TOKEN");
	unsetenv("SHOP_PASSWORD");
	unsetenv("LEAD_WEBHOOK_URL");
}

static void
test_roles_from_config(void **state)
{
	struct findings findings = { 0 };
	const struct finding *first;
	struct config *config;
	struct fault fault;
	struct flow *flow;
	json_t *root = case_json(case_base);
	char *text;

	(void)state;
	json_object_set_new(root, "roles",
	    json_pack("{ss}", "admin", "$ADMIN_IDS"));
	text = json_dumps(root, JSON_COMPACT);
	setenv("ADMIN_IDS", "7, 8 9", 1);
	assert_int_equal(config_open(&config, "/dev/null", &fault), OUT_OK);
	assert_int_equal(flow_open(text, strlen(text), config, &flow,
			     &findings, &fault),
	    OUT_OK);
	flow_close(flow);
	config_close(config);
	setenv("ADMIN_IDS", "7, Ann", 1);
	assert_int_equal(config_open(&config, "/dev/null", &fault), OUT_OK);
	assert_int_equal(flow_open(text, strlen(text), config, &flow,
			     &findings, &fault),
	    OUT_NEVER);
	assert_int_equal(findings_errors(&findings, &first), 1);
	assert_string_equal(first->where, "/roles/admin");
	assert_string_equal(first->text,
	    "entry 2 of $ADMIN_IDS is not the id of a person");
	config_close(config);
	findings_release(&findings);
	free(text);
	json_decref(root);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_finding),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_all_findings_at_once),
		cmocka_unit_test(test_hash_collision),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_located),
		cmocka_unit_test(test_roles_from_config),
		cmocka_unit_test(test_roles_are_no_secrets),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
