/* SPDX-License-Identifier: MIT */
/*
 * Allocation that does not fail: out of memory ends the process with 75.  That
 * is safe because nothing is confirmed before it is committed.
 */
#ifndef LEADPIPE_MEM_H
#define LEADPIPE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);			       /* zeroed */
void *mem_array(void *old, size_t count, size_t size); /* reallocarray */
char *mem_dup(const char *text);		       /* NULL stays NULL */
char *mem_dup_n(const char *text, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The end of the process, for a library that said it has no memory. */
_Noreturn void mem_give_up(void);

#endif
