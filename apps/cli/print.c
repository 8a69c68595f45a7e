/* What people see: answers, tables in columns that line up, faults with a caret.
 * Text from a database or a model never reaches the terminal with its control
 * characters. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"

enum { WIDEST_CELL = 60, SHOWN_ROWS = 100, BEFORE_CARET = 100, AROUND_CARET = 220 };

/* ---- text ---- */

/* The character at *s, and how many columns it takes; moves *s past it. */
static wchar_t next_char(const char **s, int *width) {
  wchar_t c = 0;
  mbstate_t state = {0};
  size_t n = mbrtowc(&c, *s, strnlen(*s, MB_LEN_MAX), &state);
  if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
    c = L'?';
    n = 1;
  }
  *s += n;
  int w = wcwidth(c);
  /* control characters, and those that change the direction of what follows */
  if (w < 0 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) {
    c = L' ';
    w = 1;
  }
  *width = w;
  return c;
}

static void put_char(FILE *f, wchar_t c) {
  char out[16];
  mbstate_t state = {0};
  size_t n = wcrtomb(out, c, &state);
  if (n == (size_t)-1)
    fputc('?', f);
  else
    fwrite(out, 1, n, f);
}

/* At most `most` columns of `s`; returns how many were written. */
static int put_text(FILE *f, const char *s, int most) {
  int at = 0;
  while (*s) {
    int w;
    const char *before = s;
    wchar_t c = next_char(&s, &w);
    if (at + w > most - (*s ? 1 : 0)) {
      if (*s || before == s) put_char(f, L'…');
      return at + 1;
    }
    put_char(f, c);
    at += w;
  }
  return at;
}

static int text_width(const char *s) {
  int at = 0, w;
  while (*s) {
    next_char(&s, &w);
    at += w;
  }
  return at;
}

void print_text(FILE *f, const char *s) {
  int w;
  while (*s) put_char(f, next_char(&s, &w));
}

static const char *style_code(print_style style) {
  switch (style) {
    case BOLD:
      return "\033[1m";
    case DIM:
      return "\033[2m";
    case RED:
      return "\033[31m";
    case GREEN:
      return "\033[32m";
    case YELLOW:
      return "\033[33m";
    case PLAIN:
      break;
  }
  return "";
}

void print_styled(FILE *f, bool color, print_style style, const char *s) {
  if (color) fputs(style_code(style), f);
  print_text(f, s);
  if (color && style != PLAIN) fputs("\033[0m", f);
}

/* ---- columns ---- */

static void pad(FILE *f, int n) {
  while (n-- > 0) fputc(' ', f);
}

static void put_rule(FILE *f, const int *widths, size_t columns) {
  for (size_t c = 0; c < columns; c++) {
    if (c) fputs("  ", f);
    for (int i = 0; i < widths[c]; i++) fputs("─", f);
  }
  fputc('\n', f);
}

static bool is_number(const char *s) {
  char *end;
  if (!*s) return false;
  strtod(s, &end);
  return !*end;
}

/* A column of numbers stands to the right. */
static bool is_numeric(const char *const *cells, size_t rows, size_t columns, size_t c) {
  bool any = false;
  for (size_t i = 1; i < rows; i++) {
    const char *s = cells[i * columns + c];
    if (strcmp(s, "NULL") == 0) continue;
    if (!is_number(s)) return false;
    any = true;
  }
  return any;
}

static void put_cell(FILE *f, const char *s, int width, bool right, bool last) {
  int w = text_width(s);
  if (w > width) w = width;
  if (right) pad(f, width - w);
  put_text(f, s, width);
  if (!right && !last) pad(f, width - w);
}

void print_columns(FILE *f, bool color, const char *const *cells, size_t rows, size_t columns) {
  int *widths = calloc(columns + 1, sizeof *widths);
  bool *right = calloc(columns + 1, sizeof *right);
  for (size_t c = 0; widths && right && c < columns; c++) {
    for (size_t i = 0; i < rows; i++) {
      int w = text_width(cells[i * columns + c]);
      if (w > widths[c]) widths[c] = w > WIDEST_CELL ? WIDEST_CELL : w;
    }
    right[c] = is_numeric(cells, rows, columns, c);
  }
  for (size_t i = 0; widths && right && i < rows; i++) {
    if (i == 0 && color) fputs(style_code(BOLD), f);
    for (size_t c = 0; c < columns; c++) {
      if (c) fputs("  ", f);
      put_cell(f, cells[i * columns + c], widths[c], right[c], c + 1 == columns);
    }
    if (i == 0 && color) fputs("\033[0m", f);
    fputc('\n', f);
    if (i == 0) put_rule(f, widths, columns);
  }
  free(widths);
  free(right);
}

/* ---- rows ---- */

static const char *cell_text(const emend_cell *c, char *out, size_t size) {
  switch (c->kind) {
    case EMEND_CELL_NULL:
      return "NULL";
    case EMEND_CELL_INT:
      snprintf(out, size, "%lld", (long long)c->i);
      return out;
    case EMEND_CELL_BOOL:
      return c->i ? "true" : "false";
    case EMEND_CELL_REAL:
      snprintf(out, size, "%.15g", c->r); /* 2328.6, not 2328.600000000004; JSON has it all */
      return out;
    case EMEND_CELL_BLOB:
      snprintf(out, size, "(%zu byte%s)", c->len, c->len == 1 ? "" : "s");
      return out;
    case EMEND_CELL_TEXT:
      return c->text;
  }
  return "";
}

void print_table(FILE *f, const emend_answer *a, bool color) {
  size_t rows = a->n_rows < SHOWN_ROWS ? a->n_rows : SHOWN_ROWS, n = a->n_columns;
  const char **cells = calloc((rows + 1) * n + 1, sizeof *cells);
  char(*numbers)[32] = calloc(rows * n + 1, sizeof *numbers);
  for (size_t c = 0; cells && c < n; c++) cells[c] = a->columns[c];
  for (size_t i = 0; cells && numbers && i < rows * n; i++)
    cells[n + i] = cell_text(&a->cells[i], numbers[i], sizeof numbers[i]);
  if (cells && numbers) print_columns(f, color, cells, rows + 1, n);
  free(cells);
  free(numbers);
  if (rows < a->n_rows || a->truncated)
    fprintf(
        f, "… %zu rows shown%s\n", rows,
        a->truncated ? "; there are more than --max-rows allows" : " here; --json has them all");
}

/* ---- faults ---- */

/* Moves *at to where a character begins. */
static size_t char_start(const char *sql, size_t at, size_t least) {
  while (at > least && ((unsigned char)sql[at] & 0xc0) == 0x80) at--;
  return at;
}

/* The line of `sql` that the span begins in, or what is around the span in a long one, and a caret
 * under what it covers. */
static void put_caret(FILE *f, bool color, const char *sql, size_t length, emend_span span) {
  if (span.from >= length || span.to <= span.from) return;
  size_t from = span.from, begin = from, end = from;
  while (begin && sql[begin - 1] != '\n' && from - begin < BEFORE_CARET) begin--;
  while (sql[end] && sql[end] != '\n' && end - begin < AROUND_CARET) end++;
  bool cut_before = begin && sql[begin - 1] != '\n', cut_after = sql[end] && sql[end] != '\n';
  begin = char_start(sql, begin, 0);
  end = char_start(sql, end, begin);
  size_t to = span.to < end ? span.to : end;
  char line[AROUND_CARET + MB_LEN_MAX + 1], part[AROUND_CARET + MB_LEN_MAX + 1];
  snprintf(line, sizeof line, "%.*s", (int)(end - begin), sql + begin);
  snprintf(part, sizeof part, "%.*s", (int)(from - begin), sql + begin);
  int indent = text_width(part) + (cut_before ? 2 : 0);
  snprintf(part, sizeof part, "%.*s", (int)(to > from ? to - from : 0), sql + from);
  int width = text_width(part);
  fputs(cut_before ? "  … " : "  ", f);
  print_text(f, line);
  fputs(cut_after ? " …\n  " : "\n  ", f);
  pad(f, indent);
  if (color) fputs(style_code(RED), f);
  for (int i = 0; i < (width ? width : 1); i++) fputc('^', f);
  if (color) fputs("\033[0m", f);
  fputc('\n', f);
}

static void put_suggestions(FILE *f, const emend_diagnostic *d) {
  for (size_t i = 0; i < d->n_suggestions && i < 3; i++) {
    const char *text = d->suggestions[i].text;
    fputs(i ? ", or " : "  did you mean ", f);
    print_text(f, text + strspn(text, " ")); /* what goes behind a word begins with one */
    if (d->suggestions[i].why && d->suggestions[i].why[0]) {
      fputs(" (", f);
      print_text(f, d->suggestions[i].why);
      fputc(')', f);
    }
  }
  if (d->n_suggestions)
    fputs("?\n", f);
  else if (d->expected && d->expected[0]) {
    fputs("  expected: ", f);
    print_text(f, d->expected);
    fputc('\n', f);
  }
}

void print_diagnostics(FILE *f, bool color, const char *sql, const emend_diagnostic *d, size_t n) {
  static const char *const names[] = {"error", "warning", "note"};
  static const print_style styles[] = {RED, YELLOW, DIM};
  size_t length = sql ? strlen(sql) : 0;
  for (size_t i = 0; i < n; i++) {
    print_styled(f, color, styles[d[i].severity], names[d[i].severity]);
    fputs(": ", f);
    print_text(f, d[i].message);
    fprintf(f, " [%s]\n", d[i].code);
    if (sql) put_caret(f, color, sql, length, d[i].span);
    put_suggestions(f, &d[i]);
  }
}

/* ---- answers ---- */

static void put_attempts(const emend_answer *a, bool color) {
  for (size_t i = 0; i < a->n_attempts; i++) {
    const emend_attempt *at = &a->attempts[i];
    printf("attempt %d, %s, %.1f ms: ", at->n, at->generator, at->ms);
    print_text(stdout, at->sql);
    putchar('\n');
    print_diagnostics(stdout, color, at->sql, at->diagnostics, at->n_diagnostics);
  }
}

static void put_steps(const emend_answer *a) {
  for (size_t i = 0; i < a->n_steps; i++) {
    printf("%-10s %8.1f ms  ", a->trace[i].stage, a->trace[i].ms);
    print_text(stdout, a->trace[i].note);
    putchar('\n');
  }
}

void print_answer(const cli *c, const emend_answer *a, bool explain) {
  print_styled(stdout, c->color, a->has_rows ? BOLD : YELLOW, a->text);
  putchar('\n');
  if (a->has_rows && a->n_rows && (a->n_columns > 1 || a->n_rows > 1)) {
    putchar('\n');
    print_table(stdout, a, c->color);
  }
  if (a->sql) {
    putchar('\n');
    print_styled(stdout, c->color, DIM, a->sql);
    putchar('\n');
  }
  if (a->learned_from) {
    printf("learned from the correction %s", a->learned_from->feedback_id);
    if (a->learned_from->by) {
      printf(" by ");
      print_text(stdout, a->learned_from->by);
    }
    printf(" of \"");
    print_text(stdout, a->learned_from->question);
    puts("\"");
  }
  if (a->has_rows) {
    double percent = a->confidence < 1 && a->confidence > 0.99 ? 99 : a->confidence * 100;
    printf("confidence %.0f%%, %.1f ms\n", percent, a->total_ms); /* 0.997 is no certainty */
  }
  if (a->candidate) {
    for (size_t i = 0; i < a->candidate->n_differs; i++) {
      fputs("  ", stdout);
      print_text(stdout, a->candidate->differs[i]);
      putchar('\n');
    }
    print_styled(stdout, c->color, DIM, a->candidate->sql);
    printf("\nemend confirm %s yes|no, or ask again with --no-confirm\n", a->id);
  }
  fflush(stdout);
  print_diagnostics(stderr, c->errors_in_color, NULL, a->warnings, a->n_warnings);
  if (!explain && (a->has_rows || a->n_attempts == 0)) return;
  putchar('\n');
  if (explain) put_steps(a);
  put_attempts(a, c->color);
}
