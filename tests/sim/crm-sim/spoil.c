/* SPDX-License-Identifier: MIT */
/* The broken answers, in the wording of the CRM that was asked. */
#include "call.h"
#include "fault.h"

#include <string.h>

#define PROBLEM(title, status, detail) \
	"{\"title\":\"" title "\",\"type\":\"https://httpstatus.es/" #status \
	"\",\"status\":" #status ",\"detail\":\"" detail "\"}"
#define BITRIX(error, description) \
	"{\"error\":\"" error "\",\"error_description\":\"" description "\"}"
#define PAGE(title) \
	"<html>\r\n<head><title>" title "</title></head>\r\n<body>\r\n" \
	"<center><h1>" title "</h1></center>\r\n<hr><center>nginx</center>" \
	"\r\n</body>\r\n</html>\r\n"

static const struct {
	enum fault_kind kind;
	const char *path; /* which CRM; NULL: any */
	unsigned status;
	const char *type;
	const char *body;
} answers[] = {
	{ FAULT_401, "/rest/", 401, TYPE_JSON,
	    BITRIX("expired_token", "The access token provided has expired") },
	{ FAULT_401, NULL, 401, TYPE_PROBLEM,
	    PROBLEM("Unauthorized", 401, "Неверный логин или пароль") },
	{ FAULT_402, "/rest/", 402, TYPE_JSON,
	    BITRIX("PAYMENT_REQUIRED",
		"REST API is available on commercial "
		"plans only") },
	{ FAULT_402, NULL, 402, TYPE_PROBLEM,
	    PROBLEM("Payment Required", 402, "Payment required") },
	{ FAULT_403, "/rest/", 403, TYPE_JSON,
	    BITRIX("insufficient_scope",
		"The request requires higher "
		"privileges than provided") },
	{ FAULT_403, NULL, 403, TYPE_PROBLEM,
	    PROBLEM("Forbidden", 403, "Недостаточно прав") },
	{ FAULT_403HTML, NULL, 403, TYPE_HTML, PAGE("403 Forbidden") },
	{ FAULT_404HTML, NULL, 404, TYPE_HTML, PAGE("404 Not Found") },
	{ FAULT_429, "/rest/", 503, TYPE_JSON,
	    BITRIX("QUERY_LIMIT_EXCEEDED", "Too many requests") },
	{ FAULT_429HTML, NULL, 429, TYPE_HTML, PAGE("429 Too Many Requests") },
	{ FAULT_500, "/rest/", 500, TYPE_JSON,
	    BITRIX("INTERNAL_SERVER_ERROR", "Internal server error") },
	{ FAULT_500, NULL, 500, TYPE_PROBLEM,
	    PROBLEM("Internal Server Error", 500,
		"An unknown error occurred.") },
	{ FAULT_502HTML, NULL, 502, TYPE_HTML, PAGE("502 Bad Gateway") },
	{ FAULT_503HTML, NULL, 503, TYPE_HTML,
	    PAGE("503 Service Temporarily Unavailable") },
	{ FAULT_504HTML, NULL, 504, TYPE_HTML, PAGE("504 Gateway Time-out") },
	{ FAULT_SYSTEM_ERROR, NULL, 400, TYPE_PROBLEM,
	    PROBLEM("Bad Request", 400,
		"Возникла системная ошибка. Пожалуйста, повторите "
		"попытку.") },
	{ FAULT_EMPTY, NULL, 200, TYPE_JSON, "" },
	{ FAULT_GARBAGE, NULL, 200, TYPE_HTML, PAGE("Технические работы") },
};

/* The real one says how long in the body, seldom in a header. */
static void
spoil_429(struct call *call)
{
	call->retry_after = member_int(call->fault.rule, "header", 0)
	    ? call->fault.retry_after
	    : 0;
	call_json(call, 429, TYPE_PROBLEM,
	    json_pack("{s:s, s:s, s:i, s:s, s:I}", "title",
		"Too Many Requests", "type", "https://httpstatus.es/429",
		"status", 429, "detail",
		"You have sent too many requests in a given amount of time. "
		"Please try again later.",
		"retry_after", (json_int_t)call->fault.retry_after));
}

static void
spoil_item(struct call *call)
{
	const char *field = member_text(call->fault.rule, "field");
	const char *code = member_text(call->fault.rule, "code");
	const json_t *item =
	    json_array_get(call->json, (size_t)call->fault.item);
	const char *request_id = member_text(item, "request_id");
	char number[24];

	snprintf(number, sizeof(number), "%d", (int)call->fault.item);
	call_json(call, 400, TYPE_PROBLEM,
	    json_pack("{s:[{s:s, s:[{s:s, s:s, s:s}]}], s:s, s:s, s:i, s:s}",
		"validation-errors", "request_id",
		request_id ? request_id : number, "errors", "code",
		code ? code : "NotSupportedChoice", "path",
		field ? field : "custom_fields_values.0.field_id", "detail",
		"The value you selected is not a valid choice.", "title",
		"Bad Request", "type", "https://httpstatus.es/400", "status",
		400, "detail", "Request validation failed"));
}

static void
spoil_verbatim(struct call *call)
{
	const char *body = member_text(call->fault.rule, "body");
	const char *type = member_text(call->fault.rule, "type");

	call->retry_after = member_int(call->fault.rule, "header", 0);
	call_text(call, (unsigned)member_int(call->fault.rule, "status", 400),
	    type ? type : TYPE_JSON, body ? body : "");
}

static void
spoil_table(struct call *call)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].kind != call->fault.kind ||
		    (answers[i].path && !strstr(call->path, answers[i].path)))
			continue;
		call_text(call, answers[i].status, answers[i].type,
		    answers[i].body);
		return;
	}
}

void
fault_spoil(struct call *call)
{
	switch (call->fault.kind) {
	case FAULT_BAD_ITEM:
		spoil_item(call);
		break;
	case FAULT_ERROR:
		spoil_verbatim(call);
		break;
	case FAULT_TRUNCATED:
		/* a whole answer by HTTP, half of one by JSON */
		call->reply.len /= 2;
		break;
	case FAULT_429:
		if (!strstr(call->path, "/rest/")) {
			spoil_429(call);
			break;
		}
		/* fall through */
	default:
		spoil_table(call);
		break;
	}
}
