/* prove: the command (see prove.h): runs the parts, and says what they found in words, as a list, or as JSON. */
#include "app/hearth/prove.h"

#include "app/hearth/commands.h"
#include "app/hearth/programs.h"
#include "base/buffer.h"
#include "base/machine.h"
#include "base/memory.h"
#include "format/json.h"
#include "wire/frame.h"
#include "wire/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OUT = 1 << 20 };

static const char *const verdict_names[] = { [PROVE_HOLDS] = "yes", [PROVE_BROKEN] = "NO", [PROVE_UNTRIED] = "untried" };
static const char *const verdict_words[] = { [PROVE_HOLDS] = "holds", [PROVE_BROKEN] = "broken", [PROVE_UNTRIED] = "untried" };

static const struct part_row {
	const char *name, *question;
	size_t place;
	void (*prove)(struct prove *p);
} part_rows[] = {
	{ "answers", "Does hearth answer without any network?", offsetof(struct prove, answers), prove_answers },
	{ "storage", "Is what is stored unreadable?", offsetof(struct prove, storage), prove_storage },
	{ "imports", "Do the programs lack what they must not use?", offsetof(struct prove, imports), prove_imports },
	{ "rights", "Is each program held to its rights?", offsetof(struct prove, rights), prove_rights },
};
enum { PARTS = sizeof part_rows / sizeof part_rows[0] };

static const struct prove_part *part_of(const struct prove *p, const struct part_row *row)
{
	return (const struct prove_part *)((const char *)p + row->place);
}

static bool begin(struct prove *p, struct error *e)
{
	const char *temporary = getenv("TMPDIR");
	p->spawner = programs_spawner();
	if (!machine_program(p->program, sizeof p->program)) return error_set(e, "cannot tell where hearth's program lies");
	memcpy(p->folder, p->program, sizeof p->folder);
	char *slash = strrchr(p->folder, '/');
	if (slash) *slash = 0;
	if (!paths_join(p->scratch, temporary && temporary[0] == '/' ? temporary : "/tmp", "hearth-prove-XXXXXX") ||
	    !mkdtemp(p->scratch))
		return error_set(e, "cannot make a folder for temporary files: %s", strerror(errno));
	return true;
}

static const char *expected_name(enum guard_role role, int probe, int landlock)
{
	int cell = guard_expected(role, (enum guard_probe)probe, landlock);
	return cell == GUARD_DENIED ? "denied" : cell == GUARD_ALLOWED ? "allowed" : "either";
}

/* ---- for people ---- */

static void tell_layers(struct buffer *out, const struct guard_report *r)
{
	buffer_format(out, "filter of system calls %s, Landlock %d, ", r->filter ? "on" : "OFF", r->landlock);
	buffer_format(out, "namespaces %s, limits %s, no new privileges %s, memory %s",
	              r->namespaces ? "its own or none needed" : "missing", r->limits ? "on" : "OFF",
	              r->no_new_privileges ? "on" : "OFF", r->undumpable ? "closed to others" : "OPEN");
}

static void tell_program(struct buffer *out, const struct prove *p, enum guard_role role, bool list)
{
	const struct prove_rights *r = &p->right[role];
	const struct prove_imports *i = &p->import[role];
	buffer_format(out, "\n  %s\n", guard_role_names[role]);
	if (!i->read) buffer_format(out, "    %s\n", i->error.text);
	for (int k = 0; k < i->n_wrong; k++)
		buffer_format(out, "    takes '%s' from a library, which its work must not use\n", i->wrong[k]);
	if (!r->told) {
		buffer_format(out, "    %s\n", r->error.text);
		return;
	}
	buffer_append_text(out, "    ");
	tell_layers(out, &r->findings.report);
	buffer_append_byte(out, '\n');
	if (r->findings.report.lost[0]) buffer_format(out, "    missing here: %s\n", r->findings.report.lost);
	int allowed = 0;
	for (int c = 0; c < GUARD_PROBES; c++) {
		const int landlock = r->findings.report.landlock;
		const bool may = r->findings.may[c], agrees = guard_agrees(role, (enum guard_probe)c, landlock, may);
		allowed += may;
		if (!agrees || list)
			buffer_format(out, "    %-32s %-8s %s\n", guard_table[c].name, may ? "possible" : "refused",
			              agrees ? "" : "DIFFERS from the rights table");
	}
	buffer_format(out, "    %d of %d things are refused, %d possible; %d differ from the rights table\n",
	              GUARD_PROBES - allowed, (int)GUARD_PROBES, allowed, r->n_wrong);
}

static void tell(struct buffer *out, const struct prove *p, bool list, bool holds)
{
	for (size_t i = 0; i < PARTS; i++) {
		const struct prove_part *part = part_of(p, &part_rows[i]);
		buffer_format(out, "%-46s %s\n  %s\n", part_rows[i].question, verdict_names[part->verdict], part->text);
	}
	for (int role = 0; role < GUARD_ROLES; role++) {
		const bool fine =
		        p->right[role].told && !p->right[role].n_wrong && p->import[role].read && !p->import[role].n_wrong;
		if (list || !fine) tell_program(out, p, (enum guard_role)role, list);
	}
	bool lost = false;
	for (int role = 0; role < GUARD_ROLES; role++) lost = lost || p->right[role].findings.report.lost[0];
	if (lost && !list)
		buffer_append_text(
		        out, "\nThis kernel lacks a layer of protection: `hearth prove --list` and `hearth doctor` tell which.\n");
	buffer_format(out, "\n%s\n",
	              holds ? "Everything that was tried holds."
	                    : "NOT everything holds: see above, and SECURITY.md for how to report it.");
	if (!list && holds)
		buffer_append_text(
		        out,
		        "`hearth prove --list` shows each thing that was tried; docs/VERIFY.md how to check without hearth.\n");
}

/* ---- for programs ---- */

static void write_names(struct buffer *out, const char *key, const char names[][48], int n)
{
	buffer_format(out, "\"%s\": [", key);
	for (int i = 0; i < n; i++) {
		if (i) buffer_append_text(out, ", ");
		json_write_text(out, names[i], strlen(names[i]));
	}
	buffer_append_text(out, "]");
}

static void write_cells(struct buffer *out, const struct prove_rights *r, enum guard_role role)
{
	const int landlock = r->findings.report.landlock;
	buffer_append_text(out, ", \"cells\": [");
	for (int c = 0; r->told && c < GUARD_PROBES; c++) {
		buffer_format(out, "%s{\"probe\": \"%s\", \"expected\": \"%s\", \"found\": \"%s\", \"agrees\": %s}", c ? ", " : "",
		              guard_table[c].name, expected_name(role, c, landlock), r->findings.may[c] ? "allowed" : "denied",
		              guard_agrees(role, (enum guard_probe)c, landlock, r->findings.may[c]) ? "true" : "false");
	}
	buffer_append_text(out, "]");
}

static void write_program(struct buffer *out, const struct prove *p, enum guard_role role)
{
	static const char *const yes_no[] = { "false", "true" };
	const struct prove_rights *r = &p->right[role];
	const struct prove_imports *i = &p->import[role];
	const struct guard_report *l = &r->findings.report;
	buffer_format(out, "{\"program\": \"%s\", \"told\": %s, \"error\": ", guard_role_names[role], yes_no[r->told]);
	const char *error = !r->told ? r->error.text : !i->read ? i->error.text : "";
	json_write_text(out, error, strlen(error));
	buffer_format(out,
	              ", \"layers\": {\"filter\": %s, \"landlock\": %d, \"namespaces\": %s, \"limits\": %s, "
	              "\"no_new_privileges\": %s, \"undumpable\": %s}, \"lost\": ",
	              yes_no[l->filter], l->landlock, yes_no[l->namespaces], yes_no[l->limits], yes_no[l->no_new_privileges],
	              yes_no[l->undumpable]);
	json_write_text(out, l->lost, strlen(l->lost));
	buffer_append_text(out, ", ");
	write_names(out, "imports", i->seen, i->n_seen);
	buffer_append_text(out, ", ");
	write_names(out, "forbidden_imports", i->wrong, i->n_wrong);
	write_cells(out, r, role);
	buffer_append_text(out, "}");
}

static void write_all(struct buffer *out, const struct prove *p, bool holds)
{
	buffer_format(out, "{\"holds\": %s", holds ? "true" : "false");
	for (size_t i = 0; i < PARTS; i++) {
		const struct prove_part *part = part_of(p, &part_rows[i]);
		buffer_format(out, ", \"%s\": {\"verdict\": \"%s\", \"text\": ", part_rows[i].name, verdict_words[part->verdict]);
		json_write_text(out, part->text, strlen(part->text));
		buffer_append_text(out, "}");
	}
	buffer_append_text(out, ", \"programs\": [");
	for (int role = 0; role < GUARD_ROLES; role++) {
		if (role) buffer_append_text(out, ", ");
		write_program(out, p, (enum guard_role)role);
	}
	buffer_append_text(out, "]}\n");
}

/* ---- for the page ---- */

static void put_row(struct buffer *out, const char *kind, const char *name, const char *verdict, const char *text,
                    const char *expected)
{
	const char *cells[] = { kind, name, verdict, text, expected };
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) serve_put_text(out, cells[i], strlen(cells[i]));
}

static void put_probes(struct buffer *out, const struct prove *p, enum guard_role role)
{
	const struct prove_rights *r = &p->right[role];
	for (int c = 0; r->told && c < GUARD_PROBES; c++) {
		const char *expected = expected_name(role, c, r->findings.report.landlock);
		const char *found = r->findings.may[c] ? "allowed" : "denied";
		put_row(out, "probe", guard_role_names[role], found, guard_table[c].name,
		        strcmp(expected, "either") == 0 ? found : expected);
	}
}

static bool send_rows(const struct prove *p, const struct part_row *row, bool last, struct error *e)
{
	enum { COLUMNS = 5 };
	struct buffer out = buffer_new(MAX_OUT);
	size_t begun = frame_begin(&out, SERVE_TOLD);
	serve_put_told(&out, 0, last, COLUMNS);
	if (row) put_row(&out, "part", row->name, verdict_words[part_of(p, row)->verdict], part_of(p, row)->text, "");
	for (int role = 0; row && row->prove == prove_rights && role < GUARD_ROLES; role++)
		put_probes(&out, p, (enum guard_role)role);
	bool ok = (frame_end(&out, begun) && frame_send(SPAWNER_FIRST, &out, -1)) || error_set(e, "nobody takes what was found");
	buffer_free(&out);
	return ok;
}

bool prove_send(struct error *e)
{
	struct prove *p = memory_new(1, sizeof *p);
	bool ok = (p || error_memory(e)) && begin(p, e);
	for (size_t i = 0; ok && i < PARTS; i++) {
		part_rows[i].prove(p);
		ok = send_rows(p, &part_rows[i], false, e);
	}
	if (p && p->scratch[0]) prove_remove(p->scratch);
	ok = ok && send_rows(p, NULL, true, e);
	memory_free(p);
	return ok;
}

int prove_command(const struct options *o)
{
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	bool holds = true;
	if (o->n_words) {
		error_set(&e, "prove takes no further word '%.80s'", o->words[0]);
		return commands_misuse("prove", &e);
	}
	struct prove *p = memory_new(1, sizeof *p);
	if (!p) {
		error_memory(&e);
		return commands_fail(&e);
	}
	if (!begin(p, &e)) {
		memory_free(p);
		return commands_fail(&e);
	}
	for (size_t i = 0; i < PARTS; i++) {
		part_rows[i].prove(p);
		holds = holds && part_of(p, &part_rows[i])->verdict != PROVE_BROKEN;
	}
	prove_remove(p->scratch);
	if (o->json)
		write_all(&out, p, holds);
	else
		tell(&out, p, o->list, holds);
	memory_free(p);
	int status = commands_print(&out);
	return status == STATUS_DONE && !holds ? STATUS_FAILED : status;
}
