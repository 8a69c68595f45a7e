/* emend finalize, finalized and confirm: what people confirmed. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* ---- finalize ---- */

/* SQL that does not fit is "no", not a failure of the environment. */
static int refused(const emend_error *err) {
  int code = cli_failed(err);
  return err->code == EMEND_EREFUSED || err->code == EMEND_EDB ? EXIT_NO : code;
}

static int tell_kept(cli *c, const char *id) {
  emend_finalized_list *list = NULL;
  emend_error err;
  if (emend_finalized_read(c->engine, id, &list, &err)) return cli_failed(&err);
  const char *waits = list->items[0].review;
  if (cli_flag(c, "json")) {
    printf("{\"id\":\"%s\",\"status\":\"%s\"}\n", id, waits ? "review" : "finalized");
  } else {
    printf("confirmed as %s\n", id);
    if (waits) printf("it waits: %s\n", waits);
  }
  emend_finalized_list_free(list);
  return EXIT_DONE;
}

static int run_finalize(cli *c) {
  emend_finalize_options opt = {.answer = cli_value(c, "answer"),
                                .question = cli_value(c, "question"),
                                .sql = cli_value(c, "sql"),
                                .user = cli_value(c, "user")};
  char *id = NULL;
  emend_error err;
  if (c->n_args) return cli_usage_error("emend finalize takes no argument: \"%s\"", c->args[0]);
  if (!opt.answer && !(opt.question && opt.sql))
    return cli_usage_error("emend finalize needs --answer ID, or --question and --sql");
  int code = cli_open(c);
  if (!code) code = cli_add_sources(c);
  if (code) return code;
  if (emend_finalize(c->engine, &opt, &id, &err)) return refused(&err);
  code = tell_kept(c, id);
  emend_free(id);
  return code;
}

static const char *const finalize_options[] = {"db",  "schema", "state",   "answer", "question",
                                               "sql", "user",   "weights", "json",   NULL};
const cli_command finalize_command = {
    .name = "finalize",
    .usage = "--db URL (--answer ID [--sql SQL] | --question Q --sql SQL) [--user U]",
    .about = "confirm that a SQL statement answers a question",
    .more =
        "From then on the question, in these or other words, runs that SQL at once. A named "
        "user's\n"
        "yes to an answer that came with a warning waits until somebody else says so too.",
    .options = finalize_options,
    .run = run_finalize};

/* ---- finalized ---- */

static void print_wordings(const emend_finalized *f) {
  for (size_t i = 0; i < f->n_wordings; i++) {
    const emend_wording *w = &f->wordings[i];
    if (!w->refused && strcmp(w->text, f->question) == 0) continue;
    fputs(w->refused ? "  not " : "  also ", stdout);
    print_text(stdout, w->text);
    putchar('\n');
  }
}

static void print_finalized(const cli *c, const emend_finalized *f, bool all) {
  print_styled(stdout, c->color, BOLD, f->id);
  fputs("  ", stdout);
  print_text(stdout, f->question);
  printf("  (%s, %.10s%s", f->source, f->at, f->by ? ", by " : "");
  if (f->by) print_text(stdout, f->by);
  fputs(")\n", stdout);
  if (f->review) {
    fputs("  for review: ", stdout);
    print_text(stdout, f->review);
    putchar('\n');
  }
  if (!all) return;
  print_wordings(f);
  fputs("  ", stdout);
  print_text(stdout, f->sql);
  putchar('\n');
}

static int show(cli *c, const char *id) {
  emend_finalized_list *list = NULL;
  emend_error err;
  int code = EXIT_DONE;
  if (emend_finalized_read(c->engine, id, &list, &err)) return cli_failed(&err);
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_finalized_list_json(list));
  else
    for (size_t i = 0; i < list->n; i++) print_finalized(c, &list->items[i], id != NULL);
  emend_finalized_list_free(list);
  return code;
}

static int run_list(cli *c) {
  return c->n_args > 1 ? cli_usage_error("emend finalized list takes no argument") : show(c, NULL);
}

static int run_show(cli *c) {
  return c->n_args == 2 ? show(c, c->args[1]) : cli_usage_error("emend finalized show needs an ID");
}

static int run_remove(cli *c) {
  emend_error err;
  if (c->n_args < 2) return cli_usage_error("emend finalized remove needs an ID");
  for (size_t i = 1; i < c->n_args; i++)
    if (emend_finalized_remove(c->engine, c->args[i], &err)) return cli_failed(&err);
  return EXIT_DONE;
}

static int run_export(cli *c) {
  char *text = NULL;
  emend_error err;
  if (c->n_args > 1) return cli_usage_error("emend finalized export writes to standard output");
  if (emend_finalized_export(c->engine, &text, &err)) return cli_failed(&err);
  fputs(text, stdout);
  emend_free(text);
  return EXIT_DONE;
}

static int run_import(cli *c) {
  emend_error err;
  size_t n = 0;
  if (c->n_args != 2) return cli_usage_error("emend finalized import needs a FILE, or -");
  const char *urls[2];
  size_t given = cli_values(c, "db", urls, 2);
  if (given > 1) return cli_usage_error("emend finalized import takes one --db");
  char *text = cli_read_file(c->args[1], "export");
  if (!text) return EXIT_ENVIRONMENT;
  emend_source_list *sources = NULL;
  bool failed = (given && (emend_source_add(c->engine, urls[0], &err) ||
                           emend_sources(c->engine, &sources, &err)));
  const char *name = NULL;
  for (size_t i = 0; !failed && sources && i < sources->n; i++)
    if (sources->items[i].dialect) name = sources->items[i].name;
  failed = failed || emend_finalized_import(c->engine, text, name, &n, &err);
  emend_source_list_free(sources);
  free(text);
  if (failed) return cli_failed(&err);
  printf(cli_flag(c, "json") ? "{\"imported\":%zu}\n" : "%zu imported\n", n);
  return EXIT_DONE;
}

static const struct {
  const char *name;
  int (*run)(cli *c);
} verbs[] = {{"list", run_list},
             {"show", run_show},
             {"remove", run_remove},
             {"export", run_export},
             {"import", run_import}};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static int run_finalized(cli *c) {
  const char *names[N_VERBS];
  if (c->n_args == 0)
    return cli_usage_error("emend finalized needs a verb: list, show, remove, export or import");
  for (size_t i = 0; i < N_VERBS; i++) names[i] = verbs[i].name;
  for (size_t i = 0; i < N_VERBS; i++) {
    if (strcmp(c->args[0], names[i]) != 0) continue;
    int code = cli_open(c);
    return code ? code : verbs[i].run(c);
  }
  const char *near = cli_nearest(c->args[0], names, N_VERBS);
  return near ? cli_usage_error("emend finalized has no \"%s\"; did you mean %s?", c->args[0], near)
              : cli_usage_error("emend finalized has no \"%s\"", c->args[0]);
}

static const char *const finalized_options[] = {"db", "state", "weights", "json", NULL};
const cli_command finalized_command = {
    .name = "finalized",
    .usage = "list | show ID | remove ID... | export | import FILE|- [--db URL]",
    .about = "list, remove, export and import confirmed questions",
    .more = "With --db, import takes that database in the place of those named in the file.",
    .options = finalized_options,
    .run = run_finalized};

/* ---- confirm ---- */

static int confirm(cli *c, const char *id, bool yes, const emend_ask_options *opt) {
  emend_answer *a = NULL;
  emend_error err;
  if (emend_confirm(c->engine, id, yes, opt, &a, &err)) return cli_failed(&err);
  if (!a) {
    puts(cli_flag(c, "json") ? "{\"confirmed\":false}" : "remembered: that was not meant");
    return EXIT_DONE;
  }
  int code = a->has_rows ? EXIT_DONE : EXIT_NO;
  if (cli_flag(c, "json")) {
    int printed = cli_print_json(emend_answer_json(a));
    if (printed) code = printed;
  } else {
    print_answer(c, a, false);
  }
  emend_answer_free(a);
  return code;
}

static int run_confirm(cli *c) {
  emend_ask_options opt;
  if (c->n_args != 2 || (strcmp(c->args[1], "yes") != 0 && strcmp(c->args[1], "no") != 0))
    return cli_usage_error("emend confirm needs an answer's ID, and yes or no");
  if (!read_ask_options(c, &opt)) return EXIT_USAGE;
  int code = cli_open(c);
  const char *urls[CLI_MAX_VALUES];
  emend_error err;
  size_t n = cli_values(c, "db", urls, CLI_MAX_VALUES);
  for (size_t i = 0; !code && i < n; i++)
    if (emend_source_add(c->engine, urls[i], &err)) code = cli_failed(&err);
  return code ? code : confirm(c, c->args[0], strcmp(c->args[1], "yes") == 0, &opt);
}

static const char *const confirm_options[] = {"db",         "state",    "weights", "timeout",
                                              "max-rows",   "attempts", "user",    "privacy",
                                              "no-confirm", "json",     NULL};
const cli_command confirm_command = {
    .name = "confirm",
    .usage = "ID yes|no [OPTION]...",
    .about = "answer a \"did you mean ...?\"",
    .more = "yes runs the confirmed SQL and remembers these words for it; no is remembered too.",
    .options = confirm_options,
    .run = run_confirm};
