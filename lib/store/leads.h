/* SPDX-License-Identifier: MIT */
/*
 * Leads: people who asked to be called.  A lead that was added is in the
 * database before anybody is told so.
 */
#ifndef LEADPIPE_LEADS_H
#define LEADPIPE_LEADS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/db.h"

/* A lead as it comes in; everything is borrowed, NULL where nothing is known,
 * 0 where nobody is. */
struct lead_new {
	const char *key;    /* the same key is the same lead */
	const char *crm;    /* which CRM it goes to: amocrm, bitrix24 ... */
	const char *source; /* where it came from: flow, form, csv ... */
	const char *title;  /* what the deal is called in the CRM */
	const char *name;   /* of the person */
	const char *phone;  /* as the person wrote it */
	const char *email;
	int64_t chat_id; /* where we talk with them */
	/* An object; its members, all optional: pipeline and status (id or
	 * name), price (integer), tags (strings), note (text), fields (object:
	 * the CRM's custom fields by name, code or id), utm (object:
	 * utm_source ..., gclid, yclid ...), page, referer, ip, consent. */
	const json_t *details;
};

/*
 * Inside a transaction: adds LEAD at NOW.  *ADDED is false when its key was
 * known: then nothing changes, and *ID is the lead that was there.
 */
enum outcome leads_add(struct db *db, const struct lead_new *lead, int64_t now,
    int64_t *id, bool *added, struct fault *fault) must_check;

#endif
