/* SPDX-License-Identifier: MIT */
/*
 * The names of CRMs, apart from the adapters: who only takes leads in needs
 * no libcurl.
 */
#ifndef LEADPIPE_NAMES_H
#define LEADPIPE_NAMES_H

/* The names that LEAD_CRM and lead.crm may hold, NULL ends the list. */
extern const char *const crm_names[];

#endif
