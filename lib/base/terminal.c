/* SPDX-License-Identifier: MIT */
#include "base/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"

/* One character takes at most 6 bytes of a log line's 32 kB. */
#define PIECE 4096

int
terminal_width(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
	    ? size.ws_col
	    : 80;
}

void
terminal_add(struct buf *out, const char *text, size_t max)
{
	struct log_line line;

	while (text != NULL && *text != '\0' && max > 0) {
		size_t piece = max < PIECE ? max : PIECE;
		line.len = 0;
		line.text[0] = '\0';
		text = log_line_escape(&line, text, piece, LOG_BARE);
		buf_add(out, line.text, line.len);
		max -= piece;
	}
	if (text != NULL && *text != '\0')
		buf_add_text(out, "...");
}

void
terminal_add_time(struct buf *out, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(wall_ms, text);
	if (text[10] == 'T')
		buf_printf(out, "%.10s %.8s UTC", text, text + 11);
	else
		buf_add_text(out, text);
}

void
terminal_add_distance(struct buf *out, int64_t at, int64_t now,
    const char *past)
{
	char text[CLOCK_TEXT_SIZE];

	if (at > now)
		buf_printf(out, "in %s", clock_span_text(at - now, text));
	else
		buf_printf(out, "%s %s", clock_span_text(now - at, text),
		    past);
}

void
terminal_add_progress(struct buf *out, int64_t at, int64_t size, int64_t count,
    const char *what)
{
	char bar[21] = "....................";

	if (size > 0 && at <= size) {
		memset(bar, '#', (size_t)(at * 20 / size));
		buf_printf(out, "\r[%s] %3d %% %lld %s", bar,
		    (int)(at * 100 / size), (long long)count, what);
	} else {
		buf_printf(out, "\r%lld %s", (long long)count, what);
	}
}
