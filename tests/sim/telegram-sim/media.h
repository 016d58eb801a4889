/* SPDX-License-Identifier: MIT */
/*
 * Files the bot has uploaded. A file_id is good for this bot only and keeps
 * its kind for ever.
 */
#ifndef TELEGRAM_SIM_MEDIA_H
#define TELEGRAM_SIM_MEDIA_H

#include "text.h"

#include <jansson.h>
#include <stdint.h>

struct sim;
struct call;

struct file {
	const char *kind; /* photo, video, document ... */
	char id[72];
	char unique[24];
	char *name;
	uint64_t size;
	uint64_t hash;
	int64_t uploads;
	struct file *next;
};

struct files {
	struct file *first;
	int64_t uploads;
	int64_t repeated; /* the same bytes came again */
};

/* The file that `value` (a file_id, URL, attach:// or NULL for a part named
 * `field`) stands for; NULL with the refusal written into `why`. */
struct file *file_resolve(struct call *call, const char *kind,
    const char *field, const char *value, struct text *why);

void file_write(const struct file *file, struct text *out);
json_t *files_view(const struct files *files);
void files_release(struct files *files);

#endif
