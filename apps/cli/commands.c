/* The commands ask, check, judge, retrieve and eval, and the list of all. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"

/* ---- ask ---- */

bool read_ask_options(const cli *c, emend_ask_options *out) {
  double timeout, rows, attempts;
  const char *privacy = cli_value(c, "privacy");
  if (!cli_number(c, "timeout", 0.001, 30, &timeout) ||
      !cli_number(c, "max-rows", 1, 1000, &rows) || !cli_number(c, "attempts", 1, 3, &attempts))
    return false;
  if (attempts > 3) return cli_usage_error("--attempts is 3 at most"), false;
  if (privacy && strcmp(privacy, "full") != 0 && strcmp(privacy, "schema-only") != 0)
    return cli_usage_error("--privacy is full or schema-only, not \"%s\"", privacy), false;
  *out = (emend_ask_options){.timeout_s = timeout,
                             .max_rows = (size_t)rows,
                             .attempts = (int)attempts,
                             .user = cli_value(c, "user"),
                             .no_confirm = cli_flag(c, "no-confirm"),
                             .no_learning = cli_flag(c, "no-learning")};
  if (privacy && privacy[0] == 's') out->privacy = EMEND_PRIVACY_SCHEMA_ONLY;
  return true;
}

static int ask_with(cli *c, const char *question, const emend_ask_options *opt) {
  emend_answer *a = NULL;
  emend_error err;
  if (emend_ask(c->engine, question, opt, &a, &err)) return cli_failed(&err);
  int code = a->has_rows ? EXIT_DONE : EXIT_NO;
  if (cli_flag(c, "json")) {
    int printed = cli_print_json(emend_answer_json(a));
    if (printed) code = printed;
  } else {
    print_answer(c, a, cli_flag(c, "explain"));
  }
  emend_answer_free(a);
  return code;
}

static int run_ask(cli *c) {
  emend_ask_options opt;
  if (!read_ask_options(c, &opt)) return EXIT_USAGE;
  char *question = cli_text_argument(c, "question");
  if (!question) return EXIT_USAGE;
  int code = cli_open(c);
  if (!code) code = cli_add_sources(c);
  if (!code) code = ask_with(c, question, &opt);
  free(question);
  return code;
}

static const char *const ask_options[] = {"allow-function", "db",          "state",   "backend",
                                          "model",          "weights",     "timeout", "max-rows",
                                          "attempts",       "user",        "privacy", "no-confirm",
                                          "no-learning",    "explain",     "json",    "server",
                                          "answer-model",   "embed-model", NULL};
static const cli_command ask_command = {
    .name = "ask",
    .usage = "--db URL [OPTION]... QUESTION|-",
    .about = "answer a question",
    .more = "The SQL is checked, run read-only and judged before its rows are shown.",
    .options = ask_options,
    .run = run_ask};

/* ---- check ---- */

static bool is_wrong(const emend_report *r, bool strict) {
  for (size_t i = 0; strict && i < r->n_diagnostics; i++)
    if (r->diagnostics[i].severity == EMEND_WARNING) return true;
  return !r->ok;
}

static void print_verdict(const emend_report *r, bool wrong) {
  const emend_diagnostic *first = NULL;
  for (size_t i = 0; i < r->n_diagnostics && wrong; i++)
    if (!first || (r->diagnostics[i].severity == EMEND_ERROR && first->severity != EMEND_ERROR))
      first = &r->diagnostics[i];
  fputs(first ? first->code : "ok", stdout);
  if (first) {
    fputs(": ", stdout);
    print_text(stdout, first->message);
  }
  putchar('\n');
}

/* Has it no error left? */
static bool is_sound(const cli *c, const char *sql, const emend_check_options *opt) {
  emend_report *r = NULL;
  bool sound = !emend_check(c->engine, sql, opt, &r, NULL) && r->ok;
  emend_report_free(r);
  return sound;
}

static int check_one(cli *c, const char *sql, bool verdict_only) {
  emend_check_options opt = EMEND_CHECK_OPTIONS_INIT;
  emend_report *r = NULL;
  emend_error err;
  opt.dialect = cli_value(c, "dialect");
  if (emend_check(c->engine, sql, &opt, &r, &err)) return cli_failed(&err);
  bool wrong = is_wrong(r, cli_flag(c, "strict"));
  int code = wrong ? EXIT_NO : EXIT_DONE;
  if (cli_flag(c, "json")) {
    int printed = cli_print_json(emend_report_json(r));
    if (printed) code = printed;
  } else if (verdict_only) {
    print_verdict(r, wrong);
  } else {
    print_diagnostics(stdout, c->color, sql, r->diagnostics, r->n_diagnostics);
    if (r->repaired) {
      fputs(is_sound(c, r->repaired, &opt) ? "mended: " : "mended in part: ", stdout);
      print_text(stdout, r->repaired);
      putchar('\n');
    }
    if (!r->n_diagnostics) puts("ok");
  }
  emend_report_free(r);
  return code;
}

static int check_each(cli *c, const char *path) {
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  if (!f) {
    emend_error err = {.code = EMEND_EIO};
    snprintf(err.msg, sizeof err.msg, "cannot read %.400s", path);
    return cli_failed(&err);
  }
  char *line = NULL;
  size_t size = 0;
  int worst = EXIT_DONE;
  while (worst < EXIT_USAGE) {
    ssize_t n = getline(&line, &size, f);
    if (n < 0) break;
    if (n && line[n - 1] == '\n') line[n - 1] = 0;
    bool blank = line[strspn(line, " \t\r")] == 0;
    if (blank) puts(cli_flag(c, "json") ? "null" : "empty: there is no SQL in this line");
    int code = blank ? EXIT_NO : check_one(c, line, true);
    if (code > worst) worst = code;
  }
  free(line);
  if (f != stdin) fclose(f);
  return worst;
}

static int run_check(cli *c) {
  const char *file = cli_value(c, "each");
  if (file && c->n_args) return cli_usage_error("with --each FILE no SQL is given besides");
  char *sql = file ? NULL : cli_text_argument(c, "SQL");
  if (!file && !sql) return EXIT_USAGE;
  int code = cli_open(c);
  if (!code) code = cli_add_sources(c);
  if (!code) code = file ? check_each(c, file) : check_one(c, sql, false);
  free(sql);
  return code;
}

static const char *const check_options[] = {
    "db", "schema", "state", "dialect", "allow-function", "strict", "each", "json", NULL};
static const cli_command check_command = {
    .name = "check",
    .usage = "(--db URL | --schema FILE#DB) [OPTION]... (SQL|- | --each FILE)",
    .about = "say what is wrong with a SQL statement",
    .more = "Nothing is run. Exit code 1 means at least one error.",
    .options = check_options,
    .run = run_check};

/* ---- retrieve ---- */

static void print_ranking(const cli *c, const emend_ranking *r) {
  const char *cells[4 * 64] = {"kind", "name", "score", ""};
  static char names[64][200], scores[64][24];
  size_t n = 1;
  for (size_t i = 0; i < r->n_tables && n < 20; i++, n++) {
    snprintf(names[n], sizeof names[n], "%s.%s", r->tables[i].source, r->tables[i].table);
    snprintf(scores[n], sizeof scores[n], "%.3f", r->tables[i].score);
    cells[n * 3] = "table";
    cells[n * 3 + 1] = names[n];
    cells[n * 3 + 2] = scores[n];
  }
  for (size_t i = 0; i < r->n_columns && n < 40; i++, n++) {
    snprintf(names[n], sizeof names[n], "%s.%s", r->columns[i].table, r->columns[i].column);
    snprintf(scores[n], sizeof scores[n], "%.3f", r->columns[i].score);
    cells[n * 3] = "column";
    cells[n * 3 + 1] = names[n];
    cells[n * 3 + 2] = scores[n];
  }
  for (size_t i = 0; i < r->n_values && n < 60; i++, n++) {
    snprintf(names[n], sizeof names[n], "%s.%s = '%s'", r->values[i].table, r->values[i].column,
             r->values[i].stored);
    snprintf(scores[n], sizeof scores[n], "%.3f", r->values[i].score);
    cells[n * 3] = "value";
    cells[n * 3 + 1] = names[n];
    cells[n * 3 + 2] = scores[n];
  }
  print_columns(stdout, c->color, cells, n, 3);
}

static int retrieve_for(cli *c, const char *question) {
  emend_ranking *r = NULL;
  emend_error err;
  if (emend_retrieve(c->engine, question, &r, &err)) return cli_failed(&err);
  int code = EXIT_DONE;
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_ranking_json(r));
  else
    print_ranking(c, r);
  emend_ranking_free(r);
  return code;
}

static int run_retrieve(cli *c) {
  char *question = cli_text_argument(c, "question");
  if (!question) return EXIT_USAGE;
  int code = cli_open(c);
  if (!code) code = cli_add_sources(c);
  if (!code) code = retrieve_for(c, question);
  free(question);
  return code;
}

static const char *const retrieve_options[] = {"db", "schema", "state", "json", NULL};
static const cli_command retrieve_command = {
    .name = "retrieve",
    .usage = "--db URL... [--json] QUESTION|-",
    .about = "show which tables, columns and stored values a question is about",
    .options = retrieve_options,
    .run = run_retrieve};

const cli_command *const cli_commands[] = {&ask_command,      &check_command,
                                           &judge_command,    &retrieve_command,
                                           &eval_command,     &source_command,
                                           &finalize_command, &finalized_command,
                                           &confirm_command,  &feedback_command,
                                           &examples_command, &privacy_command,
                                           &learn_command,    NULL};
