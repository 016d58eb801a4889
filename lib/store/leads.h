/* SPDX-License-Identifier: MIT */
/*
 * Leads: people who asked to be called.  A lead that was added is in the
 * database before anybody is told so.
 *
 * What comes in is a source.  It becomes a lead, or joins one that is there:
 * the same person through another door.  Every source stays readable by
 * itself in lead_sources.
 */
#ifndef LEADPIPE_LEADS_H
#define LEADPIPE_LEADS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/phone.h"
#include "store/db.h"

/* A lead as it comes in; everything is borrowed, NULL where nothing is known,
 * 0 where nobody is. */
struct lead_new {
	/* The same key is the same source.  NULL: the same RAW within JOIN_MS,
	 * or LEAD_REPEAT_MS when that is longer, is. */
	const char *key;
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

	const char *transaction; /* the sender's own id of it */
	const char *raw;	 /* all that came, without secrets */
	const char *region;	 /* of phones, see phone_parse() */
	/* It joins a lead of the same person that is not older than this; 0:
	 * none.  Always one of the same TRANSACTION. */
	int64_t join_ms;
};

/* Who asks again because the answer was lost does so within this. */
#define LEAD_REPEAT_MS (10 * 60 * 1000)

enum lead_fate {
	LEAD_ADDED,
	LEAD_JOINED, /* to one that was there */
	LEAD_KNOWN   /* the source was stored before: nothing changed */
};

struct lead_taken {
	int64_t id;
	enum lead_fate fate;
	const char *by; /* LEAD_JOINED: "transaction", "phone", "email",
			   "chat"; a literal */
	enum phone_verdict phone;
	char e164[PHONE_SIZE];
};

/* Inside a transaction: stores LEAD, which came at NOW. */
enum outcome leads_take(struct db *db, const struct lead_new *lead,
    int64_t now, struct lead_taken *taken, struct fault *fault) must_check;

/* The same for who wants to know less: *ADDED is false when *ID was there. */
enum outcome leads_add(struct db *db, const struct lead_new *lead, int64_t now,
    int64_t *id, bool *added, struct fault *fault) must_check;

#endif
