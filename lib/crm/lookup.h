/* SPDX-License-Identifier: MIT */
/*
 * What a CRM calls its things, as far as leads need it: kept in the database
 * with its age, and the same for all CRMs:
 *
 *	{"at": MS, "account": TEXT,
 *	 "pipelines": [{"id","name","main","statuses": [{"id","name"}]}],
 *	 "fields": [{"id","code","name","type","enums": [{"id","name"}]}],
 *	 "partial": true}
 */
#ifndef LEADPIPE_LOOKUP_H
#define LEADPIPE_LOOKUP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

/* Older than this it is asked for again; what it does not know, or was not
 * told, is asked for when it is older than the second. */
#define LOOKUP_AGE_MS INT64_C(86400000)
#define LOOKUP_MISS_MS INT64_C(600000)

/* Is there when something was refused to us. */
#define LOOKUP_PARTIAL "partial"

/* An empty one. */
json_t *lookup_new(void);

/* What was kept for CRM; NULL: nothing.  The caller owns it. */
json_t *lookup_load(struct db *db, const char *crm);

/* Keeps LOOKUP as of NOW, in a transaction of its own. */
enum outcome lookup_save(struct db *db, const char *crm, json_t *lookup,
    int64_t now, struct fault *fault) must_check;

/* Milliseconds since it was asked for; INT64_MAX for NULL. */
int64_t lookup_age(const json_t *lookup, int64_t now);

/*
 * The entry of LIST ("pipelines", "fields", the statuses of a pipeline, enums)
 * that WANTED means by id, code or name, whatever the case; NULL: none.
 * Borrowed.
 */
const json_t *lookup_find(const json_t *list, const char *wanted);

/* The name in LIST that WANTED looks like, or NULL; borrowed. */
const char *lookup_near(const json_t *list, const char *wanted);

/* The first entry with "main", else the first; NULL: none. */
const json_t *lookup_main(const json_t *pipelines);

/*
 * The pipeline and the status in it that WANT_PIPELINE and WANT_STATUS (NULL:
 * any) mean; a status without a pipeline is looked for in the main one, then
 * in all.  What is not found stays NULL.
 */
struct lookup_place {
	const json_t *pipeline, *status;
};
struct lookup_place lookup_place(const json_t *lookup,
    const char *want_pipeline, const char *want_status);

#endif
