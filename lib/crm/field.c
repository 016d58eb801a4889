/* SPDX-License-Identifier: MIT */
#include "crm/field.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In lower case, with _ for blanks, dashes and dots. */
static const struct {
	enum field field;
	const char *names[26];
} known[] = {
	{ FIELD_NAME,
	    { "name", "fio", "full_name", "fullname", "client_name",
		"customer_name", "contact_name", "имя", "фио", "ф_и_о",
		"ваше_имя", "как_вас_зовут", "имя_клиента", "клиент",
		"контакт", "контактное_лицо", "имя_и_фамилия" } },
	{ FIELD_FIRST_NAME, { "first_name", "firstname", "fname" } },
	{ FIELD_LAST_NAME,
	    { "last_name", "lastname", "lname", "surname", "фамилия",
		"ваша_фамилия" } },
	{ FIELD_PHONE,
	    { "phone", "tel", "telephone", "phone_number", "phonenumber",
		"mobile", "mobile_phone", "cell", "whatsapp", "phones",
		"телефон", "тел", "ваш_телефон", "номер_телефона", "номер",
		"мобильный", "мобильный_телефон", "контактный_телефон",
		"телефон_клиента", "рабочий_телефон" } },
	{ FIELD_EMAIL,
	    { "email", "e_mail", "mail", "email_address", "emails", "почта",
		"эл_почта", "электронная_почта", "ваш_email", "ваш_e_mail",
		"емейл", "имейл", "емайл", "адрес_электронной_почты" } },
	{ FIELD_NOTE,
	    { "note", "notes", "comment", "comments", "message", "text",
		"textarea", "question", "комментарий", "комментарии",
		"сообщение", "ваше_сообщение", "вопрос", "ваш_вопрос",
		"примечание", "примечания", "заметка", "текст" } },
	{ FIELD_TITLE,
	    { "title", "subject", "deal", "deal_name", "lead_name", "тема",
		"название", "сделка", "название_сделки", "заявка" } },
	{ FIELD_CHAT,
	    { "chat_id", "telegram_id", "tg_id", "telegram_user_id",
		"telegram_chat_id", "chat" } },
	{ FIELD_PRICE,
	    { "price", "budget", "amount", "sum", "total", "цена", "бюджет",
		"сумма", "стоимость" } },
	{ FIELD_TRANSACTION,
	    { "tranid", "transaction", "transaction_id", "submission_id",
		"event_id", "idempotency_key", "key" } },
	{ FIELD_SOURCE, { "source", "источник" } },
	{ FIELD_CRM, { "crm" } },
	{ FIELD_PIPELINE, { "pipeline", "pipeline_id", "воронка" } },
	{ FIELD_STATUS, { "status", "status_id", "stage", "этап", "статус" } },
	{ FIELD_TAGS, { "tags", "tag", "теги", "тег", "тэги" } },
	{ FIELD_PAGE,
	    { "page", "url", "page_url", "landing", "form_page", "страница",
		"адрес_страницы" } },
	{ FIELD_REFERER,
	    { "referer", "referrer", "tildaspec_referer", "реферер" } },
	{ FIELD_IP, { "ip", "client_ip", "user_ip", "remote_ip" } },
	{ FIELD_AGENT, { "user_agent", "useragent" } },
	{ FIELD_CONSENT,
	    { "consent", "agree", "agreement", "acceptance", "gdpr", "privacy",
		"policy", "checkbox_policy", "согласие",
		"согласие_на_обработку",
		"согласие_на_обработку_персональных_данных" } },
	{ FIELD_FORM,
	    { "formid", "formname", "form_id", "form_name", "form",
		"форма" } },
	{ FIELD_UTM,
	    { "gclid", "yclid", "fbclid", "ymclid", "_ym_uid", "ym_uid", "_ga",
		"gclientid", "roistat", "roistat_visit", "ttclid", "vkclid",
		"rb_clickid", "openstat", "_openstat", "msclkid" } },
	{ FIELD_COOKIES,
	    { "cookie", "cookies", "tildaspec_cookie", "document_cookie" } },
	{ FIELD_TILDA_UTM, { "tildautm" } },
	{ FIELD_TEST, { "test" } },
	{ FIELD_GROUP,
	    { "lead", "contact", "customer", "client", "data", "form_data",
		"utm", "utms", "details", "user" } },
	{ FIELD_CUSTOM, { "fields", "custom_fields" } },
	{ FIELD_TECHNICAL,
	    { "g_recaptcha_response", "h_captcha_response",
		"cf_turnstile_response", "smart_token", "submit", "action",
		"csrf", "nonce" } },
	{ FIELD_SECRET, { "card", "pan", "cvv", "cvc", "pin", "pwd" } },
};

/* Whatever else the name says. */
static const char *const secrets[] = { "passw", "пароль", "token", "secret",
	"api_key", "apikey", "authorization", "card_number", "cardnumber",
	"номер_карты", "session" };

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The name as it stands in the table; the caller frees it. */
static char *
plain_name(const char *name)
{
	char *folded = utf8_fold(name), *plain = utf8_trim(folded),
	     *to = plain;
	size_t len;

	free(folded);
	for (const char *at = plain; *at != '\0'; at++) {
		bool gap = strchr(" \t\r\n-.:/\\?!*()_", *at) != NULL;

		if (!gap)
			*to++ = *at;
		else if (to == plain || to[-1] != '_')
			*to++ = '_';
	}
	*to = '\0';
	len = strlen(plain);
	if (len > 2 && strcmp(plain + len - 2, "[]") == 0)
		plain[len -= 2] = '\0';
	while (len > 1 && plain[len - 1] == '_')
		plain[--len] = '\0';
	return plain;
}

/* Without "your_" before it and "_2" behind it. */
static const char *
bare_name(char *plain)
{
	size_t len = strlen(plain), end = len;

	while (end > 1 && plain[end - 1] >= '0' && plain[end - 1] <= '9')
		end--;
	if (end < len && end > 1 && plain[end - 1] == '_')
		plain[end - 1] = '\0';
	return begins(plain, "your_") ? plain + 5 : plain;
}

static enum field
find(const char *name)
{
	for (size_t i = 0; i < COUNT(known); i++)
		for (size_t j = 0;
		     j < COUNT(known[i].names) && known[i].names[j]; j++)
			if (strcmp(name, known[i].names[j]) == 0)
				return known[i].field;
	return FIELD_OTHER;
}

enum field
field_find(const char *name)
{
	char *plain = plain_name(name);
	enum field field = begins(plain, "utm_") ? FIELD_UTM : find(plain);

	if (field == FIELD_OTHER)
		for (size_t i = 0; i < COUNT(secrets); i++)
			if (strstr(plain, secrets[i]) != NULL)
				field = FIELD_SECRET;
	if (field == FIELD_OTHER &&
	    (plain[0] == '_' || begins(plain, "tildaspec") ||
		begins(plain, "wpcf7")))
		field = FIELD_TECHNICAL;
	if (field == FIELD_OTHER)
		field = find(bare_name(plain));
	free(plain);
	return field;
}
