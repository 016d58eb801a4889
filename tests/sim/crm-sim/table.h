/* SPDX-License-Identifier: MIT */
/*
 * Things of one kind, numbered upwards, with a word index for searching that
 * learns of a thing only after a while, as that of a CRM does.
 */
#ifndef CRM_SIM_TABLE_H
#define CRM_SIM_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct row {
	int64_t id;
	int64_t seq;	    /* of the request that made it */
	int64_t visible_ms; /* when a search finds it */
	json_t *data;
};

struct table {
	struct row *rows;
	size_t len;
	size_t room;
	int64_t first_id; /* set by the owner, before the first row */
	json_t *words;
};

/* Takes the reference; the row is good until the next one is added. */
struct row *table_add(struct table *table, json_t *data, int64_t seq);
struct row *table_find(const struct table *table, int64_t id);

/* Makes the row known by the words, or by the number, in `text`. */
void table_index(struct table *table, const struct row *row, const char *text);
void table_index_phone(struct table *table, const struct row *row,
    const char *phone);

/*
 * What a full-text search finds at `now`: ids, the best first. It is fuzzy: a
 * word that only begins like the asked one, or a number that only ends like
 * it, is found as well. A new reference.
 */
json_t *table_search(const struct table *table, const char *query,
    int64_t now_ms);

/* Forgets the rows; numbers go on. */
void table_clear(struct table *table);

/* Words of eight letters and digits or more, as an array: a marker is one. */
json_t *table_marks(const struct row *row);

#endif
