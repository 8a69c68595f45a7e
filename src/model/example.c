/* IR with catalog ids to a sequence over nodes, with labels for the auxiliary heads. */
#include "model/example.h"

#include <string.h>

ir_value *example_values(const link_values *v, const link_schema *s, arena *a) {
  ir_value *out = ARENA_ARRAY(a, ir_value, (size_t)v->n);
  if (!out) return NULL;
  for (int k = 0; k < v->n; k++) {
    const link_value *from = &v->items[k];
    out[k].text = from->text;
    out[k].is_number = (from->flags & LINK_VAL_NUMBER) != 0;
    out[k].number = from->number;
    out[k].spellings = ARENA_ARRAY(a, ir_spelling, (size_t)from->n_cells);
    if (!out[k].spellings) return NULL;
    for (int i = 0; i < from->n_cells; i++) {
      const link_cell *c = &from->cells[i];
      out[k].spellings[out[k].n_spellings++] = (ir_spelling){s->columns[c->column].id, c->stored};
    }
  }
  return out;
}

static int column_node(const features *f, const link_schema *s, int id) {
  for (int i = 0; i < s->n_columns; i++)
    if (s->columns[i].id == id) return features_column(f, i);
  return -1;
}

static int table_node(const features *f, const link_schema *s, int id) {
  for (int i = 0; i < s->n_tables; i++)
    if (s->tables[i].id == id) return features_table(f, i);
  return -1;
}

/* The clause that each step stands in: a stack, since queries nest. */
typedef struct clauses {
  column_role stack[IR_MAX_STEPS];
  int depth;
} clauses;

static void enter_clause(clauses *c, int token) {
  column_role now;
  switch (token) {
    case IR_SELECT:
    case IR_SELECT_DISTINCT:
      if (c->depth < IR_MAX_STEPS) c->stack[c->depth++] = ROLE_SELECT;
      return;
    case IR_END:
      if (c->depth) c->depth--;
      return;
    case IR_WHERE:
      now = ROLE_WHERE;
      break;
    case IR_GROUP:
      now = ROLE_GROUP;
      break;
    case IR_HAVING:
      now = ROLE_HAVING;
      break;
    case IR_ORDER_ASC:
    case IR_ORDER_DESC:
      now = ROLE_ORDER;
      break;
    case IR_FROM:
    case IR_LEFT:
    case IR_ON:
      now = ROLE_JOIN;
      break;
    default:
      return;
  }
  if (c->depth) c->stack[c->depth - 1] = now;
}

static void label(example *e, int node, const clauses *c) {
  e->used[node] = 1;
  if (e->f.nodes[node].kind != NODE_COLUMN || c->depth == 0) return;
  column_role now = c->stack[c->depth - 1];
  uint8_t *role = &e->role[node];
  *role = (uint8_t)(*role == ROLE_NONE || *role == (uint8_t)now ? now : ROLE_SEVERAL);
}

static int node_of(const example *e, const link_schema *s, ir_step step) {
  switch (step.kind) {
    case IR_STEP_COLUMN:
      return column_node(&e->f, s, step.id);
    case IR_STEP_TABLE:
      return table_node(&e->f, s, step.id);
    default:
      return step.id < e->f.n_values ? features_value(&e->f, step.id) : -1;
  }
}

emend_rc example_build(const features *f, const link_schema *s, const ir_step *steps, int n_steps,
                       arena *a, example *out) {
  clauses c = {.depth = 0};
  ir_automaton g;
  *out = (example){.f = *f};
  out->used = arena_alloc(a, (size_t)f->n);
  out->role = arena_alloc(a, (size_t)f->n);
  if (!out->used || !out->role) return EMEND_ENOMEM;
  if (n_steps > IR_MAX_STEPS) return EMEND_EFORMAT;
  ir_start(&g);
  for (int i = 0; i < n_steps; i++) {
    example_step *o = &out->steps[out->n_steps++];
    *o = (example_step){steps[i].kind, (uint8_t)ir_current(&g), steps[i].id};
    if (steps[i].kind == IR_STEP_TOKEN) {
      enter_clause(&c, steps[i].id);
    } else {
      o->id = node_of(out, s, steps[i]);
      if (o->id < 0) return EMEND_ENOTFOUND;
      label(out, o->id, &c);
    }
    if (!ir_advance(&g, steps[i])) return EMEND_EFORMAT;
  }
  return ir_done(&g) ? EMEND_OK : EMEND_EFORMAT;
}
