/* SPDX-License-Identifier: MIT */
#include "webhook.h"
#include "call.h"
#include "sim.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_US 1000
#define LONGEST_S 60
#define ANSWER_S 60

/* One request to the webhook. */
struct delivery {
	CURL *easy;
	struct curl_slist *headers;
	int64_t update_id;
	char *body;
	size_t answered;
	struct delivery *next;
};

static size_t
answer_skip(char *data, size_t size, size_t count, void *arg)
{
	struct delivery *delivery = arg;

	(void)data;
	delivery->answered += size * count;
	return size * count;
}

static void
delivery_free(struct delivery *delivery)
{
	curl_easy_cleanup(delivery->easy);
	curl_slist_free_all(delivery->headers);
	free(delivery->body);
	free(delivery);
}

static void
deliver(struct sim *sim, struct update *update)
{
	struct webhook *webhook = &sim->webhook;
	struct delivery *delivery = text_alloc(1, sizeof(*delivery));
	struct text secret = { 0 };

	memset(delivery, 0, sizeof(*delivery));
	delivery->easy = curl_easy_init();
	delivery->update_id = update->id;
	delivery->body = text_copy(update->body);
	delivery->headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	if (webhook->secret) {
		text_fmt(&secret, "X-Telegram-Bot-Api-Secret-Token: %s",
		    webhook->secret);
		delivery->headers =
		    curl_slist_append(delivery->headers, secret.at);
		text_release(&secret);
	}
	curl_easy_setopt(delivery->easy, CURLOPT_URL, webhook->url);
	curl_easy_setopt(delivery->easy, CURLOPT_HTTPHEADER,
	    delivery->headers);
	curl_easy_setopt(delivery->easy, CURLOPT_POSTFIELDS, delivery->body);
	curl_easy_setopt(delivery->easy, CURLOPT_POSTFIELDSIZE,
	    (long)update->len);
	curl_easy_setopt(delivery->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(delivery->easy, CURLOPT_TIMEOUT, (long)ANSWER_S);
	curl_easy_setopt(delivery->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(delivery->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(delivery->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(delivery->easy, CURLOPT_WRITEFUNCTION, answer_skip);
	curl_easy_setopt(delivery->easy, CURLOPT_WRITEDATA, delivery);
	curl_easy_setopt(delivery->easy, CURLOPT_PRIVATE, delivery);
	curl_multi_add_handle(webhook->multi, delivery->easy);
	delivery->next = webhook->first;
	webhook->first = delivery;
	webhook->under_way++;
	webhook->tries++;
	update->tries++;
	update->busy = true;
}

/* The next that may be brought; *later is when another one may be. */
static struct update *
next_of(struct sim *sim, int64_t *later)
{
	struct updates *updates = &sim->updates;
	int64_t now = mono_us();
	size_t i, j;

	for (i = updates->head; i < updates->tail; i++) {
		struct update *update = &updates->items[i];
		bool first = true;

		for (j = updates->head; j < i && first && update->chat; j++)
			first = updates->items[j].chat != update->chat;
		if (!first || update->busy)
			continue;
		if (update->retry_us <= now)
			return update;
		if (*later < 0 || update->retry_us < *later)
			*later = update->retry_us;
	}
	return NULL;
}

static void
say_error(struct webhook *webhook, struct sim *sim, long status,
    const char *why)
{
	webhook->failed++;
	webhook->error_date = sim_now_ms(sim) / 1000;
	if (status)
		snprintf(webhook->error, sizeof(webhook->error),
		    "Wrong response from the webhook: %ld %s", status, why);
	else
		snprintf(webhook->error, sizeof(webhook->error), "%s", why);
}

static const char *
status_name(long status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	default:
		return "";
	}
}

static int64_t
wait_us(const struct sim *sim, const struct update *update, int64_t retry_s)
{
	int64_t s = 0, most = sim->settings.retry_ms * 1000;
	int i;

	for (i = 1; i < update->tries && s < LONGEST_S; i++)
		s = s ? s * 2 : 2;
	if (retry_s > 0)
		s = retry_s;
	if (s > LONGEST_S && !retry_s)
		s = LONGEST_S;
	return most > 0 && s * 1000000 > most ? most : s * 1000000;
}

static void
delivery_end(struct sim *sim, struct delivery *delivery, CURLcode code)
{
	struct webhook *webhook = &sim->webhook;
	struct update *update = updates_find(sim, delivery->update_id);
	struct delivery **link = &webhook->first;
	curl_off_t retry_s = 0;
	long status = 0;

	while (*link != delivery)
		link = &(*link)->next;
	*link = delivery->next;
	webhook->under_way--;
	curl_easy_getinfo(delivery->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(delivery->easy, CURLINFO_RETRY_AFTER, &retry_s);
	if (code != CURLE_OK)
		status = 0;
	if (update)
		update->busy = false;
	record_delivery(sim, delivery->update_id, update ? update->tries : 0,
	    status);
	if (status / 100 == 2) {
		webhook->delivered++;
		if (update)
			updates_drop(sim, update);
	} else {
		say_error(webhook, sim, status,
		    status ? status_name(status) : curl_easy_strerror(code));
		if (update)
			update->retry_us = mono_us() +
			    wait_us(sim, update, (int64_t)retry_s);
	}
	curl_multi_remove_handle(webhook->multi, delivery->easy);
	delivery_free(delivery);
}

static void
pump(void *arg)
{
	struct sim *sim = arg;
	struct webhook *webhook = &sim->webhook;
	struct update *update;
	int64_t later = -1;
	int running, left;
	CURLMsg *message;

	if (!webhook->multi)
		return;
	curl_multi_perform(webhook->multi, &running);
	while ((message = curl_multi_info_read(webhook->multi, &left))) {
		struct delivery *delivery;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &delivery);
		delivery_end(sim, delivery, message->data.result);
	}
	updates_pending(sim); /* what is too old goes */
	while (webhook->under_way < webhook->connections &&
	    (update = next_of(sim, &later)))
		deliver(sim, update);
	if (webhook->under_way)
		later = mono_us() + TICK_US;
	if (later >= 0)
		timer_set(&sim->timers, &webhook->timer, later);
}

void
webhook_wake(struct sim *sim)
{
	if (!sim->webhook.multi)
		return;
	sim->webhook.timer.fire = pump;
	sim->webhook.timer.arg = sim;
	timer_set(&sim->timers, &sim->webhook.timer, mono_us());
}

/* What is under way may still arrive, and its answer is not heard. */
static void
stop(struct sim *sim)
{
	struct webhook *webhook = &sim->webhook;
	struct delivery *delivery;
	size_t i;

	timer_stop(&sim->timers, &webhook->timer);
	while ((delivery = webhook->first)) {
		webhook->first = delivery->next;
		curl_multi_remove_handle(webhook->multi, delivery->easy);
		delivery_free(delivery);
	}
	if (webhook->multi)
		curl_multi_cleanup(webhook->multi);
	free(webhook->url);
	free(webhook->secret);
	webhook->multi = NULL;
	webhook->url = webhook->secret = NULL;
	webhook->under_way = 0;
	for (i = sim->updates.head; i < sim->updates.tail; i++) {
		sim->updates.items[i].busy = false;
		sim->updates.items[i].tries = 0;
		sim->updates.items[i].retry_us = 0;
	}
}

void
webhook_set(struct call *call)
{
	struct sim *sim = call->sim;
	struct webhook *webhook = &sim->webhook;
	const char *url = param_text(call, "url");
	const char *secret = param_text(call, "secret_token");

	if (!url || !url[0]) {
		webhook_delete(call);
		return;
	}
	if (strncmp(url, "https://", 8) && !sim->settings.local) {
		call_fail(call, 400,
		    "bad webhook: An HTTPS URL must be "
		    "provided for webhook");
		return;
	}
	stop(sim);
	webhook->url = text_copy(url);
	webhook->secret = secret ? text_copy(secret) : NULL;
	webhook->connections = param_int(call, "max_connections", 40);
	webhook->error[0] = '\0';
	updates_allow(sim, call);
	if (param_true(call, "drop_pending_updates"))
		updates_restart(sim, sim->updates.next_id);
	updates_conflict(sim, "terminated by setWebhook request");
	if (sim->settings.local)
		webhook->multi = curl_multi_init();
	webhook_wake(sim);
	call_true(call);
}

void
webhook_delete(struct call *call)
{
	struct sim *sim = call->sim;

	stop(sim);
	if (param_true(call, "drop_pending_updates"))
		updates_restart(sim, sim->updates.next_id);
	call_true(call);
}

void
webhook_info(struct call *call)
{
	const struct webhook *webhook = &call->sim->webhook;
	struct text *out = call_ok(call);

	text_puts(out, "{\"url\":");
	text_json(out, webhook->url ? webhook->url : "");
	text_fmt(out,
	    ",\"has_custom_certificate\":false,"
	    "\"pending_update_count\":%zu",
	    updates_pending(call->sim));
	if (webhook->url && webhook->error[0]) {
		text_fmt(out,
		    ",\"last_error_date\":%" PRId64 ",\"last_error_message\":",
		    webhook->error_date);
		text_json(out, webhook->error);
	}
	if (webhook->url)
		text_fmt(out, ",\"max_connections\":%" PRId64,
		    webhook->connections);
	text_puts(out, "}");
	call_ok_end(call);
}

json_t *
webhook_view(const struct webhook *webhook)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:i}", "set",
	    webhook->url != NULL, "tries", (json_int_t)webhook->tries,
	    "delivered", (json_int_t)webhook->delivered, "failed",
	    (json_int_t)webhook->failed, "under_way", webhook->under_way);
}

void
webhook_release(struct sim *sim)
{
	stop(sim);
	sim->webhook = (struct webhook){ .url = NULL };
}
