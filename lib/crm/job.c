/* SPDX-License-Identifier: MIT */
#include "crm/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/lookup.h"

/* design.md 2.6; reads answer soon or not at all. */
enum { PATIENCE_MS = 30000, READ_PATIENCE_MS = 20000 };

static const struct {
	enum crm_step steps[4];
} tasks[] = {
	[CRM_CREATE] = { { STEP_PERSON, STEP_CREATE, STEP_NOTE, STEP_END } },
	[CRM_SEARCH] = { { STEP_SEARCH, STEP_END } },
	[CRM_NOTE] = { { STEP_NOTES, STEP_NOTE, STEP_END } },
	[CRM_PULL] = { { STEP_PULL, STEP_END } },
};

static struct crm_job *
job_new(struct crm *crm, size_t count)
{
	struct crm_job *job = mem_alloc(sizeof(*job));

	job->crm = crm;
	job->count = count;
	job->most = crm->adapter->bounds.batch;
	job->work = mem_alloc((count + 1) * sizeof(*job->work));
	return job;
}

/* Intake lets only UTF-8 in; what came past it must not end the command, as
 * JSON without UTF-8 would. */
static void
texts_check(struct crm_lead *lead)
{
	const char **const texts[] = { &lead->source, &lead->title,
		&lead->name, &lead->phone_raw, &lead->email };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (*texts[i] && !utf8_valid(*texts[i], strlen(*texts[i])))
			*texts[i] = "(not UTF-8)";
}

struct crm_job *
crm_job_open(struct crm *crm, enum crm_task task, struct crm_lead *leads,
    size_t count)
{
	struct crm_job *job = job_new(crm, count);

	job->task = task;
	job->leads = leads;
	job->step = tasks[task].steps[0];
	for (size_t i = 0; i < count; i++) {
		leads[i].verdict = task == CRM_NOTE ? CRM_CREATED
						    : CRM_PENDING;
		leads[i].leaving = leads[i].free = false;
		leads[i].freezing = NULL;
		leads[i].wait_ms = 0;
		leads[i].text[0] = leads[i].remedy[0] = '\0';
		leads[i].twin_id[0] = '\0';
		texts_check(&leads[i]);
		if (task == CRM_NOTE && !leads[i].remote_id[0])
			snprintf(leads[i].text, sizeof(leads[i].text),
			    "which lead it is there is not known: it was "
			    "taken for sent by hand");
	}
	return job;
}

struct crm_job *
crm_chore_open(struct crm *crm, enum crm_step step)
{
	struct crm_job *job = job_new(crm, 0);

	job->step = step;
	return job;
}

struct crm_job *
crm_chore(struct crm *crm, int64_t now)
{
	enum crm_step step = STEP_END;
	int64_t age = lookup_age(crm->lookup, now);
	bool ready = true,
	     wanting = crm->missed ||
	    json_get_bool(crm->lookup, LOOKUP_PARTIAL, false);

	if (crm->reauth_until > now)
		return NULL;
	if (crm->adapter->chore)
		step = crm->adapter->chore(crm, now, &ready);
	if (step == STEP_END && ready && crm->adapter->looks_up &&
	    (age > LOOKUP_AGE_MS || (wanting && age > LOOKUP_MISS_MS)))
		step = STEP_LOOKUP;
	return step == STEP_END ? NULL : crm_chore_open(crm, step);
}

static void
ask_clear(struct crm_job *job)
{
	free(job->url);
	free(job->body);
	for (size_t i = 0; i < job->header_count; i++)
		free(job->headers[i]);
	job->url = job->body = NULL;
	job->header_count = 0;
}

void
crm_job_close(struct crm_job *job)
{
	if (!job)
		return;
	ask_clear(job);
	if (job->own_release)
		job->own_release(job->own);
	free(job->own);
	for (size_t i = 0; i < job->count; i++) {
		json_decref(job->work[i].body);
		free(job->work[i].note);
	}
	free(job->work);
	free(job->changes);
	free(job->cursor);
	free(job);
}

void
crm_job_pull_from(struct crm_job *job, const char *cursor)
{
	free(job->cursor);
	job->cursor = mem_dup(cursor);
}

const struct crm_state *
crm_job_state(const struct crm_job *job)
{
	return &job->state;
}

const struct crm_change *
crm_job_changes(const struct crm_job *job, size_t *count)
{
	*count = job->change_count;
	return job->changes;
}

const char *
crm_job_cursor(const struct crm_job *job)
{
	return job->cursor;
}

struct crm_change *
crm_change_add(struct crm_job *job)
{
	struct crm_change *change;

	job->changes = mem_array(job->changes, job->change_count + 1,
	    sizeof(*job->changes));
	change = &job->changes[job->change_count++];
	*change = (struct crm_change){ 0 };
	return change;
}

void
crm_ask(struct crm_job *job, struct crm_request *request,
    enum http_method method, char *url, char *body)
{
	job->url = url;
	job->body = body;
	request->http.method = method;
	request->http.url = url;
	request->http.body = body;
	request->http.body_len = body ? strlen(body) : 0;
}

void
crm_ask_header(struct crm_job *job, char *line)
{
	job->headers[job->header_count++] = line;
}

struct crm_lead *
crm_asked(struct crm_job *job, size_t *at)
{
	while (*at < job->count && !job->work[*at].asked)
		++*at;
	return *at < job->count ? &job->leads[*at] : NULL;
}

/* The step after this one; a search that is through found nothing more. */
static void
step_on(struct crm_job *job)
{
	const enum crm_step *step = tasks[job->task].steps;

	if (job->step < STEP_PERSON) {
		job->step = STEP_END;
		return;
	}
	for (size_t i = 0; job->step == STEP_SEARCH && i < job->count; i++)
		if (job->leads[i].verdict == CRM_PENDING)
			job->leads[i].verdict = CRM_ABSENT;
	while (*step != job->step)
		step++;
	job->step = step[1];
}

static void
ask_finish(struct crm_job *job, struct crm_request *request)
{
	bool creates = job->step == STEP_CREATE;

	request->creates = creates;
	request->idempotent = request->http.method == HTTP_GET ||
	    (job->step != STEP_NOTE && job->step != STEP_TOKEN && !creates);
	request->patience_ms = request->idempotent ? READ_PATIENCE_MS
						   : PATIENCE_MS;
	request->http.headers = (const char *const *)job->headers;
	request->http.header_count = job->header_count;
	request->http.peer = job->crm->adapter->title;
	request->http.peer_setting = job->crm->adapter->settings[0];
	for (size_t i = 0; i < job->count; i++)
		job->leads[i].leaving = creates && job->work[i].asked;
}

/* Where the same lead twice is one lead, it is sent instead. */
static void
search_spare(struct crm_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		job->leads[i].verdict = CRM_AGAIN;
		job->leads[i].free = true;
	}
	job->step = STEP_END;
}

enum crm_next
crm_job_next(struct crm_job *job, int64_t now, struct crm_request *request)
{
	job->now = now;
	if (job->step == STEP_SEARCH && job->crm->adapter->repeats)
		search_spare(job);
	while (job->step != STEP_END) {
		enum crm_next next;

		ask_clear(job);
		for (size_t i = 0; i < job->count; i++)
			job->work[i].asked = false;
		*request = (struct crm_request){ 0 };
		next = job->crm->adapter->request(job, request);
		if (next == CRM_ASK)
			ask_finish(job, request);
		if (next != CRM_DONE)
			return next;
		/* unless the request itself was refused */
		if (job->step != STEP_END)
			step_on(job);
	}
	return CRM_DONE;
}

struct crm_lead *
crm_next_pending(struct crm_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->leads[i].verdict != CRM_PENDING)
			continue;
		job->work[i].asked = true;
		return &job->leads[i];
	}
	return NULL;
}

void
crm_job_well(struct crm_job *job)
{
	job->state = (struct crm_state){ .health = CRM_WELL };
}

const char *
crm_note_wanted(struct crm_job *job, size_t index)
{
	struct crm_lead *lead = &job->leads[index];
	struct crm_work *work = &job->work[index];

	if (lead->verdict != CRM_CREATED || lead->noted || !lead->remote_id[0])
		return NULL;
	if (!work->note)
		work->note = crm_lead_note(lead);
	lead->noted = !work->note;
	return work->note;
}

void
crm_notes_inside(struct crm_job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->leads[i].verdict == CRM_CREATED)
			job->leads[i].noted = true;
}

struct crm_lead *
crm_next_update(struct crm_job *job, const char **mark)
{
	for (size_t i = 0; i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];
		const char *note;

		if (lead->verdict != CRM_CREATED)
			continue;
		note = crm_lead_detail(lead, "update")
		    ? crm_note_wanted(job, i)
		    : NULL;
		lead->noted = lead->noted || !note;
		if (!note)
			continue;
		job->work[i].asked = true;
		*mark = strrchr(crm_note_mark(note), ' ') + 1;
		return lead;
	}
	return NULL;
}

void
crm_lead_named(struct crm_lead *lead, const json_t *body)
{
	const json_t *id = json_object_get(body, "id");
	char *text = json_is_integer(id) ? json_text(id) : NULL;
	const char *name = text ? text : json_string_value(id);

	lead->verdict = CRM_CREATED;
	crm_say(lead->remote_id, sizeof(lead->remote_id),
	    name && *name ? name : lead->marker);
	free(text);
}

void
crm_lead_created(struct crm_lead *lead, int64_t remote_id)
{
	lead->verdict = CRM_CREATED;
	snprintf(lead->remote_id, sizeof(lead->remote_id), "%lld",
	    (long long)remote_id);
}

void
crm_lead_found(struct crm_lead *lead, int64_t remote_id)
{
	char id[sizeof(lead->twin_id)];

	if (lead->verdict != CRM_CREATED) {
		crm_lead_created(lead, remote_id);
		return;
	}
	snprintf(id, sizeof(id), "%lld", (long long)remote_id);
	if (strcmp(id, lead->remote_id) != 0)
		memcpy(lead->twin_id, id, sizeof(id));
}

void
crm_lead_park(struct crm_lead *lead, const char *text, const char *remedy)
{
	lead->verdict = CRM_PARKED;
	crm_say(lead->text, sizeof(lead->text), text);
	snprintf(lead->remedy, sizeof(lead->remedy), "%s",
	    remedy ? remedy : "mend what is named");
}
