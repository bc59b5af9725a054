/* ask: reads lines in the terminal's own line mode (see ask.h). */
#include "app/hearth/ask.h"

#include "app/hearth/terminal.h"
#include "store/seal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

/* One byte at a time, so that nothing of the next line is taken and no copy stays in a buffer. */
static enum ask_result read_line(char *out, size_t room, size_t *size)
{
	bool full = false;
	*size = 0;
	terminal_take_interrupt();
	for (;;) {
		char c;
		ssize_t got = read(STDIN_FILENO, &c, 1);
		if (terminal_take_interrupt()) {
			terminal_write("\n", 1);
			return ASK_BREAK;
		}
		if (got < 0 && errno == EINTR) continue;
		if (got <= 0) {
			terminal_write("\n", 1);
			return ASK_END;
		}
		if (c == '\n' || c == '\r') break;
		if (*size + 1 < room)
			out[(*size)++] = c;
		else
			full = true;
		c = 0;
	}
	out[*size] = 0;
	return full ? ASK_LONG : ASK_TAKEN;
}

enum ask_result ask_line(const char *prompt, char *out, size_t room)
{
	size_t size;
	terminal_write(prompt, strlen(prompt));
	return read_line(out, room, &size);
}

char *ask_secret_room(void)
{
	return seal_start() ? secret_new(ASK_SECRET) : NULL;
}

enum ask_result ask_secret(const char *prompt, char *secret, size_t *size)
{
	struct termios before, silent;
	bool changed = tcgetattr(STDIN_FILENO, &before) == 0;
	if (changed) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		silent.c_lflag |= ECHONL | ICANON;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &silent);
	}
	/* Behind it: what is typed at once must not be shown either. */
	terminal_write(prompt, strlen(prompt));
	enum ask_result result = read_line(secret, ASK_SECRET, size);
	if (changed) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (result != ASK_TAKEN) {
		seal_wipe(secret, ASK_SECRET);
		*size = 0;
	}
	return result;
}

bool ask_yes(const char *question)
{
	char answer[16];
	if (ask_line(question, answer, sizeof answer) != ASK_TAKEN) return false;
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
