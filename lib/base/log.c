/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log_line.h"

#define QUOTE_MAX 200

static struct log_options setup = { .level = LOG_WARNING };

/* What was complained about in this run.  Once it is full, further texts are
 * written each time: too much is better than nothing. */
static struct complaint {
	uint64_t hash;
	unsigned long count;
	enum log_level level;
	char text[320];
} complaints[64];
static size_t complaint_count;

void
log_setup(const struct log_options *options)
{
	setup = *options;
}

bool
log_wants(enum log_level level)
{
	return level <= setup.level;
}

/* systemd reads "<3>" as a priority; anybody else would see rubbish. */
static bool
is_journal(void)
{
	static int known = -1;
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (known < 0) {
		known = 0;
		if (stream != NULL && fstat(STDERR_FILENO, &st) == 0) {
			snprintf(mine, sizeof(mine), "%ju:%ju",
			    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
			known = strcmp(mine, stream) == 0;
		}
	}
	return known == 1;
}

static bool holding;
static struct buf held = { .max = 1 << 20 };
static struct buf held_complaints = { .max = 1 << 20 };

static void
write_all(const char *at, size_t left)
{
	while (left > 0) {
		ssize_t done = write(STDERR_FILENO, at, left);
		if (done < 0 && errno == EINTR)
			done = 0;
		if (done < 0)
			return;
		at += done;
		left -= (size_t)done;
	}
}

void
log_hold(void)
{
	holding = true;
}

static void
end_hold(const struct buf *lines)
{
	holding = false;
	write_all(lines->data, lines->len);
	buf_clear(&held);
	buf_clear(&held_complaints);
}

void
log_release(void)
{
	end_hold(&held);
}

void
log_drop(void)
{
	end_hold(&held_complaints);
}

/* One write() a line, so that lines of several processes do not mix. */
static void
write_line(struct log_line *line, bool complaint)
{
	if (line->len == sizeof(line->text) - 1)
		line->len--;
	line->text[line->len++] = '\n';
	if (!holding)
		write_all(line->text, line->len);
	else
		buf_add(&held, line->text, line->len);
	if (holding && complaint)
		buf_add(&held_complaints, line->text, line->len);
}

static const char *
level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "info",
		"debug" };

	return names[level];
}

/* A fresh line with its journal priority. */
static struct log_line *
start_line(enum log_level level)
{
	static const char *const priority[] = { "<3>", "<4>", "<6>", "<7>" };
	static struct log_line line;

	line.len = 0;
	if (is_journal())
		log_line_add(&line, priority[level]);
	return &line;
}

static void
add_number(struct log_line *line, const char *before, uint64_t number,
    const char *after)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%" PRIu64 "%s", before, number, after);
	log_line_add(line, text);
}

static void
add_member(struct log_line *line, const char *before, const char *value)
{
	log_line_add(line, before);
	log_line_add(line, "\"");
	log_line_escape(line, value, SIZE_MAX, LOG_QUOTED);
	log_line_add(line, "\"");
}

/* {"ts":...,"event":"EVENT" without the closing brace. */
static void
start_object(struct log_line *line, enum log_level level, const char *event)
{
	char now[CLOCK_TEXT_SIZE];

	add_member(line, "{\"ts\":", clock_text(clock_wall_ms(), now));
	add_member(line, ",\"level\":", level_name(level));
	if (setup.command != NULL)
		add_member(line, ",\"cmd\":", setup.command);
	/* A string: 63 bits are more than a double holds. */
	if (setup.run != 0)
		add_number(line, ",\"run\":\"", setup.run, "\"");
	add_member(line, ",\"event\":", event);
}

static void
start_logfmt(struct log_line *line, enum log_level level)
{
	char now[CLOCK_TEXT_SIZE];

	log_line_add(line, "ts=");
	log_line_add(line, clock_text(clock_wall_ms(), now));
	log_line_add(line, " level=");
	log_line_add(line, level_name(level));
	if (setup.command != NULL) {
		log_line_add(line, " cmd=");
		log_line_add(line, setup.command);
	}
	if (setup.run != 0)
		add_number(line, " run=", setup.run, "");
	log_line_add(line, " ");
}

/* vsnprintf() that leaves no secret, nor the half of one, in TEXT. */
static void
print_masked(char *text, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(text, size, fmt, args);

	if (len < 0)
		text[0] = '\0';
	if (len >= 0 && (size_t)len >= size)
		log_redact_cut(text);
	else
		log_redact(text);
}

void
log_event(enum log_level level, const char *event, const char *fields, ...)
{
	char text[4096] = "";
	struct log_line *line;
	va_list args;

	if (!log_wants(level))
		return;
	if (fields != NULL) {
		va_start(args, fields);
		print_masked(text, sizeof(text), fields, args);
		va_end(args);
	}
	line = start_line(level);
	if (setup.format == LOG_JSON) {
		start_object(line, level, event);
		log_line_members(line, text);
		log_line_add(line, "}");
	} else {
		start_logfmt(line, level);
		log_line_add(line, event);
		if (text[0] != '\0')
			log_line_add(line, " ");
		log_line_escape(line, text, SIZE_MAX, LOG_BARE);
	}
	write_line(line, level <= LOG_WARNING);
}

/* TIMES: 0 for the first time. */
static void
write_complaint(enum log_level level, const char *text, unsigned long times)
{
	struct log_line *line = start_line(level);

	if (setup.format == LOG_JSON) {
		start_object(line, level, "message");
		add_member(line, ",\"text\":", text);
		if (times > 0)
			add_number(line, ",\"times\":", times, "");
		log_line_add(line, "}");
	} else if (setup.format == LOG_LOGFMT) {
		start_logfmt(line, level);
		add_member(line, "message text=", text);
		if (times > 0)
			add_number(line, " times=", times, "");
	} else {
		log_line_add(line, "leadpipe");
		if (setup.command != NULL) {
			log_line_add(line, " ");
			log_line_add(line, setup.command);
		}
		log_line_add(line,
		    level == LOG_WARNING ? ": warning: " : ": ");
		log_line_escape(line, text, SIZE_MAX, LOG_BARE);
		if (times > 0)
			add_number(line, " (", times, " times)");
	}
	write_line(line, true);
}

/* True when TEXT was not complained about before. */
static bool
note_complaint(enum log_level level, const char *text)
{
	uint64_t hash = id_hash(text, strlen(text));
	struct complaint *complaint;

	for (size_t i = 0; i < complaint_count; i++)
		if (complaints[i].hash == hash) {
			complaints[i].count++;
			return false;
		}
	if (complaint_count < sizeof(complaints) / sizeof(complaints[0])) {
		complaint = &complaints[complaint_count++];
		complaint->hash = hash;
		complaint->count = 1;
		complaint->level = level;
		snprintf(complaint->text, sizeof(complaint->text), "%s", text);
	}
	return true;
}

static void
complain(enum log_level level, const char *fmt, va_list args)
{
	char text[2048];

	if (!log_wants(level))
		return;
	print_masked(text, sizeof(text), fmt, args);
	if (note_complaint(level, text))
		write_complaint(level, text, 0);
}

void
log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(LOG_ERROR, fmt, args);
	va_end(args);
}

void
log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(LOG_WARNING, fmt, args);
	va_end(args);
}

void
log_fault(const struct fault *fault)
{
	log_error("%s", fault->text);
}

const char *
log_quote(const char *text)
{
	/* 200 characters, each an escape of six, quotes and an ellipsis. */
	static char results[8][QUOTE_MAX * 6 + 8];
	static unsigned turn;
	static struct log_line line;
	char copy[2048], *result = results[turn++ % 8];
	size_t len;

	if (text == NULL)
		text = "";
	len = strnlen(text, sizeof(copy));
	if (len == sizeof(copy))
		len--;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (text[len] != '\0')
		log_redact_cut(copy);
	else
		log_redact(copy);
	line.len = 0;
	log_line_add(&line, "\"");
	if (*log_line_escape(&line, copy, QUOTE_MAX, LOG_QUOTED) != '\0')
		log_line_add(&line, "\xe2\x80\xa6");
	log_line_add(&line, "\"");
	memcpy(result, line.text, line.len + 1);
	return result;
}

void
log_finish(void)
{
	for (size_t i = 0; i < complaint_count; i++)
		if (complaints[i].count > 1)
			write_complaint(complaints[i].level,
			    complaints[i].text, complaints[i].count);
	complaint_count = 0;
}
