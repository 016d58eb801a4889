/* SPDX-License-Identifier: MIT */
#include "ops/visitor.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/markup.h"
#include "crm/form.h"
#include "ops/cgi.h"
#include "store/lead_join.h"

#define PATH_MAX_BYTES 1000
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyz0123456789.-"

enum language { ENGLISH, RUSSIAN, LANGUAGES };

static const struct {
	int status; /* of all that follow as well */
	const char *title[LANGUAGES], *text[LANGUAGES];
} words[] = {
	{ 200, { "Thank you!", "Спасибо!" },
	    { "We have received it and will get in touch with you.",
		"Мы получили вашу заявку и свяжемся с вами." } },
	{ 400, { "Not sent yet", "Заявка ещё не отправлена" },
	    { "Please go back and fill in the form: a name, a phone number or "
	      "an e-mail address.",
		"Пожалуйста, вернитесь и заполните форму: имя, телефон или "
		"электронную почту." } },
	{ 405, { "Not sent", "Заявка не отправлена" },
	    { "It could not be read. Please go back and send the form again.",
		"Её не удалось прочитать. Пожалуйста, вернитесь и отправьте "
		"форму ещё раз." } },
	{ 500, { "Not sent", "Заявка не отправлена" },
	    { "Something is wrong on our side. Please tell us in another way.",
		"У нас что-то сломалось. Пожалуйста, сообщите нам о себе "
		"другим способом." } },
	{ 503, { "Not sent yet", "Заявка ещё не отправлена" },
	    { "We could not store it just now. Please go back and send the "
	      "form again in a minute.",
		"Сейчас её не удалось сохранить. Пожалуйста, вернитесь и "
		"отправьте форму ещё раз через минуту." } },
};

static const char *const back[LANGUAGES] = { "Back", "Назад" };
static const char *const codes[LANGUAGES] = { "en", "ru" };

static const char style[] =
    ":root{color-scheme:light dark}\n"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:1.125rem/1.5 system-ui,sans-serif;background:#f6f6f3;"
    "color:#1c1f23}\n"
    "main{max-width:26rem;padding:2rem 1.5rem;text-align:center}\n"
    "h1{font-size:1.75rem;line-height:1.2;margin:0 0 .75rem}\n"
    "p{margin:0 0 1rem}small{color:#5b626b}a{color:#2b6cb0}\n"
    "@media(prefers-color-scheme:dark){body{background:#121518;"
    "color:#e7e9ec}small{color:#a0a8b2}a{color:#71aef0}}\n";

static const char *
header(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

bool
visitor_asks_leave(void)
{
	return strcmp(header("REQUEST_METHOD"), "OPTIONS") == 0;
}

/* A browser that posts a form itself says where it stands. */
static void
put_place(struct intake *intake)
{
	static const char *const from[][2] = { { "page", "HTTP_REFERER" },
		{ "ip", "REMOTE_ADDR" }, { "user_agent", "HTTP_USER_AGENT" } };
	const char *value;

	if (getenv("HTTP_REFERER") == NULL)
		return;
	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		value = header(from[i][1]);
		if (*value != '\0' &&
		    json_object_get(intake->details, from[i][0]) == NULL)
			intake_put(intake, from[i][0], value, strlen(value));
	}
}

/* Browsers fill fields in for people, too: what may be somebody's is kept, and
 * marked for those who read it. */
static void
mark(struct intake *intake, const char *trap)
{
	json_t *tags = json_object_get(intake->details, "tags");
	char *line = mem_printf("a program may have sent this: it filled in "
				"'%s', which people do not see",
	    trap);

	if (tags == NULL) {
		tags = json_array();
		json_object_set_new(intake->details, "tags", tags);
	}
	json_array_insert_new(tags, 0, json_string("spam?"));
	lead_note_add(intake->details, line);
	free(line);
}

void
visitor_put(struct intake *intake)
{
	static const char *const traps[] = { "_gotcha", "_honey" };
	const char *query = cgi_query();
	const json_t *value;

	if (query != NULL)
		form_read(intake, query, strlen(query));
	put_place(intake);
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
		value = json_object_get(intake->raw, traps[i]);
		if (value == NULL || json_is_null(value) ||
		    (json_is_string(value) && json_string_length(value) == 0))
			continue;
		mark(intake, traps[i]);
		return;
	}
}

/* Browsers drop tabs and line ends of an address, and read a backslash as a
 * slash: what begins with two of these is another host. */
static bool
is_path(const char *path)
{
	if (path == NULL || path[0] != '/' || path[1] == '/' ||
	    strlen(path) > PATH_MAX_BYTES)
		return false;
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path >= 0x7f || *path == '\\')
			return false;
	return true;
}

/* A scheme and a host, and nothing that could turn into a path or a header. */
static bool
is_origin(const char *origin)
{
	const char *host = strncmp(origin, "https://", 8) == 0 ? origin + 8
	    : strncmp(origin, "http://", 7) == 0	       ? origin + 7
							       : NULL;
	size_t len = host != NULL ? strspn(host, HOST_CHARS) : 0;

	if (len == 0 || len > 253)
		return false;
	host += len;
	return *host == '\0' ||
	    (*host == ':' && strlen(host) <= 6 &&
		host[1 + strspn(host + 1, "0123456789")] == '\0');
}

char *
visitor_next(const struct intake *intake)
{
	const char *path = json_get_text(intake->raw, "_next");
	const char *origin = header("HTTP_ORIGIN");

	if (!is_path(path))
		return NULL;
	return mem_printf("%s%s", is_origin(origin) ? origin : "", path);
}

int
visitor_status(const struct fault *fault)
{
	if (fault->what == OUT_OK)
		return 200;
	if (fault->code == EXIT_INPUT)
		return 400;
	if (fault->code == EXIT_USAGE)
		return 415;
	return fault->what == OUT_LATER || fault->code == EXIT_IO ? 503 : 500;
}

static void
add_page(struct buf *out, int status, const char *text)
{
	enum language language =
	    strncmp(header("HTTP_ACCEPT_LANGUAGE"), "ru", 2) == 0 ? RUSSIAN
								  : ENGLISH;
	const char *from = header("HTTP_REFERER");
	size_t row = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].status <= status)
			row = i;
	buf_printf(out,
	    "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>%s</title>\n<style>\n%s</style>\n<main>\n<h1>%s</h1>\n"
	    "<p>%s</p>\n",
	    codes[language], words[row].title[language], style,
	    words[row].title[language], words[row].text[language]);
	if (status >= 400 && status < 500) {
		buf_add_text(out, "<p><small>");
		markup_escape(text, out);
		buf_add_text(out, "</small></p>\n");
	}
	if (strncmp(from, "http://", 7) == 0 ||
	    strncmp(from, "https://", 8) == 0) {
		buf_add_text(out, "<p><a href=\"");
		markup_escape(from, out);
		buf_printf(out, "\">%s</a></p>\n", back[language]);
	}
	buf_add_text(out, "</main>\n");
}

/* Whoever may send from anywhere may hear the answer anywhere: there are no
 * cookies here that a page could misuse. */
static void
add_leave(struct buf *out)
{
	buf_add_text(out,
	    "Access-Control-Allow-Origin: *\r\n"
	    "Access-Control-Allow-Methods: POST\r\n"
	    "Access-Control-Allow-Headers: Content-Type\r\n"
	    "Access-Control-Max-Age: 86400\r\n\r\n");
}

void
visitor_answer(struct buf *out, int status, const char *text, const char *next)
{
	bool page = strstr(header("HTTP_ACCEPT"), "text/html") != NULL;

	if (page && status == 200 && next != NULL)
		status = 303;
	buf_printf(out, "Status: %s\r\n", cgi_reason(status));
	if (status == 204) {
		add_leave(out);
		return;
	}
	if (status == 303)
		buf_printf(out, "Location: %s\r\n", next);
	if (status == 405)
		buf_add_text(out, "Allow: POST, OPTIONS\r\n");
	if (status == 503)
		buf_add_text(out, "Retry-After: 60\r\n");
	buf_printf(out,
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'unsafe-inline'\r\n"
	    "Access-Control-Allow-Origin: *\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n",
	    page ? "html" : "plain");
	if (page)
		add_page(out, status, text);
	else
		buf_printf(out, "%s\n", text);
}
