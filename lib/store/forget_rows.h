/* SPDX-License-Identifier: MIT */
/*
 * Which rows are a person's: SQL that forgetting and exporting share, so that
 * what is forgotten is what was shown.
 *
 *   ?1 chat id    ?2 the same as text    ?3 own updates     ?4 leads
 *   ?5 updates that quote them           ?6 now    ?7 phone    ?8 e-mail
 *
 * ?3 to ?5 are JSON arrays of ids: an update is found by reading all of them,
 * which is done before the transaction, and no temporary table is needed.
 */
#ifndef LEADPIPE_FORGET_ROWS_H
#define LEADPIPE_FORGET_ROWS_H

#include "store/forget_refusals.h"

#define FORGET_IDS(index) "(SELECT value FROM json_each(" index "))"

/* A text or a press of an operator under what the bot said of the person. */
#define FORGET_ANSWERED \
	"coalesce(u.raw ->> '$.message.reply_to_message.message_id'," \
	" u.raw ->> '$.edited_message.reply_to_message.message_id'," \
	" u.raw ->> '$.callback_query.message.message_id')"
#define FORGET_PLACE \
	"coalesce(u.chat_id, u.raw ->> '$.message.chat.id'," \
	" u.raw ->> '$.edited_message.chat.id'," \
	" u.raw ->> '$.callback_query.message.chat.id')"

/* Updates that came from them, also in groups, were kept for them, or answer
 * what the bot said of them to others. */
#define FORGET_OWN_UPDATE \
	"(u.chat_id = ?1 OR CASE WHEN u.event IS NULL" \
	" AND instr(u.raw, ?2) > 0 AND json_valid(u.raw) THEN" \
	" EXISTS (SELECT 1 FROM json_each(u.raw) AS e" \
	"  WHERE e.type = 'object' AND (e.value ->> '$.from.id' = ?1" \
	"   OR e.value ->> '$.chat.id' = ?1" \
	"   OR e.value ->> '$.user.id' = ?1)) ELSE 0 END" \
	" OR CASE WHEN u.event IS NULL AND (u.chat_id IS NULL OR u.chat_id IN" \
	"  (SELECT chat_id FROM messages WHERE subject = ?1))" \
	" AND json_valid(u.raw) THEN EXISTS (SELECT 1 FROM messages AS m" \
	"  WHERE m.subject = ?1 AND m.chat_id = " FORGET_PLACE \
	"  AND m.message_id = " FORGET_ANSWERED ") ELSE 0 END)"

/* Updates of others that name them: an answer in a group, a card. */
#define FORGET_QUOTING_UPDATE \
	"CASE WHEN u.event IS NULL AND instr(u.raw, ?2) > 0" \
	" AND json_valid(u.raw) THEN EXISTS (SELECT 1" \
	"  FROM json_tree(u.raw) AS t WHERE t.atom = ?1" \
	"  AND t.type = 'integer' AND (t.key = 'id' OR t.key = 'user_id'))" \
	" ELSE 0 END"

/* Ids of messages: with them, of them, and in groups caused by them. */
#define FORGET_MESSAGES \
	"(SELECT id FROM messages WHERE chat_id = ?1" \
	" UNION SELECT id FROM messages WHERE subject = ?1" \
	" UNION SELECT id FROM messages WHERE update_row IN " FORGET_IDS( \
	    "?3") " AND chat_id IN (SELECT chat_id FROM updates" \
		  " WHERE chat_id <> ?1 AND id IN " FORGET_IDS("?3") "))"

/* Ids of leads: those of the chat, and those of nobody's chat with a phone or
 * an e-mail of theirs.  A lead of another chat is another person's, who may
 * share the phone. */
#define FORGET_CONTACTS \
	"(SELECT phone_e164 AS phone, email FROM leads WHERE chat_id = ?1" \
	" UNION SELECT v.value, lower(v.value) FROM chats," \
	"  json_each(chats.vars) AS v WHERE chats.chat_id = ?1" \
	"  AND v.type = 'text' UNION SELECT ?7, ?8)"
#define FORGET_LEADS \
	"(SELECT id FROM leads WHERE chat_id = ?1" \
	" UNION SELECT l.id FROM " FORGET_CONTACTS " AS c JOIN leads AS l" \
	"  ON l.phone_e164 = c.phone WHERE l.chat_id IS NULL" \
	" UNION SELECT l.id FROM " FORGET_CONTACTS " AS c JOIN leads AS l" \
	"  ON l.email = c.email WHERE l.chat_id IS NULL)"

#define FORGET_LETTERS \
	"(chat_id = ?1 OR CASE kind WHEN 'message' THEN item IN " FORGET_MESSAGES \
	" WHEN 'lead' THEN item IN " FORGET_IDS("?4") " WHEN 'update' THEN item IN " FORGET_IDS( \
	    "?3") " WHEN 'exec' THEN item IN (SELECT id FROM execs WHERE chat_id = ?1)" \
		  " WHEN 'refusal' THEN item IN " FORGET_REFUSALS \
		  " ELSE item IN (SELECT id FROM task_ends WHERE chat_id = ?1) END)"

#define FORGET_CHANGES \
	"(crm, remote_id) IN (SELECT crm, remote_id FROM leads" \
	" WHERE remote_id IS NOT NULL AND id IN " FORGET_IDS("?4") ")"

/* What the CRM does not have, or may not have. */
#define FORGET_UNSENT \
	"(errand = 'create' OR errand = 'search' OR state = 'parked')"

#endif
