/* SPDX-License-Identifier: MIT */
/*
 * Let leadpipe into amoCRM: a token or a code from stdin, never from the
 * command line, which others can read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/prompt.h"
#include "base/stop.h"
#include "crm/authorize.h"
#include "ops/run.h"

/* A person looks for a code meanwhile. */
#define LIFE_MS 1800000
#define CALLS_MS 60000
#define SECRET_MAX 16384

static bool only_url;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "url", NULL,
	    "print the page where a person lets the integration in, and end",
	    { .flag = &only_url } },
	OPT_END
};

static const struct opt_command command = {
	.name = "authorize-crm",
	.synopsis = "[amocrm] [--url]",
	.summary = "Stores the token that lets leadpipe into amoCRM or Kommo, "
		   "after trying it.",
	.details =
	    "One line from stdin: a long-lived token (best: it is never "
	    "refreshed), the code\nthat amoCRM gave, or the whole address "
	    "that it led back to. A terminal does not\nshow it. --json "
	    "prints schema, crm, account, kind and expires_at.\nExit 0: "
	    "authorized; 65: not a token; 75: amoCRM was not reached; 77: "
	    "rejected;\n78: a setting is missing or wrong.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
check_name(const char *name, struct fault *fault)
{
	if (name == NULL || strcmp(name, "amocrm") == 0)
		return OUT_OK;
	for (size_t i = 0; crm_names[i] != NULL; i++)
		if (strcmp(crm_names[i], name) == 0)
			return fault_set(fault, OUT_NEVER, EXIT_USAGE,
			    "'%s' needs no authorization: its settings let "
			    "leadpipe in; try check-config --online",
			    name);
	return fault_set(fault, OUT_NEVER, EXIT_USAGE,
	    "no CRM '%s'; amocrm is the one that is authorized", name);
}

/* One that is configured would be used instead, and nobody would know why. */
static enum outcome
check_token(const struct run *run, struct fault *fault)
{
	const char *name = "AMOCRM_LONG_LIVED_TOKEN";

	if (config_get(run->config, name) == NULL)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s is set (%s) and is used instead of a stored one; change it "
	    "there, or remove it first",
	    name, config_origin(run->config, name));
}

static enum outcome
print_url(const struct run *run, struct fault *fault)
{
	char *url = authorize_url(run->config);

	if (url == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "AMOCRM_CLIENT_ID is not set; it is the integration's id");
	puts(url);
	free(url);
	return OUT_OK;
}

static void
print_help(const struct run *run)
{
	char *url = authorize_url(run->config);

	if (!isatty(STDIN_FILENO))
		return;
	if (url != NULL)
		fprintf(stderr,
		    "Open this page and let the integration in, then paste "
		    "the address that it leads to:\n\n  %s\n\nA code from the "
		    "integration's keys, or a long-lived token, does too.\n",
		    url);
	else
		fputs("Paste the long-lived token: in amoCRM under Settings, "
		      "Integrations, your private\nintegration, Keys and "
		      "scopes.\n",
		    stderr);
	fputs("Token or code (it is not shown): ", stderr);
	free(url);
}

static void
print_done(const struct run *run, const struct authorized *done)
{
	char until[CLOCK_TEXT_SIZE] = "";

	if (done->expires_at > 0)
		clock_text(done->expires_at, until);
	if (run->shared.json) {
		json_t *json = json_pack("{s:i s:s s:s s:s s:s}", "schema", 1,
		    "crm", "amocrm", "account", done->account, "kind",
		    done->is_long ? "long-lived" : "oauth", "expires_at",
		    until);
		char *text = json_text(json);

		puts(text);
		free(text);
		json_decref(json);
	} else if (!run->shared.quiet) {
		printf("amoCRM account '%s' is authorized%s%.10s%s\n",
		    done->account, done->is_long && *until ? " until " : "",
		    done->is_long ? until : "",
		    done->is_long ? "" : "; sync-crm refreshes the token");
	}
}

static enum outcome
let_in(struct run *run, struct crm *crm, struct http *http)
{
	struct authorized done;
	enum outcome out;
	char *secret;

	print_help(run);
	out = prompt_secret(STDIN_FILENO, SECRET_MAX, &secret, &run->fault);
	if (isatty(STDIN_FILENO))
		fputc('\n', stderr);
	if (out == OUT_OK)
		out = authorize(crm, http, secret, clock_mono_ms() + CALLS_MS,
		    &done, &run->fault);
	if (out == OUT_OK)
		print_done(run, &done);
	free(secret);
	return out;
}

static enum outcome
authorize_crm(struct run *run, const char *name)
{
	struct http *http = NULL;
	struct crm *crm = NULL;
	enum outcome out = check_name(name, &run->fault);

	if (out == OUT_OK && only_url)
		return print_url(run, &run->fault);
	if (out == OUT_OK)
		out = check_token(run, &run->fault);
	if (out == OUT_OK)
		out = crm_open(&crm, "amocrm", run->config, run->db,
		    &run->fault);
	if (out == OUT_OK)
		out = crm_http_open(&http, run->config, &run->fault);
	if (out == OUT_OK)
		out = let_in(run, crm, http);
	http_close(http);
	crm_close(crm);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (run_begin(&run, &command, DB_CREATE, LIFE_MS) == OUT_OK) {
		stop_install();
		(void)!authorize_crm(&run, argv[first]);
	}
	return run_end(&run, false, NULL);
}
