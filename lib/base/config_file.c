/* SPDX-License-Identifier: MIT */
#include "base/config_file.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

#define LARGEST (1024 * 1024)

/* Names the group that has to read PATH; root keeps the file. */
static void
add_remedy(const char *path, struct fault *fault)
{
	/* cppcheck-suppress getgrgidCalled; no thread runs yet */
	const struct group *group = getgrgid(getegid());
	char number[24];

	snprintf(number, sizeof(number), "%u", (unsigned)getegid());
	fault_set(fault, fault->what, fault->code,
	    "%s; run as root: chown root:%s %s && chmod 640 %s", fault->text,
	    group != NULL ? group->gr_name : number, path, path);
}

enum outcome
config_file_load(const char *path, char **text, size_t *len,
    struct stat *about, struct fault *fault)
{
	enum outcome result =
	    file_read_stat(path, LARGEST, text, len, about, fault);

	/* Bad input is for data; what one configures is 78. */
	if (result != OUT_OK && fault != NULL && fault->code == EXIT_INPUT)
		fault->code = EXIT_CONFIG;
	/* In a closed directory the file's own mode is not what is wrong. */
	if (result != OUT_OK && fault != NULL &&
	    fault->code == EXIT_PERMISSION && access(path, F_OK) == 0)
		add_remedy(path, fault);
	return result;
}

static bool
is_own_group(gid_t gid)
{
	gid_t groups[256];
	int count;

	/* Root hands the file to the group of the bot's user. */
	if (geteuid() == 0 || gid == getegid())
		return true;
	count = getgroups(256, groups);
	while (count-- > 0)
		if (groups[count] == gid)
			return true;
	return false;
}

/* Whether some user reads the file of ABOUT by its group alone: taken from the
 * group, it would be closed to the bot. */
static bool
is_read_by_group(const struct stat *about)
{
	if (about->st_gid == 0 || !is_own_group(about->st_gid))
		return false;
	return about->st_uid != geteuid() || about->st_gid != getegid();
}

enum outcome
config_file_check_mode(const char *path, const struct stat *about,
    bool secrets, struct fault *fault)
{
	bool changed = (about->st_mode & 022) != 0;
	bool seen = (about->st_mode & 007) != 0 ||
	    ((about->st_mode & 040) != 0 && !is_own_group(about->st_gid));

	if (!S_ISREG(about->st_mode) || (!changed && !(secrets && seen)))
		return OUT_OK;
	/* It names programs that we run and where the token goes. */
	return fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
	    "'%s' %s (mode %04o), run: chmod %s %s", path,
	    secrets ? "holds secrets and is open to others"
		    : "can be changed by others",
	    (unsigned)about->st_mode & 07777,
	    is_read_by_group(about) ? "640" : "600", path);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

static bool
is_name_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	    (!first && c >= '0' && c <= '9');
}

/* The text between quotes; AT is the opening one.  Returns what follows the
 * closing one, NULL when there is none. */
static const char *
read_quoted(const char *at, struct buf *value)
{
	char quote = *at++;

	for (; *at != '\0' && *at != quote; at++) {
		if (quote == '\'' || *at != '\\') {
			buf_add_char(value, *at);
			continue;
		}
		at++;
		if (*at == 'n')
			buf_add_char(value, '\n');
		else if (*at == '"' || *at == '\\' || *at == '$' || *at == '`')
			buf_add_char(value, *at);
		else if (*at == '\0')
			return NULL;
		else
			buf_printf(value, "\\%c", *at);
	}
	return *at == quote ? at + 1 : NULL;
}

/* Up to the end or a comment, which begins with # after white space. */
static void
read_bare(const char *at, struct buf *value)
{
	const char *end = at;

	for (const char *c = at; *c != '\0'; c++) {
		if (*c == '#' && (c == at || is_blank(c[-1])))
			break;
		if (!is_blank(*c))
			end = c + 1;
	}
	buf_add(value, at, (size_t)(end - at));
}

/* The value that begins at AT; NULL, or what is wrong with it. */
static const char *
read_value(const char *at, struct buf *value)
{
	if (*at != '"' && *at != '\'') {
		read_bare(at, value);
		return NULL;
	}
	at = read_quoted(at, value);
	if (at == NULL)
		return "the quote is not closed";
	if (*at != '\0' && !is_blank(*at))
		return "text follows the closing quote";
	at = skip_blanks(at);
	return *at == '\0' || *at == '#' ? NULL
					 : "text follows the closing quote";
}

/* What no line may hold, or NULL.  The text itself is never shown. */
static const char *
check_bytes(const char *line)
{
	for (const char *c = line; *c != '\0'; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return "it holds a control character";
	return utf8_valid(line, strlen(line)) ? NULL : "it is not UTF-8";
}

static void
keep_line(struct config_file *file, const char *name, size_t len,
    struct buf *value, int number)
{
	struct config_line line = { .name = mem_dup_n(name, len),
		.value = buf_take(value),
		.line = number };
	const struct config_line *older = config_file_find(file, line.name);

	if (older != NULL && strcmp(older->value, line.value) != 0)
		log_warning("%s lines %d and %d: '%s' is set twice, the last "
			    "one counts",
		    file->path, older->line, number, line.name);
	file->lines = mem_array(file->lines, file->count + 1, sizeof(line));
	file->lines[file->count++] = line;
}

/* NULL, or what is wrong with LINE. */
static const char *
parse_line(struct config_file *file, const char *line, int number)
{
	struct buf value = BUF_INIT(LARGEST);
	const char *at = skip_blanks(line), *name, *wrong;
	size_t len;

	if (*at == '\0' || *at == '#')
		return NULL;
	wrong = check_bytes(at);
	if (wrong != NULL)
		return wrong;
	if (strncmp(at, "export", 6) == 0 && is_blank(at[6]))
		at = skip_blanks(at + 6);
	name = at;
	while (is_name_char(*at, at == name))
		at++;
	len = (size_t)(at - name);
	at = skip_blanks(at);
	if (len == 0 || *at != '=')
		return "it is not KEY=value";
	wrong = read_value(skip_blanks(at + 1), &value);
	if (wrong == NULL)
		keep_line(file, name, len, &value, number);
	buf_release(&value);
	return wrong;
}

enum outcome
config_file_parse(struct config_file *file, const char *text, size_t len,
    struct fault *fault)
{
	char *copy, *at, *end;
	const char *wrong = NULL;
	int number = 0;

	if (memchr(text, '\0', len) != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is no configuration: it holds a NUL byte",
		    file->path);
	copy = mem_dup_n(text, len);
	at = strncmp(copy, "\xef\xbb\xbf", 3) == 0 ? copy + 3 : copy;
	while (at != NULL && wrong == NULL) {
		end = strchr(at, '\n');
		if (end != NULL)
			*end = '\0';
		if (at[0] != '\0' && at[strlen(at) - 1] == '\r')
			at[strlen(at) - 1] = '\0';
		wrong = parse_line(file, at, ++number);
		at = end != NULL ? end + 1 : NULL;
	}
	free(copy);
	if (wrong != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s line %d: %s", file->path, number, wrong);
	return OUT_OK;
}

const struct config_line *
config_file_find(const struct config_file *file, const char *name)
{
	for (size_t i = file->count; i-- > 0;)
		if (strcmp(file->lines[i].name, name) == 0)
			return &file->lines[i];
	return NULL;
}

void
config_file_release(struct config_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->lines[i].name);
		free(file->lines[i].value);
	}
	free(file->lines);
	free(file->path);
	file->path = NULL;
	file->lines = NULL;
	file->count = 0;
}
