/* emend learn: data sets, training, measuring and promotion of what people taught. */
#include <string.h>
#include <unistd.h>

#include "commands.h"

typedef struct learn_drawing {
  bool on;
  double drawn;
  char stage[48];
} learn_drawing;

/* A bar on standard error, redrawn at most ten times a second; a line for each stage. */
static int draw(void *ctx, const char *stage, double done, double seconds_left) {
  learn_drawing *d = ctx;
  double now = seconds_now();
  if (!d->on || (now - d->drawn < 0.1 && done < 1 && strcmp(d->stage, stage) == 0)) return 0;
  if (d->stage[0] && strcmp(d->stage, stage) != 0) fputc('\n', stderr);
  snprintf(d->stage, sizeof d->stage, "%s", stage);
  d->drawn = now;
  fprintf(stderr, "\r[");
  for (int i = 0; i < 30; i++) fputc(i < done * 30 ? '#' : '.', stderr);
  fprintf(stderr, "] %s", stage);
  if (seconds_left >= 0) fprintf(stderr, ", %.0f s left", seconds_left);
  fprintf(stderr, "   ");
  return 0;
}

static const struct {
  const char *name;
  emend_learn_action action;
  bool takes_id, database;
} learn_actions[] = {
    {"status", EMEND_LEARN_STATUS, false, false},    {"dataset", EMEND_LEARN_DATASET, true, true},
    {"synth", EMEND_LEARN_SYNTH, false, true},       {"train", EMEND_LEARN_TRAIN, true, true},
    {"evaluate", EMEND_LEARN_EVALUATE, true, true},  {"promote", EMEND_LEARN_PROMOTE, true, true},
    {"rollback", EMEND_LEARN_ROLLBACK, false, true}, {"run", EMEND_LEARN_RUN, false, true},
};
enum { N_ACTIONS = sizeof learn_actions / sizeof *learn_actions };

static int find_action(const cli *c, size_t *out) {
  const char *names[N_ACTIONS];
  for (size_t i = 0; i < N_ACTIONS; i++) names[i] = learn_actions[i].name;
  if (c->n_args == 0)
    return cli_usage_error(
        "emend learn needs one of: status, dataset, synth, train, evaluate, "
        "promote, rollback, run");
  for (*out = 0; *out < N_ACTIONS; ++*out)
    if (strcmp(c->args[0], names[*out]) == 0) break;
  if (*out == N_ACTIONS) {
    const char *near = cli_nearest(c->args[0], names, N_ACTIONS);
    if (near)
      return cli_usage_error("emend learn cannot \"%s\"; did you mean %s?", c->args[0], near);
    return cli_usage_error("emend learn cannot \"%s\"; see: emend learn --help", c->args[0]);
  }
  if (c->n_args > (learn_actions[*out].takes_id ? 2U : 1U))
    return cli_usage_error("emend learn %s takes no argument \"%s\"", c->args[0],
                           c->args[c->n_args - 1]);
  return EXIT_DONE;
}

static bool read_options(const cli *c, emend_learn_options *opt) {
  double synthetic, threads, steps, threshold, every;
  if (!cli_number(c, "synthetic", 1, 0, &synthetic) || !cli_number(c, "threads", 1, 0, &threads) ||
      !cli_number(c, "steps", 1, 0, &steps) || !cli_number(c, "threshold", 1, 0, &threshold) ||
      !cli_number(c, "every", 0.01, 0, &every))
    return false;
  opt->synthetic = (size_t)synthetic;
  opt->threads = threads > 64 ? 64 : (int)threads;
  opt->steps = (long)steps;
  opt->threshold = (long)threshold;
  opt->every_hours = every;
  opt->user = cli_value(c, "user");
  opt->out = cli_value(c, "out");
  opt->format = cli_value(c, "format");
  opt->if_due = cli_flag(c, "if-due");
  if (opt->format && !opt->out)
    return cli_usage_error("--format is of the file that --out names"), false;
  return true;
}

/* Without --db, what was registered; `status` is content without any. */
static int add_sources(cli *c, bool needed) {
  emend_error err;
  size_t n;
  if (needed || cli_value(c, "db")) return cli_add_sources(c);
  return emend_source_add_registered(c->engine, &n, &err) ? cli_failed(&err) : EXIT_DONE;
}

static int run_learn(cli *c) {
  size_t which = 0;
  learn_drawing d = {.on = isatty(STDERR_FILENO)};
  emend_learn_options opt = {
      .on_progress = draw, .ctx = &d, .id = c->n_args > 1 ? c->args[1] : NULL};
  emend_learn_report *r = NULL;
  emend_error err;
  int code = find_action(c, &which);
  if (!code && !read_options(c, &opt)) code = EXIT_USAGE;
  if (!code) code = cli_open(c);
  if (!code) code = add_sources(c, learn_actions[which].database);
  if (code) return code;
  emend_rc rc = emend_learn(c->engine, learn_actions[which].action, &opt, &r, &err);
  if (d.stage[0]) fputc('\n', stderr);
  if (rc) return cli_failed(&err);
  print_text(stdout, cli_flag(c, "json") ? r->json : r->text);
  putchar('\n');
  /* a round that promotes nothing, or that was not due, is done all the same */
  code = r->done || learn_actions[which].action == EMEND_LEARN_RUN ? EXIT_DONE : EXIT_NO;
  emend_learn_report_free(r);
  return code;
}

static const char *const learn_options[] = {
    "db",     "state",     "weights", "user", "synthetic", "threads", "steps",  "out", "format",
    "if-due", "threshold", "every",   "json", "backend",   "model",   "server", NULL};
const cli_command learn_command = {
    .name = "learn",
    .usage = "status|dataset|synth|train|evaluate|promote|rollback|run [ID] --state S [--db URL]",
    .about = "make better answers of what people said",
    .more =
        "status    what there is, and how many questions failed since the last round\n"
        "dataset   gather corrections, confirmed questions and examples into a new version (or,\n"
        "          with ID and --out, write one out)\n"
        "synth     made-up questions whose SQL checks, runs and looks right\n"
        "train     a data set to a version of the network for this database\n"
        "evaluate  measure a version against what answers now; exit code 1: not better\n"
        "promote   let a version answer that was found better\n"
        "rollback  back to what answered before\n"
        "run       a whole round; one that was cut off goes on\n"
        "With --backend ollama or openai that model teaches: it words made-up queries and writes "
        "SQL\n"
        "for what failed; what does not check, run and look right is left out.",
    .options = learn_options,
    .run = run_learn};
