/* SPDX-License-Identifier: MIT */
/*
 * Why a call has no answer, in words that name the setting which mends it.
 * libcurl's own error texts are not used: they may hold the proxy's password.
 */
#include <string.h>

#include "net/http_call.h"

/* Which step a call did not get beyond. */
enum phase { PHASE_NAME, PHASE_CONNECT, PHASE_SHAKE, PHASE_SEND, PHASE_WAIT };

static enum phase
call_phase(const struct http_call *call)
{
	curl_off_t name = 0;
	long port = 0;

	if (call->begun)
		return http_call_left(call) == HTTP_LEFT ? PHASE_WAIT
							 : PHASE_SEND;
	curl_easy_getinfo(call->easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
	/* CURLINFO_CONNECT_TIME waits for TLS and proxies in 7.88 */
	curl_easy_getinfo(call->easy, CURLINFO_LOCAL_PORT, &port);
	if (name == 0)
		return PHASE_NAME;
	return port == 0 ? PHASE_CONNECT : PHASE_SHAKE;
}

static void
fault_say(struct http_call *call, const char *what, const char *hint)
{
	fault_set(&call->result.fault, OUT_LATER, EXIT_LATER,
	    "cannot reach %s: %s%s%s", call->peer, what, *hint ? "; " : "",
	    hint);
}

/* What to do when the network between us and the peer does not work. */
static const char *
network_hint(const struct http_call *call, char *text, size_t size)
{
	const struct http *http = call->http;

	if (call->loopback && call->peer_setting)
		snprintf(text, size, "is the server of %s running?",
		    call->peer_setting);
	else if (!call->loopback && http->proxy_setting)
		snprintf(text, size, "check the network or set %s",
		    http->proxy_setting);
	else
		snprintf(text, size, "check the network");
	return text;
}

static const char *
proxy_setting(const struct http_call *call)
{
	return call->http->proxy_setting ? call->http->proxy_setting
					 : "the configuration";
}

static const char *
peer_setting(const struct http_call *call)
{
	return call->peer_setting ? call->peer_setting : "the configuration";
}

/* The proxy does not work, or does not let us through. */
static void
fault_proxy(struct http_call *call, const char *what)
{
	char text[160], hint[80];

	snprintf(text, sizeof(text), "the proxy of %s %s", proxy_setting(call),
	    what);
	snprintf(hint, sizeof(hint), "check %s", proxy_setting(call));
	fault_say(call, text, hint);
}

static void
fault_network(struct http_call *call, const char *what)
{
	char hint[80];

	fault_say(call, what, network_hint(call, hint, sizeof(hint)));
}

static void
fault_name(struct http_call *call, bool late)
{
	char text[240], hint[80];

	if (call->proxied) {
		fault_proxy(call,
		    late ? "has a name that does not resolve in time (DNS)"
			 : "has a name that does not resolve (DNS)");
		return;
	}
	snprintf(text, sizeof(text), "the name '%s' does not resolve%s (DNS)",
	    call->host, late ? " in time" : "");
	/* A name that somebody typed is more often wrong than the network. */
	if (!late && call->peer_setting != call->http->peer_setting) {
		snprintf(hint, sizeof(hint), "check %s and the network",
		    peer_setting(call));
		fault_say(call, text, hint);
		return;
	}
	fault_network(call, text);
}

static void
fault_connect(struct http_call *call)
{
	char what[120], text[280];
	long error = 0;

	curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &error);
	snprintf(what, sizeof(what), "cannot be connected to%s%s%s",
	    error ? " (" : "", error ? strerror((int)error) : "",
	    error ? ")" : "");
	if (call->proxied) {
		fault_proxy(call, what);
		return;
	}
	snprintf(text, sizeof(text), "'%s' %s", call->host, what);
	fault_network(call, text);
}

/* The peer was connected to, yet what stands in between may have frozen. */
static const char *
proxy_hint(const struct http_call *call, char *text, size_t size)
{
	snprintf(text, size, "check %s", proxy_setting(call));
	return call->proxied ? text : "";
}

static void
fault_timeout(struct http_call *call)
{
	char text[240], hint[80];
	long tunnel = 0;

	switch (call_phase(call)) {
	case PHASE_NAME:
		fault_name(call, true);
		return;
	case PHASE_CONNECT:
		if (call->proxied) {
			fault_proxy(call,
			    "does not accept the connection "
			    "in time");
			return;
		}
		snprintf(text, sizeof(text),
		    "'%s' does not accept the connection in time", call->host);
		fault_network(call, text);
		return;
	case PHASE_SHAKE:
		curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE,
		    &tunnel);
		if (call->proxied && tunnel / 100 != 2) {
			fault_proxy(call,
			    "accepted the connection and let "
			    "nothing through in time");
			return;
		}
		snprintf(text, sizeof(text),
		    "'%s' did not finish the TLS handshake in time",
		    call->host);
		fault_network(call, text);
		return;
	case PHASE_SEND:
		snprintf(text, sizeof(text),
		    "the request was not sent in "
		    "time, %lld of %lld bytes left",
		    (long long)call->given, (long long)call->total);
		fault_say(call, text, proxy_hint(call, hint, sizeof(hint)));
		return;
	case PHASE_WAIT:
		snprintf(text, sizeof(text),
		    "no whole answer from '%s' in time", call->host);
		fault_say(call, text, proxy_hint(call, hint, sizeof(hint)));
	}
}

/* The verify results of OpenSSL (x509_vfy.h) that people meet; 1 is what
 * libcurl leaves there when the chain was good. */
static const char *
trust_text(long verify)
{
	switch (verify) {
	case 0:
	case 1:
	case 62:
		return "it is for another name";
	case 9:
		return "it is not valid yet, or this clock is wrong";
	case 10:
		return "it has expired, or this clock is wrong";
	case 18:
		return "it is signed by itself";
	default:
		return "its issuer is not known here";
	}
}

static void
fault_tls(struct http_call *call, CURLcode code)
{
	char text[240];
	long verify = 0, proxy_verify = 0;

	curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	curl_easy_getinfo(call->easy, CURLINFO_PROXY_SSL_VERIFYRESULT,
	    &proxy_verify);
	if (code == CURLE_SSL_CACERT_BADFILE) {
		fault_say(call, "the CA certificates cannot be read",
		    "check SSL_CERT_FILE");
		return;
	}
	if (code != CURLE_PEER_FAILED_VERIFICATION) {
		snprintf(text, sizeof(text),
		    "the TLS handshake with '%s' "
		    "failed",
		    call->host);
		fault_network(call, text);
		return;
	}
	snprintf(text, sizeof(text),
	    "verification of the TLS certificate of %s%s%s failed: %s",
	    proxy_verify ? "the proxy of " : "'",
	    proxy_verify ? proxy_setting(call) : call->host,
	    proxy_verify ? "" : "'",
	    trust_text(proxy_verify ? proxy_verify : verify));
	fault_say(call, text, "a CA of your own is named by SSL_CERT_FILE");
}

/* The proxy answered, but not by letting us through. */
static bool
fault_refused(struct http_call *call)
{
	long tunnel = 0, socks = 0, status = 0;
	char text[80];

	if (!call->proxied)
		return false;
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	curl_easy_getinfo(call->easy, CURLINFO_PROXY_ERROR, &socks);
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if ((call->begun ? status : tunnel) == 407 ||
	    socks == CURLPX_NO_AUTH || socks == CURLPX_USER_REJECTED) {
		fault_proxy(call, "wants another user or password");
		return true;
	}
	if (call->begun)
		return false;
	if (tunnel >= 300)
		snprintf(text, sizeof(text), "refused with status %ld",
		    tunnel);
	else if (socks != CURLPX_OK)
		snprintf(text, sizeof(text), "refused with SOCKS error %ld",
		    socks);
	else
		return false;
	fault_proxy(call, text);
	return true;
}

/* The file that is being sent changed under us. */
static void
fault_file(struct http_call *call)
{
	fault_set(&call->result.fault, OUT_LATER, EXIT_LATER,
	    "cannot send '%s' to %s: %s", call->file, call->peer,
	    call->file_errno ? strerror(call->file_errno)
			     : "it became shorter while it was sent");
}

static void
fault_broken(struct http_call *call, CURLcode code)
{
	char text[240];
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (call->result.body.overflow) {
		snprintf(text, sizeof(text),
		    "the answer of '%s' is larger than %zu bytes", call->host,
		    call->result.body.max);
	} else if (code == CURLE_UNSUPPORTED_PROTOCOL ||
	    code == CURLE_WEIRD_SERVER_REPLY) {
		snprintf(text, sizeof(text), "'%s' does not answer in HTTP",
		    call->host);
	} else if (!call->begun) {
		if (call->proxied) {
			fault_proxy(call, "closed the connection");
			return;
		}
		snprintf(text, sizeof(text), "'%s' closed the connection (%s)",
		    call->host, curl_easy_strerror(code));
	} else {
		snprintf(text, sizeof(text), "the connection to '%s' broke %s",
		    call->host,
		    status > 0 ? "in the middle of the answer"
			: http_call_left(call) == HTTP_LEFT
			? "before the answer came"
			: "before the whole request was sent");
	}
	fault_say(call, text, "");
}

/* Settings that can never work. */
static bool
fault_never(struct http_call *call, CURLcode code)
{
	if (call->proxied && call->http->proxy_is_bad) {
		fault_set(&call->result.fault, OUT_NEVER, EXIT_CONFIG,
		    "the value of %s is not a proxy; set it to http://, "
		    "https:// or socks5h://[user:password@]host:port",
		    proxy_setting(call));
		return true;
	}
	if (call->begun ||
	    (code != CURLE_URL_MALFORMAT &&
		code != CURLE_UNSUPPORTED_PROTOCOL))
		return false;
	fault_set(&call->result.fault, OUT_NEVER, EXIT_CONFIG,
	    "the address of %s is not a URL; set %s to https://host or "
	    "http://host:port",
	    call->peer, peer_setting(call));
	return true;
}

static void
fault_private(struct http_call *call)
{
	fault_set(&call->result.fault, OUT_NEVER, EXIT_CONFIG,
	    "'%s' is an address of a private network, which %s must not lead "
	    "to",
	    call->host, peer_setting(call));
}

void
http_fault_set(struct http_call *call, CURLcode code)
{
	if (fault_never(call, code))
		return;
	if (call->is_private) {
		fault_private(call);
		return;
	}
	if (call->file_broke) {
		fault_file(call);
		return;
	}
	if (code != CURLE_OPERATION_TIMEDOUT && call->easy &&
	    fault_refused(call))
		return;
	switch (code) {
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY:
		fault_say(call, "out of memory or descriptors", "");
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		fault_name(call, false);
		return;
	case CURLE_COULDNT_CONNECT:
		fault_connect(call);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		fault_timeout(call);
		return;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_PEER_FAILED_VERIFICATION:
		fault_tls(call, code);
		return;
	default:
		fault_broken(call, code);
	}
}
