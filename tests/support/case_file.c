/* Reads .case files. See case_file.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/case_file.h"

enum { MAX_CASE_FILE = 4 << 20, MAX_FILES = 1000 };

static str next_line(str text, size_t *pos) {
  size_t end = str_find(text, STR("\n"), *pos);
  if (end == SIZE_MAX) end = text.len;
  str line = str_slice(text, *pos, end);
  *pos = end < text.len ? end + 1 : text.len;
  if (str_ends(line, STR("\r"))) line.len--;
  return line;
}

static bool is_section(str line) {
  return str_starts(line, STR(">>>")) || str_starts(line, STR("<<<"));
}

/* "\--- x" stands for the body line "--- x": the backslash keeps it from being a marker. */
static bool is_escaped(str line) {
  if (!str_starts(line, STR("\\"))) return false;
  str rest = str_slice(line, 1, line.len);
  return str_starts(rest, STR("---")) || is_section(rest) || str_starts(rest, STR("\\"));
}

static str trim_end(str s) {
  while (s.len > 0 && ascii_is_space(s.ptr[s.len - 1])) s.len--;
  return s;
}

/* The body of a section from *pos up to the next marker. */
static str read_body(arena *a, str first, str text, size_t *pos, int *line_no) {
  size_t room = first.len + 1 + text.len - *pos + 1;
  char *body = arena_alloc(a, room + 1);
  assert_non_null(body);
  size_t n = 0;
  if (first.len > 0) {
    memcpy(body, first.ptr, first.len);
    n = first.len;
    body[n++] = '\n';
  }
  while (*pos < text.len) {
    size_t next = *pos;
    str line = next_line(text, &next);
    if (str_starts(line, STR("---")) || is_section(line)) break;
    if (is_escaped(line)) line = str_slice(line, 1, line.len);
    if (line.len > 0) memcpy(body + n, line.ptr, line.len);
    n += line.len;
    body[n++] = '\n';
    *pos = next;
    ++*line_no;
  }
  str out = trim_end((str){body, n});
  body[out.len] = '\0';
  return out;
}

const char *case_parse(arena *a, const char *file, str text, case_list *out) {
  case_item *item = NULL;
  size_t pos = 0;
  int line_no = 0;
  while (pos < text.len) {
    str line = next_line(text, &pos);
    ++line_no;
    if (str_starts(line, STR("---"))) {
      str name = str_trim(str_slice(line, 3, line.len));
      if (name.len == 0) return arena_printf(a, "%s:%d: a case without a name", file, line_no);
      case_item made = {.file = file, .line = line_no, .name = name};
      assert_true(vec_push(a, out, made));
      item = &out->items[out->len - 1];
    } else if (is_section(line)) {
      if (!item) return arena_printf(a, "%s:%d: a section before any case", file, line_no);
      int at = line_no;
      str head = str_trim(str_slice(line, 3, line.len));
      size_t word = 0;
      while (word < head.len && !ascii_is_space(head.ptr[word])) word++;
      case_section s = {.name = str_slice(head, 0, word)};
      if (word == 0) return arena_printf(a, "%s:%d: a section without a name", file, at);
      for (size_t i = 0; i < item->sections.len; i++)
        if (str_eq(item->sections.items[i].name, s.name))
          return arena_printf(a, "%s:%d: section given twice", file, at);
      s.text = read_body(a, str_trim(str_slice(head, word, head.len)), text, &pos, &line_no);
      assert_true(vec_push(a, &item->sections, s));
    } else if (str_trim(line).len > 0 && line.ptr[0] != '#') {
      return arena_printf(a, "%s:%d: text outside a section", file, line_no);
    }
  }
  return NULL;
}

static str read_file(arena *a, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) fail_msg("cannot read %s", path);
  char *bytes = arena_alloc(a, MAX_CASE_FILE);
  assert_non_null(bytes);
  size_t n = fread(bytes, 1, MAX_CASE_FILE, f);
  fclose(f);
  if (n == MAX_CASE_FILE) fail_msg("%s is larger than a case file may be", path);
  return (str){bytes, n};
}

static int by_name(const void *x, const void *y) {
  return strcmp(*(char *const *)x, *(char *const *)y);
}

case_list case_load(arena *a, const char *stage) {
  const char *folder = arena_printf(a, "%s/tests/cases/%s", EMEND_SOURCE_DIR, stage);
  DIR *dir = opendir(folder);
  if (!dir) fail_msg("no folder %s", folder);
  char *names[MAX_FILES];
  size_t n = 0;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (!str_ends(str_from(e->d_name), STR(".case"))) continue;
    assert_true(n < MAX_FILES);
    names[n++] = arena_printf(a, "%s", e->d_name);
  }
  closedir(dir);
  qsort(names, n, sizeof names[0], by_name);
  case_list out = {0};
  for (size_t i = 0; i < n; i++) {
    str text = read_file(a, arena_printf(a, "%s/%s", folder, names[i]));
    const char *wrong = case_parse(a, names[i], text, &out);
    if (wrong) fail_msg("%s/%s", folder, wrong);
  }
  if (out.len == 0) fail_msg("no case under %s", folder);
  return out;
}

str case_get(const case_item *c, const char *section) {
  for (size_t i = 0; i < c->sections.len; i++)
    if (str_eq(c->sections.items[i].name, str_from(section))) return c->sections.items[i].text;
  return (str){NULL, 0};
}

void case_expect(const case_item *c, const char *section, str actual) {
  str want = case_get(c, section);
  if (!want.ptr)
    fail_msg("%s:%d: %.*s: no section %s", c->file, c->line, STR_ARG(c->name), section);
  actual = trim_end(actual);
  if (str_eq(want, actual)) return;
  fail_msg("%s:%d: %.*s\nexpected %s:\n%.*s\ngot:\n%.*s", c->file, c->line, STR_ARG(c->name),
           section, STR_ARG(want), STR_ARG(actual));
}
