/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"

enum outcome
fault_set(struct fault *fault, enum outcome what, enum exit_code code,
    const char *fmt, ...)
{
	/* Larger than fault->text: a secret must be masked before the cut,
	 * half a token would not be recognised any more. */
	char text[2048];
	size_t len;
	va_list args;

	if (fault == NULL)
		return what;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_redact(text);
	len = utf8_prefix_bytes(text, sizeof(fault->text) - 1);
	memcpy(fault->text, text, len);
	fault->text[len] = '\0';
	fault->what = what;
	fault->code = code;
	fault->retry_ms = 0;
	return what;
}
