/* SPDX-License-Identifier: MIT */
/*
 * Messages on stderr: one line per event, `event id=... chat=... text="..."`,
 * logfmt or JSON.  A command that did its work is silent unless -v was given.
 * Secrets registered with log_secret() are never written, whatever text holds
 * them.  A person is a chat's number here: names, phones, addresses and what
 * people write are not logged, and what servers say passes log_mask() first.
 */
#ifndef LEADPIPE_LOG_H
#define LEADPIPE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
/* LOG_PLAIN: complaints are sentences for people, events logfmt. */
enum log_format { LOG_PLAIN, LOG_LOGFMT, LOG_JSON };

struct log_options {
	enum log_format format;
	enum log_level level; /* LOG_WARNING unless -v or -q */
	const char *command;  /* borrowed; "cmd=" of each line */
	uint64_t run;	      /* "run=" of each line, 0: not said */
};

/* Sets how the process logs; before that, errors go out as plain text. */
void log_setup(const struct log_options *options);

/* True when an event of LEVEL would be written. */
bool log_wants(enum log_level level);

/*
 * Writes one event.  EVENT is a fixed name (task_completed).  FIELDS is a
 * printf format that yields `key=value` pairs separated by single spaces;
 * values with spaces, quotes or foreign text must be passed as %s of
 * log_quote().  NULL: no fields.
 */
void log_event(enum log_level level, const char *event, const char *fields,
    ...) printf_like(3, 4);

/*
 * Writes a complaint for people: "leadpipe COMMAND: TEXT", or as the event
 * "message" where all is logfmt or JSON.  The same text is written once per
 * run; log_finish() tells how often it came.
 */
void log_error(const char *fmt, ...) printf_like(1, 2);
void log_warning(const char *fmt, ...) printf_like(1, 2);

/* log_error() of what FAULT says. */
void log_fault(const struct fault *fault);

/*
 * Tells service_up or service_down of NAME (telegram, database, amocrm; a
 * constant) when it is not how NAME did last in this run.  FIELDS as for
 * log_event(), for service_down.
 */
void log_service(const char *name, bool works, const char *fields, ...)
    printf_like(3, 4);

/*
 * Quotes TEXT for a logfmt value: control characters and quotes escaped,
 * broken UTF-8 replaced, cut after 200 characters.  The result lives in one of
 * eight buffers used in turn.
 */
const char *log_quote(const char *text);

/* From now on SECRET (copied; shorter than 6 bytes: ignored) is written as
 * "***" in every line. */
void log_secret(const char *secret);

/* Replaces registered secrets in the NUL-terminated TEXT, in place. */
void log_redact(char *text);

/* Replaces e-mail addresses, phones and @usernames in TEXT, in place. */
void log_mask(char *text);

/*
 * Between log_hold() and log_release() lines are kept in memory: inside a
 * transaction a stalled reader of stderr must not keep the write lock.
 * log_drop() writes the complaints alone: what was undone did not happen.
 */
void log_hold(void);
void log_release(void);
void log_drop(void);

/* Writes the counts of repeated complaints.  Called once, at the end. */
void log_finish(void);

#endif
