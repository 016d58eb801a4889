/* SPDX-License-Identifier: MIT */
#include "ops/alert.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/alert_command.h"
#include "ops/alert_judge.h"
#include "ops/alert_send.h"
#include "ops/alert_text.h"

#define LOCK_MS 30000
#define SEND_MS 10000
#define COMMAND_MS 15000

_Static_assert(LOCK_MS > SEND_MS + COMMAND_MS + ALERT_PING_MS,
    "a unit fails once: it outlives a healthcheck that sends");
_Static_assert(LOCK_MS + SEND_MS + COMMAND_MS < ALERT_MS,
    "the process ends before its work does");

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

/* Telegram gets a letter for a day; then it is history. */
#define LIFE_MS (24 * HOUR_MS)
#define LETTERS_MOST 20

/* A wait that people need not notice. */
#define SHORT_WAIT_MS (5 * MINUTE_MS)

#define COMMAND_TRIES 3

struct telling {
	struct checks *checks;
	const struct config *config;
	char *sender;
	struct alert_state state;
	struct alert_file file;
	struct fault fault; /* what was in the way, OUT_OK: nothing */
};

bool
alert_unit_valid(const char *name)
{
	size_t len = strspn(name,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789:_.\\@-");

	return len > 0 && len < 256 && name[len] == '\0';
}

void
alert_unit(struct checks *checks, const char *unit)
{
	const char *result = getenv("MONITOR_SERVICE_RESULT");
	const char *status = getenv("MONITOR_EXIT_STATUS");
	struct check *check = checks_add(checks, ALERT_UNITS, "failed");

	check_of(check, unit);
	check->state = CHECK_CRITICAL;
	check->since = checks->now;
	check_say(check, "%s failed%s%s%s%s", unit, result ? ": " : "",
	    result ? result : "", status ? ", status " : "",
	    status ? status : "");
	check_mend(check,
	    "'journalctl -u %s -n 50' says why; 'systemctl "
	    "restart %s' starts it again",
	    unit, unit);
}

/* "leadpipe on HOST, bot 4242". */
static char *
sender(const struct run *run)
{
	char host[HOST_NAME_MAX + 1] = "";
	int64_t bot = run_bot_id(run);

	if (gethostname(host, sizeof(host) - 1) != 0 || *host == '\0')
		snprintf(host, sizeof(host), "this host");
	return bot != 0
	    ? mem_printf("leadpipe on %s, bot %lld", host, (long long)bot)
	    : mem_printf("leadpipe on %s", host);
}

/* On stderr, where cron mails it and the journal keeps it. */
static void
cry(struct alert_letter *letter, const struct fault *fault)
{
	char *line = mem_dup(letter->text);

	for (char *at = line; *at != '\0'; at++)
		if (*at == '\n')
			*at = ';';
	if (!letter->cried)
		log_error("an alert did not arrive (%s): %s", fault->text,
		    line);
	letter->cried = true;
	free(line);
}

static bool
has_command(const struct telling *telling)
{
	return config_get(telling->config, "LEADPIPE_ALERT_COMMAND") != NULL;
}

static void
run_command(struct telling *telling, struct alert_letter *letter,
    int64_t deadline)
{
	struct fault fault;

	if (!has_command(telling) || letter->commanded >= COMMAND_TRIES ||
	    clock_mono_ms() >= deadline)
		return;
	/* Counted before it runs: killed meanwhile it must not run for
	 * ever. */
	letter->commanded++;
	if (alert_file_save(&telling->file, &telling->state, &fault) !=
		OUT_OK ||
	    alert_command(telling->config, letter->text, deadline, &fault) !=
		OUT_OK)
		log_error("%s", fault.text);
	else
		letter->heard = true;
}

static void
say_late(struct telling *telling)
{
	if (telling->fault.what == OUT_OK)
		fault_set(&telling->fault, OUT_LATER, EXIT_LATER,
		    "Telegram did not take it, it is asked again later");
}

/* Telegram did not take LETTER now: the other ways. */
static void
go_around(struct telling *telling, struct alert_letter *letter,
    int64_t deadline)
{
	if (telling->fault.what == OUT_OK && letter->chat_count == 0)
		fault_set(&telling->fault, OUT_NEVER, EXIT_CONFIG,
		    "nobody is to be told: set TELEGRAM_ALERT_CHAT_ID or "
		    "ADMIN_IDS");
	else
		say_late(telling);
	cry(letter, &telling->fault);
	run_command(telling, letter, deadline);
}

/* True when nothing more can be done for LETTER. */
static bool
is_over(const struct telling *telling, const struct alert_letter *letter,
    int64_t now)
{
	if (letter->chat_count > 0)
		return now - letter->at >= LIFE_MS;
	return letter->heard || !has_command(telling) ||
	    letter->commanded >= COMMAND_TRIES;
}

static void
send_all(struct telling *telling)
{
	struct alert_state *state = &telling->state;
	int64_t now = clock_wall_ms();

	alert_send(state, &telling->file, telling->config,
	    clock_mono_ms() + SEND_MS, &telling->fault);
	int64_t deadline = clock_mono_ms() + COMMAND_MS;
	bool waits = state->wait_until > now &&
	    state->wait_until - now < SHORT_WAIT_MS;
	for (size_t i = 0; i < state->letter_count; i++) {
		struct alert_letter *letter = &state->letters[i];

		if (!letter->heard && !(waits && letter->chat_count > 0))
			go_around(telling, letter, deadline);
		else if (letter->chat_count > 0)
			say_late(telling);
	}
	for (size_t i = state->letter_count; i-- > 0;)
		if (is_over(telling, &state->letters[i], now))
			alert_letter_drop(state, i);
}

static void
write_letter(struct telling *telling)
{
	struct alert_state *state = &telling->state;
	int64_t now = telling->checks->now;
	bool remind = alert_judge(state, telling->checks);
	struct alert_letter *letter =
	    alert_write(state, remind, telling->sender, now);

	if (letter != NULL)
		alert_address(letter, telling->config);
	if (state->letter_count > LETTERS_MOST)
		alert_letter_drop(state, 0);
	alert_forget(state, now);
}

/* At most one each minute of the clock, and only when there is nothing that
 * somebody else should notice. */
static bool
wants_ping(const struct telling *telling, const struct alert_options *options)
{
	enum check_state state = checks_state(telling->checks);

	for (size_t i = 0; i < telling->state.letter_count; i++)
		if (!telling->state.letters[i].heard)
			return false;
	return config_get(telling->config, "LEADPIPE_PING_URL") != NULL &&
	    options->component == NULL && options->unit == NULL &&
	    (state == CHECK_OK || state == CHECK_WARNING) &&
	    telling->checks->now / MINUTE_MS !=
	    telling->state.ping_at / MINUTE_MS;
}

static void
ping(struct telling *telling)
{
	struct fault fault;

	telling->state.ping_at = telling->checks->now;
	if (alert_file_save(&telling->file, &telling->state, &fault) != OUT_OK)
		return;
	bool taken = alert_ping(telling->config, &fault) == OUT_OK;
	struct check *check =
	    checks_add(telling->checks, "alert", "heartbeat");
	check_say(check, "%s%s",
	    taken ? "the heartbeat was taken"
		  : "the heartbeat was not taken: ",
	    taken ? "" : fault.text);
}

/* What is in the way of alerts is seen by who looks. */
static void
report(struct telling *telling)
{
	struct check *check;

	if (telling->fault.what == OUT_OK)
		return;
	check = checks_add(telling->checks, "alert", "delivery");
	check->state = CHECK_WARNING;
	check_say(check, "an alert did not arrive: %s", telling->fault.text);
	check_mend(check,
	    "check TELEGRAM_ALERT_BOT_TOKEN, "
	    "TELEGRAM_ALERT_CHAT_ID (else BOT_TOKEN, ADMIN_IDS) and "
	    "LEADPIPE_ALERT_COMMAND; it goes out again by itself");
}

/*
 * Saved before anything leaves: who cannot remember must not send, or the same
 * letter would leave every minute.
 */
static void
tell(struct telling *telling, const struct alert_options *options)
{
	struct alert_state *state = &telling->state;
	struct fault fault;

	write_letter(telling);
	if (alert_file_save(&telling->file, state, &fault) != OUT_OK) {
		telling->fault = fault;
		for (size_t i = 0; i < state->letter_count; i++)
			cry(&state->letters[i], &fault);
		return;
	}
	send_all(telling);
	if (alert_file_save(&telling->file, state, &fault) != OUT_OK)
		telling->fault = fault;
	else if (wants_ping(telling, options))
		ping(telling);
}

/* What is wrong with the configuration is told already; the rest of it may
 * say where to. */
static void
hear_nothing(void *arg, const struct fault *fault)
{
	(void)arg;
	(void)fault;
}

/* Others could have written a command into it, and whom to send a token to. */
static bool
is_trusted(const struct config *config)
{
	const char *path = config_path(config);
	struct stat st;

	return path == NULL ||
	    (stat(path, &st) == 0 && (st.st_mode & 022) == 0);
}

/* What is left of a configuration that was refused: of the file, or of the
 * environment, which may say enough.  NULL: nothing. */
static struct config *
salvage(const struct run *run)
{
	const struct config_listener deaf = { hear_nothing, NULL };
	struct config *config = config_examine(run->shared.config_file, &deaf);

	if (config != NULL && is_trusted(config))
		return config;
	config_close(config);
	return config_examine("/dev/null", &deaf);
}

void
alert_tell(struct checks *checks, struct run *run,
    const struct alert_options *options)
{
	struct telling telling = { .checks = checks, .file = { .lock = -1 } };
	int64_t wait = options->unit ? clock_mono_ms() + LOCK_MS : 0;
	struct fault fault;
	char *path;

	if (run->config == NULL)
		run->config = salvage(run);
	if (run->config == NULL) {
		log_error("no alert can be sent without a configuration");
		return;
	}
	telling.config = run->config;
	telling.sender = sender(run);
	enum outcome out = run_own_db(run, &path);
	if (out == OUT_OK)
		out = alert_file_open(&telling.file, path, wait,
		    &telling.state, checks->now, &fault);
	else
		fault = run->fault;
	if (out == OUT_OK)
		tell(&telling, options);
	else if (fault.code != EXIT_LATER || options->unit != NULL)
		telling.fault = fault;
	report(&telling);
	alert_file_close(&telling.file);
	alert_state_release(&telling.state);
	free(telling.sender);
	free(path);
}
