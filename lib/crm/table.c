/* SPDX-License-Identifier: MIT */
#include "crm/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/cp1251.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/csv.h"
#include "crm/field.h"

#define COLUMNS_MAX 300

void
table_open(struct table *table, enum table_kind kind, int fd)
{
	*table =
	    (struct table){ .kind = kind, .record = BUF_INIT(INTAKE_MAX) };
	lines_init(&table->lines, fd, INTAKE_MAX);
}

void
table_close(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->columns[i]);
	free(table->columns);
	buf_release(&table->record);
	lines_release(&table->lines);
	*table = (struct table){ .count = 0 };
}

static bool
is_person(const char *column)
{
	switch (field_find(column)) {
	case FIELD_NAME:
	case FIELD_FIRST_NAME:
	case FIELD_LAST_NAME:
	case FIELD_PHONE:
	case FIELD_EMAIL:
	case FIELD_CHAT:
		return true;
	default:
		return false;
	}
}

/* The names of the columns; at least one must be of a person. */
static enum table_next
read_header(struct table *table, char *text, size_t len, struct fault *fault)
{
	char *fields[COLUMNS_MAX], *name;
	bool person = false;

	if (len >= 2 &&
	    (memcmp(text, "\xff\xfe", 2) == 0 ||
		memcmp(text, "\xfe\xff", 2) == 0)) {
		fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is UTF-16: save it as \"CSV UTF-8\"");
		return TABLE_REFUSED;
	}
	table->delimiter = csv_delimiter(text);
	table->count = csv_split(text, table->delimiter, fields, COLUMNS_MAX);
	if (table->count > COLUMNS_MAX)
		table->count = COLUMNS_MAX;
	table->columns =
	    mem_array(NULL, table->count, sizeof(*table->columns));
	for (size_t i = 0; i < table->count; i++) {
		len = strlen(fields[i]);
		name = cp1251_is_likely(fields[i], len)
		    ? cp1251_decode(fields[i], len)
		    : utf8_clean(fields[i], len);
		table->columns[i] = utf8_trim(name);
		person = person || is_person(table->columns[i]);
		free(name);
	}
	if (person)
		return TABLE_LEAD;
	/* It may be a person's: it is not repeated. */
	fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "no column is a name, a phone or an e-mail: the first line must "
	    "name them, as in \"name;phone;email\"");
	return TABLE_REFUSED;
}

static enum table_next
bad(struct fault *fault, const char *why)
{
	fault_set(fault, OUT_NEVER, EXIT_INPUT, "%s", why);
	return TABLE_BAD;
}

/* TABLE_LATER: there is nothing in it. */
static enum table_next
read_record(struct table *table, char *text, struct intake *intake,
    struct fault *fault)
{
	char *fields[COLUMNS_MAX];
	size_t count = csv_split(text, table->delimiter, fields, COLUMNS_MAX);
	bool empty = true;

	for (size_t i = 0; i < count && i < COLUMNS_MAX; i++) {
		if (*fields[i] == '\0')
			continue;
		if (i >= table->count)
			return bad(fault,
			    "it has more fields than the header");
		empty = false;
		intake_put(intake, table->columns[i], fields[i],
		    strlen(fields[i]));
	}
	if (empty)
		return TABLE_LATER;
	return intake->filled ? TABLE_LEAD
			      : bad(fault, "there is no lead in it");
}

static enum table_next
read_object(char *text, size_t len, struct intake *intake, struct fault *fault)
{
	if (text[strspn(text, " \t")] == '\0')
		return TABLE_LATER;
	return intake_read(intake, "application/json", text, len, fault) ==
		OUT_OK
	    ? TABLE_LEAD
	    : TABLE_BAD;
}

/* A line of a table; the record may go on in the next one. */
static enum table_next
take_csv_line(struct table *table, char *text, size_t len,
    struct intake *intake, struct fault *fault)
{
	struct buf *record = &table->record;
	enum table_next next;

	if (record->len == 0)
		table->line = table->lines.number;
	else
		buf_add_char(record, '\n');
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (!buf_add(record, text, len)) {
		buf_clear(record);
		return bad(fault, "a quote opens in it and is never closed");
	}
	if (len == 0 && record->len == 0)
		return TABLE_LATER;
	if (table->columns != NULL &&
	    !csv_is_whole(record->data, table->delimiter))
		return TABLE_LATER;
	if (table->columns != NULL)
		next = read_record(table, record->data, intake, fault);
	else if (strncmp(text, "sep=", 4) == 0)
		next = TABLE_LATER; /* Excel's own line */
	else
		next = read_header(table, record->data, len, fault);
	if (next == TABLE_LEAD && !intake->filled)
		next = TABLE_LATER; /* that was the header */
	buf_clear(record);
	return next;
}

static enum table_next
take_line(struct table *table, char *text, size_t len, struct intake *intake,
    struct fault *fault)
{
	if (table->lines.number == 1 && len >= 3 &&
	    memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (table->kind == TABLE_CSV)
		return take_csv_line(table, text, len, intake, fault);
	table->line = table->lines.number;
	return read_object(text, len, intake, fault);
}

static enum table_next
end(struct table *table, struct fault *fault)
{
	if (table->record.len > 0) {
		buf_clear(&table->record);
		return bad(fault,
		    "a quote opens in it and is never closed: nothing after "
		    "it was read");
	}
	if (table->kind == TABLE_CSV && table->columns == NULL) {
		fault_set(fault, OUT_NEVER, EXIT_INPUT, "it is empty");
		return TABLE_REFUSED;
	}
	return TABLE_END;
}

enum table_next
table_next(struct table *table, bool wait, int stop_fd, struct intake *intake,
    struct fault *fault)
{
	enum table_next next = TABLE_LATER;
	char *text;
	size_t len;

	for (;;) {
		switch (
		    lines_next(&table->lines, wait, stop_fd, &text, &len)) {
		case LINES_LINE:
			next = take_line(table, text, len, intake, fault);
			if (next == TABLE_LATER)
				continue;
			return next;
		case LINES_TOO_LONG:
			table->line = table->lines.number;
			return bad(fault, "it is too long");
		case LINES_LATER:
			return TABLE_LATER;
		case LINES_STOPPED:
			return TABLE_STOPPED;
		case LINES_END:
			return end(table, fault);
		case LINES_FAILED:
			return TABLE_FAILED;
		}
	}
}
