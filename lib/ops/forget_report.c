/* SPDX-License-Identifier: MIT */
#include "ops/forget_report.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "ops/backup_place.h"
#include "store/backup_dir.h"

/* After how many more backups each goes, null: never by itself. */
static json_t *
backups(struct run *run)
{
	char *dir = backup_place_dir(run, NULL);
	struct backup_list list = { 0 };
	json_t *found = json_array();
	int64_t keep = 0;
	enum outcome out = backup_place_keep(run, &keep);

	if (out == OUT_OK)
		out = backup_dir_list(dir, backup_place_bot(run), &list,
		    &run->fault);
	for (size_t i = 0; i < list.count && out == OUT_OK; i++) {
		int64_t after = keep - (int64_t)list.count + (int64_t)i + 1;
		json_array_append_new(found,
		    json_pack("{s:s s:o}", "path", list.paths[i], "goes_after",
			keep > 0 ? json_integer(after > 1 ? after : 1)
				 : json_null()));
	}
	backup_list_release(&list);
	free(dir);
	if (out == OUT_OK)
		return found;
	json_decref(found);
	return NULL;
}

/* What restore-state put aside: nobody removes that but a person. */
static json_t *
put_aside(const struct db *db)
{
	const char *path = db_path(db), *slash = strrchr(path, '/');
	char *dir = db_beside(db, ".");
	char *start = mem_printf("%s.replaced-", slash ? slash + 1 : path);
	json_t *found = json_array();
	DIR *stream = opendir(dir);
	const struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (strncmp(entry->d_name, start, strlen(start)) == 0) {
			char *whole = db_beside(db, entry->d_name);
			json_array_append_new(found, json_string(whole));
			free(whole);
		}
	if (stream != NULL)
		closedir(stream);
	free(start);
	free(dir);
	return found;
}

json_t *
forget_report(struct run *run, const struct subject *subject, bool dry_run)
{
	json_t *report = json_pack("{s:i s:b s:o s:o s:o s:o}", "schema", 1,
	    "dry_run", dry_run, "chat",
	    subject->chat_id ? json_integer(subject->chat_id) : json_null(),
	    "rows", forget_counts(run->db, subject), "leads",
	    forget_leads(run->db, subject), "told",
	    forget_told(run->db, subject));
	json_t *list;

	if (db_result(run->db, &run->fault) == OUT_OK &&
	    (list = backups(run)) != NULL) {
		json_object_set_new(report, "backups", list);
		json_object_set_new(report, "put_aside", put_aside(run->db));
		return report;
	}
	json_decref(report);
	return NULL;
}

static void
add_count(struct buf *out, const char *name, json_int_t count, bool *some)
{
	if (count == 0)
		return;
	buf_add_text(out, *some ? ", " : ": ");
	for (const char *c = name; *c != '\0'; c++)
		buf_add_char(out, *c == '_' ? ' ' : *c);
	buf_printf(out, " %lld", (long long)count);
	*some = true;
}

static void
add_rows(struct buf *out, const json_t *report)
{
	json_t *rows = json_object_get(report, "rows"), *count;
	bool some = false;
	const char *name;

	buf_add_text(out,
	    json_is_true(json_object_get(report, "dry_run")) ? "would forget"
							     : "forgot");
	json_object_foreach (rows, name, count)
		add_count(out, name, json_integer_value(count), &some);
	add_count(out, "journal_records",
	    json_get_int(report, "journal_records", 0), &some);
	buf_add_text(out, some ? "\n" : " nothing: there is nothing\n");
}

static void
add_leads(struct buf *out, const json_t *report)
{
	bool dry_run = json_is_true(json_object_get(report, "dry_run"));
	json_t *lead;
	size_t i;

	json_array_foreach (json_object_get(report, "leads"), i, lead) {
		const char *crm = json_get_text(lead, "crm");
		const char *remote = json_get_text(lead, "remote_id");
		const char *contact = json_get_text(lead, "contact_id");
		long long id = (long long)json_get_int(lead, "id", 0);

		if (remote != NULL)
			buf_printf(out, "delete in %s: lead %s%s%s\n",
			    crm ? crm : "the CRM", remote,
			    contact ? ", contact " : "",
			    contact ? contact : "");
		else if (json_is_true(json_object_get(lead, "unsent")))
			buf_printf(out,
			    "lead %lld, %s, %s the CRM%s; should it be there, "
			    "it is found by %s\n",
			    id, json_get_text(lead, "state"),
			    dry_run ? "has not reached" : "did not reach",
			    dry_run ? ": sync-crm brings it there, "
				      "--with-leads deletes it unsent"
				    : "",
			    json_get_text(lead, "marker"));
	}
}

static void
add_places(struct buf *out, const json_t *report)
{
	json_t *item, *chat = json_object_get(report, "chat");
	size_t i;

	json_array_foreach (json_object_get(report, "told"), i, item)
		buf_printf(out,
		    "delete in Telegram: what chat %lld was told of them\n",
		    (long long)json_integer_value(item));
	json_array_foreach (json_object_get(report, "backups"), i, item) {
		int64_t after = json_get_int(item, "goes_after", 0);
		buf_printf(out, "backup %s: ", json_get_text(item, "path"));
		if (after > 0)
			buf_printf(out, "goes with backup %lld from now\n",
			    (long long)after);
		else
			buf_add_text(out, "stays until somebody removes it\n");
	}
	json_array_foreach (json_object_get(report, "put_aside"), i, item)
		buf_printf(out, "state put aside %s: remove it\n",
		    json_string_value(item));
	if (json_array_size(json_object_get(report, "backups")) > 0)
		buf_add_text(out,
		    "whoever restores a backup forgets them "
		    "again\n");
	if (json_is_integer(chat))
		buf_printf(out,
		    "logs may have the id %lld, and what a CRM said of "
		    "their lead, until they are rotated\n",
		    (long long)json_integer_value(chat));
}

void
forget_report_add(struct buf *out, const json_t *report, bool json)
{
	if (json) {
		char *text = json_text(report);
		buf_printf(out, "%s\n", text);
		free(text);
		return;
	}
	add_rows(out, report);
	add_leads(out, report);
	add_places(out, report);
}
