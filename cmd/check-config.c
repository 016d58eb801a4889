/* SPDX-License-Identifier: MIT */
/*
 * Probes the configuration and names each problem with its remedy.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "ops/config_check.h"

/* Opening may wait 180 s for a migration, and calls follow. */
#define LIFE_MS 600000

static bool online;

static const struct opt options[] = {
	{ OPT_FLAG, 'o', "online", NULL,
	    "also ask Telegram, the CRM and Redis", { .flag = &online } },
	OPT_END
};

static const struct opt_command command = {
	.name = "check-config",
	.synopsis = "[--online]",
	.summary = "Probes configuration, database and flow, and names each "
		   "problem with its remedy; changes nothing.",
	.details =
	    "Exit 0: all is good; 78: something is wrong here; 77: the "
	    "token is rejected;\n75: Telegram, a CRM or Redis was not reached. "
	    "Advice changes no exit code.",
	.usage_exit = EXIT_USAGE,
};

static void
print_json(const struct config_note *note)
{
	json_t *object = json_pack("{s:i s:b s:b s:s s:s}", "schema", 1, "ok",
	    !note->problem, "advice", note->advice, "subject", note->subject,
	    "text", note->text);
	char *text = json_text(object);

	puts(text);
	free(text);
	json_decref(object);
}

static void
print_notes(const struct run *run, const struct config_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct config_note *note = &notes->list[i];

		if (run->shared.json)
			print_json(note);
		else if (note->problem)
			printf("problem  %-17s %s\n", note->subject,
			    note->text);
		else if (!run->shared.quiet)
			printf("%-8s %-17s %s\n",
			    note->advice ? "advice" : "ok", note->subject,
			    note->text);
	}
}

int
main(int argc, char **argv)
{
	struct config_notes notes = { 0 };
	struct run run = RUN_INIT;

	opt_parse(&command, options, &run.shared, argc, argv);
	run_prepare(&run, &command, LIFE_MS);
	if (config_check_file(&run, &notes)) {
		config_check_settings(&run, &notes);
		config_check_crm(&run, &notes);
		config_check_redis(&run, &notes);
		config_check_values(&run, &notes);
		config_check_state(&run, &notes);
		if (online) {
			config_check_online(&run, &notes);
			config_check_crm_online(&run, &notes);
			config_check_redis_online(&run, &notes);
		}
	}
	print_notes(&run, &notes);
	int code = config_notes_exit(&notes), end = run_end(&run, false, NULL);
	config_notes_release(&notes);
	return end != EXIT_DONE ? end : code;
}
