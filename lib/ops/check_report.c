/* SPDX-License-Identifier: MIT */
#include "ops/check_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "ops/health.h"

/* Pagers show this much. */
#define LINE_COLUMNS 79

/* '|' begins the performance data, and a line end the long text; secrets have
 * no business on a monitoring page. */
static void
add_clean(struct buf *out, const char *text)
{
	char *clean = utf8_clean(text, strlen(text));

	log_redact(clean);
	for (char *at = clean; *at != '\0'; at++)
		if (*at == '|' || *at == '\n' || *at == '\t')
			*at = ' ';
	buf_add_text(out, clean);
	free(clean);
}

/* What the first line is made of: in good times the facts that tell most,
 * else what is wrong. */
static bool
wanted(const struct check *check, enum check_state state)
{
	static const char *const facts[] = { "poll_run_age", "poll_age",
		"tasks", "due_lag" };

	if (check->state != state || *check->text == '\0')
		return false;
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (strcmp(facts[i], check->name) == 0)
			return true;
	return state != CHECK_OK;
}

static void
add_states(const struct checks *checks, enum check_state state,
    struct buf *out, int *said, int *more)
{
	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = &checks->list[i];

		if (!wanted(check, state))
			continue;
		if (*said > 0 &&
		    utf8_length(out->data) + 2 + utf8_length(check->text) >
			LINE_COLUMNS - 10) {
			++*more;
			continue;
		}
		buf_add_text(out, *said > 0 ? "; " : ": ");
		add_clean(out, check->text);
		++*said;
	}
}

static void
add_summary(const struct checks *checks, struct buf *out)
{
	enum check_state worst = checks_state(checks);
	int said = 0, more = 0;

	buf_printf(out, "LEADPIPE %s", check_state_name(worst));
	for (int state = (int)worst; state > CHECK_OK; state--)
		add_states(checks, (enum check_state)state, out, &said, &more);
	if (worst == CHECK_OK)
		add_states(checks, CHECK_OK, out, &said, &more);
	if (said == 0)
		buf_add_text(out, ": nothing is wrong");
	if (more > 0 && worst != CHECK_OK)
		buf_printf(out, " (+%d)", more);
}

/* Digits and a point only, whatever the size: exponents are no perfdata. */
static void
add_number(struct buf *out, double value)
{
	char text[400];
	size_t len = (size_t)snprintf(text, sizeof(text), "%.3f", value);

	while (len > 0 && text[len - 1] == '0')
		len--;
	if (len > 0 && text[len - 1] == '.')
		len--;
	text[len] = '\0';
	buf_add_text(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void
add_perfdata(const struct checks *checks, struct buf *out)
{
	const char *between = " | ";

	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = &checks->list[i];

		if (check->metric == NULL)
			continue;
		buf_printf(out, "%s%s=", between, check->name);
		if (check->known) {
			add_number(out, check->value);
			buf_add_text(out, check->metric->unit);
		} else {
			buf_add_text(out, "U");
		}
		buf_printf(out, ";%s;%s;0", check->metric->warning,
		    check->metric->critical);
		between = " ";
	}
	buf_add_char(out, '\n');
}

static void
add_details(const struct check *check, struct buf *out)
{
	char since[CLOCK_TEXT_SIZE];

	if (*check->text == '\0' && check->state == CHECK_OK)
		return;
	char *key = health_key(check);
	buf_printf(out, "[%s] %s: ", check_state_name(check->state), key);
	free(key);
	add_clean(out, check->text);
	buf_add_char(out, '\n');
	if (check->state == CHECK_OK)
		return;
	if (check->since != 0)
		buf_printf(out, "  since %s\n",
		    clock_text(check->since, since));
	if (*check->remedy != '\0') {
		buf_add_text(out, "  mend: ");
		add_clean(out, check->remedy);
		buf_add_char(out, '\n');
	}
}

void
checks_report(const struct checks *checks, bool details, struct buf *out)
{
	add_summary(checks, out);
	add_perfdata(checks, out);
	for (size_t i = 0; details && i < checks->count; i++)
		add_details(&checks->list[i], out);
}

static void
set_clean(json_t *object, const char *key, const char *text)
{
	struct buf clean = BUF_INIT(4096);

	if (*text == '\0')
		return;
	add_clean(&clean, text);
	json_object_set_new(object, key, json_string(clean.data));
	buf_release(&clean);
}

static json_t *
check_json(const struct check *check, enum checks_part part)
{
	json_t *object = json_pack("{s:s s:s s:s}", "component",
	    check->component, "name", check->name, "state",
	    check_state_name(check->state));

	set_clean(object, "subject", check->subject);
	if (part == CHECKS_WHOLE)
		set_clean(object, "text", check->text);
	if (check->since != 0)
		json_object_set_new(object, "since",
		    json_time_or_null(check->since));
	if (part == CHECKS_WHOLE && check->state != CHECK_OK)
		set_clean(object, "remedy", check->remedy);
	if (check->metric == NULL)
		return object;
	json_object_set_new(object, "value",
	    check->known ? json_real(check->value) : json_null());
	set_clean(object, "unit", check->metric->unit);
	set_clean(object, "warning", check->metric->warning);
	set_clean(object, "critical", check->metric->critical);
	return object;
}

void
checks_json(const struct checks *checks, enum checks_part part,
    struct buf *out)
{
	enum check_state worst = checks_state(checks);
	json_t *list = json_array();
	json_t *all = json_pack("{s:i s:s s:i s:o}", "schema", 1, "state",
	    check_state_name(worst), "exit", check_exit(worst), "checks",
	    list);

	for (size_t i = 0; i < checks->count; i++)
		json_array_append_new(list,
		    check_json(&checks->list[i], part));
	json_line_add(out, all);
}
