/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"

/* log_error() allocates nothing, so it still works here, if it does not hold
 * its lines back: inside a transaction that would keep this one for ever. */
_Noreturn void
mem_give_up(void)
{
	log_release();
	log_error("out of memory");
	_Exit(EXIT_LATER);
}

void *
mem_alloc(size_t size)
{
	void *mem = calloc(1, size > 0 ? size : 1);

	if (mem == NULL)
		mem_give_up();
	return mem;
}

void *
mem_array(void *old, size_t count, size_t size)
{
	/* realloc() to nothing may free and return NULL. */
	void *mem =
	    reallocarray(old, count > 0 ? count : 1, size > 0 ? size : 1);

	if (mem == NULL)
		mem_give_up();
	return mem;
}

char *
mem_dup(const char *text)
{
	return text != NULL ? mem_dup_n(text, strlen(text)) : NULL;
}

char *
mem_dup_n(const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		mem_give_up();
	copy = mem_alloc(len + 1);
	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		mem_give_up();
	return text;
}
