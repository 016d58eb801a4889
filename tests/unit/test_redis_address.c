/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * Where Redis is, in all the ways people write it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "shared/redis_address.h"

static const char *const names[] = { "REDIS_URL", "REDISHOST", "REDISPORT",
	"REDISUSER", "REDISPASSWORD", "DEV_MODE" };

static struct redis_address address;
static struct fault fault;
static char text[200];

/* Reads the settings "NAME=VALUE ..." (the values have no spaces). */
static enum outcome
read_of(const char *settings)
{
	struct config *config = NULL;
	char *copy = strdup(settings), *at = copy, *word, *equals;
	enum outcome out;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	while ((word = strsep(&at, " ")) != NULL) {
		equals = strchr(word, '=');
		*equals = '\0';
		setenv(word, equals + 1, 1);
	}
	redis_address_release(&address);
	if (config_open(&config, "/dev/null", &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	out = redis_address_read(&address, config, &fault);
	config_close(config);
	free(copy);
	return out;
}

#define OR_NONE(part) ((part) ? (part) : "-")

/* What was read, in one line. */
static const char *
read_as(const char *settings)
{
	if (read_of(settings) != OUT_OK)
		return fault.text;
	if (!address.setting)
		return "none";
	snprintf(text, sizeof(text), "%s%s:%d %s %s %d",
	    address.tls ? "tls " : "",
	    address.path ? address.path : address.host, address.port,
	    OR_NONE(address.user), OR_NONE(address.password),
	    address.database);
	return text;
}

static void
urls_are_read(void **state)
{
	static const struct {
		const char *url, *found;
	} cases[] = {
		{ "redis://h", "h:6379 - - 0" },
		{ "redis://h/", "h:6379 - - 0" },
		{ "redis://h:7000/3", "h:7000 - - 3" },
		{ "REDIS://127.0.0.1/3?db=4", "127.0.0.1:6379 - - 4" },
		{ "redis://:pass@h", "h:6379 - pass 0" },
		{ "redis://me:pass@h", "h:6379 me pass 0" },
		{ "redis://me:p%40%3a%2Fs@h", "h:6379 me p@:/s 0" },
		{ "redis://me:p@ss@h", "h:6379 me p@ss 0" },
		{ "redis://me:a:b@h", "h:6379 me a:b 0" },
		{ "redis://[::1]:7000", "::1:7000 - - 0" },
		{ "redis://h?family=0&db=2", "h:6379 - - 2" },
		{ "rediss://h:6380/1#x", "tls h:6380 - - 1" },
		{ "unix:///run/r.sock", "/run/r.sock:6379 - - 0" },
		{ "unix:///run/r%20.sock?db=2", "/run/r .sock:6379 - - 2" },
		{ "unix://me:pass@/r", "/r:6379 me pass 0" },
	};
	char settings[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(settings, sizeof(settings), "REDIS_URL=%s",
		    cases[i].url);
		assert_string_equal(cases[i].found, read_as(settings));
	}
}

static void
the_family_is_read(void **state)
{
	(void)state;
	assert_string_equal("h:6379 - - 0", read_as("REDISHOST=h"));
	assert_string_equal("h:7000 me sesame 0",
	    read_as("REDISHOST=h REDISPORT=7000 REDISUSER=me "
		    "REDISPASSWORD=sesame"));
	assert_string_equal("h:7001 - - 0", read_as("REDISHOST=h:7001"));
	assert_string_equal("/run/s:6379 - - 0", read_as("REDISHOST=/run/s"));
	assert_string_equal("a:6379 - - 0",
	    read_as("REDISHOST=b REDIS_URL=redis://a"));
	assert_string_equal("a:6379 (REDIS_URL)", address.where);
	read_as("REDISHOST=fe80::1");
	assert_string_equal("none", read_as("REDISPORT=7000"));
	assert_string_equal("none", read_as("REDIS_URL=redis://h DEV_MODE=1"));
	assert_string_equal("none", read_as("REDIS_URL="));
}

static void
what_cannot_be_read_is_named_but_not_shown(void **state)
{
	static const char *const wrong[] = { "REDIS_URL=h:6379",
		"REDIS_URL=http://:sesame@h", "REDIS_URL=redis://",
		"REDIS_URL=redis://:sesame/x@h", "REDIS_URL=redis://sesame@h",
		"REDIS_URL=redis://u:sesame%zz@h",
		"REDIS_URL=redis://u:sesame%00@h",
		"REDIS_URL=redis://u:sesame%4@h",
		"REDIS_URL=redis://:sesame@h:0",
		"REDIS_URL=redis://:sesame@h:70000",
		"REDIS_URL=redis://:sesame@h/x",
		"REDIS_URL=redis://:sesame@h/1/2",
		"REDIS_URL=redis://:sesame@h/99999999",
		"REDIS_URL=redis://h?db=x", "REDIS_URL=redis://h?db=1x",
		"REDIS_URL=unix://run/s", "REDIS_URL=unix://",
		"REDISHOST=redis://:sesame@h", "REDISHOST=a/b",
		"REDISHOST=h REDISUSER=me", "REDISHOST=h REDISPORT=x",
		"REDISHOST=h REDISPORT=0", "DEV_MODE=maybe REDISHOST=h" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (read_of(wrong[i]) != OUT_NEVER)
			fail_msg("%s was taken", wrong[i]);
		assert_int_equal(EXIT_CONFIG, fault.code);
		assert_null(strstr(fault.text, "sesame"));
		assert_null(strstr(fault.text, "://h"));
		assert_null(address.host);
	}
	setenv("REDIS_URL", "redis://h", 1);
}

static void
a_decoded_password_is_a_secret(void **state)
{
	char line[] = "the word is open/sesame";

	(void)state;
	read_as("REDIS_URL=redis://:open%2Fsesame@h");
	assert_string_equal("open/sesame", address.password);
	log_redact(line);
	assert_string_equal("the word is ***", line);
	assert_string_equal("h:6379 (REDIS_URL)", address.where);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_read),
		cmocka_unit_test(the_family_is_read),
		cmocka_unit_test(what_cannot_be_read_is_named_but_not_shown),
		cmocka_unit_test(a_decoded_password_is_a_secret),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	redis_address_release(&address);
	return failed;
}
