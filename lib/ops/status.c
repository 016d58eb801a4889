/* SPDX-License-Identifier: MIT */
#include "ops/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/counters.h"
#include "store/flows.h"
#include "store/runs.h"
#include "store/series.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

int64_t
status_day(const struct zone *zone, int64_t wall_ms)
{
	struct zone_time time = zone_local(zone, wall_ms);

	time.hour = time.minute = time.second = 0;
	return zone_instant(zone_find("UTC"), time) / DAY_MS;
}

char *
status_clean(const char *text)
{
	char *clean = utf8_clean(text, strlen(text));

	log_redact(clean);
	log_mask(clean);
	return clean;
}

/* A day of the reader's begins where the flow lives. */
static void
read_flow(struct status *status, struct db *db)
{
	char *bundle = db != NULL ? flows_bundle(db, NULL) : NULL;
	json_auto_t *root = bundle ? json_loads(bundle, 0, NULL) : NULL;
	const char *zone = json_get_text(root, "tz");
	const char *id = json_get_text(root, "id");

	if (zone == NULL || (status->zone = zone_find(zone)) == NULL) {
		zone = "UTC";
		status->zone = zone_find(zone);
	}
	snprintf(status->zone_name, sizeof(status->zone_name), "%s", zone);
	snprintf(status->flow, sizeof(status->flow), "%s", id ? id : "");
	free(bundle);
}

/* Since when it is as bad as this. */
static int64_t
worst_since(const struct status *status)
{
	int64_t since = 0;

	for (size_t i = 0; i < status->checks->count; i++) {
		const struct check *check = &status->checks->list[i];

		if (check->state == status->state && check->since != 0 &&
		    (since == 0 || check->since < since))
			since = check->since;
	}
	return since;
}

struct adding {
	struct status *status;
	size_t member;
};

static void
add_slot(int64_t at, int64_t value, void *arg)
{
	const struct adding *to = arg;
	int64_t slot = (at - to->status->first_slot) / COUNTER_SLOT_MS;

	if (slot >= 0 && slot < STATUS_SLOTS)
		*(double *)(void *)((char *)&to->status->slots[slot] +
		    to->member) = (double)value;
}

static void
add_sample(const struct sample *sample, void *arg)
{
	struct status *status = arg;
	int64_t at = (sample->at - status->first_slot) / COUNTER_SLOT_MS;

	if (at < 0 || at >= STATUS_SLOTS)
		return;
	struct status_slot *slot = &status->slots[at];
	slot->late_ms = (double)sample->late_ms;
	slot->queue = (double)sample->queue;
	slot->leads = (double)sample->leads;
}

static void
read_slots(struct status *status, struct db *db)
{
	static const struct {
		enum counter what;
		const char *label;
		size_t member;
	} counted[] = {
		{ COUNT_RECEIVED, NULL,
		    offsetof(struct status_slot, received) },
		{ COUNT_SETTLED, "sent", offsetof(struct status_slot, sent) },
		{ COUNT_SLOWEST_MS, NULL,
		    offsetof(struct status_slot, slowest_ms) },
	};
	int64_t last = status->now - status->now % COUNTER_SLOT_MS;

	status->first_slot = last - (STATUS_SLOTS - 1) * COUNTER_SLOT_MS;
	for (int i = 0; i < STATUS_SLOTS; i++)
		status->slots[i].late_ms = status->slots[i].queue =
		    status->slots[i].leads = -1;
	if (db == NULL)
		return;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		const struct counter_span span = { counted[i].what,
			counted[i].label, status->first_slot,
			status->now + 1 };
		struct adding to = { status, counted[i].member };

		counter_slots(db, &span, add_slot, &to);
	}
	series_samples(db, status->first_slot, add_sample, status);
	/* What is not sent at all is slow as well. */
	for (int i = 0; i < STATUS_SLOTS; i++)
		if (status->slots[i].late_ms > status->slots[i].slowest_ms)
			status->slots[i].slowest_ms = status->slots[i].late_ms;
}

static void
add_count(int64_t at, int64_t value, void *arg)
{
	int64_t *sum = arg;

	(void)at;
	*sum += value;
}

static void
read_period(struct db *db, int64_t from, int64_t until,
    struct status_period *period)
{
	const struct {
		enum counter what;
		const char *label;
		int64_t *sum;
	} counted[] = {
		{ COUNT_PEOPLE, NULL, &period->people },
		{ COUNT_RECEIVED, NULL, &period->received },
		{ COUNT_SETTLED, "sent", &period->sent },
		{ COUNT_SETTLED, "dead", &period->failed },
		{ COUNT_SETTLED, "unknown", &period->failed },
		{ COUNT_REMINDERS, NULL, &period->reminders },
		{ COUNT_LEADS, "added", &period->leads },
		{ COUNT_SYNCED, "created", &period->created },
	};

	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		const struct counter_span span = { counted[i].what,
			counted[i].label, from, until };

		counter_slots(db, &span, add_count, counted[i].sum);
	}
}

static void
read_periods(struct status *status, struct db *db)
{
	struct zone_time time = zone_local(status->zone, status->now);

	time.hour = time.minute = time.second = 0;
	int64_t today = zone_instant(status->zone, time);
	time.day--;
	int64_t before = zone_instant(status->zone, time);

	read_period(db, today, status->now + 1, &status->today);
	read_period(db, before, before + (status->now - today),
	    &status->by_now);
	read_period(db, before, today, &status->yesterday);
}

static void
add_day(const struct series_day *day, void *arg)
{
	struct status *status = arg;
	int64_t at = day->day - status->today_day + STATUS_DAYS - 1;

	if (at >= 0 && at < STATUS_DAYS)
		status->days[at] = (struct status_day){ day->ok_ms,
			day->warning_ms, day->critical_ms };
}

static void
read_runs(struct status *status, struct db *db)
{
	struct run_row row;
	char after[40] = "";

	while (status->run_count < STATUS_RUNS && runs_last(db, after, &row)) {
		struct status_run *run = &status->runs[status->run_count++];

		snprintf(after, sizeof(after), "%s", row.command);
		*run = (struct status_run){ .started_at = row.started_at,
			.ended_at = row.crashed ? row.started_at
						: row.finished_at,
			.exit_code = row.exit_code,
			.crashed = row.crashed };
		memcpy(run->command, after, sizeof(after));
		run->success_at = runs_success(db, after);
	}
}

static void
add_incident(const struct incident *row, void *arg)
{
	static const enum check_state states[] = { [SERIES_OK] = CHECK_OK,
		[SERIES_UNKNOWN] = CHECK_UNKNOWN,
		[SERIES_WARNING] = CHECK_WARNING,
		[SERIES_CRITICAL] = CHECK_CRITICAL };
	struct status *status = arg;
	struct status_incident *incident =
	    &status->incidents[status->incident_count++];

	incident->state = states[row->state & 3];
	incident->began_at = row->began_at;
	incident->ended_at = row->ended_at;
	snprintf(incident->key, sizeof(incident->key), "%s", row->key);
	snprintf(incident->text, sizeof(incident->text), "%s",
	    row->text ? row->text : "");
}

enum outcome
status_read(struct status *status, struct db *db, struct fault *fault)
{
	status->known = db != NULL;
	status->state = checks_state(status->checks);
	status->since = worst_since(status);
	read_flow(status, db);
	read_slots(status, db);
	status->today_day = status_day(status->zone, status->now);
	if (db == NULL)
		return OUT_OK;
	if (status->state == CHECK_OK)
		status->since = series_calm_since(db);
	read_periods(status, db);
	series_days(db, status->today_day - STATUS_DAYS + 1, add_day, status);
	read_runs(status, db);
	series_incidents(db, STATUS_INCIDENTS, add_incident, status);
	enum outcome out = db_result(db, fault);
	return out == OUT_OK ? status_funnels(status, db, fault) : out;
}

void
status_release(struct status *status)
{
	json_decref(status->funnels);
	*status = (struct status){ 0 };
}
