/* SPDX-License-Identifier: MIT */
#include "crm/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"

/* A week is beyond every limit known; a CRM may say anything. */
#define WAIT_MAX_S INT64_C(604800)

#define SETTING_WAIT_MS INT64_C(900000)

void
crm_say(char *out, size_t size, const char *text)
{
	char *clean = utf8_clean(text, strlen(text));
	size_t len;

	log_redact(clean);
	log_mask(clean);
	for (char *at = clean; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	len = utf8_prefix_bytes(clean, size - 1);
	memcpy(out, clean, len);
	out[len] = '\0';
	free(clean);
}

/* Case matters not for ASCII; Cyrillic is compared as the CRM writes it. */
static bool
row_fits(const struct crm_refusal *row, const struct crm_reply *reply,
    const char *said)
{
	enum crm_shape shape = reply->body ? SHAPE_JSON : SHAPE_FOREIGN;

	if (row->status < 0 ? reply->status / 100 != -row->status
			    : reply->status != row->status)
		return false;
	if (row->shape != SHAPE_ANY && row->shape != shape)
		return false;
	return row->said == NULL || strcasestr(said, row->said) != NULL;
}

/* Without a row that fits. */
static enum crm_meaning
meaning_of_class(int status)
{
	if (status == 429)
		return MEANS_LIMIT;
	if (status >= 500 || status < 300)
		return MEANS_DOUBT;
	return status < 400 ? MEANS_SAFE : MEANS_NEVER;
}

static void
refusal_find(struct crm_reply *reply, const struct crm_refusal *row,
    const char *said)
{
	while (row->status != 0 && !row_fits(row, reply, said))
		row++;
	reply->meaning = row->status != 0 ? row->meaning
					  : meaning_of_class(reply->status);
	reply->remedy = row->remedy;
	if (reply->wait_ms == 0)
		reply->wait_ms = row->wait_ms;
}

static void
silence_read(struct crm_reply *reply, const struct http_result *result)
{
	reply->meaning = result->left == HTTP_NOT_LEFT ? MEANS_SAFE
						       : MEANS_DOUBT;
	/* a setting that can never work */
	if (result->fault.what == OUT_NEVER) {
		reply->meaning = MEANS_CLOSED;
		reply->wait_ms = SETTING_WAIT_MS;
	}
	crm_say(reply->text, sizeof(reply->text), result->fault.text);
}

/* An empty body is none to be parsed; an empty 200 is no answer either. */
static bool
body_read(struct crm_reply *reply, const struct http_result *result)
{
	const struct json_slice text = { result->body.data, result->body.len };
	json_error_t error;

	if (text.len == 0)
		return reply->status == 204;
	if (!result->body.overflow)
		reply->body = json_parse(text, &error);
	return reply->body != NULL;
}

void
crm_reply_read(struct crm_reply *reply, const char *title,
    const struct crm_refusal *table, crm_said *say,
    const struct http_result *result)
{
	char said[200] = "";
	int64_t seconds;

	*reply = (struct crm_reply){ .status = result->status,
		.wait_ms = result->retry_after_ms };
	memcpy(reply->request_id, result->request_id,
	    sizeof(reply->request_id));
	if (!result->answered) {
		silence_read(reply, result);
		return;
	}
	if (body_read(reply, result) && reply->status / 100 == 2)
		return;
	if (reply->body)
		say(reply->body, said, sizeof(said));
	seconds = json_get_int(reply->body, "retry_after", 0);
	if (seconds > 0)
		reply->wait_ms = 1000 *
		    (seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S);
	refusal_find(reply, table, said);
	if (reply->status / 100 == 2)
		snprintf(said, sizeof(said), "the answer cannot be read");
	else if (!reply->body)
		snprintf(said, sizeof(said), "an answer that is not JSON");
	snprintf(reply->text, sizeof(reply->text), "%s: HTTP %d: ", title,
	    reply->status);
	if (reply->body && reply->status / 100 != 2)
		reply->quote = strlen(reply->text) - strlen(": ");
	crm_say(reply->text + strlen(reply->text),
	    sizeof(reply->text) - strlen(reply->text), said);
}

void
crm_reply_release(struct crm_reply *reply)
{
	json_decref(reply->body);
	reply->body = NULL;
}
