/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "sim/telegram-sim/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES 80
#define NEAR_PREFIX 6
#define NEAR_DIGITS 7
#define NEAR_MOST 2
#define MARK_BYTES 8

struct row *
table_add(struct table *table, json_t *data, int64_t seq)
{
	struct row *row;

	if (table->len == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		struct row *rows = text_alloc(room, sizeof(*rows));

		if (table->len)
			memcpy(rows, table->rows, table->len * sizeof(*rows));
		free(table->rows);
		table->rows = rows;
		table->room = room;
	}
	row = &table->rows[table->len];
	*row = (struct row){ .id = table->first_id + (int64_t)table->len,
		.seq = seq,
		.data = data };
	json_object_set_new(data, "id", json_integer(row->id));
	table->len++;
	return row;
}

struct row *
table_find(const struct table *table, int64_t id)
{
	if (id < table->first_id ||
	    id >= table->first_id + (int64_t)table->len)
		return NULL;
	return &table->rows[id - table->first_id];
}

static void
learn(struct table *table, const struct row *row, char kind, const char *word,
    size_t len)
{
	char key[WORD_BYTES + 2];
	json_t *ids;

	if (len > WORD_BYTES)
		len = WORD_BYTES;
	key[0] = kind;
	memcpy(key + 1, word, len);
	key[len + 1] = '\0';
	if (!table->words)
		table->words = json_object();
	ids = json_object_get(table->words, key);
	if (!ids) {
		ids = json_array();
		/* the words of any body: UTF-8 is not checked again */
		json_object_set_new_nocheck(table->words, key, ids);
	}
	json_array_append_new(ids, json_integer(row->id));
}

static bool
word_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* The next word of *from in small letters; false at the end. */
static bool
word_next(const char **from, char word[WORD_BYTES + 1], size_t *len)
{
	const char *p = *from;

	while (*p && !word_byte(*p))
		p++;
	for (*len = 0; *p && word_byte(*p); p++)
		if (*len < WORD_BYTES)
			word[(*len)++] = (char)tolower((unsigned char)*p);
	word[*len] = '\0';
	*from = p;
	return *len > 0;
}

void
table_index(struct table *table, const struct row *row, const char *text)
{
	char word[WORD_BYTES + 1];
	size_t len;

	while (text && word_next(&text, word, &len)) {
		learn(table, row, '=', word, len);
		if (len > NEAR_PREFIX)
			learn(table, row, '~', word, NEAR_PREFIX);
	}
}

static size_t
digits_of(const char *text, char digits[WORD_BYTES + 1])
{
	size_t len = 0;

	for (; *text && len < WORD_BYTES; text++)
		if (isdigit((unsigned char)*text))
			digits[len++] = *text;
	digits[len] = '\0';
	return len;
}

void
table_index_phone(struct table *table, const struct row *row,
    const char *phone)
{
	char digits[WORD_BYTES + 1];
	size_t len = digits_of(phone, digits);

	if (!len)
		return;
	learn(table, row, '=', digits, len);
	if (len > 10)
		learn(table, row, '=', digits + len - 10, 10);
	if (len > NEAR_DIGITS)
		learn(table, row, '~', digits + len - NEAR_DIGITS,
		    NEAR_DIGITS);
}

static void
collect(const struct table *table, json_t *found, const char *key,
    int64_t now_ms, size_t most)
{
	const json_t *ids = json_object_get(table->words, key), *id, *known;
	size_t i, j;

	json_array_foreach (ids, i, id) {
		const struct row *row =
		    table_find(table, json_integer_value(id));

		if (!most)
			return;
		if (!row || row->visible_ms > now_ms)
			continue;
		json_array_foreach (found, j, known)
			if (json_integer_value(known) == row->id)
				break;
		if (j < json_array_size(found))
			continue;
		json_array_append_new(found, json_integer(row->id));
		most--;
	}
}

json_t *
table_search(const struct table *table, const char *query, int64_t now_ms)
{
	char word[WORD_BYTES + 1], longest[WORD_BYTES + 1] = "";
	char key[WORD_BYTES + 2];
	json_t *found = json_array();
	size_t len, most = 0;
	bool number = strspn(query, "0123456789+-() ") == strlen(query);

	if (number) {
		most = digits_of(query, longest);
	} else {
		while (word_next(&query, word, &len))
			if (len > most) {
				most = len;
				strcpy(longest, word);
			}
	}
	snprintf(key, sizeof(key), "=%s", longest);
	collect(table, found, key, now_ms, SIZE_MAX);
	if (number && most >= NEAR_DIGITS)
		snprintf(key, sizeof(key), "~%s",
		    longest + most - NEAR_DIGITS);
	else
		snprintf(key, sizeof(key), "~%.*s", NEAR_PREFIX, longest);
	collect(table, found, key, now_ms, NEAR_MOST);
	return found;
}

void
table_clear(struct table *table)
{
	size_t i;

	for (i = 0; i < table->len; i++)
		json_decref(table->rows[i].data);
	free(table->rows);
	json_decref(table->words);
	*table = (struct table){ .first_id = table->first_id +
		    (int64_t)table->len };
}

static void
marks_of(json_t *marks, const json_t *value)
{
	const char *text = json_string_value(value);
	const json_t *member;
	const char *name;
	size_t i;

	json_array_foreach (value, i, member)
		marks_of(marks, member);
	json_object_foreach ((json_t *)(uintptr_t)value, name, member)
		marks_of(marks, member);
	while (text && *text) {
		size_t len = 0;

		while (isalnum((unsigned char)text[len]))
			len++;
		if (len >= MARK_BYTES)
			json_array_append_new(marks, json_stringn(text, len));
		text += len ? len : 1;
	}
}

json_t *
table_marks(const struct row *row)
{
	json_t *marks = json_array();

	marks_of(marks, row->data);
	return marks;
}
