/* SPDX-License-Identifier: MIT */
#include "base/prompt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/utf8.h"

#define ANSWER_MAX 256

/* A terminal gives a line of at most 4096 bytes while it edits lines; tokens
 * are longer than half of that and growing, so it does not. */
static void
echo_off(int fd, const struct termios *as_before)
{
	struct termios quiet = *as_before;

	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSAFLUSH, &quiet);
}

/* What line editing would have done: a slip taken back, the rest dropped. */
static void
line_edit(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (*at == 0x7f || *at == '\b')
			to -= to > text;
		else if ((unsigned char)*at >= ' ')
			*to++ = *at;
	}
	*to = '\0';
}

static enum outcome
line_result(enum lines_next next, const char *text, size_t max, char **line,
    struct fault *fault)
{
	switch (next) {
	case LINES_LINE:
		*line = mem_dup(text);
		return OUT_OK;
	case LINES_TOO_LONG:
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the input is longer than %zu bytes", max);
	case LINES_STOPPED:
		return fault_set(fault, OUT_LATER, EXIT_LATER, "stopped");
	case LINES_FAILED:
		return fault_set(fault, OUT_NEVER, EXIT_IO,
		    "cannot read stdin: %s", strerror(errno));
	default:
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "nothing was read from stdin");
	}
}

enum outcome
prompt_secret(int fd, size_t max, char **line, struct fault *fault)
{
	struct termios as_before;
	bool terminal = isatty(fd) && tcgetattr(fd, &as_before) == 0;
	enum lines_next next;
	struct lines lines;
	enum outcome out;
	char *text = NULL;
	size_t len;

	*line = NULL;
	if (terminal)
		echo_off(fd, &as_before);
	lines_init(&lines, fd, max);
	do
		next = lines_next(&lines, true, stop_fd(), &text, &len);
	while (next == LINES_LINE && text[strspn(text, " \t\r")] == '\0');
	out = line_result(next, text, max, line, fault);
	lines_release(&lines);
	if (terminal)
		tcsetattr(fd, TCSAFLUSH, &as_before);
	if (*line)
		line_edit(*line);
	return out;
}

bool
prompt_can(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool
prompt_confirm(const char *word)
{
	char *text = NULL, *trimmed;
	struct lines lines;
	bool same = false;
	size_t len;

	lines_init(&lines, STDIN_FILENO, ANSWER_MAX);
	if (lines_next(&lines, true, stop_fd(), &text, &len) == LINES_LINE) {
		trimmed = utf8_trim(text);
		same = strcmp(trimmed, word) == 0;
		free(trimmed);
	}
	lines_release(&lines);
	return same;
}
