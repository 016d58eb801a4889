/* SPDX-License-Identifier: MIT */
/*
 * Version 1 of the schema.  A later version is a further file migrate_N.c; the
 * text below never changes once released.
 *
 *   update   received -> done | failed(tries) -> parked
 *            received -> waiting (for a handler of its chat) -> received
 *   message  queued -> sending(worker, generation) -> sent | queued
 *            | ambiguous | unknown | held | expired | dead | cancelled
 *   task     waiting in tasks; its end is a row of task_ends
 *   exec     pending(not_before) -> running(worker, generation) -> pending
 *            | done | failed | dead
 *   lead     new -> sending(worker, generation) -> created | queued | unknown
 *            | parked; store/lead.h
 *
 * Alternatives are spelt with OR: for an IN list of more than two SQLite fills
 * a temporary table in every single statement that touches the row, which cost
 * more than the statement itself.
 */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_v1[] = {
	"CREATE TABLE meta("
	" key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;",

	"CREATE TABLE workers("
	" id INTEGER PRIMARY KEY,"
	" command TEXT NOT NULL,"
	" pid INTEGER NOT NULL,"
	" started_at INTEGER NOT NULL) STRICT;",

	"CREATE TABLE updates("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" update_id INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" received_at INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'received'"
	"  CHECK (state = 'received' OR state = 'done' OR state = 'failed'"
	"   OR state = 'parked' OR state = 'waiting'),"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" chat_id INTEGER,"
	" settled_at INTEGER,"
	" reason TEXT,"
	" raw TEXT NOT NULL,"
	/* Of our own: an event that came while a handler worked for the chat;
     * raw is its data. */
	" event TEXT) STRICT;",
	/* Ids restart at random after a quiet week, so identity is the id together
     * with the body. */
	"CREATE UNIQUE INDEX updates_identity ON updates(update_id, hash)"
	" WHERE event IS NULL;",
	"CREATE INDEX updates_open ON updates(id)"
	" WHERE state IN ('received','failed');",
	/* Raw ones have no chat before they are stepped: here are those that a
	 * handler lets, or let, wait. */
	"CREATE INDEX updates_kept ON updates(chat_id)"
	" WHERE chat_id IS NOT NULL AND (state = 'waiting'"
	"  OR state = 'received' OR state = 'failed');",

	"CREATE TABLE chats("
	" chat_id INTEGER PRIMARY KEY,"
	" type TEXT NOT NULL DEFAULT 'private',"
	" user_id INTEGER,"
	" first_name TEXT, last_name TEXT, username TEXT, user_lang TEXT,"
	" state TEXT NOT NULL DEFAULT '',"
	" session INTEGER NOT NULL DEFAULT 0,"
	" entries INTEGER NOT NULL DEFAULT 0,"
	" entered_at INTEGER NOT NULL DEFAULT 0,"
	" vars TEXT NOT NULL DEFAULT '{}',"
	" tags TEXT NOT NULL DEFAULT '{}',"
	" visits TEXT NOT NULL DEFAULT '{}',"
	" lang TEXT, tz TEXT,"
	" expires_at INTEGER NOT NULL DEFAULT 0,"
	" handoff_until INTEGER NOT NULL DEFAULT 0,"
	" asked_at INTEGER NOT NULL DEFAULT 0,"
	" memory TEXT NOT NULL DEFAULT '{}',"
	" blocked_at INTEGER, blocked_reason TEXT,"
	" unsubscribed_at INTEGER,"
	" created_at INTEGER NOT NULL,"
	" seen_at INTEGER NOT NULL) STRICT;",
	"CREATE INDEX chats_asked ON chats(asked_at) WHERE asked_at > 0;",

	/* The arrows that people took: what funnels and the picture of the flow
     * count. */
	"CREATE TABLE arrivals("
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL, came_from TEXT NOT NULL,"
	" times INTEGER NOT NULL DEFAULT 1,"
	" first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
	" PRIMARY KEY (chat_id, state, came_from)) STRICT, WITHOUT ROWID;",

	/* Clustered by due time: what is due lies together, however many wait. */
	"CREATE TABLE tasks("
	" due_at INTEGER NOT NULL,"
	" id INTEGER NOT NULL,"
	" kind TEXT NOT NULL CHECK (kind IN ('flow','send')),"
	" priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),"
	" chat_id INTEGER NOT NULL,"
	" name TEXT,"
	" expire_at INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL,"
	" entries INTEGER NOT NULL DEFAULT 0,"
	" flow TEXT, pointer TEXT,"
	" method TEXT, params TEXT,"
	" CHECK ((kind = 'flow') = (pointer IS NOT NULL)),"
	" CHECK ((kind = 'send') = (method IS NOT NULL)),"
	" PRIMARY KEY (due_at, id)) STRICT, WITHOUT ROWID;",
	"CREATE UNIQUE INDEX tasks_id ON tasks(id);",
	"CREATE INDEX tasks_chat ON tasks(chat_id, name);",
	"CREATE UNIQUE INDEX tasks_name ON tasks(chat_id, name)"
	" WHERE kind = 'flow';",

	"CREATE TABLE task_ends("
	" id INTEGER PRIMARY KEY,"
	" state TEXT NOT NULL CHECK"
	"  (state IN ('promoted','cancelled','expired','dead','held')),"
	" ended_at INTEGER NOT NULL,"
	" reason TEXT,"
	" due_at INTEGER NOT NULL,"
	" kind TEXT NOT NULL, priority INTEGER NOT NULL,"
	" chat_id INTEGER NOT NULL, name TEXT,"
	" expire_at INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" entries INTEGER NOT NULL, flow TEXT, pointer TEXT,"
	" method TEXT, params TEXT) STRICT;",
	"CREATE INDEX task_ends_held ON task_ends(chat_id) WHERE state = 'held';",
	"CREATE INDEX task_ends_time ON task_ends(ended_at);",

	/* Done alone since a command died: how often, without an end. */
	"CREATE TABLE task_tries("
	" id INTEGER PRIMARY KEY,"
	" tries INTEGER NOT NULL) STRICT;",

	/* Every message, in and out: the outbox is what is not settled yet, the
     * rest is the history. */
	"CREATE TABLE messages("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL CHECK (state = 'received' OR state = 'queued'"
	"  OR state = 'sending' OR state = 'sent' OR state = 'ambiguous'"
	"  OR state = 'unknown' OR state = 'held' OR state = 'expired'"
	"  OR state = 'dead' OR state = 'cancelled'),"
	" role TEXT NOT NULL CHECK (role = 'user' OR role = 'assistant'"
	"  OR role = 'operator'),"
	" created_at INTEGER NOT NULL,"
	" settled_at INTEGER,"
	" message_id INTEGER,"
	" text TEXT,"
	" update_row INTEGER, task_id INTEGER, task_name TEXT,"
	" method TEXT, params TEXT, media TEXT,"
	" policy TEXT CHECK (policy = 'idempotent' OR policy = 'resend'"
	"  OR policy = 'once'),"
	" priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),"
	" not_before INTEGER NOT NULL DEFAULT 0,"
	" expire_at INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" ambiguous INTEGER NOT NULL DEFAULT 0,"
	" maybe_duplicate INTEGER NOT NULL DEFAULT 0,"
	" cancelled INTEGER NOT NULL DEFAULT 0,"
	" worker INTEGER, generation INTEGER NOT NULL DEFAULT 0,"
	" started_at INTEGER,"
	" flow TEXT, action TEXT,"
	" about INTEGER,"
	/* In a chat that is not theirs: of whom it speaks. */
	" subject INTEGER,"
	" reason TEXT,"
	" CHECK ((state = 'sending') = (worker IS NOT NULL)),"
	" CHECK (state = 'received' OR method IS NOT NULL)) STRICT;",
	"CREATE INDEX messages_chat ON messages(chat_id, id);",
	"CREATE INDEX messages_open ON messages(chat_id, id)"
	" WHERE (state = 'queued' OR state = 'sending'"
	"  OR state = 'ambiguous');",
	"CREATE INDEX messages_worker ON messages(worker)"
	" WHERE worker IS NOT NULL;",
	/* Which person an operator answers who replies to a message. */
	"CREATE INDEX messages_about ON messages(chat_id, message_id)"
	" WHERE about IS NOT NULL;",
	"CREATE INDEX messages_subject ON messages(subject)"
	" WHERE subject IS NOT NULL;",
	"CREATE INDEX messages_stuck ON messages(state, chat_id)"
	" WHERE (state = 'unknown' OR state = 'held'"
	"  OR state = 'ambiguous');",

	/* A row per chat with unfinished messages; only its head can be sent, so
     * order costs no scan. */
	"CREATE TABLE lanes("
	" chat_id INTEGER PRIMARY KEY,"
	" head INTEGER NOT NULL,"
	" priority INTEGER NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" busy INTEGER NOT NULL DEFAULT 0 CHECK (busy IN (0,1)),"
	" awaits INTEGER) STRICT;",
	"CREATE INDEX lanes_ready ON lanes(priority, not_before, chat_id)"
	" WHERE busy = 0 AND awaits IS NULL;",
	"CREATE INDEX lanes_busy ON lanes(chat_id) WHERE busy = 1;",
	"CREATE INDEX lanes_awaits ON lanes(awaits) WHERE awaits IS NOT NULL;",

	"CREATE TABLE media("
	" id INTEGER PRIMARY KEY,"
	" digest TEXT NOT NULL, kind TEXT NOT NULL,"
	" path TEXT NOT NULL,"
	" file_id TEXT, file_id_at INTEGER,"
	" uploader INTEGER,"
	" UNIQUE (digest, kind)) STRICT;",

	/* Handlers: programs that a flow runs and whose answer it goes on with.
     * At most one is open in a chat; whatever comes for the chat meanwhile
     * waits. */
	"CREATE TABLE execs("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending'"
	"  OR state = 'running' OR state = 'done' OR state = 'failed'"
	"  OR state = 'dead'),"
	" flow TEXT NOT NULL, place TEXT,"
	" request TEXT NOT NULL, resume TEXT NOT NULL,"
	" task_id INTEGER, task_name TEXT,"
	" expire_at INTEGER NOT NULL DEFAULT 0,"
	" created_at INTEGER NOT NULL,"
	/* Ids are the same in every database; what a handler is known by is
	 * not. */
	" nonce INTEGER NOT NULL,"
	" not_before INTEGER NOT NULL DEFAULT 0,"
	" attempt INTEGER NOT NULL DEFAULT 0,"
	" retries INTEGER NOT NULL DEFAULT 0,"
	" crashes INTEGER NOT NULL DEFAULT 0,"
	/* Since one crashed: to go on with it in a transaction of its own. */
	" tries INTEGER NOT NULL DEFAULT 0,"
	" worker INTEGER, generation INTEGER NOT NULL DEFAULT 0,"
	" started_at INTEGER, settled_at INTEGER,"
	" reason TEXT,"
	" CHECK ((state = 'running') = (worker IS NOT NULL))) STRICT;",
	"CREATE UNIQUE INDEX execs_open ON execs(chat_id)"
	" WHERE (state = 'pending' OR state = 'running');",
	"CREATE INDEX execs_ready ON execs(not_before, id)"
	" WHERE state = 'pending';",
	"CREATE INDEX execs_worker ON execs(worker) WHERE worker IS NOT NULL;",

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

	"CREATE TABLE dead_letters("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind TEXT NOT NULL CHECK (kind IN"
	"  ('update','message','task','lead','exec')),"
	" item INTEGER NOT NULL,"
	" chat_id INTEGER,"
	" reason TEXT NOT NULL,"
	" answer TEXT,"
	" mend TEXT NOT NULL,"
	" died_at INTEGER NOT NULL,"
	" UNIQUE (kind, item)) STRICT;",

	"CREATE TABLE runs("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" command TEXT NOT NULL,"
	" worker INTEGER NOT NULL,"
	" started_at INTEGER NOT NULL,"
	" finished_at INTEGER, exit_code INTEGER,"
	" crashed INTEGER NOT NULL DEFAULT 0,"
	" counts TEXT NOT NULL DEFAULT '{}',"
	" max_rss_kb INTEGER) STRICT;",
	"CREATE INDEX runs_command ON runs(command, id);",
	"CREATE INDEX runs_open ON runs(worker) WHERE finished_at IS NULL;",
	"CREATE INDEX runs_crashed ON runs(started_at) WHERE crashed = 1;",

	"CREATE TABLE flows("
	" hash TEXT PRIMARY KEY,"
	" id TEXT NOT NULL,"
	" source TEXT,"
	" deployed_at INTEGER NOT NULL,"
	" bundle TEXT NOT NULL) STRICT, WITHOUT ROWID;",

	/* GCRA: one theoretical arrival time per limit, no drip process. */
	"CREATE TABLE limits("
	" kind TEXT NOT NULL CHECK (kind IN ('bot','chat','crm')),"
	" id INTEGER NOT NULL,"
	" tat_us INTEGER NOT NULL DEFAULT 0,"
	" blocked_until INTEGER NOT NULL DEFAULT 0,"
	" flooded_at INTEGER,"
	" PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;",
	"CREATE INDEX limits_flooded ON limits(flooded_at)"
	" WHERE flooded_at IS NOT NULL;",

	/* What only grows, and in which quarter of an hour (slot; 0: ever). */
	"CREATE TABLE counters("
	" name TEXT NOT NULL, label TEXT NOT NULL,"
	" slot INTEGER NOT NULL, value INTEGER NOT NULL,"
	" PRIMARY KEY (name, label, slot)) STRICT, WITHOUT ROWID;",

	/* What the status page saw: the worst of each quarter of an hour, the
	 * time in each state by day, and each trouble from end to end. */
	"CREATE TABLE samples("
	" slot INTEGER PRIMARY KEY,"
	" queue INTEGER NOT NULL, late_ms INTEGER NOT NULL,"
	" leads INTEGER NOT NULL, lead_ms INTEGER NOT NULL) STRICT;",
	"CREATE TABLE days("
	" day INTEGER PRIMARY KEY,"
	" ok_ms INTEGER NOT NULL, warning_ms INTEGER NOT NULL,"
	" critical_ms INTEGER NOT NULL) STRICT;",
	"CREATE TABLE incidents("
	" id INTEGER PRIMARY KEY,"
	" key TEXT NOT NULL, state INTEGER NOT NULL,"
	" began_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,"
	" ended_at INTEGER, text TEXT) STRICT;",
	"CREATE UNIQUE INDEX incidents_open ON incidents(key)"
	" WHERE ended_at IS NULL;",
	/* The pages that are renewed again and again. */
	"CREATE TABLE pages("
	" path TEXT PRIMARY KEY, every_ms INTEGER NOT NULL,"
	" written_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;",

	"CREATE VIEW history AS SELECT chat_id, id, role, text, message_id,"
	" created_at, settled_at, state, maybe_duplicate FROM messages"
	" WHERE state IN ('received','sent');",
	"CREATE VIEW failed_amocrm_sync AS SELECT id AS lead_id,"
	" tries AS retry_count, reason AS error_message, created_at FROM leads"
	" WHERE reason IS NOT NULL AND state <> 'created'"
	" AND state <> 'dropped';",
	NULL
};
