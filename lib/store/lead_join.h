/* SPDX-License-Identifier: MIT */
/*
 * What a further source of the same person does to a lead that is there.
 */
#ifndef LEADPIPE_LEAD_JOIN_H
#define LEADPIPE_LEAD_JOIN_H

#include <jansson.h>

#include "base/email.h"
#include "store/leads.h"

/* Of a note all together; what is cut off stays readable in lead_sources. */
#define LEAD_NOTE_MAX 65536

/* Appends TEXT to the note of DETAILS; what passes LEAD_NOTE_MAX is cut off
 * and marked with how much came. */
void lead_note_add(json_t *details, const char *text);

/* The contacts of a lead, as far as two can be compared; "": none. */
struct lead_contact {
	char phone[PHONE_SIZE], email[EMAIL_SIZE];
	enum phone_verdict verdict;
};

/* Inside a transaction: the lead that LEAD joins, 0: none.  *BY tells what
 * they have in common. */
int64_t lead_join_find(struct db *db, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now, const char **by);

/*
 * Inside a transaction: adds to lead ID what LEAD knows more, and what it
 * says otherwise as a note.  A lead that has left already gets that as one more
 * text in `updates` of its details, which sync-crm brings as a note of its own;
 * after many of them what comes within an hour is one.
 */
enum outcome lead_join(struct db *db, int64_t id, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now, struct fault *fault)
    must_check;

#endif
