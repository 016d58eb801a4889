/* SPDX-License-Identifier: MIT */
/* needs: base */
/*
 * leadpipe COMMAND: runs the command of that name from its own directory,
 * never one from PATH.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/suggest.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* tests/002-house.t compares this list with the files of cmd/. */
static const struct {
	const char *name, *summary; /* a heading has no name */
} commands[] = {
	{ NULL, "Talk with people" },
	{ "poll-updates", "receive, remember and answer what people write" },
	{ "receive-update", "the same by webhook, as CGI of a web server" },
	{ "send-due", "deliver reminders and messages that are due" },
	{ "fire-event", "tell a person's flow that something happened" },
	{ NULL, "Leads" },
	{ "add-lead", "a lead from a website, a form or a table" },
	{ "sync-crm", "bring leads to the CRM, each once" },
	{ "sync-redis", "exchange leads, tasks and dialogs with Redis" },
	{ NULL, "Plan ahead" },
	{ "schedule-task", "something to do at a time" },
	{ "cancel-task", "take a planned task back" },
	{ "list-tasks", "what is planned, and when" },
	{ "send-broadcast", "write to many, each once, and see how it goes" },
	{ NULL, "Look and mend" },
	{ "show-chat", "explain where a person is, and why" },
	{ "chat-state", "read or change by hand where a person is" },
	{ "show-history", "what a person and the bot said to each other" },
	{ "show-funnel", "how many people reach each step" },
	{ "recover-pending", "list and mend what is stuck or failed" },
	{ "healthcheck", "Nagios plugin over every component" },
	{ "render-status", "a status page, metrics, a badge, as files" },
	{ NULL, "Keep safe" },
	{ "backup-state", "copy the state while the bot works" },
	{ "restore-state", "put a backup in the place of the state" },
	{ "verify-state", "read all of the state, and its backups" },
	{ "prune-state", "delete what is old, give the space back" },
	{ "export-user", "all that is held of a person, for that person" },
	{ "forget-user", "delete a person from all of the state" },
	{ NULL, "Set up" },
	{ "authorize-crm", "let leadpipe into amoCRM: a token or a code" },
	{ "set-webhook", "tell Telegram where receive-update is" },
	{ "check-config", "probe the configuration, name each remedy" },
	{ "check-flow", "check, test and draw a conversation flow" },
	{ "deploy-flow", "make a conversation flow the current one" },
};

static int
print_help(void)
{
	size_t i;

	puts("usage: leadpipe COMMAND [OPTION...]\n"
	     "       leadpipe help COMMAND\n"
	     "       leadpipe --version");
	for (i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].name == NULL)
			printf("\n%s\n", commands[i].summary);
		else
			printf("  %-16s %s\n", commands[i].name,
			    commands[i].summary);
	}
	return EXIT_DONE;
}

static int
print_version(void)
{
	puts("leadpipe " LEADPIPE_VERSION);
	return EXIT_DONE;
}

/* A full disk must not look like success to a script, nor a reader that went
 * away (help | head -1) like a failure. */
static int
flush_stdout(int status)
{
	signal(SIGPIPE, SIG_IGN);
	if (fflush(stdout) == 0 || errno == EPIPE)
		return status;
	fprintf(stderr, "leadpipe: cannot write to stdout: %s\n",
	    strerror(errno));
	return EXIT_IO;
}

static bool
is_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].name != NULL &&
		    strcmp(commands[i].name, name) == 0)
			return true;
	return false;
}

/* A guess is shown and never run: a mistyped command must change nothing. */
static int
refuse_unknown(const char *word)
{
	const char *names[ARRAY_LEN(commands) + 1] = { "help" };
	const char *guess;
	size_t i, n = 1;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].name != NULL)
			names[n++] = commands[i].name;
	guess = suggest(word, names, n);
	if (guess != NULL)
		fprintf(stderr,
		    "leadpipe: no command '%s', did you mean '%s'?\n", word,
		    guess);
	else
		fprintf(stderr,
		    "leadpipe: no command '%s', see 'leadpipe help'\n", word);
	return EXIT_USAGE;
}

/* The directory of this executable itself: argv[0] is the caller's to choose,
 * and PATH may lead anywhere. */
static bool
find_own_dir(char *dir, size_t size)
{
	char self[PATH_MAX];
	ssize_t len;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return false;
	self[len] = '\0';
	return (size_t)snprintf(dir, size, "%s", dirname(self)) < size;
}

/* Returns only when the command cannot be started. */
static int
run_command(char **argv)
{
	char dir[PATH_MAX], path[PATH_MAX + 64];

	if (find_own_dir(dir, sizeof(dir))) {
		snprintf(path, sizeof(path), "%s/libexec/%s", dir, argv[0]);
		execv(path, argv);
	}
	snprintf(path, sizeof(path), "%s/%s", LEADPIPE_LIBEXECDIR, argv[0]);
	execv(path, argv);
	fprintf(stderr,
	    "leadpipe: cannot run '%s': %s, install leadpipe again\n", path,
	    strerror(errno));
	return EXIT_BUG;
}

/* The page of this very installation, whatever MANPATH says; packages compress
 * it.  Returns when there is none, and in the build tree, where one would be
 * another version's. */
static void
show_page(const char *name)
{
	static const char *const ends[] = { "", ".gz" };
	char dir[PATH_MAX], path[PATH_MAX + 64];
	size_t i;

	if (find_own_dir(dir, sizeof(dir))) {
		snprintf(path, sizeof(path), "%s/libexec/%s", dir, name);
		if (access(path, X_OK) == 0)
			return;
	}
	for (i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s/man1/leadpipe-%s.1%s",
		    LEADPIPE_MANDIR, name, ends[i]);
		if (access(path, R_OK) == 0)
			execlp("man", "man", "-l", path, (char *)NULL);
	}
}

static int
run_help(char *name)
{
	char option[] = "--help", *argv[] = { name, option, NULL };

	if (!is_command(name))
		return refuse_unknown(name);
	show_page(name);
	return run_command(argv);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return flush_stdout(print_version());
	if (strcmp(word, "help") == 0 && argc > 2 &&
	    strcmp(argv[2], "help") != 0)
		return run_help(argv[2]);
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	    strcmp(word, "-h") == 0)
		return flush_stdout(print_help());
	if (argc < 2) {
		fputs("leadpipe: which command? see 'leadpipe help'\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (word[0] == '-') {
		fprintf(stderr,
		    "leadpipe: '%s' before the command: options follow it, as "
		    "in 'leadpipe list-tasks --config FILE'\n",
		    word);
		return EXIT_USAGE;
	}
	if (!is_command(word))
		return refuse_unknown(word);
	return run_command(argv + 1);
}
