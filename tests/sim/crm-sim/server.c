/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "call.h"
#include "sim.h"

#include "sim/telegram-sim/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS 4096u
#define BODY_BYTES ((size_t)16 << 20)

static void
call_wake(void *arg)
{
	struct call *call = arg;

	call->suspended = false;
	MHD_resume_connection(call->connection);
}

static void
call_sleep(struct call *call, int64_t span_us, void (*then)(void *))
{
	if (!call->suspended)
		MHD_suspend_connection(call->connection);
	call->suspended = true;
	call->slept = true;
	call->timer.arg = call;
	call->timer.fire = then;
	timer_set(&call->sim->timers, &call->timer, mono_us() + span_us);
}

static void
crm_run(struct call *call)
{
	if (!strncmp(call->path, "/rest/", 6))
		bitrix_run(call);
	else if (!strncmp(call->path, "/hook", 5))
		hook_run(call);
	else
		amo_run(call);
}

static const char *
answer_fate(const struct call *call)
{
	switch (call->fault.kind) {
	case FAULT_DROP:
	case FAULT_REPLY_LOST:
	case FAULT_RESET:
	case FAULT_CUT:
	case FAULT_TRUNCATED:
	case FAULT_EMPTY:
	case FAULT_GARBAGE:
		return "lost";
	default:
		return "sent";
	}
}

/* The work, and the answer as it will leave. */
static void
call_settle(struct call *call)
{
	if (call->fault.effect)
		crm_run(call);
	if (call->fault.kind)
		fault_spoil(call);
	record_answer(call, answer_fate(call));
}

/* The moment that a late request does its work. */
static void
call_late(void *arg)
{
	call_settle(arg);
	call_wake(arg);
}

static void
request_begin(struct call *call)
{
	struct sim *sim = call->sim;
	struct text key = { 0 };
	int64_t wait_us = sim->latency_us;

	call->begun = true;
	if (call->body.len)
		call->json =
		    json_loadb(call->body.at, call->body.len, 0, NULL);
	if (call->admin) {
		admin_run(call);
		return;
	}
	call->seq = ++sim->next_seq;
	call->fault =
	    fault_match(&sim->faults, &sim->chance, call->verb, call->path);
	text_fmt(&key, "%s %s", call->verb, call->path);
	json_object_set_new(sim->counts, key.at,
	    json_integer(member_int(sim->counts, key.at, 0) + 1));
	text_release(&key);
	record_request(call);
	if (call->fault.kind == FAULT_LATE) {
		call_sleep(call, span_real_us(&sim->span, call->fault.ms),
		    call_late);
		return;
	}
	call_settle(call);
	if (call->fault.kind == FAULT_HANG)
		wait_us += span_real_us(&sim->span, call->fault.ms);
	if (wait_us)
		call_sleep(call, wait_us, call_wake);
}

/* A suspended connection is not watched; so a client that went away meanwhile
 * is noticed only when its answer is due. */
static bool
client_gone(const struct call *call)
{
	return call->slept && wire_closed(call->connection);
}

static struct MHD_Response *
answer_build(struct call *call)
{
	struct MHD_Response *response;
	char number[24];

	if (call->fault.kind == FAULT_CUT) {
		response = wire_half(&call->reply);
	} else {
		response = MHD_create_response_from_buffer(call->reply.len,
		    call->reply.at, MHD_RESPMEM_MUST_FREE);
		call->reply = (struct text){ 0 };
	}
	if (call->type)
		MHD_add_response_header(response, "Content-Type", call->type);
	if (!call->admin) {
		snprintf(number, sizeof(number), "sim-%lld",
		    (long long)call->seq);
		MHD_add_response_header(response, "X-Request-Id", number);
	}
	if (call->retry_after) {
		snprintf(number, sizeof(number), "%lld",
		    (long long)call->retry_after);
		MHD_add_response_header(response, "Retry-After", number);
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
	case FAULT_DROP:
	case FAULT_REPLY_LOST:
		return MHD_NO;
	default:
		break;
	}
	response = answer_build(call);
	queued = MHD_queue_response(call->connection, call->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result
query_take(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct call *call = arg;
	json_t *fresh = json_string(value ? value : "");
	json_t *known = json_object_get(call->query, name);

	(void)kind;
	if (!known) {
		json_object_set_new(call->query, name, fresh);
	} else if (json_is_array(known)) {
		json_array_append_new(known, fresh);
	} else {
		json_object_set_new(call->query, name,
		    json_pack("[o, o]", json_incref(known), fresh));
	}
	return MHD_YES;
}

static struct call *
request_open(struct sim *sim, struct MHD_Connection *connection,
    const char *url, const char *verb)
{
	struct call *call = text_alloc(1, sizeof(*call));

	call->sim = sim;
	call->connection = connection;
	call->arrived_us = mono_us();
	call->verb = text_copy(verb);
	call->path = text_copy(url);
	call->admin = !strncmp(url, "/sim/", 5);
	call->query = json_object();
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
	    query_take, call);
	return call;
}

static enum MHD_Result
request_piece(void *arg, struct MHD_Connection *connection, const char *url,
    const char *verb, const char *version, const char *data, size_t *len,
    void **slot)
{
	struct call *call = *slot;

	(void)version;
	if (!call) {
		*slot = request_open(arg, connection, url, verb);
		return MHD_YES;
	}
	if (*len) {
		if (call->body.len + *len > BODY_BYTES)
			return MHD_NO;
		text_add(&call->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!call->begun)
		request_begin(call);
	return call->suspended ? MHD_YES : answer_send(call);
}

static void
request_done(void *arg, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode why)
{
	struct call *call = *slot;

	(void)arg;
	(void)connection;
	(void)why;
	if (!call)
		return;
	*slot = NULL;
	if (!call->admin && !call->begun)
		record_broken(call, "gone before the body ended");
	timer_stop(&call->sim->timers, &call->timer);
	text_release(&call->body);
	text_release(&call->reply);
	json_decref(call->query);
	json_decref(call->json);
	json_decref(call->created);
	free(call->verb);
	free(call->path);
	free(call);
}

struct MHD_Daemon *
server_start(struct sim *sim, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port,
	    NULL, NULL, request_piece, sim, MHD_OPTION_SOCK_ADDR,
	    (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED,
	    request_done, NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
}
