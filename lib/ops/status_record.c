/* SPDX-License-Identifier: MIT */
#include "ops/status_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "ops/health.h"
#include "ops/status_verdict.h"
#include "store/meta.h"
#include "store/pages.h"
#include "store/series.h"

#define GAP_LEAST_MS (INT64_C(5) * 60 * 1000)

static enum series_state
kept_state(enum check_state state)
{
	static const enum series_state states[] = { [CHECK_OK] = SERIES_OK,
		[CHECK_UNKNOWN] = SERIES_UNKNOWN,
		[CHECK_WARNING] = SERIES_WARNING,
		[CHECK_CRITICAL] = SERIES_CRITICAL };

	return states[state];
}

struct troubles {
	struct incident *list;
	char **texts; /* key and text of each */
	size_t count;
};

static void
troubles_take(struct troubles *troubles, const struct status *status)
{
	const struct checks *checks = status->checks;

	troubles->list =
	    mem_array(NULL, checks->count + 1, sizeof(*troubles->list));
	troubles->texts =
	    mem_array(NULL, 2 * checks->count + 1, sizeof(*troubles->texts));
	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = &checks->list[i];
		char **texts = &troubles->texts[2 * troubles->count];

		if (check->state == CHECK_OK)
			continue;
		texts[0] = health_key(check);
		texts[1] = status_clean(check->text);
		troubles->list[troubles->count++] =
		    (struct incident){ .key = texts[0],
			    .text = texts[1],
			    .state = kept_state(check->state),
			    .began_at = check->since != 0 &&
				    check->since < status->now
				? check->since
				: status->now };
	}
}

static void
troubles_release(struct troubles *troubles)
{
	for (size_t i = 0; i < 2 * troubles->count; i++)
		free(troubles->texts[i]);
	free(troubles->texts);
	free(troubles->list);
}

static int64_t
number(const struct status *status, const char *name)
{
	return (int64_t)status_number(status, name, 0);
}

static enum outcome
put_funnels(const struct status *status, struct db *db, struct fault *fault)
{
	if (!status->funnels_fresh)
		return OUT_OK;
	json_auto_t *kept = json_pack("{s:I, s:s, s:O}", "at",
	    (json_int_t)status->funnels_at, "flow", status->flow, "funnels",
	    status->funnels);
	char *text = json_text(kept);
	enum outcome out = meta_set_text(db, META_FUNNELS, text, fault);

	free(text);
	return out;
}

enum outcome
status_record(const struct status *status, struct db *db, const char *page,
    int64_t deadline, struct fault *fault)
{
	struct troubles troubles = { 0 };
	int64_t gap = 3 * status->every_ms;
	const struct sample sample = { .at = status->now,
		.day = status->today_day,
		.gap_ms = gap > GAP_LEAST_MS ? gap : GAP_LEAST_MS,
		.state = kept_state(status->state),
		.queue = number(status, "ready") + number(status, "updates"),
		.late_ms = number(status, "due_lag") * 1000,
		.leads = number(status, "leads"),
		.lead_ms = number(status, "lead_lag") * 1000 };
	enum outcome out = db_begin(db, deadline, fault);

	if (out != OUT_OK)
		return out;
	troubles_take(&troubles, status);
	out = series_record(db, &sample, troubles.list, troubles.count, fault);
	if (out == OUT_OK)
		out = put_funnels(status, db, fault);
	if (out == OUT_OK && page != NULL)
		out = pages_written(db, page, status->every_ms, status->now,
		    fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	else
		db_rollback(db);
	troubles_release(&troubles);
	return out;
}
