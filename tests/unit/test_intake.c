/* SPDX-License-Identifier: MIT */
/* needs: crm store net base */
/*
 * What websites and tables send, as it becomes a lead: names of fields, forms
 * in their encodings, Tilda, JSON, tables, and what strangers try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/csv.h"
#include "crm/field.h"
#include "crm/intake.h"
#include "crm/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FORM "application/x-www-form-urlencoded"

static struct intake intake;
static struct lead_new lead;
static struct fault fault;

static int
teardown(void **state)
{
	(void)state;
	intake_release(&intake);
	return 0;
}

static enum outcome
read_bytes(const char *type, const char *text, size_t len)
{
	enum outcome out;

	intake_release(&intake);
	intake_init(&intake);
	memset(&fault, 0, sizeof(fault));
	out = intake_read(&intake, type, text, len, &fault);
	if (out == OUT_OK)
		intake_lead(&intake, NULL, "form", &lead);
	return out;
}

static void
read_good(const char *type, const char *text)
{
	if (read_bytes(type, text, strlen(text)) != OUT_OK)
		fail_msg("\"%.60s\": %s", text, fault.text);
}

static void
read_bad(const char *type, const char *text, enum exit_code code)
{
	assert_int_equal(read_bytes(type, text, strlen(text)), OUT_NEVER);
	assert_int_equal(fault.code, code);
	assert_string_not_equal(fault.text, "");
}

/* What a JSON pointer of two names finds in the details. */
static const char *
detail(const char *member, const char *inner)
{
	const json_t *value = json_object_get(lead.details, member);

	return json_string_value(
	    inner ? json_object_get(value, inner) : value);
}

static void
names_are_understood(void **state)
{
	static const struct {
		const char *name;
		enum field field;
	} samples[] = { { "Name", FIELD_NAME }, { "your-name", FIELD_NAME },
		{ "ИМЯ", FIELD_NAME }, { " Ваше имя ", FIELD_NAME },
		{ "Ф.И.О.", FIELD_NAME }, { "ФИО", FIELD_NAME },
		{ "Как вас зовут?", FIELD_NAME }, { "name_2", FIELD_NAME },
		{ "First Name", FIELD_FIRST_NAME },
		{ "Фамилия", FIELD_LAST_NAME }, { "Phone", FIELD_PHONE },
		{ "your-phone", FIELD_PHONE }, { "your-tel", FIELD_PHONE },
		{ "tel[]", FIELD_PHONE }, { "Телефон:", FIELD_PHONE },
		{ "Номер телефона", FIELD_PHONE }, { "E-mail", FIELD_EMAIL },
		{ "your-email", FIELD_EMAIL }, { "Эл. почта", FIELD_EMAIL },
		{ "EMAIL", FIELD_EMAIL }, { "Электронная почта", FIELD_EMAIL },
		{ "your-message", FIELD_NOTE }, { "Комментарий", FIELD_NOTE },
		{ "your-subject", FIELD_TITLE }, { "utm_source", FIELD_UTM },
		{ "UTM_Campaign", FIELD_UTM }, { "yclid", FIELD_UTM },
		{ "_ym_uid", FIELD_UTM }, { "tranid", FIELD_TRANSACTION },
		{ "COOKIES", FIELD_COOKIES }, { "TILDAUTM", FIELD_TILDA_UTM },
		{ "tildaspec-cookie", FIELD_COOKIES },
		{ "tildaspec-referer", FIELD_REFERER },
		{ "tildaspec-formid", FIELD_TECHNICAL },
		{ "_wpcf7_unit_tag", FIELD_TECHNICAL },
		{ "_wpnonce", FIELD_TECHNICAL },
		{ "g-recaptcha-response", FIELD_TECHNICAL },
		{ "password", FIELD_SECRET }, { "X-Api-Key", FIELD_SECRET },
		{ "Пароль", FIELD_SECRET }, { "PHPSESSION", FIELD_SECRET },
		{ "access_token", FIELD_SECRET }, { "cvv", FIELD_SECRET },
		{ "Размер", FIELD_OTHER }, { "phonebook", FIELD_OTHER },
		{ "", FIELD_OTHER }, { "_", FIELD_TECHNICAL },
		{ "\xff", FIELD_OTHER }, { "2", FIELD_OTHER } };

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		if (field_find(samples[i].name) != samples[i].field)
			fail_msg("\"%s\" is %d", samples[i].name,
			    field_find(samples[i].name));
}

static void
a_form_is_read(void **state)
{
	(void)state;
	read_good(FORM "; charset=UTF-8",
	    "your-name=%D0%90%D0%BD%D0%BD%D0%B0+B&your-phone=8+999+123-45-67&"
	    "your-email=a%40b.cc&your-message=two%0D%0Alines&Size=42&"
	    "utm_source=ads&utm_medium=cpc&gclid=G1&page=https%3A%2F%2Fx.yy&"
	    "ip=1.2.3.4&consent=on&price=500&tags=a%2C+b&empty=&noequal&=x");
	assert_string_equal(lead.name, "Анна B");
	assert_string_equal(lead.phone, "8 999 123-45-67");
	assert_string_equal(lead.email, "a@b.cc");
	assert_string_equal(lead.source, "form");
	assert_null(lead.key);
	assert_string_equal(detail("note", NULL), "two\nlines\n\nSize: 42");
	assert_string_equal(detail("utm", "utm_source"), "ads");
	assert_string_equal(detail("utm", "gclid"), "G1");
	assert_string_equal(detail("page", NULL), "https://x.yy");
	assert_string_equal(detail("ip", NULL), "1.2.3.4");
	assert_string_equal(detail("consent", NULL), "on");
	assert_int_equal(json_get_int(lead.details, "price", 0), 500);
	assert_int_equal(json_array_size(
			     json_object_get(lead.details, "tags")),
	    2);
}

static void
broken_escapes_stay_text(void **state)
{
	(void)state;
	read_good(FORM, "name=100%&phone=%zz1&comment=%4");
	assert_string_equal(lead.name, "100%");
	assert_string_equal(lead.phone, "%zz1");
	assert_string_equal(detail("note", NULL), "%4");
}

static void
multipart_is_read(void **state)
{
	static const char body[] =
	    "preamble\r\n--XX\r\nContent-Disposition: form-data; "
	    "name=\"your-name\"\r\n\r\nAnn\r\n--XX\r\n"
	    "Content-Type: text/plain\r\ncontent-disposition: form-data; "
	    "name=\"phone\"\r\n\r\n89991234567\r\n--XX\r\n"
	    "Content-Disposition: form-data; name=\"cv\"; "
	    "filename=\"cv.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
	    "%PDF-\r\n--XX\r\nContent-Disposition: form-data; name=\"none\"; "
	    "filename=\"\"\r\n\r\n\r\n--XX--\r\n";

	(void)state;
	read_good("multipart/form-data; boundary=XX", body);
	assert_string_equal(lead.name, "Ann");
	assert_string_equal(lead.phone, "89991234567");
	assert_string_equal(detail("note", NULL),
	    "file: cv.pdf (a file of 5 bytes, not kept)");
	read_good("multipart/form-data; charset=x; boundary=\"XX\"", body);
	read_bad("multipart/form-data", body, EXIT_INPUT);
	read_bad("multipart/form-data; boundary=YY", body, EXIT_INPUT);
	read_bad("multipart/form-data; boundary=", body, EXIT_INPUT);
	/* Cut off anywhere: refused, or what was whole by then. */
	for (size_t len = 0; len < sizeof(body) - 1; len++)
		if (read_bytes("multipart/form-data; boundary=XX", body,
			len) == OUT_OK)
			assert_string_equal(lead.name, "Ann");
}

static void
tilda_is_read(void **state)
{
	(void)state;
	read_good(FORM, "test=test");
	assert_true(intake.test);
	assert_false(intake.filled);
	read_good(FORM,
	    "Name=Ann&Phone=%2B7+999+123-45-67&tranid=467251%3A8442970&"
	    "formid=form123&formname=Order&COOKIES=PHPSESSID%3Dhush%3B+"
	    "TILDAUTM%3Dutm_source%253Dyandex%257C%257C%257Cutm_campaign"
	    "%253D%2525D0%2525B9%257C%257C%257C%3B+_ym_uid%3D17%3B+"
	    "other%3Dhush");
	assert_string_equal(lead.source, "tilda");
	assert_string_equal(lead.transaction, "467251:8442970");
	assert_non_null(strstr(lead.key, "tilda:467251:8442970:"));
	assert_string_equal(detail("utm", "utm_source"), "yandex");
	assert_string_equal(detail("utm", "utm_campaign"), "й");
	assert_string_equal(detail("utm", "_ym_uid"), "17");
	assert_null(strstr(lead.raw, "hush"));
	assert_non_null(strstr(lead.raw, "\"COOKIES\":\"(not kept)\""));
	/* Cookies that are cut off. */
	read_good(FORM, "Name=A&TILDAUTM=utm_source%3Dx%7C%7C%7Cutm_med");
	assert_string_equal(detail("utm", "utm_source"), "x");
	read_good(FORM, "Name=A&COOKIES=TILDAUTM%3D");
	read_good(FORM, "Name=A&COOKIES=%3B%3B%3D%3B+TILDAUTM");
	assert_null(json_object_get(lead.details, "utm"));
}

/* The form says it best, then the cookie, then the page, then the one before;
 * campaigns are not mixed. */
static void
one_campaign_counts(void **state)
{
	(void)state;
	read_good(FORM,
	    "name=A&utm_source=form&TILDAUTM=utm_source%3Dcookie%7C%7C%7C"
	    "utm_medium%3Dm&page=http%3A%2F%2Fx%2F%3Futm_term%3Dt%26yclid%3D5");
	assert_string_equal(detail("utm", "utm_source"), "form");
	assert_null(detail("utm", "utm_medium"));
	assert_null(detail("utm", "utm_term"));
	assert_string_equal(detail("utm", "yclid"), "5");
	read_good(FORM,
	    "name=A&page=http%3A%2F%2Fx%2F%3Futm_source%3Dpage%23utm_term%3Dx&"
	    "referer=http%3A%2F%2Fy%2F%3Futm_source%3Dref%26utm_medium%3Dm");
	assert_string_equal(detail("utm", "utm_source"), "page");
	assert_null(detail("utm", "utm_medium"));
	assert_null(detail("utm", "utm_term"));
	read_good(FORM,
	    "name=A&tildaspec-referer=http%3A%2F%2Fy%2F%3Fa%26"
	    "utm_source%3Dref%26token%3Dhush");
	assert_string_equal(detail("utm", "utm_source"), "ref");
	assert_null(detail("utm", "token"));
}

static void
json_is_read(void **state)
{
	(void)state;
	read_good("application/json",
	    "\xef\xbb\xbf{\"first_name\":\"Ann\",\"last_name\":\"Lee\","
	    "\"phone\":[\"89991234567\",\"84951234567\"],\"price\":\"700\","
	    "\"telegram_id\":42,\"crm\":\"Kommo\",\"pipeline\":\"Sales\","
	    "\"utm\":{\"utm_source\":\"ads\"},\"agree\":true,\"x\":null,"
	    "\"answers\":{\"a\":[1,2]},\"colors\":[\"red\",\"blue\"],"
	    "\"fields\":{\"City\":\"Omsk\"},\"api_key\":\"hush\","
	    "\"contact\":{\"email\":\"a@b.cc\",\"password\":\"hush\"}}\n");
	assert_string_equal(lead.name, "Ann Lee");
	assert_string_equal(lead.phone, "89991234567");
	assert_string_equal(lead.email, "a@b.cc");
	assert_string_equal(lead.crm, "amocrm");
	assert_int_equal(lead.chat_id, 42);
	assert_int_equal(json_get_int(lead.details, "price", 0), 700);
	assert_string_equal(detail("pipeline", NULL), "Sales");
	assert_string_equal(detail("fields", "City"), "Omsk");
	assert_string_equal(detail("utm", "utm_source"), "ads");
	assert_string_equal(detail("note", NULL),
	    "phone: 84951234567\n\nanswers: {\"a\":[1,2]}\n\n"
	    "colors: red, blue");
	assert_null(strstr(lead.raw, "hush"));
	assert_non_null(strstr(lead.raw, "\"answers\":{\"a\":[1,2]}"));
	read_good(NULL, " [{\"name\":\"Ann\"}] ");
	assert_string_equal(lead.name, "Ann");
	read_good("text/plain;charset=UTF-8", "{\"name\":\"Ann\"}");
	/* A CRM that there is not, a price that is none: told, not obeyed. */
	read_good(NULL,
	    "{\"name\":\"A\",\"crm\":\"other\",\"price\":\"much\"}");
	assert_null(lead.crm);
	assert_string_equal(detail("note", NULL), "crm: other\n\nprice: much");
}

/* "curl -d" says form, whatever it sends. */
static void
another_type_than_it_says(void **state)
{
	(void)state;
	read_good(FORM, "{\"name\":\"Ann\"}");
	assert_string_equal(lead.name, "Ann");
	read_good(FORM, " {\"name\":\"A=B&C=D\",\"phone\":\"+1\"}\r\n");
	assert_string_equal(lead.name, "A=B&C=D");
	assert_null(detail("note", NULL));
	read_good("application/json; charset=utf-8", "name=Ann&city=Omsk");
	assert_string_equal(lead.name, "Ann");
	assert_string_equal(detail("note", NULL), "city: Omsk");
	read_good("multipart/form-data", "{\"name\":\"Ann\"}");
	assert_string_equal(lead.name, "Ann");
	/* What only begins like it stays the form that it says it is. */
	read_good(FORM, "{a=b&name=Ann");
	assert_string_equal(lead.name, "Ann");
}

static void
what_is_no_lead_is_refused(void **state)
{
	(void)state;
	read_bad(NULL, "", EXIT_INPUT);
	read_bad(NULL, "garbage", EXIT_INPUT);
	read_bad(NULL, "{", EXIT_INPUT);
	read_bad(NULL, "[]", EXIT_INPUT);
	read_bad(NULL, "[{},{}]", EXIT_INPUT);
	read_bad(NULL, "{}", EXIT_INPUT);
	read_bad(NULL, "{\"name\":\"\"}", EXIT_INPUT);
	read_bad(NULL, "{\"name\":\" \xc2\xa0 \"}", EXIT_INPUT);
	read_bad(NULL, "{\"utm_source\":\"x\",\"ip\":\"y\"}", EXIT_INPUT);
	read_bad("application/json", "name", EXIT_INPUT);
	read_bad("application/json", "<a href=\"x\">", EXIT_INPUT);
	read_bad(FORM, "{\"name\":\"Ann\"", EXIT_INPUT);
	read_bad(FORM, "{\"name\":\"\"}", EXIT_INPUT);
	read_bad("application/json", "\"name\"", EXIT_INPUT);
	read_bad("application/xml", "<a/>", EXIT_USAGE);
	read_bad(FORM, "utm_source=x", EXIT_INPUT);
	read_good(FORM, "test=toast");
	assert_false(intake.test);
}

/* Whatever file is at hand: a '=' in it makes it no form. */
static void
what_only_has_a_sign_is_no_form(void **state)
{
	static const char elf[] = "\x7f"
				  "ELF\2\1\1\0=name=x&phone=1";

	(void)state;
	read_bad(NULL, "a=b", EXIT_INPUT);
	read_bad(NULL, "status=ok&sum=5&tags=x", EXIT_INPUT);
	read_bad(NULL, "TOKEN=1&password=2", EXIT_INPUT);
	read_bad(NULL, "NAME=host\nTOKEN=1\n", EXIT_INPUT);
	read_bad(NULL, "name=Ann&x=\033[31m", EXIT_INPUT);
	read_bad(NULL, "name=Ann\x7f", EXIT_INPUT);
	assert_int_equal(read_bytes(NULL, elf, sizeof(elf) - 1), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	read_bad(NULL,
	    "--q\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA"
	    "\r\n--q--\r\n",
	    EXIT_INPUT);

	read_good(NULL, "\nname=Ann&Input_2=%2B7\r\n");
	assert_true(intake_is_person(&intake));
	read_good(NULL, "\xc8\xec\xff=\xc0\xed\xed\xe0\n");
	assert_string_equal(lead.name, "Анна");
	read_good(NULL, "telegram_id=5&a=b");
	assert_true(intake_is_person(&intake));
	read_good(NULL, "question=When%3F");
	assert_false(intake_is_person(&intake));
	read_good(NULL, "test=test");
	/* Who says that it is a form is believed. */
	read_good(FORM, "Input_2=Ann");
	read_good("text/plain", "Input_2=Ann\r\nname=Ann");
}

static void
hostile_text_is_text(void **state)
{
	static const char nul[] = "name=A%00B&phone=8999\0001234567";
	char *huge, *deep;

	(void)state;
	read_good(NULL,
	    "{\"name\":\"Robert'); DROP TABLE leads;--\","
	    "\"comment\":\"<script>alert(1)</script>\"}");
	assert_string_equal(lead.name, "Robert'); DROP TABLE leads;--");
	assert_string_equal(detail("note", NULL), "<script>alert(1)</script>");
	read_good(NULL, "{\"name\":\"\\u202eevil 😀\",\"phone\":\"\\u0000\"}");
	assert_string_equal(lead.name,
	    "\xe2\x80\xae"
	    "evil 😀");
	read_good(NULL, "{\"name\":\"lone \\ud800\"}");
	assert_string_equal(lead.name, "lone \xef\xbf\xbd");
	read_good(NULL, "{\"name\":\"a\",\"name\":\"b\"}");
	assert_string_equal(lead.name, "b");
	read_good(FORM, "name=a&name=b&name=a");
	assert_string_equal(lead.name, "a");
	assert_string_equal(detail("note", NULL), "name: b");
	assert_non_null(strstr(lead.raw, "[\"a\",\"b\",\"a\"]"));
	assert_int_equal(read_bytes(FORM, nul, sizeof(nul) - 1), OUT_OK);
	assert_string_equal(lead.name, "AB");
	assert_string_equal(lead.phone, "89991234567");
	read_good(FORM, "name=%F0%9F%98%80%C3%28");
	assert_string_equal(lead.name, "😀\xef\xbf\xbd(");
	/* Escape sequences do not reach a terminal. */
	read_good(FORM, "name=%1B%5D0%3Bx%07A");
	assert_string_equal(lead.name, "]0;xA");

	huge = mem_printf("name=%0100000d&phone=%01000d&comment=%0900000d", 7,
	    8, 9);
	read_good(FORM, huge);
	free(huge);
	assert_in_range(strlen(lead.name), 250, 260);
	assert_in_range(strlen(lead.phone), 250, 260);
	assert_in_range(strlen(detail("note", NULL)), 65000, 65536);
	assert_non_null(strstr(detail("note", NULL), "900000 bytes came"));
	assert_true(strlen(lead.raw) > 1000000);

	deep = mem_alloc(5000);
	strcpy(deep, "{\"name\":\"A\",\"x\":");
	memset(deep + strlen(deep), '[', 1500);
	memset(deep + strlen(deep), ']', 1500);
	strcat(deep, "}");
	read_good(NULL, deep);
	assert_string_equal(lead.name, "A");
	memset(deep, '[', 4999);
	assert_int_equal(read_bytes(NULL, deep, 4999), OUT_NEVER);
	free(deep);
}

static void
fields_have_an_end(void **state)
{
	char *many = mem_alloc(INTAKE_MAX), *at = many;

	(void)state;
	at = stpcpy(at, "name=Ann");
	while (at < many + INTAKE_MAX - 100)
		at = stpcpy(at, "&q=a&w=b");
	read_good(FORM, many);
	free(many);
	assert_string_equal(lead.name, "Ann");
	assert_in_range(strlen(lead.raw), 1000, 10000);
}

static void
old_encodings_are_read(void **state)
{
	(void)state;
	/* Анна, "Ёлка – №1" in windows-1251 */
	read_good(FORM, "name=%C0%ED%ED%E0&comment=%A8%EB%EA%E0+%96+%B91");
	assert_string_equal(lead.name, "Анна");
	assert_string_equal(detail("note", NULL), "Ёлка – №1");
	assert_true(intake.converted);
	read_good(NULL, "{\"name\":\"\xc0\xed\xed\xe0\"}");
	assert_string_equal(lead.name, "Анна");
	read_good(FORM, "name=%D0%90%D0%BD%D0%BD%D0%B0");
	assert_false(intake.converted);
}

static void
a_key_is_of_a_person(void **state)
{
	char *first, *second;

	(void)state;
	read_good(FORM, "tranid=1&phone=89991234567");
	first = mem_dup(lead.key);
	read_good(FORM, "phone=89991234567&tranid=1&utm_source=x");
	assert_string_equal(lead.key, first);
	read_good(FORM, "tranid=1&phone=89991234568");
	second = mem_dup(lead.key);
	assert_string_not_equal(first, second);
	free(first);
	free(second);
}

static void
records_are_split(void **state)
{
	static const struct {
		const char *text;
		char delimiter;
		const char *fields[5];
	} samples[] = { { "a,b,c", ',', { "a", "b", "c" } },
		{ "", ',', { "" } }, { ",", ',', { "", "" } },
		{ "a;\"b;c\";d", ';', { "a", "b;c", "d" } },
		{ "\"a\"\"b\",c", ',', { "a\"b", "c" } },
		{ "5\" pipe,x", ',', { "5\" pipe", "x" } },
		{ "\"a\nb\"\tc", '\t', { "a\nb", "c" } },
		{ "\"a\"b,c", ',', { "ab", "c" } },
		{ "\"\",\"\"\"\"", ',', { "", "\"" } } };
	char text[64], *fields[5];
	size_t count;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		strcpy(text, samples[i].text);
		assert_true(csv_is_whole(text, samples[i].delimiter));
		count = csv_split(text, samples[i].delimiter, fields, 5);
		for (size_t j = 0; j < count; j++)
			assert_string_equal(fields[j], samples[i].fields[j]);
		assert_true(count == 5 || samples[i].fields[count] == NULL);
	}
	assert_false(csv_is_whole("\"a", ','));
	assert_false(csv_is_whole("a,\"b\"\"", ','));
	assert_true(csv_is_whole("a\"", ','));
	strcpy(text, "1,2,3,4,5,6,7");
	assert_int_equal(csv_split(text, ',', fields, 5), 7);
	assert_string_equal(fields[4], "5");
	assert_int_equal(csv_delimiter("name;phone,home;email"), ';');
	assert_int_equal(csv_delimiter("name,phone"), ',');
	assert_int_equal(csv_delimiter("name\tphone"), '\t');
	assert_int_equal(csv_delimiter("\"a;b;c\",phone"), ',');
	assert_int_equal(csv_delimiter("phone"), ',');
}

/* Reads all of TEXT as a table; what came of each record, as a text. */
static const char *
table_of(enum table_kind kind, const char *text, size_t len)
{
	static char result[2048];
	struct table table;
	enum table_next next;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, len), len);
	close(ends[1]);
	table_open(&table, kind, ends[0]);
	*result = '\0';
	do {
		size_t used = strlen(result);

		intake_release(&intake);
		intake_init(&intake);
		next = table_next(&table, true, -1, &intake, &fault);
		if (next == TABLE_LEAD)
			snprintf(result + used, sizeof(result) - used,
			    "%lld:%s,%s;", (long long)table.line,
			    intake.name ? intake.name : "-",
			    intake.phone ? intake.phone : "-");
		else if (next == TABLE_BAD)
			snprintf(result + used, sizeof(result) - used,
			    "%lld:bad;", (long long)table.line);
		else if (next == TABLE_REFUSED)
			snprintf(result + used, sizeof(result) - used,
			    "refused;");
	} while (next == TABLE_LEAD || next == TABLE_BAD);
	table_close(&table);
	close(ends[0]);
	return result;
}

#define TABLE(kind, text) table_of(kind, text, sizeof(text) - 1)

static void
tables_are_read(void **state)
{
	(void)state;
	assert_string_equal(TABLE(TABLE_CSV,
				"\xef\xbb\xbf"
				"Имя;Телефон;Город\r\nАнна;1;x\r\n\r\n;;\r\n"
				"\"a\nb\";2;\r\nmany;3;4;5\r\nlast;6"),
	    "2:Анна,1;5:a b,2;7:bad;8:last,6;");
	assert_string_equal(TABLE(TABLE_CSV, "sep=,\nname,phone\nAnn,1\n"),
	    "3:Ann,1;");
	assert_string_equal(TABLE(TABLE_CSV, "phone\tname\n1\tAnn\n\tBob"),
	    "2:Ann,1;3:Bob,-;");
	/* In windows-1251. */
	assert_string_equal(TABLE(TABLE_CSV,
				"\xc8\xec\xff;phone\n\xc0\xed\xed\xe0;1\n"),
	    "2:Анна,1;");
	assert_true(intake.name == NULL);
	assert_string_equal(TABLE(TABLE_CSV, "a,b\n1,2\n"), "refused;");
	assert_string_equal(TABLE(TABLE_CSV, ""), "refused;");
	assert_string_equal(TABLE(TABLE_CSV, "\xff\xfen\0a\0"), "refused;");
	assert_string_equal(TABLE(TABLE_CSV,
				"name,phone\nAnn,1\nBob,\"2\nCid,3\n"),
	    "2:Ann,1;3:bad;");
	assert_string_equal(TABLE(TABLE_CSV, "name,utm_source\n,x\nA\0B,\n"),
	    "2:bad;3:A B,-;");
	assert_string_equal(
	    TABLE(TABLE_NDJSON,
		"\xef\xbb\xbf{\"name\":\"Ann\",\"phone\":1}\n\n  \nnonsense\n"
		"{\"phone\":\"2\"}\n{}\n[]\n{\"name\":\"last\"}"),
	    "1:Ann,1;4:bad;5:-,2;6:bad;7:bad;8:last,-;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_understood),
		cmocka_unit_test(a_form_is_read),
		cmocka_unit_test(broken_escapes_stay_text),
		cmocka_unit_test(multipart_is_read),
		cmocka_unit_test(tilda_is_read),
		cmocka_unit_test(one_campaign_counts),
		cmocka_unit_test(json_is_read),
		cmocka_unit_test(another_type_than_it_says),
		cmocka_unit_test(what_is_no_lead_is_refused),
		cmocka_unit_test(what_only_has_a_sign_is_no_form),
		cmocka_unit_test(hostile_text_is_text),
		cmocka_unit_test(fields_have_an_end),
		cmocka_unit_test(old_encodings_are_read),
		cmocka_unit_test(a_key_is_of_a_person),
		cmocka_unit_test(records_are_split),
		cmocka_unit_test(tables_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
