/* SPDX-License-Identifier: MIT */
#include "bot/step.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/keyboard.h"
#include "bot/markup.h"
#include "bot/model.h"
#include "bot/step_run.h"
#include "bot/template.h"
#include "bot/text.h"

/* "video" is sent by sendVideo. */
static char *
method_of(const char *kind)
{
	char *method = mem_printf("send%s", kind);

	method[4] = (char)toupper((unsigned char)method[4]);
	return method;
}

/* All that went into TEXT was valid UTF-8, so it is not read once more. */
static void
set_text(struct effect *message, const char *member, const char *text)
{
	json_object_set_new(message->params, member,
	    json_string_nocheck(text));
	json_object_set_new(message->params, "parse_mode",
	    json_string("HTML"));
	message->plain = markup_plain(text);
}

static enum outcome
set_media(struct effect *message, const struct flow *flow, const char *name,
    struct fault *fault)
{
	struct flow_media media;

	if (!flow_media(flow, name, &media))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "flow '%s' has no media '%s'", flow_id(flow), name);
	message->method = method_of(media.kind);
	message->media = mem_dup(name);
	if (media.spoiler)
		json_object_set_new(message->params, "has_spoiler",
		    json_true());
	return OUT_OK;
}

/* The files of MEDIA: one by its name, or an album. */
static enum outcome
set_files(struct effect *message, const struct flow *flow, const json_t *media,
    struct fault *fault)
{
	json_auto_t *spoilers = NULL;
	struct flow_media file;
	bool spoiler = false;
	json_t *name;
	size_t i;

	if (json_is_string(media))
		return set_media(message, flow, json_string_value(media),
		    fault);
	spoilers = json_array();
	json_array_foreach (media, i, name) {
		if (!flow_media(flow, json_string_value(name), &file))
			return fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "flow '%s' has no media '%s'", flow_id(flow),
			    json_string_value(name));
		json_array_append_new(spoilers, json_boolean(file.spoiler));
		spoiler = spoiler || file.spoiler;
	}
	if (spoiler)
		json_object_set(message->params, "has_spoiler", spoilers);
	message->method = mem_dup("sendMediaGroup");
	message->media_list = json_incref((json_t *)(uintptr_t)media);
	return OUT_OK;
}

enum outcome
render(const struct flow *flow, const struct chat *chat, const json_t *action,
    const char *state, struct effect *message, struct fault *fault)
{
	const char *key = json_get_text(action, "send");
	const json_t *media = json_object_get(action, "media");
	struct buf out = BUF_INIT(64U << 10);
	const char *text;
	json_t *markup;

	text = key ? text_find(flow, text_lang(flow, chat), key) : NULL;
	if (text == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "flow '%s' has no text '%s'", flow_id(flow),
		    key ? key : "");
	message->params = json_object();
	if (media != NULL && set_files(message, flow, media, fault) != OUT_OK)
		return OUT_NEVER;
	template_expand(flow, chat, text, PLACE_HTML, &out);
	set_text(message, media ? "caption" : "text",
	    out.data ? out.data : "");
	bool overflow = out.overflow;
	buf_release(&out);
	if (overflow)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the text '%s' of flow '%s' became too long", key,
		    flow_id(flow));
	if (media == NULL) {
		message->method = mem_dup("sendMessage");
		if (!json_get_bool(action, "preview", false))
			json_object_set_new(message->params,
			    "link_preview_options",
			    json_pack("{sb}", "is_disabled", 1));
	}
	if (json_get_bool(action, "silent", false))
		json_object_set_new(message->params, "disable_notification",
		    json_true());
	enum outcome done =
	    keyboard_markup(flow, chat, action, state, &markup, fault);
	if (done == OUT_OK && markup != NULL)
		json_object_set_new(message->params, "reply_markup", markup);
	return done;
}

enum outcome
step_render(const struct flow *flow, const struct chat *chat,
    const json_t *action, struct effect *message, struct fault *fault)
{
	const char *state = json_get_text(action, "state");

	memset(message, 0, sizeof(*message));
	message->kind = EFFECT_MESSAGE;
	message->chat_id = chat->id;
	if (render(flow, chat, action, state ? state : chat->state, message,
		fault) == OUT_OK)
		return OUT_OK;
	effect_release(message);
	return OUT_NEVER;
}
