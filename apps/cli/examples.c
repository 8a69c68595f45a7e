/* emend examples, emend privacy: what answers resemble, and one person's data. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* ---- examples ---- */

static int run_add(cli *c) {
  const char *question = cli_value(c, "question"), *sql = cli_value(c, "sql");
  char *id = NULL;
  emend_report *refused = NULL;
  emend_error err;
  if (!question || !sql) return cli_usage_error("emend examples add needs --question and --sql");
  int code = cli_add_sources(c);
  if (code) return code;
  if (emend_example_add(c->engine, cli_value(c, "source"), question, sql, cli_value(c, "user"), &id,
                        &refused, &err))
    return cli_failed(&err);
  if (refused) {
    if (cli_flag(c, "json"))
      code = cli_print_json(emend_report_json(refused));
    else
      print_diagnostics(stdout, c->color, sql, refused->diagnostics, refused->n_diagnostics);
    emend_report_free(refused);
    return code ? code : EXIT_NO;
  }
  printf(cli_flag(c, "json") ? "{\"id\":\"%s\"}\n" : "%s\n", id);
  emend_free(id);
  return EXIT_DONE;
}

static void print_example(const cli *c, const emend_example *e) {
  print_styled(stdout, c->color, BOLD, e->id);
  printf(" %s, %s\n  ", e->source, e->origin);
  print_text(stdout, e->question);
  printf("\n  ");
  print_text(stdout, e->sql);
  putchar('\n');
}

static int run_list(cli *c) {
  emend_example_list *list = NULL;
  emend_error err;
  if (emend_examples(c->engine, cli_value(c, "source"), cli_value(c, "origin"), &list, &err))
    return cli_failed(&err);
  int code = EXIT_DONE;
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_example_list_json(list));
  else
    for (size_t i = 0; i < list->n; i++) print_example(c, &list->items[i]);
  emend_example_list_free(list);
  return code;
}

static int run_remove(cli *c) {
  emend_error err;
  if (c->n_args < 2) return cli_usage_error("emend examples remove needs an ID");
  for (size_t i = 1; i < c->n_args; i++)
    if (emend_example_remove(c->engine, c->args[i], &err)) return cli_failed(&err);
  return EXIT_DONE;
}

static int run_export(cli *c) {
  char *text = NULL;
  emend_error err;
  if (emend_examples_export(c->engine, cli_value(c, "source"), cli_flag(c, "no-literals"), &text,
                            &err))
    return cli_failed(&err);
  fputs(text, stdout);
  emend_free(text);
  return EXIT_DONE;
}

static char *read_file(const char *path) {
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  size_t n = 0, size = 1 << 16;
  char *text = f ? malloc(size) : NULL;
  while (text) {
    n += fread(text + n, 1, size - n - 1, f);
    if (n + 1 < size) break;
    char *more = size > (size_t)1 << 30 ? NULL : realloc(text, size *= 2);
    if (!more) free(text);
    text = more;
  }
  if (text) text[n] = 0;
  if (f && f != stdin) fclose(f);
  return text;
}

static int run_import(cli *c) {
  size_t n, skipped;
  emend_error err = {.code = EMEND_EIO};
  if (c->n_args != 2) return cli_usage_error("emend examples import needs a FILE (- for input)");
  int code = cli_add_sources(c);
  if (code) return code;
  char *text = read_file(c->args[1]);
  snprintf(err.msg, sizeof err.msg, "cannot read %.400s", c->args[1]);
  if (!text) return cli_failed(&err);
  emend_rc rc = emend_examples_import(c->engine, cli_value(c, "source"), text, cli_value(c, "user"),
                                      &n, &skipped, &err);
  free(text);
  if (rc) return cli_failed(&err);
  printf(cli_flag(c, "json") ? "{\"added\":%zu,\"skipped\":%zu}\n" : "%zu added, %zu skipped\n", n,
         skipped);
  if (!skipped) return EXIT_DONE;
  fprintf(stderr,
          "emend: what was skipped is no line of an export, or its SQL does not run here\n");
  return n ? EXIT_DONE : EXIT_NO;
}

static int run_similar(cli *c) {
  emend_similar_list *list = NULL;
  emend_error err;
  if (c->n_args != 2) return cli_usage_error("emend examples similar needs one QUESTION");
  int code = cli_add_sources(c);
  if (code) return code;
  if (emend_find_similar(c->engine, cli_value(c, "source"), c->args[1], 5, &list, &err))
    return cli_failed(&err);
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_similar_list_json(list));
  else
    for (size_t i = 0; i < list->n; i++) {
      printf("%.2f ", list->items[i].similarity);
      print_example(c, &list->items[i].example);
    }
  emend_similar_list_free(list);
  return code;
}

static int run_examples(cli *c) {
  static const cli_verb verbs[] = {{"add", run_add},       {"list", run_list},
                                   {"remove", run_remove}, {"export", run_export},
                                   {"import", run_import}, {"similar", run_similar}};
  return cli_run_verb(c, verbs, sizeof verbs / sizeof *verbs);
}

static const char *const example_options[] = {
    "db",      "state", "question", "sql",   "user",   "source",      "origin", "no-literals",
    "weights", "json",  "backend",  "model", "server", "embed-model", NULL};
const cli_command examples_command = {
    .name = "examples",
    .usage =
        "add --db URL --question Q --sql SQL | list | remove ID... | export [--no-literals] |\n"
        "                      import --db URL FILE|- | similar --db URL QUESTION",
    .about = "pairs of a question and its SQL that answers resemble",
    .more = "An export is one JSON object a line, without people's names, mails and long numbers.",
    .options = example_options,
    .run = run_examples};

/* ---- privacy ---- */

static int print_person(const cli *c, const emend_person *p, bool forgotten) {
  if (cli_flag(c, "json"))
    printf(
        "{\"user_opted_out\":%s,\"questions\":%lld,\"feedback\":%lld,\"examples\":%lld,"
        "\"confirmed\":%lld,\"datasets\":%lld,\"models\":%lld}\n",
        p->opted_out ? "true" : "false", (long long)p->questions, (long long)p->feedback,
        (long long)p->examples, (long long)p->confirmed, (long long)p->datasets,
        (long long)p->models);
  else
    printf("%s%lld question%s, %lld feedback, %lld example%s, %lld confirmed%s\n",
           forgotten ? "deleted: " : "", (long long)p->questions, p->questions == 1 ? "" : "s",
           (long long)p->feedback, (long long)p->examples, p->examples == 1 ? "" : "s",
           (long long)p->confirmed, p->opted_out ? "; opted out of learning" : "");
  if (!cli_flag(c, "json") && p->datasets)
    printf(
        "also %lld data set%s and the %lld version%s trained on them; new ones: emend learn run\n",
        (long long)p->datasets, p->datasets == 1 ? "" : "s", (long long)p->models,
        p->models == 1 ? "" : "s");
  return EXIT_DONE;
}

static int set_opt(cli *c, bool out) {
  emend_error err;
  if (emend_privacy_opt(c->engine, cli_value(c, "user"), out, &err)) return cli_failed(&err);
  return EXIT_DONE;
}

static int run_out(cli *c) { return set_opt(c, true); }
static int run_in(cli *c) { return set_opt(c, false); }

static int run_show(cli *c) {
  emend_person p;
  emend_error err;
  if (emend_privacy_show(c->engine, cli_value(c, "user"), &p, &err)) return cli_failed(&err);
  return print_person(c, &p, false);
}

static int run_forget(cli *c) {
  emend_person p;
  emend_error err;
  if (emend_privacy_forget(c->engine, cli_value(c, "user"), &p, &err)) return cli_failed(&err);
  return print_person(c, &p, true);
}

static int run_privacy(cli *c) {
  static const cli_verb verbs[] = {
      {"opt-out", run_out}, {"opt-in", run_in}, {"forget", run_forget}, {"show", run_show}};
  return cli_run_verb(c, verbs, sizeof verbs / sizeof *verbs);
}

static const char *const privacy_options[] = {"state", "user", "json", NULL};
const cli_command privacy_command = {
    .name = "privacy",
    .usage = "opt-out | opt-in | forget | show --user NAME [--state PATH]",
    .about = "what is kept of one person: show it, stop it, delete it",
    .more =
        "After opt-out their questions and feedback are not kept. forget deletes what there is,\n"
        "what was derived from it (data sets and the versions trained on them too), and every "
        "copy\n"
        "of an older state; an opt-out stays.",
    .options = privacy_options,
    .run = run_privacy};
