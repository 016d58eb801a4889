/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <sys/socket.h>

#include "session.h"

#define RECORD_HEAD 5
#define RECORD_MAX (RECORD_HEAD + 16384 + 2048)
#define RECORD_DATA 23

/* One read, one write; false at the end of this direction. */
static bool
chunk_copy(int from, int to)
{
	char data[16384];
	ssize_t n = recv(from, data, sizeof(data), 0);

	if (n > 0)
		return bytes_write(to, data, (size_t)n);
	shutdown(to, SHUT_WR);
	return false;
}

void
relay(int client, int server)
{
	struct pollfd ends[2] = { { client, POLLIN, 0 },
		{ server, POLLIN, 0 } };
	int i, open = 2;

	while (open > 0 && poll(ends, 2, -1) >= 0)
		for (i = 0; i < 2; i++)
			if (ends[i].revents &&
			    !chunk_copy(ends[i].fd, i ? client : server)) {
				ends[i].fd = -1;
				ends[i].revents = 0;
				open--;
			}
}

/* A whole TLS record; its length, or 0 at the end. */
static size_t
record_read(int fd, unsigned char *record)
{
	size_t len;

	if (!bytes_read(fd, record, RECORD_HEAD))
		return 0;
	len = (size_t)record[3] << 8 | record[4];
	if (len > RECORD_MAX - RECORD_HEAD ||
	    !bytes_read(fd, record + RECORD_HEAD, len))
		return 0;
	return RECORD_HEAD + len;
}

/*
 * In TLS 1.3 the server's handshake is already disguised as data, and so is
 * the client's last word in it; in TLS 1.2 the client is the first to send
 * data.  (RFC 8446 5.2 and appendix D.4)
 */
void
relay_handshake(int client, int server)
{
	struct pollfd ends[2] = { { client, POLLIN, 0 },
		{ server, POLLIN, 0 } };
	unsigned char record[RECORD_MAX];
	bool disguised = false, frozen = false;
	size_t len;
	int i;

	while (poll(ends, 2, -1) >= 0)
		for (i = 0; i < 2; i++) {
			if (!ends[i].revents)
				continue;
			len = record_read(ends[i].fd, record);
			/* A frozen proxy does not tell that the server left. */
			if (len == 0 && (i == 0 || !frozen))
				return;
			if (len == 0) {
				ends[i].fd = -1;
				ends[i].revents = 0;
				continue;
			}
			if (record[0] == RECORD_DATA && i == 0 && !disguised)
				frozen = true;
			if (!frozen &&
			    !bytes_write(i ? client : server, record, len))
				return;
			if (record[0] == RECORD_DATA)
				disguised = true;
			if (record[0] == RECORD_DATA && i == 0)
				frozen = true;
		}
}
