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
#define META_CLOCK_AT "clock_at"       /* wall time of the last start */
#define META_PRUNED "pruned"	       /* last message looked at */
#define META_TASK_ID "task_id"	       /* last task id given out */
#define META_RECURRING "recurring"     /* for whom it is planned */
#define META_OUTAGE "outage"	       /* when the poll before one was */
#define META_RESTORED_AT "restored_at" /* out of a backup */
#define META_UNHEARD "unheard"	     /* what CRMs told until then is on hold */
#define META_FORGETTING "forgetting" /* begun, and of whom */
#define META_CONFIG_FAULT "config_fault" /* why sending is stopped */
#define META_CONFIG_FAULT_AT "config_fault_at"
#define META_SEEN_AT "seen_at"	     /* the status page looked last */
#define META_SEEN_STATE "seen_state" /* and saw this */
#define META_FUNNELS "funnels"	     /* as the status page counted them last */
#define META_PULLED "pulled_"	     /* and a CRM: what was heard of it last */
#define META_LOOKUP "lookup:"	     /* and a CRM: what it calls its things */

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

#endif
