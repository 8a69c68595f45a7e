/* emend-fit: the judge's weights from queries with known answers. tools/fit/README.md tells how. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"

static int usage(void) {
  fprintf(
      stderr,
      "usage: emend-fit extract --model FILE --data FILE --db-dir DIR [--predictions FILE]…\n"
      "                         [--variants DIR] [--labels FILE] [--out FILE]\n"
      "       emend-fit faults  --model FILE --data FILE --db-dir DIR [--fold] [--labels FILE]\n"
      "                         [--out FILE]\n"
      "       emend-fit text    --model FILE --data FILE --schema FILE [--fold] [--out FILE]\n"
      "       emend-fit tables  ROWS... [--reworded ROWS] [--words ROWS] [--read ROWS]\n"
      "                         [--systems NAME,…] [--scores FILE] [--margin src/ask/margin.def] "
      "[--out "
      "src/judge/fitted.def]\n");
  return 2;
}

static int fail(const emend_error *err) {
  fprintf(stderr, "emend-fit: %s\n", err->msg);
  return 3;
}

static int cannot_write(const char *path) {
  fprintf(stderr, "emend-fit: cannot write %s\n", path);
  return 3;
}

/* "a,b" as the names of two; `list` is cut up. */
static void name_systems(fit_options *opt, char *list) {
  int n = 0;
  for (char *name = strtok(list, ","); name && n < FIT_MOST_FILES; name = strtok(NULL, ","))
    opt->systems[n++] = name;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"model", required_argument, NULL, 'm'},   {"data", required_argument, NULL, 'd'},
      {"db-dir", required_argument, NULL, 'b'},  {"predictions", required_argument, NULL, 'p'},
      {"schema", required_argument, NULL, 's'},  {"variants", required_argument, NULL, 'v'},
      {"fold", no_argument, NULL, 'f'},          {"labels", required_argument, NULL, 'l'},
      {"scores", required_argument, NULL, 'r'},  {"read", required_argument, NULL, 'R'},
      {"words", required_argument, NULL, 'w'},   {"reworded", required_argument, NULL, 'W'},
      {"systems", required_argument, NULL, 'S'}, {"margin", required_argument, NULL, 'g'},
      {"out", required_argument, NULL, 'o'},     {NULL, 0, NULL, 0}};
  fit_options opt = {0};
  const char *weights = NULL, *path = NULL, *score_path = NULL, *margin_path = NULL;
  int at;
  while ((at = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (at) {
      case 'm':
        weights = optarg;
        break;
      case 'd':
        opt.data = optarg;
        break;
      case 'b':
        opt.db_dir = optarg;
        break;
      case 'p':
        if (opt.n_predictions == FIT_MOST_FILES) return usage();
        opt.predictions[opt.n_predictions++] = optarg;
        break;
      case 's':
        opt.schema = optarg;
        break;
      case 'v':
        opt.variants = optarg;
        break;
      case 'f':
        opt.fold = true;
        break;
      case 'l':
        opt.labels = optarg;
        break;
      case 'r':
        score_path = optarg;
        break;
      case 'R':
        opt.read = optarg;
        break;
      case 'W':
        opt.reworded = optarg;
        break;
      case 'w':
        opt.words = optarg;
        break;
      case 'S':
        name_systems(&opt, optarg);
        break;
      case 'g':
        margin_path = optarg;
        break;
      case 'o':
        path = optarg;
        break;
      default:
        return usage();
    }
  }
  bool text = optind < argc && strcmp(argv[optind], "text") == 0;
  bool extract = optind < argc && strcmp(argv[optind], "extract") == 0;
  bool faults = optind < argc && strcmp(argv[optind], "faults") == 0;
  bool tables = optind < argc && strcmp(argv[optind], "tables") == 0;
  emend_error err;
  FILE *out = path ? fopen(path, "w") : stdout;
  if (!out) return cannot_write(path);
  if (tables) {
    fit_output to = {out, margin_path ? fopen(margin_path, "w") : NULL,
                     score_path ? fopen(score_path, "w") : NULL};
    if (margin_path && !to.margin) return cannot_write(margin_path);
    if (score_path && !to.scores) return cannot_write(score_path);
    emend_rc done =
        fit_tables((const char *const *)argv + optind + 1, argc - optind - 1, &opt, &to, &err);
    if (path) fclose(out);
    if (to.margin) fclose(to.margin);
    if (to.scores) fclose(to.scores);
    return done ? fail(&err) : 0;
  }
  if ((!text && !extract && !faults) || !weights || !opt.data || (text ? !opt.schema : !opt.db_dir))
    return usage();
  model *m = NULL;
  generator *gen = NULL;
  emend_rc rc = model_load(weights, &m, &err);
  if (!rc) rc = gen_embedded(m, &gen, &err);
  if (!rc)
    rc = text     ? fit_extract_text(&opt, gen, out, &err)
         : faults ? fit_extract_faults(&opt, gen, out, &err)
                  : fit_extract(&opt, gen, out, &err);
  gen_free(gen);
  if (path && fclose(out) && !rc) rc = err_set(&err, EMEND_EIO, "fit", "cannot write %s", path);
  return rc ? fail(&err) : 0;
}
