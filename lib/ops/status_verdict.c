/* SPDX-License-Identifier: MIT */
#include "ops/status_verdict.h"

#include <string.h>

double
status_number(const struct status *status, const char *name, double otherwise)
{
	for (size_t i = 0; i < status->checks->count; i++) {
		const struct check *check = &status->checks->list[i];

		if (check->known && strcmp(check->name, name) == 0)
			return check->value;
	}
	return otherwise;
}

enum check_state
status_component(const struct status *status, const char *component)
{
	enum check_state worst = CHECK_OK;

	for (size_t i = 0; i < status->checks->count; i++) {
		const struct check *check = &status->checks->list[i];

		if (strcmp(check->component, component) == 0 &&
		    check->state > worst)
			worst = check->state;
	}
	return worst;
}

/* True when the check at INDEX is the first one of its component that is about
 * something. */
static bool
is_first(const struct checks *checks, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!checks->list[i].absent &&
		    strcmp(checks->list[i].component,
			checks->list[index].component) == 0)
			return false;
	return !checks->list[index].absent;
}

const char *
status_next_component(const struct status *status, const char *after)
{
	bool found = *after == '\0';

	for (size_t i = 0; i < status->checks->count; i++) {
		const char *name = status->checks->list[i].component;

		if (!is_first(status->checks, i))
			continue;
		if (found)
			return name;
		found = strcmp(name, after) == 0;
	}
	return NULL;
}
