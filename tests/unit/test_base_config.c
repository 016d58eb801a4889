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

#include <sys/stat.h>

#include "base/config.h"
#include "base/file.h"
#include "base/log.h"
#include "unit/child.h"

#define TOKEN "123456789:AAbb-ccDDeeFFggHHiiJJkkLLmmNNooPPqq"

static char dir[] = "/tmp/leadpipe-config-XXXXXX";
static char path[64], secret[64], out[8192];
static struct fault fault;
static struct config *config;

static void
put(const char *file, const char *text, size_t len, unsigned mode)
{
	assert_int_equal(file_write_atomic(file, text, len, mode, &fault),
	    OUT_OK);
}

/* In the place of the last one: children, too, are to end without a leak. */
static enum outcome
open_file(const char *file)
{
	config_close(config);
	config = NULL;
	return config_open(&config, file, &fault);
}

/* Opens a file that holds TEXT. */
static enum outcome
open_text(const char *text)
{
	put(path, text, strlen(text), 0600);
	return open_file(path);
}

static void
assert_value(const char *text, const char *name, const char *expected)
{
	assert_int_equal(open_text(text), OUT_OK);
	if (expected == NULL)
		assert_null(config_get(config, name));
	else
		assert_string_equal(config_get(config, name), expected);
}

static void
assert_refused(const char *text, const char *message)
{
	assert_int_equal(open_text(text), OUT_NEVER);
	assert_null(config);
	assert_int_equal(fault.code, EXIT_CONFIG);
	if (strstr(fault.text, message) == NULL)
		fail_msg("'%s' does not say '%s'", fault.text, message);
}

static void
forms_of_a_line(void **state)
{
	(void)state;
	assert_value("FLOW_FILE=/a.flow", "FLOW_FILE", "/a.flow");
	assert_value("FLOW_FILE=/a.flow\r\nX=1\r\n", "FLOW_FILE", "/a.flow");
	assert_value("\xef\xbb\xbf"
		     "FLOW_FILE=/a\n",
	    "FLOW_FILE", "/a");
	assert_value("  export  FLOW_FILE = /a b \t\n", "FLOW_FILE", "/a b");
	assert_value("export=1\n", "export", "1");
	assert_value("# FLOW_FILE=/x\n\n  # y\nX=1", "FLOW_FILE", NULL);
	assert_value("X=a # comment", "X", "a");
	assert_value("X=a#b", "X", "a#b");
	assert_value("X=#comment", "X", NULL);
	assert_value("X=a=b=c", "X", "a=b=c");
	assert_value("X=\"a # b \" # c", "X", "a # b ");
	assert_value("X='a\"b\\n'", "X", "a\"b\\n");
	assert_value("X=\"a\\\"b\\\\c\\nd\\$e\\q\"", "X", "a\"b\\c\nd$e\\q");
	assert_value("X=\"\"", "X", NULL);
	assert_value("X=", "X", NULL);
	assert_value("X=it's", "X", "it's");
	assert_value("X=привет", "X", "привет");
	assert_value("X=$HOME", "X", "$HOME");
	assert_value("X=1\nX=1\n", "X", "1");
	assert_value("", "X", NULL);
}

static void
broken_lines_name_their_number(void **state)
{
	(void)state;
	assert_refused("X=1\nX=\"a\n", "line 2: the quote is not closed");
	assert_refused("X=\"a\\", "line 1: the quote is not closed");
	assert_refused("X='a'b", "line 1: text follows the closing quote");
	assert_refused("X='a' b", "line 1: text follows the closing quote");
	assert_refused("\n\nnonsense", "line 3: it is not KEY=value");
	assert_refused("=x", "line 1: it is not KEY=value");
	assert_refused("1X=x", "line 1: it is not KEY=value");
	assert_refused("A-B=x", "line 1: it is not KEY=value");
	assert_refused("X=a\x01", "line 1: it holds a control character");
	assert_refused("X=a\rb", "line 1: it holds a control character");
	assert_refused("X=\xff", "line 1: it is not UTF-8");
	assert_refused("BOT_TOKEN=\"a\\nb\"", "holds a control character");
	assert_refused("FLOW_FILE=a.json", "FLOW_FILE is 'a.json'");
	assert_refused("\nDATABASE_PATH=~/bot.db",
	    "line 2), it must be an absolute path");
}

static void
misspelt_keys(void **state)
{
	(void)state;
	assert_refused("X=1\nBOT_TOKN=1",
	    "line 2: unknown setting "
	    "'BOT_TOKN', did you mean 'BOT_TOKEN'?");
	assert_refused("ADMIN_ID=1", "did you mean 'ADMIN_IDS'?");
	assert_refused("LEADPIPE_IPP=4", "did you mean 'LEADPIPE_IP'?");
	assert_refused("LEADPIPE_NONSENSE_KEY=4",
	    "line 1: unknown setting 'LEADPIPE_NONSENSE_KEY'");
	assert_null(strstr(fault.text, "did you mean"));
	/* Somebody's second bot, and whatever a flow reads. */
	assert_value("BOT_TOKEN_2=x", "BOT_TOKEN_2", "x");
	assert_value("BOT_TOKEN2=x", "BOT_TOKEN2", "x");
	assert_value("CHANNEL_LINK=x", "CHANNEL_LINK", "x");
}

static void
names_in_the_environment(void **state)
{
	(void)state;
	setenv("BOT_TOKN", "foreign", 1);
	assert_value("", "BOT_TOKN", "foreign");
	unsetenv("BOT_TOKN");
	setenv("LEADPIPE_SEND_SLOT", "3", 1);
	assert_refused("",
	    "the environment: unknown setting "
	    "'LEADPIPE_SEND_SLOT', did you mean 'LEADPIPE_SEND_SLOTS'?");
	unsetenv("LEADPIPE_SEND_SLOT");
}

static void
environment_wins(void **state)
{
	(void)state;
	setenv("FLOW_FILE", "/env", 1);
	setenv("OTHER", "env\r\n", 1);
	setenv("ADMIN_IDS", "1,2\r\n", 1);
	assert_value("FLOW_FILE=/file\nOTHER=file", "FLOW_FILE", "/env");
	assert_string_equal(config_get(config, "OTHER"), "env\r\n");
	assert_string_equal(config_get(config, "ADMIN_IDS"), "1,2");
	assert_string_equal(config_origin(config, "FLOW_FILE"),
	    "the environment");
	/* Set but empty turns the setting of the file off. */
	setenv("FLOW_FILE", "", 1);
	assert_value("FLOW_FILE=/file", "FLOW_FILE", NULL);
	assert_string_equal(config_origin(config, "FLOW_FILE"), "not set");
	unsetenv("FLOW_FILE");
	unsetenv("OTHER");
	unsetenv("ADMIN_IDS");
}

static void
origins(void **state)
{
	char line[128];

	(void)state;
	assert_int_equal(open_text("\nREDIS_HOST=h\nOTHER=x"), OUT_OK);
	snprintf(line, sizeof(line), "%s line 2", path);
	assert_string_equal(config_origin(config, "REDISHOST"), line);
	snprintf(line, sizeof(line), "%s line 3", path);
	assert_string_equal(config_origin(config, "OTHER"), line);
	assert_string_equal(config_origin(config, "NONE"), "not set");
	assert_string_equal(config_path(config), path);
	assert_string_equal(config_get_or(config, "NONE", "d"), "d");
	assert_string_equal(config_get_or(config, "OTHER", "d"), "x");
}

static void
aliases(void **state)
{
	(void)state;
	assert_value("TELEGRAM_BOT_TOKEN=1:a", "BOT_TOKEN", "1:a");
	assert_value("BOT_TOKEN=1:a\nTELEGRAM_BOT_TOKEN=1:a", "BOT_TOKEN",
	    "1:a");
	assert_value("BOT_TOKEN=1:a\nTELEGRAM_BOT_TOKEN=", "BOT_TOKEN", "1:a");
	assert_value("BOT_TOKEN=\nTELEGRAM_BOT_TOKEN=1:a", "BOT_TOKEN", "1:a");
	assert_refused("TELEGRAM_BOT_TOKEN=1:a\nBOT_TOKEN=" TOKEN,
	    "BOT_TOKEN and TELEGRAM_BOT_TOKEN are both set in");
	assert_null(strstr(fault.text, "AAbb"));
	setenv("TELEGRAM_BOT_TOKEN", "2:b", 1);
	assert_value("BOT_TOKEN=1:a", "BOT_TOKEN", "2:b");
	unsetenv("TELEGRAM_BOT_TOKEN");
}

static void
secrets_in_files(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "BOT_TOKEN_FILE=%s", secret);
	put(secret, TOKEN "\r\n", strlen(TOKEN) + 2, 0600);
	assert_value(text, "BOT_TOKEN", TOKEN);
	assert_non_null(
	    strstr(config_origin(config, "BOT_TOKEN"), "(BOT_TOKEN_FILE)"));
	put(secret, TOKEN "\0x", strlen(TOKEN) + 2, 0600);
	assert_refused(text, "holds a NUL byte");
	put(secret, TOKEN, strlen(TOKEN), 0644);
	assert_int_equal(open_text(text), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_PERMISSION);
	assert_non_null(strstr(fault.text, "chmod 600 "));
	unlink(secret);
	assert_refused(text, "No such file");
	put(secret, TOKEN "\n", strlen(TOKEN) + 1, 0600);
	snprintf(text, sizeof(text), "BOT_TOKEN=" TOKEN "\nBOT_TOKEN_FILE=%s",
	    secret);
	assert_value(text, "BOT_TOKEN", TOKEN);
	snprintf(text, sizeof(text), "BOT_TOKEN=x\nBOT_TOKEN_FILE=%s", secret);
	assert_refused(text, "BOT_TOKEN and BOT_TOKEN_FILE are both set");
	unlink(secret);
	/* FLOW_FILE is no secret FLOW, and ADMIN_IDS_FILE is nothing. */
	assert_value("FLOW_FILE=/none", "FLOW_FILE", "/none");
	assert_value("ADMIN_IDS_FILE=/none", "ADMIN_IDS", NULL);
}

static void
credentials_directory(void **state)
{
	char file[80];

	(void)state;
	snprintf(file, sizeof(file), "%s/TELEGRAM_BOT_TOKEN", dir);
	put(file, "7:cred\n", 7, 0444);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_value("BOT_TOKEN=1:file", "BOT_TOKEN", "7:cred");
	assert_non_null(strstr(config_origin(config, "BOT_TOKEN"),
	    "CREDENTIALS_DIRECTORY"));
	setenv("BOT_TOKEN", "8:env", 1);
	assert_value("", "BOT_TOKEN", "8:env");
	unsetenv("BOT_TOKEN");
	unsetenv("CREDENTIALS_DIRECTORY");
	unlink(file);
}

static void
assert_mode(const char *text, unsigned mode, enum outcome expected)
{
	put(path, text, strlen(text), mode);
	assert_int_equal(open_file(path), expected);
}

static void
files_with_secrets_are_closed(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "run: chmod 600 %s", path);
	assert_mode("BOT_TOKEN=" TOKEN, 0600, OUT_OK);
	assert_mode("BOT_TOKEN=" TOKEN, 0400, OUT_OK);
	assert_mode("BOT_TOKEN=" TOKEN, 0640, OUT_OK);
	assert_mode("BOT_TOKEN=" TOKEN, 0604, OUT_NEVER);
	assert_int_equal(fault.code, EXIT_PERMISSION);
	assert_non_null(strstr(fault.text, command));
	assert_null(strstr(fault.text, "AAbb"));
	assert_mode("BOT_TOKEN=" TOKEN, 0660, OUT_NEVER);
	assert_mode("PAYMENT_API_TOKEN=xyzxyz", 0644, OUT_NEVER);
	assert_mode("REDIS_URL=redis://u:passw0rd@h/0", 0644, OUT_NEVER);
	assert_mode("REDIS_URL=redis://h/0", 0644, OUT_OK);
	assert_mode("TELEGRAM_PROXY=http://u:p@h:1", 0644, OUT_NEVER);
	assert_mode("BOT_TOKEN=\nFLOW_FILE=/x", 0644, OUT_OK);
	assert_mode("FLOW_FILE=/x", 0664, OUT_NEVER);
	assert_non_null(strstr(fault.text, "can be changed by others"));
	assert_mode("FLOW_FILE=/x", 0646, OUT_NEVER);
	assert_mode("TELEGRAM_PROXY=http://u:p/w@h:1", 0644, OUT_NEVER);
}

static void
open_of_another_group(void *arg)
{
	(void)arg;
	if (setgid(65534) < 0 || setuid(65534) < 0)
		_exit(10);
	if (open_file(path) == OUT_OK)
		_exit(11);
	printf("%s", fault.text);
	fflush(stdout);
	_exit((int)fault.code);
}

static void
groups_matter(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return; /* cannot give files away */
	put(path, "BOT_TOKEN=" TOKEN, strlen("BOT_TOKEN=" TOKEN), 0640);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(child_run(open_of_another_group, NULL, out,
			     sizeof(out)),
	    11);
	assert_int_equal(chown(path, 65534, 4), 0);
	assert_int_equal(child_run(open_of_another_group, NULL, out,
			     sizeof(out)),
	    EXIT_PERMISSION);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(child_run(open_of_another_group, NULL, out,
			     sizeof(out)),
	    EXIT_PERMISSION);
	assert_non_null(strstr(out, "run as root: chown root:"));
	assert_non_null(strstr(out, "&& chmod 640 "));
	/* Root's check of the bot's file keeps it open to the bot. */
	assert_int_equal(chown(path, 0, 65534), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(open_file(path), OUT_NEVER);
	assert_non_null(strstr(fault.text, "run: chmod 640 "));
	assert_int_equal(chown(dir, 0, 0), 0);
}

static void
odd_files(void **state)
{
	char *large = malloc(1024 * 1024 + 1);

	(void)state;
	put(path, "A=1\0B=2", 7, 0600);
	assert_int_equal(open_file(path), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	memset(large, '#', 1024 * 1024 + 1);
	put(path, large, 1024 * 1024, 0600);
	assert_int_equal(open_file(path), OUT_OK);
	put(path, large, 1024 * 1024 + 1, 0600);
	assert_int_equal(open_file(path), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	free(large);
	assert_int_equal(open_file("/none/x.env"), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	assert_non_null(strstr(fault.text, "/none/x.env"));
	assert_int_equal(open_file(dir), OUT_NEVER);
	setenv("LEADPIPE_CONFIG", "/none/y.env", 1);
	assert_int_equal(open_file(NULL), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	put(path, "FLOW_FILE=/x", 12, 0600);
	setenv("LEADPIPE_CONFIG", path, 1);
	assert_int_equal(open_file(NULL), OUT_OK);
	assert_string_equal(config_get(config, "FLOW_FILE"), "/x");
	unsetenv("LEADPIPE_CONFIG");
}

/* Says which user's ./.env was read. */
static void
open_local(void *user)
{
	const struct log_options verbose = { .level = LOG_INFO };
	uid_t uid = *(uid_t *)user;

	log_setup(&verbose);
	if (chdir(dir) < 0 || (uid != 0 && setuid(uid) < 0) ||
	    open_file(NULL) != OUT_OK)
		_exit(10);
	printf("path=%s value=%s", config_path(config),
	    config_get_or(config, "FLOW_FILE", "-"));
}

static void
local_file_of_its_owner(void **state)
{
	uid_t users[] = { 0, 65534, 65533 };
	char file[80];

	(void)state;
	if (geteuid() != 0 || access("/etc/leadpipe/leadpipe.env", F_OK) == 0)
		return; /* cannot give files away */
	snprintf(file, sizeof(file), "%s/.env", dir);
	put(file, "FLOW_FILE=/local", 16, 0644);
	assert_int_equal(chown(file, 65534, 65534), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	child_run(open_local, &users[0], out, sizeof(out));
	assert_non_null(strstr(out, "config_ignored path=./.env"));
	assert_non_null(strstr(out, "path=(null) value=-"));
	child_run(open_local, &users[1], out, sizeof(out));
	assert_string_equal(out, "path=.env value=/local");
	child_run(open_local, &users[2], out, sizeof(out));
	assert_non_null(strstr(out, "belongs to somebody else"));
	assert_non_null(strstr(out, "path=(null) value=-"));
	unlink(file);
}

static void
log_all(void *arg)
{
	(void)arg;
	if (open_text(
		"BOT_TOKEN=" TOKEN "\n"
		"REDIS_URL=redis://user:p4ssw0rd@host:6379/0\n"
		"CRM_PROXY=socks5h://proxyuser:proxypass@[::1]:1080\n"
		"BITRIX24_WEBHOOK_URL=https://x.bitrix24.ru/rest/1/s3cr3ts3cr3t/\n"
		"AMOCRM_CLIENT_SECRET='am0cl13nt'\n"
		"SHOP_PASSWORD=letmein1\n") != OUT_OK)
		_exit(10);
	log_error("a %s", config_get(config, "BOT_TOKEN"));
	log_error("b %s", strchr(TOKEN, ':') + 1);
	log_error("c %s", config_get(config, "REDIS_URL"));
	log_error("d %s", config_get(config, "CRM_PROXY"));
	log_error("e %scrm.lead.add",
	    config_get(config, "BITRIX24_WEBHOOK_URL"));
	log_error("f POST /rest/1/s3cr3ts3cr3t/");
	log_error("g %s %s", config_get(config, "AMOCRM_CLIENT_SECRET"),
	    config_get(config, "SHOP_PASSWORD"));
}

static void
secrets_do_not_reach_the_log(void **state)
{
	(void)state;
	assert_int_equal(child_run(log_all, NULL, out, sizeof(out)), 0);
	assert_string_equal(out,
	    "leadpipe: a ***\n"
	    "leadpipe: b ***\n"
	    "leadpipe: c redis://***@host:6379/0\n"
	    "leadpipe: d socks5h://***@[::1]:1080\n"
	    "leadpipe: e ***crm.lead.add\n"
	    "leadpipe: f POST ***\n"
	    "leadpipe: g *** ***\n");
}

static void
set_twice(void *arg)
{
	(void)arg;
	if (open_text("X=1\n\nX=2") != OUT_OK ||
	    strcmp(config_get(config, "X"), "2") != 0)
		_exit(10);
}

static void
the_last_line_counts(void **state)
{
	(void)state;
	assert_int_equal(child_run(set_twice, NULL, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "lines 1 and 3: 'X' is set twice"));
}

static void
numbers(void **state)
{
	static const char *const wrong[] = { "x", "1x", "0", "101", "1.5",
		"0x10", "' 5'", "99999999999999999999" };
	char line[64];
	int64_t value;

	(void)state;
	assert_int_equal(open_text("LEADPIPE_SEND_SLOTS=64"), OUT_OK);
	assert_int_equal(config_int(config, "LEADPIPE_SEND_SLOTS", 1, 100, 5,
			     &value, &fault),
	    OUT_OK);
	assert_int_equal(value, 64);
	assert_int_equal(config_int(config, "NONE", 1, 100, 5, &value, &fault),
	    OUT_OK);
	assert_int_equal(value, 5);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "N=%s", wrong[i]);
		assert_int_equal(open_text(line), OUT_OK);
		assert_int_equal(config_int(config, "N", 1, 100, 5, &value,
				     &fault),
		    OUT_NEVER);
		assert_int_equal(fault.code, EXIT_CONFIG);
	}
	assert_int_equal(open_text("N=-7"), OUT_OK);
	assert_int_equal(config_int(config, "N", -10, 0, 5, &value, &fault),
	    OUT_OK);
	assert_int_equal(value, -7);
	assert_int_equal(config_int(config, "N", 1, 9, 5, &value, &fault),
	    OUT_NEVER);
	assert_non_null(strstr(fault.text, "N is '-7' ("));
	assert_non_null(strstr(fault.text, "from 1 to 9"));
}

static void
truths(void **state)
{
	static const char *const yes[] = { "true", "1", "yes" };
	static const char *const no[] = { "false", "0", "no" };
	char line[64];
	bool value;

	(void)state;
	for (int i = 0; i < 6; i++) {
		snprintf(line, sizeof(line), "DEV_MODE=%s",
		    i < 3 ? yes[i] : no[i - 3]);
		assert_int_equal(open_text(line), OUT_OK);
		assert_int_equal(config_bool(config, "DEV_MODE", i >= 3,
				     &value, &fault),
		    OUT_OK);
		assert_int_equal(value, i < 3);
	}
	assert_int_equal(open_text("DEV_MODE="), OUT_OK);
	assert_int_equal(config_bool(config, "DEV_MODE", true, &value, &fault),
	    OUT_OK);
	assert_true(value);
	assert_int_equal(open_text("DEV_MODE=maybe"), OUT_OK);
	assert_int_equal(config_bool(config, "DEV_MODE", true, &value, &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/leadpipe.env", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	config_close(config);
	unlink(path);
	return rmdir(dir);
}

static void
what_is_set_aside_is_not_set(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_int_equal(open_text("LEADPIPE_KEEP_RUNS=x\nREDIS_HOST=h\n"
				   "OF_THE_FLOW=1"),
	    OUT_OK);
	assert_false(config_set_aside(config, "LEADPIPE_KEEP_TASKS"));
	assert_false(config_set_aside(config, "OF_THE_FLOW"));
	assert_false(config_is_aside(config, "LEADPIPE_KEEP_RUNS"));
	assert_true(config_set_aside(config, "LEADPIPE_KEEP_RUNS"));
	assert_true(config_is_aside(config, "LEADPIPE_KEEP_RUNS"));
	assert_false(config_set_aside(config, "LEADPIPE_KEEP_RUNS"));
	assert_int_equal(config_int(config, "LEADPIPE_KEEP_RUNS", 0, 9, 5,
			     &value, &fault),
	    OUT_OK);
	assert_int_equal(value, 5);
	assert_string_equal(config_get(config, "REDISHOST"), "h");
	config_restore(config);
	assert_string_equal(config_get(config, "LEADPIPE_KEEP_RUNS"), "x");
	assert_int_equal(config_int(config, "LEADPIPE_KEEP_RUNS", 0, 9, 5,
			     &value, &fault),
	    OUT_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_a_line),
		cmocka_unit_test(broken_lines_name_their_number),
		cmocka_unit_test(misspelt_keys),
		cmocka_unit_test(names_in_the_environment),
		cmocka_unit_test(environment_wins),
		cmocka_unit_test(origins),
		cmocka_unit_test(aliases),
		cmocka_unit_test(secrets_in_files),
		cmocka_unit_test(credentials_directory),
		cmocka_unit_test(files_with_secrets_are_closed),
		cmocka_unit_test(groups_matter),
		cmocka_unit_test(odd_files),
		cmocka_unit_test(local_file_of_its_owner),
		cmocka_unit_test(secrets_do_not_reach_the_log),
		cmocka_unit_test(the_last_line_counts),
		cmocka_unit_test(numbers),
		cmocka_unit_test(truths),
		cmocka_unit_test(what_is_set_aside_is_not_set),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
