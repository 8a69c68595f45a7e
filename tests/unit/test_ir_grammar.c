/* The IR's grammar: clauses come in order, aggregates stay out of WHERE, every sequence can end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "model/ir.h"

/* Pointers in these sequences: every id is 0. */
static const ir_step col = {IR_STEP_COLUMN, 0}, tab = {IR_STEP_TABLE, 0}, val = {IR_STEP_VALUE, 0};
#define T(name) \
  { IR_STEP_TOKEN, IR_##name }
#define C \
  { IR_STEP_COLUMN, 0 }
#define TABLE \
  { IR_STEP_TABLE, 0 }
#define V \
  { IR_STEP_VALUE, 0 }
#define READ(...) \
  read_all((const ir_step[]){__VA_ARGS__}, sizeof((ir_step[]){__VA_ARGS__}) / sizeof(ir_step))

/* How many of `steps` the grammar takes; -1 when it takes all and the sequence is whole. */
static int read_all(const ir_step *steps, size_t n) {
  ir_automaton m;
  ir_start(&m);
  for (size_t i = 0; i < n; i++)
    if (!ir_advance(&m, steps[i])) return (int)i;
  return ir_done(&m) ? -1 : (int)n;
}

static void whole_queries_are_read(void **state) {
  (void)state;
  assert_int_equal(READ(T(SELECT), C, T(END)), -1);
  assert_int_equal(
      READ(T(SELECT), C, T(COUNT_STAR), TABLE, T(GROUP), C, T(HAVING), T(GT), T(COUNT_STAR), TABLE,
           V, T(ORDER_DESC), T(COUNT_STAR), TABLE, T(LIMIT), T(V_ONE), T(END)),
      -1);
  assert_int_equal(READ(T(EXCEPT), T(SELECT), C, T(END), T(SELECT), C, T(WHERE), T(AND), T(EQ), C,
                        V, T(IN), C, T(SELECT), C, T(END), T(END)),
                   -1);
  assert_int_equal(READ(T(SELECT), T(STAR_ALL), T(FROM), T(ALT), TABLE, T(LEFT), TABLE, T(ON),
                        T(ALT), C, C, T(END)),
                   -1);
  assert_int_equal(
      READ(T(SELECT), T(ROUND), T(AVG), C, T(V_ZERO), T(SUB), T(MAX), C, T(MIN), C, T(END)), -1);
  assert_int_equal(READ(T(SELECT), T(AVG), T(OUT_1), T(FROM_QUERY), T(SELECT), T(COUNT_STAR), TABLE,
                        T(GROUP), C, T(END), T(END)),
                   -1);
}

static void clauses_keep_their_order(void **state) {
  (void)state;
  assert_int_equal(READ(T(SELECT), C, T(GROUP), C, T(WHERE)), 4);
  assert_int_equal(READ(T(SELECT), C, T(LIMIT), V, T(ORDER_ASC)), 4);
  assert_int_equal(READ(T(SELECT), C, T(WHERE), T(IS_NULL), C, T(FROM)), 5);
  assert_int_equal(READ(T(SELECT), C, T(HAVING)), 2);
  assert_int_equal(READ(T(SELECT), T(END)), 1);
  assert_int_equal(READ(T(SELECT), C, T(GROUP), T(END)), 3);
}

static void aggregates_stay_out_of_where_and_of_aggregates(void **state) {
  (void)state;
  assert_int_equal(READ(T(SELECT), C, T(WHERE), T(GT), T(COUNT_STAR)), 4);
  assert_int_equal(READ(T(SELECT), C, T(WHERE), T(GT), C, T(ADD), T(SUM)), 6);
  assert_int_equal(READ(T(SELECT), T(SUM), T(COUNT)), 2);
  assert_int_equal(READ(T(SELECT), C, T(GROUP), T(MAX)), 3);
  assert_int_equal(READ(T(SELECT), C, T(GROUP), C, T(HAVING), T(AND), T(GT), T(ADD), T(SUM)), 9);
}

static void stars_and_values_stand_only_where_they_can(void **state) {
  (void)state;
  assert_int_equal(READ(T(SELECT), T(MAX), T(STAR)), 2);
  assert_int_equal(READ(T(SELECT), V), 1);
  assert_int_equal(READ(T(SELECT), C, T(ORDER_ASC), V), 3);
  assert_int_equal(READ(T(SELECT), T(COUNT_STAR), C), 2);
  assert_int_equal(READ(T(SELECT), T(ALT), T(ALT)), 2);
  assert_int_equal(READ(T(SELECT), C, T(FROM), T(ALT), T(ALT)), 4);
}

static void nothing_follows_the_end(void **state) {
  (void)state;
  ir_automaton m;
  ir_start(&m);
  assert_false(ir_advance(&m, ir_tok(IR_BOS)));
  assert_true(ir_advance(&m, ir_tok(IR_SELECT)) && ir_advance(&m, col));
  assert_true(ir_advance(&m, ir_tok(IR_END)));
  assert_int_equal(ir_current(&m), IR_S_DONE);
  for (int t = 0; t < IR_N_ALTERNATIVES; t++) assert_false(ir_can(&m, t));
}

static void steps_from_outside_are_refused_not_trusted(void **state) {
  (void)state;
  ir_automaton m;
  ir_start(&m);
  ir_automaton before = m;
  assert_false(ir_advance(&m, (ir_step){IR_STEP_TOKEN, -1}));
  assert_false(ir_advance(&m, (ir_step){IR_STEP_TOKEN, IR_N_TOKENS}));
  assert_false(ir_advance(&m, (ir_step){77, IR_SELECT}));
  assert_false(ir_advance(&m, tab));
  assert_false(ir_advance(&m, val));
  assert_memory_equal(&m, &before, sizeof m);
  assert_false(ir_allowed(IR_N_STATES, IR_SELECT));
  assert_false(ir_allowed(IR_S_QUERY, IR_N_ALTERNATIVES));
}

static void the_mask_table_is_what_states_allow(void **state) {
  (void)state;
  static uint8_t mask[IR_N_STATES][IR_N_ALTERNATIVES];
  ir_mask_table(mask);
  for (int s = 0; s < IR_N_STATES; s++) {
    int some = 0;
    for (int t = 0; t < IR_N_ALTERNATIVES; t++) {
      assert_int_equal(mask[s][t], ir_allowed((ir_state)s, t));
      some += mask[s][t];
    }
    assert_int_equal(some > 0, s != IR_S_DONE);
    assert_int_equal(mask[s][IR_BOS], 0);
  }
}

/* Choosing at random among what ir_can admits always comes to an end within the bound, passes
 * through every state and reads every token: nothing in the grammar is unreachable. */
static void every_random_sequence_ends_in_time(void **state) {
  (void)state;
  bool states[IR_N_STATES] = {false}, tokens[IR_N_ALTERNATIVES] = {false};
  rng r;
  rng_seed(&r, 4);
  for (int run = 0; run < 20000; run++) {
    ir_automaton m;
    ir_start(&m);
    int steps = 0;
    while (!ir_done(&m)) {
      int choices[IR_N_ALTERNATIVES], n = 0;
      for (int t = 0; t < IR_N_ALTERNATIVES; t++)
        if (ir_can(&m, t)) choices[n++] = t;
      assert_true(n > 0);
      int t = choices[rng_below(&r, (uint32_t)n)];
      states[ir_current(&m)] = tokens[t] = true;
      uint8_t kind = t < IR_N_TOKENS ? IR_STEP_TOKEN : (uint8_t)(t - IR_N_TOKENS + IR_STEP_COLUMN);
      assert_true(ir_advance(&m, (ir_step){kind, t < IR_N_TOKENS ? t : 0}));
      assert_true(++steps <= IR_MAX_STEPS);
      assert_true(m.least >= m.depth && m.read + m.least <= IR_MAX_STEPS);
    }
  }
  for (int s = 0; s < IR_N_STATES; s++) assert_int_equal(states[s], s != IR_S_DONE);
  for (int t = 0; t < IR_N_ALTERNATIVES; t++) assert_int_equal(tokens[t], t != IR_BOS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_queries_are_read),
      cmocka_unit_test(clauses_keep_their_order),
      cmocka_unit_test(aggregates_stay_out_of_where_and_of_aggregates),
      cmocka_unit_test(stars_and_values_stand_only_where_they_can),
      cmocka_unit_test(nothing_follows_the_end),
      cmocka_unit_test(steps_from_outside_are_refused_not_trusted),
      cmocka_unit_test(the_mask_table_is_what_states_allow),
      cmocka_unit_test(every_random_sequence_ends_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
