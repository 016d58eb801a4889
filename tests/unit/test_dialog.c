/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * Dialogs of other programs in a real Redis: each form is read, changed and
 * left as it was found, and what cannot be read is not written.
 */
#include <jansson.h>

#include "redis_case.h"
#include "shared/dialog.h"

static struct dialog_options options;
static struct dialog dialog;
static struct fault fault;

static void
read_options(const char *key, const char *ttl)
{
	struct config *config = NULL;

	setenv("LEADPIPE_DIALOGS", "both", 1);
	setenv("LEADPIPE_DIALOG_KEY", key, 1);
	if (ttl != NULL)
		setenv("LEADPIPE_DIALOG_TTL", ttl, 1);
	if (config_open(&config, "/dev/null", &fault) != OUT_OK ||
	    dialog_options_read(config, 4242, &options, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	config_close(config);
	unsetenv("LEADPIPE_DIALOGS");
	unsetenv("LEADPIPE_DIALOG_KEY");
	unsetenv("LEADPIPE_DIALOG_TTL");
}

static int
with_redis(void **state)
{
	(void)state;
	redis_afresh(NULL);
	read_options("user:state:{user}", NULL);
	return 0;
}

static int
without_redis(void **state)
{
	(void)state;
	dialog_release(&dialog);
	dialog_options_release(&options);
	redis_close(redis);
	return 0;
}

#define WITH_REDIS(test) \
	cmocka_unit_test_setup_teardown(test, with_redis, without_redis)

static int
with_aiogram(void **state)
{
	with_redis(state);
	dialog_options_release(&options);
	read_options("fsm:{chat}:{user}:state", NULL);
	return 0;
}

#define WITH_AIOGRAM(test) \
	cmocka_unit_test_setup_teardown(test, with_aiogram, without_redis)

static void
look(void)
{
	dialog_release(&dialog);
	dialog = (struct dialog){ .chat_id = 7 };
	if (dialog_read(redis, &options, &dialog, 1, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
}

/* Makes it say STATE and VARS; whether it was written. */
static bool
tell(const char *state, const char *vars)
{
	json_auto_t *object = json_loads(vars, 0, NULL);
	bool written = false;

	assert_true(dialog_change(&dialog, &options, state, object));
	if (dialog_write(redis, &options, &dialog, 1, &written, &fault) !=
	    OUT_OK)
		fail_msg("%s", fault.text);
	return written;
}

/* What was written is read as the same. */
static void
is_agreed(void)
{
	char digest[DIALOG_DIGEST_SIZE];

	memcpy(digest, dialog.digest, sizeof(digest));
	look();
	assert_string_equal(digest, dialog.digest);
}

static long
life(const char *key)
{
	return strtol(theirs("PTTL %s", key), NULL, 10);
}

static void
is_data(const char *expected)
{
	json_auto_t *wanted = json_loads(expected, 0, NULL);

	assert_true(json_equal(wanted, dialog.data));
}

static void
a_new_one_is_a_hash_that_ends(void **state)
{
	(void)state;
	look();
	assert_int_equal(DIALOG_NONE, dialog.form);
	assert_null(dialog.state);
	assert_true(tell("hello", "{\"n\":3,\"name\":\"Ann\",\"b\":true}"));
	assert_string_equal("hash", theirs("TYPE user:state:7"));
	assert_string_equal("3", theirs("HGET user:state:7 n"));
	assert_string_equal("Ann", theirs("HGET user:state:7 name"));
	assert_true(life("user:state:7") > 3500000);
	is_agreed();
	assert_string_equal("hello", dialog.state);
}

static void
a_hash_keeps_what_is_not_ours(void **state)
{
	(void)state;
	theirs("HSET user:state:7 state old x %b bad %b n 1", "a\0b",
	    (size_t)3, "\xff\xfe", (size_t)2);
	look();
	assert_string_equal("old", dialog.state);
	is_data("{\"n\":\"1\"}");
	assert_true(tell("new", "{\"n\":2}"));
	assert_string_equal("3", theirs("HSTRLEN user:state:7 x"));
	assert_string_equal("2", theirs("HSTRLEN user:state:7 bad"));
	assert_string_equal("2", theirs("HGET user:state:7 n"));
	assert_int_equal(-1, life("user:state:7"));
	is_agreed();
}

static void
data_in_a_hash_is_text(void **state)
{
	(void)state;
	theirs("HSET user:state:7 state old data %s", "{\"a\":[1],\"n\":1}");
	look();
	is_data("{\"a\":[1],\"n\":1}");
	assert_true(tell("new", "{\"n\":2}"));
	assert_string_equal("{\"a\":[1],\"n\":2}",
	    theirs("HGET user:state:7 data"));
	is_agreed();
	theirs("HSET user:state:7 data hello");
	look();
	assert_true(tell("newer", "{\"n\":2}"));
	assert_string_equal("hello", theirs("HGET user:state:7 data"));
	is_agreed();
}

static void
an_object_stays_one(void **state)
{
	(void)state;
	theirs("SET user:state:7 %s PX 5000",
	    "{\"step\":\"old\",\"data\":{\"n\":1},\"v\":0.1,\"u\":\"\xd1\x8e\"}");
	look();
	assert_int_equal(DIALOG_OBJECT, dialog.form);
	assert_string_equal("old", dialog.state);
	assert_true(tell("new", "{\"m\":\"x\"}"));
	is_agreed();
	assert_string_equal("new", dialog.state);
	is_data("{\"n\":1,\"m\":\"x\"}");
	assert_non_null(json_object_get(dialog.whole, "u"));
	assert_true(life("user:state:7") > 5000);
}

static void
a_text_is_a_state(void **state)
{
	(void)state;
	theirs("SET user:state:7 waiting");
	look();
	assert_int_equal(DIALOG_TEXT, dialog.form);
	assert_string_equal("waiting", dialog.state);
	assert_true(tell("done", "{\"n\":1}"));
	assert_string_equal("done", theirs("GET user:state:7"));
	assert_int_equal(-1, life("user:state:7"));
	is_agreed();
	assert_true(tell(NULL, "{}"));
	assert_string_equal("0", theirs("EXISTS user:state:7"));
}

static void
aiogram_has_two_keys(void **state)
{
	(void)state;
	theirs("SET fsm:7:7:state Order:x");
	theirs("SET fsm:7:7:data %s PX 900000", "{\"cart\":[1,{\"a\":null}]}");
	look();
	assert_int_equal(DIALOG_PAIR, dialog.form);
	assert_true(tell("Order:y", "{\"n\":1}"));
	assert_string_equal("Order:y", theirs("GET fsm:7:7:state"));
	assert_string_equal("{\"cart\":[1,{\"a\":null}],\"n\":1}",
	    theirs("GET fsm:7:7:data"));
	assert_int_equal(-1, life("fsm:7:7:state"));
	assert_true(life("fsm:7:7:data") > 800000);
	is_agreed();
	assert_true(tell(NULL, "{}"));
	assert_string_equal("0", theirs("EXISTS fsm:7:7:state fsm:7:7:data"));
}

/* Each is left as it is. */
static void
data_that_cannot_be_read_is_not_written_over(void **state)
{
	(void)state;
	char *big = malloc(70001);

	memset(big, 'x', 70000);
	big[70000] = '\0';
	theirs("SET fsm:7:7:state Order:x");
	theirs("SET fsm:7:7:data %s", "[1,2");
	look();
	assert_int_equal(DIALOG_STRANGE, dialog.form);
	assert_string_equal("data that is no JSON object", dialog.strange);
	assert_null(dialog.state);
	theirs("SET fsm:7:7:data %s", "{\"id\":99999999999999999999}");
	look();
	assert_int_equal(DIALOG_STRANGE, dialog.form);
	theirs("SET fsm:7:7:data %s", big);
	look();
	assert_int_equal(DIALOG_STRANGE, dialog.form);
	assert_string_equal("more than 64 KB", dialog.strange);
	theirs("DEL fsm:7:7:data");
	theirs("LPUSH fsm:7:7:data 1");
	look();
	assert_int_equal(DIALOG_STRANGE, dialog.form);
	assert_string_equal("list", dialog.strange);
	free(big);
}

static void
what_is_no_dialog_is_strange(void **state)
{
	static const char *const commands[] = { "LPUSH user:state:7 a",
		"SADD user:state:7 a", "SETRANGE user:state:7 70000 x",
		"SETRANGE user:state:7 300 x",
		"HSET user:state:7 state a big %s" };
	char *big = malloc(70001);

	(void)state;
	memset(big, 'x', 70000);
	big[70000] = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		theirs("DEL user:state:7");
		theirs(commands[i], big);
		look();
		assert_int_equal(DIALOG_STRANGE, dialog.form);
		assert_null(dialog.state);
		assert_true(dialog.strange[0] != '\0');
	}
	free(big);
}

static void
who_was_faster_has_written(void **state)
{
	(void)state;
	theirs("HSET user:state:7 state old");
	look();
	theirs("HSET user:state:7 state theirs");
	assert_false(tell("ours", "{}"));
	assert_string_equal("theirs", theirs("HGET user:state:7 state"));
	look();
	theirs("DEL user:state:7");
	assert_false(tell("ours", "{}"));
	look();
	theirs("SET user:state:7 now-a-text");
	assert_false(tell("ours", "{}"));
	assert_string_equal("now-a-text", theirs("GET user:state:7"));
}

static void
a_lock_is_honoured(void **state)
{
	(void)state;
	theirs("SET fsm:7:7:state Order:x");
	look();
	assert_false(dialog.locked);
	theirs("SET fsm:7:7:lock somebody");
	assert_false(tell("Order:y", "{}"));
	assert_string_equal("Order:x", theirs("GET fsm:7:7:state"));
	look();
	assert_true(dialog.locked);
	theirs("DEL fsm:7:7:lock");
	assert_true(tell("Order:y", "{}"));
}

static void
what_says_so_already_is_not_changed(void **state)
{
	json_auto_t *vars = json_loads("{\"n\":1}", 0, NULL);

	(void)state;
	theirs("SET user:state:7 %s", "{\"n\": 1, \"state\": \"here\"}");
	look();
	assert_false(dialog_change(&dialog, &options, "here", vars));
	dialog_release(&dialog);
	dialog = (struct dialog){ .chat_id = 7 };
	theirs("DEL user:state:7");
	look();
	assert_false(dialog_change(&dialog, &options, NULL, vars));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(a_new_one_is_a_hash_that_ends),
		WITH_REDIS(a_hash_keeps_what_is_not_ours),
		WITH_REDIS(data_in_a_hash_is_text),
		WITH_REDIS(an_object_stays_one),
		WITH_REDIS(a_text_is_a_state),
		WITH_AIOGRAM(aiogram_has_two_keys),
		WITH_AIOGRAM(data_that_cannot_be_read_is_not_written_over),
		WITH_REDIS(what_is_no_dialog_is_strange),
		WITH_REDIS(who_was_faster_has_written),
		WITH_AIOGRAM(a_lock_is_honoured),
		WITH_REDIS(what_says_so_already_is_not_changed),
	};

	return cmocka_run_group_tests_name("dialog", tests, start, stop);
}
