/* SPDX-License-Identifier: MIT */
/*
 * Sends what a web server is to hand over, each until it is answered 200, as
 * Telegram does with updates and Tilda with leads: what is refused or gets no
 * answer comes again, at once the first time, then after STEP, twice that ...
 * and after Retry-After, both LONGEST ms at most so that a test ends.
 *
 *	web-load HOST:PORT PATH COUNT PER-MINUTE SECONDS [SECRET]
 *
 * Without SECRET they are leads.  Prints JSON: how many were accepted within
 * SECONDS, in how many tries, what the others were answered, and how long what
 * was accepted took, from its beginning to the end of the answer.
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fault/socket.h"

#define SENDERS 8 /* max_connections of a webhook */
#define ANSWER_MS 20000
#define STEP_MS 100
#define LONGEST_MS 1500
#define FIRST 1000 /* of the ids */
/* What comes again is the same, byte by byte. */
#define SENT_AT 1790000000

struct item {
	int64_t due_ms, took_ms;
	int tries;
	bool busy, accepted;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct item *items;
static int count, accepted, tries, unanswered, refused, statuses[600];
static int64_t end_ms;
static const char *target, *path, *secret;

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The request of item NUMBER. */
static size_t
make_request(char *out, size_t room, int number)
{
	char body[1024], more[400] = "";
	int id = FIRST + number, len;

	if (secret != NULL) {
		len = snprintf(body, sizeof(body),
		    "{\"update_id\":%d,\"message\":{\"message_id\":%d,"
		    "\"date\":%d,\"chat\":{\"id\":%d,\"type\":\"private\"},"
		    "\"from\":{\"id\":%d,\"is_bot\":false,"
		    "\"first_name\":\"Anna\"},\"text\":\"hello %d\"}}",
		    id, id, SENT_AT, id % 97 + 1, id % 97 + 1, id);
		snprintf(more, sizeof(more),
		    "Content-Type: application/json\r\n"
		    "X-Telegram-Bot-Api-Secret-Token: %s\r\n",
		    secret);
	} else {
		len = snprintf(body, sizeof(body),
		    "Name=Person+%d&Phone=%%2B7999%07d&tranid=1:%d&"
		    "formid=form1",
		    id, id, id);
		snprintf(more, sizeof(more),
		    "Content-Type: application/x-www-form-urlencoded\r\n");
	}
	len = snprintf(out, room,
	    "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n"
	    "Connection: close\r\n\r\n%s",
	    path, target, more, len, body);
	return (size_t)len;
}

/* All that comes until the other side closes, as text. */
static void
read_answer(int fd, char *answer, size_t room)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t until = now_ms() + ANSWER_MS;
	size_t len = 0;
	ssize_t got = 1;

	while (got > 0 && len < room - 1 && now_ms() < until &&
	    poll(&wait, 1, (int)(until - now_ms())) > 0) {
		got = recv(fd, answer + len, room - 1 - len, 0);
		len += got > 0 ? (size_t)got : 0;
	}
	answer[len] = '\0';
}

/* The status, 0: none came; *AFTER_S is what Retry-After says. */
static int
ask(int number, long *after_s)
{
	char request[4096], answer[4096] = "";
	size_t len = make_request(request, sizeof(request), number);
	const char *after;
	int fd = socket_dial(target), status = 0;

	*after_s = 0;
	if (fd < 0)
		return 0;
	if (send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len)
		read_answer(fd, answer, sizeof(answer));
	close(fd);
	/* A header that was cut off is none. */
	if (strstr(answer, "\r\n\r\n") == NULL ||
	    sscanf(answer, "HTTP/1.1 %3d", &status) != 1)
		return 0;
	after = strstr(answer, "\r\nRetry-After: ");
	if (after != NULL)
		*after_s = strtol(after + 15, NULL, 10);
	return status;
}

/* The item that is due first, -1: all are accepted or on their way. */
static int
next_due(void)
{
	int found = -1;

	for (int i = 0; i < count; i++)
		if (!items[i].busy && !items[i].accepted &&
		    (found < 0 || items[i].due_ms < items[found].due_ms))
			found = i;
	return found;
}

static void
settle(struct item *item, int status, long after_s, int64_t began_ms)
{
	int64_t wait_ms = after_s * INT64_C(1000);
	int64_t step_ms = item->tries < 2
	    ? 0
	    : STEP_MS * (INT64_C(1) << (item->tries < 9 ? item->tries : 9));

	item->busy = false;
	if (status >= 200 && status < 300) {
		item->accepted = true;
		item->took_ms = now_ms() - began_ms;
		accepted++;
		return;
	}
	if (status == 0)
		unanswered++;
	else
		refused++;
	if (wait_ms < step_ms)
		wait_ms = step_ms;
	item->due_ms = now_ms() +
	    (wait_ms < LONGEST_MS ? wait_ms : LONGEST_MS);
}

static void *
send_items(void *unused)
{
	int number, status;
	int64_t began_ms;
	long after_s;

	(void)unused;
	pthread_mutex_lock(&lock);
	while (accepted < count && now_ms() < end_ms) {
		number = next_due();
		if (number < 0 || items[number].due_ms > now_ms()) {
			pthread_mutex_unlock(&lock);
			poll(NULL, 0, 5);
			pthread_mutex_lock(&lock);
			continue;
		}
		items[number].busy = true;
		items[number].tries++;
		tries++;
		pthread_mutex_unlock(&lock);
		began_ms = now_ms();
		status = ask(number, &after_s);
		pthread_mutex_lock(&lock);
		if (status > 0 && status < 600)
			statuses[status]++;
		settle(&items[number], status, after_s, began_ms);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
report(int64_t began_ms)
{
	int64_t *took = calloc((size_t)count + 1, sizeof(*took));
	size_t n = 0;
	const char *gap = "";

	if (took == NULL)
		errx(1, "no memory");
	for (int i = 0; i < count; i++)
		if (items[i].accepted)
			took[n++] = items[i].took_ms;
	qsort(took, n, sizeof(*took), compare);
	printf("{\"accepted\":%zu,\"tries\":%d,\"unanswered\":%d,"
	       "\"refused\":%d,\"p50_ms\":%" PRId64 ",\"p99_ms\":%" PRId64
	       ",\"max_ms\":%" PRId64 ",\"seconds\":%.1f,\"statuses\":{",
	    n, tries, unanswered, refused, took[n / 2], took[n * 99 / 100],
	    took[n > 0 ? n - 1 : 0], (double)(now_ms() - began_ms) / 1000);
	for (int i = 0; i < 600; i++)
		if (statuses[i] > 0) {
			printf("%s\"%d\":%d", gap, i, statuses[i]);
			gap = ",";
		}
	puts("}}");
	free(took);
}

int
main(int argc, char **argv)
{
	pthread_t threads[SENDERS];
	int64_t began_ms = now_ms();
	int per_minute;

	if (argc < 6 || argc > 7)
		errx(64,
		    "usage: web-load HOST:PORT PATH COUNT PER-MINUTE "
		    "SECONDS [SECRET]");
	target = argv[1];
	path = argv[2];
	count = atoi(argv[3]);
	per_minute = atoi(argv[4]);
	end_ms = began_ms + atoi(argv[5]) * INT64_C(1000);
	secret = argv[6];
	if (count < 1 || per_minute < 1)
		errx(64, "COUNT and PER-MINUTE are at least 1");
	items = calloc((size_t)count, sizeof(*items));
	if (items == NULL)
		errx(1, "no memory");
	for (int i = 0; i < count; i++)
		items[i].due_ms = began_ms + i * INT64_C(60000) / per_minute;
	for (int i = 0; i < SENDERS; i++)
		if (pthread_create(&threads[i], NULL, send_items, NULL) != 0)
			errx(1, "cannot make a thread");
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	report(began_ms);
	free(items);
	return accepted == count ? 0 : 1;
}
