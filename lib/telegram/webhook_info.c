/* SPDX-License-Identifier: MIT */
#include "telegram/webhook_info.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/meta.h"

#define RECENT_MS INT64_C(600000)
#define MOVED "the address leads elsewhere: set the final one"

void
webhook_info_read(const json_t *result, struct webhook_info *info)
{
	*info = (struct webhook_info){
		.url = json_get_text(result, "url"),
		.pending = json_get_int(result, "pending_update_count", 0),
		.error = json_get_text(result, "last_error_message"),
		.error_at = json_get_int(result, "last_error_date", 0) * 1000,
	};
	if (info->url != NULL && *info->url == '\0')
		info->url = NULL;
}

bool
webhook_info_fails(const struct webhook_info *info, int64_t last, int64_t now)
{
	/* Telegram says in which second it was, and fails again soon if it was
	 * at the end of that. */
	return info->error != NULL && last < info->error_at &&
	    (info->pending > 0 || info->error_at > now - RECENT_MS);
}

const char *
webhook_info_remedy(const struct webhook_info *info)
{
	/* As the server words them; the first that is found. */
	static const char *const remedies[][2] = {
		{ "403", "the secrets differ: 'leadpipe set-webhook' again" },
		{ "404", "the web server has nothing at that address" },
		{ "405", "something else than receive-update answers there" },
		{ "413", "raise client_max_body_size to 1m" },
		{ "429", "something before receive-update limits requests" },
		{ "502", "fcgiwrap does not run, or may not be asked" },
		{ "503",
		    "receive-update says why in the web server's error log" },
		{ "504", "receive-update hangs: is its disk well?" },
		{ "301", MOVED },
		{ "302", MOVED },
		{ "307", MOVED },
		{ "308", MOVED },
		{ "SSL", "the certificate is not one that Telegram trusts" },
		{ "certificate",
		    "the certificate is not one that Telegram trusts" },
		{ "resolve", "the host's name has no address in the DNS" },
		{ "refused", "no web server listens there" },
		{ "timed out", "a firewall keeps Telegram out" },
		{ "timeout", "the web server takes too long to answer" },
	};

	if (info->error == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
		if (strstr(info->error, remedies[i][0]) != NULL)
			return remedies[i][1];
	return "the web server's error log may say more";
}

enum webhook_owner
webhook_info_owner(const struct webhook_info *info, struct db *db)
{
	char *ours = meta_text(db, META_WEBHOOK_URL);
	enum webhook_owner owner = ours == NULL ? WEBHOOK_UNKNOWN
	    : strcmp(ours, info->url) == 0	? WEBHOOK_OURS
						: WEBHOOK_OTHERS;

	free(ours);
	return owner;
}

void
webhook_info_add_reason(struct buf *out, const struct webhook_info *info)
{
	for (const char *at = info->error; *at != '\0'; at++)
		buf_add(out, (unsigned char)*at < ' ' ? " " : at, 1);
	buf_printf(out, "; %s", webhook_info_remedy(info));
}

void
webhook_info_add_error(struct buf *out, const struct webhook_info *info,
    int64_t now)
{
	int64_t age = now > info->error_at ? now - info->error_at : 0;
	char span[CLOCK_TEXT_SIZE];

	if (info->error == NULL)
		return;
	buf_printf(out,
	    "its last error, %s ago: ", clock_span_text(age, span));
	webhook_info_add_reason(out, info);
}
