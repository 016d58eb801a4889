/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/trust.h"

/* Its name for programs, as long as its interface is the same. */
#define LIBRARY "libcurl.so.4"

struct tls {
	CURL *easy;
	struct curl_slist *found; /* the name's address: no lookup */
	int fd;			  /* -1: libcurl has taken it */
};

/* What is used of libcurl. */
static struct {
	CURL *(*init)(void);
	CURLcode (*setopt)(CURL *, CURLoption, ...);
	CURLcode (*perform)(CURL *);
	CURLcode (*send)(CURL *, const void *, size_t, size_t *);
	CURLcode (*recv)(CURL *, void *, size_t, size_t *);
	void (*cleanup)(CURL *);
	const char *(*strerror)(CURLcode);
	struct curl_slist *(*append)(struct curl_slist *, const char *);
	void (*drop)(struct curl_slist *);
} curl;

static bool
load(void)
{
	static const struct {
		const char *name;
		void *function;
	} wanted[] = { { "curl_easy_init", &curl.init },
		{ "curl_easy_setopt", &curl.setopt },
		{ "curl_easy_perform", &curl.perform },
		{ "curl_easy_send", &curl.send },
		{ "curl_easy_recv", &curl.recv },
		{ "curl_easy_cleanup", &curl.cleanup },
		{ "curl_easy_strerror", &curl.strerror },
		{ "curl_slist_append", &curl.append },
		{ "curl_slist_free_all", &curl.drop } };
	void *library;

	if (curl.drop)
		return true;
	/* Whoever speaks HTTP has it already, whatever its name. */
	library = dlopen(NULL, RTLD_NOW);
	if (!library || !dlsym(library, wanted[0].name))
		library = dlopen(LIBRARY, RTLD_NOW);
	if (!library)
		return false;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *found = dlsym(library, wanted[i].name);

		if (!found)
			return false;
		memcpy(wanted[i].function, &found, sizeof(found));
	}
	return true;
}

static curl_socket_t
give_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct tls *tls = data;
	int fd = tls->fd;

	(void)purpose;
	(void)address;
	tls->fd = -1;
	return fd;
}

static int
is_connected(void *data, curl_socket_t fd, curlsocktype purpose)
{
	(void)data;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* CONNECT_ONLY with https shakes hands and leaves the rest to us. */
static void
prepare(struct tls *tls, const struct stream_peer *peer, int64_t deadline)
{
	bool v6 = strchr(peer->tls_name, ':') != NULL;
	char *url = mem_printf(v6 ? "https://[%s]:%d" : "https://%s:%d",
	    peer->tls_name, peer->port);
	char *found =
	    mem_printf("%s:%d:%s", peer->tls_name, peer->port, peer->ip);
	CURL *easy = tls->easy;

	tls->found = curl.append(NULL, found);
	curl.setopt(easy, CURLOPT_URL, url);
	curl.setopt(easy, CURLOPT_RESOLVE, tls->found);
	curl.setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl.setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl.setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl.setopt(easy, CURLOPT_PROXY, "");
	curl.setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	/* 0 would be libcurl's own 300 s */
	curl.setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)clock_left_ms(deadline) + 1);
	curl.setopt(easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
	curl.setopt(easy, CURLOPT_OPENSOCKETDATA, tls);
	curl.setopt(easy, CURLOPT_SOCKOPTFUNCTION, is_connected);
	trust_set(easy, curl.setopt);
	free(url);
	free(found);
}

static enum outcome
refused(CURLcode code, struct fault *fault)
{
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "its certificate is not trusted: %s (a CA of your own is "
		    "named by SSL_CERT_FILE)",
		    curl.strerror(code));
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "no answer to TLS: does it speak that?");
	return fault_set(fault, OUT_LATER, EXIT_LATER, "TLS: %s",
	    curl.strerror(code));
}

enum outcome
tls_open(struct tls **tls, int fd, const struct stream_peer *peer,
    int64_t deadline, struct fault *fault)
{
	CURLcode code = CURLE_FAILED_INIT;
	struct tls *new;

	if (!load()) {
		close(fd);
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "TLS needs " LIBRARY ", which is not installed");
	}
	new = mem_alloc(sizeof(*new));
	new->fd = fd;
	new->easy = curl.init();
	if (new->easy) {
		prepare(new, peer, deadline);
		code = curl.perform(new->easy);
	}
	if (code != CURLE_OK) {
		tls_close(new);
		return refused(code, fault);
	}
	*tls = new;
	return OUT_OK;
}

void
tls_close(struct tls *tls)
{
	curl.cleanup(tls->easy);
	curl.drop(tls->found);
	if (tls->fd >= 0)
		close(tls->fd);
	free(tls);
}

ssize_t
tls_send(struct tls *tls, const char *data, size_t len)
{
	size_t count = 0;
	CURLcode code = curl.send(tls->easy, data, len, &count);

	if (code == CURLE_OK)
		return (ssize_t)count;
	errno = EPIPE;
	return code == CURLE_AGAIN ? STREAM_WAIT : STREAM_BROKEN;
}

ssize_t
tls_receive(struct tls *tls, char *data, size_t size)
{
	size_t count = 0;
	CURLcode code = curl.recv(tls->easy, data, size, &count);

	if (code == CURLE_OK)
		return count > 0 ? (ssize_t)count : STREAM_END;
	errno = ECONNRESET;
	return code == CURLE_AGAIN ? STREAM_WAIT : STREAM_BROKEN;
}
