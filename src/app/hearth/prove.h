/*
 * prove: `hearth prove` shows that hearth's promises hold on this machine, or says where they do not.
 *
 * Four parts, each of which tries to catch hearth and can fail:
 *   answers   the same prompt is answered with and without a network: the bytes are equal
 *   storage   sentences go through a vault and a conversation; they are looked for in every file that this left
 *   imports   what each program takes from libraries, against what its work may call
 *   rights    each program in its jail tries everything that it must not do, against the rights table of src/guard
 *
 * `hearth prove` itself stays outside of the jail that every other command goes into: it looks, with its person's usual rights, at
 * hearths that it starts.
 */
#ifndef HEARTH_APP_HEARTH_PROVE_H
#define HEARTH_APP_HEARTH_PROVE_H

#include "app/hearth/paths.h"
#include "guard/findings.h"
#include "guard/spawner.h"

enum prove_verdict { PROVE_HOLDS, PROVE_BROKEN, PROVE_UNTRIED };

/* One sentence for people. */
struct prove_part {
	enum prove_verdict verdict;
	char text[512];
};

enum { PROVE_NAMES = 32 };

/* One program's imports. `wrong`: what it must not have; `seen`: what it may and has. Names of functions and libraries. */
struct prove_imports {
	bool read;
	int n_seen, n_wrong;
	char seen[PROVE_NAMES][48], wrong[PROVE_NAMES][48];
	struct error error; /* when it could not be read */
};

/* What one program found in its jail. */
struct prove_rights {
	bool told;
	struct guard_findings findings;
	struct error error; /* when it did not tell */
	int n_wrong;        /* cells that differ from the table */
};

struct prove {
	char program[PATHS_ROOM], folder[PATHS_ROOM]; /* of hearth's own program */
	char scratch[PATHS_ROOM];                     /* a folder of our own, removed at the end */
	struct spawner *spawner;                      /* starts the others */
	struct prove_part answers, storage, imports, rights;
	struct prove_imports import[GUARD_ROLES];
	struct prove_rights right[GUARD_ROLES];
};

/* What `hearth` does when it is started with SPAWNER_PROVES by a hearth that serves (page_proof): proves, and sends rows to
 * SPAWNER_FIRST as it goes (wire/serve.h): kind ("part", "probe"), name, verdict, text, expected. */
bool prove_send(struct error *e);

/* Fill the part of the same name. */
void prove_answers(struct prove *p);
void prove_storage(struct prove *p);
void prove_imports(struct prove *p);
void prove_rights(struct prove *p);

/* Does this process's jail, or anybody's, agree with the table? Counts into r->n_wrong. */
void prove_compare(struct prove_rights *r, enum guard_role role);

/* Looks for `needle` in the files and in the names of everything below a folder; the first path that has it into `found`. True
 * when there is one, or when something could not be read (*unread). */
bool prove_find(const char *folder, const char *needle, char found[PATHS_ROOM], bool *unread);

/* Removes a folder and everything in it. */
void prove_remove(const char *folder);

#endif
