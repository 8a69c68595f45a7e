/* emend judge: one question and its SQL, or a file of them. */
#include "commands.h"

static void print_judgement(const cli *c, const char *sql, const emend_judgement *j) {
  static const print_style styles[] = {GREEN, YELLOW, RED};
  print_styled(stdout, c->color, styles[j->band], emend_band_name(j->band));
  printf(", suspicion %.2f\n", j->suspicion);
  print_diagnostics(stdout, c->color, sql, j->signals, j->n_signals);
}

static int judge_one(cli *c, const char *question, const char *sql) {
  emend_judgement *j = NULL;
  emend_error err;
  if (emend_judge(c->engine, NULL, question, sql, &j, &err)) return cli_failed(&err);
  int code = EXIT_DONE;
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_judgement_json(j));
  else
    print_judgement(c, sql, j);
  emend_judgement_free(j);
  return code;
}

static int print_item(void *ctx, size_t i, const emend_judgement *j) {
  const cli *c = ctx;
  (void)i;
  if (cli_flag(c, "json")) return cli_print_json(emend_judgement_json(j));
  printf("%s %.3f", emend_band_name(j->band), j->suspicion);
  for (size_t s = 0; s < j->n_signals; s++) printf(" %s", j->signals[s].code);
  putchar('\n');
  return 0;
}

static int run_judge(cli *c) {
  const char *question = cli_value(c, "question"), *sql = cli_value(c, "sql"),
             *data = cli_value(c, "data"), *schema = cli_value(c, "schema");
  emend_error err;
  if (c->n_args) return cli_usage_error("emend judge takes no argument: \"%s\"", c->args[0]);
  if (!data && !(question && sql))
    return cli_usage_error("emend judge needs --question and --sql, or --data");
  int code = cli_open(c);
  if (!code && !(data && schema)) code = cli_add_sources(c);
  if (code) return code;
  if (!data) return judge_one(c, question, sql);
  return emend_judge_each(c->engine, data, schema, print_item, c, &err) ? cli_failed(&err)
                                                                        : EXIT_DONE;
}

static const char *const options[] = {"db",  "schema", "state", "question",
                                      "sql", "data",   "json",  NULL};
const cli_command judge_command = {
    .name = "judge",
    .usage = "(--db URL | --schema FILE[#DB]) (--question Q --sql SQL | --data FILE)",
    .about = "say whether a SQL statement looks like an answer to a question",
    .more =
        "With --db the SQL is run, read-only, and its result judged too. With --data every item "
        "of a\nlist is judged, one line each, against --schema FILE and the item's db_id.",
    .options = options,
    .run = run_judge};
