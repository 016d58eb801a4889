/* SPDX-License-Identifier: MIT */
#include "telegram/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "telegram/address.h"
#include "telegram/album.h"
#include "telegram/token.h"

/* The server cuts getUpdates at 4 MiB counted before the envelope. */
#define UPDATES_MAX (6u << 20)

struct telegram {
	struct http *http;
	char *url; /* ROOT/botTOKEN/ */
};

enum outcome
telegram_check_token(const struct config *config, const char *name,
    struct fault *fault)
{
	const char *token = config_get(config, name);

	if (!token)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s is not set; get one from @BotFather", name);
	if (telegram_bot_id(token) == 0)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s does not look like a token (%s)", name,
		    config_origin(config, name));
	return OUT_OK;
}

enum outcome
telegram_open(struct telegram **telegram, const struct config *config,
    struct fault *fault)
{
	return telegram_open_as(telegram, config, "BOT_TOKEN", fault);
}

enum outcome
telegram_open_as(struct telegram **telegram, const struct config *config,
    const char *token, struct fault *fault)
{
	const char *root = config_get_or(config, "TELEGRAM_API_ROOT",
	    "https://api.telegram.org");
	struct http_options options = {
		.peer = "Telegram",
		.peer_setting = "TELEGRAM_API_ROOT",
	};
	enum outcome result = telegram_check_token(config, token, fault);
	size_t len = strlen(root);

	*telegram = NULL;
	if (result == OUT_OK)
		result = address_check_root(root,
		    config_origin(config, "TELEGRAM_API_ROOT"), fault);
	if (result == OUT_OK)
		result = http_options_read(&options, config, "TELEGRAM_PROXY",
		    fault);
	if (result == OUT_OK)
		result = address_check_both(root, options.proxy,
		    config_origin(config, "TELEGRAM_PROXY"), fault);
	if (result != OUT_OK)
		return result;
	while (len > 0 && root[len - 1] == '/')
		len--;
	*telegram = mem_alloc(sizeof(**telegram));
	(*telegram)->url = mem_printf("%.*s/bot%s/", (int)len, root,
	    config_get(config, token));
	(*telegram)->http = http_open(&options);
	return OUT_OK;
}

void
telegram_close(struct telegram *telegram)
{
	if (!telegram)
		return;
	http_close(telegram->http);
	free(telegram->url);
	free(telegram);
}

struct http *
telegram_http(struct telegram *telegram)
{
	return telegram->http;
}

/* PARAMS as a tree, empty for none; NULL when it is not an object: Telegram
 * refuses the request then, and the message is dead by its own fault. */
static json_t *
params_object(const char *params)
{
	struct json_slice text = { params, params ? strlen(params) : 0 };
	json_error_t error;
	json_t *fields;

	if (text.len == 0)
		return json_object();
	fields = json_parse(text, &error);
	if (json_is_object(fields))
		return fields;
	json_decref(fields);
	return NULL;
}

/*
 * Puts chat and file before the members of PARAMS, whose text stays as it is:
 * what was stored is what is sent.
 */
static char *
body_text(const struct telegram_request *request)
{
	const char *file = method_file(request->method);
	const char *params = request->params ? request->params : "";
	const char *id = file && request->file_id ? request->file_id : "";
	struct buf body = BUF_INIT(strlen(params) + 6 * strlen(id) + 128);

	params += strspn(params, " \t\r\n");
	if (*params == '{')
		params++;
	params += strspn(params, " \t\r\n");
	buf_add_char(&body, '{');
	if (request->chat_id)
		buf_printf(&body, "\"chat_id\":%lld,",
		    (long long)request->chat_id);
	if (*id) {
		char *clean = utf8_clean(id, strlen(id));
		json_auto_t *value = json_string(clean);
		char *quoted = json_text(value);

		buf_printf(&body, "\"%s\":%s,", file, quoted);
		free(quoted);
		free(clean);
	}
	if (!*params)
		params = "}";
	if (*params == '}' && body.len > 1)
		body.data[--body.len] = '\0';
	buf_add_text(&body, params);
	return buf_take(&body);
}

/* The last part of PATH without what could end the header that holds it. */
static char *
upload_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *name = utf8_clean(base, strlen(base));
	char *at;

	for (at = name; *at; at++)
		if (strchr("\"\\\r\n\t;", *at))
			*at = '_';
	if (!*name) {
		free(name);
		name = mem_dup("file");
	}
	return name;
}

/* A form field takes text: strings bare, anything else as JSON. */
static void
add_field(struct http_request *http, struct http_part *parts, const char *name,
    const json_t *value)
{
	struct http_part *part = &parts[http->part_count++];

	part->name = name;
	part->text = json_is_string(value) ? mem_dup(json_string_value(value))
					   : json_text(value);
}

static void
add_file(struct http_request *http, struct http_part *parts, const char *name,
    const char *path)
{
	struct http_part *part = &parts[http->part_count++];

	part->name = name;
	part->file = path;
	part->filename = upload_name(path);
}

static struct http_call *
start_upload(struct telegram *telegram, const struct telegram_request *request,
    struct http_request *http, json_t *fields)
{
	size_t room = json_object_size(fields) + request->album_count + 2, i;
	struct http_part *parts = mem_array(NULL, room, sizeof(*parts));
	json_auto_t *chat = json_integer(request->chat_id);
	char names[ALBUM_FILES][ALBUM_NAME_SIZE];
	const char *name;
	json_t *value;
	struct http_call *call;

	memset(parts, 0, room * sizeof(*parts));
	http->parts = parts;
	if (request->chat_id)
		add_field(http, parts, "chat_id", chat);
	json_object_foreach (fields, name, value)
		if (!json_is_null(value))
			add_field(http, parts, name, value);
	if (request->album_count == 0)
		add_file(http, parts, method_file(request->method),
		    request->upload);
	for (i = 0; i < request->album_count && i < ALBUM_FILES; i++)
		if (!request->album[i].file_id)
			add_file(http, parts, album_name(i, names[i]),
			    request->album[i].upload);
	call = http_start(telegram->http, http);
	for (i = 0; i < http->part_count; i++) {
		free((char *)parts[i].text);
		free((char *)parts[i].filename);
	}
	free(parts);
	return call;
}

static struct http_call *
start_body(struct telegram *telegram, const struct telegram_request *request,
    struct http_request *http)
{
	char *body = body_text(request);
	struct http_call *call;

	http->body = body;
	http->body_len = strlen(body);
	call = http_start(telegram->http, http);
	free(body);
	return call;
}

/* An album is a request whose PARAMS are made anew. */
static struct http_call *
start_album(struct telegram *telegram, const struct telegram_request *request,
    struct http_request *http, json_t *fields)
{
	struct telegram_request plain = *request;
	struct http_call *call;

	album_fill(fields, request->album, request->album_count);
	if (album_uploads(request->album, request->album_count))
		return start_upload(telegram, request, http, fields);
	char *params = json_text(fields);
	plain.params = params;
	call = start_body(telegram, &plain, http);
	free(params);
	return call;
}

struct http_call *
telegram_start(struct telegram *telegram,
    const struct telegram_request *request)
{
	bool album = request->album_count > 0;
	bool upload = request->upload && !request->file_id &&
	    method_file(request->method);
	struct http_request http = {
		.deadline = request->deadline,
		.max_answer =
		    request->method == METHOD_GET_UPDATES ? UPDATES_MAX : 0,
		.tag = request->tag,
		.id = request->id,
	};
	json_auto_t *fields = NULL;
	struct http_call *call;
	char *url =
	    mem_printf("%s%s", telegram->url, method_name(request->method));

	http.url = url;
	if (!http.deadline)
		http.deadline = clock_mono_ms() +
		    method_patience_ms(request->method,
			upload || album ? request->upload_size : 0);
	if (upload || album)
		fields = params_object(request->params);
	if (fields && album)
		call = start_album(telegram, request, &http, fields);
	else if (fields)
		call = start_upload(telegram, request, &http, fields);
	else
		call = start_body(telegram, request, &http);
	free(url);
	return call;
}

enum outcome
telegram_call(struct telegram *telegram,
    const struct telegram_request *request, struct http_result *result,
    struct fault *fault)
{
	memset(result, 0, sizeof(*result));
	if (http_running(telegram->http) > 0)
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "a call of its own was asked for while others run");
	http_finish(telegram->http, telegram_start(telegram, request), result);
	if (result->answered)
		return OUT_OK;
	if (fault)
		*fault = result->fault;
	return result->fault.what;
}
