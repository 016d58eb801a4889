/* SPDX-License-Identifier: MIT */
/*
 * A person who talks with a flow for a while.
 */
#ifndef LEADPIPE_TEST_TALK_H
#define LEADPIPE_TEST_TALK_H

#include "flow_case.h"

struct talk {
	const struct flow *flow;
	struct chat chat;
	int64_t now;
	struct effects last;
};

static inline struct talk
talk_begin(const struct flow *flow, const char *lang)
{
	struct talk talk = { .flow = flow, .now = NOW };

	talk.chat = case_chat(lang);
	return talk;
}

static inline void
talk_end(struct talk *talk)
{
	effects_release(&talk->last);
	chat_release(&talk->chat);
}

/* Gives INPUT and compares what followed. */
static inline void
talk_give(struct talk *talk, const struct input *input, const char *expected)
{
	struct fault fault = { .text = "" };
	enum outcome out;
	char *told;

	effects_release(&talk->last);
	out = step(talk->flow, &talk->chat, input, talk->now, &talk->last,
	    &fault);
	if (out != OUT_OK)
		fail_msg("%s", fault.text);
	told = case_tell_at(&talk->last, talk->now);
	assert_string_equal(told, expected);
	free(told);
}

static inline void
talk_say(struct talk *talk, const char *text, const char *expected)
{
	const struct input input = { .kind = INPUT_TEXT, .text = text };

	talk_give(talk, &input, expected);
}

static inline const struct effect *
talk_last(const struct talk *talk, enum effect_kind kind)
{
	size_t i = talk->last.count;

	while (i-- > 0)
		if (talk->last.list[i].kind == kind)
			return &talk->last.list[i];
	fail_msg("no effect %d", (int)kind);
	return NULL;
}

/* Presses the inline button N of the last message. */
static inline void
talk_press(struct talk *talk, size_t n, const char *expected)
{
	json_t *rows =
	    json_object_get(json_object_get(talk_last(talk, EFFECT_MESSAGE)
						->params,
				"reply_markup"),
		"inline_keyboard");
	json_t *row, *button;
	struct input input = { .kind = INPUT_BUTTON };
	char *data = NULL;
	size_t i, j;

	json_array_foreach (rows, i, row)
		json_array_foreach (row, j, button)
			if (n-- == 0)
				data = mem_dup(
				    json_get_text(button, "callback_data"));
	assert_non_null(data);
	input.text = data;
	talk_give(talk, &input, expected);
	free(data);
}

static inline void
talk_contact(struct talk *talk, const char *phone, int64_t owner,
    const char *expected)
{
	const struct input input = { .kind = INPUT_CONTACT,
		.text = phone,
		.user_id = owner };

	talk_give(talk, &input, expected);
}

/* The handler's answer comes. */
static inline void
talk_answer(struct talk *talk, const char *json, const char *expected)
{
	json_t *data = case_json(json);
	char *resume = json_text(talk_last(talk, EFFECT_EXEC)->resume);
	const struct input input = { .kind = INPUT_EXEC,
		.text = resume,
		.data = data };

	talk_give(talk, &input, expected);
	free(resume);
	json_decref(data);
}

/* A copy of the last task, which talk_task_end() releases. */
static inline struct effect
talk_task(const struct talk *talk)
{
	const struct effect *task = talk_last(talk, EFFECT_TASK);
	struct effect copy = *task;

	copy.text = mem_dup(task->text);
	copy.pointer = mem_dup(task->pointer);
	return copy;
}

static inline void
talk_task_end(struct effect *task)
{
	free(task->text);
	free(task->pointer);
}

/* TASK is due. */
static inline void
talk_fire(struct talk *talk, const struct effect *task, const char *expected)
{
	char *pointer = mem_dup(task->pointer), *name = mem_dup(task->text);
	const struct input input = {
		.kind = step_is_timer(name) ? INPUT_TIMER : INPUT_SCHEDULE,
		.text = pointer,
		.name = name,
		.entries = task->entries,
		.due_at = task->due_at,
	};

	if (talk->now < task->due_at)
		talk->now = task->due_at;
	talk_give(talk, &input, expected);
	free(pointer);
	free(name);
}

/* examples/shop/flow.json with people in its roles. */
static inline struct flow *
talk_shop(void)
{
	struct findings findings = { 0 };
	struct fault fault = { .text = "" };
	struct flow *flow = NULL;
	const char *top = getenv("TOP");
	char *path = mem_printf("%s/examples/shop/flow.json", top ? top : ".");
	char *bundle = NULL, *text;
	json_t *root;

	if (flow_bundle(path, &bundle, &findings, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	root = json_loads(bundle, 0, NULL);
	json_object_set_new(root, "roles",
	    json_pack("{s[i],s[i]}", "admin", 7, "dispatcher", 501));
	text = json_dumps(root, JSON_COMPACT);
	if (flow_open(text, strlen(text), NULL, &flow, &findings, &fault) !=
	    OUT_OK)
		fail_msg("%s", fault.text);
	json_decref(root);
	free(text);
	findings_release(&findings);
	free(bundle);
	free(path);
	return flow;
}

#endif
