/* The command line: what its files share. Stands on <emend/emend.h> alone. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <emend/emend.h>
#include <stdio.h>

/** Exit codes, as the contract has them. */
enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

/** An option of a command. The same name means the same thing everywhere. */
typedef struct cli_option {
  const char *name; /* without its dashes */
  const char *arg;  /* what follows it, for the help; NULL: a flag */
  const char *help;
  const char *env; /* the variable that stands in for it; may be NULL */
} cli_option;

struct cli;
typedef struct cli_command {
  const char *name;
  const char *usage;          /* after "emend NAME" */
  const char *about;          /* one line */
  const char *more;           /* further help; may be NULL */
  const char *const *options; /* names, ended by NULL */
  int (*run)(struct cli *c);
} cli_command;

enum { CLI_MAX_VALUES = 256 };

/** A command line that was understood. */
typedef struct cli {
  const cli_command *command;
  struct {
    const cli_option *option;
    const char *value;
  } given[CLI_MAX_VALUES];
  size_t n_given;
  const char *args[CLI_MAX_VALUES];
  size_t n_args;
  emend_engine *engine;             /* made by cli_open */
  const char *model, *answer_model; /* which of several cli_open is to take; NULL: as options say */
  bool color, errors_in_color;
} cli;

extern const cli_command *const cli_commands[]; /* ended by NULL */

/* ---- options.c ---- */

/** Reads argv (after the program's name). EXIT_DONE, or EXIT_USAGE after saying why. *help is set
 *  when --help was asked for. */
int cli_parse(cli *c, int argc, char **argv, bool *help);
void cli_help(const cli *c);
void cli_help_all(void);
bool cli_flag(const cli *c, const char *name);
/** Flag over environment over file; NULL when none says. */
const char *cli_value(const cli *c, const char *name);
/** All values of an option given several times; at most `max`. */
size_t cli_values(const cli *c, const char *name, const char **out, size_t max);
/** A number of at least `least`; `otherwise` when not given. False after saying what is wrong. */
bool cli_number(const cli *c, const char *name, double least, double otherwise, double *out);
/** The known word nearest to `word`, or NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *words, size_t n);

/* ---- config.c ---- */

/** Reads emend.conf (`path`, or the user's own when NULL and there is one). EXIT_DONE or
 *  EXIT_USAGE after saying what is wrong. */
int config_read(const char *path);
/** What the file says under `key` in [`section`], else before any section; NULL when nothing. */
const char *config_get(const char *section, const char *key);
/** The i-th of the file's [sources] as "name=URL"; NULL past the last. */
const char *config_source(size_t i);
void config_free(void);

/* ---- backend.c ---- */

/** What flags, environment and emend.conf say of who writes SQL. EXIT_DONE, or EXIT_USAGE after
 *  saying what is wrong. */
int backend_options(const cli *c, emend_options *out);

/* ---- main.c ---- */

/** Makes the engine from the options --state, --weights, --backend, --model. */
int cli_open(cli *c);
/** Adds what --db and --schema name, else DATABASE_URL, else the file's, else the registered. */
int cli_add_sources(cli *c);
/** Says what failed on standard error; the exit code that it comes to. */
int cli_failed(const emend_error *err);
int cli_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The arguments as one text, or standard input for "-": malloc'ed; NULL after saying why. */
char *cli_text_argument(const cli *c, const char *what);
/** All of a file, or of standard input for "-": malloc'ed; NULL after saying why. */
char *cli_read_file(const char *path, const char *what);
/** Prints and frees a JSON text. */
int cli_print_json(char *json);
/** From here on Ctrl-C cancels what `e` does; the second one kills. NULL: it kills at once. */
void cli_catch_interrupts(emend_engine *e);

/* ---- print.c ---- */

typedef enum print_style { PLAIN, BOLD, DIM, RED, GREEN, YELLOW } print_style;

/** Text from outside: control characters become blanks, so that no escape sequence gets through. */
void print_text(FILE *f, const char *s);
/** `s` in a style, where the terminal takes colour. */
void print_styled(FILE *f, bool color, print_style style, const char *s);
void print_answer(const cli *c, const emend_answer *a, bool explain);
void print_table(FILE *f, const emend_answer *a, bool color);
/** Each diagnostic with a caret under its fault in `sql` (NULL: without). */
void print_diagnostics(FILE *f, bool color, const char *sql, const emend_diagnostic *d, size_t n);
/** A rule of aligned columns: `cells` row by row, the first row a heading. */
void print_columns(FILE *f, bool color, const char *const *cells, size_t rows, size_t columns);

/* ---- shell.c ---- */

/** The interactive shell. */
int shell_run(cli *c);

#endif
