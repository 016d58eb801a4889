/* SPDX-License-Identifier: MIT */
/*
 * Tables of what may be wrong with a flow: what is laid over the flow of
 * flow_case.h, and the one finding that it makes.
 */
#ifndef LEADPIPE_TEST_FLOW_WRONG_H
#define LEADPIPE_TEST_FLOW_WRONG_H

#include "flow_case.h"

struct wrong {
	const char *patch, *where, *text; /* WHERE NULL: nothing is wrong */
};

#define SECOND "'states':{'second':{'enter':["
#define END "]}}"

/* The one error that PATCH makes must be as WRONG says; warnings may be
 * beside it. */
static inline void
check_wrong(const struct wrong *wrong)
{
	struct findings findings = { 0 };
	const struct finding *first;
	char *patch = mem_printf("{%s}", wrong->patch);
	struct flow *flow = case_open(patch, &findings);
	size_t errors = findings_errors(&findings, &first);

	if (wrong->where == NULL) {
		if (flow == NULL)
			fail_msg("%s: %s", patch, first->text);
	} else if (flow != NULL) {
		fail_msg("accepted: %s", patch);
	} else if (errors != 1 || strcmp(first->where, wrong->where) != 0 ||
	    strstr(first->text, wrong->text) == NULL) {
		fail_msg("%s: %zu errors, the first '%s': %s", patch, errors,
		    first->where, first->text);
	}
	flow_close(flow);
	findings_release(&findings);
	free(patch);
}

static inline void
check_wrongs(const struct wrong *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		check_wrong(&list[i]);
}

#endif
