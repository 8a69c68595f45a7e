/* emend, the command: which command is meant, the engine for it, Ctrl-C, and how
 * failures are told. */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { LONGEST_INPUT = 32 << 20 };

/* ---- telling ---- */

int cli_usage_error(const char *fmt, ...) {
  char text[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  fprintf(stderr, "emend: ");
  print_text(stderr, text);
  fprintf(stderr, "\n");
  return EXIT_USAGE;
}

int cli_failed(const emend_error *err) {
  fprintf(stderr, "emend: ");
  print_text(stderr, err->msg);
  fprintf(stderr, "\n");
  return err->code == EMEND_EUSAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

int cli_print_json(char *json) {
  if (!json) {
    fprintf(stderr, "emend: out of memory\n");
    return EXIT_ENVIRONMENT;
  }
  puts(json);
  emend_free(json);
  return EXIT_DONE;
}

/* ---- Ctrl-C ---- */

static _Atomic(emend_engine *) interruptible;
static atomic_int interrupts;

static void on_interrupt(int number) {
  emend_engine *e = atomic_load(&interruptible);
  if (!e || atomic_fetch_add(&interrupts, 1) > 0) {
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  emend_cancel(e);
}

void cli_catch_interrupts(emend_engine *e) {
  struct sigaction how = {.sa_handler = on_interrupt};
  atomic_store(&interrupts, 0);
  atomic_store(&interruptible, e);
  sigaction(SIGINT, &how, NULL);
}

/* ---- the engine ---- */

/* "a, b c" from the environment or emend.conf, and every --allow-function. */
static int allow_functions(cli *c) {
  const char *given[CLI_MAX_VALUES];
  emend_error err;
  size_t n = cli_values(c, "allow-function", given, CLI_MAX_VALUES);
  if (!n && (given[0] = cli_value(c, "allow-function"))) n = 1;
  for (size_t i = 0; i < n; i++)
    for (const char *p = given[i] + strspn(given[i], ", \t"); *p; p += strspn(p, ", \t")) {
      char name[256];
      size_t length = strcspn(p, ", \t");
      snprintf(name, sizeof name, "%.*s", (int)(length < 255 ? length : 255), p);
      if (emend_function_allow(c->engine, name, &err)) return cli_failed(&err);
      p += length;
    }
  return EXIT_DONE;
}

int cli_open(cli *c) {
  emend_options opt = EMEND_OPTIONS_INIT;
  emend_error err;
  opt.state = cli_value(c, "state");
  opt.weights = cli_value(c, "weights");
  if (backend_options(c, &opt)) return EXIT_USAGE;
  if (c->model) opt.model = c->model;
  if (c->answer_model) opt.answer_model = c->answer_model;
  if (emend_open(&opt, &c->engine, &err)) return cli_failed(&err);
  cli_catch_interrupts(c->engine);
  return allow_functions(c);
}

static int add_schemas(cli *c, size_t *n) {
  const char *files[CLI_MAX_VALUES];
  emend_error err;
  *n = cli_values(c, "schema", files, CLI_MAX_VALUES);
  for (size_t i = 0; i < *n; i++) {
    char spec[4096];
    int length = snprintf(spec, sizeof spec, "schema:%s", files[i]);
    if (length < 0 || (size_t)length >= sizeof spec) return cli_usage_error("--schema is too long");
    if (emend_source_add(c->engine, spec, &err)) return cli_failed(&err);
  }
  return EXIT_DONE;
}

int cli_add_sources(cli *c) {
  const char *urls[CLI_MAX_VALUES], *one;
  emend_error err;
  size_t n = cli_values(c, "db", urls, CLI_MAX_VALUES), schemas = 0;
  int code = add_schemas(c, &schemas);
  if (code) return code;
  if (n + schemas == 0 && (one = cli_value(c, "db"))) urls[n++] = one;
  for (size_t i = 0; i < n; i++)
    if (emend_source_add(c->engine, urls[i], &err)) return cli_failed(&err);
  for (size_t i = 0; n + schemas == 0 && (one = config_source(i)); i++)
    if (emend_source_add(c->engine, one, &err)) return cli_failed(&err);
  if (n + schemas || config_source(0)) return EXIT_DONE;
  if (emend_source_add_registered(c->engine, &n, &err)) return cli_failed(&err);
  return n ? EXIT_DONE
           : cli_usage_error(
                 "there is no database to ask; name one with --db, or register it "
                 "with: emend source add NAME=URL");
}

/* ---- text from arguments or standard input ---- */

static char *read_all(FILE *f, const char *what) {
  size_t size = 65536, n = 0;
  char *text = malloc(size);
  while (text) {
    size_t got = fread(text + n, 1, size - n - 1, f);
    n += got;
    if (got == 0 || n > LONGEST_INPUT) break;
    if (n + 1 < size) continue;
    char *more = realloc(text, size *= 2);
    if (!more) free(text);
    text = more;
  }
  if (!text || n > LONGEST_INPUT || memchr(text, 0, n)) {
    const char *why = !text               ? "does not fit into memory"
                      : n > LONGEST_INPUT ? "is too long"
                                          : "holds a zero byte";
    cli_usage_error("the %s%s %s", what, f == stdin ? " on standard input" : "", why);
    free(text);
    return NULL;
  }
  text[n] = 0;
  return text;
}

char *cli_read_file(const char *path, const char *what) {
  if (strcmp(path, "-") == 0) return read_all(stdin, what);
  FILE *f = fopen(path, "r");
  if (!f) {
    cli_usage_error("cannot read %s: %s", path, strerror(errno));
    return NULL;
  }
  char *text = read_all(f, what);
  fclose(f);
  return text;
}

char *cli_text_argument(const cli *c, const char *what) {
  if (c->n_args == 1 && strcmp(c->args[0], "-") == 0) return read_all(stdin, what);
  if (c->n_args == 0) {
    cli_usage_error("emend %s needs a %s: emend %s %s", c->command->name, what, c->command->name,
                    c->command->usage);
    return NULL;
  }
  size_t size = 1, n = 0;
  for (size_t i = 0; i < c->n_args; i++) size += strlen(c->args[i]) + 1;
  char *text = malloc(size);
  if (!text) {
    cli_usage_error("out of memory");
    return NULL;
  }
  for (size_t i = 0; i < c->n_args; i++)
    n += (size_t)snprintf(text + n, size - n, i ? " %s" : "%s", c->args[i]);
  return text;
}

/* ---- commands ---- */

static const cli_command *find_command(const char *name) {
  for (const cli_command *const *m = cli_commands; *m; m++)
    if (strcmp((*m)->name, name) == 0) return *m;
  return NULL;
}

static int unknown_command(const char *word) {
  const char *names[32];
  size_t n = 0;
  for (const cli_command *const *m = cli_commands; *m && n < 32; m++) names[n++] = (*m)->name;
  const char *near = cli_nearest(word, names, n);
  if (near) return cli_usage_error("there is no command \"%s\"; did you mean %s?", word, near);
  return cli_usage_error("there is no command \"%s\"; see: emend --help", word);
}

static bool takes_color(FILE *f) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(fileno(f)) && !(no && no[0]) && !(term && strcmp(term, "dumb") == 0);
}

/* `code`, unless what was printed did not all arrive. */
static int written(int code) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  fprintf(stderr, "emend: cannot write the answer: %s\n", strerror(errno));
  return code ? code : EXIT_ENVIRONMENT;
}

/* `code`, unless the history cannot be written at all. An answer that was given stands while
 * another process holds the state. */
static int write_history(const cli *c, int code) {
  emend_error err;
  emend_rc rc = emend_flush(c->engine, &err);
  if (!rc) return code;
  fprintf(stderr, rc == EMEND_EBUSY
                      ? "emend: the answer was not recorded, --answer cannot name it: "
                      : "emend: the history was not written: ");
  print_text(stderr, err.msg);
  fputc('\n', stderr);
  return code || rc == EMEND_EBUSY ? code : EXIT_ENVIRONMENT;
}

static int run_command(cli *c, int argc, char **argv) {
  bool help = false;
  int code = cli_parse(c, argc, argv, &help);
  if (help) {
    cli_help(c);
    return written(EXIT_DONE);
  }
  if (!code)
    code = config_read(cli_flag(c, "config") ? cli_value(c, "config") : getenv("EMEND_CONFIG"));
  if (!code) code = c->command->run(c);
  code = written(code); /* before what is still to be recorded, which may have to wait */
  if (c->engine) code = write_history(c, code);
  cli_catch_interrupts(NULL);
  emend_close(c->engine);
  config_free();
  return code;
}

static int run_shell(cli *c, int argc, char **argv) {
  static const char *const names[] = {"db",           "state",       "backend",  "model", "weights",
                                      "timeout",      "max-rows",    "attempts", "user",  "server",
                                      "answer-model", "embed-model", "privacy",  NULL};
  static const cli_command shell = {.name = "shell",
                                    .usage = "",
                                    .about = "interactive shell",
                                    .options = names,
                                    .run = shell_run};
  c->command = &shell;
  return run_command(c, argc, argv);
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
  cli c = {.color = takes_color(stdout), .errors_in_color = takes_color(stderr)};
  if (argc < 2) {
    if (isatty(STDIN_FILENO)) return run_shell(&c, 0, NULL);
    return cli_usage_error("which command? see: emend --help");
  }
  const char *word = argv[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    c.command = argc > 2 ? find_command(argv[2]) : NULL;
    if (argc > 2 && !c.command) return unknown_command(argv[2]);
    if (c.command)
      cli_help(&c);
    else
      cli_help_all();
    return written(EXIT_DONE);
  }
  if (strcmp(word, "--version") == 0) {
    printf("emend %s\n", emend_version());
    return written(EXIT_DONE);
  }
  if (word[0] == '-') return run_shell(&c, argc - 1, argv + 1);
  c.command = find_command(word);
  return c.command ? run_command(&c, argc - 2, argv + 2) : unknown_command(word);
}
