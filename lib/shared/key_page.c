/* SPDX-License-Identifier: MIT */
#include "shared/key_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "shared/key_scan.h"

/* Of one round trip, which whoever has more begins. */
#define ELEMENTS 200
#define TEXT_BYTES (1 << 20)

/* A key that is read. */
struct source {
	const char *key;
	int64_t id;
	bool is_list;
	int64_t size;  /* elements of a list, bytes of a text */
	int64_t first; /* elements that are read */
	int64_t asked;
};

struct reading {
	struct redis *redis;
	enum outcome (*visit)(const struct key_page *page, void *arg);
	void *arg;
	struct source *sources;
	size_t count;
	size_t at; /* the first that is not read to its end */
};

/* The keys of IDS that can be read. */
static enum outcome
take_types(struct reading *r, const struct key_ids *ids, struct fault *fault)
{
	for (size_t i = 0; i < ids->count; i++)
		redis_add(r->redis, "TYPE %s", ids->keys[i]);
	enum outcome out = redis_run(r->redis, fault);
	for (size_t i = 0; i < ids->count && out == OUT_OK; i++) {
		const char *type = redis_reply(r->redis, (int)i)->str;
		bool is_list = type != NULL && strcmp(type, "list") == 0;

		if (is_list || (type != NULL && strcmp(type, "string") == 0))
			r->sources[r->count++] =
			    (struct source){ .key = ids->keys[i],
				    .id = ids->ids[i],
				    .is_list = is_list };
		else
			log_warning("redis: %s is neither a list nor a "
				    "string: passed over",
			    log_quote(ids->keys[i]));
	}
	return out;
}

static enum outcome
take_sizes(struct reading *r, struct fault *fault)
{
	for (size_t i = 0; i < r->count; i++)
		redis_add(r->redis,
		    r->sources[i].is_list ? "LLEN %s" : "STRLEN %s",
		    r->sources[i].key);
	enum outcome out = redis_run(r->redis, fault);
	size_t count = r->count;
	r->count = 0;
	for (size_t i = 0; i < count && out == OUT_OK; i++) {
		struct source *s = &r->sources[i];

		s->size = redis_reply(r->redis, (int)i)->integer;
		/* A list that is gone meanwhile has no first element. */
		if (!s->is_list || s->size > 0)
			r->sources[r->count++] = *s;
	}
	return out;
}

/* Adds what fits into one round trip from `at` on; how many keys that is. */
static size_t
add_some(struct reading *r)
{
	int64_t elements = ELEMENTS, bytes = TEXT_BYTES;
	size_t i;

	for (i = r->at; i < r->count && elements > 0 && bytes > 0; i++) {
		struct source *s = &r->sources[i];

		if (i > r->at &&
		    (s->is_list ? s->size > elements : s->size > bytes))
			break;
		if (!s->is_list) {
			redis_add(r->redis, "GET %s", s->key);
			bytes -= s->size;
			elements--;
			continue;
		}
		s->asked = s->size - s->first;
		if (s->asked > elements)
			s->asked = elements;
		redis_add(r->redis, "LRANGE %s %lld %lld", s->key,
		    (long long)s->first, (long long)(s->first + s->asked - 1));
		elements -= s->asked;
	}
	return i - r->at;
}

/* What S has more; a list that became shorter meanwhile has nothing. */
static bool
has_more(const struct source *s, const struct redisReply *reply)
{
	return s->is_list && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == (size_t)s->asked && s->first < s->size;
}

static enum outcome
visit_reply(struct reading *r, struct source *s, struct redisReply *reply,
    bool last)
{
	struct key_page page = { .key = s->key,
		.id = s->id,
		.first = s->first,
		.last = last };

	if (s->is_list && reply->type == REDIS_REPLY_ARRAY) {
		page.count = reply->elements;
		page.texts = reply->element;
	} else if (!s->is_list && reply->type == REDIS_REPLY_STRING) {
		page.count = 1;
		page.texts = &reply;
	}
	s->first += (int64_t)page.count;
	/* Without any it still ends its round trip. */
	return page.count > 0 || last ? r->visit(&page, r->arg) : OUT_OK;
}

static enum outcome
read_some(struct reading *r, struct fault *fault)
{
	size_t count = add_some(r), from = r->at;
	enum outcome out = redis_run(r->redis, fault);

	for (size_t i = 0; i < count && out == OUT_OK; i++) {
		struct redisReply *reply =
		    (struct redisReply *)(uintptr_t)redis_reply(r->redis,
			(int)i);
		struct source *s = &r->sources[from + i];

		out = visit_reply(r, s, reply, i + 1 == count);
		r->at += !has_more(s, reply);
	}
	return out;
}

static enum outcome
read_keys(struct reading *r, const struct key_ids *ids, struct fault *fault)
{
	enum outcome out = OUT_OK;

	r->sources = mem_array(NULL, ids->count + 1, sizeof(*r->sources));
	r->count = r->at = 0;
	if (ids->count > 0)
		out = take_types(r, ids, fault);
	if (out == OUT_OK)
		out = take_sizes(r, fault);
	while (out == OUT_OK && r->at < r->count)
		out = read_some(r, fault);
	free(r->sources);
	return out;
}

enum outcome
key_pages(struct redis *redis, const char *template,
    enum outcome (*visit)(const struct key_page *page, void *arg), void *arg,
    struct fault *fault)
{
	struct reading r = { .redis = redis, .visit = visit, .arg = arg };
	char cursor[KEY_CURSOR_SIZE] = "0";
	enum outcome out;

	do {
		struct key_ids ids;
		out = key_scan_step(redis, template, cursor, &ids, fault);
		if (out == OUT_OK)
			out = read_keys(&r, &ids, fault);
		key_ids_release(&ids);
	} while (out == OUT_OK && strcmp(cursor, "0") != 0);
	return out;
}
