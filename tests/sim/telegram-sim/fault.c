/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define HUGE_BYTES ((size_t)9 << 20)

struct fault {
	char *method;	 /* NULL: any */
	int64_t chat_id; /* 0: any */
	int64_t skip;
	int64_t times; /* 0: for ever */
	char *description;
	struct fault_hit hit;
	struct fault *next;
};

static const struct {
	const char *name;
	bool effect;
	bool at_once; /* also a long poll */
} kinds[FAULT_KINDS] = {
	[FAULT_NONE] = { "", true, false },
	[FAULT_429] = { "429", false, true },
	[FAULT_500] = { "500", false, true },
	[FAULT_502HTML] = { "502html", false, true },
	[FAULT_TRUNCATED] = { "truncated", true, false },
	[FAULT_REPLY_LOST] = { "reply_lost", true, false },
	[FAULT_HANG] = { "hang", true, false },
	[FAULT_SLOW_HEADERS] = { "slow_headers", true, false },
	[FAULT_409] = { "409", false, true },
	[FAULT_401] = { "401", false, true },
	[FAULT_404] = { "404", false, true },
	[FAULT_GARBAGE] = { "garbage", true, true },
	[FAULT_REDIRECT] = { "redirect", false, true },
	[FAULT_HUGE] = { "huge", true, true },
	[FAULT_HALF_CLOSE] = { "half_close", true, false },
	[FAULT_RESET] = { "reset", true, false },
	[FAULT_DROP_HEADERS] = { "drop_headers", false, false },
	[FAULT_DROP_BODY] = { "drop_body", false, false },
	[FAULT_ERROR] = { "error", false, true },
};

const char *
fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

static int64_t
rule_int(const json_t *rule, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(rule, name);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

bool
fault_add(struct faults *faults, const json_t *rule)
{
	const json_t *kind = json_object_get(rule, "kind");
	const json_t *effect = json_object_get(rule, "effect");
	struct fault *fault;
	char number[24];
	const char *name = json_string_value(kind);
	int i;

	if (json_is_integer(kind)) {
		snprintf(number, sizeof(number), "%d",
		    (int)json_integer_value(kind));
		name = number;
	}
	for (i = 1; name && i < FAULT_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			break;
	if (!name || i == FAULT_KINDS)
		return false;
	fault = text_alloc(1, sizeof(*fault));
	fault->method = text_copy(
	    json_string_value(json_object_get(rule, "method")));
	fault->chat_id = rule_int(rule, "chat", 0);
	fault->skip = rule_int(rule, "nth", 1) - 1;
	fault->times = rule_int(rule, "times", 1);
	fault->description = text_copy(
	    json_string_value(json_object_get(rule, "description")));
	fault->hit.kind = (enum fault_kind)i;
	fault->hit.effect = effect ? json_is_true(effect) : kinds[i].effect;
	fault->hit.ms = rule_int(rule, "ms", 1000);
	fault->hit.retry_after = rule_int(rule, "retry_after", 1);
	fault->hit.status = rule_int(rule, "status", 400);
	fault->hit.migrate_to = rule_int(rule, "migrate_to", 0);
	if (faults->last)
		faults->last->next = fault;
	else
		faults->first = fault;
	faults->last = fault;
	return true;
}

static void
fault_free(struct fault *fault)
{
	free(fault->method);
	free(fault->description);
	free(fault);
}

void
faults_release(struct faults *faults)
{
	while (faults->first) {
		struct fault *fault = faults->first;

		faults->first = fault->next;
		fault_free(fault);
	}
	faults->last = NULL;
}

static bool
fault_fits(const struct fault *fault, const char *method, int64_t chat_id,
    bool at_headers)
{
	if (at_headers != (fault->hit.kind == FAULT_DROP_HEADERS))
		return false;
	if (fault->method && strcasecmp(fault->method, method))
		return false;
	return at_headers || !fault->chat_id || fault->chat_id == chat_id;
}

/* A used-up rule stays in the list with times -1 until the next reset: its
 * description is still read by the answer that it spoils. */
struct fault_hit
fault_match(struct faults *faults, const char *method, int64_t chat_id,
    bool at_headers)
{
	struct fault_hit hit = { 0 };
	struct fault *fault;

	for (fault = faults->first; fault; fault = fault->next) {
		if (fault->times < 0 ||
		    !fault_fits(fault, method, chat_id, at_headers))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		if (fault->times && !--fault->times)
			fault->times = -1;
		hit = fault->hit;
		hit.description = fault->description;
		return hit;
	}
	return hit;
}

static void
spoil_status(struct call *call, unsigned status, const char *usual)
{
	const char *said = call->fault.description;

	text_release(&call->reply);
	call_fail(call, status, "%s", said ? said : usual);
}

static void
spoil_body(struct call *call, unsigned status, const char *body)
{
	text_release(&call->reply);
	text_puts(&call->reply, body);
	call->status = status;
}

/* Any refusal, its description word for word. */
static void
spoil_verbatim(struct call *call)
{
	const char *said = call->fault.description;

	text_release(&call->reply);
	call_refuse(call, (unsigned)call->fault.status, said ? said : "",
	    call->fault.migrate_to);
}

static void
spoil_huge(struct call *call)
{
	char *spaces = text_alloc(HUGE_BYTES, 1);

	text_release(&call->reply);
	memset(spaces, ' ', HUGE_BYTES);
	text_puts(&call->reply, "{\"ok\":true,");
	text_add(&call->reply, spaces, HUGE_BYTES);
	text_puts(&call->reply, "\"result\":true}");
	call->status = 200;
	free(spaces);
}

void
fault_spoil(struct call *call)
{
	if (kinds[call->fault.kind].at_once)
		updates_forget(call->sim, call);
	switch (call->fault.kind) {
	case FAULT_429:
		text_release(&call->reply);
		call_flood(call, (int)call->fault.retry_after);
		break;
	case FAULT_ERROR:
		spoil_verbatim(call);
		break;
	case FAULT_500:
		spoil_status(call, 500, "");
		break;
	case FAULT_409:
		spoil_status(call, 409,
		    "terminated by other getUpdates "
		    "request; make sure that only one bot instance is "
		    "running");
		break;
	case FAULT_401:
		spoil_status(call, 401, "");
		break;
	case FAULT_404:
		spoil_status(call, 404, "");
		break;
	case FAULT_502HTML:
		spoil_body(call, 502,
		    "<html>\r\n<head><title>502 Bad Gateway"
		    "</title></head>\r\n<body>\r\n<center><h1>502 Bad "
		    "Gateway</h1></center>\r\n<hr><center>nginx/1.18.0"
		    "</center>\r\n</body>\r\n</html>\r\n");
		break;
	case FAULT_GARBAGE:
		spoil_body(call, 200, "\x01\xfe{]not json\xff");
		break;
	case FAULT_REDIRECT:
		spoil_body(call, 302, "");
		break;
	case FAULT_HUGE:
		spoil_huge(call);
		break;
	default:
		if (!call->status && !call->fault.effect)
			call_true(call);
		break;
	}
}
