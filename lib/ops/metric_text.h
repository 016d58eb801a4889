/* SPDX-License-Identifier: MIT */
/*
 * Metrics as text (Prometheus exposition format 0.0.4, which node_exporter's
 * textfile collector reads): no timestamps, for one of them makes it pass over
 * the whole file.
 */
#ifndef LEADPIPE_METRIC_TEXT_H
#define LEADPIPE_METRIC_TEXT_H

#include "base/buf.h"

struct metric_text {
	struct buf *out;
	char bot[24];	  /* goes with each value; "": not known */
	const char *name; /* of the family that was begun last */
};

/* A family: its NAME (a constant), TYPE and HELP; its values follow. */
void metric_begin(struct metric_text *text, const char *name, const char *type,
    const char *help);

/* A value of the family.  LABELS are names and values in turn, ended by NULL;
 * each value is escaped. */
void metric_put(struct metric_text *text, double value,
    const char *const *labels);

/* The same of NAME with SUFFIX: "_bucket", "_sum", "_count". */
void metric_put_part(struct metric_text *text, const char *suffix,
    double value, const char *const *labels);

/* A family of one value without labels. */
void metric_one(struct metric_text *text, const char *name, const char *type,
    const char *help, double value);

#endif
