/* The IR's stack automaton: which step may come next, and when a sequence is whole.
 * The grammar itself is data, in ir.def. Knows no schema and no SQL. */
#include "model/ir.h"

#include <string.h>

/* Classes of tokens that states admit together; the last three are the kinds of pointers. */
typedef enum token_class {
  IR_CLASS_NEVER,
  IR_CLASS_QUERY,
  IR_CLASS_AGG,
  IR_CLASS_STAR,
  IR_CLASS_ARITH,
  IR_CLASS_FUNC,
  IR_CLASS_ALT,
  IR_CLASS_OUTER,
  IR_CLASS_OUT,
  IR_CLASS_COND,
  IR_CLASS_FROM,
  IR_CLASS_WHERE,
  IR_CLASS_GROUP,
  IR_CLASS_HAVING,
  IR_CLASS_ORDER,
  IR_CLASS_LIMIT,
  IR_CLASS_SUBQUERY,
  IR_CLASS_ONE,
  IR_CLASS_ZERO,
  IR_CLASS_CONST,
  IR_CLASS_UNKNOWN,
  IR_CLASS_END,
  IR_CLASS_COLUMN,
  IR_CLASS_TABLE,
  IR_CLASS_VALUE
} token_class;

/* ir.def names "no state" NONE; DONE is never pushed, so it can stand for it. */
#define IR_S_NONE IR_S_DONE

typedef struct production {
  uint8_t class, then, args[3];
} production;

static const production productions[IR_N_ALTERNATIVES] = {
#define IR_TOKEN(name, class, then, arg1, arg2, arg3) \
  [IR_##name] = {IR_CLASS_##class, IR_S_##then, {IR_S_##arg1, IR_S_##arg2, IR_S_##arg3}},
#include "model/ir.def"
    [IR_ALT_COLUMN] = {IR_CLASS_COLUMN, IR_S_NONE, {IR_S_NONE, IR_S_NONE, IR_S_NONE}},
    [IR_ALT_TABLE] = {IR_CLASS_TABLE, IR_S_NONE, {IR_S_NONE, IR_S_NONE, IR_S_NONE}},
    [IR_ALT_VALUE] = {IR_CLASS_VALUE, IR_S_NONE, {IR_S_NONE, IR_S_NONE, IR_S_NONE}},
};

static const struct {
  const char *name;
  uint8_t least;
  uint32_t classes;
} states[IR_N_STATES] = {
#define IR_STATE(name, least, classes) [IR_S_##name] = {#name, least, classes},
#include "model/ir.def"
};

static const char *const token_names[IR_N_TOKENS] = {
#define IR_TOKEN(name, class, then, arg1, arg2, arg3) [IR_##name] = #name,
#include "model/ir.def"
};

const char *ir_token_name(ir_token t) { return t < IR_N_TOKENS ? token_names[t] : "?"; }
const char *ir_state_name(ir_state s) { return s < IR_N_STATES ? states[s].name : "?"; }

int ir_alternative(ir_step step) {
  switch (step.kind) {
    case IR_STEP_TOKEN:
      return step.id >= 0 && step.id < IR_N_TOKENS ? step.id : IR_BOS;
    case IR_STEP_COLUMN:
      return IR_ALT_COLUMN;
    case IR_STEP_TABLE:
      return IR_ALT_TABLE;
    case IR_STEP_VALUE:
      return IR_ALT_VALUE;
    default:
      return IR_BOS;
  }
}

bool ir_allowed(ir_state state, int alternative) {
  if (state >= IR_N_STATES || alternative < 0 || alternative >= IR_N_ALTERNATIVES) return false;
  return (states[state].classes >> productions[alternative].class & 1u) != 0;
}

void ir_mask_table(uint8_t out[IR_N_STATES][IR_N_ALTERNATIVES]) {
  for (int s = 0; s < IR_N_STATES; s++)
    for (int t = 0; t < IR_N_ALTERNATIVES; t++) out[s][t] = ir_allowed((ir_state)s, t);
}

void ir_start(ir_automaton *m) {
  memset(m, 0, sizeof *m);
  m->stack[0] = IR_S_QUERY;
  m->depth = 1;
  m->least = states[IR_S_QUERY].least;
}

ir_state ir_current(const ir_automaton *m) {
  return m->depth == 0 ? IR_S_DONE : (ir_state)m->stack[m->depth - 1];
}

/* Where a select item, an ORDER BY term or HAVING stands, aggregates are admitted further down. */
static bool admits_aggregates(ir_state s) {
  return s == IR_S_HAVING_COND || ir_allowed(s, IR_COUNT);
}

static ir_state widened(ir_state arg) {
  switch (arg) {
    case IR_S_SCALAR:
      return IR_S_EXPR;
    case IR_S_SCALAR_OPERAND:
      return IR_S_OPERAND;
    case IR_S_VALUE:
      return IR_S_HAVING_VALUE;
    case IR_S_COND:
      return IR_S_HAVING_COND;
    default:
      return arg;
  }
}

/* What remains to be read of the state itself once the token's arguments are. */
static ir_state continuation(ir_state state, const production *p) {
  if (p->then != IR_S_NONE) return (ir_state)p->then;
  bool item = (states[IR_S_ITEM1].classes >> p->class & 1u) != 0;
  if ((state == IR_S_ITEM1 || state == IR_S_ITEMS) && item) return IR_S_ITEMS;
  bool scalar = (states[IR_S_GROUP1].classes >> p->class & 1u) != 0;
  if ((state == IR_S_GROUP1 || state == IR_S_GROUPS) && scalar) return IR_S_GROUPS;
  return IR_S_NONE;
}

/* The states that replace `state`, in reading order; returns how many. */
static int expand(ir_state state, int alternative, ir_state out[4]) {
  const production *p = &productions[alternative];
  bool wide = p->then == IR_S_NONE && admits_aggregates(state); /* a clause starts afresh */
  int n = 0;
  for (int i = 0; i < 3 && p->args[i] != IR_S_NONE; i++) {
    ir_state arg = (ir_state)p->args[i];
    if (alternative == IR_ALT && state == IR_S_TABLE) arg = IR_S_ALT_TABLE;
    out[n++] = wide ? widened(arg) : arg;
  }
  ir_state then = continuation(state, p);
  if (then != IR_S_NONE) out[n++] = then;
  return n;
}

/* Fewest steps after taking `alternative`, that step not counted. */
static int least_after(const ir_automaton *m, const ir_state *pushed, int n) {
  int least = m->least - states[ir_current(m)].least;
  for (int i = 0; i < n; i++) least += states[pushed[i]].least;
  return least;
}

bool ir_can(const ir_automaton *m, int alternative) {
  ir_state pushed[4];
  if (!ir_allowed(ir_current(m), alternative)) return false;
  int n = expand(ir_current(m), alternative, pushed);
  return m->read + 1 + least_after(m, pushed, n) <= IR_MAX_STEPS;
}

bool ir_advance(ir_automaton *m, ir_step step) {
  int alternative = ir_alternative(step);
  if (!ir_can(m, alternative)) return false;
  ir_state pushed[4];
  int n = expand(ir_current(m), alternative, pushed);
  m->least = (uint8_t)least_after(m, pushed, n);
  m->read++;
  m->depth--;
  /* Every state needs a step at least, so the stack is never deeper than the steps left. */
  while (n > 0) m->stack[m->depth++] = (uint8_t)pushed[--n];
  return true;
}

bool ir_equal(const ir_seq *x, const ir_seq *y) {
  if (x->n != y->n) return false;
  for (int i = 0; i < x->n; i++)
    if (x->steps[i].kind != y->steps[i].kind || x->steps[i].id != y->steps[i].id) return false;
  return true;
}
