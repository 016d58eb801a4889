/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * What is in all keys of a template: once each, in order, and in few round
 * trips.
 */
#include "base/mem.h"
#include "redis_case.h"
#include "shared/key_page.h"
#include "state_db.h"

static int pages, trips;
static int64_t texts, largest;
static char broken[80]; /* the key in which an order was wrong */
static int64_t next_of[5000];

static int
with_redis(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis_afresh(db);
	redis_end_by(redis, state_soon());
	pages = trips = 0;
	texts = largest = 0;
	broken[0] = '\0';
	memset(next_of, 0, sizeof(next_of));
	return 0;
}

static int
without_redis(void **state)
{
	redis_close(redis);
	redis = NULL;
	return teardown(state);
}

#define WITH_REDIS(test) \
	cmocka_unit_test_setup_teardown(test, with_redis, without_redis)

/* Elements are the numbers 0, 1, ... of their list. */
static enum outcome
count(const struct key_page *page, void *arg)
{
	int64_t *in_trip = arg;

	for (size_t i = 0; i < page->count; i++) {
		int64_t number = atoll(page->texts[i]->str);

		if (number != next_of[page->id]++ ||
		    number != page->first + (int64_t)i)
			snprintf(broken, sizeof(broken), "%s", page->key);
	}
	pages += page->count > 0;
	texts += (int64_t)page->count;
	*in_trip += (int64_t)page->count;
	largest = *in_trip > largest ? *in_trip : largest;
	if (page->last) {
		*in_trip = 0;
		trips++;
	}
	return OUT_OK;
}

static void
read_all(void)
{
	int64_t in_trip = 0;

	state_ok(key_pages(redis, "past:{chat}", count, &in_trip, &fault),
	    &fault);
	assert_int_equal(0, in_trip);
	assert_string_equal("", broken);
}

static void
list_add(int chat, int elements)
{
	for (int i = 0; i < elements; i++)
		redis_add(redis, "RPUSH past:%d %d", chat, i);
	redis_run_ok(redis);
}

static void
short_lists_are_read_together(void **state)
{
	(void)state;
	for (int chat = 1; chat <= 1000; chat++)
		redis_add(redis, "RPUSH past:%d 0 1", chat);
	redis_run_ok(redis);
	read_all();
	assert_int_equal(2000, texts);
	assert_int_equal(1000, pages);
	/* 200 elements each, and what a step of the scan has over. */
	assert_in_range(trips, 10, 30);
}

static void
long_lists_are_read_in_pages(void **state)
{
	static const int lengths[] = { 199, 1, 200, 201, 400, 1000, 1 };
	int64_t want = 0;

	(void)state;
	for (int i = 0; i < (int)(sizeof(lengths) / sizeof(*lengths)); i++) {
		list_add(i + 1, lengths[i]);
		want += lengths[i];
	}
	read_all();
	assert_int_equal(want, texts);
	assert_int_equal(200, largest);
}

static void
texts_are_read_whole(void **state)
{
	char *large = mem_alloc(900001);

	(void)state;
	memset(large, ' ', 900000);
	for (int chat = 1; chat <= 4; chat++)
		redis_add(redis, "SET past:%d %s0", chat, large);
	redis_add(redis, "SET past:5 0");
	redis_add(redis, "SADD past:6 0");
	redis_add(redis, "SET past:7x 0");
	redis_run_ok(redis);
	free(large);
	read_all();
	assert_int_equal(5, texts);
	/* 1 MiB at a time. */
	assert_in_range(trips, 4, 5);
}

static enum outcome
refuse(const struct key_page *page, void *arg)
{
	(void)page;
	++*(int *)arg;
	return fault_set(&fault, OUT_LATER, EXIT_LATER, "enough");
}

static void
who_has_enough_is_asked_no_more(void **state)
{
	int asked = 0;

	(void)state;
	list_add(1, 1000);
	list_add(2, 1);
	assert_int_equal(OUT_LATER,
	    key_pages(redis, "past:{chat}", refuse, &asked, &fault));
	assert_int_equal(1, asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(short_lists_are_read_together),
		WITH_REDIS(long_lists_are_read_in_pages),
		WITH_REDIS(texts_are_read_whole),
		WITH_REDIS(who_has_enough_is_asked_no_more),
	};

	return cmocka_run_group_tests_name("key_page", tests, start, stop);
}
