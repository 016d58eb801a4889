/* SPDX-License-Identifier: MIT */
#include "telegram/refusal.h"

#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*
 * The first row whose part occurs in the description wins, so what may quote
 * foreign text comes before the texts that could be quoted ("can't parse
 * entities" repeats a tag of the message), and the album error, which repeats
 * the error of one item, comes after them all.
 */
static const struct refusal by_text[] = {
	{ "can't parse entities", VERDICT_PLAIN, NULL },

	{ "is not modified", VERDICT_OK, NULL },
	{ "MESSAGE_NOT_MODIFIED", VERDICT_OK, NULL },
	{ "query is too old", VERDICT_OK, NULL },
	{ "QUERY_ID_INVALID", VERDICT_OK, NULL },
	{ "message to delete not found", VERDICT_OK, NULL },

	{ "upgraded to a supergroup", VERDICT_MIGRATE, NULL },
	{ "migrated to a supergroup", VERDICT_MIGRATE, NULL },

	{ "wrong file identifier", VERDICT_FILE, NULL },
	{ "wrong file_id", VERDICT_FILE, NULL },
	{ "wrong remote file", VERDICT_FILE, NULL },
	{ "invalid file id", VERDICT_FILE, NULL },
	{ "FILE_ID_INVALID", VERDICT_FILE, NULL },
	{ "FILE_REFERENCE_", VERDICT_FILE, NULL },
	{ "can't use file of type", VERDICT_FILE, NULL },

	{ "bot was blocked", VERDICT_CHAT, NULL },
	{ "bot was kicked", VERDICT_CHAT, NULL },
	{ "bot is not a member", VERDICT_CHAT, NULL },
	{ "user is deactivated", VERDICT_CHAT, NULL },
	{ "group is deactivated", VERDICT_CHAT, NULL },
	{ "chat was deleted", VERDICT_CHAT, NULL },
	{ "chat not found", VERDICT_CHAT, NULL },
	{ "user not found", VERDICT_CHAT, NULL },
	{ "can't initiate conversation", VERDICT_CHAT, NULL },
	{ "can't send messages to", VERDICT_CHAT, NULL },
	{ "administrator rights", VERDICT_CHAT, NULL },
	{ "have no rights to send", VERDICT_CHAT, NULL },
	{ "not enough rights to send", VERDICT_CHAT, NULL },
	{ "no write access", VERDICT_CHAT, NULL },
	{ "message thread not found", VERDICT_CHAT, NULL },
	{ "PEER_ID_INVALID", VERDICT_CHAT, NULL },
	{ "USER_ID_INVALID", VERDICT_CHAT, NULL },
	{ "CHAT_ADMIN_REQUIRED", VERDICT_CHAT, NULL },
	{ "CHAT_SEND_", VERDICT_CHAT, NULL },
	{ "CHAT_GUEST_SEND_FORBIDDEN", VERDICT_CHAT, NULL },
	{ "CHAT_WRITE_FORBIDDEN", VERDICT_CHAT, NULL },
	{ "CHANNEL_PRIVATE", VERDICT_CHAT, NULL },
	{ "ALLOW_PAYMENT_REQUIRED", VERDICT_CHAT, NULL },
	{ "TOPIC_CLOSED", VERDICT_CHAT, NULL },
	{ "TOPIC_DELETED", VERDICT_CHAT, NULL },
	{ "USER_IS_BLOCKED", VERDICT_CHAT, NULL },
	{ "USER_DEACTIVATED", VERDICT_CHAT, NULL },

	{ "Logged out", VERDICT_CONFIG,
	    "the bot has logged out of this Bot API server; set "
	    "TELEGRAM_API_ROOT to the server that it moved to" },
	{ "webhook is active", VERDICT_CONFIG,
	    "a webhook is set; delete it (deleteWebhook), then updates can "
	    "be polled" },
	{ "setWebhook", VERDICT_CONFIG,
	    "somebody set a webhook while we polled; delete it "
	    "(deleteWebhook)" },
	{ "terminated by other", VERDICT_CONFIG,
	    "another poller runs elsewhere with this BOT_TOKEN; stop it" },
	{ "method not found", VERDICT_CONFIG,
	    "the Bot API server at TELEGRAM_API_ROOT does not know this "
	    "method; bring it up to date" },
	{ "unallowed token", VERDICT_CONFIG,
	    "the Bot API server at TELEGRAM_API_ROOT does not serve this "
	    "BOT_TOKEN; allow it there" },
	{ "secret token", VERDICT_CONFIG,
	    "Telegram refuses TELEGRAM_WEBHOOK_SECRET; use 1 to 256 of "
	    "A-Z, a-z, 0-9, _ and -" },
	{ "bad webhook", VERDICT_CONFIG,
	    "Telegram refuses the webhook's address; use https on port 443, "
	    "80, 88 or 8443" },
	{ "invalid webhook", VERDICT_CONFIG,
	    "Telegram refuses the webhook's address; use https on port 443, "
	    "80, 88 or 8443" },

	{ "failed to send message #", VERDICT_MESSAGE, NULL },
};

static const struct {
	int code;
	struct refusal row;
} by_code[] = {
	{ 401,
	    { NULL, VERDICT_CONFIG,
		"Telegram rejects BOT_TOKEN; get a new one from "
		"@BotFather" } },
	{ 403, { NULL, VERDICT_CHAT, NULL } },
	{ 404,
	    { NULL, VERDICT_CONFIG,
		"Telegram finds no bot at this address; check BOT_TOKEN and "
		"TELEGRAM_API_ROOT" } },
	{ 409,
	    { NULL, VERDICT_CONFIG,
		"Telegram reports a conflict for this BOT_TOKEN; stop other "
		"pollers and delete the webhook" } },
	{ 421,
	    { NULL, VERDICT_CONFIG,
		"the Bot API server at TELEGRAM_API_ROOT does not serve this "
		"BOT_TOKEN; allow it there" } },
};

/*
 * The server passes codes of MTProto through (PEER_ID_INVALID); what is not
 * in the table ends like every unknown 400: it will not succeed by itself.
 */
static const struct refusal unknown = { NULL, VERDICT_MESSAGE, NULL };

/* The words for the code that stand before the colon say nothing. */
static const char *
after_prefix(const char *description)
{
	static const char *const prefixes[] = { "Bad Request: ", "Forbidden: ",
		"Unauthorized: ", "Not Found: ", "Conflict: ",
		"Misdirected Request: " };
	size_t i, len;

	for (i = 0; i < COUNT(prefixes); i++) {
		len = strlen(prefixes[i]);
		if (strncasecmp(description, prefixes[i], len) == 0)
			return description + len;
	}
	return description;
}

const struct refusal *
refusal_find(int code, const char *description)
{
	const char *said = after_prefix(description);
	size_t i;

	for (i = 0; i < COUNT(by_text); i++)
		if (strcasestr(said, by_text[i].part))
			return &by_text[i];
	for (i = 0; i < COUNT(by_code); i++)
		if (by_code[i].code == code)
			return &by_code[i].row;
	return &unknown;
}
