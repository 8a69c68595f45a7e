/* emend source: databases remembered by name, and what people say about them. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

static int print_list(cli *c) {
  emend_source_list *list = NULL;
  emend_error err;
  if (emend_sources(c->engine, &list, &err)) return cli_failed(&err);
  int code = EXIT_DONE;
  if (cli_flag(c, "json")) {
    code = cli_print_json(emend_source_list_json(list));
  } else if (list->n == 0) {
    puts("no source is registered; add one with: emend source add NAME=URL");
  } else {
    const char **cells = calloc((list->n + 1) * 2, sizeof *cells);
    for (size_t i = 0; cells && i < list->n; i++) {
      cells[2 * i + 2] = list->items[i].name;
      cells[2 * i + 3] = list->items[i].url;
    }
    if (cells) {
      cells[0] = "name";
      cells[1] = "url";
      print_columns(stdout, c->color, cells, list->n + 1, 2);
    }
    free(cells);
  }
  emend_source_list_free(list);
  return code;
}

static int run_list(cli *c) {
  return c->n_args > 1 ? cli_usage_error("emend source list takes no argument") : print_list(c);
}

static int need_one(const cli *c, const char *what) {
  if (c->n_args == 2) return EXIT_DONE;
  return cli_usage_error("emend source %s needs one %s: emend source %s %s", c->args[0], what,
                         c->args[0], what);
}

static int run_add(cli *c) {
  emend_error err;
  int code = need_one(c, "NAME=URL");
  if (code) return code;
  return emend_source_register(c->engine, c->args[1], &err) ? cli_failed(&err) : EXIT_DONE;
}

static int run_remove(cli *c) {
  emend_error err;
  int code = need_one(c, "NAME");
  if (code) return code;
  return emend_source_remove(c->engine, c->args[1], &err) ? cli_failed(&err) : EXIT_DONE;
}

/* show and refresh work on a registered source, or on what --db names. */
static int add_known(cli *c) {
  const char *urls[CLI_MAX_VALUES];
  emend_error err;
  size_t n = cli_values(c, "db", urls, CLI_MAX_VALUES);
  for (size_t i = 0; i < n; i++)
    if (emend_source_add(c->engine, urls[i], &err)) return cli_failed(&err);
  return !n && emend_source_add_registered(c->engine, NULL, &err) ? cli_failed(&err) : EXIT_DONE;
}

static void print_known(char *out, size_t size, int64_t n) {
  if (n < 0)
    snprintf(out, size, "?");
  else
    snprintf(out, size, "%lld", (long long)n);
}

static void print_schema_table(const cli *c, const emend_table *t) {
  char rows[32];
  print_known(rows, sizeof rows, t->row_count);
  print_styled(stdout, c->color, BOLD, t->name);
  printf(" (%s%s rows)%s", t->is_view ? "view, " : "", rows, t->comment ? ": " : "");
  if (t->comment) print_text(stdout, t->comment);
  putchar('\n');
  for (size_t i = 0; i < t->n_columns; i++) {
    const emend_column *k = &t->columns[i];
    printf("  ");
    print_text(stdout, k->name);
    printf(" %s%s%s%s", k->type, k->primary_key ? ", key" : "", k->not_null ? ", never NULL" : "",
           k->values_private ? ", private" : "");
    for (size_t s = 0; s < k->n_samples && s < 3; s++) {
      printf(s ? ", " : " (");
      print_text(stdout, k->samples[s]);
      if (s + 1 == k->n_samples || s == 2) printf(s + 1 < k->n_samples ? ", …)" : ")");
    }
    if (k->comment) {
      printf(": ");
      print_text(stdout, k->comment);
    }
    putchar('\n');
  }
}

static int run_show(cli *c) {
  emend_schema *s = NULL;
  emend_error err;
  if (c->n_args > 2) return need_one(c, "NAME");
  int code = add_known(c);
  if (code) return code;
  if (emend_schema_read(c->engine, c->n_args == 2 ? c->args[1] : NULL, &s, &err))
    return cli_failed(&err);
  if (cli_flag(c, "json")) {
    code = cli_print_json(emend_schema_json(s));
  } else {
    for (size_t i = 0; i < s->n_tables; i++) print_schema_table(c, &s->tables[i]);
    for (size_t i = 0; i < s->n_keys; i++)
      for (size_t k = 0; k < s->keys[i].n; k++)
        printf("%s.%s → %s.%s%s\n", s->keys[i].from_table, s->keys[i].from_columns[k],
               s->keys[i].to_table, s->keys[i].to_columns[k],
               s->keys[i].inferred ? " (guessed)" : "");
  }
  emend_schema_free(s);
  return code;
}

static int run_refresh(cli *c) {
  bool changed = false;
  emend_error err;
  int code = need_one(c, "NAME");
  if (!code) code = add_known(c);
  if (code) return code;
  if (emend_source_refresh(c->engine, c->args[1], &changed, &err)) return cli_failed(&err);
  if (cli_flag(c, "json"))
    printf("{\"changed\":%s}\n", changed ? "true" : "false");
  else
    puts(changed ? "the schema has changed" : "the schema is as it was");
  return EXIT_DONE;
}

/* "shop.orders.note" → source, table, column; the parts are cut out of `path`. */
static int run_annotate(cli *c) {
  emend_error err;
  int code = need_one(c, "NAME.TABLE[.COLUMN]");
  if (code) return code;
  emend_annotation note = {.comment = cli_value(c, "comment"),
                           .user = cli_value(c, "user"),
                           .values_private = cli_flag(c, "private")  ? 1
                                             : cli_flag(c, "public") ? 0
                                                                     : -1};
  if (!note.comment && note.values_private < 0)
    return cli_usage_error("say --comment TEXT, --private or --public");
  if ((code = add_known(c))) return code;
  char path[1024];
  if (snprintf(path, sizeof path, "%s", c->args[1]) >= (int)sizeof path)
    return cli_usage_error("the name is too long");
  char *table = strchr(path, '.'), *column = table ? strchr(table + 1, '.') : NULL;
  if (!table) return cli_usage_error("name a table too: NAME.TABLE[.COLUMN]");
  *table++ = 0;
  if (column) *column++ = 0;
  note.source = path;
  note.table = table;
  note.column = column;
  return emend_source_annotate(c->engine, &note, &err) ? cli_failed(&err) : EXIT_DONE;
}

static const struct {
  const char *name;
  int (*run)(cli *c);
} verbs[] = {{"add", run_add},         {"list", run_list},         {"show", run_show},
             {"refresh", run_refresh}, {"annotate", run_annotate}, {"remove", run_remove}};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static int run_source(cli *c) {
  const char *names[N_VERBS];
  if (c->n_args == 0)
    return cli_usage_error(
        "emend source needs a verb: add, list, show, refresh, "
        "annotate or remove");
  int code = cli_open(c);
  for (size_t i = 0; i < N_VERBS; i++) {
    names[i] = verbs[i].name;
    if (!code && strcmp(c->args[0], verbs[i].name) == 0) return verbs[i].run(c);
  }
  if (code) return code;
  const char *near = cli_nearest(c->args[0], names, N_VERBS);
  return near ? cli_usage_error("emend source has no \"%s\"; did you mean %s?", c->args[0], near)
              : cli_usage_error("emend source has no \"%s\"", c->args[0]);
}

static const char *const options[] = {"state",  "db",   "comment", "private",
                                      "public", "user", "json",    NULL};
const cli_command source_command = {
    .name = "source",
    .usage =
        "add NAME=URL | list | show [NAME] | refresh NAME | annotate NAME.TABLE[.COLUMN] | "
        "remove NAME",
    .about = "remember databases by name, and what their tables and columns mean",
    .options = options,
    .run = run_source};
