/* SPDX-License-Identifier: MIT */
#include "net/http_options.h"

#include <string.h>

#include "net/host.h"

static enum outcome
read_ip(const struct config *config, int *ip, struct fault *fault)
{
	const char *text = config_get(config, "LEADPIPE_IP");

	*ip = 0;
	if (!text)
		return OUT_OK;
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEADPIPE_IP must be 4 or 6 (%s)",
		    config_origin(config, "LEADPIPE_IP"));
	*ip = *text - '0';
	return OUT_OK;
}

enum outcome
http_options_read(struct http_options *options, const struct config *config,
    const char *proxy_setting, struct fault *fault)
{
	enum outcome out = OUT_OK;

	options->proxy = config_get(config, proxy_setting);
	options->proxy_setting = proxy_setting;
	if (options->proxy)
		out = host_check_proxy(proxy_setting, options->proxy,
		    config_origin(config, proxy_setting), fault);
	return out == OUT_OK ? read_ip(config, &options->ip, fault) : out;
}
