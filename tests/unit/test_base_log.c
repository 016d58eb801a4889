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

#include <jansson.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "unit/child.h"

#define TOKEN "123456789:AAbb-ccDDeeFFggHHiiJJkkLLmmNNooPPqq"

static char out[1 << 20];

static void
begin(enum log_format format, enum log_level level)
{
	const struct log_options options = { .format = format,
		.level = level,
		.command = "poll-updates",
		.run = 7 };

	clock_fake(1795219199123, 0);
	log_setup(&options);
}

static void
plain_complaints(void *arg)
{
	const struct fault fault = { .text = "disk is full" };

	(void)arg;
	log_error("cannot read '%s'", "x\n\x1b[31m\xffy");
	log_warning("careful");
	log_fault(&fault);
	log_event(LOG_INFO, "unseen", NULL);
}

static void
complaints_before_setup(void **state)
{
	(void)state;
	assert_int_equal(child_run(plain_complaints, NULL, out, sizeof(out)),
	    0);
	assert_string_equal(out,
	    "leadpipe: cannot read 'x\\n\\u001b[31m\xef\xbf\xbdy'\n"
	    "leadpipe: warning: careful\n"
	    "leadpipe: disk is full\n");
}

static void
write_events(void *arg)
{
	begin(*(enum log_format *)arg, LOG_INFO);
	log_event(LOG_INFO, "task_completed",
	    "id=%d type=%s late=1.5 ok=true "
	    "text=%s big=12345678901234567890",
	    5, "reminder", log_quote("a \"b\"\n=я\xff"));
	log_event(LOG_DEBUG, "unseen", NULL);
	log_event(LOG_INFO, "bot_ready", NULL);
}

static void
logfmt_events(void **state)
{
	enum log_format format = LOG_LOGFMT;

	(void)state;
	child_run(write_events, &format, out, sizeof(out));
	assert_string_equal(out,
	    "ts=2026-11-20T23:59:59.123Z level=info cmd=poll-updates run=7 "
	    "task_completed id=5 type=reminder late=1.5 ok=true "
	    "text=\"a \\\"b\\\"\\n=я\xef\xbf\xbd\" "
	    "big=12345678901234567890\n"
	    "ts=2026-11-20T23:59:59.123Z level=info cmd=poll-updates run=7 "
	    "bot_ready\n");
}

static void
json_events(void **state)
{
	enum log_format format = LOG_JSON;
	json_t *json;

	(void)state;
	child_run(write_events, &format, out, sizeof(out));
	*strchr(out, '\n') = '\0';
	json = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "event")),
	    "task_completed");
	assert_string_equal(json_string_value(json_object_get(json, "text")),
	    "a \"b\"\n=я\xef\xbf\xbd");
	assert_int_equal(json_integer_value(json_object_get(json, "id")), 5);
	assert_true(json_is_true(json_object_get(json, "ok")));
	assert_true(json_is_real(json_object_get(json, "late")));
	assert_string_equal(json_string_value(json_object_get(json, "big")),
	    "12345678901234567890");
	assert_string_equal(json_string_value(json_object_get(json, "run")),
	    "7");
	json_decref(json);
}

/* Whatever the fields hold, a JSON line is JSON. */
static void
write_hostile(void *arg)
{
	(void)arg;
	begin(LOG_JSON, LOG_INFO);
	log_event(LOG_INFO, "x", "a=\"cut\\");
	log_event(LOG_INFO, "x", "a=\"cut\\u00");
	log_event(LOG_INFO, "x", "a=\"x\\q\" b= =c d\"e");
	log_event(LOG_INFO, "x", "n=01 m=-1 k=- z=1. %s", "q=\x01\xff");
	log_event(LOG_INFO, "x", "f=\"%05000d\"", 1);
	log_error("%s", "\"quoted\" \\ \x02");
}

static void
json_lines_are_json(void **state)
{
	char *line, *rest;
	json_t *json;
	int lines = 0;

	(void)state;
	child_run(write_hostile, NULL, out, sizeof(out));
	for (line = strtok_r(out, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		json = json_loads(line, 0, NULL);
		assert_non_null(json);
		json_decref(json);
		lines++;
	}
	assert_int_equal(lines, 6);
}

static void
write_secrets(void *arg)
{
	struct fault fault;
	char text[256];

	begin(*(enum log_format *)arg, LOG_DEBUG);
	log_secret(TOKEN);
	log_secret("pa\"ss\\wörd");
	log_secret("short");
	log_error("GET https://api.telegram.org/bot%s/getMe failed", TOKEN);
	log_warning("%%3A: 123456789%%3AAAbb-ccDDeeFFggHHiiJJkkLLmmNNooPPqq");
	log_event(LOG_INFO, "a", "url=%s", TOKEN);
	log_event(LOG_INFO, "b", "text=%s", log_quote("x" TOKEN "y" TOKEN));
	log_event(LOG_INFO, "c", "text=%s", log_quote("pa\"ss\\wörd"));
	fault_set(&fault, OUT_NEVER, EXIT_CONFIG, "%290s%s", "", TOKEN);
	log_fault(&fault);
	/* The token crosses the end of the buffers. */
	for (int pad = 4096 - 60; pad < 4096; pad++)
		log_event(LOG_DEBUG, "d", "%*s%s", pad, "", TOKEN);
	for (int pad = 2048 - 60; pad < 2048; pad++)
		log_error("%*s%s", pad, "", TOKEN);
	snprintf(text, sizeof(text), "%s,%s", TOKEN, "short");
	log_redact(text);
	log_error("redacted %s", text);
}

static void
secrets_are_never_written(void **state)
{
	enum log_format formats[] = { LOG_LOGFMT, LOG_JSON };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(child_run(write_secrets, &formats[i], out,
				     sizeof(out)),
		    0);
		assert_non_null(strstr(out, "/bot***/getMe failed"));
		assert_non_null(strstr(out, "x***y***"));
		assert_non_null(strstr(out, "redacted ***,short"));
		/* Not even the beginning of it. */
		assert_null(strstr(out, "123456789"));
		assert_null(strstr(out, "12345678"));
		assert_null(strstr(out, "AAbb-"));
		assert_null(strstr(out, "wörd"));
	}
}

static void
repeat(void *arg)
{
	begin(*(enum log_format *)arg, LOG_WARNING);
	for (int i = 0; i < 12; i++)
		log_error("redis: connection refused");
	log_error("something else");
	log_finish();
	log_finish();
}

static void
repeated_complaints_are_counted(void **state)
{
	enum log_format format = LOG_PLAIN;

	(void)state;
	child_run(repeat, &format, out, sizeof(out));
	assert_string_equal(out,
	    "leadpipe poll-updates: redis: connection refused\n"
	    "leadpipe poll-updates: something else\n"
	    "leadpipe poll-updates: redis: connection refused (12 times)\n");
	format = LOG_LOGFMT;
	child_run(repeat, &format, out, sizeof(out));
	assert_non_null(strstr(out,
	    " level=error cmd=poll-updates run=7 message "
	    "text=\"redis: connection refused\" times=12\n"));
	format = LOG_JSON;
	child_run(repeat, &format, out, sizeof(out));
	assert_non_null(strstr(out,
	    "\"text\":\"redis: connection refused\","
	    "\"times\":12}\n"));
}

static void
many_different(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++)
		log_error("complaint %d", i);
}

static void
none_is_swallowed(void **state)
{
	int lines = 0;

	(void)state;
	child_run(many_different, NULL, out, sizeof(out));
	for (char *at = out; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 100);
}

static void
under_journal(void *arg)
{
	struct stat st;
	char stream[64];

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + (arg != NULL));
	setenv("JOURNAL_STREAM", stream, 1);
	begin(LOG_PLAIN, LOG_INFO);
	log_error("e");
	log_warning("w");
	log_event(LOG_INFO, "i", NULL);
}

static void
priorities_for_the_journal_only(void **state)
{
	char other;

	(void)state;
	child_run(under_journal, NULL, out, sizeof(out));
	assert_memory_equal(out, "<3>leadpipe poll-updates: e\n<4>leadpipe ",
	    40);
	assert_non_null(strstr(out, "\n<6>ts="));
	child_run(under_journal, &other, out, sizeof(out));
	assert_null(strchr(out, '<'));
}

static void
write_held(void *arg)
{
	begin(LOG_PLAIN, LOG_INFO);
	log_hold();
	log_event(LOG_INFO, "lead_added", "id=1");
	log_error("the disk is full");
	if (arg == NULL)
		log_drop();
	else
		log_release();
	log_event(LOG_INFO, "after", NULL);
}

static void
what_was_undone_is_not_told(void **state)
{
	char kept;

	(void)state;
	child_run(write_held, NULL, out, sizeof(out));
	assert_null(strstr(out, "lead_added"));
	assert_non_null(strstr(out, "the disk is full\n"));
	assert_non_null(strstr(out, " after\n"));
	child_run(write_held, &kept, out, sizeof(out));
	assert_non_null(strstr(out, " lead_added id=1\nleadpipe "));
	assert_null(strstr(strstr(out, "the disk"), "the disk is full\nl"));
}

static void
tell_services(void *arg)
{
	(void)arg;
	begin(LOG_LOGFMT, LOG_INFO);
	log_service("telegram", true, NULL);
	log_service("amocrm", false, "status=%d text=%s", 502, log_quote("x"));
	log_service("telegram", true, NULL);
	log_service("amocrm", false, "status=%d text=%s", 504, log_quote("y"));
	log_service("amocrm", true, NULL);
	log_service("telegram", false, "status=%d text=%s", 401, "z");
}

static void
a_service_is_told_when_it_changes(void **state)
{
	static const char *const wanted[] = { " service_up name=telegram\n",
		" service_down name=amocrm status=502 text=\"x\"\n",
		" service_up name=amocrm\n",
		" service_down name=telegram status=401 text=z\n" };
	const char *at = out;

	(void)state;
	child_run(tell_services, NULL, out, sizeof(out));
	for (size_t i = 0; i < 4; i++) {
		at = strstr(at, wanted[i]);
		assert_non_null(at);
		at = strchr(at, '\n');
	}
	assert_string_equal(at, "\n");
	assert_null(strstr(out, "504"));
}

static void
persons_are_masked(void **state)
{
	static const char *const rows[][2] = {
		{ "no field for anna.k@mail.example.org, sorry",
		    "no field for ***, sorry" },
		{ "почта иван@почта.рф.", "почта ***." },
		{ "<a@b.c>", "<***>" },
		{ "+7 (999) 123-45-67 is taken", "*** is taken" },
		{ "phone=+79991234567&x", "phone=***&x" },
		{ "89991234567", "***" },
		{ "'8 (926) 314-15-92' is none", "'***' is none" },
		{ "8-926-314-15-92, 7 926 3141592", "***, ***" },
		{ "7 2026-11-21 08, 83.220.145.250, 8 926 314-15-921",
		    "7 2026-11-21 08, 83.220.145.250, 8 926 314-15-921" },
		{ "ask @anna_k or @ivan", "ask *** or @ivan" },
		{ "x@y", "x@y" },
		{ "chat 4242424242, id 1795219199123, row 12345678901",
		    "chat 4242424242, id 1795219199123, row 12345678901" },
		{ "at 2026-11-20T23:59:59+03:00, byte +12",
		    "at 2026-11-20T23:59:59+03:00, byte +12" },
		{ "@", "@" },
		{ "+", "+" },
		{ "@@@anna_k@@b.c.@", "@@***@@b.c.@" },
		{ "", "" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s", rows[i][0]);
		log_mask(text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void
quoting(void **state)
{
	char text[3001];
	const char *first = log_quote("1");

	(void)state;
	assert_string_equal(first, "\"1\"");
	assert_string_equal(log_quote(NULL), "\"\"");
	assert_string_equal(log_quote("\xe2\x80\xae\xc2\x9b"),
	    "\"\\u202e\\u009b\"");
	for (int i = 0; i < 3000; i += 2)
		memcpy(text + i, "я", 2);
	text[3000] = '\0';
	assert_int_equal(strlen(log_quote(text)), 400 + 2 + 3);
	text[400] = '\0';
	assert_int_equal(strlen(log_quote(text)), 400 + 2);
	/* Eight results at a time. */
	for (int i = 0; i < 3; i++)
		log_quote("x");
	assert_string_equal(first, "\"1\"");
	log_quote("last");
	assert_string_equal(first, "\"last\"");
}

static void
quiet(void *arg)
{
	(void)arg;
	begin(LOG_LOGFMT, LOG_ERROR);
	log_warning("unseen");
	assert_false(log_wants(LOG_WARNING));
	close(STDERR_FILENO);
	log_error("to nobody");
}

static void
quiet_and_closed(void **state)
{
	(void)state;
	assert_int_equal(child_run(quiet, NULL, out, sizeof(out)), 0);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complaints_before_setup),
		cmocka_unit_test(logfmt_events),
		cmocka_unit_test(json_events),
		cmocka_unit_test(json_lines_are_json),
		cmocka_unit_test(secrets_are_never_written),
		cmocka_unit_test(repeated_complaints_are_counted),
		cmocka_unit_test(none_is_swallowed),
		cmocka_unit_test(priorities_for_the_journal_only),
		cmocka_unit_test(what_was_undone_is_not_told),
		cmocka_unit_test(a_service_is_told_when_it_changes),
		cmocka_unit_test(persons_are_masked),
		cmocka_unit_test(quoting),
		cmocka_unit_test(quiet_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
