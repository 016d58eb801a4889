/* SPDX-License-Identifier: MIT */
#include "net/http_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/host.h"
#include "net/trust.h"

enum { ANSWER_MAX = 1024 * 1024, CONNECT_MS = 10000 };

/* Each call under way has both: libcurl's 80 kB were most of our memory. */
enum {
	RECEIVE_BYTES = 8 * 1024,
	JSON_BYTES = 16 * 1024,
	FILE_BYTES = 64 * 1024
};

/*
 * There is no seek function on purpose: libcurl 7.88 sends a POST twice when
 * a kept-alive connection dies after the peer took the request, unless it
 * cannot rewind the body.
 */
static size_t
source_read(char *to, size_t size, size_t count, void *data)
{
	struct http_source *source = data;
	int64_t left = source->size - source->at;
	size_t want = size * count;
	ssize_t got;

	if ((int64_t)want > left)
		want = (size_t)left;
	if (want == 0)
		return 0;
	if (source->fd < 0) {
		memcpy(to, source->text + source->at, want);
		got = (ssize_t)want;
	} else {
		do
			got = read(source->fd, to, want);
		while (got < 0 && errno == EINTR);
	}
	if (got <= 0) {
		source->call->file_broke = true;
		source->call->file_errno = got < 0 ? errno : 0;
		return CURL_READFUNC_ABORT;
	}
	source->at += got;
	source->call->given += got;
	return (size_t)got;
}

static size_t
answer_write(char *data, size_t size, size_t count, void *to)
{
	struct http_call *call = to;

	return buf_add(&call->result.body, data, size * count)
	    ? size * count
	    : CURL_WRITEFUNC_ERROR;
}

/*
 * Called each time before the head of the request leaves, so also before
 * libcurl repeats it on another connection.  It may do that only while the
 * peer cannot have the whole body and none of it is consumed, or when the
 * request changes nothing there.
 */
static int
request_begins(void *data, char *peer_ip, char *own_ip, int peer_port,
    int own_port)
{
	struct http_call *call = data;

	(void)own_ip;
	(void)peer_port;
	(void)own_port;
	/* Here and not before: a name may lead anywhere each time it is
	 * looked up. */
	if (call->public_only && !call->proxied && host_ip_private(peer_ip)) {
		call->is_private = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (call->begun && !call->only_reads &&
	    (call->given > 0 || call->total == 0))
		return CURL_PREREQFUNC_ABORT;
	call->begun = true;
	return CURL_PREREQFUNC_OK;
}

static CURL *
http_call_easy(struct http_call *call)
{
	CURL *easy = curl_easy_init();
	int ip = call->http->ip;

	if (!easy)
		return NULL;
	/* without it the end of a call waits for a resolver that hangs */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
	    (long)(ip == 4    ? CURL_IPRESOLVE_V4
		    : ip == 6 ? CURL_IPRESOLVE_V6
			      : CURL_IPRESOLVE_WHATEVER));
	/* set means: http_proxy, ALL_PROXY and NO_PROXY are not looked at */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 20L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 20L);
	/* the older a connection, the likelier it dies under a request */
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 30L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
	    "leadpipe/" LEADPIPE_VERSION);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, source_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, &call->body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_head_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, request_begins);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	trust_set(easy, (curl_easy_setopt));
	http_loop_adopt(&call->http->loop, easy);
	return easy;
}

/* Only a regular file has a size; O_NONBLOCK: opening a FIFO would wait. */
static bool
part_open(struct http_source *source, const char *path, struct fault *fault)
{
	struct stat st;
	int error;

	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (source->fd < 0 || fstat(source->fd, &st) != 0) {
		error = errno;
	} else if (S_ISREG(st.st_mode)) {
		source->size = st.st_size;
		return true;
	} else {
		error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	bool later = error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == EIO;
	fault_set(fault, later ? OUT_LATER : OUT_NEVER,
	    later ? EXIT_LATER : EXIT_INPUT, "cannot read '%s' to send it: %s",
	    path, error == EINVAL ? "not a regular file" : strerror(error));
	return false;
}

static bool
part_add(struct http_call *call, struct http_source *source,
    const struct http_part *part)
{
	curl_mimepart *piece = curl_mime_addpart(call->mime);

	source->call = call;
	source->fd = -1;
	call->part_count++;
	if (part->file) {
		if (!part_open(source, part->file, &call->result.fault))
			return false;
		free(call->file);
		call->file = mem_dup(part->file);
	} else {
		source->own_text = mem_dup(part->text ? part->text : "");
		source->text = source->own_text;
		source->size = (int64_t)strlen(source->text);
	}
	call->total += source->size;
	return piece && curl_mime_name(piece, part->name) == CURLE_OK &&
	    (!part->filename ||
		curl_mime_filename(piece, part->filename) == CURLE_OK) &&
	    curl_mime_data_cb(piece, source->size, source_read, NULL, NULL,
		source) == CURLE_OK;
}

static bool
call_set_parts(struct http_call *call, const struct http_request *request)
{
	call->mime = curl_mime_init(call->easy);
	call->parts =
	    mem_array(NULL, request->part_count, sizeof(*call->parts));
	memset(call->parts, 0, request->part_count * sizeof(*call->parts));
	for (size_t i = 0; i < request->part_count; i++)
		if (!part_add(call, &call->parts[i], &request->parts[i]))
			return false;
	return curl_easy_setopt(call->easy, CURLOPT_MIMEPOST, call->mime) ==
	    CURLE_OK;
}

static bool
call_set_body(struct http_call *call, const struct http_request *request)
{
	if (request->parts)
		return call_set_parts(call, request);
	call->body.call = call;
	if (request->body && request->body_len > 0) {
		call->body.own_text = mem_array(NULL, request->body_len, 1);
		memcpy(call->body.own_text, request->body, request->body_len);
		call->body.text = call->body.own_text;
		call->total = call->body.size = (int64_t)request->body_len;
	}
	if (call->only_reads)
		return curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L) ==
		    CURLE_OK;
	curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)call->total);
	return true;
}

static bool
call_set_peer(struct http_call *call, const char *url)
{
	struct http *http = call->http;

	http_peer_set(call, url);
	call->proxied = http->proxy && !call->loopback;
	if (call->proxied && http->proxy_is_bad) {
		http_fault_set(call, CURLE_COULDNT_RESOLVE_PROXY);
		return false;
	}
	if (call->proxied != call->proxy_is_set &&
	    curl_easy_setopt(call->easy, CURLOPT_PROXY,
		call->proxied ? http->proxy : "") != CURLE_OK)
		return false;
	call->proxy_is_set = call->proxied;
	return curl_easy_setopt(call->easy, CURLOPT_URL, url) == CURLE_OK;
}

bool
http_call_prepare(struct http_call *call, const struct http_request *request)
{
	int64_t connect_ms = request->connect_ms > 0 ? request->connect_ms
						     : CONNECT_MS;
	int left = clock_left_ms(request->deadline);
	int buffer = request->parts ? FILE_BYTES : JSON_BYTES;

	buf_clear(&call->result.body);
	call->result = (struct http_result){ .body = call->result.body };
	call->result.body.max = request->max_answer ? request->max_answer
						    : ANSWER_MAX;
	call->tag = request->tag;
	call->id = request->id;
	call->deadline = request->deadline;
	call->peer = request->peer ? request->peer : call->http->peer;
	call->peer_setting = request->peer ? request->peer_setting
					   : call->http->peer_setting;
	call->public_only = request->public_only;
	call->only_reads = request->method == HTTP_GET;
	if (call->http->multi && !call->easy)
		call->easy = http_call_easy(call);
	if (!call->easy || !call_set_peer(call, request->url) ||
	    !call_set_body(call, request) || !http_head_set(call, request))
		return false;
	if (call->buffer != buffer)
		curl_easy_setopt(call->easy, CURLOPT_UPLOAD_BUFFERSIZE,
		    (long)buffer);
	call->buffer = buffer;
	curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)connect_ms);
	/* 0 would mean for ever */
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS,
	    (long)(left > 0 ? left : 1));
	return true;
}

void
http_call_unload(struct http_call *call)
{
	if (call->mime) {
		curl_easy_setopt(call->easy, CURLOPT_MIMEPOST, NULL);
		curl_mime_free(call->mime);
	}
	for (size_t i = 0; i < call->part_count; i++) {
		if (call->parts[i].fd >= 0)
			close(call->parts[i].fd);
		free(call->parts[i].own_text);
	}
	free(call->parts);
	free(call->body.own_text);
	free(call->file);
	curl_slist_free_all(call->headers);
	call->mime = NULL;
	call->parts = NULL;
	call->part_count = 0;
	call->file = NULL;
	call->headers = NULL;
	call->body = (struct http_source){ .fd = -1 };
	call->given = call->total = 0;
	call->begun = call->head_ended = call->file_broke = false;
	call->is_private = false;
	call->file_errno = 0;
}

/* Seconds to milliseconds, a week at most: a peer may say anything. */
static int64_t
retry_after_ms(CURL *easy)
{
	const curl_off_t most = 7 * 24 * 3600;
	curl_off_t seconds = 0;

	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	return (seconds < 0 ? 0 : seconds > most ? most : seconds) * 1000;
}

void
http_call_settle(struct http_call *call, CURLcode code)
{
	struct http_result *result = &call->result;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	result->left = http_call_left(call);
	if (code == CURLE_OK && !call->head_ended)
		code = CURLE_PARTIAL_FILE;
	result->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	/* 407 is never the peer's: only a proxy of plain HTTP says it */
	if (code != CURLE_OK || (status == 407 && call->proxied)) {
		http_fault_set(call, code);
		if (code == CURLE_OK)
			result->left = HTTP_NOT_LEFT;
		return;
	}
	result->answered = true;
	result->status = (int)status;
	result->retry_after_ms = retry_after_ms(call->easy);
}
