/* welcome: the first thing a person sees: who answers, that it stays here, and how to get a better model. */
#include "app/hearth/chat.h"

#include <stdio.h>
#include <string.h>

static void welcome_builtin(struct view *v, const struct opening *n, const char *program)
{
	char size[32];
	model_file_bytes(size, n->file.size);
	view_say(v, "hearth %s - a private AI. Nothing you type leaves this machine.", hearth_version());
	view_say(v, "%s", "");
	view_say(
	        v,
	        "You are talking to a small model of %s that comes with hearth. It can chat in simple English, makes mistakes, and "
	        "knows little.",
	        size);
	view_say(v, "%s", "");
	view_say(v, "%s", "For a far better one, leave (Ctrl-D) and type");
	view_say(v, "    %s models pull", program);
	view_say(v, "%s",
	         "which measures this machine and fetches the model that suits it, a download of some minutes. To see the choice "
	         "first, "
	         "and models that other programs have here:");
	view_say(v, "    %s models suggest", program);
	view_say(v, "%s", "");
	view_say(v, "%s", "Type a message and press Enter. /help shows more, Ctrl-C stops an answer, Ctrl-D leaves.");
}

static void welcome_model(struct view *v, const struct opening *n)
{
	char size[32], context[32];
	model_file_bytes(size, n->file.size);
	model_file_count(context, n->info.context);
	view_say(v, "hearth %s: %s (%s, %s), context of %s tokens.", hearth_version(), n->file.name, n->file.weights, size,
	         context);
	view_say(v, "%s", "Nothing you type leaves this machine. /help shows more, Ctrl-D leaves.");
}

void welcome(struct view *v, const struct opening *n, const char *program)
{
	if (n->builtin)
		welcome_builtin(v, n, program);
	else
		welcome_model(v, n);
	for (int i = 0; i < OPENING_NOTES; i++) {
		if (n->notes[i][0]) view_note(v, "Note: %s.", n->notes[i]);
	}
	if (!n->info.has_template)
		view_note(v, "Note: this model has no chat template; a plain form is used, and it may not answer well.");
	view_say(v, "%s", "");
}
