/* SPDX-License-Identifier: MIT */
/*
 * The status page: what comes from data is escaped and cleaned, and lines stay
 * inside of their pictures.
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
#include "ops/badge.h"
#include "ops/metric_text.h"
#include "ops/page.h"
#include "ops/page_chart.h"
#include "ops/page_text.h"
#include "ops/status_json.h"

#define NOW INT64_C(1795219200000) /* 2026-11-21T00:00:00Z */
#define EVIL "<script>alert(1)</script>\"'&\x1b[31m"

static struct buf out = BUF_INIT(1u << 20);
static struct checks checks;
static struct status status;
static struct fault fault;

static int
setup(void **state)
{
	(void)state;
	checks_init(&checks, NOW);
	status = (struct status){ .now = NOW,
		.every_ms = 60000,
		.bot_id = 4242,
		.checks = &checks };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	status_release(&status);
	checks_release(&checks);
	buf_release(&out);
	return 0;
}

static void
read_it(void)
{
	assert_int_equal(OUT_OK, status_read(&status, NULL, &fault));
}

static void
has(const char *text)
{
	if (strstr(out.data, text) == NULL)
		fail_msg("'%s' is not in: %s", text, out.data);
}

static void
has_not(const char *text)
{
	if (strstr(out.data, text) != NULL)
		fail_msg("'%s' is in: %s", text, out.data);
}

static struct check *
trouble(const char *component, enum check_state how, const char *text)
{
	struct check *check = checks_add(&checks, component, "thing");

	check->state = how;
	check_say(check, "%s", text);
	return check;
}

static void
text_is_escaped(void **state)
{
	(void)state;
	page_add_text(&out, EVIL);
	assert_string_equal(
	    "&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;[31m", out.data);
}

static void
a_person_is_not_shown(void **state)
{
	(void)state;
	log_secret("4242:SECRETSECRET");
	page_add_text(&out,
	    "HTTP 400 of +7 916 123-45-67, a.b@c.example, @anna_k, "
	    "4242:SECRETSECRET");
	has("HTTP 400");
	has_not("916");
	has_not("c.example");
	has_not("anna_k");
	has_not("SECRETSECRET");
}

static void
commands_are_set_apart(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{ "'leadpipe x --y' shows it",
		    "<code>leadpipe x --y</code> shows it" },
		{ "see ('a'), then 'b'.",
		    "see (<code>a</code>), then <code>b</code>." },
		{ "amocrm's token and the owners' one",
		    "amocrm's token and the owners' one" },
		{ "an open 'end <", "an open <code>end &lt;</code>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&out);
		page_add_remedy(&out, cases[i].text);
		assert_string_equal(cases[i].html, out.data);
	}
}

static void
numbers_and_times_are_for_people(void **state)
{
	(void)state;
	read_it();
	page_add_number(&out, 0);
	buf_add_char(&out, ' ');
	page_add_number(&out, 999);
	buf_add_char(&out, ' ');
	page_add_number(&out, 1234567);
	buf_add_char(&out, ' ');
	page_add_span(&out, 340);
	buf_add_char(&out, ' ');
	page_add_span(&out, 1260);
	buf_add_char(&out, ' ');
	page_add_span(&out, 7800000);
	assert_string_equal("0 999 1,234,567 340 ms 1.3 s 2 h 10 min",
	    out.data);
	buf_clear(&out);
	page_add_time(&out, &status, NOW - 1000);
	assert_string_equal("<time datetime=\"2026-11-20T23:59:59.000Z\">"
			    "20 Nov, 23:59</time>",
	    out.data);
}

static void
a_scale_is_round_and_high_enough(void **state)
{
	static const struct {
		double most, least, top;
	} cases[] = { { 0, 10, 10 }, { 9, 10, 10 }, { 10, 10, 10 },
		{ 11, 10, 20 }, { 21, 10, 50 }, { 501, 1, 1000 },
		{ 1e12, 1, 1e12 }, { -1, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_true(chart_top(&cases[i].most, 1, cases[i].least) ==
		    cases[i].top);
}

/* Each point lies inside; returns how many there are. */
static int
inside(const char *path)
{
	int points = 0;

	for (const char *at = path; *at != '\0'; at++) {
		double x, y;

		if ((*at != 'M' && *at != 'L') ||
		    sscanf(at + 1, "%lf %lf", &x, &y) != 2)
			continue;
		points++;
		if (x < 0 || x > CHART_WIDTH || y < 0 || y > CHART_HEIGHT)
			fail_msg("%g,%g is outside", x, y);
	}
	return points;
}

static void
lines_stay_inside_and_gaps_are_gaps(void **state)
{
	double values[STATUS_SLOTS];

	(void)state;
	for (int i = 0; i < STATUS_SLOTS; i++)
		values[i] = i % 10 == 9 ? -1 : i * 1000.0;
	double top = chart_top(values, STATUS_SLOTS, 1);
	chart_path(&out, values, STATUS_SLOTS, top, false);
	assert_int_equal(STATUS_SLOTS - 9, inside(out.data));
	int stretches = 0;
	for (const char *at = out.data; (at = strchr(at, 'M')); at++)
		stretches++;
	assert_int_equal(10, stretches);
	buf_clear(&out);
	chart_path(&out, values, STATUS_SLOTS, top, true);
	inside(out.data);
	assert_string_equal("V80H360z", strrchr(out.data, 'V'));
}

static void
a_line_of_one_point_or_none(void **state)
{
	const double one[] = { -1, 5, -1 }, none[] = { -1, -1, -1 };

	(void)state;
	chart_path(&out, one, 3, 10, false);
	assert_string_equal("M4 40.0h4", out.data);
	buf_clear(&out);
	chart_path(&out, none, 3, 10, true);
	assert_string_equal("", out.data);
}

static void
a_page_without_a_database_tells_the_rest(void **state)
{
	(void)state;
	struct check *check =
	    trouble("database", CHECK_CRITICAL, "'x.db' is damaged " EVIL);
	check_mend(check, "'leadpipe restore-state'");
	status.title = "Shop " EVIL;
	read_it();
	page_write(&status, &out);
	has("Something is broken");
	has("<code>leadpipe restore-state</code>");
	has("Shop &lt;script&gt;");
	has_not("<script");
	has_not("Waiting now");
	assert_false(out.overflow);
}

/* What everybody may see. */
static void
the_public_page_tells_no_details(void **state)
{
	(void)state;
	struct check *check =
	    trouble("crm", CHECK_WARNING, "amocrm failed 3 times in a row");
	check_mend(check, "'leadpipe sync-crm -v'");
	checks_measure(&checks, "leads", 7391);
	status.public = true;
	read_it();
	status.known = true;
	status.today.leads = 7391;
	status.incidents[0] = (struct status_incident){ .key = "queue/due_lag",
		.text = "the oldest due waits 9 s",
		.state = CHECK_WARNING,
		.began_at = NOW - 7200000,
		.ended_at = NOW - 3600000 };
	status.incident_count = 1;
	page_write(&status, &out);
	has("needs a look");
	has("Delivery");
	has_not("7,391");
	has_not("amocrm");
	has_not("leadpipe sync-crm");
	has_not("9 s");
	has_not("due_lag");
	has_not("4242");
	buf_clear(&out);
	json_auto_t *json = status_json(&status);
	char *text = json_dumps(json, 0);
	buf_add_text(&out, text);
	free(text);
	has("\"queue\"");
	has_not("7391");
	has_not("due_lag");
	has_not("9 s");
	has_not("amocrm");
}

static void
metrics_are_escaped(void **state)
{
	struct metric_text text = { .out = &out, .bot = "42" };
	const char *const labels[] = { "state", "a\"b\\c\nd\x01", NULL };

	(void)state;
	metric_begin(&text, "lp_x_total", "counter", "Help.");
	metric_put(&text, 3, labels);
	metric_put(&text, 1795219200.125, NULL);
	text.bot[0] = '\0';
	metric_put(&text, 12345678901234, NULL);
	assert_string_equal(
	    "# HELP lp_x_total Help.\n"
	    "# TYPE lp_x_total counter\n"
	    "lp_x_total{bot=\"42\",state=\"a\\\"b\\\\c\\nd\"} 3\n"
	    "lp_x_total{bot=\"42\"} 1795219200.125\n"
	    "lp_x_total 12345678901234\n",
	    out.data);
}

static void
a_badge_says_the_verdict(void **state)
{
	(void)state;
	trouble("queue", CHECK_WARNING, EVIL);
	read_it();
	badge_write(&status, &out);
	has("degraded");
	has_not("alert");
}

#define WITH_PAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAGE(text_is_escaped),
		WITH_PAGE(a_person_is_not_shown),
		WITH_PAGE(commands_are_set_apart),
		WITH_PAGE(numbers_and_times_are_for_people),
		WITH_PAGE(a_scale_is_round_and_high_enough),
		WITH_PAGE(lines_stay_inside_and_gaps_are_gaps),
		WITH_PAGE(a_line_of_one_point_or_none),
		WITH_PAGE(a_page_without_a_database_tells_the_rest),
		WITH_PAGE(the_public_page_tells_no_details),
		WITH_PAGE(metrics_are_escaped),
		WITH_PAGE(a_badge_says_the_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
