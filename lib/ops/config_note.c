/* SPDX-License-Identifier: MIT */
#include "ops/config_note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

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
