/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * Long talks of nonsense: whatever is said, the engine goes on, and all that
 * it knows of a chat is in what is stored.
 */
#include "talk.h"

#define STEPS 6000

static const char *const texts[] = { "/start", "/start ads_7", "/create_order",
	"/cancel", "/stop", "/stats", "/help", "/nonsense", "/", "Кран",
	"crane", "Поднять 3 т груза, понедельник", "x", "8 912 345-67-89",
	"+1", "", "</b>", "{{user.id}}", "\xe2\x80\xae\x01\xff", "\n",
	"Отправить мой номер" };
static const char *const kinds[] = { "photo", "voice", "location", "sticker" };
static const char *const answers[] = { "{'ok':true,'set':{'price':5}}",
	"{'ok':false}", "{'ok':true,'goto':'order.descr'}",
	"{'ok':true,'actions':[{'send':'hello'},{'goto':'welcome'}]}" };

struct walk {
	struct talk talk;
	uint64_t random;
	struct effect tasks[64]; /* planned, text NULL: free */
	char *button, *resume;
};

static size_t
pick(struct walk *walk, size_t count)
{
	walk->random = walk->random * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return (size_t)(walk->random >> 33) % count;
}

static json_t *
reload(json_t *value)
{
	char *text = json_text(value);
	json_t *copy = json_loads(text, 0, NULL);

	assert_non_null(copy);
	free(text);
	return copy;
}

/* CHAT as it is after it was stored. */
static struct chat
stored(const struct chat *chat)
{
	struct chat copy = *chat;

	copy.person.first_name = mem_dup(chat->person.first_name);
	copy.person.lang = mem_dup(chat->person.lang);
	copy.state = mem_dup(chat->state);
	copy.lang = mem_dup(chat->lang);
	copy.tz = mem_dup(chat->tz);
	copy.vars = reload(chat->vars);
	copy.tags = reload(chat->tags);
	copy.visits = reload(chat->visits);
	copy.memory = reload(chat->memory);
	return copy;
}

static void
remember(struct walk *walk)
{
	const struct effects *effects = &walk->talk.last;
	size_t i, place;
	char *button;

	for (i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->list[i];

		if (effect->kind == EFFECT_EXEC) {
			assert_int_equal(i, effects->count - 1);
			walk->resume = json_text(effect->resume);
			assert_true(
			    step_can_resume(walk->talk.flow, walk->resume));
		} else if (effect->kind == EFFECT_TASK) {
			assert_true(effect->due_at > walk->talk.now - 1);
			place = pick(walk, 64);
			talk_task_end(&walk->tasks[place]);
			walk->tasks[place] = *effect;
			walk->tasks[place].text = mem_dup(effect->text);
			walk->tasks[place].pointer = mem_dup(effect->pointer);
		}
	}
	button = case_button(effects);
	if (button == NULL)
		return;
	free(walk->button);
	walk->button = button;
}

/* Steps the chat and what was stored of it, which must come to the same. */
static void
walk_step(struct walk *walk, const struct input *input)
{
	struct talk *talk = &walk->talk;
	struct chat copy = stored(&talk->chat);
	struct effects effects = { 0 };
	struct fault fault = { .text = "" };
	char *told, *again;

	effects_release(&talk->last);
	if (step(talk->flow, &copy, input, talk->now, &effects, &fault) !=
	    OUT_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(step(talk->flow, &talk->chat, input, talk->now,
			     &talk->last, &fault),
	    OUT_OK);
	told = case_tell_at(&talk->last, talk->now);
	again = case_tell_at(&effects, talk->now);
	assert_string_equal(told, again);
	assert_string_equal(talk->chat.state, copy.state);
	assert_true(json_equal(talk->chat.vars, copy.vars));
	assert_true(json_equal(talk->chat.memory, copy.memory));
	assert_true(
	    flow_has_state(talk->flow, copy.state) || copy.entries == 0);
	free(told);
	free(again);
	effects_release(&effects);
	chat_release(&copy);
	remember(walk);
}

static void
walk_answer(struct walk *walk)
{
	json_t *data = case_json(answers[pick(walk, 4)]);
	char *resume = walk->resume;
	const struct input input = { .kind = INPUT_EXEC,
		.text = resume,
		.data = data };

	walk->resume = NULL;
	walk_step(walk, &input);
	json_decref(data);
	free(resume);
}

static void
walk_task(struct walk *walk)
{
	struct effect task = walk->tasks[pick(walk, 64)];
	struct input input = { .kind = INPUT_SCHEDULE,
		.entries = task.entries,
		.due_at = task.due_at };
	char *name = mem_dup(task.text), *pointer = mem_dup(task.pointer);

	if (name != NULL) {
		input.name = name;
		input.text = pointer;
		if (step_is_timer(name))
			input.kind = INPUT_TIMER;
		if (walk->talk.now < task.due_at)
			walk->talk.now = task.due_at;
		walk_step(walk, &input);
	}
	free(name);
	free(pointer);
}

static void
walk_on(struct walk *walk)
{
	struct input input = { .kind = INPUT_TEXT, .message_id = 3 };

	walk->talk.now += (int64_t)pick(walk, 200000);
	switch (walk->resume ? 0 : pick(walk, 9)) {
	case 0:
		if (walk->resume != NULL)
			walk_answer(walk);
		return;
	case 1:
		walk_task(walk);
		return;
	case 2:
		input.kind = INPUT_CONTACT;
		input.text = texts[pick(walk, 21)];
		input.user_id = 42 + (int64_t)pick(walk, 2);
		break;
	case 3:
		input.kind = INPUT_MEDIA;
		input.text = kinds[pick(walk, 4)];
		input.caption = pick(walk, 2) ? texts[pick(walk, 21)] : NULL;
		break;
	case 4:
		input.kind = INPUT_EVENT;
		input.text = "paid";
		break;
	case 5:
		input.kind = pick(walk, 2) ? INPUT_LOST : INPUT_OPERATOR;
		input.text = texts[pick(walk, 21)];
		break;
	case 6:
	case 7:
		input.kind = INPUT_BUTTON;
		input.text = walk->button;
		break;
	default:
		input.text = texts[pick(walk, 21)];
		input.in_group = pick(walk, 8) == 0;
		break;
	}
	walk_step(walk, &input);
}

static void
test_walk(void **state)
{
	struct flow *flow = talk_shop();
	struct walk walk = { .random = 7 };
	size_t i;

	(void)state;
	walk.talk = talk_begin(flow, "ru");
	for (i = 0; i < STEPS; i++)
		walk_on(&walk);
	print_message("# %lld sessions, %lld states entered\n",
	    (long long)walk.talk.chat.session,
	    (long long)walk.talk.chat.entries);
	assert_true(walk.talk.chat.session > 10);
	for (i = 0; i < 64; i++)
		talk_task_end(&walk.tasks[i]);
	free(walk.button);
	free(walk.resume);
	talk_end(&walk.talk);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
