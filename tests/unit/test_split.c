/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Experiments: the same person always gets the same, shares are as told.
 */
#include "talk.h"

#define PEOPLE 20000

static struct flow *
split_flow(const char *name, int a, int b, int c)
{
	char *patch = mem_printf(
	    "{'commands':{'/go':[{'split':'%s','to':{"
	    "'c':{'weight':%d,'do':[{'tag':['+c']}]},"
	    "'a':{'weight':%d,'do':[{'tag':['+a']}]},"
	    "'b':{'weight':%d,'do':[{'tag':['+b']}]}}},{'send':'hi'}]}}",
	    name, c, a, b);
	struct flow *flow = case_flow(patch);

	free(patch);
	return flow;
}

static char
variant_of(const struct flow *flow, int64_t person)
{
	struct talk talk = talk_begin(flow, "en");
	const char *tag;

	talk.chat.person.id = person;
	talk_say(&talk, "/go", "sendMessage: Hi\n");
	tag = json_object_iter_key(json_object_iter(talk.chat.tags));
	char variant = tag ? tag[0] : '-';
	talk_end(&talk);
	return variant;
}

/* Fills VARIANTS with what everybody gets. */
static void
survey(const struct flow *flow, char *variants)
{
	int i;

	for (i = 0; i < PEOPLE; i++)
		variants[i] = variant_of(flow, 5000000000 + i);
}

static double
share(const char *variants, char variant)
{
	int i, count = 0;

	for (i = 0; i < PEOPLE; i++)
		count += variants[i] == variant;
	return (double)count / PEOPLE;
}

static void
test_shares(void **state)
{
	struct flow *flow = split_flow("one", 50, 30, 20);
	struct flow *same = split_flow("one", 5, 3, 2);
	struct flow *moved = split_flow("one", 60, 30, 10);
	struct flow *other = split_flow("two", 50, 30, 20);
	char *first = mem_alloc(PEOPLE), *second = mem_alloc(PEOPLE);
	int i, changed = 0, alike = 0;

	(void)state;
	survey(flow, first);
	assert_true(share(first, 'a') > 0.48 && share(first, 'a') < 0.52);
	assert_true(share(first, 'b') > 0.28 && share(first, 'b') < 0.32);
	assert_true(share(first, 'c') > 0.18 && share(first, 'c') < 0.22);
	survey(same, second);
	assert_memory_equal(first, second, PEOPLE);
	/* a change of weights moves no more than it must */
	survey(moved, second);
	for (i = 0; i < PEOPLE; i++)
		changed += first[i] != second[i];
	assert_true(changed < PEOPLE * 22 / 100);
	assert_true(share(second, 'a') > 0.58);
	/* another experiment shuffles anew */
	survey(other, second);
	for (i = 0; i < PEOPLE; i++)
		alike += first[i] == second[i];
	assert_true(alike > PEOPLE * 35 / 100 && alike < PEOPLE * 41 / 100);
	free(first);
	free(second);
	flow_close(flow);
	flow_close(same);
	flow_close(moved);
	flow_close(other);
}

/* Known values: a new version of this program must not move people. */
static void
test_stable(void **state)
{
	struct flow *flow = split_flow("one", 1, 1, 1);
	char variants[13] = "";
	int i;

	(void)state;
	for (i = 0; i < 12; i++)
		variants[i] = variant_of(flow, 1000 + i);
	assert_string_equal(variants, "ccbbbcaccbbc");
	flow_close(flow);
}

static void
test_weightless(void **state)
{
	struct flow *flow = split_flow("one", 0, 1, 0);

	(void)state;
	assert_int_equal(variant_of(flow, 1), 'b');
	assert_int_equal(variant_of(flow, 2), 'b');
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_weightless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
