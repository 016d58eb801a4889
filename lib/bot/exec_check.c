/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "bot/handler_check.h"
#include "bot/model.h"

#define ARGS_MAX 16
#define RETRIES_MAX 8
#define HISTORY_MAX 200

static void
check_argv(struct check *check, json_t *value)
{
	const char *program = json_string_value(json_array_get(value, 0));

	check_list(check, value, check_string);
	check_count(check, value, 1, ARGS_MAX);
	if (program != NULL &&
	    (program[0] == '\0' || program[0] == '.' ||
		strchr(program, '/') != NULL))
		check_add(check,
		    "'%s' is no name of a program in handlers/: write it "
		    "without a path",
		    program);
}

static void
check_input(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_template);
}

static void
check_timeout(struct check *check, json_t *value)
{
	const char *text = check_name(check, value, NAME_SPAN);
	int64_t ms;

	if (text != NULL && clock_parse_span(text, &ms) == 0 &&
	    ms > HANDLER_LONGEST_MS)
		check_shape(check,
		    "must be %ds or less: the person waits meanwhile",
		    HANDLER_LONGEST_MS / 1000);
}

static void
check_retry(struct check *check, json_t *value)
{
	check_list(check, value, check_span);
	check_count(check, value, 0, RETRIES_MAX);
}

static void
check_history(struct check *check, json_t *value)
{
	check_whole(check, value, 0, HISTORY_MAX);
}

void
check_exec(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "run", check_argv, true },
		{ "input", check_input, false },
		{ "timeout", check_timeout, false },
		{ "retry", check_retry, false },
		{ "history", check_history, false },
		{ "on_error", check_actions, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

static void
check_done(struct check *check, json_t *value)
{
	const char *name = check_name(check, value, NAME_COMMAND);

	if (name != NULL &&
	    json_object_get(check->flow->commands, name) != NULL)
		check_add(check,
		    "'%s' is a command of the flow: an operator could not be "
		    "understood",
		    name);
}

void
check_handoff(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "role", check_role, true },
		{ "pause", check_span, false },
		{ "text", check_text, false },
		{ "done", check_done, false },
		{ "on_end", check_actions, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}
