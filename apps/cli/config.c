/* emend.conf: "key = value" lines, [section] headings, # and ; comments, ${VAR}
 * from the environment. Keys are options' names; [ask] holds for ask alone, and
 * [sources] lists name = URL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { LONGEST_LINE = 4096, MOST_ENTRIES = 256 };

typedef struct entry {
  char *section, *key, *value;
} entry;

static entry entries[MOST_ENTRIES];
static size_t n_entries;

static char *trim(char *s) {
  while (*s == ' ' || *s == '\t') s++;
  size_t n = strlen(s);
  while (n && strchr(" \t\r\n", s[n - 1])) s[--n] = 0;
  return s;
}

static char *copy_text(const char *s) {
  size_t n = strlen(s) + 1;
  char *p = malloc(n);
  if (p) memcpy(p, s, n);
  return p;
}

/* Replaces each ${VAR}. False when a variable is not set, or the line grows too long. */
static bool expand(const char *from, char *to, size_t size, const char **missing) {
  static char name[128];
  size_t n = 0;
  while (*from) {
    const char *close = from[0] == '$' && from[1] == '{' ? strchr(from, '}') : NULL;
    if (!close) {
      if (n + 1 >= size) return false;
      to[n++] = *from++;
      continue;
    }
    snprintf(name, sizeof name, "%.*s", (int)(close - from - 2), from + 2);
    const char *value = getenv(name);
    *missing = name;
    if (!value || n + strlen(value) + 1 >= size) return false;
    memcpy(to + n, value, strlen(value));
    n += strlen(value);
    from = close + 1;
  }
  to[n] = 0;
  return true;
}

static int read_line(const char *path, int number, char *line, char *section, size_t size) {
  char *s = trim(line), *equals = strchr(s, '=');
  char value[LONGEST_LINE];
  const char *missing = "";
  if (!*s || *s == '#' || *s == ';') return EXIT_DONE;
  if (*s == '[') {
    char *end = strchr(s, ']');
    if (!end || end[1]) return cli_usage_error("%s:%d: a heading is written [name]", path, number);
    *end = 0;
    snprintf(section, size, "%s", trim(s + 1));
    return EXIT_DONE;
  }
  if (!equals || equals == s)
    return cli_usage_error("%s:%d: expected key = value, not \"%s\"", path, number, s);
  *equals = 0;
  if (!expand(trim(equals + 1), value, sizeof value, &missing))
    return cli_usage_error("%s:%d: ${%s} is not set", path, number, missing);
  if (n_entries == MOST_ENTRIES) return cli_usage_error("%s has too many entries", path);
  entry e = {copy_text(section), copy_text(trim(s)), copy_text(value)};
  entries[n_entries++] = e;
  return e.section && e.key && e.value ? EXIT_DONE : cli_usage_error("out of memory");
}

static bool default_path(char *out, size_t size) {
  const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int n = config && config[0] == '/' ? snprintf(out, size, "%s/emend/emend.conf", config)
          : home && home[0]          ? snprintf(out, size, "%s/.config/emend/emend.conf", home)
                                     : -1;
  return n > 0 && (size_t)n < size && access(out, F_OK) == 0;
}

int config_read(const char *path) {
  char own[4096], line[LONGEST_LINE], section[128] = "";
  if (!path && !default_path(own, sizeof own)) return EXIT_DONE;
  if (!path) path = own;
  FILE *f = fopen(path, "r");
  if (!f) {
    fprintf(stderr, "emend: cannot read %s: %s\n", path, strerror(errno));
    return EXIT_ENVIRONMENT;
  }
  int code = EXIT_DONE;
  for (int number = 1; !code && fgets(line, sizeof line, f); number++)
    code = strlen(line) + 1 >= sizeof line
               ? cli_usage_error("%s:%d: the line is too long", path, number)
               : read_line(path, number, line, section, sizeof section);
  fclose(f);
  return code;
}

static const char *find(const char *section, const char *key) {
  for (size_t i = n_entries; i > 0; i--)
    if (strcmp(entries[i - 1].section, section) == 0 && strcmp(entries[i - 1].key, key) == 0)
      return entries[i - 1].value;
  return NULL;
}

const char *config_get(const char *section, const char *key) {
  const char *value = find(section, key);
  return value ? value : find("", key);
}

const char *config_source(size_t i) {
  static char spec[LONGEST_LINE + 128];
  for (size_t j = 0; j < n_entries; j++) {
    if (strcmp(entries[j].section, "sources") != 0 || i-- > 0) continue;
    snprintf(spec, sizeof spec, "%s=%s", entries[j].key, entries[j].value);
    return spec;
  }
  return NULL;
}

void config_free(void) {
  for (size_t i = 0; i < n_entries; i++) {
    free(entries[i].section);
    free(entries[i].key);
    free(entries[i].value);
  }
  n_entries = 0;
}
