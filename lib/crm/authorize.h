/* SPDX-License-Identifier: MIT */
/*
 * Letting us into amoCRM: a person brings a long-lived token, or the code that
 * amoCRM gives once to the redirect address.
 */
#ifndef LEADPIPE_AUTHORIZE_H
#define LEADPIPE_AUTHORIZE_H

#include "crm/adapter.h"

/* The page where a person lets the integration in, or NULL when
 * AMOCRM_CLIENT_ID is not set; the caller frees it. */
char *authorize_url(const struct config *config);

struct authorized {
	char account[128];  /* what the account is called */
	int64_t expires_at; /* wall ms; 0: it does not say */
	bool is_long;	    /* never refreshed */
};

/*
 * Takes what a person pasted: a long-lived token, a code, or the whole address
 * that amoCRM led back to.  A code is exchanged and stored at once, since it
 * can be used once; a long-lived token only after amoCRM took it.  Then the
 * account is asked for.  CRM is amocrm; by DEADLINE (monotonic ms).  Faults
 * name the remedy: EXIT_INPUT, EXIT_PERMISSION, EXIT_CONFIG, EXIT_LATER.
 */
enum outcome authorize(struct crm *crm, struct http *http, const char *pasted,
    int64_t deadline, struct authorized *done, struct fault *fault) must_check;

#endif
