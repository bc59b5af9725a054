/* log: one sink, one line at a time (see log.h). */
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_sink current;
static void *current_data;

void log_to(log_sink sink, void *data)
{
	pthread_mutex_lock(&lock);
	current = sink;
	current_data = data;
	pthread_mutex_unlock(&lock);
}

void log_line(const char *format, ...)
{
	pthread_mutex_lock(&lock);
	if (current) {
		char line[1024];
		va_list args;
		va_start(args, format);
		vsnprintf(line, sizeof line, format, args);
		va_end(args);
		current(current_data, line);
	}
	pthread_mutex_unlock(&lock);
}
