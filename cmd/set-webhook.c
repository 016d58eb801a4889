/* SPDX-License-Identifier: MIT */
/*
 * Tell Telegram where receive-update is, or that there is none any more.
 * Apart from that command, which is started for every update and loads no
 * libcurl.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "ops/webhook.h"
#include "store/webhook_record.h"
#include "telegram/address.h"
#include "telegram/question.h"
#include "telegram/update.h"
#include "telegram/webhook_info.h"

#define CALL_MS 15000
#define WAIT_MS 10000
#define LIFE_MS 60000

static bool gone, status;
static int64_t connections = -1;
static const char *ip;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "delete", NULL,
	    "there is none any more: poll-updates polls again",
	    { .flag = &gone } },
	{ OPT_FLAG, 0, "status", NULL, "only say what Telegram knows of it",
	    { .flag = &status } },
	{ OPT_NUMBER, 0, "connections", "N",
	    "so many at once, 1 to 100 (Telegram's own: 40)",
	    { .number = &connections } },
	{ OPT_TEXT, 0, "ip", "ADDRESS", "connect to it, whatever the DNS says",
	    { .text = &ip } },
	OPT_END
};

static const struct opt_command command = {
	.name = "set-webhook",
	.synopsis = "URL | --delete | --status",
	.summary = "Tells Telegram to bring updates to URL, where "
		   "receive-update takes them.",
	.details =
	    "URL: https, on port 443, 80, 88 or 8443. "
	    "TELEGRAM_WEBHOOK_SECRET is given to\nTelegram with it. What "
	    "waits there is kept, both ways: nothing is missed and\nnothing "
	    "comes twice. poll-updates goes on as it is, and answers; it "
	    "notices by\nitself.\n\n--json: schema, url, known, pending, "
	    "error, error_at, remedy.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
ask(struct run *run, struct telegram *telegram, enum method method,
    const char *params, json_t **whole)
{
	return telegram_ask(telegram, method, params,
		   clock_mono_ms() + CALL_MS, whole, &run->fault) != NULL
	    ? OUT_OK
	    : run->fault.what;
}

static enum outcome
record(struct run *run,
    enum outcome (*change)(struct db *db, int64_t now, struct fault *fault))
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);

	if (out != OUT_OK)
		return out;
	out = change(run->db, clock_wall_ms(), &run->fault);
	return db_end(run->db, out, &run->fault);
}

static const char *address;

static enum outcome
record_set(struct db *db, int64_t now, struct fault *fault)
{
	return webhook_record_set(db, address, now, fault);
}

static enum outcome
set(struct run *run, struct telegram *telegram)
{
	struct webhook webhook;
	json_t *whole = NULL;
	enum outcome out =
	    webhook_read(run->config, true, &webhook, &run->fault);

	if (out != OUT_OK)
		return out;
	json_auto_t *params = json_pack("{s:s s:s s:s*}", "url", address,
	    "secret_token", webhook.secret, "ip_address", ip);
	json_error_t error;
	json_object_set_new(params, "allowed_updates",
	    json_loads(UPDATE_KINDS, 0, &error));
	if (connections > 0)
		json_object_set_new(params, "max_connections",
		    json_integer(connections));
	char *text = json_text(params);
	out = ask(run, telegram, METHOD_SET_WEBHOOK, text, &whole);
	free(text);
	json_decref(whole);
	/* Not before: poll-updates would wait for what never comes. */
	return out == OUT_OK ? record(run, record_set) : out;
}

static enum outcome
unset(struct run *run, struct telegram *telegram)
{
	json_t *whole = NULL;
	/* Not after: poll-updates would wait for what comes no more. */
	enum outcome out = record(run, webhook_record_end);

	if (out == OUT_OK)
		out = ask(run, telegram, METHOD_DELETE_WEBHOOK, NULL, &whole);
	json_decref(whole);
	return out == OUT_OK ? record(run, webhook_record_gone) : out;
}

/* --- what there is */

static void
print_json(const struct webhook_info *info, bool known)
{
	json_auto_t *object = json_pack("{s:i s:o s:b s:I s:o s:o s:o}",
	    "schema", 1, "url", json_text_or_null(info->url), "known", known,
	    "pending", (json_int_t)info->pending, "error",
	    json_text_or_null(info->error), "error_at",
	    json_time_or_null(info->error ? info->error_at : 0), "remedy",
	    json_text_or_null(webhook_info_remedy(info)));
	char *text = json_text(object);

	puts(text);
	free(text);
}

static void
print_words(const struct webhook_info *info, bool known)
{
	struct buf error = BUF_INIT(4096);

	if (info->url != NULL)
		printf("webhook  %s%s\n", info->url,
		    known ? "" : ", which poll-updates does not know yet");
	else
		printf("webhook  none is set%s\n",
		    known ? ", which poll-updates does not know yet" : "");
	printf("waiting  %lld\n", (long long)info->pending);
	webhook_info_add_error(&error, info, clock_wall_ms());
	if (error.len > 0)
		printf("trouble  %s\n", error.data);
	buf_release(&error);
}

static enum outcome
tell(struct run *run, struct telegram *telegram)
{
	struct webhook_record known;
	struct webhook_info info;
	json_t *whole = NULL;
	enum outcome out =
	    ask(run, telegram, METHOD_GET_WEBHOOK_INFO, NULL, &whole);

	if (out != OUT_OK)
		return out;
	webhook_info_read(json_object_get(whole, "result"), &info);
	webhook_record_load(run->db, &known);
	if (run->shared.json)
		print_json(&info, known.set);
	else
		print_words(&info, known.set);
	json_decref(whole);
	return db_result(run->db, &run->fault);
}

static void
check_usage(const char *url)
{
	if (gone + status + (url != NULL) != 1)
		opt_usage(&command, "give URL, --delete or --status");
	if (url == NULL && (connections >= 0 || ip != NULL))
		opt_usage(&command, "--connections and --ip go with URL");
	if (ip != NULL && inet_pton(AF_INET, ip, &(struct in_addr){ 0 }) != 1)
		opt_usage(&command, "--ip is an IPv4 address like 192.0.2.7");
	if (connections == 0 || connections > 100)
		opt_usage(&command, "--connections is 1 to 100");
}

int
main(int argc, char **argv)
{
	struct telegram *telegram = NULL;
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	address = argv[first];
	check_usage(address);
	enum outcome out =
	    run_begin(&run, &command, status ? DB_READ : DB_CREATE, LIFE_MS);
	if (out == OUT_OK)
		out = telegram_open(&telegram, run.config, &run.fault);
	if (out == OUT_OK && address != NULL)
		out = address_check_webhook(address,
		    config_get(run.config, "TELEGRAM_API_ROOT") != NULL,
		    &run.fault);
	if (out == OUT_OK && address != NULL)
		out = set(&run, telegram);
	if (out == OUT_OK && gone)
		out = unset(&run, telegram);
	if (out == OUT_OK &&
	    (status || run.shared.json ||
		(isatty(STDOUT_FILENO) && !run.shared.quiet)))
		(void)!tell(&run, telegram);
	telegram_close(telegram);
	return run_end(&run, false, NULL);
}
