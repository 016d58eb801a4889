/* SPDX-License-Identifier: MIT */
#include "bitrix.h"
#include "call.h"
#include "sim.h"

#include <string.h>

static void
bitrix_profile(struct call *call)
{
	bitrix_answer(call,
	    json_pack("{s:s, s:b, s:s, s:s}", "ID", "1", "ADMIN", 1, "NAME",
		"Simulated", "LAST_NAME", "Portal"));
}

static void
bitrix_scope(struct call *call)
{
	bitrix_answer(call, json_pack("[s, s]", "crm", "user"));
}

static const struct {
	const char *name;
	void (*run)(struct call *call);
} methods[] = {
	{ "profile", bitrix_profile },
	{ "scope", bitrix_scope },
	{ "crm.item.add", bitrix_item_add },
	{ "crm.item.fields", bitrix_item_fields },
	{ "crm.item.get", bitrix_item_get },
	{ "crm.item.list", bitrix_item_list },
	{ "crm.item.update", bitrix_item_update },
	{ "crm.duplicate.findbycomm", bitrix_find_comm },
	{ "crm.timeline.comment.add", bitrix_comment_add },
	{ "crm.timeline.comment.list", bitrix_comment_list },
	{ "crm.status.list", bitrix_status_list },
};

void
bitrix_start(struct bitrix *bitrix)
{
	bitrix->per_second = 2;
	bitrix->burst = 50;
	bitrix->items.first_id = 3401;
	bitrix->comments.first_id = 991;
}

void
bitrix_reset(struct bitrix *bitrix)
{
	table_clear(&bitrix->items);
	table_clear(&bitrix->comments);
	bitrix->level = 0;
	bitrix->revoked = false;
}

void
bitrix_answer(struct call *call, json_t *result)
{
	double now = (double)span_now_ms(&call->sim->span) / 1000;
	double took = (double)(mono_us() - call->arrived_us) / 1e6;

	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:o, s:{s:f, s:f, s:f, s:f, s:f}}", "result", result,
		"time", "start", now - took, "finish", now, "duration", took,
		"processing", took, "operating", took));
}

void
bitrix_refuse(struct call *call, unsigned status, const char *error,
    const char *description)
{
	call_json(call, status, TYPE_JSON,
	    json_pack("{s:s, s:s}", "error", error, "error_description",
		description));
}

static bool
bucket_takes(struct bitrix *bitrix)
{
	int64_t now = mono_us();

	bitrix->level -= (double)(now - bitrix->leaked_us) / 1e6 *
	    bitrix->per_second;
	if (bitrix->level < 0)
		bitrix->level = 0;
	bitrix->leaked_us = now;
	if (bitrix->per_second <= 0)
		return true;
	if (bitrix->level + 1 > bitrix->burst)
		return false;
	bitrix->level++;
	return true;
}

/* "/rest/1/code/method.json": what follows the code; NULL when the code is
 * not ours. */
static const char *
method_of(const struct call *call)
{
	static const char known[] = "/rest/1/" BITRIX_CODE "/";

	if (call->sim->bitrix.revoked ||
	    strncmp(call->path, known, strlen(known)))
		return NULL;
	return call->path + strlen(known);
}

void
bitrix_run(struct call *call)
{
	const char *method = method_of(call);
	size_t i, len;

	if (!method) {
		bitrix_refuse(call, 401, "INVALID_CREDENTIALS",
		    "Invalid request credentials");
		return;
	}
	if (!bucket_takes(&call->sim->bitrix)) {
		bitrix_refuse(call, 503, "QUERY_LIMIT_EXCEEDED",
		    "Too many requests");
		return;
	}
	len = strlen(method);
	if (len > 5 && !strcmp(method + len - 5, ".json"))
		len -= 5;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i].name) == len &&
		    !strncmp(methods[i].name, method, len)) {
			methods[i].run(call);
			return;
		}
	bitrix_refuse(call, 404, "ERROR_METHOD_NOT_FOUND",
	    "Method not found!");
}
