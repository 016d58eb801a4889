/* SPDX-License-Identifier: MIT */
/*
 * Command lines: one typed table per command over getopt_long().  The table
 * also prints --help.  Options of all commands are part of every table.
 */
#ifndef LEADPIPE_OPT_H
#define LEADPIPE_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

enum opt_type {
	OPT_FLAG,   /* bool *flag */
	OPT_COUNT,  /* int64_t *number, one more each time */
	OPT_NUMBER, /* int64_t *number, a whole number >= 0 */
	OPT_SPAN,   /* int64_t *number in ms: 90, 5m, 2h */
	OPT_TEXT,   /* const char **text */
	OPT_TEXTS,  /* struct opt_texts *texts, may be repeated */
	OPT_FINISH
};

struct opt_texts {
	const char *list[32];
	int count;
};

struct opt {
	enum opt_type type;
	char letter;	  /* 0: none */
	const char *name; /* long name without dashes */
	const char *arg;  /* "SECONDS" in the help, NULL for flags */
	const char *help;
	union {
		bool *flag;
		int64_t *number;
		const char **text;
		struct opt_texts *texts;
	} to;
};

#define OPT_END \
	{ \
		.type = OPT_FINISH \
	}

/* What every command understands. */
struct opt_shared {
	const char *config_file, *db_file;
	bool json, quiet;
	int64_t verbose;
	enum log_format log_format;
};

struct opt_command {
	const char *name;     /* "poll-updates" */
	const char *synopsis; /* "[--for SECONDS] [--print]" */
	const char *summary;  /* one sentence for --help */
	const char *details;  /* further lines for --help, may be NULL */
	int max_operands;     /* further ones are a usage error; -1: any */
	int usage_exit;	      /* 64; healthcheck 3 */
	int help_exit;	      /* 0; healthcheck 3 */
	bool
	    plugin; /* read by Nagios: a wrong command line is told on stdout */
};

/*
 * Parses argv against TABLE and the shared options.  --help and --version
 * print to stdout and exit; an error prints one line naming the option, with
 * a suggestion when it looks misspelt, and exits with usage_exit.  Returns
 * the index of the first operand.
 */
int opt_parse(const struct opt_command *command, const struct opt *table,
    struct opt_shared *shared, int argc, char **argv);

/* Ends the process as opt_parse() does on a wrong command line. */
_Noreturn void opt_usage(const struct opt_command *command, const char *fmt,
    ...) printf_like(2, 3);

#endif
