/* SPDX-License-Identifier: MIT */
#include "bot/checker.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/model.h"

#define PATTERN_MAX 200
#define PATTERN_REPEATS 1000

/* Back references make matching take exponential time. */
static bool
refers_back(const char *expression)
{
	const char *at = expression;

	while ((at = strchr(at, '\\')) != NULL) {
		if (at[1] == '\0')
			break;
		if (at[1] >= '1' && at[1] <= '9')
			return true;
		at += 2;
	}
	return false;
}

/* glibc copies what is repeated {n} times, and copies of copies: the product
 * is what the memory grows with. */
static unsigned long
repetitions(const char *expression)
{
	unsigned long product = 1, from, to;
	const char *at = expression;
	char *end;

	while (product <= PATTERN_REPEATS && (at = strchr(at, '{')) != NULL) {
		from = strtoul(++at, &end, 10);
		to = *end == ',' ? strtoul(end + 1, NULL, 10) : from;
		if (from > PATTERN_REPEATS || to > PATTERN_REPEATS)
			return PATTERN_REPEATS + 1;
		from = to > from ? to : from;
		product *= from > 0 ? from : 1;
	}
	return product;
}

static void
pattern_add(struct check *check, const char *key, const json_t *actions)
{
	struct flow *flow = check->flow;
	const char *expression = key + strlen("regex:");
	struct pattern *pattern;
	char *whole, error[100];
	int failed;

	if (strlen(expression) > PATTERN_MAX) {
		check_add(check, "longer than %d bytes", PATTERN_MAX);
		return;
	}
	if (refers_back(expression)) {
		check_add(check, "back references are not supported");
		return;
	}
	if (repetitions(expression) > PATTERN_REPEATS) {
		check_add(check, "repeats more than %d times",
		    PATTERN_REPEATS);
		return;
	}
	flow->patterns = mem_array(flow->patterns, flow->pattern_count + 1,
	    sizeof(*flow->patterns));
	pattern = &flow->patterns[flow->pattern_count];
	whole = mem_printf("^(%s)$", expression);
	failed = regcomp(&pattern->regex, whole, REG_EXTENDED | REG_NOSUB);
	free(whole);
	if (failed != 0) {
		regerror(failed, &pattern->regex, error, sizeof(error));
		check_add(check, "bad regular expression: %s", error);
		return;
	}
	pattern->actions = actions;
	flow->pattern_count++;
}

static void
on_key_check(struct check *check, const char *key, const json_t *actions)
{
	static const char *const plain[] = { "contact", "photo", "voice",
		"video", "document", "location", "any" };
	const char *name = strchr(key, ':');
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(plain[i], key) == 0)
			return;
	if (name != NULL && strncmp(key, "button:", 7) == 0 &&
	    name_fits(name + 1, NAME_ID))
		json_object_set_new(check->handled, name + 1, json_true());
	else if (name != NULL && strncmp(key, "event:", 6) == 0 &&
	    name_fits(name + 1, NAME_IDENT))
		json_object_set_new(check->flow->signals, name + 1,
		    json_true());
	else if (strncmp(key, "regex:", 6) == 0 && name[1] != '\0')
		pattern_add(check, key, actions);
	else if (strncmp(key, "text:", 5) != 0 || name[1] == '\0')
		check_add(check,
		    "'%s' is none of button:ID, text:..., "
		    "regex:..., event:NAME, contact, photo, voice, video, "
		    "document, location, any",
		    key);
}

static void
check_taker(struct check *check, json_t *value)
{
	on_key_check(check, check->key, value);
	check_actions(check, value);
}

void
check_on(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_taker);
}
