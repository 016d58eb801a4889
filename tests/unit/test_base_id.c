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

#include <errno.h>
#include <unistd.h>

#include "base/id.h"

static void
sha256_vectors(void **state)
{
	/* FIPS 180-4 examples, and the lengths around the padding. */
	static const struct {
		const char *text, *hex;
	} cases[] = { { "",
			  "e3b0c44298fc1c149afbf4c8996fb924"
			  "27ae41e4649b934ca495991b7852b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		    "cf5b16a778af8380036ce59e7b049237"
		    "0b249b11e8f07a51afac45037afee9d1" } };
	char hex[ID_DIGEST_SIZE], *million = malloc(1000000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		id_digest(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].hex);
	}
	memset(million, 'a', 1000000);
	id_digest(million, 1000000, hex);
	assert_string_equal(hex,
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

static void
digest_of_a_file(void **state)
{
	char path[] = "/tmp/leadpipe-id-XXXXXX", hex[ID_DIGEST_SIZE];
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	assert_int_equal(id_digest_file(path, hex), 0);
	assert_memory_equal(hex, "ba7816bf8f01cfea", 16);
	unlink(path);
	assert_int_equal(id_digest_file(path, hex), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(id_digest_file("/tmp", hex), -1);
	assert_int_equal(errno, EISDIR);
}

static void
fnv1a(void **state)
{
	(void)state;
	assert_true(id_hash("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(id_hash("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(id_hash("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static uint64_t
hash_json(const char *text)
{
	return id_hash_json(text, strlen(text));
}

/* getUpdates has an update in an array, a webhook has it alone. */
static void
a_text_is_the_same_however_it_is_laid_out(void **state)
{
	static const char *const same[] = {
		"{\"id\":7,\n\"a\":\"b c\",\"d\":[1,2]}",
		"{\"id\":7,\"a\":\"b c\",\"d\":[1,2]}",
		" { \"id\" : 7 , \"a\" : \"b c\" ,\t\"d\":[ 1, 2]\r\n}\n",
	};
	static const char *const other[] = {
		"{\"id\":7,\"a\":\"bc\",\"d\":[1,2]}",
		"{\"id\":7,\"a\":\"b  c\",\"d\":[1,2]}",
		"{\"id\":7,\"a\":\"b c\",\"d\":[12]}",
		"{\"id\":7,\"a\":\"b c\\\" \",\"d\":[1,2]}",
		"{\"id\":7,\"a\":\"b c\\\"\",\"d\":[1,2]}",
		"{\"id\":7,\"a\":\"b\\\\\",\"d\":[1,2]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_true(
		    hash_json(same[i]) == id_hash(same[1], strlen(same[1])));
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		assert_true(hash_json(other[i]) != hash_json(same[0]));
		for (size_t j = 0; j < i; j++)
			assert_true(
			    hash_json(other[i]) != hash_json(other[j]));
	}
}

static void
random_ids(void **state)
{
	int64_t seen[200], high = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		seen[i] = id_random();
		assert_true(seen[i] > 0);
		high |= seen[i];
		for (int j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
	/* Of 200 ids one at least uses the highest bit but the sign. */
	assert_true(high >> 62 == 1);
}

static void
random_below(void **state)
{
	int count[3] = { 0 };

	(void)state;
	for (int i = 0; i < 3000; i++)
		count[id_random_below(3)]++;
	/* 1000 each; 800 is more than seven standard deviations off. */
	for (int i = 0; i < 3; i++)
		assert_in_range(count[i], 800, 1200);
	assert_int_equal(id_random_below(1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_the_same_however_it_is_laid_out),
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(digest_of_a_file),
		cmocka_unit_test(fnv1a),
		cmocka_unit_test(random_ids),
		cmocka_unit_test(random_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
