/* SPDX-License-Identifier: MIT */
#include "base/log_line.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void
add_bytes(struct log_line *line, const char *text, size_t len)
{
	if (len >= sizeof(line->text) - line->len)
		return;
	memcpy(line->text + line->len, text, len);
	line->len += len;
	line->text[line->len] = '\0';
}

void
log_line_add(struct log_line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

/* What moves the cursor, changes colours or turns the reading direction of a
 * terminal. */
static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	    (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

const char *
log_line_escape(struct log_line *line, const char *text, size_t max,
    enum log_quotes quotes)
{
	char bytes[8];
	uint32_t c;

	while (max-- > 0 && (c = utf8_next(&text)) != 0) {
		if (c == '\n')
			add_bytes(line, "\\n", 2);
		else if (c == '\t')
			add_bytes(line, "\\t", 2);
		else if (is_harmful(c))
			add_bytes(line, bytes,
			    (size_t)snprintf(bytes, sizeof(bytes), "\\u%04x",
				(unsigned)c & 0xffff));
		else if (quotes == LOG_QUOTED && (c == '"' || c == '\\'))
			add_bytes(line, c == '"' ? "\\\"" : "\\\\", 2);
		else
			add_bytes(line, bytes, utf8_put(bytes, c));
	}
	return text;
}

/* True when WORD can stand in JSON as it is.  Longer numbers stay strings:
 * many readers keep 53 bits. */
static bool
is_literal(const char *word)
{
	const char *at = word + (*word == '-');
	size_t digits = strspn(at, "0123456789");

	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return true;
	if (digits == 0 || digits > 15 || (at[0] == '0' && digits > 1))
		return false;
	at += digits;
	if (*at == '.') {
		digits = strspn(at + 1, "0123456789");
		at += 1 + digits;
	}
	return digits > 0 && digits <= 15 && *at == '\0';
}

/* Length of the JSON escape at AT, 0 when it is none. */
static size_t
escape_length(const char *at)
{
	if (at[1] == 'u')
		return strspn(at + 2, "0123456789abcdefABCDEF") >= 4 ? 6 : 0;
	return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
}

/* Appends what log_quote() wrote, which begins at AT behind its quote, and
 * returns what follows it.  Its end may have been cut off. */
static char *
add_quoted(struct log_line *line, char *at)
{
	const char *after;
	size_t len;

	add_bytes(line, "\"", 1);
	while (*at != '\0' && *at != '"') {
		len = *at == '\\' ? escape_length(at) : 0;
		if (len > 0) {
			add_bytes(line, at, len);
			at += len;
		} else {
			after = log_line_escape(line, at, 1, LOG_QUOTED);
			at += after - at;
		}
	}
	add_bytes(line, "\"", 1);
	return *at == '"' ? at + 1 : at;
}

static void
add_string(struct log_line *line, const char *text)
{
	add_bytes(line, "\"", 1);
	log_line_escape(line, text, SIZE_MAX, LOG_QUOTED);
	add_bytes(line, "\"", 1);
}

void
log_line_members(struct log_line *line, char *fields)
{
	char *key, *value, end;

	for (;;) {
		fields += strspn(fields, " ");
		if (*fields == '\0')
			return;
		key = fields;
		fields += strcspn(fields, " =");
		end = *fields;
		if (end != '\0')
			*fields++ = '\0';
		add_bytes(line, ",", 1);
		add_string(line, key);
		add_bytes(line, ":", 1);
		if (end != '=') {
			add_bytes(line, "true", 4);
			continue;
		}
		if (*fields == '"') {
			fields = add_quoted(line, fields + 1);
			continue;
		}
		value = fields;
		fields += strcspn(fields, " ");
		if (*fields != '\0')
			*fields++ = '\0';
		if (is_literal(value))
			log_line_add(line, value);
		else
			add_string(line, value);
	}
}
