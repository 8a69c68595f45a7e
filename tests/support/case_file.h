/* Test cases kept as text: reads the .case files of tests/cases/<stage>. The format is
 * described in tests/cases/README.md. Knows nothing of what a case means. */
#ifndef SUPPORT_CASE_FILE_H
#define SUPPORT_CASE_FILE_H

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct case_section {
  str name; /* "input" of ">>> input" */
  str text; /* the lines below it, trailing blank lines removed; NUL-terminated */
} case_section;

typedef struct case_item {
  const char *file; /* base name of the file */
  int line;         /* of its "--- name" */
  str name;
  VEC(case_section) sections;
} case_item;

typedef VEC(case_item) case_list;

/** Appends the cases of `text` to `out`, in `a`. NULL, or a message that says what is malformed
 *  and on which line. `file` is kept as given. */
const char *case_parse(arena *a, const char *file, str text, case_list *out);

/** Every case under tests/cases/`stage`, files in name order. Fails the running cmocka test when
 *  the folder is missing, holds no case, or a file is malformed. */
case_list case_load(arena *a, const char *stage);

/** The text of a section; {NULL, 0} when the case has none of that name. */
str case_get(const case_item *c, const char *section);

/** Fails the running cmocka test, naming file, line and case, unless section `section` is
 *  exactly `actual` (trailing white space aside). */
void case_expect(const case_item *c, const char *section, str actual);

#endif
