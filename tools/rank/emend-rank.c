/* emend-rank: the weights by which one of several candidates is chosen. tools/rank/README.md tells
 * how. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"

static const double default_ridge = 0.01;

static int usage(void) {
  fprintf(stderr,
          "usage: emend-rank extract --model FILE --data FILE --db-dir DIR [--fold] [--out FILE]\n"
          "       emend-rank fit ROWS... [--ridge 0.01] [--out src/ask/rank.def]\n");
  return 2;
}

static emend_rc extract(const char *weights, const rank_options *opt, FILE *out, emend_error *err) {
  model *m = NULL;
  generator *gen = NULL;
  emend_rc rc = model_load(weights, &m, err);
  if (!rc) rc = gen_embedded(m, &gen, err);
  if (!rc) rc = rank_extract(opt, gen, out, err);
  gen_free(gen);
  return rc;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"model", required_argument, NULL, 'm'},
                                          {"data", required_argument, NULL, 'd'},
                                          {"db-dir", required_argument, NULL, 'b'},
                                          {"fold", no_argument, NULL, 'f'},
                                          {"ridge", required_argument, NULL, 'r'},
                                          {"out", required_argument, NULL, 'o'},
                                          {NULL, 0, NULL, 0}};
  rank_options opt = {0};
  const char *weights = NULL, *path = NULL;
  double ridge = default_ridge;
  int at;
  while ((at = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (at == 'm')
      weights = optarg;
    else if (at == 'd')
      opt.data = optarg;
    else if (at == 'b')
      opt.db_dir = optarg;
    else if (at == 'f')
      opt.fold = true;
    else if (at == 'r')
      ridge = strtod(optarg, NULL);
    else if (at == 'o')
      path = optarg;
    else
      return usage();
  }
  if (optind == argc) return usage();
  bool fit = strcmp(argv[optind], "fit") == 0;
  if (!fit && (strcmp(argv[optind], "extract") != 0 || !weights || !opt.data || !opt.db_dir))
    return usage();
  emend_error err;
  FILE *out = path ? fopen(path, "w") : stdout;
  if (!out) return fprintf(stderr, "emend-rank: cannot write %s\n", path), 3;
  emend_rc rc =
      fit ? rank_fit((const char *const *)argv + optind + 1, argc - optind - 1, ridge, out, &err)
          : extract(weights, &opt, out, &err);
  if (path && fclose(out) && !rc) rc = err_set(&err, EMEND_EIO, "rank", "cannot write %s", path);
  if (rc) fprintf(stderr, "emend-rank: %s\n", err.msg);
  return rc ? 3 : 0;
}
