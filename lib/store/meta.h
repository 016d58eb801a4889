/* SPDX-License-Identifier: MIT */
/*
 * Single facts about the bot: next offset, current flow, last good poll.
 */
#ifndef LEADPIPE_META_H
#define LEADPIPE_META_H

#include "store/db.h"

/* Names in use; anything else is a bug. */
#define META_BOT_ID "bot_id"
#define META_OFFSET "offset"		 /* of the next getUpdates */
#define META_FLOW "flow"		 /* hash of the current flow */
#define META_FLOW_SOURCE "flow_source"	 /* what FLOW_FILE's files were like */
#define META_FLOW_REFUSED "flow_refused" /* why the newest file is not used */
#define META_POLL_AT "poll_at"		 /* last good getUpdates */
#define META_POLL_FAULT "poll_fault"	 /* why getUpdates is refused */
#define META_POLL_FAULT_AT "poll_fault_at"
#define META_WEBHOOK "webhook" /* when Telegram was known to have one */
#define META_WEBHOOK_URL "webhook_url"	   /* and where we said it is */
#define META_WEBHOOK_ENDS "webhook_ends"   /* since when it is being deleted */
#define META_WEBHOOK_FAULT "webhook_fault" /* why it brings nothing */
#define META_WEBHOOK_FAULT_AT "webhook_fault_at"
#define META_WEBHOOK_WINDOW "webhook_window" /* ends then */
#define META_WEBHOOK_TAKEN "webhook_taken"   /* so many came within it */
#define META_CLOCK_AT "clock_at"	     /* wall time of the last start */
#define META_PRUNED "pruned"		     /* last message looked at */
#define META_TASK_ID "task_id"		     /* last task id given out */
#define META_RECURRING "recurring"	     /* for whom it is planned */
#define META_OUTAGE "outage"		     /* when the poll before one was */
#define META_RESTORED_AT "restored_at"	     /* out of a backup */
#define META_UNHEARD "unheard" /* what CRMs told until then is on hold */
#define META_MIRROR "mirror"   /* is wanted, in the Redis of that id */
#define META_DIALOGS "dialogs" /* other programs are to know them */
#define META_MIRROR_WALK "mirror_walk"	     /* so far all chats are marked */
#define META_MIRROR_EPOCH "mirror_epoch"     /* which state of the bot it is */
#define META_MIRROR_TOLD_AT "mirror_told_at" /* had all of it */
#define META_MIRROR_FAULT "mirror_fault"     /* why not all is mirrored */
#define META_DIALOG_CURSOR "dialog_cursor"   /* so far they are looked at */
#define META_LIMIT_FAULT "limit_fault"	     /* why the limit is not shared */
#define META_FORGETTING "forgetting"	     /* begun, and of whom */
#define META_CONFIG_FAULT "config_fault"     /* why sending is stopped */
#define META_CONFIG_FAULT_AT "config_fault_at"
#define META_SEEN_AT "seen_at"	     /* the status page looked last */
#define META_SEEN_STATE "seen_state" /* and saw this */
#define META_FUNNELS "funnels"	     /* as the status page counted them last */
#define META_SHARED_HOST "shared_host"	 /* who we are to other hosts */
#define META_SHARED_EPOCH "shared_epoch" /* of Redis, and its generation */
#define META_SHARED_GEN "shared_gen"
#define META_SHARED_OFF "shared_off"	     /* why they are not shared now */
#define META_SHARED_OFFERED "shared_offered" /* last task looked at */
#define META_INTAKE_TRY "intake_try:"	     /* what may end who reads it */
#define META_INTAKE_FAULT "intake_fault:" /* and where nothing is taken from */
#define META_REDIS_ADDRESS "redis_address" /* where its name led, and when */
#define META_PULLED "pulled_" /* and a CRM: what was heard of it last */
#define META_LOOKUP "lookup:" /* and a CRM: what it calls its things */

/* The value, or OTHERWISE when it is not set. */
int64_t meta_int(struct db *db, const char *key, int64_t otherwise);
/* The value or NULL; the caller frees it. */
char *meta_text(struct db *db, const char *key);

/* True when it is set. */
bool meta_has(struct db *db, const char *key);

/* Inside a transaction. NULL removes. */
enum outcome meta_set_int(struct db *db, const char *key, int64_t value,
    struct fault *fault) must_check;
enum outcome meta_set_text(struct db *db, const char *key, const char *value,
    struct fault *fault) must_check;

/* In a transaction of its own; does nothing when it is so already. */
enum outcome meta_note(struct db *db, const char *key, const char *value,
    int64_t deadline, struct fault *fault) must_check;

#endif
