/* public_api DB QUESTION: the whole public road in forty lines, linked with libemend.so.
 * Prints the answer; exits as `emend ask` does. */
#include <emend/emend.h>
#include <stdio.h>

static int count_steps(void *ctx, const emend_step *step) {
  (void)step;
  ++*(int *)ctx;
  return 0; /* go on */
}

int main(int argc, char **argv) {
  emend_options options = EMEND_OPTIONS_INIT;
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_engine *engine = NULL;
  emend_answer *answer = NULL;
  emend_error err;
  int steps = 0;
  if (argc != 3) return 2;

  options.no_state = true;
  how.on_step = count_steps;
  how.ctx = &steps;
  emend_rc rc = emend_open(&options, &engine, &err);
  if (!rc) rc = emend_source_add(engine, argv[1], &err);
  if (!rc) rc = emend_ask(engine, argv[2], &how, &answer, &err);
  if (rc) {
    fprintf(stderr, "%s: %s\n", err.stage, err.msg);
    emend_close(engine);
    return 3;
  }
  printf("%s after %d steps: %s\n%s\n", emend_status_name(answer->status), steps, answer->text,
         answer->sql ? answer->sql : "no SQL");
  const emend_cell *cell = emend_answer_cell(answer, 0, 0);
  if (cell && cell->kind == EMEND_CELL_INT) printf("%lld\n", (long long)cell->i);
  rc = answer->status == EMEND_ANSWERED ? 0 : 1;
  emend_answer_free(answer);
  emend_close(engine);
  return (int)rc;
}
