/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_call.h"

static void
library_load(void)
{
	static bool loaded;

	if (!loaded)
		curl_global_init(CURL_GLOBAL_ALL);
	loaded = true;
}

struct http *
http_open(const struct http_options *options)
{
	struct http *http = mem_alloc(sizeof(*http));

	library_load();
	http->proxy = mem_dup(options->proxy);
	http->proxy_setting = mem_dup(options->proxy_setting);
	http->peer = mem_dup(options->peer ? options->peer : "the server");
	http->peer_setting = mem_dup(options->peer_setting);
	http->ip = options->ip;
	http->proxy_is_bad = http->proxy && !http_proxy_valid(http->proxy);
	http->json_headers = curl_slist_append(NULL, "Expect:");
	curl_slist_append(http->json_headers,
	    "Content-Type: application/json");
	http->first_deadline = CLOCK_NEVER;
	http->loop.epoll = -1;
	http->multi = curl_multi_init();
	if (http->multi && !http_loop_open(&http->loop, http->multi)) {
		curl_multi_cleanup(http->multi);
		http->multi = NULL;
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 256L);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING,
	    (long)CURLPIPE_NOTHING);
	return http;
}

static void
call_destroy(struct http_call *call)
{
	http_call_unload(call);
	curl_easy_cleanup(call->easy);
	buf_release(&call->result.body);
	free(call);
}

static void
calls_destroy(struct http_call *call)
{
	while (call) {
		struct http_call *next = call->next;

		call_destroy(call);
		call = next;
	}
}

void
http_close(struct http *http)
{
	if (!http)
		return;
	while (http->running)
		http_cancel(http->running);
	calls_destroy(http->done);
	calls_destroy(http->idle);
	curl_multi_cleanup(http->multi);
	http_loop_close(&http->loop);
	curl_slist_free_all(http->json_headers);
	free(http->proxy);
	free(http->proxy_setting);
	free(http->peer);
	free(http->peer_setting);
	free(http);
}

static void
call_finish(struct http_call *call)
{
	struct http *http = call->http;

	call->state = CALL_DONE;
	call->next = NULL;
	if (http->done)
		http->last_done->next = call;
	else
		http->done = call;
	http->last_done = call;
}

/* Takes CALL out of libcurl; a lookup that hangs is left to its thread. */
static void
call_stop(struct http_call *call)
{
	struct http *http = call->http;

	curl_multi_remove_handle(http->multi, call->easy);
	if (call->prev)
		call->prev->next = call->next;
	else
		http->running = call->next;
	if (call->next)
		call->next->prev = call->prev;
	http->count--;
}

static struct http_call *
call_take(struct http *http)
{
	struct http_call *call = http->idle;

	if (call) {
		http->idle = call->next;
		return call;
	}
	call = mem_alloc(sizeof(*call));
	call->http = http;
	call->body.fd = -1;
	return call;
}

static void
call_put(struct http_call *call)
{
	http_call_unload(call);
	call->state = CALL_IDLE;
	call->next = call->http->idle;
	call->http->idle = call;
}

struct http_call *
http_start(struct http *http, const struct http_request *request)
{
	struct http_call *call = call_take(http);

	if (!http_call_prepare(call, request) ||
	    curl_multi_add_handle(http->multi, call->easy) != CURLM_OK) {
		if (call->result.fault.what == OUT_OK)
			http_fault_set(call, CURLE_FAILED_INIT);
		call_finish(call);
		return call;
	}
	call->state = CALL_RUNNING;
	call->prev = NULL;
	call->next = http->running;
	if (call->next)
		call->next->prev = call;
	http->running = call;
	http->count++;
	if (call->deadline < http->first_deadline)
		http->first_deadline = call->deadline;
	return call;
}

/* libcurl's own timeouts have been seen to come late (DNS) and start anew
 * with a connection; the deadline does not. */
static void
deadlines_keep(struct http *http)
{
	int64_t now = clock_mono_ms();
	struct http_call *next;

	if (now < http->first_deadline)
		return;
	http->first_deadline = CLOCK_NEVER;
	for (struct http_call *call = http->running; call; call = next) {
		next = call->next;
		if (call->deadline <= now) {
			call_stop(call);
			http_call_settle(call, CURLE_OPERATION_TIMEDOUT);
			call_finish(call);
		} else if (call->deadline < http->first_deadline) {
			http->first_deadline = call->deadline;
		}
	}
}

static void
answers_collect(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		CURLcode code = message->data.result;
		struct http_call *call;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &call);
		call_stop(call);
		http_call_settle(call, code);
		call_finish(call);
	}
}

void
http_run(struct http *http, int64_t until, int wake_fd)
{
	bool woken = false;

	if (!http->multi)
		return;
	http_loop_wake(&http->loop, wake_fd);
	do {
		int64_t wait = until;

		deadlines_keep(http);
		http_loop_kick(&http->loop, http->multi);
		answers_collect(http);
		if (http->first_deadline < wait)
			wait = http->first_deadline;
		if (http->done)
			wait = 0;
		woken = http_loop_wait(&http->loop, http->multi, wait);
		answers_collect(http);
		deadlines_keep(http);
	} while (!http->done && !woken && clock_mono_ms() < until);
}

struct http_call *
http_done(struct http *http)
{
	struct http_call *call = http->done;

	if (call) {
		http->done = call->next;
		call->next = NULL;
	}
	return call;
}

void
http_finish(struct http *http, struct http_call *call,
    struct http_result *result)
{
	struct http_call *done;

	while ((done = http_done(http)) != call)
		if (done)
			http_call_free(done);
		else
			http_run(http, CLOCK_NEVER, -1);
	/* The answer's memory goes over to the caller. */
	*result = *http_call_result(call);
	http_call_result(call)->body = (struct buf)BUF_INIT(result->body.max);
	http_call_free(call);
}

/* A finished call that was not fetched yet leaves the list. */
static void
done_drop(struct http_call *call)
{
	struct http *http = call->http;
	struct http_call *last = NULL;

	for (struct http_call *at = http->done; at; at = at->next) {
		if (at != call) {
			last = at;
			continue;
		}
		if (last)
			last->next = call->next;
		else
			http->done = call->next;
		if (http->last_done == call)
			http->last_done = last;
		return;
	}
}

void
http_cancel(struct http_call *call)
{
	if (call->state == CALL_RUNNING)
		call_stop(call);
	else
		done_drop(call);
	call_put(call);
}

void
http_call_free(struct http_call *call)
{
	if (call)
		http_cancel(call);
}

enum http_left
http_call_left(const struct http_call *call)
{
	long status = 0;

	if (call->state == CALL_DONE)
		return call->result.left;
	/* a peer that answers has seen enough to act on */
	if (call->begun && call->given < call->total)
		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return call->begun && (call->given == call->total || status > 0)
	    ? HTTP_LEFT
	    : HTTP_NOT_LEFT;
}

struct http_result *
http_call_result(struct http_call *call)
{
	return &call->result;
}

int
http_call_tag(const struct http_call *call)
{
	return call->tag;
}

int64_t
http_call_id(const struct http_call *call)
{
	return call->id;
}

int
http_running(const struct http *http)
{
	return http->count;
}
