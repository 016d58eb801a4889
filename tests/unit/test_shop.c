/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * The reference conversations of examples/shop/flow.json, step by step.
 */
#include "talk.h"

#define CHAT 42

static struct talk
shop_talk(const struct flow *flow, const char *lang)
{
	struct talk talk = talk_begin(flow, lang);

	free(talk.chat.person.first_name);
	talk.chat.person.first_name = mem_dup("Иван <script>");
	return talk;
}

#define Q_EQUIPMENT "sendMessage: Какая техника нужна?\n"
#define Q_DESCR \
	"sendMessage: Опишите задачу: адрес, срок, объём (10–1000 знаков).\n"
#define E_DESCR \
	"sendMessage: Слишком коротко или длинно, попробуйте ещё раз.\n"
#define Q_CONTACT "sendMessage: Ваш телефон?\n"
#define E_PHONE "sendMessage: Не похоже на номер. Пример: +7 912 345-67-89\n"
#define TTL "task ttl:order in 3600 s\n"

static void
test_order(void **state)
{
	struct flow *flow = talk_shop();
	struct talk talk = shop_talk(flow, "ru");
	const struct effect *lead, *note;
	json_t *rows;
	char *data;

	(void)state;
	talk_say(&talk, "/start ads_7",
	    "enter welcome\nsendMessage: Здравствуйте, Иван <script>! "
	    "Нажмите кнопку, чтобы открыть материалы.\n");
	talk_say(&talk, "/create_order",
	    "enter order.equipment\n" Q_EQUIPMENT TTL);
	rows = json_object_get(json_object_get(talk_last(&talk, EFFECT_MESSAGE)
						   ->params,
				   "reply_markup"),
	    "inline_keyboard");
	assert_int_equal(json_array_size(rows), 2);
	assert_int_equal(json_array_size(json_array_get(rows, 0)), 2);
	assert_string_equal(json_get_text(json_array_get(json_array_get(rows,
							     0),
					      1),
				"text"),
	    "Кран");
	assert_int_equal(talk.chat.session, 1);
	talk_press(&talk, 1, "enter order.descr\n" Q_DESCR);
	assert_string_equal(json_get_text(talk.chat.vars, "equipment"),
	    "crane");
	talk_say(&talk, "кран", E_DESCR);
	talk_say(&talk, "Поднять 3 т <ящик>, понедельник",
	    "enter order.contact\n" Q_CONTACT);
	rows = json_object_get(talk_last(&talk, EFFECT_MESSAGE)->params,
	    "reply_markup");
	data = json_text(rows);
	assert_string_equal(data,
	    "{\"keyboard\":[[{\"request_contact\":true,\"text\":"
	    "\"Отправить мой номер\"}]],\"resize_keyboard\":true,"
	    "\"one_time_keyboard\":true}");
	free(data);
	talk_contact(&talk, "+79990000000", 77, E_PHONE);
	talk_say(&talk, "8 (912) 345-67-89",
	    "enter order.done\nexec /states/order.done/enter/0\n");
	assert_string_equal(json_get_text(talk.chat.vars, "phone"),
	    "+79123456789");
	data = json_text(
	    json_object_get(talk_last(&talk, EFFECT_EXEC)->data, "input"));
	assert_string_equal(data,
	    "{\"descr\":\"Поднять 3 т <ящик>, понедельник\","
	    "\"equipment\":\"crane\"}");
	free(data);
	talk_answer(&talk, "{'ok':true,'set':{'price':15000}}",
	    "lead {\"key\":\"order-42-1\",\"crm\":\"amocrm\",\"title\":"
	    "\"Заказ: Кран\",\"note\":\"Поднять 3 т <ящик>, понедельник\","
	    "\"price\":15000,\"contact\":{\"name\":\"Иван <script>\","
	    "\"phone\":\"+79123456789\"},\"tags\":[\"telegram\","
	    "\"ads_7\"]}\n"
	    "to 501 sendMessage: Новая заявка\nКран\n"
	    "Поднять 3 т <ящик>, понедельник\n"
	    "+79123456789 — Иван <script>\nисточник: ads_7\n"
	    "sendMessage: Заявка принята. Предварительно: 15000 ₽.\n"
	    "enter idle\ncancel ttl:order\n");
	lead = talk_last(&talk, EFFECT_LEAD);
	assert_string_equal(json_get_text(lead->data, "key"), "order-42-1");
	note = &talk.last.list[1];
	assert_non_null(strstr(json_get_text(note->params, "text"),
	    "Поднять 3 т &lt;ящик&gt;"));
	assert_non_null(
	    strstr(json_get_text(note->params, "text"), "&lt;script&gt;"));
	assert_int_equal(note->about, 0);
	assert_null(json_object_get(talk.chat.vars, "descr"));
	assert_string_equal(talk.chat.state, "idle");
	assert_int_equal(talk.chat.expires_at, 0);
	/* the second order is another lead */
	talk_say(&talk, "/create_order",
	    "enter order.equipment\n" Q_EQUIPMENT TTL);
	assert_int_equal(talk.chat.session, 2);
	talk_end(&talk);
	flow_close(flow);
}

/* The same in English: a handler that fails, a label to a Russian
 * dispatcher. */
static void
test_order_in_english(void **state)
{
	struct flow *flow = talk_shop();
	struct talk talk = shop_talk(flow, "en");

	(void)state;
	talk_say(&talk, "/create_order",
	    "enter order.equipment\nsendMessage: What equipment do you "
	    "need?\n" TTL);
	/* a choice may be typed, and in the other language */
	talk_say(&talk, "КРАН",
	    "enter order.descr\nsendMessage: Describe the job: address, "
	    "dates, volume (10–1000 characters).\n");
	talk_say(&talk, "one",
	    "sendMessage: Too short or too long, try again.\n");
	talk_say(&talk, "two",
	    "sendMessage: Too short or too long, try again.\n");
	talk_say(&talk, "three",
	    "enter order.contact\nsendMessage: Your phone number?\n");
	assert_string_equal(json_get_text(talk.chat.vars, "descr"), "-");
	talk_contact(&talk, "79123456789", CHAT,
	    "enter order.done\nexec /states/order.done/enter/0\n");
	talk_answer(&talk, "{'ok':false,'error':'it hung'}",
	    "lead {\"key\":\"order-42-1\",\"crm\":\"amocrm\",\"title\":"
	    "\"Заказ: Кран\",\"note\":\"-\",\"contact\":{\"name\":"
	    "\"Иван <script>\",\"phone\":\"+79123456789\"},\"tags\":"
	    "[\"telegram\",\"direct\"]}\n"
	    "to 501 sendMessage: Новая заявка\nКран\n-\n+79123456789 — "
	    "Иван <script>\nисточник: direct\n"
	    "sendMessage: Order received. A dispatcher will call you.\n"
	    "enter idle\ncancel ttl:order\n");
	talk_end(&talk);
	flow_close(flow);
}

/* Forgotten an hour after the last input, once. */
static void
test_order_expires(void **state)
{
	struct flow *flow = talk_shop();
	struct talk talk = shop_talk(flow, "ru");
	struct effect first, second;

	(void)state;
	talk_say(&talk, "/create_order",
	    "enter order.equipment\n" Q_EQUIPMENT TTL);
	first = talk_task(&talk);
	talk.now += 600000;
	talk_press(&talk, 0, "enter order.descr\n" Q_DESCR);
	talk.now += 600000;
	talk_say(&talk, "?", E_DESCR);
	/* the task looks again, and comes when the hour is over */
	talk_fire(&talk, &first, "task ttl:order in 1200 s\n");
	second = talk_task(&talk);
	assert_true(second.again);
	talk_fire(&talk, &second,
	    "sendMessage: Заявка не завершена за час и закрыта. Начать "
	    "снова: /create_order\nenter idle\n");
	assert_string_equal(talk.chat.state, "idle");
	assert_null(json_object_get(talk.chat.vars, "equipment"));
	talk_fire(&talk, &second, "");
	talk_say(&talk, "Поднять 3 т, понедельник",
	    "sendMessage: Не понял. Команды: /start /create_order /cancel\n");
	talk_task_end(&first);
	talk_task_end(&second);
	talk_end(&talk);
	flow_close(flow);
}

/* The reminder fires while an order is being filled in, its button works. */
static void
test_funnel_within_order(void **state)
{
	struct flow *flow = talk_shop();
	struct talk talk = shop_talk(flow, "ru");
	struct effect reminder;

	(void)state;
	talk_say(&talk, "/start",
	    "enter welcome\nsendMessage: Здравствуйте, Иван <script>! "
	    "Нажмите кнопку, чтобы открыть материалы.\n");
	talk_press(&talk, 0,
	    "enter awaiting_payment\nsendMessage: Осталось оплатить. Ссылка "
	    "действует сутки.\ntask payment_reminder in 300 s\n");
	reminder = talk_task(&talk);
	talk_say(&talk, "/create_order",
	    "enter order.equipment\n" Q_EQUIPMENT TTL);
	talk_press(&talk, 2, "enter order.descr\n" Q_DESCR);
	talk_fire(&talk, &reminder,
	    "sendVideo traps: 3 ловушки, из-за которых откладывают "
	    "решение.\n");
	assert_string_equal(talk.chat.state, "order.descr");
	talk_press(&talk, 0, "sendMessage: Ссылка на оплату выше 👆\n");
	assert_string_equal(talk.chat.state, "order.descr");
	/* and the question is still open */
	talk_say(&talk, "Вывезти грунт, завтра",
	    "enter order.contact\n" Q_CONTACT);
	talk_say(&talk, "/cancel",
	    "cancel payment_reminder\nsendMessage: Отменено.\n"
	    "enter idle\ncancel ttl:order\n");
	talk_task_end(&reminder);
	talk_end(&talk);
	flow_close(flow);
}

static void
test_admin(void **state)
{
	struct flow *flow = talk_shop();
	struct talk talk = shop_talk(flow, "ru");

	(void)state;
	talk_say(&talk, "/stats",
	    "sendMessage: Не понял. Команды: /start /create_order /cancel\n");
	talk_say(&talk, "/help",
	    "sendMessage: Не понял. Команды: /start /create_order /cancel\n");
	talk.chat.person.id = 7;
	talk_say(&talk, "/stats", "report today\n");
	talk_say(&talk, "/queue", "report queue\n");
	talk_say(&talk, "/help",
	    "sendMessage: /queue: Очереди\n/stats: Итоги дня\n");
	talk_end(&talk);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_in_english),
		cmocka_unit_test(test_order_expires),
		cmocka_unit_test(test_funnel_within_order),
		cmocka_unit_test(test_admin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
