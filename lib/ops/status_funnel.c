/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ops/funnel_count.h"
#include "ops/status.h"
#include "store/flows.h"
#include "store/meta.h"

/* Counting reads every step that anybody ever took. */
#define FUNNELS_MS (INT64_C(30) * 60 * 1000)

/* Who came first in this time. */
#define FUNNELS_SINCE_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

static bool
read_kept(struct status *status, struct db *db)
{
	char *text = meta_text(db, META_FUNNELS);
	json_auto_t *kept = text ? json_loads(text, 0, NULL) : NULL;
	const char *flow = json_get_text(kept, "flow");
	int64_t at = json_get_int(kept, "at", 0);

	free(text);
	if (flow == NULL || strcmp(flow, status->flow) != 0 ||
	    at > status->now || status->now - at >= FUNNELS_MS)
		return false;
	status->funnels = json_incref(json_object_get(kept, "funnels"));
	status->funnels_at = at;
	return true;
}

enum outcome
status_funnels(struct status *status, struct db *db, struct fault *fault)
{
	json_t *states, *steps;
	const char *name;
	enum outcome out = OUT_OK;

	if (status->public || read_kept(status, db))
		return db_result(db, fault);
	char *bundle = flows_bundle(db, NULL);
	json_auto_t *root = bundle ? json_loads(bundle, 0, NULL) : NULL;

	free(bundle);
	if (root == NULL)
		return db_result(db, fault);
	status->funnels = json_object();
	json_object_foreach (json_object_get(root, "stats"), name, states) {
		out = funnel_count(db, states, status->now - FUNNELS_SINCE_MS,
		    &steps, fault);
		json_object_set_new(status->funnels, name, steps);
		if (out != OUT_OK)
			return out;
	}
	status->funnels_at = status->now;
	status->funnels_fresh = true;
	return db_result(db, fault);
}
