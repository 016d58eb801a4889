/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdio.h>
#include <string.h>

#define FAULTS_MAX 64

static struct fault armed[FAULTS_MAX];
static int armed_count;

static const struct {
	const char *words;
	enum fault_kind kind;
	enum way way;
	bool counted;
} forms[] = {
	{ "cut accept", FAULT_ACCEPT, UP, false },
	{ "cut whole-request", FAULT_WHOLE, UP, false },
	{ "cut up-body", FAULT_BODY, UP, true },
	{ "cut up", FAULT_CUT, UP, true },
	{ "cut down", FAULT_CUT, DOWN, true },
	{ "freeze up", FAULT_FREEZE, UP, true },
	{ "freeze down", FAULT_FREEZE, DOWN, true },
};

bool
fault_parse(const char *line, struct fault *fault)
{
	const char *rest = NULL;
	size_t i, len;
	int used = 0;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]) && !rest; i++) {
		len = strlen(forms[i].words);
		if (strncmp(line, forms[i].words, len) != 0 ||
		    (line[len] != '\0' && line[len] != ' '))
			continue;
		rest = line + len;
		*fault =
		    (struct fault){ forms[i].kind, forms[i].way, 0, false, 1 };
		if (forms[i].counted &&
		    (sscanf(rest, " %ld%n", &fault->at, &used) != 1 ||
			fault->at < 0))
			return false;
	}
	if (!rest)
		return false;
	rest += used;
	fault->reset = strcmp(rest, " rst") == 0;
	return fault->reset || *rest == '\0';
}

bool
fault_arm(const struct fault *fault)
{
	if (armed_count == FAULTS_MAX)
		return false;
	armed[armed_count++] = *fault;
	return true;
}

/* Every waiting fault counts a connection, also one that another takes. */
struct fault
fault_take(void)
{
	struct fault taken = { FAULT_NONE, UP, 0, false, 0 };
	int i, kept = 0;

	for (i = 0; i < armed_count; i++) {
		bool every = armed[i].nth == NTH_EVERY;
		bool due = every || --armed[i].nth == 0;

		if (due && taken.kind == FAULT_NONE)
			taken = armed[i];
		if (!due || every)
			armed[kept++] = armed[i];
	}
	armed_count = kept;
	return taken;
}

void
fault_clear(void)
{
	armed_count = 0;
}
