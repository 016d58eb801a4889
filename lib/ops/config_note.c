/* SPDX-License-Identifier: MIT */
#include "ops/config_note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* Of the longest setting, and more. */
#define NAME_SIZE 64

static void
add(struct config_notes *notes, const struct config_note *note,
    const char *fmt, va_list args)
{
	notes->list =
	    mem_array(notes->list, notes->count + 1, sizeof(*notes->list));
	struct config_note *last = &notes->list[notes->count++];

	*last = *note;
	vsnprintf(last->text, sizeof(last->text), fmt, args);
	log_redact(last->text);
	/* Two may read a setting and refuse it: it is wrong once. */
	for (size_t i = 0; last->problem && i + 1 < notes->count; i++)
		if (notes->list[i].problem &&
		    strcmp(notes->list[i].text, last->text) == 0) {
			notes->count--;
			break;
		}
}

bool
notes_name(const struct config_notes *notes, const char *name)
{
	for (size_t i = 0; i < notes->count; i++)
		if (notes->list[i].problem &&
		    strstr(notes->list[i].text, name) != NULL)
			return true;
	return false;
}

void
note_good(struct config_notes *notes, const char *subject, const char *fmt,
    ...)
{
	const struct config_note note = { .subject = subject };
	va_list args;

	va_start(args, fmt);
	add(notes, &note, fmt, args);
	va_end(args);
}

void
note_advice(struct config_notes *notes, const char *subject, const char *fmt,
    ...)
{
	const struct config_note note = { .advice = true, .subject = subject };
	va_list args;

	va_start(args, fmt);
	add(notes, &note, fmt, args);
	va_end(args);
}

void
note_problem(struct config_notes *notes, const char *subject,
    enum exit_code code, const char *fmt, ...)
{
	const struct config_note note = { .problem = true,
		.subject = subject,
		.code = code };
	va_list args;

	va_start(args, fmt);
	add(notes, &note, fmt, args);
	va_end(args);
}

void
note_fault(struct config_notes *notes, const char *subject,
    const struct fault *fault)
{
	note_problem(notes, subject, fault->code, "%s", fault->text);
}

/* The next word at *AT that may be a setting. */
static bool
next_name(const char **at, char name[NAME_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t len;

	*at += strcspn(*at, letters);
	len = strspn(*at, letters);
	snprintf(name, NAME_SIZE, "%.*s", (int)len, *at);
	*at += len;
	return len > 0;
}

/* What is said of a setting that was set aside is no news. */
static bool
is_news(const struct config *config, const char *text)
{
	char name[NAME_SIZE];

	while (next_name(&text, name))
		if (config_is_aside(config, name))
			return false;
	return true;
}

/* The first setting that TEXT names and that is set. */
static bool
set_aside(struct config *config, const char *text)
{
	char name[NAME_SIZE];

	while (next_name(&text, name))
		if (config_set_aside(config, name))
			return true;
	return false;
}

bool
note_fault_aside(struct config_notes *notes, const char *subject,
    struct config *config, const struct fault *fault)
{
	if (!is_news(config, fault->text))
		return false;
	note_fault(notes, subject, fault);
	return set_aside(config, fault->text);
}

bool
note_faults(struct config_notes *notes, const char *subject,
    struct config *config,
    enum outcome (*check)(const struct config *config, struct fault *fault))
{
	struct fault fault;
	bool fine = true;

	while (check(config, &fault) != OUT_OK) {
		fine = false;
		if (!note_fault_aside(notes, subject, config, &fault))
			break;
	}
	config_restore(config);
	return fine;
}

void
config_notes_release(struct config_notes *notes)
{
	free(notes->list);
	*notes = (struct config_notes){ 0 };
}

/* What is wrong here comes first: it is the next thing to mend. */
int
config_notes_exit(const struct config_notes *notes)
{
	bool rejected = false, later = false;

	for (size_t i = 0; i < notes->count; i++) {
		const struct config_note *note = &notes->list[i];

		if (!note->problem)
			continue;
		if (note->code != EXIT_PERMISSION && note->code != EXIT_LATER)
			return EXIT_CONFIG;
		rejected = rejected || note->code == EXIT_PERMISSION;
		later = later || note->code == EXIT_LATER;
	}
	return rejected ? EXIT_PERMISSION : later ? EXIT_LATER : EXIT_DONE;
}
