/* SPDX-License-Identifier: MIT */
/*
 * Lines over the last day, as SVG without text: it is stretched to the page,
 * and letters would be with it.
 */
#ifndef LEADPIPE_PAGE_CHART_H
#define LEADPIPE_PAGE_CHART_H

#include "base/buf.h"
#include "ops/status.h"

#define CHART_WIDTH 384
#define CHART_HEIGHT 80

struct chart {
	const char *id, *title; /* constants */
	size_t member;		/* of struct status_slot */
	size_t second;		/* another line; 0: none */
	const char *names[2];	/* of two lines, for the legend */
	double least;		/* the scale goes up to that at least */
	bool spans;		/* milliseconds */
};

/* A round number that is not below any of VALUES, nor below LEAST. */
double chart_top(const double *values, int count, double least);

/* Appends the path of VALUES (negative: a gap) on a scale from 0 to TOP: a
 * line, or AREA: what is below it. */
void chart_path(struct buf *out, const double *values, int count, double top,
    bool area);

/* Appends CHART of STATUS as a figure. */
void chart_add(struct buf *out, const struct status *status,
    const struct chart *chart);

/* Appends the last three months, a bar each day. */
void chart_add_days(struct buf *out, const struct status *status);

#endif
