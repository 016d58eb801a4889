/* SPDX-License-Identifier: MIT */
#include "ops/status_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ops/status_verdict.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static json_t *
time_json(int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	return at != 0 ? json_string(clock_text(at, text)) : json_null();
}

static json_t *
components_json(const struct status *status)
{
	json_t *list = json_array();
	const char *name = "";

	while ((name = status_next_component(status, name)) != NULL)
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "name", name, "state",
			check_state_name(status_component(status, name))));
	return list;
}

/* Days that nobody looked at are left out. */
static json_t *
days_json(const struct status *status)
{
	json_t *list = json_array();
	char date[CLOCK_TEXT_SIZE];

	for (int i = 0; i < STATUS_DAYS; i++) {
		const struct status_day *day = &status->days[i];
		int64_t number = status->today_day - STATUS_DAYS + 1 + i;

		if (day->ok_ms + day->warning_ms + day->critical_ms == 0)
			continue;
		clock_text(number * DAY_MS, date);
		date[10] = '\0';
		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:I, s:I}", "date", date, "ok_s",
			(json_int_t)day->ok_ms / 1000, "warning_s",
			(json_int_t)day->warning_ms / 1000, "critical_s",
			(json_int_t)day->critical_ms / 1000));
	}
	return list;
}

static json_t *
incidents_json(const struct status *status)
{
	json_t *list = json_array();

	for (int i = 0; i < status->incident_count; i++) {
		const struct status_incident *one = &status->incidents[i];
		json_t *object = json_pack("{s:s#, s:s, s:o, s:o}",
		    "component", one->key, (int)strcspn(one->key, "/"),
		    "state", check_state_name(one->state), "began_at",
		    time_json(one->began_at), "ended_at",
		    time_json(one->ended_at));

		if (!status->public) {
			json_object_set_new(object, "key",
			    json_text_or_null(one->key));
			json_object_set_new(object, "text",
			    json_text_or_null(one->text));
		}
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
checks_json_list(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->checks->count; i++) {
		const struct check *check = &status->checks->list[i];
		char *subject = status_clean(check->subject);
		char *text = status_clean(check->text);
		char *remedy = status_clean(check->remedy);

		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}",
			"component", check->component, "name", check->name,
			"subject", subject, "state",
			check_state_name(check->state), "text", text, "remedy",
			check->state != CHECK_OK ? remedy : "", "since",
			time_json(check->since), "value",
			check->known ? json_real(check->value) : json_null()));
		free(subject);
		free(text);
		free(remedy);
	}
	return list;
}

static json_t *
period_json(const struct status_period *period)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "people",
	    (json_int_t)period->people, "received",
	    (json_int_t)period->received, "sent", (json_int_t)period->sent,
	    "reminders", (json_int_t)period->reminders, "failed",
	    (json_int_t)period->failed, "leads", (json_int_t)period->leads,
	    "created", (json_int_t)period->created);
}

static json_t *
commands_json(const struct status *status)
{
	json_t *list = json_array();

	for (int i = 0; i < status->run_count; i++) {
		const struct status_run *run = &status->runs[i];
		bool over = run->ended_at != 0 && !run->crashed;

		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "command",
			run->command, "started_at", time_json(run->started_at),
			"ended_at",
			over ? time_json(run->ended_at) : json_null(),
			"exit_code",
			over ? json_integer(run->exit_code) : json_null(),
			"last_success_at", time_json(run->success_at),
			"crashed", run->crashed));
	}
	return list;
}

static void
add_business(const struct status *status, json_t *page)
{
	json_object_set_new(page, "checks", checks_json_list(status));
	if (!status->known)
		return;
	json_object_set_new(page, "today", period_json(&status->today));
	json_object_set_new(page, "yesterday_by_now",
	    period_json(&status->by_now));
	json_object_set_new(page, "yesterday",
	    period_json(&status->yesterday));
	json_object_set_new(page, "commands", commands_json(status));
	if (status->funnels != NULL)
		json_object_set(page, "funnels", status->funnels);
}

json_t *
status_json(const struct status *status)
{
	int64_t next = status->now + status->every_ms;
	json_t *page =
	    json_pack("{s:i, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"schema", 1, "state", check_state_name(status->state), "exit",
		check_exit(status->state), "since", time_json(status->since),
		"generated_at", time_json(status->now), "next_at",
		time_json(next), "valid_until",
		time_json(next + status->every_ms), "components",
		components_json(status), "days", days_json(status),
		"incidents", incidents_json(status));

	if (!status->public)
		add_business(status, page);
	return page;
}
