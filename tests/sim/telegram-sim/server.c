/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "request.h"
#include "sim.h"
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS 8192u
#define CONNECTION_BYTES ((size_t)65536)
#define BODY_BYTES (UINT64_C(64) << 20)
#define TRICKLE_US 100000

static void
call_wake(void *arg)
{
	struct call *call = arg;

	call->suspended = false;
	MHD_resume_connection(call->connection);
}

static void
call_sleep(struct call *call)
{
	if (!call->suspended)
		MHD_suspend_connection(call->connection);
	call->suspended = true;
	call->slept = true;
}

/*
 * An answer whose head comes byte by byte. libmicrohttpd writes heads whole,
 * so this goes past it to the socket (plain HTTP only); afterwards the
 * connection is closed.
 */
static void
call_trickle(void *arg)
{
	struct call *call = arg;
	struct text head = { 0 };
	int64_t step_us = TRICKLE_US;

	text_fmt(&head,
	    "HTTP/1.1 %u OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    call->status, call->reply.len);
	if (call->trickled < head.len) {
		step_us = call->fault.ms * 1000 / (int64_t)head.len;
		send(wire_socket(call->connection), head.at + call->trickled++,
		    1, MSG_NOSIGNAL);
	}
	if (call->trickled == head.len) {
		send(wire_socket(call->connection), call->reply.at,
		    call->reply.len, MSG_NOSIGNAL);
		step_us = 0;
	}
	text_release(&head);
	if (!step_us)
		call_wake(call);
	else
		timer_set(&call->sim->timers, &call->timer,
		    mono_us() + step_us);
}

static bool
answer_lost(const struct call *call)
{
	switch (call->fault.kind) {
	case FAULT_TRUNCATED:
	case FAULT_REPLY_LOST:
	case FAULT_HALF_CLOSE:
	case FAULT_RESET:
	case FAULT_DROP_HEADERS:
	case FAULT_DROP_BODY:
	case FAULT_GARBAGE:
	case FAULT_HUGE:
		return true;
	default:
		return false;
	}
}

/* A suspended connection is not watched; so a client that went away meanwhile
 * is noticed only when its answer is due. */
static bool
client_gone(const struct call *call)
{
	return call->slept && !call->admin && !answer_lost(call) &&
	    call->fault.kind != FAULT_SLOW_HEADERS && call->sim->record.file &&
	    wire_closed(call->connection);
}

void
call_settle(struct call *call)
{
	struct sim *sim = call->sim;
	int64_t due = mono_us() + sim->settings.latency_us;

	call->answered = true;
	record_answer(call, answer_lost(call) ? "lost" : "sent");
	if (call->fault.kind == FAULT_HANG)
		due += call->fault.ms * 1000;
	call->timer.arg = call;
	call->timer.fire = call_wake;
	if (call->fault.kind == FAULT_SLOW_HEADERS) {
		call->timer.fire = call_trickle;
	} else if (call->fault.kind == FAULT_HALF_CLOSE) {
		shutdown(wire_socket(call->connection), SHUT_WR);
		due += call->fault.ms * 1000;
	} else if (due <= mono_us() && !call->suspended) {
		return;
	}
	call_sleep(call);
	timer_set(&sim->timers, &call->timer, due);
}

static struct MHD_Response *
answer_build(struct call *call)
{
	struct MHD_Response *response;
	bool html = call->fault.kind == FAULT_502HTML;
	char seconds[16];

	if (call->fault.kind == FAULT_TRUNCATED) {
		response = wire_half(&call->reply);
	} else {
		response = MHD_create_response_from_buffer(call->reply.len,
		    call->reply.at, MHD_RESPMEM_MUST_FREE);
		call->reply = (struct text){ 0 };
	}
	MHD_add_response_header(response, "Content-Type",
	    html ? "text/html" : "application/json");
	if (call->status == 302)
		MHD_add_response_header(response, "Location",
		    "http://127.0.0.1:9/elsewhere");
	if (call->retry_after) {
		snprintf(seconds, sizeof(seconds), "%d", call->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	return response;
}

static enum MHD_Result
answer_send(struct call *call)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (client_gone(call)) {
		record_broken(call, "gone before the answer");
		return MHD_NO;
	}
	switch (call->fault.kind) {
	case FAULT_RESET:
		wire_reset(call->connection);
		return MHD_NO;
	case FAULT_REPLY_LOST:
	case FAULT_HALF_CLOSE:
	case FAULT_DROP_HEADERS:
	case FAULT_DROP_BODY:
	case FAULT_SLOW_HEADERS:
		return MHD_NO;
	default:
		break;
	}
	response = answer_build(call);
	queued = MHD_queue_response(call->connection, call->status, response);
	MHD_destroy_response(response);
	return queued;
}

/* Reads no faster than --upload-rate allows. */
static void
upload_pace(struct call *call)
{
	int64_t rate = call->sim->settings.upload_rate;
	int64_t due;

	if (!rate)
		return;
	due = call->started_us + (int64_t)call->body_len * 1000000 / rate;
	if (due <= mono_us())
		return;
	call->timer.arg = call;
	call->timer.fire = call_wake;
	call_sleep(call);
	timer_set(&call->sim->timers, &call->timer, due);
}

static void
request_run(struct call *call)
{
	bool good = request_end(call);

	if (call->admin) {
		call->begun = true;
		admin_run(call);
		return;
	}
	if (call->body_len > BODY_BYTES)
		call_fail(call, 413, "%s", "");
	else if (!good)
		call_fail(call, 400, "can't parse JSON object");
	method_run(call);
	if (!call->status)
		call_sleep(call);
}

static enum MHD_Result
request_piece(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **slot)
{
	struct sim *sim = arg;
	struct call *call = *slot;

	(void)version;
	if (!call) {
		*slot = call = request_open(sim, connection, url, method);
		if (!call->admin && !call->token_status)
			call->fault =
			    fault_match(&sim->faults, call->path, 0, true);
		if (call->fault.kind)
			record_broken(call, "dropped after the headers");
		return call->fault.kind ? MHD_NO : MHD_YES;
	}
	if (*len) {
		if (call->body_len <= BODY_BYTES)
			request_feed(call, data, *len);
		*len = 0;
		upload_pace(call);
		return MHD_YES;
	}
	if (!call->begun)
		request_run(call);
	if (call->suspended)
		return MHD_YES;
	return answer_send(call);
}

static void
request_done(void *arg, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode why)
{
	struct call *call = *slot;

	(void)arg;
	(void)why;
	(void)connection;
	if (!call)
		return;
	*slot = NULL;
	if (!call->admin && !call->begun && !call->fault.kind)
		record_broken(call, "gone before the body ended");
	request_free(call);
}

/* The path is kept as it came: a token has nothing to unescape. */
struct MHD_Daemon *
server_start(struct sim *sim, uint16_t port, const char *cert, const char *key)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0,
					    (void *)(uintptr_t)cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_END, 0, NULL } };

	if (cert)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return MHD_start_daemon(flags, port, NULL, NULL, request_piece, sim,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
	    MHD_OPTION_NOTIFY_COMPLETED, request_done, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
	    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
}
