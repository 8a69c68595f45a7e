/* Reading the command line: options by table, a suggestion for what is misspelt,
 * help from the same table. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_option options[] = {
    {"db", "URL", "the database: a path, sqlite:PATH, or name=URL; several make several sources",
     "DATABASE_URL"},
    {"schema", "FILE#DB", "a schema without a database, from Spider's tables.json", NULL},
    {"state", "PATH", "where emend remembers things", "EMEND_STATE"},
    {"config", "FILE", "read options from this file, not from ~/.config/emend/emend.conf",
     "EMEND_CONFIG"},
    {"backend", "NAME", "who writes SQL: embedded, ollama or openai", "EMEND_BACKEND"},
    {"model", "NAME", "the model server's model [OPENAI_MODEL]", NULL},
    {"answer-model", "NAME", "its model that puts results in words (the same)", NULL},
    {"embed-model", "NAME", "its model that finds similar questions (the network does)", NULL},
    {"server", "URL", "the model server's address [OLLAMA_HOST, OPENAI_BASE_URL]", NULL},
    {"weights", "FILE", "the embedded network's weights", "EMEND_MODEL"},
    {"timeout", "SECONDS", "for the whole question (30)", "EMEND_TIMEOUT"},
    {"max-rows", "N", "rows to read at most (1000)", "EMEND_MAX_ROWS"},
    {"attempts", "N", "generations at most, 1 to 3 (3)", "EMEND_ATTEMPTS"},
    {"user", "NAME", "who asks, corrects or confirms", "EMEND_USER"},
    {"privacy", "full|schema-only", "what a model server may see (full)", "EMEND_PRIVACY"},
    {"no-confirm", NULL, "never ask back whether another question was meant", NULL},
    {"explain", NULL, "show every step on the way to the answer", NULL},
    {"json", NULL, "one JSON value on one line", NULL},
    {"dialect", "NAME", "read the SQL in this dialect, not in the database's own", NULL},
    {"allow-function", "NAME",
     "a function of your own that queries may call; give it once for each",
     "EMEND_ALLOW_FUNCTIONS"},
    {"strict", NULL, "a warning counts as an error for the exit code", NULL},
    {"each", "FILE", "check every line of a file; one verdict a line (- for standard input)", NULL},
    {"question", "Q", "the question that the SQL is to answer", NULL},
    {"sql", "SQL", "its SQL: the one to be judged, or the right one", NULL},
    {"answer", "ID", "the answer that it is about: \"id\" in ask --json", NULL},
    {"data", "FILE", "a list of questions with SQL, as JSON", NULL},
    {"db-dir", "DIR", "databases at DIR/<db_id>/<db_id>.sqlite", NULL},
    {"predictions", "FILE", "score these queries, one a line", NULL},
    {"repair", NULL, "take the predictions as first drafts: check, judge and correct them", NULL},
    {"out", "FILE", "write the queries or pairs here, one a line", NULL},
    {"log", "FILE", "write one JSON object a question", NULL},
    {"comment", "TEXT", "what to say; of a table or column: what it means, empty to take it back",
     NULL},
    {"private", NULL, "keep no value of this column anywhere", NULL},
    {"public", NULL, "allow this column's values again", NULL},
    {"rating", "1..5", "how good the corrected SQL is", NULL},
    {"reason", "KIND", "what was wrong: wrong_table, wrong_column, wrong_value, ...", NULL},
    {"by", "NAME", "who reviews", "EMEND_USER"},
    {"note", "TEXT", "why, for the trail", NULL},
    {"status", "NAME", "only these: pending, verified, applied or rejected", NULL},
    {"source", "NAME", "only of this source", NULL},
    {"origin", "NAME", "only these: manual, feedback, finalised or synthetic", NULL},
    {"dry-run", NULL, "say what would be done, and do nothing", NULL},
    {"no-literals", NULL, "replace every value by a placeholder", NULL},
    {"no-learning", NULL, "as if nobody had corrected anything or given examples", NULL},
    {"synthetic", "N", "made-up pairs to learn from beside what people gave (200)", NULL},
    {"threads", "N", "threads to train with (2)", NULL},
    {"steps", "N", "of training (by the number of pairs)", NULL},
    {"format", "NAME", "of the file: emend, chat, sharegpt or alpaca (emend)", NULL},
    {"if-due", NULL, "do nothing unless enough questions failed, or it is time", NULL},
    {"threshold", "N", "more failures than this start a round (10)", "EMEND_LEARN_THRESHOLD"},
    {"every", "HOURS", "… and so do so many hours since the last one began (never)",
     "EMEND_LEARN_EVERY"},
    {"help", NULL, "this text", NULL},
};
enum { N_OPTIONS = sizeof options / sizeof *options };

static const cli_option *find_option(const char *name, size_t n) {
  for (size_t i = 0; i < N_OPTIONS; i++)
    if (strlen(options[i].name) == n && strncmp(options[i].name, name, n) == 0) return &options[i];
  return NULL;
}

static bool takes(const cli_command *command, const cli_option *o) {
  if (strcmp(o->name, "help") == 0 || strcmp(o->name, "config") == 0) return true;
  for (const char *const *p = command->options; *p; p++)
    if (strcmp(*p, o->name) == 0) return true;
  return false;
}

/* ---- suggestions ---- */

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t m = a < b ? a : b;
  return m < c ? m : c;
}

/* Levenshtein's distance, for words of at most 31 letters. */
static size_t distance(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b), row[32];
  if (n > 31 || m > 31) return 99;
  for (size_t j = 0; j <= m; j++) row[j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t above = row[j];
      row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[m];
}

const char *cli_nearest(const char *word, const char *const *words, size_t n) {
  const char *best = NULL;
  size_t least = strlen(word) / 3 + 2;
  for (size_t i = 0; i < n; i++) {
    size_t d = distance(word, words[i]);
    bool prefix = strlen(word) >= 2 && strncmp(words[i], word, strlen(word)) == 0;
    if (prefix) d = 1;
    if (d < least) {
      least = d;
      best = words[i];
    }
  }
  return best;
}

static int unknown_option(const cli_command *command, const char *arg, size_t n) {
  char word[64];
  const char *known[N_OPTIONS];
  size_t n_known = 0;
  snprintf(word, sizeof word, "%.*s", (int)(n < 60 ? n : 60), arg);
  for (size_t i = 0; i < N_OPTIONS; i++)
    if (takes(command, &options[i])) known[n_known++] = options[i].name;
  const char *near = cli_nearest(word, known, n_known);
  if (strcmp(command->name, "shell") == 0) /* which is no command of its own */
    return near ? cli_usage_error("emend has no option --%s; did you mean --%s?", word, near)
                : cli_usage_error("emend has no option --%s; see: emend --help", word);
  if (near)
    return cli_usage_error("emend %s has no option --%s; did you mean --%s?", command->name, word,
                           near);
  return cli_usage_error("emend %s has no option --%s; see: emend %s --help", command->name, word,
                         command->name);
}

/* ---- parsing ---- */

/* One option at argv[*i]; moves *i over its value. */
static int parse_option(cli *c, int argc, char **argv, int *i) {
  const char *name = argv[*i] + 2, *equals = strchr(name, '=');
  size_t n = equals ? (size_t)(equals - name) : strlen(name);
  const cli_option *o = find_option(name, n);
  if (!o || !takes(c->command, o)) return unknown_option(c->command, name, n);
  const char *value = "";
  if (!o->arg && equals) return cli_usage_error("--%s takes no value", o->name);
  if (o->arg && equals) {
    value = equals + 1;
  } else if (o->arg) {
    if (*i + 1 >= argc)
      return cli_usage_error("--%s needs a value: --%s %s", o->name, o->name, o->arg);
    value = argv[++*i];
  }
  if (c->n_given == CLI_MAX_VALUES) return cli_usage_error("too many options");
  c->given[c->n_given].option = o;
  c->given[c->n_given++].value = value;
  return EXIT_DONE;
}

int cli_parse(cli *c, int argc, char **argv, bool *help) {
  bool only_args = false;
  for (int i = 0; i < argc; i++) {
    const char *arg = argv[i];
    if (!only_args && strcmp(arg, "--") == 0) {
      only_args = true;
    } else if (!only_args && (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0)) {
      *help = true;
    } else if (!only_args && strncmp(arg, "--", 2) == 0) {
      int code = parse_option(c, argc, argv, &i);
      if (code) return code;
    } else if (!only_args && arg[0] == '-' && arg[1]) {
      return cli_usage_error("there is no option %s; options are written --name", arg);
    } else if (c->n_args == CLI_MAX_VALUES) {
      return cli_usage_error("too many arguments");
    } else {
      c->args[c->n_args++] = arg;
    }
  }
  return EXIT_DONE;
}

static const char *given_value(const cli *c, const char *name) {
  for (size_t i = c->n_given; i > 0; i--)
    if (strcmp(c->given[i - 1].option->name, name) == 0) return c->given[i - 1].value;
  return NULL;
}

bool cli_flag(const cli *c, const char *name) { return given_value(c, name) != NULL; }

const char *cli_value(const cli *c, const char *name) {
  const char *given = given_value(c, name);
  const cli_option *o = find_option(name, strlen(name));
  if (!given && o->env) {
    given = getenv(o->env);
    if (given && !given[0]) given = NULL;
  }
  return given ? given : config_get(c->command->name, name);
}

size_t cli_values(const cli *c, const char *name, const char **out, size_t max) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_given && n < max; i++)
    if (strcmp(c->given[i].option->name, name) == 0) out[n++] = c->given[i].value;
  return n;
}

bool cli_number(const cli *c, const char *name, double least, double otherwise, double *out) {
  const char *text = cli_value(c, name);
  char *end = NULL;
  *out = otherwise;
  if (!text) return true;
  *out = strtod(text, &end);
  if (end != text && !*end && *out >= least && *out < 1e15) return true;
  cli_usage_error("--%s needs a number of at least %g, not \"%s\"", name, least, text);
  return false;
}

/* ---- help ---- */

void cli_help(const cli *c) {
  const cli_command *m = c->command;
  printf("usage: emend %s %s\n\n%s\n", m->name, m->usage, m->about);
  if (m->more) printf("\n%s\n", m->more);
  printf("\noptions:\n");
  for (size_t i = 0; i < N_OPTIONS; i++) {
    char left[64];
    if (!takes(m, &options[i])) continue;
    snprintf(left, sizeof left, "--%s%s%s", options[i].name, options[i].arg ? " " : "",
             options[i].arg ? options[i].arg : "");
    printf("  %-26s %s%s%s%s\n", left, options[i].help, options[i].env ? " [" : "",
           options[i].env ? options[i].env : "", options[i].env ? "]" : "");
  }
}

void cli_help_all(void) {
  printf(
      "usage: emend COMMAND [OPTION]... [ARGUMENT]...\n\n"
      "Answers questions about a database: writes SQL, checks it, runs it read-only, judges\n"
      "what came back. Without arguments on a terminal it is an interactive shell.\n\n"
      "commands:\n");
  for (const cli_command *const *m = cli_commands; *m; m++)
    printf("  %-10s %s\n", (*m)->name, (*m)->about);
  printf(
      "\nemend COMMAND --help lists a command's options; emend --version says which this is.\n"
      "exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the environment failed\n");
}
