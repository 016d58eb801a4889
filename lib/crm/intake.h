/* SPDX-License-Identifier: MIT */
/*
 * What a website, a table or a program tells us of one person, on its way to
 * be a lead.  It is never refused for what stands in a field: what cannot be
 * used as what it claims to be goes into the note.
 */
#ifndef LEADPIPE_INTAKE_H
#define LEADPIPE_INTAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/leads.h"

#define INTAKE_MAX (1 << 20) /* bytes of one lead as it comes */
#define INTAKE_FIELDS 1000   /* of one lead; further ones are dropped */

struct intake {
	char *crm, *source, *title, *name, *phone, *email, *transaction;
	char *key, *raw_text; /* intake_lead() */
	char *first_name, *last_name;
	int64_t chat_id;
	int fields;
	json_t *details; /* as in struct lead_new */
	json_t *cookie_utm;
	json_t *raw;	/* all of it, without secrets and cookies */
	bool tilda;	/* it has Tilda's marks */
	bool test;	/* a probe that wants to hear ok */
	bool filled;	/* somebody said something */
	bool named;	/* ... in a field that is named as one of a lead */
	bool converted; /* it was windows-1251 */
};

void intake_init(struct intake *intake);
void intake_release(struct intake *intake);

/* One field of LEN bytes; NAME is UTF-8. */
void intake_put(struct intake *intake, const char *name, const char *value,
    size_t len);

/* The members of OBJECT. */
void intake_put_json(struct intake *intake, const json_t *object);

/*
 * Reads one lead out of TEXT, which is of the media type TYPE (NULL: it shows):
 * JSON, a form in either encoding, Tilda's and Contact Form 7's among them.
 * What is JSON or a form under the name of another of these is read as what
 * it is.  What nobody called a form is one only on one line, with a field of
 * ours.  EXIT_INPUT when it is neither, or holds nothing of a lead; EXIT_USAGE
 * for a type that we do not read.
 */
enum outcome intake_read(struct intake *intake, const char *type,
    const char *text, size_t len, struct fault *fault) must_check;

/* Whether it says who it is about: a name, phone, e-mail or Telegram id. */
bool intake_is_person(const struct intake *intake);

/* Fills in SOURCE (NULL: as it says itself, else "tilda" or KIND), what follows
 * from what was said, and *LEAD, whose texts are INTAKE's.  Call once. */
void intake_lead(struct intake *intake, const char *source, const char *kind,
    struct lead_new *lead);

#endif
