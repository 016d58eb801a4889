/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/opt.h"
#include "unit/child.h"

static char out[8192];
static bool print;
static int64_t span, number, count;
static const char *text;
static struct opt_texts texts;

static const struct opt table[] = { { OPT_SPAN, 'f', "for", "SECONDS",
					"keep going this long",
					{ .number = &span } },
	{ OPT_NUMBER, 0, "batch", "N",
	    "so many at a time; a long help text "
	    "that has to be wrapped because it does not fit into one line",
	    { .number = &number } },
	{ OPT_COUNT, 'x', "extra", NULL, "more", { .number = &count } },
	{ OPT_TEXT, 'w', "warning", "NAME=RANGE", "a text",
	    { .text = &text } },
	{ OPT_TEXTS, 'c', "critical", "COMPONENT=RANGE", "texts",
	    { .texts = &texts } },
	{ OPT_FLAG, 'p', "print", NULL, "print", { .flag = &print } },
	OPT_END };
static const struct opt_command command = { .name = "poll-updates",
	.synopsis = "[--for SECONDS] [--print]",
	.summary = "Receive updates.",
	.details = "Further lines.",
	.max_operands = 2,
	.usage_exit = 64,
	.help_exit = 0 };

static struct opt_shared shared;
static int first;

/* Runs opt_parse() on ARGS, which are copied: getopt_long() reorders them. */
static char **
parse(char **args)
{
	static char *argv[64];
	int argc = 1;

	print = false;
	span = number = count = -1;
	text = NULL;
	texts.count = 0;
	count = 0;
	argv[0] = "poll-updates";
	for (; args[argc - 1] != NULL; argc++)
		argv[argc] = args[argc - 1];
	argv[argc] = NULL;
	first = opt_parse(&command, table, &shared, argc, argv);
	return argv;
}

static void
parse_in_child(void *args)
{
	parse(args);
}

static void
assert_refused(char **args, const char *message)
{
	char line[512];

	assert_int_equal(child_run(parse_in_child, args, out, sizeof(out)),
	    64);
	snprintf(line, sizeof(line), "leadpipe poll-updates: %s\n", message);
	assert_string_equal(out, line);
}

#define ARGS(...) \
	(char *[]) \
	{ \
		__VA_ARGS__, NULL \
	}

static void
all_types(void **state)
{
	char **argv = parse(ARGS("-f", "5m", "one", "--batch=100", "-xx",
	    "--extra", "-wa=1", "-c", "b=2", "--critical=c=3", "-p", "two"));

	(void)state;
	assert_int_equal(span, 300000);
	assert_int_equal(number, 100);
	assert_int_equal(count, 3);
	assert_string_equal(text, "a=1");
	assert_int_equal(texts.count, 2);
	assert_string_equal(texts.list[1], "c=3");
	assert_true(print);
	assert_string_equal(argv[first], "one");
	assert_string_equal(argv[first + 1], "two");
	assert_null(argv[first + 2]);
}

static void
shared_options(void **state)
{
	(void)state;
	parse(ARGS("--config", "a", "--db", "b", "--json", "-qvv", "--verbose",
	    "--log", "json"));
	assert_string_equal(shared.config_file, "a");
	assert_string_equal(shared.db_file, "b");
	assert_true(shared.json && shared.quiet);
	assert_int_equal(shared.verbose, 3);
	assert_int_equal(shared.log_format, LOG_JSON);
	parse(ARGS("--for", "60"));
	assert_int_equal(span, 60000);
	assert_null(shared.config_file);
	assert_int_equal(shared.verbose, 0);
	assert_int_equal(shared.log_format, LOG_PLAIN);
}

static void
wrong_lines(void **state)
{
	char *many[40] = { NULL };

	(void)state;
	assert_refused(ARGS("--fro", "5"),
	    "unknown option '--fro', did you mean '--for'?");
	assert_refused(ARGS("x", "--confgi=y", "z"),
	    "unknown option '--confgi', did you mean '--config'?");
	assert_refused(ARGS("--nonsense"),
	    "unknown option '--nonsense', see --help");
	assert_refused(ARGS("-pZ"), "unknown option '-Z', see --help");
	assert_refused(ARGS("-100123"),
	    "unknown option '-1'; write -- before a negative number");
	assert_refused(ARGS("--ver"), "option '--ver' is ambiguous");
	assert_refused(ARGS("--for"),
	    "option '--for' needs a value (SECONDS)");
	assert_refused(ARGS("-pf"), "option '--for' needs a value (SECONDS)");
	assert_refused(ARGS("--print=1"), "option '--print' takes no value");
	assert_refused(ARGS("--batch", "-1"),
	    "--batch needs a whole number, not '-1'");
	assert_refused(ARGS("--batch", "1e3"),
	    "--batch needs a whole number, not '1e3'");
	assert_refused(ARGS("--batch", ""),
	    "--batch needs a whole number, not ''");
	assert_refused(ARGS("--batch", "99999999999999999999"),
	    "--batch needs a whole number, not '99999999999999999999'");
	assert_refused(ARGS("--for", "soon"),
	    "--for needs seconds or a span "
	    "such as 90s, 5m, 2h or 1d, not 'soon'");
	assert_refused(ARGS("--log", "xml"),
	    "--log needs logfmt or json, not 'xml'");
	assert_refused(ARGS("a", "b", "c\x1b[0m"),
	    "unexpected operand 'c\\u001b[0m'");
	for (int i = 0; i < 33; i++)
		many[i] = "-cx";
	assert_refused(many, "--critical is given more than 32 times");
}

static void
negative_operands(void **state)
{
	char **argv = parse(ARGS("--print", "--", "-100123"));

	(void)state;
	assert_string_equal(argv[first], "-100123");
}

static void
help(void **state)
{
	char *line, *rest;

	(void)state;
	assert_int_equal(child_run(parse_in_child, ARGS("-h"), out,
			     sizeof(out)),
	    0);
	assert_string_equal(out,
	    "Usage: leadpipe poll-updates [--for SECONDS] [--print]\n"
	    "\n"
	    "Receive updates.\n"
	    "\n"
	    "Options:\n"
	    "  -f, --for SECONDS         keep going this long\n"
	    "      --batch N             so many at a time; a long help text "
	    "that has to be\n"
	    "                            wrapped because it does not fit into "
	    "one line\n"
	    "  -x, --extra               more\n"
	    "  -w, --warning NAME=RANGE  a text\n"
	    "  -c, --critical COMPONENT=RANGE\n"
	    "                            texts\n"
	    "  -p, --print               print\n"
	    "      --config FILE         read this configuration\n"
	    "      --db FILE             the database (DATABASE_PATH)\n"
	    "      --json                print JSON\n"
	    "  -q, --quiet               say errors only\n"
	    "  -v, --verbose             say what is done; twice: more\n"
	    "      --log FORMAT          form of messages: logfmt or json\n"
	    "  -h, --help                print this help\n"
	    "  -V, --version             print the version\n"
	    "\n"
	    "Further lines.\n");
	for (line = strtok_r(out, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) < 80);
}

static void
version(void **state)
{
	(void)state;
	assert_int_equal(child_run(parse_in_child, ARGS("--version"), out,
			     sizeof(out)),
	    0);
	assert_memory_equal(out,
	    "leadpipe poll-updates " LEADPIPE_VERSION "\nMIT License",
	    22 + sizeof(LEADPIPE_VERSION));
}

static void
version_to_full_disk(void *arg)
{
	(void)arg;
	if (freopen("/dev/full", "w", stdout) == NULL)
		_exit(10);
	parse(ARGS("--help"));
}

static void
full_disk_is_no_success(void **state)
{
	(void)state;
	assert_int_equal(child_run(version_to_full_disk, NULL, out,
			     sizeof(out)),
	    74);
	assert_non_null(strstr(out, "cannot write to standard output"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_types),
		cmocka_unit_test(shared_options),
		cmocka_unit_test(wrong_lines),
		cmocka_unit_test(negative_operands),
		cmocka_unit_test(help),
		cmocka_unit_test(version),
		cmocka_unit_test(full_disk_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
