/* SPDX-License-Identifier: MIT */
#include "ops/metric_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void
metric_begin(struct metric_text *text, const char *name, const char *type,
    const char *help)
{
	text->name = name;
	buf_printf(text->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

static void
add_label(struct buf *out, const char *between, const char *name,
    const char *value)
{
	char *clean = utf8_clean(value, strlen(value));

	buf_printf(out, "%s%s=\"", between, name);
	for (const char *at = clean; *at != '\0'; at++) {
		if (*at == '\\' || *at == '"')
			buf_add_char(out, '\\');
		if (*at == '\n')
			buf_add_text(out, "\\n");
		else
			buf_add_char(out, *at);
	}
	buf_add_char(out, '"');
	free(clean);
}

void
metric_put_part(struct metric_text *text, const char *suffix, double value,
    const char *const *labels)
{
	const char *between = "{";

	buf_printf(text->out, "%s%s", text->name, suffix);
	if (*text->bot != '\0') {
		add_label(text->out, between, "bot", text->bot);
		between = ",";
	}
	for (; labels != NULL && *labels != NULL; labels += 2) {
		add_label(text->out, between, labels[0], labels[1]);
		between = ",";
	}
	if (*between == ',')
		buf_add_char(text->out, '}');
	buf_printf(text->out, " %.15g\n", value);
}

void
metric_put(struct metric_text *text, double value, const char *const *labels)
{
	metric_put_part(text, "", value, labels);
}

void
metric_one(struct metric_text *text, const char *name, const char *type,
    const char *help, double value)
{
	metric_begin(text, name, type, help);
	metric_put(text, value, NULL);
}
