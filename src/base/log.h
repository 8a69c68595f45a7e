/* Where diagnostics for developers go. The library never prints: without a sink, nothing. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;
typedef void (*log_sink)(void *arg, log_level level, const char *line);

/** Process-wide; call before threads start. NULL turns logging off (the default). */
void log_set_sink(log_sink sink, void *arg);
void log_write(log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
