/* SPDX-License-Identifier: MIT */
/*
 * What the person on the other side does. Each returns the id of the update
 * that it caused, or 0 when the server would not have queued one.
 */
#ifndef TELEGRAM_SIM_SAY_H
#define TELEGRAM_SIM_SAY_H

#include <jansson.h>
#include <stdint.h>

struct sim;
struct chat;
struct message;

/* REPLY_TO 0: it answers no message. */
int64_t say_text(struct sim *sim, struct chat *chat, int64_t user_id,
    const char *text, int64_t reply_to, int64_t date_ms);
int64_t say_contact(struct sim *sim, struct chat *chat, json_t *contact);
int64_t say_press(struct sim *sim, struct chat *chat,
    const struct message *message, const char *data);

/* A group becomes a supergroup: a service message in each. */
int64_t say_migrate(struct sim *sim, struct chat *group,
    struct chat *supergroup);
int64_t say_block(struct sim *sim, struct chat *chat, int blocked);

#endif
