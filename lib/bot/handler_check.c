/* SPDX-License-Identifier: MIT */
#include "bot/handler_check.h"

#include <string.h>

#include "base/json.h"
#include "bot/check_part.h"
#include "bot/model.h"

static void
check_output(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "set", check_set, false },
		{ "actions", check_actions, false },
		{ "goto", check_state, false },
		{ NULL, NULL, false },
	};

	check->handler = true;
	check_members(check, value, members);
	check_cancels(check);
	check_reach(check);
}

/* FLOW itself stays as it is: what the walk notes goes to tables that are
 * thrown away. */
static void
output_check(const struct flow *flow, json_t *output,
    struct findings *findings)
{
	struct flow scratch = *flow;

	scratch.labels = json_object();
	scratch.presses = json_object();
	scratch.signals = json_object();
	scratch.settings = json_object();
	check_run(&scratch, NULL, findings, check_output, output);
	json_decref(scratch.labels);
	json_decref(scratch.presses);
	json_decref(scratch.signals);
	json_decref(scratch.settings);
}

static json_t *
output_parse(const char *text, size_t len, struct findings *findings)
{
	static const char blanks[] = " \t\r\n";
	json_error_t error;
	json_t *output;
	size_t i = 0;

	while (i < len && text[i] != '\0' && strchr(blanks, text[i]))
		i++;
	if (i == len)
		return json_object();
	output = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (output == NULL)
		findings_add(findings, "", "is not JSON: line %d: %s",
		    error.line, error.text);
	return output;
}

enum outcome
flow_actions_check(const struct flow *flow, const char *text, size_t len,
    json_t **output, struct findings *findings, struct fault *fault)
{
	const struct finding *first;

	*output = NULL;
	if (len > HANDLER_MAX_BYTES)
		findings_add(findings, "", "longer than %u bytes",
		    HANDLER_MAX_BYTES);
	else
		*output = output_parse(text, len, findings);
	if (*output != NULL)
		output_check(flow, *output, findings);
	if (findings_errors(findings, &first) == 0)
		return OUT_OK;
	json_decref(*output);
	*output = NULL;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the handler's answer%s%s: %s", first->where[0] ? " at " : "",
	    first->where, first->text);
}
