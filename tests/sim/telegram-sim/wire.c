/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <string.h>
#include <sys/socket.h>

int
wire_socket(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

bool
wire_closed(struct MHD_Connection *connection)
{
	char byte;

	return recv(wire_socket(connection), &byte, 1,
		   MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
wire_reset(struct MHD_Connection *connection)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	/* on Linux this sends an RST at once */
	(void)connect(wire_socket(connection), &nowhere, sizeof(nowhere));
}

static ssize_t
half_read(void *arg, uint64_t at, char *room, size_t most)
{
	const struct text *reply = arg;
	size_t half = reply->len / 2;

	if (at >= half)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (most > half - at)
		most = half - at;
	memcpy(room, reply->at + at, most);
	return (ssize_t)most;
}

struct MHD_Response *
wire_half(struct text *reply)
{
	return MHD_create_response_from_callback(reply->len, 4096, half_read,
	    reply, NULL);
}
