/* SPDX-License-Identifier: MIT */
/* needs: none */
/*
 * bare URL COUNT CONNECTIONS: what libcurl alone needs to call sendMessage
 * COUNT times, without a database, a flow or a promise.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS_MOST 256

struct call {
	CURL *easy;
	char body[128];
};

static size_t
swallow(char *data, size_t size, size_t count, void *to)
{
	(void)data;
	(void)to;
	return size * count;
}

static void
call_start(CURLM *multi, struct call *call, long number)
{
	snprintf(call->body, sizeof(call->body),
	    "{\"chat_id\":%ld,\"text\":\"Hello, this is message %ld\"}",
	    1000000 + number, number);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
	curl_multi_add_handle(multi, call->easy);
}

static CURL *
easy_make(const char *url, struct curl_slist *headers, struct call *call)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	return easy;
}

int
main(int argc, char **argv)
{
	static struct call calls[CONNECTIONS_MOST];
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	long count = argc == 4 ? atol(argv[2]) : 0, begun = 0, done = 0;
	long width = argc == 4 ? atol(argv[3]) : 0, good = 0;
	CURLM *multi = curl_multi_init();
	CURLMsg *message;
	int running, left;

	if (count < 1 || width < 1 || width > CONNECTIONS_MOST)
		return 64;
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, width);
	for (; begun < width && begun < count; begun++) {
		calls[begun].easy = easy_make(argv[1], headers, &calls[begun]);
		call_start(multi, &calls[begun], begun);
	}
	while (done < count) {
		curl_multi_perform(multi, &running);
		while ((message = curl_multi_info_read(multi, &left))) {
			CURL *easy = message->easy_handle;
			struct call *call;
			long status = 0;

			curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
			curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE,
			    &status);
			good += status == 200;
			done++;
			curl_multi_remove_handle(multi, easy);
			if (begun < count)
				call_start(multi, call, begun++);
		}
		curl_multi_poll(multi, NULL, 0, done < count ? 1000 : 0, NULL);
	}
	for (long i = 0; i < width; i++)
		curl_easy_cleanup(calls[i].easy);
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	return good == count ? 0 : 1;
}
