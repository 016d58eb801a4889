/* SPDX-License-Identifier: MIT */
/* Leads, and what is known of the CRMs that they go to. */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_leads[] = {
	"CREATE TABLE leads("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" key TEXT NOT NULL UNIQUE,"
	" state TEXT NOT NULL DEFAULT 'new' CHECK (state = 'new'"
	"  OR state = 'queued' OR state = 'sending' OR state = 'created'"
	"  OR state = 'unknown' OR state = 'parked' OR state = 'dropped'),"
	" crm TEXT, source TEXT, chat_id INTEGER,"
	" title TEXT, name TEXT, phone TEXT, phone_e164 TEXT, email TEXT,"
	" phone_flag TEXT CHECK (phone_flag = 'valid'"
	"  OR phone_flag = 'guessed' OR phone_flag = 'invalid'),"
	" marker TEXT UNIQUE,"
	" details TEXT NOT NULL DEFAULT '{}',"
	" created_at INTEGER NOT NULL,"
	/* What is to be done next; NULL: nothing by itself. */
	" errand TEXT DEFAULT 'create' CHECK (errand = 'create'"
	"  OR errand = 'search' OR errand = 'note'),"
	" not_before INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" searches INTEGER NOT NULL DEFAULT 0,"
	" sends INTEGER NOT NULL DEFAULT 0,"
	" worker INTEGER, generation INTEGER NOT NULL DEFAULT 0,"
	" started_at INTEGER, sent_at INTEGER, settled_at INTEGER,"
	" remote_id TEXT, remote_contact_id TEXT, dropped TEXT,"
	/* What has left under a key that stands for these very bytes. */
	" body TEXT,"
	/* Updates that were joined after it had left, and how many of them the
	 * CRM was told; -1: not even its own note. */
	" joins INTEGER NOT NULL DEFAULT 0,"
	" told INTEGER NOT NULL DEFAULT -1,"
	/* Was sent again although it may exist; 0: once it is created it is
	 * looked whether the CRM has it twice, else when. */
	" check_at INTEGER,"
	" reason TEXT,"
	" CHECK (state <> 'sending' OR worker IS NOT NULL)) STRICT;",
	"CREATE INDEX leads_due ON leads(crm, errand, not_before, id)"
	" WHERE worker IS NULL AND errand IS NOT NULL;",
	"CREATE INDEX leads_check ON leads(crm, check_at) WHERE check_at > 0;",
	"CREATE INDEX leads_open ON leads(created_at)"
	" WHERE (errand = 'create' OR errand = 'search');",
	"CREATE INDEX leads_untold ON leads(settled_at)"
	" WHERE errand = 'note' AND tries > 0;",
	"CREATE INDEX leads_dropped ON leads(settled_at)"
	" WHERE dropped IS NOT NULL;",
	"CREATE INDEX leads_worker ON leads(worker) WHERE worker IS NOT NULL;",
	/* What comes back from a CRM names the lead by its id there. */
	"CREATE INDEX leads_remote ON leads(remote_id)"
	" WHERE remote_id IS NOT NULL;",

	/* The same person again: found by what they gave. */
	"CREATE INDEX leads_phone ON leads(phone_e164)"
	" WHERE phone_e164 IS NOT NULL;",
	"CREATE INDEX leads_email ON leads(email) WHERE email IS NOT NULL;",
	"CREATE INDEX leads_chat ON leads(chat_id) WHERE chat_id IS NOT NULL;",

	/* Everything that came in and became a lead, or a part of one. */
	"CREATE TABLE lead_sources("
	" id INTEGER PRIMARY KEY,"
	" lead_id INTEGER NOT NULL,"
	" key TEXT NOT NULL UNIQUE,"
	" source TEXT,"
	" tran TEXT,"
	" joined_by TEXT,"
	" received_at INTEGER NOT NULL,"
	" digest INTEGER,"
	" raw TEXT) STRICT;",
	"CREATE INDEX lead_sources_lead ON lead_sources(lead_id);",
	"CREATE INDEX lead_sources_tran ON lead_sources(tran)"
	" WHERE tran IS NOT NULL;",
	"CREATE INDEX lead_sources_digest ON lead_sources(digest)"
	" WHERE digest IS NOT NULL;",
	/* People's data, to be forgotten in time. */
	"CREATE INDEX lead_sources_raw ON lead_sources(received_at)"
	" WHERE raw IS NOT NULL;",

	/* How each CRM did last, so that processes and runs learn from each
	 * other. */
	"CREATE TABLE breakers("
	" name TEXT PRIMARY KEY,"
	" kind TEXT NOT NULL DEFAULT 'failing' CHECK (kind = 'failing'"
	"  OR kind = 'closed' OR kind = 'denied' OR kind = 'reauth'),"
	" failures INTEGER NOT NULL DEFAULT 0,"
	" floods INTEGER NOT NULL DEFAULT 0,"
	" since INTEGER NOT NULL DEFAULT 0,"
	" open_until INTEGER NOT NULL DEFAULT 0,"
	" answered_at INTEGER NOT NULL DEFAULT 0,"
	" credential INTEGER NOT NULL DEFAULT 0,"
	" reason TEXT) STRICT, WITHOUT ROWID;",

	/* A refresh token may be used once: store/crm_tokens.h. */
	"CREATE TABLE crm_tokens("
	" crm TEXT PRIMARY KEY,"
	" access TEXT NOT NULL, refresh TEXT, previous TEXT,"
	" base TEXT, base_of TEXT, needs_reauth TEXT,"
	" expires_at INTEGER NOT NULL DEFAULT 0,"
	" updated_at INTEGER NOT NULL,"
	" refresh_started_at INTEGER NOT NULL DEFAULT 0,"
	" rejected_at INTEGER NOT NULL DEFAULT 0"
	") STRICT, WITHOUT ROWID;",

	"CREATE TABLE crm_changes("
	" crm TEXT NOT NULL, remote_id TEXT NOT NULL,"
	" at INTEGER NOT NULL, status_id TEXT NOT NULL,"
	" heard_at INTEGER NOT NULL,"
	" PRIMARY KEY (crm, remote_id, at, status_id)) STRICT, WITHOUT ROWID;",
	"CREATE INDEX crm_changes_time ON crm_changes(heard_at);",

	"CREATE VIEW failed_amocrm_sync AS SELECT id AS lead_id,"
	" tries AS retry_count, reason AS error_message, created_at FROM leads"
	" WHERE reason IS NOT NULL AND state <> 'created'"
	" AND state <> 'dropped';",
	NULL
};
