/* SPDX-License-Identifier: MIT */
#include "bot/broadcast_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/checker.h"
#include "bot/media_file.h"
#include "bot/model.h"

#define OURS BROADCAST_PREFIX
#define OUR_TEXT OURS ".text"
#define OUR_BUTTON OURS ".button"

/* A flow may give that button words of its own. */
#define UNSUBSCRIBE_TEXT "button.unsubscribe"

struct making {
	const struct flow *flow;
	const struct broadcast_content *content;
	json_t *root;	/* of the version */
	json_t *action; /* send */
	struct fault *fault;
};

static enum outcome
refuse(struct making *m, const char *text)
{
	return fault_set(m->fault, OUT_NEVER, EXIT_INPUT, "%s", text);
}

static enum outcome
check_known(struct making *m, const json_t *object, const char *const *known,
    const char *what)
{
	json_t *names = json_object(), *value;
	const char *key, *near;
	enum outcome out = OUT_OK;

	for (; *known != NULL; known++)
		json_object_set_new(names, *known, json_true());
	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		if (json_object_get(names, key) != NULL || out != OUT_OK)
			continue;
		near = check_nearest(key, names);
		out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "unknown member '%.64s' of %s%s%s%s", key, what,
		    near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
	}
	json_decref(names);
	return out;
}

static bool
will_read(const struct making *m, const char *lang)
{
	json_t *wanted;
	size_t i;

	json_array_foreach (m->content->langs, i, wanted)
		if (strcmp(json_string_value(wanted), lang) == 0)
			return true;
	return m->content->langs == NULL;
}

static void
put_text(struct making *m, const char *lang, const char *key,
    const json_t *text)
{
	json_object_set(json_object_get(json_object_get(m->root, "texts"),
			    lang),
	    key, (json_t *)(uintptr_t)text);
}

/* The languages that WORDS is in must be those of the flow. */
static enum outcome
check_langs(struct making *m, const json_t *words)
{
	json_t *known = json_object(), *value;
	enum outcome out = OUT_OK;
	const char *lang;
	size_t i;

	json_array_foreach (m->flow->langs, i, value)
		json_object_set_new(known, json_string_value(value),
		    json_true());
	json_object_foreach ((json_t *)(uintptr_t)words, lang, value)
		if (out == OUT_OK && json_object_get(known, lang) == NULL)
			out = check_lacks(m->flow, "language", lang, known,
			    m->fault);
		else if (out == OUT_OK && !json_is_string(value))
			out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
			    "the text in '%s' must be a string", lang);
	json_decref(known);
	return out;
}

/*
 * Puts WORDS, a text or one for each language, under KEY.  In a language that
 * none of them reads something must stand all the same: the format wants it,
 * and a person may change theirs before it is sent.
 */
static enum outcome
add_text(struct making *m, const char *key, const json_t *words)
{
	const json_t *some = words, *text;
	enum outcome out = OUT_OK;
	const char *lang;
	json_t *name;
	size_t i;

	if (json_is_object(words)) {
		some = json_object_iter_value(
		    json_object_iter((json_t *)(uintptr_t)words));
		out = check_langs(m, words);
	}
	if (out == OUT_OK && words == NULL)
		out = refuse(m,
		    "a text is missing: files need one, too, as their "
		    "caption, and buttons as their label");
	else if (out == OUT_OK && !json_is_string(some))
		out = refuse(m,
		    "'text' must be a string, or an object with one for "
		    "each language");
	json_array_foreach (m->flow->langs, i, name) {
		lang = json_string_value(name);
		text = json_is_object(words) ? json_object_get(words, lang)
					     : words;
		if (text == NULL && will_read(m, lang) && out == OUT_OK)
			out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
			    "a text is not there in '%s': add it, or write "
			    "only to those who read the others (--lang)",
			    lang);
		if (out == OUT_OK)
			put_text(m, lang, key, text ? text : some);
	}
	return out;
}

static enum outcome
add_files(struct making *m)
{
	json_t *files = json_object_get(m->content->message, "media"), *file,
	       *media, *names = json_array(), *entry;
	struct findings findings = { 0 };
	enum outcome out = OUT_OK;
	size_t i;

	media = json_object_get(m->root, "media");
	if (media == NULL) {
		media = json_object();
		json_object_set_new(m->root, "media", media);
	}
	if (files != NULL && !json_is_array(files))
		out = refuse(m, "'media' must be a list of {KIND: FILE}");
	json_array_foreach (files, i, file) {
		char *name = mem_printf(OURS "_%zu", i + 1);

		entry = json_copy(file);
		json_object_del(entry, "digest");
		json_object_del(entry, "size");
		media_file_read(entry, name, m->content->path, &findings);
		json_object_set_new(media, name, entry);
		json_array_append_new(names, json_string(name));
		free(name);
	}
	if (findings.count > 0)
		out = refuse(m, findings.list[0].text);
	if (json_array_size(names) == 1)
		json_object_set(m->action, "media", json_array_get(names, 0));
	else if (json_array_size(names) > 1)
		json_object_set(m->action, "media", names);
	json_decref(names);
	findings_release(&findings);
	return out;
}

/* The state whose buttons those of the message are. */
static const char *
sender_of(const struct making *m)
{
	const char *name = json_get_text(m->content->message, "state");

	return name ? flow_state_called(m->flow, name)
		    : flow_start_state(m->flow);
}

/* A button that nobody takes would be found out by those who press it. */
static enum outcome
check_id(struct making *m, const char *id)
{
	const char *state = sender_of(m), *key, *near;
	json_t *ids = json_object(), *value;
	enum outcome out = OUT_OK;

	json_object_foreach (json_object_get(json_object_get(m->flow->states,
						 state),
				 "on"),
	    key, value)
		if (strncmp(key, "button:", 7) == 0)
			json_object_set_new(ids, key + 7, json_true());
	if (json_object_get(ids, id) == NULL && strchr(id, '.') != NULL &&
	    json_get_text(m->content->message, "state") == NULL) {
		out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' is no address: write https://%.64s, or STATE:ID "
		    "for a button of the flow",
		    id, id);
	} else if (json_object_get(ids, id) == NULL) {
		near = check_nearest(id, ids);
		out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "the state '%s' has no 'button:%.64s' in its 'on'%s%s%s",
		    state, id, near ? "; did you mean '" : "",
		    near ? near : "", near ? "'?" : "");
	}
	json_decref(ids);
	return out;
}

/* BUTTON with its words put into the texts as KEY. */
static enum outcome
add_button(struct making *m, const json_t *button, const char *key,
    json_t *row)
{
	static const char *const known[] = { "text", "url", "id",
		"unsubscribe", "when", NULL };
	const char *id = json_get_text(button, "id");
	enum outcome out = OUT_OK;
	json_t *made;

	if (!json_is_object(button))
		return refuse(m, "'buttons' must be rows of buttons: [[{}]]");
	out = check_known(m, button, known, "a button");
	if (out == OUT_OK && id != NULL)
		out = check_id(m, id);
	if (out == OUT_OK)
		out = add_text(m, key, json_object_get(button, "text"));
	made = json_copy((json_t *)(uintptr_t)button);
	json_object_set_new(made, "text", json_string(key));
	json_array_append_new(row, made);
	return out;
}

static enum outcome
add_unsubscribe(struct making *m, json_t *rows)
{
	json_t *texts = json_object_get(m->root, "texts"), *name;
	const char *key = UNSUBSCRIBE_TEXT;
	size_t i;

	json_array_foreach (m->flow->langs, i, name) {
		const char *lang = json_string_value(name);
		json_t *words = json_object_get(texts, lang);

		if (json_object_get(words, key) == NULL)
			json_object_set_new(words, key,
			    json_string(strncmp(lang, "ru", 2) == 0
				    ? "Отписаться"
				    : "Unsubscribe"));
	}
	json_array_append_new(rows,
	    json_pack("[{sssb}]", "text", key, "unsubscribe", 1));
	return OUT_OK;
}

static bool
has_unsubscribe(const json_t *rows)
{
	json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row)
		json_array_foreach (row, j, button)
			if (json_object_get(button, "unsubscribe") != NULL)
				return true;
	return false;
}

static enum outcome
add_buttons(struct making *m)
{
	json_t *rows = json_object_get(m->content->message, "buttons"), *row,
	       *made = json_array(), *line, *button;
	enum outcome out = OUT_OK;
	size_t i, j;

	if (sender_of(m) == NULL)
		out = check_lacks(m->flow, "state",
		    json_get_text(m->content->message, "state"),
		    m->flow->states, m->fault);
	if (out == OUT_OK && rows != NULL && !json_is_array(rows))
		out = refuse(m, "'buttons' must be rows of buttons: [[{}]]");
	json_array_foreach (rows, i, row) {
		line = json_array();
		json_array_foreach (row, j, button) {
			char *key =
			    mem_printf(OUR_BUTTON ".%zu.%zu", i + 1, j + 1);

			if (out == OUT_OK)
				out = add_button(m, button, key, line);
			free(key);
		}
		json_array_append_new(made, line);
	}
	if (out == OUT_OK && m->content->unsubscribe && !has_unsubscribe(rows))
		out = add_unsubscribe(m, made);
	if (json_array_size(made) > 0)
		json_object_set(m->action, "buttons", made);
	if (out == OUT_OK && json_array_size(made) > 0 &&
	    json_is_array(json_object_get(m->action, "media")))
		out = refuse(m,
		    json_array_size(rows) > 0
			? "an album has no buttons: leave them out, or send "
			  "one file"
			: "an album has no buttons: give --no-unsubscribe "
			  "too, or send one file");
	json_decref(made);
	return out;
}

static void
add_flags(struct making *m)
{
	static const char *const flags[] = { "silent", "preview" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		json_t *flag = json_object_get(m->content->message, flags[i]);

		if (flag != NULL)
			json_object_set(m->action, flags[i], flag);
	}
}

/* An event that nothing fires holds what is to be checked. */
static void
add_event(struct making *m)
{
	json_t *events = json_object_get(m->root, "events");
	json_t *event = json_pack("{s[O]}", "do", m->action);

	if (m->content->guard != NULL)
		json_object_set(event, "when",
		    (json_t *)(uintptr_t)m->content->guard);
	if (events == NULL) {
		events = json_object();
		json_object_set_new(m->root, "events", events);
	}
	json_object_set_new(events, OURS, event);
}

static enum outcome
make(struct making *m)
{
	static const char *const known[] = { "text", "media", "buttons",
		"state", "silent", "preview", "note", NULL };
	enum outcome out =
	    check_known(m, m->content->message, known, "the message");

	if (out == OUT_OK)
		out = add_text(m, OUR_TEXT,
		    json_object_get(m->content->message, "text"));
	if (out == OUT_OK)
		out = add_files(m);
	if (out == OUT_OK)
		out = add_buttons(m);
	if (out == OUT_OK) {
		add_flags(m);
		add_event(m);
	}
	return out;
}

enum outcome
broadcast_bundle(const struct flow *flow,
    const struct broadcast_content *content, char **bundle, json_t **action,
    struct fault *fault)
{
	struct making m = { flow, content, json_deep_copy(flow->root),
		json_pack("{ss}", "send", OUR_TEXT), fault };
	enum outcome out = make(&m);

	*bundle = NULL;
	*action = NULL;
	if (out == OUT_OK) {
		*bundle = json_dumps(m.root, JSON_SORT_KEYS | JSON_COMPACT);
		*action = json_copy(m.action);
		json_object_set_new(*action, "state",
		    json_string(sender_of(&m)));
	}
	json_decref(m.action);
	json_decref(m.root);
	return out;
}
