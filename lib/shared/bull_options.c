/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "shared/bull_key.h"

/* A backoff that doubles ends somewhere. */
#define DELAY_MAX_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* removeOnComplete, removeOnFail: true, a count, or {count, age}. */
static struct bull_keep
read_keep(const json_t *value)
{
	struct bull_keep keep = { -1, -1 };

	if (json_is_true(value))
		keep.count = 0;
	else if (json_is_integer(value))
		keep.count = json_integer_value(value);
	else if (json_is_object(value)) {
		keep.count = json_get_int(value, "count", -1);
		keep.age_s = json_get_int(value, "age", -1);
	}
	return keep;
}

/* What its strategies "fixed" and "exponential" say; others are programs of
 * its workers, which we do not have. */
static int64_t
read_delay(const json_t *backoff, int64_t made)
{
	double delay = json_is_number(backoff)
	    ? json_number_value(backoff)
	    : json_number_value(json_object_get(backoff, "delay"));
	const char *type = json_get_text(backoff, "type");

	if (type != NULL && strcmp(type, "exponential") == 0)
		for (; made > 0 && delay < (double)DELAY_MAX_MS; made--)
			delay *= 2;
	if (!(delay > 0))
		return 0;
	return delay < (double)DELAY_MAX_MS ? (int64_t)delay : DELAY_MAX_MS;
}

void
bull_options(struct bull_job *job, const char *text, size_t len, int64_t made)
{
	json_t *options = json_parse((struct json_slice){ text, len }, NULL);

	*job = (struct bull_job){ .made = made,
		.attempts = json_get_int(options, "attempts", 1),
		.delay_ms =
		    read_delay(json_object_get(options, "backoff"), made),
		.lifo = json_get_bool(options, "lifo", false),
		.completed = read_keep(
		    json_object_get(options, "removeOnComplete")),
		.failed = read_keep(
		    json_object_get(options, "removeOnFail")) };
	json_decref(options);
}

void
bull_complain(const char *version, char text[200])
{
	if (version != NULL && *version != '\0')
		snprintf(text, 200,
		    "the queue is written by '%.40s', and only BullMQ 5 and 6 "
		    "are spoken here",
		    version);
	else
		snprintf(text, 200,
		    "the queue does not say which BullMQ writes it, and only "
		    "5 and 6 are spoken here");
}
