/* SPDX-License-Identifier: MIT */
#include "telegram/refusal.h"

#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*
 * Telegram quotes what strangers wrote (the URL of a button, a tag), so a row
 * is compared with the beginning of what is said, or with all of it, and never
 * looked for in the middle.  What stops the whole bot is believed only with
 * the code that the server says it with.
 */
static const struct row {
	const char *said; /* after "Bad Request: "; any case */
	int code;	  /* 0: any */
	bool whole;
	struct refusal refusal;
} by_text[] = {
	{ "can't parse entities", 0, false,
	    { VERDICT_PLAIN, NULL, NO_RIVAL } },

#define DONE(said) \
	{ \
		said, 0, true, \
		{ \
			VERDICT_OK, NULL, NO_RIVAL \
		} \
	}
	DONE("message is not modified"),
	DONE("message is not modified: specified new message content and "
	     "reply markup are exactly the same as a current content and "
	     "reply markup of the message"),
	DONE("MESSAGE_NOT_MODIFIED"),
	DONE("chat description is not modified"),
	DONE("query is too old and response timeout expired or query ID is "
	     "invalid"),
	DONE("QUERY_ID_INVALID"),
	DONE("message to delete not found"),

#define MOVED(said) \
	{ \
		said, 0, false, \
		{ \
			VERDICT_MIGRATE, NULL, NO_RIVAL \
		} \
	}
	MOVED("group chat was upgraded to a supergroup"),
	MOVED("group chat was migrated to a supergroup"),

#define FILE_GONE(said) \
	{ \
		said, 0, false, \
		{ \
			VERDICT_FILE, NULL, NO_RIVAL \
		} \
	}
	FILE_GONE("wrong file identifier"),
	FILE_GONE("wrong file_id"),
	FILE_GONE("wrong remote file"),
	FILE_GONE("invalid file id"),
	FILE_GONE("FILE_ID_INVALID"),
	FILE_GONE("FILE_REFERENCE_"),
	FILE_GONE("can't use file of type"),

#define CHAT_GONE(said) \
	{ \
		said, 0, false, \
		{ \
			VERDICT_CHAT, NULL, NO_RIVAL \
		} \
	}
	CHAT_GONE("bot was blocked"),
	CHAT_GONE("bot was kicked"),
	CHAT_GONE("bot is not a member"),
	CHAT_GONE("bot can't initiate conversation"),
	CHAT_GONE("bot can't send messages to"),
	CHAT_GONE("the bot can't send messages to"),
	CHAT_GONE("user is deactivated"),
	CHAT_GONE("group is deactivated"),
	CHAT_GONE("the group chat was deleted"),
	CHAT_GONE("chat not found"),
	CHAT_GONE("private chat not found"),
	CHAT_GONE("user not found"),
	CHAT_GONE("need administrator rights"),
	CHAT_GONE("have no rights to send"),
	CHAT_GONE("not enough rights to send"),
	CHAT_GONE("have no write access"),
	CHAT_GONE("message thread not found"),
	CHAT_GONE("PEER_ID_INVALID"),
	CHAT_GONE("USER_ID_INVALID"),
	CHAT_GONE("CHAT_ADMIN_REQUIRED"),
	CHAT_GONE("CHAT_SEND_"),
	CHAT_GONE("CHAT_GUEST_SEND_FORBIDDEN"),
	CHAT_GONE("CHAT_WRITE_FORBIDDEN"),
	CHAT_GONE("CHANNEL_PRIVATE"),
	CHAT_GONE("ALLOW_PAYMENT_REQUIRED"),
	CHAT_GONE("TOPIC_CLOSED"),
	CHAT_GONE("TOPIC_DELETED"),
	CHAT_GONE("USER_IS_BLOCKED"),
	CHAT_GONE("USER_DEACTIVATED"),

#define STOP(code, said, remedy) \
	{ \
		said, code, false, \
		{ \
			VERDICT_CONFIG, remedy, NO_RIVAL \
		} \
	}
	{ "Logged out", 400, true,
	    { VERDICT_CONFIG,
		"the bot has logged out of this Bot API server; set "
		"TELEGRAM_API_ROOT to the server that it moved to",
		NO_RIVAL } },
	STOP(400, "secret token contains",
	    "Telegram refuses TELEGRAM_WEBHOOK_SECRET; use 1 to 256 of "
	    "A-Z, a-z, 0-9, _ and -"),
	STOP(400, "bad webhook: Failed to resolve host",
	    "Telegram cannot resolve the host of the webhook's address; does "
	    "it have an A record?"),
	STOP(400, "bad webhook: IP address",
	    "Telegram cannot reach the webhook's address: it is one of a "
	    "private network"),
	STOP(400, "bad webhook:",
	    "Telegram refuses the webhook's address; use https on port 443, "
	    "80, 88 or 8443"),
	STOP(400, "invalid webhook URL specified",
	    "Telegram refuses the webhook's address; use https on port 443, "
	    "80, 88 or 8443"),
	STOP(404, "method not found",
	    "the Bot API server at TELEGRAM_API_ROOT does not know this "
	    "method; bring it up to date"),
	{ "can't use getUpdates method while webhook is active", 409, false,
	    { VERDICT_CONFIG,
		"a webhook is set; 'leadpipe set-webhook --delete' ends it, "
		"then updates can be polled; is it ours, set "
		"TELEGRAM_WEBHOOK_SECRET",
		RIVAL_WEBHOOK } },
	{ "terminated by setWebhook", 409, false,
	    { VERDICT_CONFIG,
		"somebody set a webhook while we polled; 'leadpipe "
		"set-webhook --delete' ends it",
		RIVAL_WEBHOOK } },
	{ "terminated by other", 409, false,
	    { VERDICT_CONFIG,
		"another poller runs elsewhere with this BOT_TOKEN; stop it",
		RIVAL_POLLER } },
};

static const struct {
	int code;
	struct refusal refusal;
} by_code[] = {
	{ 401,
	    { VERDICT_CONFIG,
		"Telegram rejects BOT_TOKEN; get a new one from @BotFather",
		NO_RIVAL } },
	{ 403, { VERDICT_CHAT, NULL, NO_RIVAL } },
	{ 404,
	    { VERDICT_CONFIG,
		"Telegram finds no bot at this address; check BOT_TOKEN and "
		"TELEGRAM_API_ROOT",
		NO_RIVAL } },
	{ 409,
	    { VERDICT_CONFIG,
		"Telegram reports a conflict for this BOT_TOKEN; stop other "
		"pollers and delete the webhook",
		NO_RIVAL } },
	{ 421,
	    { VERDICT_CONFIG,
		"the Bot API server at TELEGRAM_API_ROOT does not serve this "
		"BOT_TOKEN; allow it there",
		NO_RIVAL } },
};

/*
 * The server passes codes of MTProto through (PEER_ID_INVALID); what is not
 * in the table ends like every unknown 400: it will not succeed by itself.
 */
static const struct refusal unknown = { VERDICT_MESSAGE, NULL, NO_RIVAL };

static bool
begins(const char *text, const char *beginning)
{
	return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* The words for the code that stand before the colon say nothing. */
static const char *
after_prefix(const char *description)
{
	static const char *const prefixes[] = { "Bad Request: ", "Forbidden: ",
		"Unauthorized: ", "Not Found: ", "Conflict: ",
		"Misdirected Request: " };
	size_t i;

	for (i = 0; i < COUNT(prefixes); i++)
		if (begins(description, prefixes[i]))
			return description + strlen(prefixes[i]);
	return description;
}

/* The error of one item of an album, which the album's repeats. */
static const char *
after_album(const char *said)
{
	static const char album[] = "failed to send message #";
	static const char item[] = " with the error message \"";
	const char *number = said + strlen(album);

	if (!begins(said, album))
		return said;
	number += strspn(number, "0123456789");
	return begins(number, item) ? number + strlen(item) : said;
}

static bool
row_fits(const struct row *row, int code, const char *said)
{
	if (row->code != 0 && row->code != code)
		return false;
	return row->whole ? strcasecmp(said, row->said) == 0
			  : begins(said, row->said);
}

const struct refusal *
refusal_find(int code, const char *description)
{
	const char *said = after_album(after_prefix(description));
	size_t i;

	for (i = 0; i < COUNT(by_text); i++)
		if (row_fits(&by_text[i], code, said))
			return &by_text[i].refusal;
	for (i = 0; i < COUNT(by_code); i++)
		if (by_code[i].code == code)
			return &by_code[i].refusal;
	return &unknown;
}
