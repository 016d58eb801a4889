/* SPDX-License-Identifier: MIT */
#include "store/webhook_record.h"

#include <stddef.h>

#include "store/meta.h"
#include "store/updates.h"

void
webhook_record_load(struct db *db, struct webhook_record *record)
{
	int64_t last;

	*record = (struct webhook_record){
		.at = meta_int(db, META_WEBHOOK, 0),
		.ends = meta_int(db, META_WEBHOOK_ENDS, 0),
	};
	record->set = record->at != 0;
	last = record->set ? updates_last_at(db) : 0;
	if (last > record->at)
		record->at = last;
	if (record->set)
		record->trouble_at = meta_int(db, META_WEBHOOK_FAULT_AT, 0);
	if (last > record->trouble_at)
		record->trouble_at = 0;
}

/* Removes the facts of the NULL-terminated KEYS. */
static enum outcome
forget(struct db *db, const char *const *keys, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (; *keys != NULL && out == OUT_OK; keys++)
		out = meta_set_text(db, *keys, NULL, fault);
	return out;
}

enum outcome
webhook_record_trouble(struct db *db, const char *why, int64_t now,
    struct fault *fault)
{
	static const char *const over[] = { META_WEBHOOK_FAULT,
		META_WEBHOOK_FAULT_AT, NULL };
	struct webhook_record record;
	enum outcome out = OUT_OK;

	webhook_record_load(db, &record);
	if (why == NULL)
		return forget(db, over, fault);
	if (record.trouble_at == 0)
		out = meta_set_int(db, META_WEBHOOK_FAULT_AT, now, fault);
	return out == OUT_OK
	    ? meta_set_text(db, META_WEBHOOK_FAULT, why, fault)
	    : out;
}

enum outcome
webhook_record_set(struct db *db, const char *url, int64_t now,
    struct fault *fault)
{
	static const char *const over[] = { META_WEBHOOK_ENDS, META_OFFSET,
		META_POLL_FAULT, META_POLL_FAULT_AT, NULL };
	enum outcome out = forget(db, over, fault);

	/* What was said of another one is over. */
	if (out == OUT_OK && (url != NULL || !meta_has(db, META_WEBHOOK)))
		out = webhook_record_trouble(db, NULL, now, fault);
	if (out == OUT_OK && url != NULL)
		out = meta_set_text(db, META_WEBHOOK_URL, url, fault);
	return out == OUT_OK ? meta_set_int(db, META_WEBHOOK, now, fault)
			     : out;
}

enum outcome
webhook_record_end(struct db *db, int64_t now, struct fault *fault)
{
	static const char *const over[] = { META_WEBHOOK, META_OFFSET, NULL };
	enum outcome out = forget(db, over, fault);

	return out == OUT_OK ? meta_set_int(db, META_WEBHOOK_ENDS, now, fault)
			     : out;
}

enum outcome
webhook_record_gone(struct db *db, int64_t now, struct fault *fault)
{
	static const char *const over[] = { META_WEBHOOK, META_WEBHOOK_ENDS,
		META_WEBHOOK_URL, META_WEBHOOK_FAULT, META_WEBHOOK_FAULT_AT,
		NULL };
	enum outcome out = forget(db, over, fault);

	return out == OUT_OK ? meta_set_int(db, META_POLL_AT, now, fault)
			     : out;
}
