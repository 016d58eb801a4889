/* SPDX-License-Identifier: MIT */
/*
 * What a database of ours looks like.
 */
#ifndef LEADPIPE_SCHEMA_H
#define LEADPIPE_SCHEMA_H

/* "lpip": PRAGMA application_id of every database of ours. */
#define SCHEMA_APPLICATION_ID 0x6c706970

/* The version this program writes: PRAGMA user_version. */
#ifdef LEADPIPE_TEST_MIGRATION
#define SCHEMA_VERSION 2
#else
#define SCHEMA_VERSION 1
#endif

/* Version 1: lists of statements, ended by NULL as each of them is. */
extern const char *const *const schema_v1[];

/* Its lists, for schema.c. */
extern const char *const schema_chats[];
extern const char *const schema_tasks[];
extern const char *const schema_leads[];
extern const char *const schema_shared[];
extern const char *const schema_page[];
extern const char *const schema_broadcasts[];

#endif
