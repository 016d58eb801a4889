/* SPDX-License-Identifier: MIT */
/*
 * What the fields of forms and the columns of tables are called, in Russian
 * and English, and what we make of them.
 */
#ifndef LEADPIPE_FIELD_H
#define LEADPIPE_FIELD_H

enum field {
	FIELD_OTHER, /* a question of the form: goes into the note */
	FIELD_NAME,
	FIELD_FIRST_NAME,
	FIELD_LAST_NAME,
	FIELD_PHONE,
	FIELD_EMAIL,
	FIELD_NOTE,
	FIELD_TITLE,
	FIELD_CHAT,
	FIELD_PRICE,
	FIELD_TRANSACTION,
	FIELD_SOURCE,
	FIELD_CRM,
	FIELD_PIPELINE,
	FIELD_STATUS,
	FIELD_TAGS,
	FIELD_PAGE,
	FIELD_REFERER,
	FIELD_IP,
	FIELD_AGENT,
	FIELD_CONSENT,
	FIELD_FORM,
	FIELD_UTM,	 /* utm_*, click and visitor ids */
	FIELD_COOKIES,	 /* of the visitor: not kept */
	FIELD_TILDA_UTM, /* the one of them that says where they came from */
	FIELD_TEST,
	FIELD_GROUP,	 /* JSON: an object with the fields of a lead */
	FIELD_CUSTOM,	 /* JSON: the CRM's fields by name */
	FIELD_TECHNICAL, /* for the sender's software */
	FIELD_SECRET	 /* passwords, keys, card numbers: not kept */
};

/*
 * What NAME is: case, spaces, dashes, a "your-" before it and a "_2" or "[]"
 * behind it do not count.
 */
enum field field_find(const char *name);

#endif
