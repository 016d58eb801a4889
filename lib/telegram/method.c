/* SPDX-License-Identifier: MIT */
#include "telegram/method.h"

#include <string.h>
#include <strings.h>

/* How long the server may take: it absorbs flood waits and errors inside
 * Telegram for up to 60 s before it answers a send with 429, and holds a long
 * poll for up to 50 s. */
enum { PATIENCE_SEND = 75000, PATIENCE_POLL = 60000, PATIENCE_ASK = 15000 };

/* What an upload must reach: 32 kB/s. */
#define UPLOAD_BYTES_PER_MS 32

static const struct {
	const char *name, *file;
	bool idempotent, deliverable;
	int patience;
} methods[METHOD_COUNT] = {
	[METHOD_GET_UPDATES] = { "getUpdates", NULL, true, false,
	    PATIENCE_POLL },
	[METHOD_GET_ME] = { "getMe", NULL, true, false, PATIENCE_ASK },
	[METHOD_GET_WEBHOOK_INFO] = { "getWebhookInfo", NULL, true, false,
	    PATIENCE_ASK },
	[METHOD_SET_WEBHOOK] = { "setWebhook", NULL, true, false,
	    PATIENCE_ASK },
	[METHOD_DELETE_WEBHOOK] = { "deleteWebhook", NULL, true, false,
	    PATIENCE_ASK },
	[METHOD_ANSWER_CALLBACK_QUERY] = { "answerCallbackQuery", NULL, true,
	    false, PATIENCE_ASK },
	[METHOD_SEND_MESSAGE] = { "sendMessage", NULL, false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_PHOTO] = { "sendPhoto", "photo", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_VIDEO] = { "sendVideo", "video", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_DOCUMENT] = { "sendDocument", "document", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_AUDIO] = { "sendAudio", "audio", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_VOICE] = { "sendVoice", "voice", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_ANIMATION] = { "sendAnimation", "animation", false, true,
	    PATIENCE_SEND },
	[METHOD_SEND_MEDIA_GROUP] = { "sendMediaGroup", NULL, false, true,
	    PATIENCE_SEND },
	[METHOD_FORWARD_MESSAGE] = { "forwardMessage", NULL, false, true,
	    PATIENCE_SEND },
	[METHOD_COPY_MESSAGE] = { "copyMessage", NULL, false, true,
	    PATIENCE_SEND },
	[METHOD_EDIT_MESSAGE_TEXT] = { "editMessageText", NULL, true, true,
	    PATIENCE_SEND },
	[METHOD_DELETE_MESSAGE] = { "deleteMessage", NULL, true, true,
	    PATIENCE_SEND },
	[METHOD_SEND_CHAT_ACTION] = { "sendChatAction", NULL, true, true,
	    PATIENCE_ASK },
};

const char *
method_name(enum method method)
{
	return methods[method].name;
}

enum method
method_find(const char *name)
{
	int i;

	for (i = 0; i < METHOD_COUNT; i++)
		if (strcasecmp(methods[i].name, name) == 0)
			break;
	return (enum method)i;
}

bool
method_idempotent(enum method method)
{
	return method < METHOD_COUNT && methods[method].idempotent;
}

const char *
method_file(enum method method)
{
	return methods[method].file;
}

enum method
method_for_media(const char *kind)
{
	int i;

	for (i = 0; i < METHOD_COUNT; i++)
		if (methods[i].file && strcmp(methods[i].file, kind) == 0)
			break;
	return (enum method)i;
}

bool
method_deliverable(enum method method)
{
	return method < METHOD_COUNT && methods[method].deliverable;
}

int64_t
method_patience_ms(enum method method, int64_t upload)
{
	int64_t ms = methods[method].patience;

	if (upload > 0)
		ms += upload / UPLOAD_BYTES_PER_MS;
	return ms;
}
