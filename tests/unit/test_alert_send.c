/* SPDX-License-Identifier: MIT */
/*
 * How alerts leave: to a Telegram that answers whatever its script says, to
 * the command when that is out of reach, and what is remembered of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "ops/alert.h"
#include "ops/alert_command.h"
#include "ops/alert_file.h"
#include "unit/wire.h"

#define MINUTE INT64_C(60000)
#define START INT64_C(1790000000000)
#define LENGTH(array) ((int)(sizeof(array) / sizeof(*(array))))

/* The end of the connection is that of the body. */
#define ANSWER(status, rest) \
	{ \
		READ_ALL, "HTTP/1.1 " status " X\r\n" rest, 0, WIRE_CLOSE \
	}
#define GOOD ANSWER("200", "\r\n{\"ok\":true,\"result\":{\"message_id\":5}}")
#define REFUSED(code, rest) \
	ANSWER(code, \
	    "\r\n{\"ok\":false,\"error_code\":" code ",\"description\":" rest \
	    "}")

static char *dir, *config_file, *said_file;
static struct wire *wire;
static char report[2000];
static enum check_state delivery;

static char *
beside(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static void
remove_file(const char *name)
{
	char *path = beside(name);

	unlink(path);
	free(path);
}

static int
setup(void **unused)
{
	const char *base = getenv("TMPDIR");

	(void)unused;
	dir = mem_printf("%s/leadpipe-alert.XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(dir));
	config_file = beside("env");
	said_file = beside("said");
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	if (wire)
		wire_close(wire);
	wire = NULL;
	chmod(dir, 0700);
	remove_file("env");
	remove_file("said");
	remove_file("alerts.json");
	remove_file("alerts.lock");
	rmdir(dir);
	free(dir);
	free(config_file);
	free(said_file);
	return 0;
}

/* The configuration, with further LINES; Telegram is the script TURNS. */
static void
configure(const struct wire_turn *turns, int count, const char *lines)
{
	struct fault fault;

	if (turns != NULL)
		wire = wire_open(turns, count);
	char *text = mem_printf("BOT_TOKEN=4242:AAAAAAAAAAAAAAAAAAAAAAAAAA\n"
				"TELEGRAM_API_ROOT=http://127.0.0.1:%d\n"
				"DATABASE_PATH=%s/leadpipe.db\n%s\n",
	    wire ? wire->port : 1, dir, lines);
	assert_int_equal(file_write_atomic(config_file, text, strlen(text),
			     0600, &fault),
	    OUT_OK);
	free(text);
}

/* A healthcheck now; dead letters are in state HOW. */
static void
check(enum check_state how)
{
	static const struct alert_options all = { NULL, NULL };
	struct run run = RUN_INIT;
	struct checks checks;
	struct check *dead;

	run.shared.config_file = config_file;
	assert_int_equal(config_open(&run.config, config_file, &run.fault),
	    OUT_OK);
	checks_init(&checks, clock_wall_ms());
	dead = checks_add(&checks, "queue", "dead");
	dead->state = how;
	dead->since = how ? checks.now - MINUTE : 0;
	check_say(dead, "dead letters: 1 <b>&");
	alert_tell(&checks, &run, &all);
	delivery = CHECK_OK;
	report[0] = '\0';
	for (size_t i = 1; i < checks.count; i++) {
		snprintf(report, sizeof(report), "%s", checks.list[i].text);
		delivery = checks.list[i].state;
	}
	checks_release(&checks);
	config_close(run.config);
}

static void
pass(int64_t ms)
{
	clock_fake_advance(ms);
}

/* What the command wrote, "" for nothing. */
static const char *
said(void)
{
	static char kept[8192];
	struct fault fault;
	char *text = NULL;
	size_t len;

	kept[0] = '\0';
	if (file_read(said_file, sizeof(kept) - 1, &text, &len, &fault) ==
	    OUT_OK)
		snprintf(kept, sizeof(kept), "%s", text);
	free(text);
	return kept;
}

static int
sent(const char *text)
{
	return wire_count(wire, text);
}

/* --- with the real clock: what hangs */

static void
test_command_hangs(void **unused)
{
	struct config *config;
	struct fault fault;
	int64_t begin;

	(void)unused;
	configure(NULL, 0,
	    "LEADPIPE_ALERT_COMMAND='sleep 60 & sleep 60; echo never'");
	assert_int_equal(config_open(&config, config_file, &fault), OUT_OK);
	begin = clock_mono_ms();
	assert_int_equal(alert_command(config, "x", begin + 300, &fault),
	    OUT_LATER);
	assert_string_equal(fault.text,
	    "LEADPIPE_ALERT_COMMAND did not end in time");
	assert_true(clock_mono_ms() - begin < 5000);
	config_close(config);
}

/* Whatever TURN does to a heartbeat, it is over in 3 s. */
static void
ping_with(const struct wire_turn *turn, const char *problem)
{
	struct config *config;
	struct fault fault;
	int64_t begin = clock_mono_ms();

	configure(turn, 1, "");
	char *lines =
	    mem_printf("LEADPIPE_PING_URL=http://127.0.0.1:%d/ping/SECRETKEY",
		wire->port);
	configure(NULL, 0, lines);
	free(lines);
	assert_int_equal(config_open(&config, config_file, &fault), OUT_OK);
	enum outcome out = alert_ping(config, &fault);
	assert_true(clock_mono_ms() - begin < 6000);
	if (problem == NULL)
		assert_int_equal(out, OUT_OK);
	else if (out == OUT_OK || !strstr(fault.text, problem) ||
	    strstr(fault.text, "SECRETKEY"))
		fail_msg("'%s' is not '%s'", fault.text, problem);
	config_close(config);
	wire_close(wire);
	wire = NULL;
}

static void
test_ping(void **unused)
{
	static const struct wire_turn good = ANSWER("200", "\r\nOK");
	static const struct wire_turn broken = ANSWER("500", "\r\n");
	static const struct wire_turn moved =
	    ANSWER("301", "Location: http://127.0.0.1:1/\r\n\r\n");
	static const struct wire_turn drips = { READ_ALL,
		"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		100, WIRE_HOLD };

	(void)unused;
	ping_with(&good, NULL);
	ping_with(&broken, "HTTP 500");
	ping_with(&moved, "HTTP 301");
	ping_with(&drips, "the heartbeat's service");
}

/* --- with a clock of ours */

static void
test_sent(void **unused)
{
	static const struct wire_turn turns[] = { GOOD };

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, 1, "ADMIN_IDS=7, 8");
	check(CHECK_WARNING);
	assert_int_equal(sent("POST /bot4242:AAAAAAAAAAAAAAAAAAAAAAAAAA/"
			      "sendMessage"),
	    2);
	assert_int_equal(sent("\"chat_id\":7,"), 1);
	assert_int_equal(sent("\"chat_id\":8,"), 1);
	assert_int_equal(sent("dead letters: 1 <b>&"), 2);
	assert_int_equal(sent("parse_mode"), 0);
	for (int i = 0; i < 5; i++) {
		pass(MINUTE);
		check(CHECK_WARNING);
	}
	assert_int_equal(wire->count, 2);
	for (int i = 0; i < 5; i++) {
		pass(MINUTE);
		check(CHECK_OK);
	}
	assert_int_equal(wire->count, 4);
	assert_int_equal(sent("[OK] queue/dead: was WARNING"), 2);
	assert_int_equal(delivery, CHECK_OK);
	assert_string_equal(said(), "");
}

static void
test_own_bot(void **unused)
{
	static const struct wire_turn turns[] = { GOOD };

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, 1,
	    "ADMIN_IDS=7\nTELEGRAM_ALERT_CHAT_ID=@ops_of_shop\n"
	    "TELEGRAM_ALERT_BOT_TOKEN=5252:BBBBBBBBBBBBBBBBBBBBBBBBBB");
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 1);
	assert_int_equal(sent("/bot5252:BBBBBBBBBBBBBBBBBBBBBBBBBB/"), 1);
	assert_int_equal(sent("\"chat_id\":\"@ops_of_shop\","), 1);
}

static void
test_wait(void **unused)
{
	static const struct wire_turn turns[] = {
		REFUSED("429",
		    "\"Too Many Requests\","
		    "\"parameters\":{\"retry_after\":150}"),
		GOOD
	};

	(void)unused;
	clock_fake(START, 1000);
	char *lines =
	    mem_printf("ADMIN_IDS=7,8\nLEADPIPE_ALERT_COMMAND='cat >%s'",
		said_file);
	configure(turns, LENGTH(turns), lines);
	free(lines);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 1);
	assert_int_equal(delivery, CHECK_WARNING);
	/* A further letter neither. */
	for (int i = 0; i < 2; i++) {
		pass(MINUTE);
		check(CHECK_CRITICAL);
	}
	assert_int_equal(wire->count, 1);
	pass(MINUTE);
	check(CHECK_CRITICAL);
	assert_int_equal(wire->count, 5);
	assert_int_equal(sent("(of 2026-09-21T14:13:20.000Z)\\n"), 2);
	assert_int_equal(sent("(again"), 0);
	assert_int_equal(delivery, CHECK_OK);
	assert_string_equal(said(), "");
}

static void
test_revoked(void **unused)
{
	static const struct wire_turn turns[] = { REFUSED("401",
						      "\"Unauthorized\"  "),
		REFUSED("401", "\"Unauthorized\"  "),
		REFUSED("401", "\"Unauthorized\"  "), GOOD };
	char lines[600];

	(void)unused;
	clock_fake(START, 1000);
	snprintf(lines, sizeof(lines),
	    "ADMIN_IDS=7\nLEADPIPE_ALERT_COMMAND='cat >>%s; env >>%s'",
	    said_file, said_file);
	configure(turns, LENGTH(turns), lines);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 1);
	assert_int_equal(delivery, CHECK_WARNING);
	assert_non_null(strstr(report, "Telegram refuses BOT_TOKEN"));
	assert_non_null(strstr(said(), "[WARNING] queue/dead: dead letters"));
	assert_null(strstr(said(), "4242:A"));
	assert_null(strstr(said(), "TMPDIR"));
	size_t once = strlen(said());
	for (int i = 0; i < 60 && sent("dead letters") < 4; i++) {
		pass(MINUTE);
		check(CHECK_WARNING);
	}
	assert_int_equal(sent("dead letters"), 4);
	assert_int_equal(delivery, CHECK_OK);
	assert_int_equal(strlen(said()), once);
	pass(MINUTE);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 4);
}

static void
test_command_fails(void **unused)
{
	char lines[600];

	(void)unused;
	clock_fake(START, 1000);
	snprintf(lines, sizeof(lines),
	    "ADMIN_IDS=7\nLEADPIPE_ALERT_COMMAND='echo x >>%s; exit 3'",
	    said_file);
	/* Nobody listens on port 1. */
	configure(NULL, 0, lines);
	for (int i = 0; i < 10; i++) {
		check(CHECK_WARNING);
		pass(MINUTE);
	}
	assert_string_equal(said(), "x\nx\nx\n");
	assert_int_equal(delivery, CHECK_WARNING);
}

/* Nobody is named: the command is all there is. */
static void
test_nobody(void **unused)
{
	char lines[600];

	(void)unused;
	clock_fake(START, 1000);
	snprintf(lines, sizeof(lines), "LEADPIPE_ALERT_COMMAND='cat >>%s'",
	    said_file);
	configure(NULL, 0, lines);
	check(CHECK_WARNING);
	assert_non_null(strstr(said(), "queue/dead"));
	assert_non_null(strstr(report, "set TELEGRAM_ALERT_CHAT_ID"));
	size_t once = strlen(said());
	pass(MINUTE);
	check(CHECK_WARNING);
	assert_int_equal(strlen(said()), once);
	assert_int_equal(delivery, CHECK_OK);
}

static void
test_refused_by_one(void **unused)
{
	static const struct wire_turn turns[] = {
		REFUSED("403",
		    "\"Forbidden: bot was blocked by the "
		    "user\""),
		GOOD
	};

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, LENGTH(turns), "ADMIN_IDS=7,8");
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 2);
	assert_non_null(strstr(report, "chat 7: Forbidden"));
	pass(MINUTE);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 2);
}

static void
test_moved(void **unused)
{
	static const struct wire_turn turns[] = {
		REFUSED("400",
		    "\"Bad Request: group chat was upgraded to"
		    " a supergroup chat\",\"parameters\":{\"migrate_to_chat_id"
		    "\":-100777}     "),
		GOOD
	};

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, LENGTH(turns), "TELEGRAM_ALERT_CHAT_ID=-5");
	check(CHECK_WARNING);
	assert_non_null(strstr(report, "-100777 now"));
	pass(MINUTE);
	check(CHECK_WARNING);
	assert_int_equal(sent("\"chat_id\":-100777,"), 1);
	assert_int_equal(wire->count, 2);
}

/* The answer gets lost each time: it may have arrived each time. */
static void
test_lost(void **unused)
{
	static const struct wire_turn turns[] = { { READ_ALL, NULL, 0,
	    WIRE_CLOSE } };

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, 1, "ADMIN_IDS=7");
	for (int i = 0; i < 60; i++) {
		check(CHECK_WARNING);
		pass(MINUTE);
	}
	assert_int_equal(wire->count, 3);
	assert_int_equal(sent("(again: this may have arrived before)\\n"), 2);
}

/* A process died between the mark and the answer: once more, said so. */
static void
test_killed(void **unused)
{
	static const struct wire_turn turns[] = { GOOD };
	struct alert_state state = { 0 };
	struct alert_file file;
	struct fault fault;

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, 1, "ADMIN_IDS=7");
	char *db = beside("leadpipe.db");
	assert_int_equal(alert_file_open(&file, db, 0, &state, START, &fault),
	    OUT_OK);
	alert_chat_add(alert_letter_add(&state, START, mem_dup("the letter")),
	    "7", 1);
	state.letters[0].chats[0].sending = true;
	assert_int_equal(alert_file_save(&file, &state, &fault), OUT_OK);
	alert_file_close(&file);
	alert_state_release(&state);
	for (int i = 0; i < 5; i++) {
		check(CHECK_OK);
		pass(MINUTE);
	}
	assert_int_equal(wire->count, 1);
	assert_int_equal(sent("(again: this may have arrived before)\\n"
			      "the letter"),
	    1);
	free(db);
}

/* While another one is at it, this one leaves it to that. */
static void
test_two(void **unused)
{
	static const struct wire_turn turns[] = { GOOD };
	struct alert_state state = { 0 };
	struct alert_file file;
	struct fault fault;

	(void)unused;
	clock_fake(START, 1000);
	configure(turns, 1, "ADMIN_IDS=7");
	char *db = beside("leadpipe.db");
	assert_int_equal(alert_file_open(&file, db, 0, &state, START, &fault),
	    OUT_OK);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 0);
	assert_int_equal(delivery, CHECK_OK);
	alert_file_close(&file);
	alert_state_release(&state);
	check(CHECK_WARNING);
	assert_int_equal(wire->count, 1);
	free(db);
}

/* The file in memory; BEFORE and AFTER its name make another one of it. */
static char *
spare(const char *before, const char *after)
{
	char *db = beside("leadpipe.db");
	char *path =
	    mem_printf("/dev/shm/leadpipe-%lu/%salerts-%016llx.json%s",
		(unsigned long)geteuid(), before,
		(unsigned long long)id_hash(db, strlen(db)), after);

	free(db);
	return path;
}

/* No file can be made beside the database: memory takes its place, and the
 * newer of the two counts. */
static void
test_spare(void **unused)
{
	static const struct wire_turn turns[] = { GOOD };

	(void)unused;
	if (access("/dev/shm", W_OK) != 0)
		skip();
	clock_fake(START, 1000);
	configure(turns, 1, "ADMIN_IDS=7");
	check(CHECK_OK);
	/* A directory of that name: root, too, cannot write there. */
	char *path = beside("alerts.json"), *kept = spare("", "");
	char *draft = spare(".", ".aB3dE6");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i < 10; i++) {
		check(CHECK_WARNING);
		pass(MINUTE);
	}
	assert_int_equal(wire->count, 1);
	assert_int_equal(delivery, CHECK_OK);
	assert_int_equal(link(kept, draft), 0);
	rmdir(path);
	for (int i = 0; i < 10; i++) {
		check(CHECK_OK);
		pass(MINUTE);
	}
	assert_int_equal(wire->count, 2);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(kept, F_OK), -1);
	assert_int_equal(access(draft, F_OK), -1);
	free(draft);
	free(kept);
	free(path);
}

/* What a process that was killed while it wrote left is gone, and nothing
 * else. */
static void
test_draft(void **unused)
{
	static const char *const names[] = { ".alerts.json.aB3dE6",
		".alerts.json.aB3dE67", ".alerts.lock.aB3dE6" };

	(void)unused;
	configure(NULL, 0, "");
	for (int i = 0; i < LENGTH(names); i++) {
		char *path = beside(names[i]);
		struct fault fault;

		assert_int_equal(file_write_atomic(path, "{", 1, 0600, &fault),
		    OUT_OK);
		free(path);
	}
	check(CHECK_OK);
	for (int i = 0; i < LENGTH(names); i++) {
		char *path = beside(names[i]);

		assert_int_equal(access(path, F_OK), i > 0 ? 0 : -1);
		free(path);
		remove_file(names[i]);
	}
}

static void
test_heartbeat(void **unused)
{
	static const struct wire_turn turns[] = { ANSWER("200", "\r\nOK") };

	(void)unused;
	clock_fake(START / MINUTE * MINUTE, 1000);
	configure(turns, 1, "");
	char *lines = mem_printf("LEADPIPE_PING_URL=http://127.0.0.1:%d/ping",
	    wire->port);
	configure(NULL, 0, lines);
	free(lines);
	for (int i = 0; i < 3; i++) {
		check(CHECK_OK);
		pass(20000);
	}
	assert_int_equal(sent("GET /ping HTTP"), 1);
	check(CHECK_OK);
	assert_int_equal(sent("GET /ping HTTP"), 2);
	assert_string_equal(report, "the heartbeat was taken");
	pass(MINUTE);
	check(CHECK_CRITICAL);
	assert_int_equal(wire->count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		TEST(command_hangs),
		TEST(ping),
		TEST(sent),
		TEST(own_bot),
		TEST(wait),
		TEST(revoked),
		TEST(command_fails),
		TEST(nobody),
		TEST(refused_by_one),
		TEST(moved),
		TEST(lost),
		TEST(killed),
		TEST(two),
		TEST(spare),
		TEST(draft),
		TEST(heartbeat),
	};

	file_sanitize_process();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
