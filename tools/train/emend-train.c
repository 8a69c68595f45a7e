/* emend-train: trains the embedded network on the processor, continues an interrupted training,
 * and turns a checkpoint into weights that can be shipped. tools/train/README.md shows its use. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/train.h"

enum { EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

static const char usage_text[] =
    "usage: emend-train train --data FILE[,weight=W][,from=F][,to=T]… --out WEIGHTS [options]\n"
    "       emend-train train --resume CHECKPOINT --out WEIGHTS [options]\n"
    "       emend-train export --checkpoint FILE --out WEIGHTS [--name NAME]\n"
    "       emend-train evaluate --weights FILE --data FILE…\n"
    "\n"
    "  --data FILE       a data set; several are mixed by weight, each while from ≤ progress < to\n"
    "  --init WEIGHTS    start from these (shape and vocabulary too), not from random ones\n"
    "  --vectors FILE    start from these word vectors (tools/make_vectors.py) and leave them "
    "alone\n"
    "  --fold N          hold out the examples of fold N (0 to 4) and measure on them\n"
    "  --eval FILE       measure on this data set too\n"
    "  --checkpoint FILE save here every --save-every steps, and when interrupted\n"
    "  --log FILE        JSON lines; without a terminal they go to standard output anyway\n"
    "  --name NAME       what the weights are called (emend-m1)\n"
    "\n"
    "  --steps 20000 --batch-nodes 1300 --threads 2 --seed 1 --rate 7e-4 --warm-up 0.05\n"
    "  --decay 0.01 --clip 2 --average 0.999 --dropout 0.2 --word-dropout 0.15 --smoothing 0.1\n"
    "  --used-weight 0.3 --role-weight 0.3 --min-count 3 --fixed-words 0\n"
    "  --width 256 --heads 8 --enc 6 --dec 2 --ff 1024\n"
    "  --log-every 100 --eval-every 1000 --save-every 1000\n";

static volatile sig_atomic_t interrupted;
static void on_signal(int signal_number) { interrupted = signal_number; }

/* ---- the command line ---- */

typedef struct command {
  train_options opt;
  train_source sources[TRAIN_MAX_SOURCES];
  const char *out, *resume, *checkpoint, *log, *name, *eval, *weights;
  long log_every, eval_every, save_every;
  int n_threads; /* as given; 0: not given */
} command;

typedef enum kind { TEXT, REAL, INT, LONG, SEED, DATA } kind;

static int usage(const char *fmt, const char *what) {
  if (fmt) fprintf(stderr, "emend-train: %s%s\n", fmt, what);
  fputs(usage_text, stderr);
  return EXIT_USAGE;
}

static bool parse_real(const char *text, double *out) {
  char *end;
  errno = 0;
  *out = strtod(text, &end);
  return end != text && *end == 0 && errno == 0;
}

static bool parse_long(const char *text, long least, long most, long *out) {
  char *end;
  errno = 0;
  *out = strtol(text, &end, 10);
  return end != text && *end == 0 && errno == 0 && *out >= least && *out <= most;
}

/* "FILE,weight=2,from=0,to=0.9"; cuts `text` in place. */
static bool parse_data(char *text, command *c) {
  if (c->opt.n_sources == TRAIN_MAX_SOURCES) return false;
  train_source *s = &c->sources[c->opt.n_sources++];
  char *save = NULL, *part = strtok_r(text, ",", &save);
  *s = (train_source){part, 1, 0, 1};
  while ((part = strtok_r(NULL, ",", &save))) {
    char *value = strchr(part, '=');
    if (!value) return false;
    *value++ = 0;
    double *at = strcmp(part, "weight") == 0 ? &s->weight
                 : strcmp(part, "from") == 0 ? &s->from
                 : strcmp(part, "to") == 0   ? &s->to
                                             : NULL;
    if (!at || !parse_real(value, at)) return false;
  }
  return s->path != NULL;
}

static bool take(kind k, void *at, char *text, command *c) {
  long n = 0;
  switch (k) {
    case TEXT:
      *(const char **)at = text;
      return true;
    case REAL:
      return parse_real(text, at);
    case DATA:
      return parse_data(text, c);
    case LONG:
      return parse_long(text, 1, 1L << 40, at);
    case SEED:
      if (!parse_long(text, 0, INT64_MAX, &n)) return false;
      *(uint64_t *)at = (uint64_t)n;
      return true;
    case INT:
      if (!parse_long(text, 0, INT32_MAX, &n)) return false;
      *(int *)at = (int)n;
      return true;
  }
  return false;
}

/* Fills *c from the options after the command's name. */
static int parse(int argc, char **argv, command *c) {
  train_options *o = &c->opt;
  const struct {
    const char *name;
    kind kind;
    void *at;
  } all[] = {
      {"data", DATA, NULL},
      {"out", TEXT, &c->out},
      {"resume", TEXT, &c->resume},
      {"checkpoint", TEXT, &c->checkpoint},
      {"log", TEXT, &c->log},
      {"name", TEXT, &c->name},
      {"eval", TEXT, &c->eval},
      {"weights", TEXT, &c->weights},
      {"init", TEXT, &o->init},
      {"vectors", TEXT, &o->vectors},
      {"fold", INT, &o->fold},
      {"steps", LONG, &o->steps},
      {"batch-nodes", INT, &o->batch_nodes},
      {"threads", INT, &c->n_threads},
      {"seed", SEED, &o->seed},
      {"rate", REAL, &o->rate},
      {"warm-up", REAL, &o->warm_up},
      {"decay", REAL, &o->decay},
      {"clip", REAL, &o->clip},
      {"average", REAL, &o->average},
      {"dropout", REAL, &o->dropout},
      {"word-dropout", REAL, &o->word_dropout},
      {"smoothing", REAL, &o->smoothing},
      {"used-weight", REAL, &o->used_weight},
      {"role-weight", REAL, &o->role_weight},
      {"min-count", INT, &o->min_count},
      {"fixed-words", INT, &o->fixed_words},
      {"width", INT, &o->width},
      {"heads", INT, &o->heads},
      {"enc", INT, &o->enc},
      {"dec", INT, &o->dec},
      {"ff", INT, &o->ff},
      {"log-every", LONG, &c->log_every},
      {"eval-every", LONG, &c->eval_every},
      {"save-every", LONG, &c->save_every},
  };
  enum { N = sizeof all / sizeof *all };
  struct option list[N + 1] = {{0}};
  for (int i = 0; i < N; i++)
    list[i] = (struct option){all[i].name, required_argument, NULL, i + 1};
  for (int at; (at = getopt_long(argc, argv, "", list, NULL)) != -1;) {
    if (at < 1 || at > N) return usage(NULL, NULL);
    if (!take(all[at - 1].kind, all[at - 1].at, optarg, c))
      return usage("this is no value for --", all[at - 1].name);
  }
  if (optind < argc) return usage("not understood: ", argv[optind]);
  if (c->n_threads) o->threads = c->n_threads;
  return 0;
}

static int failed(const emend_error *err) {
  fprintf(stderr, "emend-train: %s\n", err->msg);
  return err->code == EMEND_EUSAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

/* ---- telling how it goes ---- */

typedef struct progress {
  FILE *log;     /* NULL: none */
  bool terminal; /* draw a bar on standard error */
  double began;  /* ms */
  long first;    /* step */
  long examples, nodes;
  double loss, exact; /* sums since the last line */
  long since;
} progress;

static void print_time(double seconds) {
  long s = (long)(seconds + 0.5);
  fprintf(stderr, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

static void draw_bar(const progress *p, const train_report *r, long total) {
  enum { WIDTH = 24 };
  double seconds = (clock_ms() - p->began) / 1e3, done = (double)(r->step - p->first);
  long full = r->step * WIDTH / total;
  fputs("\r[", stderr);
  for (long i = 0; i < WIDTH; i++) fputc(i < full ? '=' : i == full ? '>' : ' ', stderr);
  fprintf(stderr, "] %ld/%ld  loss %.3f  exact %4.1f%%  %.0f examples/s  ", r->step, total,
          p->loss / (double)p->since, 100 * p->exact / (double)p->since,
          (double)p->examples / seconds);
  print_time(seconds / done * (double)(total - r->step));
  fputs(" left \033[K", stderr);
}

static void log_step(progress *p, const train_report *r) {
  double seconds = (clock_ms() - p->began) / 1e3;
  if (p->log) {
    fprintf(p->log,
            "{\"step\":%ld,\"loss\":%.5f,\"exact\":%.4f,\"norm\":%.4f,\"rate\":%.3e,"
            "\"examples\":%ld,\"nodes\":%ld,\"seconds\":%.3f}\n",
            r->step, p->loss / (double)p->since, p->exact / (double)p->since, r->norm, r->rate,
            p->examples, p->nodes, seconds);
    fflush(p->log);
  }
  p->loss = p->exact = 0;
  p->since = 0;
}

static void log_scores(progress *p, long step, const char *what, const train_scores *s) {
  if (p->log) {
    fprintf(p->log,
            "{\"step\":%ld,\"evaluated\":\"%s\",\"examples\":%zu,\"loss\":%.5f,\"exact\":%.4f,"
            "\"steps_right\":%.4f}\n",
            step, what, s->examples, s->loss, s->exact, s->steps_right);
    fflush(p->log);
  }
  if (p->terminal)
    fprintf(stderr, "\r\033[Kstep %ld, %s: exact %.1f%%, loss %.3f (%zu examples)\n", step, what,
            100 * s->exact, s->loss, s->examples);
}

static bool open_progress(progress *p, const command *c, const trainer *t) {
  *p = (progress){.terminal = isatty(STDERR_FILENO), .began = clock_ms(), .first = trainer_done(t)};
  if (c->log)
    p->log = fopen(c->log, c->resume ? "a" : "w");
  else if (!p->terminal)
    p->log = stdout;
  if (c->log && !p->log) fprintf(stderr, "emend-train: %s: %s\n", c->log, strerror(errno));
  return !c->log || p->log;
}

static void close_progress(progress *p) {
  if (p->terminal) fputc('\n', stderr);
  if (p->log && p->log != stdout) fclose(p->log);
}

/* ---- training ---- */

static emend_rc evaluate(trainer *t, const command *c, progress *p, emend_error *err) {
  train_scores s;
  emend_rc rc = trainer_evaluate(t, &s, err);
  if (rc == EMEND_OK && s.examples) log_scores(p, trainer_done(t), "fold", &s);
  if (rc == EMEND_OK && c->eval) {
    rc = trainer_evaluate_on(t, c->eval, &s, err);
    if (rc == EMEND_OK) log_scores(p, trainer_done(t), "eval", &s);
  }
  return rc;
}

static emend_rc one_step(trainer *t, const command *c, progress *p, emend_error *err) {
  train_report r;
  emend_rc rc = trainer_step(t, &r, err);
  if (rc != EMEND_OK) return rc;
  p->examples += r.examples;
  p->nodes += r.nodes;
  p->loss += r.loss;
  p->exact += r.exact;
  p->since++;
  bool last = r.step == trainer_total(t);
  if (p->terminal && (last || r.step % 10 == 0)) draw_bar(p, &r, trainer_total(t));
  if (last || r.step % c->log_every == 0) log_step(p, &r);
  if (last || r.step % c->eval_every == 0) rc = evaluate(t, c, p, err);
  if (rc == EMEND_OK && c->checkpoint && (last || interrupted || r.step % c->save_every == 0))
    rc = trainer_checkpoint(t, c->checkpoint, err);
  return rc;
}

static int run(trainer *t, const command *c) {
  progress p;
  emend_error err;
  emend_rc rc = EMEND_OK;
  if (!open_progress(&p, c, t)) return EXIT_ENVIRONMENT;
  fprintf(stderr, "%zu examples to draw from (%zu unusable), %d words, %zu parameters\n",
          trainer_examples(t), trainer_unusable(t), trainer_weights(t)->shape.vocab,
          trainer_weights(t)->n);
  while (rc == EMEND_OK && !interrupted && trainer_done(t) < trainer_total(t))
    rc = one_step(t, c, &p, &err);
  close_progress(&p);
  if (rc != EMEND_OK) return failed(&err);
  if (interrupted) {
    fprintf(stderr, "emend-train: interrupted at step %ld%s%s\n", trainer_done(t),
            c->checkpoint ? "; continue with --resume " : "", c->checkpoint ? c->checkpoint : "");
    return EXIT_ENVIRONMENT;
  }
  rc = trainer_export(t, c->name, c->out, &err);
  return rc == EMEND_OK ? 0 : failed(&err);
}

static int train(command *c) {
  trainer *t = NULL;
  emend_error err;
  if (!c->out) return usage("--out is missing", "");
  if (!c->resume && c->opt.n_sources == 0) return usage("--data is missing", "");
  if (c->resume && !c->checkpoint) c->checkpoint = c->resume;
  emend_rc rc = c->resume ? trainer_resume(c->resume, c->n_threads, &t, &err)
                          : trainer_create(&c->opt, &t, &err);
  if (rc != EMEND_OK) return failed(&err);
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  int status = run(t, c);
  trainer_free(t);
  return status;
}

static int export(const command *c) {
  trainer *t = NULL;
  emend_error err;
  if (!c->checkpoint || !c->out) return usage("--checkpoint or --out is missing", "");
  emend_rc rc = trainer_resume(c->checkpoint, 1, &t, &err);
  if (rc == EMEND_OK) rc = trainer_export(t, c->name, c->out, &err);
  trainer_free(t);
  return rc == EMEND_OK ? 0 : failed(&err);
}

static int evaluate_weights(command *c) {
  trainer *t = NULL;
  train_scores s;
  emend_error err;
  if (!c->weights || c->opt.n_sources == 0) return usage("--weights or --data is missing", "");
  c->opt.init = c->weights;
  emend_rc rc = trainer_create(&c->opt, &t, &err);
  for (size_t i = 0; rc == EMEND_OK && i < c->opt.n_sources; i++) {
    rc = trainer_evaluate_on(t, c->sources[i].path, &s, &err);
    if (rc == EMEND_OK)
      printf(
          "{\"data\":%zu,\"examples\":%zu,\"loss\":%.5f,\"exact\":%.4f,"
          "\"steps_right\":%.4f}\n",
          i, s.examples, s.loss, s.exact, s.steps_right);
  }
  trainer_free(t);
  return rc == EMEND_OK ? 0 : failed(&err);
}

int main(int argc, char **argv) {
  command c = {.opt = train_defaults(),
               .name = "emend-m1",
               .log_every = 100,
               .eval_every = 1000,
               .save_every = 1000};
  c.opt.sources = c.sources;
  if (argc < 2) return usage(NULL, NULL);
  if (strcmp(argv[1], "--help") == 0) return fputs(usage_text, stdout), 0;
  int status = parse(argc - 1, argv + 1, &c);
  if (status) return status;
  if (strcmp(argv[1], "train") == 0) return train(&c);
  if (strcmp(argv[1], "export") == 0) return export(&c);
  if (strcmp(argv[1], "evaluate") == 0) return evaluate_weights(&c);
  return usage("no such command: ", argv[1]);
}
