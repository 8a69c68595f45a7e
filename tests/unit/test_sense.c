/* What nobody means is not written: rules on the last steps of a query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/sense.h"

/* Nodes: a key, two numbers, a text; their table; two numbers and a name that the question holds.
 */
enum { KEY, AGE, PRICE, NAME, TABLE, TEN, TWENTY, ANN, NODES };
static feature_node nodes[NODES] = {
    [KEY] = {.kind = NODE_COLUMN, .flags = LINK_COL_NUMBER | LINK_COL_PRIMARY},
    [AGE] = {.kind = NODE_COLUMN, .flags = LINK_COL_NUMBER},
    [PRICE] = {.kind = NODE_COLUMN, .flags = LINK_COL_NUMBER},
    [NAME] = {.kind = NODE_COLUMN, .flags = LINK_COL_TEXT},
    [TABLE] = {.kind = NODE_TABLE},
    [TEN] = {.kind = NODE_VALUE, .flags = LINK_VAL_NUMBER},
    [TWENTY] = {.kind = NODE_VALUE, .flags = LINK_VAL_NUMBER},
    [ANN] = {.kind = NODE_VALUE, .flags = LINK_VAL_STORED},
};
static const features schema = {
    .n = NODES, .n_columns = 4, .n_tables = 1, .n_values = 3, .nodes = nodes};

#define T(token) \
  { IR_STEP_TOKEN, IR_##token }
#define C(node) \
  { IR_STEP_COLUMN, node }
#define V(node) \
  { IR_STEP_VALUE, node }
#define AFTER(...) \
  after((const ir_step[]){__VA_ARGS__}, sizeof((const ir_step[]){__VA_ARGS__}) / sizeof(ir_step))

enum { MOST = NODES + 1 };
static uint8_t allowed[IR_N_TOKENS + MOST];
static const features *asked = &schema;

/* What is left of everything that the grammar lets follow these steps. */
static void after(const ir_step *steps, size_t n) {
  ir_automaton g;
  ir_seq seq = {.n = 0};
  ir_start(&g);
  for (size_t i = 0; i < n; i++) {
    assert_true(ir_advance(&g, steps[i]));
    seq.steps[seq.n++] = steps[i];
  }
  for (int t = 0; t < IR_N_TOKENS; t++) allowed[t] = ir_can(&g, t);
  memset(allowed + IR_N_TOKENS, 1, MOST);
  sense_forbid(asked, &seq, ir_current(&g), IR_N_TOKENS, allowed);
}

static bool may(int node) { return allowed[IR_N_TOKENS + node]; }

static void a_key_is_neither_summed_nor_averaged(void **state) {
  (void)state;
  AFTER(T(SELECT), T(SUM));
  assert_false(may(KEY));
  assert_true(may(AGE));
  AFTER(T(SELECT), T(MAX));
  assert_true(may(KEY));
}

static void a_code_is_neither_summed_nor_averaged(void **state) {
  (void)state;
  static const str postal_code[] = {{"postal", 6}, {"code", 4}},
                   code_age[] = {{"code", 4}, {"age", 3}};
  nodes[PRICE].words = postal_code, nodes[PRICE].n_words = 2;
  nodes[AGE].words = code_age, nodes[AGE].n_words = 2;
  AFTER(T(SELECT), T(AVG));
  assert_false(may(PRICE));
  assert_true(may(AGE));
  nodes[PRICE].n_words = nodes[AGE].n_words = 0;
}

static void a_column_is_not_compared_with_itself(void **state) {
  (void)state;
  AFTER(T(SELECT), C(NAME), T(WHERE), T(LT), C(AGE));
  assert_false(may(AGE));
  assert_true(may(PRICE));
  assert_true(may(TEN));
}

static void one_condition_stands_once(void **state) {
  (void)state;
  AFTER(T(SELECT), C(AGE), T(WHERE), T(OR), T(EQ), C(NAME), V(ANN), T(EQ), C(NAME));
  assert_false(may(ANN));
  AFTER(T(SELECT), C(AGE), T(WHERE), T(OR), T(EQ), C(NAME), V(ANN), T(NE), C(NAME));
  assert_true(may(ANN));
}

static void a_number_is_in_one_condition(void **state) {
  (void)state;
  AFTER(T(SELECT), C(NAME), T(WHERE), T(AND), T(GT), C(AGE), V(TEN), T(GT), C(PRICE));
  assert_false(may(TEN));
  assert_true(may(TWENTY));
}

static void a_column_is_bounded_once_from_each_side(void **state) {
  (void)state;
  AFTER(T(SELECT), C(NAME), T(WHERE), T(AND), T(GT), C(AGE), V(TEN), T(GE));
  assert_false(may(AGE));
  assert_true(may(PRICE));
  AFTER(T(SELECT), C(NAME), T(WHERE), T(AND), T(GT), C(AGE), V(TEN), T(LT));
  assert_true(may(AGE));
}

static void a_nested_query_has_conditions_of_its_own(void **state) {
  (void)state;
  AFTER(T(SELECT), C(NAME), T(WHERE), T(AND), T(EQ), C(NAME), V(ANN), T(EQ), C(AGE), T(SUBQUERY),
        T(SELECT), T(MAX), C(AGE), T(WHERE), T(EQ), C(NAME));
  assert_true(may(ANN));
  AFTER(T(SELECT), C(NAME), T(WHERE), T(AND), T(IN), C(KEY), T(SELECT), C(KEY), T(WHERE), T(GT),
        C(AGE), V(TEN), T(END), T(GT), C(PRICE));
  assert_true(may(TEN));
}

/* "from Ghent, never won 3": two words with a value each, a negation between them. */
static void what_is_left_out_stands_behind_the_negation(void **state) {
  (void)state;
  enum { FROM, GHENT_WORD, NEVER, THREE_WORD, CITY, WON, CLUB, GHENT, THREE, N };
  static const str words[] = {{"from", 4}, {"ghent", 5}, {"never", 5}, {"3", 1}};
  static feature_node node[N] = {
      [CITY] = {.kind = NODE_COLUMN, .flags = LINK_COL_TEXT},
      [WON] = {.kind = NODE_COLUMN, .flags = LINK_COL_NUMBER},
      [CLUB] = {.kind = NODE_TABLE},
      [GHENT] = {.kind = NODE_VALUE, .flags = LINK_VAL_STORED},
      [THREE] = {.kind = NODE_VALUE, .flags = LINK_VAL_NUMBER},
  };
  static uint8_t rel[N * N];
  for (int w = 0; w < 4; w++)
    node[w] = (feature_node){.kind = NODE_WORD, .words = &words[w], .n_words = 1};
  rel[GHENT * N + GHENT_WORD] = rel[THREE * N + THREE_WORD] = REL_VALUE_WORD_INSIDE;
  const features f = {.n = N,
                      .n_words = 4,
                      .n_columns = 2,
                      .n_tables = 1,
                      .n_values = 2,
                      .nodes = node,
                      .rel = rel};
  asked = &f;
  AFTER(T(EXCEPT), T(SELECT), C(CITY), T(WHERE), T(EQ), C(CITY));
  assert_true(may(GHENT));
  assert_false(may(THREE));
  AFTER(T(EXCEPT), T(SELECT), C(CITY), T(END), T(SELECT), C(CITY), T(WHERE), T(GT), C(WON));
  assert_false(may(GHENT));
  assert_true(may(THREE));
  AFTER(T(SELECT), C(CITY), T(WHERE), T(NOT_IN), C(CITY), T(SELECT), C(CITY), T(WHERE), T(GT),
        C(WON));
  assert_false(may(GHENT));
  assert_true(may(THREE));
  AFTER(T(SELECT), C(CITY), T(WHERE), T(GT), C(WON));
  assert_true(may(GHENT) && may(THREE));
  node[FROM].words = &words[NEVER]; /* two negations: which one is meant is not known */
  AFTER(T(EXCEPT), T(SELECT), C(CITY), T(WHERE), T(EQ), C(CITY));
  assert_true(may(GHENT) && may(THREE));
  asked = &schema;
}

static void a_set_operation_needs_two_queries(void **state) {
  (void)state;
  AFTER(T(UNION), T(SELECT), C(NAME), T(END), T(SELECT), C(NAME));
  assert_false(allowed[IR_END]);
  assert_true(allowed[IR_WHERE]);
  AFTER(T(UNION), T(SELECT), C(NAME), T(END), T(SELECT), C(AGE));
  assert_true(allowed[IR_END]);
  AFTER(T(UNION), T(SELECT), C(NAME));
  assert_true(allowed[IR_END]);
}

static void where_all_columns_are_keys_any_may_be_summed(void **state) {
  (void)state;
  nodes[AGE].flags |= LINK_COL_FOREIGN;
  nodes[PRICE].flags |= LINK_COL_FOREIGN;
  nodes[NAME].flags |= LINK_COL_FOREIGN;
  AFTER(T(SELECT), T(SUM));
  assert_true(may(KEY) && may(AGE));
  nodes[AGE].flags = nodes[PRICE].flags = LINK_COL_NUMBER;
  nodes[NAME].flags = LINK_COL_TEXT;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_is_neither_summed_nor_averaged),
      cmocka_unit_test(a_code_is_neither_summed_nor_averaged),
      cmocka_unit_test(a_column_is_not_compared_with_itself),
      cmocka_unit_test(one_condition_stands_once),
      cmocka_unit_test(a_number_is_in_one_condition),
      cmocka_unit_test(a_column_is_bounded_once_from_each_side),
      cmocka_unit_test(a_nested_query_has_conditions_of_its_own),
      cmocka_unit_test(what_is_left_out_stands_behind_the_negation),
      cmocka_unit_test(a_set_operation_needs_two_queries),
      cmocka_unit_test(where_all_columns_are_keys_any_may_be_summed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
