/* SPDX-License-Identifier: MIT */
/* Batches in, pages out. */
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MOST 250

json_t *
amo_request_id(const json_t *item, size_t index)
{
	const char *given = member_text(item, "request_id");
	char number[24];

	snprintf(number, sizeof(number), "%zu", index);
	return json_string(given ? given : number);
}

json_t *
amo_batch(struct call *call, size_t most)
{
	json_t *batch = call->json;
	char detail[80];

	if (json_is_object(batch) && amo_path_id(call)) {
		json_object_set_new(batch, "id",
		    json_integer(amo_path_id(call)));
		call->json = batch = json_pack("[o]", batch);
	}
	if (!json_is_array(batch) || !json_array_size(batch)) {
		amo_problem(call, 400, "Bad Request",
		    "Request data can not be empty");
		return NULL;
	}
	if (json_array_size(batch) > most) {
		snprintf(detail, sizeof(detail),
		    "Limit %zu entities per request", most);
		amo_problem(call, 400, "Bad Request", detail);
		return NULL;
	}
	return batch;
}

/* filter[name][from], filter[name][to], filter[name] and filter[name][] */
static bool
filter_passes(const struct call *call, const char *name, int64_t value)
{
	static const char *const forms[] = { "filter[%s]", "filter[%s][]",
		"filter[%s][0]" };
	char key[80];
	size_t i, j;

	snprintf(key, sizeof(key), "filter[%s][from]", name);
	if (value < call_query_int(call, key, INT64_MIN))
		return false;
	snprintf(key, sizeof(key), "filter[%s][to]", name);
	if (value > call_query_int(call, key, INT64_MAX))
		return false;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const json_t *wanted, *one;

		snprintf(key, sizeof(key), forms[i], name);
		wanted = json_object_get(call->query, key);
		if (!wanted)
			continue;
		if (!json_is_array(wanted))
			return strtoll(json_string_value(wanted), NULL, 10) ==
			    value;
		json_array_foreach (wanted, j, one)
			if (strtoll(json_string_value(one), NULL, 10) == value)
				return true;
		return false;
	}
	return true;
}

static bool
row_passes(const struct call *call, const struct row *row)
{
	static const char *const names[] = { "id", "created_at", "updated_at",
		"pipeline_id", "entity_id" };
	size_t i;

	/* not every account has filters; there they do nothing */
	if (call->sim->amo.unfiltered)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_object_get(row->data, names[i]) &&
		    !filter_passes(call, names[i],
			member_int(row->data, names[i], 0)))
			return false;
	return true;
}

struct ordered {
	int64_t key;
	int64_t id;
};

static int
ordered_compare(const void *one, const void *other)
{
	const struct ordered *a = one, *b = other;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* order[created_at]=desc; without it by id. */
static void
ids_order(const struct call *call, const struct table *table, json_t *ids)
{
	static const char *const keys[] = { "created_at", "updated_at", "id" };
	size_t count = json_array_size(ids), i;
	struct ordered *rows = text_alloc(count, sizeof(*rows));
	const char *by = NULL, *way = NULL;
	char name[40];

	for (i = 0; i < 3 && !way; i++) {
		snprintf(name, sizeof(name), "order[%s]", keys[i]);
		way = call_query(call, name);
		by = keys[i];
	}
	for (i = 0; way && i < count; i++) {
		rows[i].id = json_integer_value(json_array_get(ids, i));
		rows[i].key =
		    member_int(table_find(table, rows[i].id)->data, by, 0);
	}
	if (way && count) {
		qsort(rows, count, sizeof(*rows), ordered_compare);
		for (i = 0; i < count; i++)
			json_array_set_new(ids, i,
			    json_integer(
				rows[strcmp(way, "desc") == 0 ? count - 1 - i
							      : i]
				    .id));
	}
	free(rows);
}

json_t *
amo_select(const struct call *call, const struct table *table)
{
	const char *query = call_query(call, "query");
	json_t *ids = json_array(), *found;
	const json_t *id;
	size_t i;

	if (query && *query) {
		found =
		    table_search(table, query, span_now_ms(&call->sim->span));
		json_array_foreach (found, i, id)
			if (row_passes(call,
				table_find(table, json_integer_value(id))))
				json_array_append(ids,
				    (json_t *)(uintptr_t)id);
		json_decref(found);
	} else {
		for (i = 0; i < table->len; i++)
			if (row_passes(call, &table->rows[i]))
				json_array_append_new(ids,
				    json_integer(table->rows[i].id));
	}
	ids_order(call, table, ids);
	return ids;
}

static json_t *
page_links(const struct call *call, const char *kind, int64_t page, bool more)
{
	json_t *links = amo_links(call, kind, 0);
	const char *href = member_text(json_object_get(links, "self"), "href");
	struct text next = { 0 };

	if (more) {
		text_fmt(&next, "%s?page=%lld&limit=%lld", href,
		    (long long)page + 1,
		    (long long)call_query_int(call, "limit", 50));
		json_object_set_new(links, "next",
		    json_pack("{s:s}", "href", next.at));
		text_release(&next);
	}
	return links;
}

void
amo_page(struct call *call, const char *kind, json_t *ids,
    json_t *(*view)(const struct call *call, int64_t id))
{
	const char *name = strrchr(kind, '/') ? strrchr(kind, '/') + 1 : kind;
	int64_t limit = call_query_int(call, "limit", 50);
	int64_t page = call_query_int(call, "page", 1);
	int64_t count = (int64_t)json_array_size(ids), i;
	json_t *shown = json_array();

	for (i = (page - 1) * limit; i >= 0 && i < page * limit && i < count;
	     i++)
		json_array_append_new(shown,
		    view(call,
			json_integer_value(json_array_get(ids, (size_t)i))));
	json_decref(ids);
	if (limit > PAGE_MOST) {
		json_decref(shown);
		amo_problem(call, 422, "Unprocessable Entity",
		    "Limit 250 per page");
		return;
	}
	if (!json_array_size(shown)) {
		json_decref(shown);
		call_text(call, 204, NULL, "");
		return;
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:I, s:o, s:{s:o}}", "_page", (json_int_t)page,
		"_links", page_links(call, kind, page, i < count), "_embedded",
		name, shown));
}
