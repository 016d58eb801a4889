/* SPDX-License-Identifier: MIT */
#include "hook.h"
#include "call.h"
#include "sign.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOLERANCE_S 300

void
hook_start(struct hook *hook)
{
	hook->deliveries.first_id = 1;
	hook->keys = json_object();
}

void
hook_reset(struct hook *hook)
{
	table_clear(&hook->deliveries);
	json_object_clear(hook->keys);
	hook->repeated = 0;
}

static void
hook_refuse(struct call *call, unsigned status, const char *error)
{
	call_json(call, status, TYPE_JSON, json_pack("{s:s}", "error", error));
}

/* "v1,BASE64 v1,BASE64 v1a,...": one good v1 is enough. */
static bool
signature_good(const struct call *call, const char *id, const char *stamp,
    const char *given)
{
	unsigned char sign[SIGN_BYTES];
	struct text signed_text = { 0 };
	bool good = false;

	text_fmt(&signed_text, "%s.%s.", id, stamp);
	text_add(&signed_text, call->body.at ? call->body.at : "",
	    call->body.len);
	sign_make(HOOK_SECRET, signed_text.at, signed_text.len, sign);
	text_release(&signed_text);
	while (*given) {
		size_t len = strcspn(given, " ");

		if (len > 3 && !strncmp(given, "v1,", 3))
			good = good || sign_is(sign, given + 3, len - 3);
		given += len + strspn(given + len, " ");
	}
	return good;
}

static bool
hook_trusts(struct call *call)
{
	const char *id = call_header(call, "webhook-id");
	const char *stamp = call_header(call, "webhook-timestamp");
	const char *given = call_header(call, "webhook-signature");
	int64_t apart;

	if (!id || !*id || strchr(id, '.') || !stamp || !given) {
		hook_refuse(call, 400, "missing webhook headers");
		return false;
	}
	/* The sender's clock is the machine's, however fast ours runs. */
	apart = strtoll(stamp, NULL, 10) - time(NULL);
	if (!signature_good(call, id, stamp, given)) {
		hook_refuse(call, 401, "invalid signature");
		return false;
	}
	if (apart > TOLERANCE_S || apart < -TOLERANCE_S) {
		hook_refuse(call, 400, "timestamp out of tolerance");
		return false;
	}
	return true;
}

void
hook_run(struct call *call)
{
	struct hook *hook = &call->sim->hook;
	const char *key = call_header(call, "Idempotency-Key");
	const json_t *known;
	const struct row *row;
	size_t len = key ? strlen(key) : 0;

	if (!hook_trusts(call))
		return;
	/* a structured string: in quotes */
	if (len < 3 || key[0] != '"' || key[len - 1] != '"') {
		hook_refuse(call, 400, "missing or invalid Idempotency-Key");
		return;
	}
	if (!call->json) {
		hook_refuse(call, 400, "no JSON");
		return;
	}
	known = json_object_get(hook->keys, key);
	if (known && !json_equal(json_object_get(known, "body"), call->json)) {
		hook_refuse(call, 422, "key used for another payload");
		return;
	}
	if (known) {
		hook->repeated++;
		call_json(call, 200, TYPE_JSON,
		    json_pack("{s:O}", "id", json_object_get(known, "id")));
		return;
	}
	row = table_add(&hook->deliveries,
	    json_pack("{s:s, s:O}", "key", key, "body", call->json),
	    call->seq);
	json_object_set_new(hook->keys, key,
	    json_pack("{s:I, s:O}", "id", (json_int_t)row->id, "body",
		call->json));
	call_created(call, row->id);
	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:I}", "id", (json_int_t)row->id));
}
