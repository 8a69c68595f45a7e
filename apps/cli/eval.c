/* emend eval: one run's figures, or several models beside each other. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"

enum { MOST_RUNS = 16 };

/* One model measured. */
typedef struct eval_run {
  const char *model, *words; /* as named; NULL: what the options say by themselves */
  emend_eval_report *report;
} eval_run;

/* A bar on standard error, redrawn at most ten times a second. */
static int draw_progress(void *ctx, size_t done, size_t total) {
  progress *p = ctx;
  double now = seconds_now();
  if (!p->on || (now - p->drawn < 0.1 && done < total)) return 0;
  p->drawn = now;
  double left = done ? (now - p->began) / (double)done * (double)(total - done) : 0;
  fprintf(stderr, "\r[");
  for (size_t i = 0; i < 30; i++) fputc(i * total < done * 30 ? '#' : '.', stderr);
  fprintf(stderr, "] %zu/%zu, %.0f s left   ", done, total, left);
  if (done == total) fputc('\n', stderr);
  return 0;
}

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_groups(const char *title, const emend_eval_group *g, size_t n) {
  printf("\n%-24s %6s %7s\n", title, "n", "ex");
  for (size_t i = 0; i < n; i++) printf("%-24s %6zu %7.3f\n", g[i].name, g[i].n, g[i].ex);
}

static void print_one(const emend_eval_report *r) {
  printf(
      "questions        %zu\nright (ex)       %.4f\nfirst attempts   %.4f\nvalid            %.4f\n"
      "delivered        %.4f\nwrong, no warning %.4f\nattempts         %.2f\n"
      "time             %.1f ms (median), %.1f ms (95%%)\n",
      r->n, r->ex, r->ex_first, r->valid, r->delivered, r->wrong_delivered, r->attempts_mean,
      r->p50_ms, r->p95_ms);
  if (r->n_worded)
    printf("in model's words %.4f of %zu, turned down %.4f\n", r->words, r->n_worded,
           r->words_turned_down);
  print_groups("hardness", r->by_hardness, r->n_hardness);
  print_groups("database", r->by_db, r->n_dbs);
}

/* ---- several models ---- */

/* What puts rows in words: the answer model, else the model itself. */
static const char *wording(const eval_run *r) { return r->words ? r->words : r->model; }

/* Runs past the first `n_sql` differ in their words alone. */
static void print_tables(const eval_run *runs, size_t n, size_t n_sql) {
  printf("%-28s %6s %7s %7s %7s %9s %7s %9s %9s\n", "SQL by", "n", "ex", "first", "valid",
         "delivered", "wrong", "attempts", "ms");
  for (size_t i = 0; i < n_sql; i++) {
    const emend_eval_report *r = runs[i].report;
    printf("%-28s %6zu %7.4f %7.4f %7.4f %9.4f %7.4f %9.2f %9.1f\n", runs[i].model, r->n, r->ex,
           r->ex_first, r->valid, r->delivered, r->wrong_delivered, r->attempts_mean, r->p50_ms);
  }
  printf("\n%-28s %6s %7s %11s %13s %9s\n", "words by", "n", "held", "turned down", "not answering",
         "ms");
  for (size_t i = 0; i < n; i++) {
    const emend_eval_report *r = runs[i].report;
    printf("%-28s %6zu %7.4f %11.4f %13.4f %9.1f\n", wording(&runs[i]), r->n_worded, r->words,
           r->words_turned_down, r->not_answering, r->words_mean_ms);
  }
}

static void print_name(const char *name) {
  putchar('"');
  for (const char *p = name; *p; p++)
    if ((unsigned char)*p < ' ')
      printf("\\u%04x", (unsigned)*p);
    else
      printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
  putchar('"');
}

static void print_json_tables(const eval_run *runs, size_t n, size_t n_sql) {
  printf("{\"sql\":[");
  for (size_t i = 0; i < n_sql; i++) {
    printf(i ? ",{\"model\":" : "{\"model\":");
    print_name(runs[i].model);
    char *json = emend_eval_report_json(runs[i].report);
    printf(",%s", json ? json + 1 : "\"n\":0}");
    emend_free(json);
  }
  printf("],\"words\":[");
  for (size_t i = 0; i < n; i++) {
    const emend_eval_report *r = runs[i].report;
    printf(i ? ",{\"model\":" : "{\"model\":");
    print_name(wording(&runs[i]));
    printf(
        ",\"n\":%zu,\"held\":%.4f,\"turned_down\":%.4f,\"not_answering\":%.4f,"
        "\"mean_ms\":%.3f}",
        r->n_worded, r->words, r->words_turned_down, r->not_answering, r->words_mean_ms);
  }
  printf("]}\n");
}

/* ---- running ---- */

static int measure(cli *c, eval_run *run) {
  progress p = {.on = isatty(STDERR_FILENO), .began = seconds_now()};
  emend_eval_options opt = {.data = cli_value(c, "data"),
                            .db_dir = cli_value(c, "db-dir"),
                            .predictions = cli_value(c, "predictions"),
                            .repair = cli_flag(c, "repair"),
                            .out = cli_value(c, "out"),
                            .log = cli_value(c, "log"),
                            .on_progress = draw_progress,
                            .ctx = &p};
  emend_error err;
  c->model = run->model;
  c->answer_model = run->words;
  int code = cli_open(c);
  if (code) return code;
  if (emend_eval(c->engine, &opt, &run->report, &err)) return cli_failed(&err);
  return EXIT_DONE;
}

static void close_engine(cli *c) {
  cli_catch_interrupts(NULL);
  emend_close(c->engine);
  c->engine = NULL;
}

/* Each model with the first answer model, then the first model with each further one. */
static size_t plan(cli *c, eval_run *runs, size_t *n_sql) {
  const char *models[CLI_MAX_VALUES], *words[CLI_MAX_VALUES];
  size_t n = cli_values(c, "model", models, CLI_MAX_VALUES), all = 0;
  size_t n_words = cli_values(c, "answer-model", words, CLI_MAX_VALUES);
  if (n + n_words > MOST_RUNS) return 0;
  const char *alone = n ? NULL : cli_value(c, "model");
  if (alone) models[n++] = alone;
  for (size_t i = 0; i < n; i++)
    runs[all++] = (eval_run){.model = models[i], .words = n_words ? words[0] : NULL};
  if (n == 0) runs[all++] = (eval_run){.words = n_words ? words[0] : NULL};
  *n_sql = all;
  for (size_t i = 1; i < n_words; i++)
    runs[all++] = (eval_run){.model = runs[0].model, .words = words[i]};
  return all;
}

static int run_eval(cli *c) {
  eval_run runs[MOST_RUNS] = {{0}};
  size_t n_sql = 0, n = plan(c, runs, &n_sql);
  int code = EXIT_DONE;
  if (!cli_value(c, "data") || !cli_value(c, "db-dir"))
    return cli_usage_error("emend eval needs --data and --db-dir");
  if (c->n_args) return cli_usage_error("emend eval takes no argument: \"%s\"", c->args[0]);
  if (n == 0) return cli_usage_error("at most %d models are measured at once", MOST_RUNS);
  if (n > 1 && !runs[0].model)
    return cli_usage_error("several --answer-model need a --model that writes the SQL");
  if (n > 1 && (cli_flag(c, "out") || cli_flag(c, "log")))
    return cli_usage_error("--out and --log are of one model; measure one at a time for them");
  for (size_t i = 0; i < n && !code; i++) {
    if (i) close_engine(c);
    code = measure(c, &runs[i]);
  }
  if (!code && n > 1 && cli_flag(c, "json"))
    print_json_tables(runs, n, n_sql);
  else if (!code && n > 1)
    print_tables(runs, n, n_sql);
  else if (!code && cli_flag(c, "json"))
    code = cli_print_json(emend_eval_report_json(runs[0].report));
  else if (!code)
    print_one(runs[0].report);
  for (size_t i = 0; i < n; i++) emend_eval_report_free(runs[i].report);
  return code;
}

static const char *const options[] = {
    "allow-function", "data",  "db-dir", "predictions",  "repair",  "out",  "log", "state",
    "backend",        "model", "server", "answer-model", "weights", "json", NULL};
const cli_command eval_command = {
    .name = "eval",
    .usage = "--data FILE --db-dir DIR [--predictions FILE [--repair]] [OPTION]...",
    .about = "measure accuracy over questions in Spider's format",
    .more =
        "An answer is right when its rows are the gold query's: execution accuracy (ex). Several\n"
        "--model are measured one after the other, and so are several --answer-model, which put\n"
        "the rows in words: a table for SQL, a table for words.",
    .options = options,
    .run = run_eval};
