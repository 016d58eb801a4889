/* SPDX-License-Identifier: MIT */
#include "base/opt.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/opt_help.h"
#include "base/suggest.h"

#define ROWS 64
/* getopt_long() returns the row's number plus this: letters stay below. */
#define FIRST_ROW 256

struct parser {
	const struct opt_command *command;
	struct opt rows[ROWS];
	int count;
	struct option longs[ROWS + 1];
	char shorts[3 * ROWS + 3];
};

void
opt_usage(const struct opt_command *command, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (command->plugin)
		printf("LEADPIPE UNKNOWN: %s\n", text);
	else
		log_error("%s", text);
	exit(command->usage_exit);
}

static bool
takes_value(const struct opt *row)
{
	return row->type != OPT_FLAG && row->type != OPT_COUNT;
}

/* What a command has of its own wins over what is shared: -c means critical in
 * healthcheck. */
static void
add_row(struct parser *parser, const struct opt *row)
{
	char *shorts = parser->shorts + strlen(parser->shorts);
	int i = parser->count;

	for (int j = 0; j < i; j++)
		if (strcmp(parser->rows[j].name, row->name) == 0)
			return;
	if (i == ROWS)
		abort();
	parser->rows[i] = *row;
	if (row->letter != 0 && strchr(parser->shorts, row->letter) != NULL)
		parser->rows[i].letter = 0;
	if (parser->rows[i].letter != 0) {
		*shorts++ = row->letter;
		if (takes_value(row))
			*shorts++ = ':';
	}
	parser->longs[i].name = row->name;
	parser->longs[i].has_arg = takes_value(row) ? required_argument
						    : no_argument;
	parser->longs[i].val = FIRST_ROW + i;
	parser->count++;
}

static int64_t
read_number(const struct parser *parser, const struct opt *row,
    const char *text)
{
	int64_t value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		opt_usage(parser->command,
		    "--%s needs a whole number, not '%s'", row->name, text);
	return value;
}

static void
take_value(const struct parser *parser, const struct opt *row,
    const char *text)
{
	struct opt_texts *texts;

	switch (row->type) {
	case OPT_FLAG:
		*row->to.flag = true;
		break;
	case OPT_COUNT:
		++*row->to.number;
		break;
	case OPT_NUMBER:
		*row->to.number = read_number(parser, row, text);
		break;
	case OPT_SPAN:
		if (clock_parse_span(text, row->to.number) < 0)
			opt_usage(parser->command,
			    "--%s needs seconds or a "
			    "span such as 90s, 5m, 2h or 1d, not '%s'",
			    row->name, text);
		break;
	case OPT_TEXT:
		*row->to.text = text;
		break;
	case OPT_TEXTS:
		texts = row->to.texts;
		if (texts->count ==
		    (int)(sizeof(texts->list) / sizeof(texts->list[0])))
			opt_usage(parser->command,
			    "--%s is given more than "
			    "%d times",
			    row->name, texts->count);
		texts->list[texts->count++] = text;
		break;
	case OPT_FINISH:
		break;
	}
}

/* The row of what getopt_long() returned, or NULL. */
static const struct opt *
find_row(const struct parser *parser, int found)
{
	for (int i = 0; i < parser->count; i++)
		if (found == FIRST_ROW + i ||
		    (found > 0 && found < FIRST_ROW &&
			parser->rows[i].letter == found))
			return &parser->rows[i];
	return NULL;
}

/* How many options ARG abbreviates. */
static int
count_matches(const struct parser *parser, const char *arg, size_t len)
{
	int matches = 0;

	for (int i = 0; i < parser->count; i++)
		matches += strncmp(parser->rows[i].name, arg, len) == 0;
	return matches;
}

static _Noreturn void
refuse_long(const struct parser *parser, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const char *names[ROWS], *near;
	char word[128];

	if (count_matches(parser, arg, len) > 1)
		opt_usage(parser->command, "option '--%.*s' is ambiguous",
		    (int)len, arg);
	for (int i = 0; i < parser->count; i++)
		names[i] = parser->rows[i].name;
	snprintf(word, sizeof(word), "%.*s", (int)len, arg);
	near = suggest(word, names, (size_t)parser->count);
	if (near != NULL)
		opt_usage(parser->command,
		    "unknown option '--%s', did you "
		    "mean '--%s'?",
		    word, near);
	opt_usage(parser->command, "unknown option '--%s', see --help", word);
}

/* Says what getopt_long() did not like. */
static _Noreturn void
refuse(const struct parser *parser, int problem, const char *arg)
{
	const struct opt *row = find_row(parser, optopt);

	if (problem == ':' && row != NULL)
		opt_usage(parser->command, "option '--%s' needs a value (%s)",
		    row->name, row->arg != NULL ? row->arg : "VALUE");
	if (row != NULL)
		opt_usage(parser->command, "option '--%s' takes no value",
		    row->name);
	if (optopt == 0)
		refuse_long(parser, arg + 2);
	if (optopt >= '0' && optopt <= '9')
		opt_usage(parser->command,
		    "unknown option '-%c'; write -- "
		    "before a negative number",
		    optopt);
	opt_usage(parser->command, "unknown option '-%c', see --help", optopt);
}

/* A full disk must not look like a help that was printed; a reader that went
 * away is none, nor what ends the process. */
static _Noreturn void
finish_print(const struct opt_command *command)
{
	signal(SIGPIPE, SIG_IGN);
	if (fflush(stdout) == EOF && errno != EPIPE) {
		log_error("cannot write to standard output: %s",
		    strerror(errno));
		exit(EXIT_IO);
	}
	exit(command->help_exit);
}

static enum log_format
read_format(const struct opt_command *command, const char *text)
{
	if (text == NULL)
		return LOG_PLAIN;
	if (strcmp(text, "logfmt") == 0)
		return LOG_LOGFMT;
	if (strcmp(text, "json") != 0)
		opt_usage(command, "--log needs logfmt or json, not '%s'",
		    text);
	return LOG_JSON;
}

static void
run_getopt(struct parser *parser, int argc, char **argv)
{
	const struct opt *row;
	int found;

	opterr = 0;
	optind = 0; /* GNU: start anew */
	while ((found = getopt_long(argc, argv, parser->shorts, parser->longs,
		    NULL)) != -1) {
		row = found == '?' || found == ':' ? NULL
						   : find_row(parser, found);
		if (row == NULL)
			refuse(parser, found, argv[optind - 1]);
		take_value(parser, row, optarg);
	}
}

int
opt_parse(const struct opt_command *command, const struct opt *table,
    struct opt_shared *shared, int argc, char **argv)
{
	const struct log_options plain = { .level = LOG_WARNING,
		.command = command->name };
	bool help = false, version = false;
	const char *format = NULL;
	const struct opt common[] = { { OPT_TEXT, 'c', "config", "FILE",
					  "read this configuration",
					  { .text = &shared->config_file } },
		{ OPT_TEXT, 0, "db", "FILE", "the database (DATABASE_PATH)",
		    { .text = &shared->db_file } },
		{ OPT_FLAG, 0, "json", NULL, "print JSON",
		    { .flag = &shared->json } },
		{ OPT_FLAG, 'q', "quiet", NULL, "say errors only",
		    { .flag = &shared->quiet } },
		{ OPT_COUNT, 'v', "verbose", NULL,
		    "say what is done; twice: more",
		    { .number = &shared->verbose } },
		{ OPT_TEXT, 0, "log", "FORMAT",
		    "form of messages: logfmt or json", { .text = &format } },
		{ OPT_FLAG, 'h', "help", NULL, "print this help",
		    { .flag = &help } },
		{ OPT_FLAG, 'V', "version", NULL, "print the version",
		    { .flag = &version } },
		OPT_END };
	struct parser parser = { .command = command, .shorts = ":" };

	log_setup(&plain);
	memset(shared, 0, sizeof(*shared));
	for (; table != NULL && table->type != OPT_FINISH; table++)
		add_row(&parser, table);
	for (const struct opt *row = common; row->type != OPT_FINISH; row++)
		add_row(&parser, row);
	run_getopt(&parser, argc, argv);
	if (help)
		opt_help_print(command, parser.rows, parser.count);
	else if (version)
		opt_version_print(command);
	if (help || version)
		finish_print(command);
	shared->log_format = read_format(command, format);
	if (command->max_operands >= 0 &&
	    argc - optind > command->max_operands)
		opt_usage(command, "unexpected operand '%s'",
		    argv[optind + command->max_operands]);
	return optind;
}
