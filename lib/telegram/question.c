/* SPDX-License-Identifier: MIT */
#include "telegram/question.h"

#include "base/json.h"
#include "telegram/answer.h"

const json_t *
telegram_ask(struct telegram *telegram, enum method method, const char *params,
    int64_t deadline, json_t **whole, struct fault *fault)
{
	const struct telegram_request request = { .method = method,
		.params = params,
		.deadline = deadline };
	struct http_result result;
	struct answer answer;
	json_error_t error;

	*whole = NULL;
	if (telegram_call(telegram, &request, &result, fault) != OUT_OK) {
		fault->what = OUT_LATER;
		fault->code = EXIT_LATER;
		buf_release(&result.body);
		return NULL;
	}
	answer_read(method, &result, &answer);
	bool config = answer.verdict == VERDICT_CONFIG;
	if (answer.verdict == VERDICT_OK)
		*whole = json_parse((struct json_slice){ result.body.data,
					result.body.len },
		    &error);
	else
		fault_set(fault, config ? OUT_NEVER : OUT_LATER,
		    config ? answer.code : EXIT_LATER, "%s: %s",
		    method_name(method), answer.text);
	if (answer.verdict == VERDICT_OK && *whole == NULL)
		fault_set(fault, OUT_LATER, EXIT_LATER, "%s: no JSON: %s",
		    method_name(method), error.text);
	buf_release(&result.body);
	return json_object_get(*whole, "result");
}
