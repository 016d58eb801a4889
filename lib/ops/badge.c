/* SPDX-License-Identifier: MIT */
#include "ops/badge.h"

#include "base/clock.h"

#define LEFT_WIDTH 62
#define HEIGHT 20

/* White on each of them has a contrast of 4.5 or more. */
static const struct {
	const char *text, *colour;
	int width;
} looks[] = {
	[CHECK_OK] = { "working", "#1a7f4b", 60 },
	[CHECK_UNKNOWN] = { "unknown", "#5d646c", 62 },
	[CHECK_WARNING] = { "degraded", "#9a5b00", 64 },
	[CHECK_CRITICAL] = { "failing", "#b3261e", 50 },
};

static void
add_text(struct buf *out, int x, const char *text)
{
	buf_printf(out, "<text x=\"%d\" y=\"14\">%s</text>", x, text);
}

void
badge_write(const struct status *status, struct buf *out)
{
	int right = looks[status->state].width, width = LEFT_WIDTH + right;
	const char *text = looks[status->state].text;
	char at[CLOCK_TEXT_SIZE];

	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-label=\"leadpipe: %s\">\n<title>leadpipe: %s, %s</title>\n",
	    width, HEIGHT, width, HEIGHT, text, text,
	    clock_text(status->now, at));
	buf_printf(out,
	    "<path fill=\"#3b4148\" d=\"M4 0h%dv20H4a4 4 0 0 1-4-4V4a4 4 0 0 1 "
	    "4-4z\"/>\n"
	    "<path fill=\"%s\" d=\"M%d 0h%da4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H%dz\""
	    "/>\n",
	    LEFT_WIDTH - 4, looks[status->state].colour, LEFT_WIDTH, right - 4,
	    LEFT_WIDTH);
	buf_add_text(out,
	    "<g fill=\"#fff\" text-anchor=\"middle\" font-size=\"11\" "
	    "font-family=\"Verdana,'DejaVu Sans',sans-serif\">");
	add_text(out, LEFT_WIDTH / 2, "leadpipe");
	add_text(out, LEFT_WIDTH + right / 2, text);
	buf_add_text(out, "</g>\n</svg>\n");
}
