/* SPDX-License-Identifier: MIT */
/* needs: base net store shared telegram crm bot ops */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/visitor.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where a form that says NEXT leads somebody who comes from ORIGIN. */
static char *
next_of(const char *origin, const char *next)
{
	struct intake intake;
	char *place;

	if (origin != NULL)
		setenv("HTTP_ORIGIN", origin, 1);
	else
		unsetenv("HTTP_ORIGIN");
	intake_init(&intake);
	if (next != NULL)
		intake_put(&intake, "_next", next, strlen(next));
	place = visitor_next(&intake);
	intake_release(&intake);
	return place;
}

static void
a_path_is_followed(void **state)
{
	static const struct {
		const char *origin, *next, *place;
	} cases[] = {
		{ NULL, "/thanks.html", "/thanks.html" },
		{ NULL, "/", "/" },
		{ NULL, "/a//b?c=d&e=%2F#f", "/a//b?c=d&e=%2F#f" },
		{ "https://shop.example", "/a", "https://shop.example/a" },
		{ "http://127.0.0.1:8080", "/a", "http://127.0.0.1:8080/a" },
		{ "null", "/a", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *place = next_of(cases[i].origin, cases[i].next);

		assert_non_null(place);
		assert_string_equal(place, cases[i].place);
		free(place);
	}
}

static void
nothing_leads_elsewhere(void **state)
{
	static const char *const paths[] = { "", "a", "//evil.example",
		"/\\evil.example", "\\\\evil.example", "/\t/evil.example",
		"https://evil.example", "javascript:alert(1)", "/a b", "/a\\b",
		"/\xd0\xb0" };
	static const char *const origins[] = { "https://", "https://a@b",
		"https://a/b", "https://a?b", "https://a:b",
		"https://a:123456", "ftp://a", "javascript://a",
		"https://a\r\nSet-Cookie: b=c", "https://a b", "//a", "" };
	char large[1200];

	(void)state;
	assert_null(next_of(NULL, NULL));
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_null(next_of("https://shop.example", paths[i]));
	memset(large, 'a', sizeof(large));
	large[0] = '/';
	large[sizeof(large) - 1] = '\0';
	assert_null(next_of(NULL, large));
	for (size_t i = 0; i < COUNT(origins); i++) {
		char *place = next_of(origins[i], "/a");

		assert_string_equal(place, "/a");
		free(place);
	}
}

/* It may be a person's browser that filled it in: nothing is lost. */
static void
what_nobody_sees_marks_who_fills_it_in(void **state)
{
	static const struct {
		const char *name, *value;
		bool marked;
	} cases[] = {
		{ "_gotcha", "", false },
		{ "_gotcha", "x", true },
		{ "_honey", "x", true },
		{ "_other", "x", false },
	};
	struct intake intake;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		intake_init(&intake);
		intake_put(&intake, "name", "Anna", 4);
		intake_put(&intake, "tags", "vip", 3);
		intake_put(&intake, cases[i].name, cases[i].value,
		    strlen(cases[i].value));
		visitor_put(&intake);
		const json_t *tags = json_object_get(intake.details, "tags");
		assert_int_equal(json_array_size(tags),
		    cases[i].marked ? 2 : 1);
		assert_string_equal(json_string_value(json_array_get(tags, 0)),
		    cases[i].marked ? "spam?" : "vip");
		assert_int_equal(cases[i].marked,
		    json_object_get(intake.details, "note") != NULL);
		assert_string_equal(intake.name, "Anna");
		intake_release(&intake);
	}
}

/* Whether the answer to a browser (ACCEPT) has all of WANTED. */
static void
answers(int status, const char *accept, const char *text, const char *next,
    const char *const wanted[])
{
	struct buf out = BUF_INIT(1 << 16);

	setenv("HTTP_ACCEPT", accept, 1);
	visitor_answer(&out, status, text, next);
	assert_false(out.overflow);
	assert_non_null(strstr(out.data, "\r\n\r\n"));
	for (; *wanted != NULL; wanted++)
		if (strstr(out.data, *wanted) == NULL)
			fail_msg("no '%s' in: %s", *wanted, out.data);
	buf_release(&out);
}

static void
a_browser_gets_a_page(void **state)
{
	static const char html[] = "text/html,*/*;q=0.8";

	(void)state;
	setenv("HTTP_REFERER", "https://a.example/?b=\"><script>", 1);
	setenv("HTTP_ACCEPT_LANGUAGE", "en", 1);
	answers(200, "*/*", "ok", "/next",
	    (const char *[]){ "Status: 200 OK\r\n",
		"Content-Type: text/plain;", "\r\n\r\nok\n", NULL });
	answers(200, html, "ok", "/next",
	    (const char *[]){ "Status: 303 See Other\r\n",
		"\r\nLocation: /next\r\n", NULL });
	answers(200, html, "ok", NULL,
	    (const char *[]){ "Status: 200 OK\r\n", "<h1>Thank you!</h1>",
		"<a href=\"https://a.example/?b=&quot;&gt;&lt;script&gt;\">",
		NULL });
	answers(400, html, "<b>", "/next",
	    (const char *[]){ "Status: 400 ", "Not sent yet",
		"<small>&lt;b&gt;</small>", NULL });
	answers(503, html, "x", NULL,
	    (const char *[]){ "Status: 503 ", "\r\nRetry-After: 60\r\n",
		"in a minute", NULL });
	answers(405, html, "x", NULL,
	    (const char *[]){ "Status: 405 ", "\r\nAllow: POST, OPTIONS\r\n",
		NULL });
	setenv("HTTP_REFERER", "javascript:alert(1)", 1);
	setenv("HTTP_ACCEPT_LANGUAGE", "ru-RU,ru;q=0.9,en;q=0.8", 1);
	answers(200, html, "ok", NULL,
	    (const char *[]){ "<html lang=\"ru\">", "<h1>Спасибо!</h1>\n",
		"с вами.</p>\n</main>", NULL });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_followed),
		cmocka_unit_test(nothing_leads_elsewhere),
		cmocka_unit_test(what_nobody_sees_marks_who_fills_it_in),
		cmocka_unit_test(a_browser_gets_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
