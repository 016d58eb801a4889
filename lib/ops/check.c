/* SPDX-License-Identifier: MIT */
#include "ops/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "ops/check_component.h"

/* Every number, with the thresholds that nobody has to set.  Seconds but for
 * counts, bytes (B) and percent. */
static const struct metric defaults[] = {
	{ "disk_free", "machine", "B", "209715200:", "52428800:" },
	{ "memory", "machine", "%", "80", "95" },
	{ "db_size", "database", "B", "", "" },
	{ "wal_size", "database", "B", "268435456", "1073741824" },
	{ "backup_age", "database", "s", "259200", "" },
	{ "poll_run_age", "runs", "s", "180", "300" },
	{ "send_run_age", "runs", "s", "180", "300" },
	{ "sync_run_age", "runs", "s", "180", "300" },
	{ "crashes", "runs", "", "0", "" },
	{ "max_rss", "runs", "B", "209715200", "" },
	{ "tasks", "queue", "", "100000", "" },
	{ "due_lag", "queue", "s", "60", "300" },
	{ "ready", "queue", "", "", "" },
	{ "updates", "queue", "", "1000", "10000" },
	{ "parked", "queue", "", "0", "" },
	{ "ambiguous", "queue", "", "10", "" },
	{ "unknown", "queue", "", "0", "" },
	{ "held", "queue", "", "", "" },
	{ "dead", "queue", "", "0", "10" },
	{ "handlers", "queue", "", "100", "" },
	{ "handler_age", "queue", "s", "300", "900" },
	{ "unhandled", "queue", "", "5", "" },
	{ "error_rate", "queue", "%", "5", "" },
	{ "pending_updates", "telegram", "", "1000", "10000" },
	{ "poll_age", "telegram", "s", "120", "300" },
	{ "leads", "crm", "", "", "" },
	{ "lead_lag", "crm", "s", "900", "3600" },
	{ "leads_unknown", "crm", "", "10", "" },
	{ "leads_parked", "crm", "", "0", "" },
	{ "leads_doubled", "crm", "", "0", "" },
	{ "leads_untold", "crm", "", "0", "" },
	{ "leads_stripped", "crm", "", "0", "" },
	{ "crm_failures", "crm", "", "2", "9" },
	{ "token_age", "crm", "s", "2592000", "6480000" },
	{ "page_late", "page", "s", "120", "" },
	{ "redis_down", "redis", "s", "60", "900" },
	{ "mirror_behind", "redis", "s", "600", "86400" },
	{ "jobs_lag", "redis", "s", "600", "86400" },
};
#define METRICS (sizeof(defaults) / sizeof(defaults[0]))

/* In the order of reports. */
static const struct {
	const char *name;
	bool reads; /* nothing can be said without the database */
	void (*run)(struct checks *checks, struct db *db,
	    const struct config *config);
} components[] = {
	{ "machine", false, check_machine },
	{ "database", true, check_database },
	/* Why a command failed is told before that it did. */
	{ "telegram", false, check_online },
	{ "telegram", true, check_telegram },
	{ "runs", true, check_runs },
	{ "queue", true, check_queue },
	{ "crm", true, check_crm },
	{ "page", true, check_page },
	{ "redis", false, check_redis_online },
	{ "redis", true, check_redis },
};
#define COMPONENTS (sizeof(components) / sizeof(components[0]))

void
checks_init(struct checks *checks, int64_t now)
{
	*checks = (struct checks){ .now = now, .metric_count = METRICS };
	checks->metrics = mem_array(NULL, METRICS, sizeof(*checks->metrics));
	memcpy(checks->metrics, defaults, sizeof(defaults));
}

void
checks_release(struct checks *checks)
{
	free(checks->list);
	free(checks->metrics);
	*checks = (struct checks){ 0 };
}

static struct metric *
metric_find(struct checks *checks, const char *name)
{
	for (size_t i = 0; i < checks->metric_count; i++)
		if (strcmp(checks->metrics[i].name, name) == 0)
			return &checks->metrics[i];
	return NULL;
}

static enum outcome
refuse_name(const char *name, struct fault *fault)
{
	const char *names[METRICS];

	for (size_t i = 0; i < METRICS; i++)
		names[i] = defaults[i].name;
	const char *near = suggest(name, names, METRICS);
	return fault_set(fault, OUT_NEVER, EXIT_USAGE,
	    "nothing is called '%s', %s%s", name,
	    near ? "did you mean " : "see --help", near ? near : "");
}

enum outcome
checks_set_range(struct checks *checks, const char *text, bool critical,
    struct fault *fault)
{
	const char *equals = strchr(text, '=');
	enum outcome out = OUT_OK;
	struct range range;

	if (equals == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_USAGE,
		    "'%s' is not name=range, such as due_lag=60", text);
	char *name = mem_dup_n(text, (size_t)(equals - text));
	struct metric *metric = metric_find(checks, name);
	if (metric == NULL)
		out = refuse_name(name, fault);
	else if (!range_parse(equals + 1, &range) ||
	    strlen(equals + 1) >= sizeof(metric->warning))
		out = fault_set(fault, OUT_NEVER, EXIT_USAGE,
		    "'%s' is no range: 10 alerts above 10, 5: below 5, 5:10 "
		    "outside, @5:10 inside",
		    equals + 1);
	else
		snprintf(critical ? metric->critical : metric->warning,
		    sizeof(metric->warning), "%s", equals + 1);
	free(name);
	return out;
}

struct check *
checks_add(struct checks *checks, const char *component, const char *name)
{
	checks->list =
	    mem_array(checks->list, checks->count + 1, sizeof(*checks->list));
	struct check *check = &checks->list[checks->count++];
	*check = (struct check){ .component = component, .name = name };
	return check;
}

void
checks_drop(struct checks *checks, const char *component)
{
	size_t kept = 0;

	for (size_t i = 0; i < checks->count; i++)
		if (strcmp(checks->list[i].component, component) != 0)
			checks->list[kept++] = checks->list[i];
	checks->count = kept;
}

static bool
alerts(const char *text, double value)
{
	struct range range;

	return *text != '\0' && range_parse(text, &range) &&
	    range_alerts(&range, value);
}

struct check *
checks_measure(struct checks *checks, const char *name, double value)
{
	const struct metric *metric = metric_find(checks, name);
	struct check *check = checks_add(checks, metric->component, name);

	check->metric = metric;
	check->known = true;
	check->value = value;
	if (alerts(metric->critical, value))
		check->state = CHECK_CRITICAL;
	else if (alerts(metric->warning, value))
		check->state = CHECK_WARNING;
	return check;
}

struct check *
checks_measure_age(struct checks *checks, const char *name, int64_t since,
    char span[CLOCK_TEXT_SIZE])
{
	int64_t age = since != 0 && since < checks->now ? checks->now - since
							: 0;
	struct check *check = checks_measure(checks, name, (double)age / 1000);

	check->since = since;
	check_span(age, span);
	return check;
}

/* A text that does not fit is cut at a whole character. */
static void
write_line(char *out, size_t size, const char *fmt, va_list args)
{
	size_t len;

	vsnprintf(out, size, fmt, args);
	len = utf8_prefix_bytes(out, size - 1);
	out[len] = '\0';
}

void
check_of(struct check *check, const char *subject)
{
	snprintf(check->subject, sizeof(check->subject), "%s", subject);
}

void
check_say(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(check->text, sizeof(check->text), fmt, args);
	va_end(args);
}

void
check_mend(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(check->remedy, sizeof(check->remedy), fmt, args);
	va_end(args);
}

char *
check_span(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	return clock_span_text(ms < 0 ? 0 : (ms + 999) / 1000 * 1000, text);
}

void
check_fault(struct check *check, const struct fault *fault)
{
	bool unknown = fault->code != EXIT_IO &&
	    (fault->what == OUT_LATER || fault->what == OUT_BUG ||
		fault->code == EXIT_PERMISSION);

	check->state = unknown ? CHECK_UNKNOWN : CHECK_CRITICAL;
	check_say(check, "%s", fault->text);
}

/* What mends that the database cannot be read. */
static void
mend_database(const struct checks *checks, struct check *check,
    const struct fault *fault)
{
	if (fault->code == EXIT_LATER)
		check_mend(check,
		    "'fuser -v %s' names the program that keeps it: end it",
		    checks->path);
	else if (fault->code == EXIT_IO && fault->what == OUT_LATER)
		check_mend(check,
		    "'df -h %s' names the filesystem; free some space",
		    checks->path);
	else if (fault->code == EXIT_IO && checks->backup != NULL)
		check_mend(check, "'leadpipe restore-state %s'",
		    checks->backup);
	else if (fault->code == EXIT_IO)
		check_mend(check,
		    "there is no backup: stop the commands, move '%s' and its "
		    "-wal away, and 'leadpipe poll-updates' begins anew",
		    checks->path);
	else if (fault->code == EXIT_PERMISSION)
		check_mend(check,
		    "run it as the bot's user: 'sudo -u leadpipe leadpipe "
		    "healthcheck'");
	else if (access(checks->path, F_OK) < 0 && errno == ENOENT)
		check_mend(check,
		    "'leadpipe poll-updates' makes it; cron runs that");
	else
		check_mend(check,
		    "'leadpipe check-config' shows all that is wrong");
}

void
checks_fault(struct checks *checks, const char *component, const char *name,
    const struct fault *fault)
{
	struct check *check = checks_add(checks, component, name);

	check_fault(check, fault);
	mend_database(checks, check, fault);
}

enum check_state
checks_state(const struct checks *checks)
{
	enum check_state worst = CHECK_OK;

	for (size_t i = 0; i < checks->count; i++)
		if (checks->list[i].state > worst)
			worst = checks->list[i].state;
	return worst;
}

int
check_exit(enum check_state state)
{
	static const int exits[] = { 0, 3, 1, 2 };

	return exits[state];
}

const char *
check_state_name(enum check_state state)
{
	static const char *const names[] = { "OK", "UNKNOWN", "WARNING",
		"CRITICAL" };

	return names[state];
}

static bool
is_asked(size_t component, const char *name)
{
	return name == NULL || strcmp(components[component].name, name) == 0;
}

void
checks_run(struct checks *checks, const char *name, struct db *db,
    const struct config *config)
{
	for (size_t i = 0; i < COMPONENTS; i++)
		if (is_asked(i, name) && (db != NULL || !components[i].reads))
			components[i].run(checks, db, config);
}

bool
check_component_reads(const char *name)
{
	for (size_t i = 0; i < COMPONENTS; i++)
		if (is_asked(i, name) && components[i].reads)
			return true;
	return false;
}

bool
check_component_known(const char *name, const char **nearest)
{
	const char *names[COMPONENTS];

	for (size_t i = 0; i < COMPONENTS; i++) {
		names[i] = components[i].name;
		if (strcmp(names[i], name) == 0)
			return true;
	}
	*nearest = suggest(name, names, COMPONENTS);
	return false;
}
