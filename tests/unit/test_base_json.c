/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"

static struct json_slice
slice(const char *text)
{
	return (struct json_slice){ text, strlen(text) };
}

static void
assert_member(const char *text, const char *key, const char *expected)
{
	struct json_slice value;
	bool found = json_member(slice(text), key, &value);

	if (expected == NULL) {
		assert_false(found);
		return;
	}
	assert_true(found);
	assert_int_equal(value.len, strlen(expected));
	assert_memory_equal(value.at, expected, value.len);
}

static void
members(void **state)
{
	(void)state;
	assert_member("{\"ok\":true,\"result\":[1,{\"x\":2}]}", "result",
	    "[1,{\"x\":2}]");
	assert_member(" {\n\"a\" : -1.5e3 , \"b\":\"x\"}\n", "a", "-1.5e3");
	assert_member("{\"a\":{\"b\":1},\"b\":2}", "b", "2");
	assert_member("{\"a\":\"}\\\"]\",\"b\":null}", "b", "null");
	assert_member("{\"a\\\\\":1,\"a\":2}", "a", "2");
	/* Keys may be escaped, too. */
	assert_member("{\"\\u006f\\u006b\":1}", "ok", "1");
	assert_member("{}", "a", NULL);
	assert_member("[\"a\",1]", "a", NULL);
	assert_member("", "a", NULL);
	assert_member("<html>", "a", NULL);
	assert_member("{\"ab\":1}", "a", NULL);
	/* As jansson does: the last of several counts. */
	assert_member("{\"a\":1,\"a\":2}", "a", "2");
}

static void
cut_off_members(void **state)
{
	(void)state;
	/* What came of an answer that was cut off is still of use. */
	assert_member("{\"ok\":true,\"result\":[{\"a\":1},{\"b\":", "result",
	    "[{\"a\":1},{\"b\":");
	assert_member("{\"ok\":true,\"res", "ok", "true");
	assert_member("{\"ok\":", "ok", NULL);
	assert_member("{\"ok\"", "ok", NULL);
	assert_member("{\"a\":\"x\\", "b", NULL);
}

/* The elements of TEXT joined by "|", and "!" when it is broken. */
static void
assert_elements(const char *text, const char *expected)
{
	struct json_slice element;
	size_t pos = 0;
	char out[256] = "";
	bool broken = false;

	while (json_element(slice(text), &pos, &element, &broken)) {
		strncat(out, element.at, element.len);
		strcat(out, "|");
	}
	if (broken)
		strcat(out, "!");
	assert_string_equal(out, expected);
}

static void
elements(void **state)
{
	size_t pos = 0;
	struct json_slice element;

	(void)state;
	assert_elements("[]", "");
	assert_elements(" [ ] ", "");
	assert_elements("[1, {\"a\":[2,3]} ,\"x,]\"]",
	    "1|{\"a\":[2,3]}|\"x,]\"|");
	assert_elements("[{\"a\":1},{\"b\":2", "{\"a\":1}|!");
	assert_elements("[{\"a\":1}", "!");
	assert_elements("[{\"a\":1} ,", "{\"a\":1}|!");
	assert_elements("[12", "!");
	assert_elements("[1,]", "1|!");
	assert_elements("[,1]", "!");
	assert_elements("[1 2]", "1|!");
	assert_elements("[1]x", "1|!");
	assert_elements("{\"a\":1}", "!");
	assert_elements("", "!");
	assert_false(json_element(slice("[]"), &pos, &element, NULL));
}

static void
numbers(void **state)
{
	static const char *const wrong[] = { "", "-", "1.0", "1e3", "01",
		"-01", "+1", "9223372036854775808", "-9223372036854775809",
		"\"1\"", "1 2", "null", "99999999999999999999999" };
	int64_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(json_int(slice(wrong[i]), &value));
	assert_int_equal(value, 42);
	assert_true(json_int(slice(" -9223372036854775808\n"), &value));
	assert_true(value == INT64_MIN);
	assert_true(json_int(slice("9223372036854775807"), &value));
	assert_true(value == INT64_MAX);
	assert_true(json_int(slice("-0"), &value));
	assert_int_equal(value, 0);
}

static void
assert_mended(const char *text, size_t len, const char *expected)
{
	json_error_t error;
	json_t *json = json_parse((struct json_slice){ text, len }, &error);

	assert_non_null(json);
	assert_string_equal(json_string_value(json_array_get(json, 0)),
	    expected);
	json_decref(json);
}

#define MENDED(text, expected) assert_mended(text, sizeof(text) - 1, expected)
#define FFFD "\xef\xbf\xbd"

static void
broken_characters_are_mended(void **state)
{
	(void)state;
	MENDED("[\"\\ud83d\\ude00\"]", "\xf0\x9f\x98\x80");
	MENDED("[\"a\\ud83d b\"]", "a" FFFD " b");
	MENDED("[\"\\ude00\\ud83d\"]", FFFD FFFD);
	MENDED("[\"\\ud83d\\ud83d\\ude00\"]", FFFD "\xf0\x9f\x98\x80");
	MENDED("[\"\\uD800\"]", FFFD);
	MENDED("[\"x\\u0000y\"]", "x" FFFD "y");
	MENDED("[\"x\0y\"]", "x" FFFD "y");
	MENDED("[\"\xff\xd0\xbf\xd0\"]", FFFD "\xd0\xbf" FFFD);
	MENDED("[\"\xed\xa0\x80\"]", FFFD FFFD FFFD);
	MENDED("[\"\xe2\x82\"]", FFFD FFFD);
	MENDED("[\"tab\there\x01\"]", "tab\there\x01");
	/* An escaped backslash before a u is no escape of ours. */
	MENDED("[\"\\\\ud83d \\u0000\"]", "\\ud83d " FFFD);
	MENDED("[\"\\\"\\ud83d\"]", "\"" FFFD);
}

static void
no_json_is_refused(void **state)
{
	static const char *const wrong[] = { "", "{", "{\"a\":}",
		"[\"\\u12\"]", "[\"\\", "[\"\\ud83d", "[\"\\x\"]",
		"{\"a\":1}}", "<html>", "[1e999]" };
	json_error_t error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error.text[0] = '\0';
		assert_null(json_parse(slice(wrong[i]), &error));
		assert_true(error.text[0] != '\0');
	}
	assert_null(
	    json_parse(slice("{\"name\": \"Anna\" \"Kern\"}"), &error));
	assert_string_equal(error.text, "'}' expected");
}

static void
doubled_keys_are_accepted(void **state)
{
	json_error_t error;
	json_t *json = json_parse(slice("{\"a\":1,\"a\":2}"), &error);

	(void)state;
	assert_int_equal(json_get_int(json, "a", 0), 2);
	json_decref(json);
}

static void
members_of_the_wrong_type(void **state)
{
	json_error_t error;
	json_t *json = json_parse(slice("{\"t\":\"x\",\"n\":7,\"b\":true,"
					"\"r\":1.5,\"z\":null}"),
	    &error);
	char *text;

	(void)state;
	assert_string_equal(json_get_text(json, "t"), "x");
	assert_null(json_get_text(json, "n"));
	assert_null(json_get_text(json, "none"));
	assert_null(json_get_text(NULL, "t"));
	assert_int_equal(json_get_int(json, "n", -1), 7);
	assert_int_equal(json_get_int(json, "t", -1), -1);
	assert_int_equal(json_get_int(json, "r", -1), -1);
	assert_true(json_get_bool(json, "b", false));
	assert_true(json_get_bool(json, "n", true));
	assert_false(json_get_bool(json, "z", false));
	text = json_text(json);
	assert_string_equal(text,
	    "{\"t\":\"x\",\"n\":7,\"b\":true,\"r\":1.5,"
	    "\"z\":null}");
	free(text);
	json_decref(json);
}

/* Hostile sizes: deep nesting, many quotes, 4 MiB; each must be linear. */
static void
large_inputs(void **state)
{
	const size_t size = 4 * 1024 * 1024;
	char *text = malloc(size + 16);
	struct json_slice value, whole;
	size_t pos = 0, count = 0, at;
	int64_t start = clock_mono_ms();
	bool broken;

	(void)state;
	/* {"a":[[[[... never closed */
	memset(text, '[', size);
	memcpy(text, "{\"a\":", 5);
	whole = (struct json_slice){ text, size };
	assert_true(json_member(whole, "a", &value));
	assert_false(json_element(value, &pos, &value, &broken));
	assert_true(broken);
	/* one string of backslashes */
	memset(text, '\\', size);
	memcpy(text, "[\"", 2);
	memcpy(text + size, "\"]", 2);
	pos = 0;
	whole.len = size + 2;
	assert_true(json_element(whole, &pos, &value, &broken));
	assert_int_equal(value.len, size);
	/* [0,0,0,...] */
	for (at = 0; at < size; at += 2)
		memcpy(text + at, ",0", 2);
	text[0] = '[';
	text[size] = ']';
	whole.len = size + 1;
	pos = 0;
	while (json_element(whole, &pos, &value, &broken))
		count++;
	assert_false(broken);
	assert_int_equal(count, size / 2);
	/* Quadratic would be hours. */
	assert_true(clock_mono_ms() - start < 20000);
	free(text);
}

static void
long_texts_are_mended(void **state)
{
	const size_t size = 512 * 1024;
	char *text = malloc(size + 8);
	json_error_t error;
	json_t *json;

	(void)state;
	memset(text, 1, size);
	memcpy(text, "[\"\xff", 3);
	memcpy(text + size, "\"]", 2);
	json = json_parse((struct json_slice){ text, size + 2 }, &error);
	assert_non_null(json);
	/* FFFD takes two bytes more than what it replaces. */
	assert_int_equal(json_string_length(json_array_get(json, 0)),
	    size - 2 + 2);
	json_decref(json);
	/* Deeper than jansson goes: refused, no crash. */
	memset(text, '[', size);
	assert_null(json_parse((struct json_slice){ text, size }, &error));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(cut_off_members),
		cmocka_unit_test(elements),
		cmocka_unit_test(numbers),
		cmocka_unit_test(broken_characters_are_mended),
		cmocka_unit_test(no_json_is_refused),
		cmocka_unit_test(doubled_keys_are_accepted),
		cmocka_unit_test(members_of_the_wrong_type),
		cmocka_unit_test(large_inputs),
		cmocka_unit_test(long_texts_are_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
