/* json_get [PATH]: reads standard input, which must be exactly one line holding one JSON
 * value, and prints what is at PATH (".rows[0][1]"; texts bare, the rest as JSON).
 * Exit: 0 found, 1 no such path, 2 not one line of valid JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_JSON = 64 << 20 };

static int not_json(const char *why) {
  fprintf(stderr, "json_get: %s\n", why);
  return 2;
}

/* Reads all of standard input; NULL when it is too long. */
static char *read_all(size_t *len) {
  size_t cap = 1 << 16, n = 0;
  char *text = malloc(cap);
  while (text) {
    n += fread(text + n, 1, cap - n, stdin);
    if (n < cap) break;
    if (cap >= MAX_JSON) {
      free(text);
      return NULL;
    }
    cap *= 2;
    char *more = realloc(text, cap);
    if (!more) free(text);
    text = more;
  }
  *len = n;
  return text;
}

static json_t *step(json_t *at, char **path) {
  char *p = *path;
  if (*p == '[') {
    unsigned long i = strtoul(p + 1, &p, 10);
    *path = *p == ']' ? p + 1 : p;
    return json_array_get(at, i);
  }
  if (*p == '.') p++;
  size_t n = strcspn(p, ".[");
  json_t *next = NULL;
  if (n > 0) {
    char saved = p[n];
    p[n] = '\0';
    next = json_object_get(at, p);
    p[n] = saved;
  }
  *path = p + n;
  return next;
}

static int print_value(json_t *v) {
  if (json_is_string(v)) return puts(json_string_value(v)) < 0 ? 1 : 0;
  if (json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT) != 0) return 1;
  return putchar('\n') < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
  size_t len = 0;
  char *text = read_all(&len);
  if (!text) return not_json("input too long");
  const char *newline = memchr(text, '\n', len);
  json_error_t why;
  json_t *root = NULL;
  int rc = 0;
  if (!newline || newline != text + len - 1)
    rc = not_json(newline ? "more than one line" : "no newline at the end");
  else if (!(root = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why)))
    rc = not_json(why.text);
  if (root && argc > 1) {
    json_t *at = root;
    for (char *path = argv[1]; at && *path;) {
      if (strcmp(path, ".") == 0) break;
      at = step(at, &path);
    }
    rc = at ? print_value(at) : 1;
  }
  json_decref(root);
  free(text);
  return rc;
}
