/* The interactive shell: a line is a question; a line that begins with a dot is
 * an order to the shell itself. Lines are edited and remembered by libedit. */
#define _GNU_SOURCE
#include <editline/readline.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"

typedef struct shell {
  cli *c;
  emend_ask_options how;
  bool explain, done, typed; /* typed: on a terminal */
} shell;

/* ---- history ---- */

static bool history_path(char *out, size_t size) {
  const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  int n = data && data[0] == '/' ? snprintf(out, size, "%s/emend/history", data)
          : home && home[0]      ? snprintf(out, size, "%s/.local/share/emend/history", home)
                                 : -1;
  return n > 0 && (size_t)n < size;
}

static void keep_history(void) {
  char path[4096];
  if (!history_path(path, sizeof path)) return;
  mode_t before = umask(0077);
  write_history(path);
  umask(before);
}

/* ---- orders ---- */

static void order_help(shell *s, const char *rest) {
  (void)s, (void)rest;
  puts(
      "Ask in plain language, or:\n"
      "  .db URL        add a database\n"
      "  .sources       the databases\n"
      "  .tables        their tables\n"
      "  .check SQL     say what is wrong with a statement\n"
      "  .explain       show every step, or stop showing it\n"
      "  .quit          leave (also Ctrl-D)");
}

static void order_db(shell *s, const char *rest) {
  emend_error err;
  if (!*rest)
    cli_usage_error(".db needs a URL");
  else if (emend_source_add(s->c->engine, rest, &err))
    cli_failed(&err);
}

static void order_sources(shell *s, const char *rest) {
  emend_source_list *list = NULL;
  emend_error err;
  (void)rest;
  if (emend_sources(s->c->engine, &list, &err)) {
    cli_failed(&err);
    return;
  }
  for (size_t i = 0; i < list->n; i++) printf("%s: %s\n", list->items[i].name, list->items[i].url);
  emend_source_list_free(list);
}

static void print_tables(shell *s, const char *name) {
  emend_schema *schema = NULL;
  emend_error err;
  if (emend_schema_read(s->c->engine, name, &schema, &err)) {
    cli_failed(&err);
    return;
  }
  for (size_t i = 0; i < schema->n_tables; i++) {
    printf("%s.", name);
    print_text(stdout, schema->tables[i].name);
    printf(" (");
    for (size_t k = 0; k < schema->tables[i].n_columns; k++) {
      if (k) printf(", ");
      print_text(stdout, schema->tables[i].columns[k].name);
    }
    puts(")");
  }
  emend_schema_free(schema);
}

static void order_tables(shell *s, const char *rest) {
  emend_source_list *list = NULL;
  emend_error err;
  (void)rest;
  if (emend_sources(s->c->engine, &list, &err)) {
    cli_failed(&err);
    return;
  }
  for (size_t i = 0; i < list->n; i++)
    if (list->items[i].dialect) print_tables(s, list->items[i].name);
  emend_source_list_free(list);
}

static void order_check(shell *s, const char *rest) {
  emend_report *r = NULL;
  emend_error err;
  if (emend_check(s->c->engine, rest, NULL, &r, &err)) {
    cli_failed(&err);
    return;
  }
  print_diagnostics(stdout, s->c->color, rest, r->diagnostics, r->n_diagnostics);
  if (!r->n_diagnostics) puts("ok");
  emend_report_free(r);
}

static void order_explain(shell *s, const char *rest) {
  (void)rest;
  s->explain = !s->explain;
  puts(s->explain ? "steps are shown" : "steps are not shown");
}

static void order_quit(shell *s, const char *rest) {
  (void)rest;
  s->done = true;
}

static const struct {
  const char *name;
  void (*run)(shell *s, const char *rest);
} orders[] = {{"help", order_help},     {"db", order_db},       {"sources", order_sources},
              {"tables", order_tables}, {"check", order_check}, {"explain", order_explain},
              {"quit", order_quit},     {"exit", order_quit}};
enum { N_ORDERS = sizeof orders / sizeof *orders };

static void run_order(shell *s, const char *line) {
  const char *names[N_ORDERS];
  char word[32];
  size_t n = strcspn(line, " \t");
  const char *rest = line + n + strspn(line + n, " \t");
  snprintf(word, sizeof word, "%.*s", (int)(n < 30 ? n : 30), line);
  for (size_t i = 0; i < N_ORDERS; i++) {
    names[i] = orders[i].name;
    if (strcmp(word, orders[i].name) == 0) {
      orders[i].run(s, rest);
      return;
    }
  }
  const char *near = cli_nearest(word, names, N_ORDERS);
  if (near)
    cli_usage_error("there is no .%s; did you mean .%s?", word, near);
  else
    cli_usage_error("there is no .%s; see .help", word);
}

/* ---- questions ---- */

static void run_question(shell *s, const char *question) {
  emend_answer *a = NULL;
  emend_error err;
  cli_catch_interrupts(s->c->engine);
  emend_rc rc = emend_ask(s->c->engine, question, &s->how, &a, &err);
  cli_catch_interrupts(NULL);
  if (rc) {
    cli_failed(&err);
    return;
  }
  print_answer(s->c, a, s->explain);
  emend_answer_free(a);
}

/* Words that are no question: what people type who do not know yet that orders begin with a dot. */
static bool is_bare_order(const char *text) {
  return strcmp(text, "help") == 0 || strcmp(text, "quit") == 0 || strcmp(text, "exit") == 0;
}

static void run_line(shell *s, char *line) {
  char *text = line + strspn(line, " \t");
  size_t n = strlen(text);
  while (n && strchr(" \t\r\n", text[n - 1])) text[--n] = 0;
  if (!*text) return;
  if (s->typed) add_history(text);
  if (*text == '.')
    run_order(s, text + 1);
  else if (is_bare_order(text))
    run_order(s, text);
  else
    run_question(s, text);
}

static volatile sig_atomic_t line_dropped;

static void drop_line(int number) {
  (void)number;
  line_dropped = 1;
}

/* Ctrl-C at the prompt drops the line that is being typed; NULL at the end of input. */
static char *edit_line(void) {
  struct sigaction how = {.sa_handler = drop_line}, before;
  char *line;
  sigaction(SIGINT, &how, &before);
  do {
    line_dropped = 0;
    line = readline("emend> ");
    if (line_dropped) putchar('\n');
  } while (!line && line_dropped);
  sigaction(SIGINT, &before, NULL);
  return line;
}

static char *next_line(shell *s) {
  char *line = NULL;
  size_t size = 0;
  if (s->typed) return edit_line();
  if (getline(&line, &size, stdin) >= 0) return line;
  free(line);
  return NULL;
}

int shell_run(cli *c) {
  shell s = {.c = c, .typed = isatty(STDIN_FILENO)};
  char path[4096];
  emend_error err;
  if (!read_ask_options(c, &s.how)) return EXIT_USAGE;
  if (c->n_args)
    return cli_usage_error("there is no command \"%s\"; see: emend --help", c->args[0]);
  int code = cli_open(c);
  if (code) return code;
  cli_catch_interrupts(NULL);
  if (cli_value(c, "db"))
    code = cli_add_sources(c);
  else if (emend_source_add_registered(c->engine, NULL, &err))
    code = cli_failed(&err);
  if (code) return code;
  if (s.typed) {
    using_history();
    if (history_path(path, sizeof path)) read_history(path);
    printf("emend %s. Ask in plain language; .db URL adds a database, .help says more.\n",
           emend_version());
  }
  for (char *line; !s.done && (line = next_line(&s));) {
    run_line(&s, line);
    free(line);
  }
  if (s.typed) {
    keep_history();
    if (!s.done) putchar('\n');
  }
  return EXIT_DONE;
}
