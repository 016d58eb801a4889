/* SPDX-License-Identifier: MIT */
/* needs: base */
/* Our quick reader and writer of JSON against jansson, which is the judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_read.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* What an update may look like, and what it may not. */
static const char *const texts[] = {
	"{}", "[]", " { } ", "[ ]", "null", "true", "false", "0", "-0", "-7",
	"9223372036854775807", "-9223372036854775808", "\"\"", "\"a\"",
	"{\"a\":1,\"b\":[true,false,null,\"x\",{\"c\":{}}]}",
	"{\"update_id\" : 7 ,\n\t\"message\":{\"text\":\"Привет 🙂\"}}",
	"{\"a\":1,\"a\":{\"b\":2}}", "{\"\":0}", "\"a\\u0041\\n\"", "1.5",
	"1e3", "-1.0E-2", "9223372036854775808", "01", "-", "--1", "1-2", "+1",
	"1.", "tru", "truex", "nul", "[1,]", "[,1]", "[1 2]", "{\"a\":}",
	"{\"a\"}", "{\"a\":1,}", "{a:1}", "{\"a\":1", "[1", "\"a", "\"\x01\"",
	"\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "{\"\xff\":1}", "{} {}",
	"[]]", "", "  ", "\"a\" b", "\"\x7f\"", "\"/\"", "[[[[[[[[1]]]]]]]]",
};

static void
reads_what_jansson_reads(void **state)
{
	size_t quick = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_auto_t *mine = json_read((struct json_slice){ texts[i],
		    strlen(texts[i]) });
		json_auto_t *judge =
		    json_loads(texts[i], JSON_DECODE_ANY, NULL);
		if (mine == NULL)
			continue;
		quick++;
		assert_non_null(judge);
		char *a = json_dumps(mine, JSON_ENCODE_ANY);
		char *b = json_dumps(judge, JSON_ENCODE_ANY);
		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	/* Falling back to jansson for everything would be no use. */
	assert_true(quick >= 20);
}

static void
reads_no_more_than_it_was_given(void **state)
{
	static const char text[] = "{\"a\":[1,true,\"x\"]}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		char *piece = malloc(len + 1);
		memcpy(piece, text, len);
		assert_null(json_read((struct json_slice){ piece, len }));
		free(piece);
	}
}

static void
depth_is_left_to_jansson(void **state)
{
	char text[4000];

	(void)state;
	memset(text, '[', sizeof text);
	assert_null(json_read((struct json_slice){ text, sizeof text }));
}

static void
same(const json_t *value)
{
	char *mine = json_text(value);
	char *judge = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(judge, mine);
	free(mine);
	free(judge);
}

static void
writes_what_jansson_writes(void **state)
{
	char all[128] = "";
	json_auto_t *real = json_real(0.1), *large = json_real(1e300);
	json_auto_t *nul = json_stringn("a\0b", 3);

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_auto_t *value =
		    json_loads(texts[i], JSON_DECODE_ANY, NULL);
		if (value != NULL)
			same(value);
	}
	for (int c = 1; c < 128; c++)
		all[c - 1] = (char)c;
	json_auto_t *text = json_string(all);
	json_auto_t *both = json_pack("{s:O, s:[O, O, O]}", all, text, "list",
	    real, large, nul);
	same(both);
	same(real);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_jansson_reads),
		cmocka_unit_test(reads_no_more_than_it_was_given),
		cmocka_unit_test(depth_is_left_to_jansson),
		cmocka_unit_test(writes_what_jansson_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
