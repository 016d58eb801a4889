/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/utf8.h"

/* Texts in all languages with rows of buttons are far shorter. */
#define WORDS_MAX_BYTES (1U << 20)

bool
broadcast_words_many(const struct broadcast_words *words)
{
	return words->texts.count > 0 || words->text_file != NULL ||
	    words->photos.count > 0 || words->videos.count > 0 ||
	    words->documents.count > 0 || words->buttons.count > 0 ||
	    words->silent;
}

bool
broadcast_words_any(const struct broadcast_words *words)
{
	return words->message != NULL || broadcast_words_many(words);
}

static enum outcome
read_stdin(char **text, size_t *len, struct fault *fault)
{
	struct buf all = BUF_INIT(WORDS_MAX_BYTES);
	enum outcome out = OUT_OK;
	char piece[4096];
	ssize_t got;

	if (isatty(STDIN_FILENO))
		log_warning("the message, please; Ctrl-D ends it");
	while ((got = read(STDIN_FILENO, piece, sizeof(piece))) != 0 &&
	    !all.overflow) {
		if (got > 0)
			buf_add(&all, piece, (size_t)got);
		else if (errno != EINTR || stop_wanted())
			break;
	}
	if (got < 0)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "cannot read stdin: %s", strerror(errno));
	else if (all.overflow)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "stdin is longer than %u bytes", WORDS_MAX_BYTES);
	*len = all.len;
	*text = out == OUT_OK ? buf_take(&all) : NULL;
	buf_release(&all);
	return out;
}

static enum outcome
read_file(const char *path, char **text, size_t *len, struct fault *fault)
{
	return strcmp(path, "-") == 0
	    ? read_stdin(text, len, fault)
	    : file_read(path, WORDS_MAX_BYTES, text, len, fault);
}

/* Its author would not see the message that goes to a hundred thousand. */
static enum outcome
check_utf8(const char *text, size_t len, struct fault *fault)
{
	if (utf8_valid(text, len) && strlen(text) == len)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the text is not UTF-8");
}

static enum outcome
read_message(const char *path, json_t **message, struct fault *fault)
{
	json_error_t error;
	char *text;
	size_t len;
	enum outcome out = read_file(path, &text, &len, fault);

	if (out != OUT_OK)
		return out;
	*message = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (*message == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is not JSON: line %d column %d: %s", path,
		    error.line, error.column, error.text);
	if (!json_is_object(*message))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is no JSON object such as {\"text\": \"Hi\"}", path);
	return OUT_OK;
}

static enum outcome
put_text(const struct broadcast_words *words, json_t *message,
    struct fault *fault)
{
	char *text = mem_dup(words->texts.list[0]), *trimmed;
	size_t len = text ? strlen(text) : 0;
	enum outcome out = OUT_OK;

	if (words->text_file != NULL)
		out = read_file(words->text_file, &text, &len, fault);
	if (out != OUT_OK)
		return out;
	if (text != NULL)
		out = check_utf8(text, len, fault);
	if (text != NULL && out == OUT_OK) {
		/* A file ends with a line end that nobody meant. */
		trimmed = utf8_trim(text);
		json_object_set_new(message, "text", json_string(trimmed));
		free(trimmed);
	}
	free(text);
	return out;
}

static void
put_files(const struct opt_texts *files, const char *kind, json_t *media)
{
	for (int i = 0; i < files->count; i++)
		json_array_append_new(media,
		    json_pack("{ss}", kind, files->list[i]));
}

static bool
is_url(const char *text)
{
	return strncmp(text, "https://", 8) == 0 ||
	    strncmp(text, "http://", 7) == 0 || strncmp(text, "tg://", 5) == 0;
}

static enum outcome
put_button(const char *text, json_t *message, json_t *rows,
    struct fault *fault)
{
	const char *to = strchr(text, '='), *colon;
	const char *old = json_string_value(json_object_get(message, "state"));
	json_auto_t *button = json_object();
	char *label, *state;
	bool same;

	if (to == NULL || to == text || to[1] == '\0')
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' is no button such as 'Buy=https://example.com' "
		    "or 'Begin=STATE:ID'",
		    text);
	label = mem_dup_n(text, (size_t)(to++ - text));
	json_object_set_new(button, "text", json_string(label));
	free(label);
	json_array_append_new(rows, json_pack("[O]", button));
	if (is_url(to)) {
		json_object_set_new(button, "url", json_string(to));
		return OUT_OK;
	}
	colon = strchr(to, ':');
	json_object_set_new(button, "id", json_string(colon ? colon + 1 : to));
	if (colon == NULL)
		return OUT_OK;
	state = mem_dup_n(to, (size_t)(colon - to));
	same = old == NULL || strcmp(old, state) == 0;
	if (same)
		json_object_set_new(message, "state", json_string(state));
	free(state);
	if (same)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the buttons of one message belong to one state");
}

static enum outcome
make_message(const struct broadcast_words *words, json_t **message,
    struct fault *fault)
{
	json_t *made = json_object(), *media = json_array(),
	       *rows = json_array();
	enum outcome out = put_text(words, made, fault);

	put_files(&words->photos, "photo", media);
	put_files(&words->videos, "video", media);
	put_files(&words->documents, "document", media);
	for (int i = 0; i < words->buttons.count && out == OUT_OK; i++)
		out = put_button(words->buttons.list[i], made, rows, fault);
	if (json_array_size(media) > 0)
		json_object_set(made, "media", media);
	if (json_array_size(rows) > 0)
		json_object_set(made, "buttons", rows);
	if (words->silent)
		json_object_set_new(made, "silent", json_true());
	json_decref(media);
	json_decref(rows);
	*message = made;
	return out;
}

enum outcome
broadcast_words_read(const struct broadcast_words *words, json_t **message,
    char **path, struct fault *fault)
{
	*message = NULL;
	*path = mem_dup(words->message && strcmp(words->message, "-") != 0
		? words->message
		: "-");
	return words->message ? read_message(words->message, message, fault)
			      : make_message(words, message, fault);
}
