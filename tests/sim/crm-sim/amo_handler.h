/* SPDX-License-Identifier: MIT */
/* What answers in amoCRM, by the file that it is in. */
#ifndef CRM_SIM_AMO_HANDLER_H
#define CRM_SIM_AMO_HANDLER_H

#include "amo.h"
#include "amo_list.h"

#define STATUS_WON 142
#define STATUS_LOST 143

/* amo_account.c */
void amo_account_start(struct amo *amo);
void amo_account_get(struct call *call);
void amo_pipelines_get(struct call *call);
void amo_users_get(struct call *call);
void amo_fields_get(struct call *call);
void amo_fields_post(struct call *call);
const json_t *amo_field(const struct amo *amo, const char *kind,
    const json_t *value);
bool amo_status_known(const struct amo *amo, int64_t pipeline, int64_t status);
int64_t amo_status_first(const struct amo *amo, int64_t *pipeline);

/* amo_lead.c */
void amo_leads_get(struct call *call);
void amo_lead_get(struct call *call);
void amo_leads_post(struct call *call);
void amo_leads_patch(struct call *call);
struct row *amo_lead_make(struct call *call, const json_t *item,
    int64_t contact, bool listed);
void amo_lead_move(struct sim *sim, struct row *row, int64_t pipeline,
    int64_t status);

/* amo_complex.c */
void amo_complex_post(struct call *call);
void amo_unsorted_post(struct call *call);
void amo_unsorted_get(struct call *call);

/* amo_contact.c */
void amo_contacts_get(struct call *call);
void amo_contact_get(struct call *call);
void amo_contacts_post(struct call *call);
void amo_contacts_patch(struct call *call);
struct row *amo_contact_make(struct call *call, const json_t *item);

/* Values as they are read: with id, name and type of their field. */
json_t *amo_values_view(const struct amo *amo, const char *kind,
    const json_t *values);

/* amo_note.c */
void amo_notes_get(struct call *call);
void amo_notes_post(struct call *call);
void amo_tags_get(struct call *call);

/* amo_event.c */
void amo_events_get(struct call *call);
void amo_event_add(struct sim *sim, const json_t *before, const json_t *lead);

#endif
