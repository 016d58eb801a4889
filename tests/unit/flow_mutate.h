/* SPDX-License-Identifier: MIT */
/*
 * What somebody may do to a flow by hand, at random but always the same.
 */
#ifndef LEADPIPE_TEST_FLOW_MUTATE_H
#define LEADPIPE_TEST_FLOW_MUTATE_H

#include "flow_case.h"

/* xorshift64 (Marsaglia 2003): the same mutations on every run. */
static uint64_t random_state = 88172645463325252ULL;

static inline size_t
below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % limit);
}

static inline json_t *
something(void)
{
	static const char *const values[] = { "null", "true", "0", "-1",
		"1e308", "9223372036854775807", "''", "'x'", "'{{'", "'<b>'",
		"'{{name|urlencode}}'", "[]", "{}", "[[]]", "[{}]", "{'a':1}",
		"[null]", "'welcome'", "'1d'", "'$X'", "[{'goto':'welcome'}]",
		"{'not':{'been':'paid'}}",
		"[{'if':{'tag':'a'},'then':[],'else':[]}]" };

	return case_json(values[below(sizeof(values) / sizeof(values[0]))]);
}

static inline const char *
some_key(json_t *object)
{
	size_t skip = below(json_object_size(object));
	void *at = json_object_iter(object);

	while (skip-- > 0)
		at = json_object_iter_next(object, at);
	return json_object_iter_key(at);
}

/* Walks down at random and does one thing to where it stops. */
static inline void
mutate(json_t *value)
{
	bool stop = below(4) == 0;

	if (json_is_object(value) && json_object_size(value) > 0) {
		char *key = mem_dup(some_key(value));
		json_t *child = json_object_get(value, key);

		if (!stop && (json_is_object(child) || json_is_array(child)))
			mutate(child);
		else if (below(4) == 0)
			json_object_del(value, key);
		else
			json_object_set_new(value, below(4) == 0 ? "zz" : key,
			    something());
		free(key);
	} else if (json_is_array(value) && json_array_size(value) > 0) {
		size_t index = below(json_array_size(value));
		json_t *child = json_array_get(value, index);

		if (!stop && (json_is_object(child) || json_is_array(child)))
			mutate(child);
		else if (below(2) == 0)
			json_array_append(value, child);
		else
			json_array_set_new(value, index, something());
	}
}

#endif
