/* SPDX-License-Identifier: MIT */
#include "net/trust.h"

#include <stdlib.h>

void
trust_set(CURL *easy, CURLcode (*setopt)(CURL *, CURLoption, ...))
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *folder = getenv("SSL_CERT_DIR");

	/* the hashed directory is read as needed, the bundle as a whole */
	if (!folder || !*folder)
		folder = "/etc/ssl/certs";
	if (file && !*file)
		file = NULL;
	setopt(easy, CURLOPT_CAINFO, file);
	setopt(easy, CURLOPT_PROXY_CAINFO, file);
	setopt(easy, CURLOPT_CAPATH, folder);
	setopt(easy, CURLOPT_PROXY_CAPATH, folder);
	setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
}
