/* SPDX-License-Identifier: MIT */
#include "point.h"

#include <stddef.h>

/*
 * glibc's own entry points: looking the real functions up by dlsym would
 * allocate before there is anything to allocate with.
 */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

void *
malloc(size_t size)
{
	return point_allocate() ? __libc_malloc(size) : NULL;
}

void *
calloc(size_t count, size_t size)
{
	return point_allocate() ? __libc_calloc(count, size) : NULL;
}

void *
realloc(void *old, size_t size)
{
	return point_allocate() ? __libc_realloc(old, size) : NULL;
}
