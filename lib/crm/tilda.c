/* SPDX-License-Identifier: MIT */
#include "crm/tilda.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "crm/field.h"
#include "crm/form.h"

#define VALUE_MAX 512

/* Adds one pair that is there for the first time. */
static void
put(json_t *utm, const char *name, size_t name_len, const char *value,
    size_t len)
{
	char *key = mem_dup_n(name, name_len), *copy = mem_alloc(len + 1);
	char *clean;

	memcpy(copy, value, len);
	clean = utf8_clean(copy, form_decode(copy, len));
	clean[utf8_prefix_bytes(clean, VALUE_MAX)] = '\0';
	if (*clean != '\0' && json_object_get(utm, key) == NULL)
		json_object_set_new(utm, key, json_string(clean));
	free(clean);
	free(copy);
	free(key);
}

/* True for utm_source and the like, in letters that fit everywhere. */
static bool
is_campaign(const char *name, size_t len)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	return len > 4 && len <= 40 && strncmp(name, "utm_", 4) == 0 &&
	    strspn(name, letters) >= len;
}

void
tilda_utm(json_t *utm, const char *text)
{
	char *plain = mem_dup(text), *pair, *stop, *equal;

	/* The cookie is encoded, and the form it came in was, too. */
	for (int i = 0; i < 3 && strchr(plain, '%') != NULL; i++)
		form_decode(plain, strlen(plain));
	for (pair = plain; *pair != '\0'; pair = stop) {
		stop = strstr(pair, "|||");
		if (stop != NULL)
			*stop = '\0', stop += 3;
		else
			stop = pair + strlen(pair);
		equal = strchr(pair, '=');
		if (equal != NULL && is_campaign(pair, (size_t)(equal - pair)))
			put(utm, pair, (size_t)(equal - pair), equal + 1,
			    strlen(equal + 1));
	}
	free(plain);
}

void
tilda_cookies(json_t *utm, const char *cookies)
{
	static const char *const ids[] = { "_ym_uid", "_ga", "roistat_visit" };
	const char *at = cookies, *stop, *equal;
	char *name, *value;

	for (; *at != '\0'; at = *stop ? stop + 1 : stop) {
		at += strspn(at, " \t");
		stop = at + strcspn(at, ";");
		equal = memchr(at, '=', (size_t)(stop - at));
		if (equal == NULL)
			continue;
		name = mem_dup_n(at, (size_t)(equal - at));
		value = mem_dup_n(equal + 1, (size_t)(stop - equal - 1));
		if (strcmp(name, "TILDAUTM") == 0)
			tilda_utm(utm, value);
		for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
			if (strcmp(name, ids[i]) == 0)
				put(utm, name, strlen(name), value,
				    strlen(value));
		free(value);
		free(name);
	}
}

void
tilda_query(json_t *utm, const char *url, bool campaign)
{
	const char *at = strchr(url, '?'), *stop, *equal;
	char *name;

	for (; at != NULL && *at != '\0' && *at != '#'; at = stop) {
		at++;
		stop = at + strcspn(at, "&#");
		equal = memchr(at, '=', (size_t)(stop - at));
		if (equal == NULL)
			continue;
		name = mem_dup_n(at, (size_t)(equal - at));
		if (is_campaign(name, strlen(name))
			? campaign
			: strncmp(name, "utm_", 4) != 0 &&
			    field_find(name) == FIELD_UTM)
			put(utm, name, strlen(name), equal + 1,
			    (size_t)(stop - equal - 1));
		free(name);
	}
}
