/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/model.h"

/* Ids separated by commas or blanks; FROM names the variable.  What it holds
 * is not repeated: it was not meant for a flow. */
static void
people_read(struct check *check, json_t *people, const char *from,
    const char *text)
{
	char *end, *id;
	long long number;
	int entry = 0;

	while (*(text += strspn(text, ", \t\n")) != '\0') {
		size_t len = strcspn(text, ", \t\n");

		entry++;
		id = mem_dup_n(text, len);
		errno = 0;
		number = strtoll(id, &end, 10);
		if (*end != '\0' || errno != 0 || number == 0)
			check_add(check,
			    "entry %d of %s is not the id of a person", entry,
			    from);
		else
			json_object_set_new(people, id, json_true());
		free(id);
		text += len;
	}
}

static void
check_people(struct check *check, json_t *value)
{
	json_t *people = json_object(), *id;
	const char *name = json_string_value(value), *text = NULL;
	size_t i;

	json_object_set_new(check->flow->roles, check->key, people);
	if (json_is_array(value)) {
		json_array_foreach (value, i, id) {
			char *key = mem_printf("%" JSON_INTEGER_FORMAT,
			    json_integer_value(id));

			if (!json_is_integer(id))
				check_shape(check,
				    "must be a list of numbers");
			json_object_set_new(people, key, json_true());
			free(key);
		}
	} else if (name == NULL || !name_fits(name, NAME_SETTING)) {
		check_shape(check,
		    "must be a list of ids, or \"$NAME\" to "
		    "read it from the configuration");
	} else if (check->config != NULL &&
	    config_is_secret(check->config, name + 1)) {
		check_add(check,
		    "%s is a secret; name a setting that holds ids of people",
		    name);
	} else {
		if (check->config != NULL)
			text = config_get(check->config, name + 1);
		if (text != NULL)
			people_read(check, people, name, text);
	}
}

void
check_roles(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_people);
}
