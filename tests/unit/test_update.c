/* SPDX-License-Identifier: MIT */
/* needs: telegram net base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "telegram/update.h"

#define FROM \
	"\"from\":{\"id\":7,\"is_bot\":false,\"first_name\":\"Анна\"," \
	"\"last_name\":\"Ли\",\"username\":\"anna\",\"language_code\":\"ru\"}"
#define CHAT "\"chat\":{\"id\":7,\"type\":\"private\"}"
#define GROUP "\"chat\":{\"id\":-5,\"type\":\"group\"}"
#define MESSAGE(rest) \
	"{\"update_id\":11,\"message\":{\"message_id\":3," \
	"\"date\":1700000000," FROM "," CHAT "," rest "}}"
#define MEMBER(chat, status) \
	"{\"update_id\":1,\"my_chat_member\":{" chat "," FROM \
	",\"date\":5,\"new_chat_member\":{\"status\":\"" status "\"}}}"

static struct update
parse(const char *raw)
{
	struct update update;
	struct fault fault;

	assert_int_equal(update_parse(raw, strlen(raw), &update, &fault),
	    OUT_OK);
	return update;
}

static void
message_of_a_person(void **state)
{
	struct update update = parse(MESSAGE("\"text\":\"/start ad\""));

	(void)state;
	assert_int_equal(update.kind, UPDATE_TEXT);
	assert_int_equal(update.update_id, 11);
	assert_int_equal(update.chat_id, 7);
	assert_int_equal(update.from_id, 7);
	assert_int_equal(update.message_id, 3);
	assert_int_equal(update.date, 1700000000);
	assert_string_equal(update.chat_type, "private");
	assert_string_equal(update.first_name, "Анна");
	assert_string_equal(update.last_name, "Ли");
	assert_string_equal(update.username, "anna");
	assert_string_equal(update.lang, "ru");
	assert_string_equal(update.text, "/start ad");
	assert_null(update.media);
	update_release(&update);
	assert_null(update.root);
}

static void
contacts(void **state)
{
	struct update own = parse(
	    MESSAGE("\"contact\":{\"phone_number\":"
		    "\"79990000000\",\"first_name\":\"A\",\"user_id\":7}"));
	struct update foreign = parse(MESSAGE("\"contact\":{\"phone_number\":"
					      "\"+7999\"}"));
	struct update broken = parse(MESSAGE("\"contact\":{\"phone_number\":"
					     "79990000000}"));

	(void)state;
	assert_int_equal(own.kind, UPDATE_CONTACT);
	assert_string_equal(own.phone, "79990000000");
	assert_int_equal(own.contact_user_id, 7);
	assert_int_equal(foreign.kind, UPDATE_CONTACT);
	assert_int_equal(foreign.contact_user_id, 0);
	assert_int_equal(broken.kind, UPDATE_OTHER);
	update_release(&own);
	update_release(&foreign);
	update_release(&broken);
}

static void
media_kinds(void **state)
{
	static const struct {
		const char *members, *media;
	} cases[] = {
		{ "\"photo\":[{\"file_id\":\"x\"}],\"caption\":\"c\"",
		    "photo" },
		{ "\"video\":{\"file_id\":\"x\"},\"caption\":\"c\"", "video" },
		{ "\"voice\":{\"file_id\":\"x\"},\"caption\":\"c\"", "voice" },
		{ "\"audio\":{\"file_id\":\"x\"},\"caption\":\"c\"", "audio" },
		{ "\"document\":{\"file_id\":\"x\"},\"caption\":\"c\"",
		    "document" },
		{ "\"document\":{\"file_id\":\"x\"},\"animation\":"
		  "{\"file_id\":\"x\"},\"caption\":\"c\"",
		    "animation" },
		{ "\"sticker\":{\"file_id\":\"x\"},\"caption\":\"c\"",
		    "sticker" },
		{ "\"venue\":{},\"location\":{\"latitude\":1.5},"
		  "\"caption\":\"c\"",
		    "location" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *raw = mem_printf("{\"update_id\":1,\"message\":{" GROUP
				       ",%s}}",
		    cases[i].members);
		struct update update = parse(raw);

		assert_int_equal(update.kind, UPDATE_MEDIA);
		assert_string_equal(update.media, cases[i].media);
		assert_string_equal(update.text, "c");
		assert_int_equal(update.chat_id, -5);
		update_release(&update);
		free(raw);
	}
}

static void
callbacks(void **state)
{
	struct update seen = parse(
	    "{\"update_id\":1,\"callback_query\":{"
	    "\"id\":\"99\"," FROM ",\"data\":\"yes\",\"message\":{"
	    "\"message_id\":4,\"date\":1600000000," GROUP "}}}");
	struct update inaccessible = parse(
	    "{\"update_id\":1,"
	    "\"callback_query\":{\"id\":\"99\"," FROM ",\"data\":\"yes\","
	    "\"message\":{\"message_id\":4,\"date\":0," GROUP "}}}");
	struct update absent = parse(
	    "{\"update_id\":1,\"callback_query\":{"
	    "\"id\":\"99\"," FROM ",\"game_short_name\":\"g\"}}");
	struct update nobody = parse("{\"update_id\":1,\"callback_query\":{"
				     "\"id\":\"99\",\"data\":\"yes\"}}");

	struct update labelled = parse(
	    "{\"update_id\":1,\"callback_query\":{"
	    "\"id\":\"99\"," FROM ",\"data\":\"yes\",\"message\":{"
	    "\"message_id\":4,\"date\":1," GROUP ",\"reply_markup\":{"
	    "\"inline_keyboard\":[[{\"text\":\"No\",\"callback_data\":"
	    "\"no\"}],[{\"text\":\"Link\",\"url\":\"x\"},{\"text\":"
	    "\"Yes!\",\"callback_data\":\"yes\"}]]}}}}");

	(void)state;
	assert_string_equal(labelled.button, "Yes!");
	update_release(&labelled);
	assert_int_equal(seen.kind, UPDATE_CALLBACK);
	assert_int_equal(seen.chat_id, -5);
	assert_int_equal(seen.message_id, 4);
	assert_int_equal(seen.date, 0);
	assert_string_equal(seen.callback_id, "99");
	assert_string_equal(seen.callback_data, "yes");
	assert_null(seen.button);
	assert_string_equal(seen.chat_type, "group");
	assert_int_equal(inaccessible.kind, UPDATE_CALLBACK);
	assert_int_equal(inaccessible.chat_id, -5);
	assert_int_equal(absent.kind, UPDATE_CALLBACK);
	assert_int_equal(absent.chat_id, 7);
	assert_string_equal(absent.chat_type, "private");
	assert_string_equal(absent.callback_data, "");
	assert_int_equal(nobody.kind, UPDATE_OTHER);
	update_release(&seen);
	update_release(&inaccessible);
	update_release(&absent);
	update_release(&nobody);
}

static void
membership(void **state)
{
	static const struct {
		const char *raw;
		enum update_kind kind;
	} cases[] = {
		{ MEMBER(CHAT, "kicked"), UPDATE_BLOCKED },
		{ MEMBER(CHAT, "member"), UPDATE_UNBLOCKED },
		{ MEMBER(GROUP, "kicked"), UPDATE_BLOCKED },
		{ MEMBER(GROUP, "left"), UPDATE_BLOCKED },
		{ MEMBER(GROUP, "administrator"), UPDATE_UNBLOCKED },
		{ MEMBER(GROUP, "restricted\",\"is_member\":true,\"x\":\""),
		    UPDATE_UNBLOCKED },
		{ MEMBER(GROUP, "restricted\",\"is_member\":false,\"x\":\""),
		    UPDATE_BLOCKED },
		{ MEMBER(GROUP, "new status"), UPDATE_OTHER },
		{ MEMBER("\"chat\":[]", "kicked"), UPDATE_OTHER },
		{ "{\"update_id\":1,\"chat_member\":{" CHAT
		  ",\"new_chat_member\":{\"status\":\"kicked\"}}}",
		    UPDATE_OTHER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct update update = parse(cases[i].raw);

		assert_int_equal(update.kind, cases[i].kind);
		update_release(&update);
	}
}

static void
migration_names_old_and_new(void **state)
{
	struct update old = parse("{\"update_id\":1,\"message\":{" GROUP
				  ",\"migrate_to_chat_id\":-1001}}");
	struct update new = parse("{\"update_id\":1,\"message\":{\"chat\":"
				  "{\"id\":-1001,\"type\":\"supergroup\"},"
				  "\"migrate_from_chat_id\":-5}}");

	(void)state;
	assert_int_equal(old.kind, UPDATE_MIGRATED);
	assert_int_equal(old.chat_id, -5);
	assert_int_equal(old.migrate_to, -1001);
	assert_int_equal(new.kind, UPDATE_MIGRATED);
	assert_int_equal(new.chat_id, -5);
	assert_int_equal(new.migrate_to, -1001);
	update_release(&old);
	update_release(&new);
}

static void
others_run_nothing(void **state)
{
	static const char *const kinds[] = { "edited_message", "channel_post",
		"edited_channel_post", "business_message", "guest_message",
		"poll" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *raw = mem_printf("{\"update_id\":2,\"%s\":{" CHAT
				       ",\"text\":\"hi\"}}",
		    kinds[i]);
		struct update update = parse(raw);

		assert_int_equal(update.kind, UPDATE_OTHER);
		assert_int_equal(update.update_id, 2);
		assert_int_equal(update.chat_id, 0);
		update_release(&update);
		free(raw);
	}
}

static void
ids_have_52_bits(void **state)
{
	struct update most = parse(
	    "{\"update_id\":1,\"message\":{\"text\":"
	    "\"a\",\"chat\":{\"id\":-4503599627370495}}}");
	struct update more = parse(
	    "{\"update_id\":1,\"message\":{\"text\":"
	    "\"a\",\"chat\":{\"id\":4503599627370496}}}");

	(void)state;
	assert_int_equal(most.kind, UPDATE_TEXT);
	assert_true(most.chat_id == INT64_C(-4503599627370495));
	assert_string_equal(most.chat_type, "group");
	assert_int_equal(more.kind, UPDATE_OTHER);
	assert_int_equal(more.chat_id, 0);
	update_release(&most);
	update_release(&more);
}

/* Each of these must end in an answer, and without a chat nothing may run. */
static void
wrong_types_run_nothing(void **state)
{
	static const char *const raws[] = {
		"{}",
		"{\"update_id\":\"5\"}",
		"{\"update_id\":5,\"message\":null}",
		"{\"update_id\":5,\"message\":[1,2]}",
		"{\"update_id\":5,\"message\":{}}",
		"{\"update_id\":5,\"message\":{\"text\":\"x\"}}",
		"{\"update_id\":5,\"message\":{\"chat\":7,\"text\":\"x\"}}",
		"{\"message\":{\"chat\":{\"id\":\"7\"},\"text\":\"x\"}}",
		"{\"message\":{\"chat\":{\"id\":7.5},\"text\":\"x\"}}",
		"{\"message\":{\"chat\":{\"id\":7},\"text\":{\"a\":1}}}",
		"{\"message\":{\"chat\":{\"id\":7},\"text\":\"\"}}",
		"{\"message\":{\"chat\":{\"id\":7},\"photo\":\"x\"}}",
		"{\"message\":{\"chat\":{\"id\":7},\"photo\":[]}}",
		"{\"message\":{\"chat\":{\"id\":7},\"video\":null}}",
		"{\"message\":{\"chat\":{\"id\":7},\"contact\":[]}}",
		"{\"callback_query\":{\"id\":9,\"from\":{\"id\":7}}}",
		"{\"callback_query\":{\"id\":\"9\",\"from\":[]}}",
		"{\"callback_query\":\"x\"}",
		"{\"my_chat_member\":{\"chat\":{\"id\":7}}}",
		"{\"my_chat_member\":{\"chat\":{\"id\":7},\"new_chat_member\":7}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(raws) / sizeof(*raws); i++) {
		struct update update = parse(raws[i]);

		assert_int_equal(update.kind, UPDATE_OTHER);
		update_release(&update);
	}
}

static void
broken_texts_are_mended(void **state)
{
	struct update update = parse(
	    MESSAGE("\"text\":\"a\\ud83dz\\u0000b\""));
	struct update twice = parse(MESSAGE("\"text\":\"x\",\"text\":\"y\""));

	(void)state;
	assert_int_equal(update.kind, UPDATE_TEXT);
	assert_string_equal(update.text,
	    "a\xef\xbf\xbdz\xef\xbf\xbd"
	    "b");
	assert_int_equal(twice.kind, UPDATE_TEXT);
	update_release(&update);
	update_release(&twice);
}

static void
what_is_no_object_is_refused(void **state)
{
	static const char *const raws[] = { "", " ", "null", "[]", "7",
		"\"x\"", "{", "{\"update_id\":1", "{\"update_id\":1}}",
		"<html>502</html>" };
	struct update update;
	struct fault fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(raws) / sizeof(*raws); i++) {
		assert_int_equal(update_parse(raws[i], strlen(raws[i]),
				     &update, &fault),
		    OUT_NEVER);
		assert_int_equal(fault.code, EXIT_INPUT);
		assert_null(update.root);
		assert_int_equal(update.kind, UPDATE_OTHER);
		update_release(&update);
	}
}

/* jansson refuses numbers beyond 64 bits and more than 2048 levels: such an
 * update can be stored and confirmed, so its id is still needed. */
static void
unparsable_update_keeps_its_id(void **state)
{
	enum { DEEP = 100000 };
	struct update update;
	char *deep = mem_alloc(2 * DEEP + 64);
	char *at = deep + strlen(strcpy(deep, "{\"update_id\":12,\"x\":"));
	const char *huge = "{\"update_id\":13,\"message\":"
			   "{\"date\":99999999999999999999999}}";

	(void)state;
	memset(at, '[', DEEP);
	memset(at + DEEP, ']', DEEP);
	strcpy(at + 2 * DEEP, "}");
	assert_int_equal(update_parse(deep, strlen(deep), &update, NULL),
	    OUT_NEVER);
	assert_int_equal(update.update_id, 12);
	assert_int_equal(update_parse(huge, strlen(huge), &update, NULL),
	    OUT_NEVER);
	assert_int_equal(update.update_id, 13);
	free(deep);
}

static void
largest_update(void **state)
{
	enum { SIZE = 512 * 1024 };
	char *text = mem_alloc(SIZE + 1), *raw;
	struct update update;

	(void)state;
	memset(text, 'x', SIZE);
	raw = mem_printf("{\"update_id\":1,\"message\":{" CHAT
			 ",\"text\":\"%s\"}}",
	    text);
	update = parse(raw);
	assert_int_equal(update.kind, UPDATE_TEXT);
	assert_int_equal(strlen(update.text), SIZE);
	update_release(&update);
	free(raw);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_of_a_person),
		cmocka_unit_test(contacts),
		cmocka_unit_test(media_kinds),
		cmocka_unit_test(callbacks),
		cmocka_unit_test(membership),
		cmocka_unit_test(migration_names_old_and_new),
		cmocka_unit_test(others_run_nothing),
		cmocka_unit_test(ids_have_52_bits),
		cmocka_unit_test(wrong_types_run_nothing),
		cmocka_unit_test(broken_texts_are_mended),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(unparsable_update_keeps_its_id),
		cmocka_unit_test(largest_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
