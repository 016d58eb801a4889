/* SPDX-License-Identifier: MIT */
#include "ops/config_check.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bot/flow.h"
#include "delivery/delivery.h"
#include "net/host.h"
#include "ops/config_note.h"
#include "ops/config_webhook.h"
#include "ops/finding_line.h"
#include "store/db_file.h"
#include "store/journal.h"
#include "store/meta.h"
#include "telegram/address.h"
#include "telegram/client.h"
#include "telegram/token.h"

/* A path, a place and a text. */
#define FINDING_MAX 8192

static void
hear(void *arg, const struct fault *fault)
{
	struct config_notes *notes = arg;

	/* A mode that lets others read is mended here, not at Telegram. */
	note_problem(notes, "configuration", EXIT_CONFIG, "%s", fault->text);
}

/* A relative path is refused already. */
static bool
has_place(const struct run *run)
{
	const char *set = config_get(run->config, "DATABASE_PATH");

	return run->shared.db_file != NULL || set == NULL || set[0] == '/';
}

/* Root reads everything, and the commands are not root: what follows is looked
 * at as who they are. */
static void
check_reader(struct run *run, struct config_notes *notes)
{
	const char *file = config_path(run->config);
	char *path;

	if (geteuid() != 0 || !has_place(run))
		return;
	/* What is in the way is told when it is the database's turn. */
	if (run_own_db(run, &path) == OUT_OK && file != NULL &&
	    faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) < 0)
		note_problem(notes, "configuration", EXIT_CONFIG,
		    "user %lu, who owns the state, cannot read '%s' (%s): "
		    "give it and its directories to a group of that user, "
		    "mode 0640",
		    (unsigned long)geteuid(), file, strerror(errno));
	run->fault = (struct fault){ .what = OUT_OK };
	free(path);
}

bool
config_check_file(struct run *run, struct config_notes *notes)
{
	const struct config_listener listener = { hear, notes };
	struct stat st;

	run->config = config_examine(run->shared.config_file, &listener);
	if (run->config == NULL)
		return false;
	const char *path = config_path(run->config);
	check_reader(run, notes);
	if (path == NULL)
		note_good(notes, "configuration",
		    "no file is read: the "
		    "environment alone");
	else if (notes->count == 0 && stat(path, &st) == 0)
		note_good(notes, "configuration", "'%s', mode %04o", path,
		    (unsigned)st.st_mode & 07777);
	return true;
}

static void
check_token(const struct config *config, struct config_notes *notes)
{
	const char *token = config_get(config, "BOT_TOKEN");

	if (token == NULL)
		note_problem(notes, "BOT_TOKEN", EXIT_CONFIG,
		    "BOT_TOKEN is not set; get one from @BotFather");
	else if (telegram_bot_id(token) == 0)
		note_problem(notes, "BOT_TOKEN", EXIT_CONFIG,
		    "BOT_TOKEN does not look like a token (%s); it is digits, "
		    "a colon and some 35 letters",
		    config_origin(config, "BOT_TOKEN"));
	else
		note_good(notes, "BOT_TOKEN", "of bot %lld (%s)",
		    (long long)telegram_bot_id(token),
		    config_origin(config, "BOT_TOKEN"));
}

static void
check_root(const struct config *config, struct config_notes *notes)
{
	const char *root = config_get(config, "TELEGRAM_API_ROOT");
	struct fault fault;

	if (root == NULL)
		return;
	if (address_check_root(root,
		config_origin(config, "TELEGRAM_API_ROOT"), &fault) != OUT_OK)
		note_fault(notes, "TELEGRAM_API_ROOT", &fault);
	else
		note_good(notes, "TELEGRAM_API_ROOT", "%s", root);
}

static void
check_proxy(const struct config *config, struct config_notes *notes)
{
	const char *proxy = config_get(config, "TELEGRAM_PROXY"), *host;
	struct fault fault;

	if (proxy == NULL)
		return;
	if (host_check_proxy("TELEGRAM_PROXY", proxy,
		config_origin(config, "TELEGRAM_PROXY"), &fault) != OUT_OK) {
		note_fault(notes, "TELEGRAM_PROXY", &fault);
		return;
	}
	if (address_check_both(config_get_or(config, "TELEGRAM_API_ROOT",
				   "https://api.telegram.org"),
		proxy, config_origin(config, "TELEGRAM_PROXY"),
		&fault) != OUT_OK) {
		note_fault(notes, "TELEGRAM_PROXY", &fault);
		return;
	}
	host = strrchr(proxy, '@');
	note_good(notes, "TELEGRAM_PROXY", "%.*s%s%s",
	    (int)(strstr(proxy, "://") - proxy) + 3, proxy, host ? "***" : "",
	    host ? host : strstr(proxy, "://") + 3);
}

static void
check_numbers(struct config *config, struct config_notes *notes)
{
	const char *ip = config_get(config, "LEADPIPE_IP");
	struct fault fault;
	bool dev;

	if (ip != NULL && strcmp(ip, "4") != 0 && strcmp(ip, "6") != 0)
		note_problem(notes, "LEADPIPE_IP", EXIT_CONFIG,
		    "LEADPIPE_IP must be 4 or 6 (%s)",
		    config_origin(config, "LEADPIPE_IP"));
	if (config_bool(config, "DEV_MODE", false, &dev, &fault) != OUT_OK)
		note_fault(notes, "DEV_MODE", &fault);
	if (note_faults(notes, "limits", config, delivery_check_config))
		note_good(notes, "limits", "valid");
}

static void
check_journal_dir(const struct config *config, struct config_notes *notes)
{
	struct journal journal;
	struct fault fault;
	enum outcome out = journal_settings(config, 0, &journal, &fault);

	/* A relative one is refused already. */
	if (out == OUT_OK && (journal.dir == NULL || journal.dir[0] != '/'))
		return;
	if (out == OUT_OK)
		out = journal_check(&journal, &fault);
	if (out != OUT_OK)
		note_problem(notes, "LEADPIPE_JOURNAL_DIR", EXIT_CONFIG, "%s",
		    fault.text);
	else
		note_good(notes, "LEADPIPE_JOURNAL_DIR", "'%s'", journal.dir);
}

/* NAME-3, <+03>-3: what POSIX lets TZ hold beside the names of files. */
static bool
is_posix_zone(const char *zone)
{
	size_t name = 0;

	while (isalpha((unsigned char)zone[name]))
		name++;
	if (name < 3 && *zone != '<')
		return false;
	if (*zone == '<')
		name = strcspn(zone, ">") + (strchr(zone, '>') != NULL);
	name += strspn(zone + name, "+-");
	return isdigit((unsigned char)zone[name]);
}

/* libc takes an unknown zone for UTC without a word. */
static void
check_zone(struct config_notes *notes)
{
	const char *zone = getenv("TZ"), *dir = getenv("TZDIR");

	if (zone == NULL || *zone == '\0')
		return;
	zone += *zone == ':';
	char *file = *zone == '/'
	    ? mem_dup(zone)
	    : mem_printf("%s/%s", dir ? dir : "/usr/share/zoneinfo", zone);
	if (access(file, R_OK) != 0 && !is_posix_zone(zone) &&
	    strcmp(zone, "UTC") != 0)
		note_problem(notes, "TZ", EXIT_CONFIG,
		    "TZ is '%s', no time zone of this machine; use a name "
		    "such as Europe/Moscow (package tzdata)",
		    zone);
	free(file);
}

static void
check_flow_file(const struct config *config, const char *path,
    struct config_notes *notes)
{
	struct findings findings = { 0 };
	struct flow *flow = NULL;
	struct fault fault;
	char *bundle = NULL;
	enum outcome out = flow_bundle(path, &bundle, &findings, &fault);

	if (out == OUT_OK)
		out = flow_open(bundle, strlen(bundle), config, &flow,
		    &findings, &fault);
	findings_locate(&findings, path);
	for (size_t i = 0; i < findings.count; i++) {
		struct buf said = BUF_INIT(FINDING_MAX);

		finding_text_add(&said, path, &findings.list[i]);
		if (findings.list[i].kind != FINDING_WARNING)
			note_problem(notes, "FLOW_FILE", EXIT_CONFIG, "%s",
			    said.data);
		buf_release(&said);
	}
	if (out != OUT_OK && findings_errors(&findings, NULL) == 0)
		note_problem(notes, "FLOW_FILE", EXIT_CONFIG, "%s",
		    fault.text);
	if (out == OUT_OK)
		note_good(notes, "FLOW_FILE", "'%s', flow '%s'", path,
		    flow_id(flow));
	flow_close(flow);
	findings_release(&findings);
	free(bundle);
}

void
config_check_settings(struct run *run, struct config_notes *notes)
{
	const char *flow = config_get(run->config, "FLOW_FILE");

	check_token(run->config, notes);
	check_root(run->config, notes);
	check_proxy(run->config, notes);
	check_numbers(run->config, notes);
	check_journal_dir(run->config, notes);
	check_zone(notes);
	/* A relative one is refused already. */
	if (flow != NULL && flow[0] == '/')
		check_flow_file(run->config, flow, notes);
}

/* What is to be done where nothing can be written. */
static const char *
place_remedy(enum exit_code code)
{
	switch (code) {
	case EXIT_IO:
		return "; free some space there, or set DATABASE_PATH";
	case EXIT_CANTCREATE:
		return "; set DATABASE_PATH to where files can be made";
	case EXIT_PERMISSION:
		return "; it must belong to the user of the commands, or set "
		       "DATABASE_PATH";
	default:
		return "";
	}
}

/* False, and told, when no command could write at PATH. */
static bool
check_place(const struct run *run, const char *path,
    struct config_notes *notes)
{
	struct fault fault;

	if (db_file_probe(path, !run_db_chosen(run), &fault) == OUT_OK)
		return true;
	/* What says how it is mended needs no further words. */
	note_problem(notes, "DATABASE_PATH", EXIT_CONFIG, "%s%s", fault.text,
	    strchr(fault.text, ';') ? "" : place_remedy(fault.code));
	return false;
}

/* Where a database is to be made by the next poll-updates. */
static void
check_no_database(struct run *run, struct config_notes *notes)
{
	char *path;
	enum outcome out = run_own_db(run, &path);

	if (out != OUT_OK)
		note_problem(notes, "DATABASE_PATH", EXIT_CONFIG, "%s",
		    run->fault.text);
	else if (check_place(run, path, notes))
		note_good(notes, "DATABASE_PATH",
		    "'%s', to be created by 'leadpipe poll-updates'", path);
	run->fault = (struct fault){ .what = OUT_OK };
	free(path);
	if (config_get(run->config, "FLOW_FILE") == NULL)
		note_problem(notes, "FLOW_FILE", EXIT_CONFIG,
		    "there is no flow: set FLOW_FILE");
}

static void
tell_database(struct run *run, const char *path, struct config_notes *notes)
{
	int64_t bot = meta_int(run->db, META_BOT_ID, 0);

	if (bot == 0)
		note_good(notes, "DATABASE_PATH", "'%s', of no bot yet", path);
	else
		note_good(notes, "DATABASE_PATH", "'%s', of bot %lld", path,
		    (long long)bot);
}

static void
check_current_flow(struct run *run, struct config_notes *notes)
{
	char *flow = meta_text(run->db, META_FLOW);

	if (flow == NULL && config_get(run->config, "FLOW_FILE") == NULL)
		note_problem(notes, "FLOW_FILE", EXIT_CONFIG,
		    "there is no flow: set FLOW_FILE, or 'leadpipe "
		    "deploy-flow FILE'");
	free(flow);
}

void
config_check_state(struct run *run, struct config_notes *notes)
{
	char *path;
	struct stat st;

	if (!has_place(run))
		return;
	path = run_db_path(run);
	if (lstat(path, &st) != 0 && errno == ENOENT) {
		check_no_database(run, notes);
	} else if (run_open_db(run, DB_READ) != OUT_OK) {
		enum exit_code code = run->fault.code;

		note_problem(notes, "DATABASE_PATH",
		    code == EXIT_LATER ? EXIT_LATER : EXIT_CONFIG, "%s",
		    run->fault.text);
		run->fault = (struct fault){ .what = OUT_OK };
	} else {
		if (check_place(run, path, notes))
			tell_database(run, path, notes);
		config_check_way(run, notes);
		check_current_flow(run, notes);
	}
	free(path);
}
