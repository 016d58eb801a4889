/* SPDX-License-Identifier: MIT */
/*
 * Where the alerts keep their state: alerts.json beside the database, written
 * atomically, under a lock.  Where nothing can be written (the disk is full or
 * read-only, there is no directory yet) a copy in memory (/dev/shm) takes its
 * place, so that one alert stays one; the copy that was written last counts.
 */
#ifndef LEADPIPE_ALERT_FILE_H
#define LEADPIPE_ALERT_FILE_H

#include "ops/alert_state.h"

struct alert_file {
	char *path, *spare; /* the file, and its copy in memory */
	char *written;	    /* what it holds */
	int lock;	    /* -1: none */
};

/*
 * Takes the lock beside DB_PATH until DEADLINE (monotonic ms; 0: no waiting)
 * and reads STATE; OUT_LATER when another one has it.  A file that is no state
 * is as none.
 */
enum outcome alert_file_open(struct alert_file *file, const char *db_path,
    int64_t deadline, struct alert_state *state, int64_t now,
    struct fault *fault) must_check;

/* Writes STATE, if it changed, and what it said is on the disk afterwards. */
enum outcome alert_file_save(struct alert_file *file,
    struct alert_state *state, struct fault *fault) must_check;

void alert_file_close(struct alert_file *file);

#endif
