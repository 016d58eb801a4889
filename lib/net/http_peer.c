/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "net/http_call.h"

/* 127/8 in all spellings libcurl takes, ::1, localhost and *.localhost. */
static bool
host_is_loopback(const char *host)
{
	size_t len = strlen(host);
	struct in6_addr ip6;
	struct in_addr ip4;

	if (inet_pton(AF_INET6, host, &ip6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&ip6) ||
		    (IN6_IS_ADDR_V4MAPPED(&ip6) && ip6.s6_addr[12] == 127);
	if (inet_aton(host, &ip4))
		return ntohl(ip4.s_addr) >> 24 == 127;
	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len < 9 || strncasecmp(host + len - 9, "localhost", 9) != 0)
		return false;
	return len == 9 || host[len - 10] == '.';
}

/* The host may be printed, what stands around it not: a token in the path, a
 * password before the '@'. */
void
http_peer_set(struct http_call *call, const char *url)
{
	const char *at = strstr(url, "://"), *end, *user;
	size_t len;

	at = at ? at + 3 : url;
	end = at + strcspn(at, "/?#\\");
	while ((user = memchr(at, '@', (size_t)(end - at))))
		at = user + 1;
	if (*at == '[') {
		at++;
		len = strcspn(at, "]/");
	} else {
		len = strcspn(at, ":/?#\\");
	}
	if (len >= sizeof(call->host))
		len = sizeof(call->host) - 1;
	memcpy(call->host, at, len);
	call->host[len] = '\0';
	call->loopback = host_is_loopback(call->host);
	for (char *c = call->host; *c; c++)
		if (*c > 0 && (*c <= ' ' || *c == '\'' || *c == 0x7f))
			*c = '?';
}

bool
http_proxy_valid(const char *text)
{
	static const char *const schemes[] = { "http://", "https://",
		"socks5h://", "socks5://" };
	bool known = !strstr(text, "://");
	CURLU *url = curl_url();
	CURLUcode code = CURLUE_BAD_HANDLE;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			known = true;
	if (url)
		code = curl_url_set(url, CURLUPART_URL, text,
		    CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
	curl_url_cleanup(url);
	return known && code == CURLUE_OK;
}
