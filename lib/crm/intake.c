/* SPDX-License-Identifier: MIT */
#include "crm/intake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cp1251.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/field.h"
#include "crm/names.h"
#include "crm/tilda.h"
#include "store/lead_join.h"

/* Characters; longer ones are cut, the raw text keeps all. */
#define LINE_MAX_CHARS 250
#define URL_MAX_CHARS 2000

void
intake_init(struct intake *intake)
{
	*intake = (struct intake){ .details = json_object(),
		.cookie_utm = json_object(),
		.raw = json_object() };
}

void
intake_release(struct intake *intake)
{
	char *const texts[] = { intake->crm, intake->source, intake->title,
		intake->name, intake->phone, intake->email,
		intake->transaction, intake->key, intake->raw_text,
		intake->first_name, intake->last_name };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	json_decref(intake->details);
	json_decref(intake->cookie_utm);
	json_decref(intake->raw);
	*intake = (struct intake){ .test = false };
}

bool
intake_is_person(const struct intake *intake)
{
	return intake->name != NULL || intake->first_name != NULL ||
	    intake->last_name != NULL || intake->phone != NULL ||
	    intake->email != NULL || intake->chat_id != 0;
}

/* VALUE on one line of at most MAX characters; the caller frees it. */
static char *
line_of(const char *value, size_t max)
{
	size_t end = utf8_prefix(value, max);
	char *line = value[end] == '\0' ? mem_dup(value)
					: mem_printf("%.*s…", (int)end, value);

	for (char *at = line; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return line;
}

/* What has no place of its own is told to people. */
static void
tell(struct intake *intake, const char *name, const char *value)
{
	char *line = mem_printf("%s: %s", name, value);

	lead_note_add(intake->details, line);
	free(line);
}

/* Takes the first of several values; a further one that differs is told. */
static void
take(struct intake *intake, char **slot, const char *name, const char *value)
{
	char *line = line_of(value, LINE_MAX_CHARS);

	if (*slot == NULL)
		*slot = mem_dup(line);
	else if (strcmp(*slot, line) != 0)
		tell(intake, name, line);
	free(line);
}

static void
take_detail(struct intake *intake, const char *member, const char *value,
    size_t max)
{
	char *line = line_of(value, max);

	if (json_object_get(intake->details, member) == NULL)
		json_object_set_new(intake->details, member,
		    json_string(line));
	free(line);
}

/* An object that is a member of the details, made when it is missing. */
static json_t *
part(struct intake *intake, const char *member)
{
	json_t *object = json_object_get(intake->details, member);

	if (!json_is_object(object)) {
		object = json_object();
		json_object_set_new(intake->details, member, object);
	}
	return object;
}

static void
take_utm(struct intake *intake, const char *name, const char *value)
{
	char *line = line_of(value, 500), *key = utf8_fold(name);

	if (json_object_get(part(intake, "utm"), key) == NULL)
		json_object_set_new(part(intake, "utm"), key,
		    json_string(line));
	free(key);
	free(line);
}

static void
take_number(struct intake *intake, enum field field, const char *name,
    const char *value)
{
	int64_t number;

	bool whole =
	    json_int((struct json_slice){ value, strlen(value) }, &number);

	if (whole && field == FIELD_CHAT && intake->chat_id == 0)
		intake->chat_id = number;
	else if (whole && field == FIELD_PRICE && number >= 0)
		json_object_set_new(intake->details, "price",
		    json_integer(number));
	else
		tell(intake, name, value);
}

static void
take_tags(struct intake *intake, const char *value)
{
	json_t *tags = json_object_get(intake->details, "tags");
	const char *at = value;
	char *piece, *tag;
	size_t len;

	if (tags == NULL) {
		tags = json_array();
		json_object_set_new(intake->details, "tags", tags);
	}
	for (; *at != '\0'; at += len, at += *at != '\0') {
		len = strcspn(at, ",;");
		piece = mem_dup_n(at, len);
		tag = utf8_trim(piece);
		if (*tag != '\0' && json_array_size(tags) < 20)
			json_array_append_new(tags, json_string(tag));
		free(tag);
		free(piece);
	}
}

/* Only a CRM that there may be: any other name would keep the lead here. */
static void
take_crm(struct intake *intake, const char *name, const char *value)
{
	const char *wanted = strcasecmp(value, "kommo") == 0 ? "amocrm"
							     : value;

	for (size_t i = 0; crm_names[i] != NULL; i++)
		if (intake->crm == NULL &&
		    strcasecmp(wanted, crm_names[i]) == 0) {
			intake->crm = mem_dup(crm_names[i]);
			return;
		}
	tell(intake, name, value);
}

static void
put_text(struct intake *intake, enum field field, const char *name,
    const char *value)
{
	switch (field) {
	case FIELD_NAME:
		take(intake, &intake->name, name, value);
		break;
	case FIELD_FIRST_NAME:
		take(intake, &intake->first_name, name, value);
		break;
	case FIELD_LAST_NAME:
		take(intake, &intake->last_name, name, value);
		break;
	case FIELD_PHONE:
		take(intake, &intake->phone, name, value);
		break;
	case FIELD_EMAIL:
		take(intake, &intake->email, name, value);
		break;
	case FIELD_TITLE:
		take(intake, &intake->title, name, value);
		break;
	case FIELD_NOTE:
		lead_note_add(intake->details, value);
		break;
	case FIELD_CHAT:
	case FIELD_PRICE:
		take_number(intake, field, name, value);
		break;
	case FIELD_TAGS:
		take_tags(intake, value);
		break;
	case FIELD_CRM:
		take_crm(intake, name, value);
		break;
	case FIELD_PIPELINE:
		take_detail(intake, "pipeline", value, LINE_MAX_CHARS);
		break;
	case FIELD_STATUS:
		take_detail(intake, "status", value, LINE_MAX_CHARS);
		break;
	default:
		tell(intake, name, value);
	}
	intake->filled = true;
	intake->named = intake->named ||
	    (field > FIELD_OTHER && field <= FIELD_CHAT);
}

/* What comes along without anybody saying it; false: it is none of that. */
static bool
put_silent(struct intake *intake, enum field field, const char *name,
    const char *value)
{
	switch (field) {
	case FIELD_TRANSACTION:
		take(intake, &intake->transaction, name, value);
		return true;
	case FIELD_SOURCE:
		take(intake, &intake->source, name, value);
		return true;
	case FIELD_PAGE:
		take_detail(intake, "page", value, URL_MAX_CHARS);
		return true;
	case FIELD_REFERER:
		take_detail(intake, "referer", value, URL_MAX_CHARS);
		return true;
	case FIELD_IP:
		take_detail(intake, "ip", value, 64);
		return true;
	case FIELD_AGENT:
		take_detail(intake, "user_agent", value, 500);
		return true;
	case FIELD_CONSENT:
		take_detail(intake, "consent", value, LINE_MAX_CHARS);
		return true;
	case FIELD_FORM:
		take_detail(intake, "form", value, LINE_MAX_CHARS);
		return true;
	case FIELD_UTM:
		take_utm(intake, name, value);
		return true;
	case FIELD_TILDA_UTM:
		tilda_utm(intake->cookie_utm, value);
		return true;
	case FIELD_COOKIES:
		tilda_cookies(intake->cookie_utm, value);
		return true;
	case FIELD_TECHNICAL:
	case FIELD_SECRET:
		return true;
	default:
		return false;
	}
}

/* Keeps what came, as it came; the second of two equal names beside. */
static void
keep_raw(struct intake *intake, const char *name, enum field field,
    const char *value)
{
	bool hidden = field == FIELD_SECRET || field == FIELD_COOKIES ||
	    field == FIELD_TILDA_UTM;
	json_t *text = json_string(hidden ? "(not kept)" : value);
	json_t *old = json_object_get(intake->raw, name), *both;

	if (old == NULL) {
		json_object_set_new(intake->raw, name, text);
	} else if (json_is_array(old)) {
		json_array_append_new(old, text);
	} else {
		both = json_array();
		json_array_append(both, old);
		json_array_append_new(both, text);
		json_object_set_new(intake->raw, name, both);
	}
}

/* Clean UTF-8 out of LEN bytes of whatever; the caller frees it. */
static char *
text_of(struct intake *intake, const char *value, size_t len)
{
	bool russian = cp1251_is_likely(value, len);
	char *decoded = russian ? cp1251_decode(value, len) : NULL;
	char *clean = decoded ? utf8_clean(decoded, strlen(decoded))
			      : utf8_clean(value, len);
	char *trimmed = utf8_trim(clean);

	intake->converted = intake->converted || russian;
	free(clean);
	free(decoded);
	return trimmed;
}

void
intake_put(struct intake *intake, const char *name, const char *value,
    size_t len)
{
	enum field field;
	char *text, *told;

	if (++intake->fields > INTAKE_FIELDS)
		return;
	field = field_find(name);
	text = text_of(intake, value, len);
	keep_raw(intake, name, field, text);
	intake->tilda = intake->tilda || strcmp(name, "tranid") == 0 ||
	    field == FIELD_TILDA_UTM || strncmp(name, "tildaspec", 9) == 0;
	if (field == FIELD_TEST && strcmp(text, "test") == 0)
		intake->test = true;
	else if (*text != '\0' && !put_silent(intake, field, name, text)) {
		told = line_of(name, LINE_MAX_CHARS);
		put_text(intake, field, told, text);
		free(told);
	}
	free(text);
}
