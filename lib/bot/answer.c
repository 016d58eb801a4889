/* SPDX-License-Identifier: MIT */
#include "bot/answer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "bot/guard.h"
#include "bot/model.h"
#include "bot/pattern.h"
#include "bot/person.h"
#include "bot/text.h"
#include "bot/type.h"
#include "bot/variable.h"

#define ANSWER_MAX_BYTES (64U << 10) /* a message has 16 KB at most */

bool
answer_is(const struct flow *flow, const char *key, const char *label)
{
	char *folded = utf8_fold(label);
	bool is = false;
	json_t *lang;
	size_t i;

	json_array_foreach (flow->langs, i, lang) {
		const char *text =
		    text_find(flow, json_string_value(lang), key);
		char *fold = text ? utf8_fold(text) : NULL;
		char *trimmed = fold ? utf8_trim(fold) : NULL;

		is = is || (trimmed != NULL && strcmp(trimmed, folded) == 0);
		free(trimmed);
		free(fold);
	}
	free(folded);
	return is;
}

/* The choice of ASK with ID, or (NULL) called LABEL, if CHAT is offered it. */
static const json_t *
choice_find(const struct flow *flow, const struct chat *chat,
    const json_t *ask, const char *id, const char *label)
{
	json_t *choice;
	size_t i;

	json_array_foreach (json_object_get(ask, "choices"), i, choice) {
		bool meant = id
		    ? strcmp(json_get_text(choice, "id"), id) == 0
		    : answer_is(flow, json_get_text(choice, "text"), label);

		if (meant &&
		    guard_holds(flow, chat, json_object_get(choice, "when"),
			0))
			return choice;
	}
	return NULL;
}

const json_t *
answer_choice(const struct flow *flow, const struct chat *chat,
    const json_t *ask, const char *id)
{
	return choice_find(flow, chat, ask, id, NULL);
}

/* A double holds whole numbers up to 2^53. */
static bool
is_whole(double real)
{
	return fabs(real) < 9007199254740992.0 &&
	    !(fabs(real - (double)(json_int_t)real) > 0);
}

/* "1 500,50" as people write it.  A whole number has no separators: "1,500" is
 * read in two ways. */
static json_t *
read_number(const json_t *ask, const char *text, bool whole)
{
	struct buf digits = BUF_INIT(64);
	double real, min = -INFINITY, max = INFINITY;
	json_t *limit;
	char *end;

	for (; *text != '\0'; text++) {
		if (strncmp(text, "\xc2\xa0", 2) == 0)
			text++;
		else if (*text != ' ')
			buf_add_char(&digits, *text == ',' ? '.' : *text);
	}
	if ((limit = json_object_get(ask, "min")) != NULL)
		min = json_number_value(limit);
	if ((limit = json_object_get(ask, "max")) != NULL)
		max = json_number_value(limit);
	if (digits.len == 0 || digits.overflow ||
	    strspn(digits.data, whole ? "+-0123456789" : "+-.0123456789") !=
		digits.len) {
		buf_release(&digits);
		return NULL;
	}
	errno = 0;
	real = strtod(digits.data, &end);
	limit = NULL;
	if (*end == '\0' && errno == 0 && real >= min && real <= max &&
	    (!whole || is_whole(real)))
		limit = whole ? json_integer((json_int_t)real)
			      : json_real(real);
	buf_release(&digits);
	return limit;
}

static json_t *
read_bool(const char *text)
{
	static const char *const words[] = { "да", "yes", "true", "1", "+",
		"нет", "no", "false", "0", "-" };
	char *folded = utf8_fold(text);
	size_t i;

	for (i = 0; i < 10 && strcmp(words[i], folded) != 0; i++)
		continue;
	free(folded);
	return i < 10 ? json_boolean(i < 5) : NULL;
}

json_t *
answer_phone(const json_t *ask, const char *phone)
{
	char number[PHONE_SIZE], *whole = NULL;
	enum phone_verdict verdict;

	/* A card has the whole number, often without its +. */
	if (phone[0] != '+')
		whole = mem_printf("+%s", phone);
	verdict = phone_parse(whole ? whole : phone,
	    json_get_text(ask, "region"), number);
	free(whole);
	return verdict == PHONE_INVALID ? NULL : json_string(number);
}

static json_t *
read_plain(const json_t *ask, const json_t *var, const char *text)
{
	int64_t max = json_get_int(ask, "max", variable_length(var));
	int64_t length = (int64_t)utf8_length(text);

	return length < json_get_int(ask, "min", 1) || length > max ||
		length > variable_length(var)
	    ? NULL
	    : json_string(text);
}

/* TEXT as VAR holds it. */
static json_t *
read_typed(const json_t *ask, const json_t *var, const char *text)
{
	const char *type = type_name(var);

	if (strcmp(type, "text") == 0)
		return read_plain(ask, var, text);
	if (strcmp(type, "int") == 0 || strcmp(type, "number") == 0)
		return read_number(ask, text, type[0] == 'i');
	if (strcmp(type, "bool") == 0)
		return read_bool(text);
	return type_read_said(var, json_get_text(ask, "region"), text);
}

json_t *
answer_text(const struct flow *flow, const struct chat *chat,
    const json_t *ask, const char *text)
{
	const json_t *var =
	    json_object_get(flow->vars, json_get_text(ask, "var"));
	bool choices = json_object_get(ask, "choices") != NULL;
	const char *regex = json_get_text(ask, "regex");
	char *clean, *trimmed;
	json_t *value = NULL;

	if (strlen(text) > ANSWER_MAX_BYTES)
		return NULL;
	clean = person_clean_lines(text);
	trimmed = utf8_trim(clean);
	if (choices)
		value = json_incref(json_object_get(choice_find(flow, chat,
							ask, NULL, trimmed),
		    "id"));
	if (value == NULL && trimmed[0] != '\0' &&
	    (!choices || json_get_bool(ask, "free_text", false)) &&
	    (regex == NULL || pattern_fits(regex, trimmed)))
		value = read_typed(ask, var,
		    json_get_bool(ask, "trim", true) ? trimmed : clean);
	free(trimmed);
	free(clean);
	return value;
}
