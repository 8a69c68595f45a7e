/* Files of one JSON value a line, as the tools that fit weights write and read them. */
#ifndef TOOLS_JSON_LINES_H
#define TOOLS_JSON_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/** Gives each line to `take`, which does not own it. False at the first line that is no JSON or
 * that `take` turns down, or when the file cannot be read. */
static inline bool json_lines_each(const char *path, bool (*take)(void *ctx, json_t *line),
                                   void *ctx) {
  FILE *in = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  bool ok = in != NULL;
  while (ok && getline(&line, &room, in) > 0) {
    json_t *value = json_loads(line, 0, NULL);
    ok = value && take(ctx, value);
    json_decref(value);
  }
  free(line);
  if (in) fclose(in);
  return ok;
}

#endif
