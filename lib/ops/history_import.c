/* SPDX-License-Identifier: MIT */
#include "ops/history_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "shared/key_page.h"
#include "store/said.h"

#define LINE_MAX_BYTES (1U << 20)

/* Messages of one transaction, and their texts; whoever waits for the lock
 * waits for these. */
#define BATCH 500
#define BATCH_BYTES (1U << 20)
#define BEGIN_WAIT_MS 20000

#define COMPLAINTS 20

/* What is being imported: a transaction is open while `open`. */
struct importing {
	struct run *run;
	struct history_import *import;
	int open;
	size_t bytes; /* of texts in it */
};

static const char *const names_of_text[] = { "text", "content", "message",
	NULL };
static const char *const names_of_time[] = { "time", "at", "timestamp",
	"created_at", "createdAt", "date", NULL };
static const char *const names_of_user[] = { "user", "userId", "user_id",
	"chat", "chatId", "chat_id", NULL };

static const struct {
	const char *theirs, *ours;
} roles[] = { { "user", "user" }, { "human", "user" }, { "client", "user" },
	{ "assistant", "assistant" }, { "bot", "assistant" },
	{ "model", "assistant" }, { "operator", "operator" },
	{ "manager", "operator" }, { "admin", "operator" } };

static const json_t *
first_of(const json_t *object, const char *const *names)
{
	const json_t *value = NULL;

	while (value == NULL && *names != NULL)
		value = json_object_get(object, *names++);
	return value;
}

/* Seconds up to the year 5138, else ms. */
#define SECONDS_MOST INT64_C(100000000000)

static int64_t
time_of(const json_t *value)
{
	int64_t at = 0;

	if (json_is_number(value)) {
		double number = json_number_value(value);
		if (number < 0 || number > 1e15)
			return 0;
		return number < (double)SECONDS_MOST ? (int64_t)(number * 1000)
						     : (int64_t)number;
	}
	if (!json_is_string(value))
		return 0;
	/* Databases write no zone, and mean UTC. */
	char *zoned = mem_printf("%sZ", json_string_value(value));
	if (clock_parse(json_string_value(value), &at) != 0 &&
	    clock_parse(zoned, &at) != 0)
		at = 0;
	free(zoned);
	return at;
}

static int64_t
chat_of(const json_t *value)
{
	int64_t id = 0;
	const char *text = json_string_value(value);

	if (json_is_integer(value))
		return json_integer_value(value);
	if (text != NULL &&
	    !json_int((struct json_slice){ text, strlen(text) }, &id))
		return 0;
	return id;
}

static const char *
role_of(const json_t *value)
{
	const char *role = json_string_value(value);

	for (size_t i = 0; role != NULL && i < sizeof(roles) / sizeof(*roles);
	     i++)
		if (strcmp(roles[i].theirs, role) == 0)
			return roles[i].ours;
	return NULL;
}

/* Reads OBJECT, whose chat is CHAT_ID unless that is 0; the texts are
 * borrowed from it. */
static enum outcome
read_said(const json_t *object, int64_t chat_id, struct said *said,
    struct fault *fault)
{
	*said = (struct said){
		.chat_id = chat_id ? chat_id
				   : chat_of(first_of(object, names_of_user)),
		.at = time_of(first_of(object, names_of_time)),
		.role = role_of(json_object_get(object, "role")),
		.text = json_string_value(first_of(object, names_of_text)),
	};
	const char *missing = !json_is_object(object) ? "no object"
	    : said->chat_id == 0		      ? "no user"
	    : said->role == NULL ? "no role (user, assistant or operator)"
	    : said->text == NULL ? "no text"
				 : NULL;
	if (missing != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT, "%s", missing);
	return OUT_OK;
}

/* What is wrong with one message stops no other. */
static void
complain(struct importing *i, const char *where, int64_t number,
    const struct fault *fault)
{
	if (i->import->refused++ < COMPLAINTS)
		log_error("%s %lld: %s", where, (long long)number,
		    fault->text);
}

static enum outcome
finish_batch(struct importing *i)
{
	if (i->open == 0)
		return OUT_OK;
	i->open = 0;
	i->bytes = 0;
	return db_commit(i->run->db, &i->run->fault);
}

static enum outcome
add_one(struct importing *i, const struct said *said, bool *added,
    struct fault *why)
{
	struct db *db = i->run->db;
	enum outcome out = OUT_OK;

	if (i->open == 0)
		out = db_begin(db, clock_mono_ms() + BEGIN_WAIT_MS, why);
	if (out != OUT_OK)
		return out;
	++i->open;
	i->bytes += strlen(said->text);
	return said_add(db, said, clock_wall_ms(), added, why);
}

/* Takes OBJECT, the NUMBER-th of WHERE. */
static enum outcome
take(struct importing *i, const json_t *object, int64_t chat_id,
    const char *where, int64_t number)
{
	struct fault why;
	struct said said;
	bool added = false;
	enum outcome out = read_said(object, chat_id, &said, &why);

	if (out == OUT_OK)
		out = add_one(i, &said, &added, &why);
	if (out == OUT_NEVER && why.code == EXIT_INPUT) {
		complain(i, where, number, &why);
	} else if (out != OUT_OK) {
		i->run->fault = why;
		return out;
	} else {
		++*(added ? &i->import->added : &i->import->known);
	}
	return i->open >= BATCH || i->bytes >= BATCH_BYTES ? finish_batch(i)
							   : OUT_OK;
}

static enum outcome
take_text(struct importing *i, const char *text, size_t len, int64_t chat_id,
    const char *where, int64_t number)
{
	json_error_t error;
	json_t *value = json_parse((struct json_slice){ text, len }, &error);
	enum outcome out = OUT_OK;
	struct fault why;

	if (value == NULL) {
		(void)!fault_set(&why, OUT_NEVER, EXIT_INPUT, "no JSON: %s",
		    error.text);
		complain(i, where, number, &why);
	} else if (json_is_array(value)) {
		for (size_t at = 0;
		     at < json_array_size(value) && out == OUT_OK; at++)
			out = take(i, json_array_get(value, at), chat_id,
			    where, number);
	} else {
		out = take(i, value, chat_id, where, number);
	}
	json_decref(value);
	return out;
}

static enum outcome
stopped(struct importing *i)
{
	return fault_set(&i->run->fault, OUT_LATER, EXIT_LATER,
	    "stopped; run it again: what is stored is known then");
}

static enum outcome
take_lines(struct importing *i, struct lines *lines, const char *file)
{
	enum outcome out = OUT_OK;
	struct fault why;
	size_t len;
	char *line;

	while (out == OUT_OK)
		switch (
		    lines_next(lines, i->open == 0, stop_fd(), &line, &len)) {
		case LINES_LINE:
			if (len > 0)
				out = take_text(i, line, len, 0, "line",
				    lines->number);
			break;
		case LINES_TOO_LONG:
			(void)!fault_set(&why, OUT_NEVER, EXIT_INPUT,
			    "longer than 1 MiB");
			complain(i, "line", lines->number, &why);
			break;
		case LINES_LATER:
			out = finish_batch(i);
			break;
		case LINES_END:
			return finish_batch(i);
		case LINES_STOPPED:
			out = finish_batch(i);
			return out != OUT_OK ? out : stopped(i);
		case LINES_FAILED:
			return fault_set(&i->run->fault, OUT_NEVER,
			    errno == EISDIR ? EXIT_INPUT : EXIT_IO,
			    "cannot read %s: %s", file, strerror(errno));
		}
	return out;
}

enum outcome
history_import_file(struct run *run, const char *file,
    struct history_import *import)
{
	struct importing i = { .run = run, .import = import };
	bool is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	struct lines lines;

	if (fd < 0)
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "cannot open %s: %s", file, strerror(errno));
	lines_init(&lines, fd, LINE_MAX_BYTES);
	enum outcome out = take_lines(&i, &lines, file);
	db_rollback(run->db);
	lines_release(&lines);
	if (!is_stdin)
		close(fd);
	return out;
}

static enum outcome
take_page(const struct key_page *page, void *arg)
{
	struct importing *i = arg;
	enum outcome out = OUT_OK;

	i->import->chats += page->first == 0 && page->count > 0;
	for (size_t at = 0; at < page->count && out == OUT_OK; at++)
		out = take_text(i, page->texts[at]->str, page->texts[at]->len,
		    page->id, page->key, page->first + (int64_t)at);
	bool stop = out == OUT_OK && stop_wanted();
	if (out == OUT_OK && (page->last || stop))
		out = finish_batch(i);
	return out == OUT_OK && stop ? stopped(i) : out;
}

enum outcome
history_import_redis(struct run *run, struct redis *redis, const char *key,
    struct history_import *import)
{
	struct importing i = { .run = run, .import = import };
	enum outcome out = key_pages(redis, key, take_page, &i, &run->fault);

	db_rollback(run->db);
	return out;
}
