/* SPDX-License-Identifier: MIT */
/*
 * Tell a person's flow that something happened: a payment came.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "ops/run.h"
#include "turn/turn.h"

#define LIFE_MS 60000
#define WAIT_MS 30000

static const char *user, *data_text;

static const struct opt options[] = { { OPT_TEXT, 'u', "user", "USER",
					  "a chat id or @username",
					  { .text = &user } },
	{ OPT_TEXT, 'd', "data", "JSON", "what came with it: a JSON object",
	    { .text = &data_text } },
	OPT_END };

static const struct opt_command command = {
	.name = "fire-event",
	.synopsis = "NAME --user USER [--data JSON]",
	.summary = "Tells a person's flow that something happened; messages "
		   "that follow are sent by poll-updates or send-due.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
read_data(struct run *run, json_t **data)
{
	*data = NULL;
	if (data_text == NULL)
		return OUT_OK;
	*data = json_loads(data_text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*data))
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "--data is not a JSON object");
	return OUT_OK;
}

static enum outcome
fire(struct run *run, const char *event, const json_t *data, json_t **unfit)
{
	struct turn *turn = NULL;
	int64_t chat_id;
	enum outcome out = run_user(run, user, &chat_id);

	if (out == OUT_OK)
		out = turn_open(&turn, run->db, run->config, &run->fault);
	if (out == OUT_OK)
		out =
		    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	if (out == OUT_OK)
		out = turn_event(turn, chat_id, event, data, clock_wall_ms(),
		    &run->fault);
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	if (out == OUT_OK)
		*unfit = json_deep_copy(turn_unfit(turn));
	db_rollback(run->db);
	turn_close(turn);
	return out;
}

/* The event is fired all the same: the flow may have a default. */
static void
tell(const struct run *run, const char *event, const json_t *unfit)
{
	json_t *name;
	size_t i;

	json_array_foreach (unfit, i, name)
		log_warning("the event '%s' is fired, but '%s' does not fit "
			    "its variable and is not kept",
		    event, json_string_value(name));
	if (!run->shared.json)
		return;
	json_auto_t *object = json_pack("{s:i, s:s, s:O*}", "schema", 1,
	    "event", event, "not_kept", unfit);
	if (unfit == NULL)
		json_object_set_new(object, "not_kept", json_array());
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	const char *event = argv[first];
	json_t *data = NULL, *unfit = NULL;

	if (event == NULL)
		opt_usage(&command, "which event? give its name");
	if (user == NULL)
		opt_usage(&command, "whose event? give --user");
	if (run_begin(&run, &command, DB_WRITE, LIFE_MS) == OUT_OK &&
	    read_data(&run, &data) == OUT_OK &&
	    run_work(&run, &command, false) == OUT_OK &&
	    fire(&run, event, data, &unfit) == OUT_OK) {
		log_event(LOG_INFO, "event_fired", "name=%s",
		    log_quote(event));
		tell(&run, event, unfit);
	}
	json_decref(unfit);
	json_decref(data);
	return run_end(&run, false, NULL);
}
