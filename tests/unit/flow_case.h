/* SPDX-License-Identifier: MIT */
/*
 * Flows and chats for tests of the engine.  JSON is written with ' for ".
 */
#ifndef LEADPIPE_TEST_FLOW_CASE_H
#define LEADPIPE_TEST_FLOW_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/step.h"

#define NOW 1763683200000LL

/* A small flow that has one of everything. */
static const char case_base[] =
    "{'leadpipe':1,'id':'case','start':'first','tz':'UTC',"
    "'lang':{'default':'en','available':['en','ru']},"
    "'roles':{'admin':[7]},"
    "'vars':{'name':{'from':'user.first_name','max':64},'n':{'type':'int'},"
    "'x':{'type':'number'},'flag':{'type':'bool'},'lang':{},"
    "'source':{'from':'start.payload','max':16,'default':'direct'},"
    "'s':{'scope':'session'}},"
    "'media':{'clip':{'video':'/clip.mp4','digest':'00','size':1}},"
    "'commands':{},'events':{},"
    "'states':{'first':{},'second':{},'third':{}},"
    "'texts':{'en':{'hi':'Hi','b':'Go','bye':'Bye'},"
    "'ru':{'hi':'Привет','b':'Вперёд','bye':'Пока'}}}";

static inline json_t *
case_json(const char *text)
{
	char *copy = mem_dup(text), *at;
	json_error_t error;
	json_t *value;

	for (at = copy; *at != '\0'; at++)
		if (*at == '\'')
			*at = '"';
	value = json_loads(copy, JSON_DECODE_ANY, &error);
	if (value == NULL)
		fail_msg("%s: %s", error.text, copy);
	free(copy);
	return value;
}

/* Opens the base flow with PATCH laid over it; a null takes a member away. */
static inline struct flow *
case_open(const char *patch, struct findings *findings)
{
	json_t *root = case_json(case_base), *over = case_json(patch);
	struct flow *flow = NULL;
	const char *key;
	json_t *value;
	void *next;
	char *text;

	assert_int_equal(json_object_update_recursive(root, over), 0);
	json_object_foreach_safe (root, next, key, value)
		if (json_is_null(value))
			json_object_del(root, key);
	text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
	assert_non_null(text);
	if (flow_open(text, strlen(text), NULL, &flow, findings, NULL) ==
	    OUT_OK)
		assert_non_null(flow);
	else
		assert_null(flow);
	free(text);
	json_decref(root);
	json_decref(over);
	return flow;
}

/* The same for a flow that must be right. */
static inline struct flow *
case_flow(const char *patch)
{
	struct findings findings = { 0 };
	struct flow *flow = case_open(patch, &findings);

	if (flow == NULL)
		fail_msg("%s: %s", findings.list[0].where,
		    findings.list[0].text);
	findings_release(&findings);
	return flow;
}

static inline struct chat
case_chat(const char *lang)
{
	struct chat chat;

	chat_init(&chat, 42);
	chat.person.id = 42;
	chat.person.first_name = mem_dup("Ann");
	chat.person.lang = mem_dup(lang);
	return chat;
}

/* Runs one input; the effects are the caller's. */
static inline enum outcome
case_try(const struct flow *flow, struct chat *chat, enum input_kind kind,
    const char *text, struct effects *effects)
{
	struct input input = { .kind = kind, .text = text };
	struct fault fault = { .text = "" };

	memset(effects, 0, sizeof(*effects));
	return step(flow, chat, &input, NOW, effects, &fault);
}

/* What happened, a line for each effect, as a text that is compared whole. */
static inline char *
case_tell_at(const struct effects *effects, int64_t now)
{
	char *told = mem_dup(""), *more;
	size_t i;

	for (i = 0; i < effects->count; i++) {
		const struct effect *e = &effects->list[i];
		char *line = NULL, *data = NULL;

		switch (e->kind) {
		case EFFECT_MESSAGE:
			if (e->chat_id != 42)
				data = mem_printf("to %lld ",
				    (long long)e->chat_id);
			line = mem_printf("%s%s%s%s: %s\n", data ? data : "",
			    e->method, e->media ? " " : "",
			    e->media ? e->media : "", e->plain);
			break;
		case EFFECT_TASK:
			line = mem_printf("task %s in %lld s\n", e->text,
			    (long long)(e->due_at - now) / 1000);
			break;
		case EFFECT_CANCEL:
			line = mem_printf("cancel %s\n", e->text);
			break;
		case EFFECT_ENTERED:
			line = mem_printf("enter %s\n", e->text);
			break;
		case EFFECT_NOTICE:
			line = mem_printf("notice %s\n", e->text);
			break;
		case EFFECT_LEAD:
			data = json_text(e->data);
			line = mem_printf("lead %s\n", data);
			break;
		case EFFECT_REPORT:
			line = mem_printf("report %s\n", e->text);
			break;
		case EFFECT_EXEC:
			line = mem_printf("exec %s\n", e->text);
			break;
		}
		more = mem_printf("%s%s", told, line);
		free(line);
		free(data);
		free(told);
		told = more;
	}
	return told;
}

static inline char *
case_tell(const struct effects *effects)
{
	return case_tell_at(effects, NOW);
}

/* Runs one input and compares what happened. */
static inline void
case_step(const struct flow *flow, struct chat *chat, enum input_kind kind,
    const char *text, const char *expected)
{
	struct effects effects;
	char *told;

	assert_int_equal(case_try(flow, chat, kind, text, &effects), OUT_OK);
	told = case_tell(&effects);
	assert_string_equal(told, expected);
	free(told);
	effects_release(&effects);
}

/* The callback data of the first inline button in the last message. */
static inline char *
case_button(const struct effects *effects)
{
	json_t *markup, *row;
	size_t i = effects->count;

	while (i-- > 0) {
		markup =
		    json_object_get(effects->list[i].params, "reply_markup");
		row =
		    json_array_get(json_object_get(markup, "inline_keyboard"),
			0);
		if (row != NULL)
			return mem_dup(json_get_text(json_array_get(row, 0),
			    "callback_data"));
	}
	return NULL;
}

#endif
