/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/effect.h"
#include "ops/broadcast_draft.h"
#include "store/chats.h"
#include "turn/chat_io.h"
#include "turn/effects.h"

#define WAIT_MS 30000

/* People who are told at once. */
#define TESTERS 100

static enum outcome
send_to(struct run *run, const struct broadcast_draft *draft, int64_t chat_id)
{
	const struct effects_origin origin = { .state = NULL };
	struct effects_result result = { 0 };
	struct effects effects = { 0 };
	struct chat_row row = { 0 };
	struct chat chat = { 0 };
	enum outcome out = chats_load(run->db, chat_id, &row, &run->fault);

	if (out == OUT_OK)
		out = chat_from_row(&chat, &row, &run->fault);
	if (out == OUT_OK)
		out = broadcast_draft_render(draft, &chat,
		    effects_add(&effects, EFFECT_MESSAGE, chat_id),
		    &run->fault);
	if (out == OUT_OK)
		out = effects_write(run->db, draft->flow, &chat, &effects,
		    &origin, clock_wall_ms(), &result, &run->fault);
	effects_release(&effects);
	chat_row_release(&row);
	chat_release(&chat);
	return out;
}

static enum outcome
check_reachable(struct run *run, int64_t chat_id, struct fault *fault)
{
	struct chat_row row = { 0 };
	enum outcome out = chats_known(run->db, chat_id, fault);

	if (out == OUT_OK)
		out = chats_load(run->db, chat_id, &row, fault);
	if (out == OUT_OK && row.blocked_at != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_REFUSED,
		    "chat %lld has blocked the bot: not sent",
		    (long long)chat_id);
	chat_row_release(&row);
	return out;
}

/* A new administrator who has not said /start yet keeps nobody else from
 * seeing it. */
static enum outcome
find_admins(struct run *run, int64_t *chats, int *count)
{
	char *admins = mem_dup(config_get_or(run->config, "ADMIN_IDS", ""));
	char *rest = admins, *user;
	bool any = false;

	while ((user = strsep(&rest, ", \t")) != NULL && *count < TESTERS) {
		struct fault why;

		if (*user == '\0')
			continue;
		any = true;
		if (chats_resolve(run->db, user, &chats[*count], &why) ==
			OUT_OK &&
		    check_reachable(run, chats[*count], &why) == OUT_OK)
			++*count;
		else
			log_warning("ADMIN_IDS: %s", why.text);
	}
	free(admins);
	if (*count > 0)
		return OUT_OK;
	return fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG, "%s",
	    any ? "nobody of ADMIN_IDS has written to the bot, or who did "
		  "blocked it: send it /start, or name a chat behind --test"
		: "ADMIN_IDS is not set: 'leadpipe show-chat @yourname' shows "
		  "your id, write it into the configuration, or name a chat "
		  "behind --test");
}

static enum outcome
find_users(struct run *run, char **users, int64_t *chats, int *count)
{
	enum outcome out = OUT_OK;

	if (*users == NULL)
		return find_admins(run, chats, count);
	for (; *users != NULL && *count < TESTERS && out == OUT_OK; users++) {
		out = run_user(run, *users, &chats[*count]);
		if (out == OUT_OK)
			out = check_reachable(run, chats[*count], &run->fault);
		++*count;
	}
	return out;
}

enum outcome
broadcast_draft_test(struct run *run, const struct broadcast_draft *draft,
    char **users, int *sent)
{
	int64_t chats[TESTERS];
	enum outcome out;

	*sent = 0;
	out = find_users(run, users, chats, sent);
	if (out == OUT_OK)
		out =
		    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	for (int i = 0; i < *sent && out == OUT_OK; i++)
		out = send_to(run, draft, chats[i]);
	return db_end(run->db, out, &run->fault);
}
