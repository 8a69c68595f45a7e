/* Rules on the last steps of a query that is being written. See sense.h. Among the 8,345 different
 * queries of Spider's training half that the rules were held to, none sums or averages a key or a
 * code, none compares a column with itself or bounds it twice from one side, 8 use a number of the
 * question twice in one SELECT and 4 have a set operation on one query twice. Of the 168 that leave
 * one query out of another, where the question has one word of negation, 5 have a value on its
 * other side. */
#include "model/sense.h"

#include <string.h>

#include "text/text.h"

static bool is_token(const ir_seq *s, int i, int id) {
  return i >= 0 && i < s->n && s->steps[i].kind == IR_STEP_TOKEN && s->steps[i].id == id;
}

static bool is_column(const ir_seq *s, int i, int node) {
  return i >= 0 && i < s->n && s->steps[i].kind == IR_STEP_COLUMN && s->steps[i].id == node;
}

static int token_at(const ir_seq *s, int i) {
  return i >= 0 && i < s->n && s->steps[i].kind == IR_STEP_TOKEN ? s->steps[i].id : -1;
}

static bool is_comparison(int token) { return token >= IR_EQ && token <= IR_GE; }
static bool is_upper(int token) { return token == IR_LT || token == IR_LE; }
static bool is_lower(int token) { return token == IR_GT || token == IR_GE; }

/* Which steps belong to the SELECT that is open at the end of s, those of nested ones left out. */
static void own_steps(const ir_seq *s, bool *own) {
  int open[IR_MAX_STEPS], depth = 0, of[IR_MAX_STEPS];
  for (int i = 0; i < s->n; i++) {
    int token = token_at(s, i);
    if (token == IR_SELECT || token == IR_SELECT_DISTINCT) open[depth++] = i;
    of[i] = depth ? open[depth - 1] : -1;
    if (token == IR_END && depth) depth--;
  }
  for (int i = 0; i < s->n; i++) own[i] = depth && of[i] == open[depth - 1];
}

/* Whether a column's numbers only tell things apart: keys, and what is named as a code. */
static bool is_label(const feature_node *column) {
  if (column->flags & (LINK_COL_PRIMARY | LINK_COL_FOREIGN)) return true;
  return column->n_words && text_is_code(column->words[column->n_words - 1]);
}

/* SUM or AVG has just been written. */
static void forbid_labels(const features *f, uint8_t *nodes) {
  bool others = false;
  for (int i = 0; i < f->n_columns; i++) {
    int at = features_column(f, i);
    others |= nodes[at] && !is_label(&f->nodes[at]);
  }
  for (int i = 0; others && i < f->n_columns; i++) {
    int at = features_column(f, i);
    if (is_label(&f->nodes[at])) nodes[at] = 0;
  }
}

/* A bound has just been opened: not on a column that has one on this side. */
static void forbid_bounded(const ir_seq *s, const bool *own, uint8_t *nodes) {
  int now = token_at(s, s->n - 1);
  for (int i = 0; i + 2 < s->n; i++) {
    int token = token_at(s, i);
    bool same_side = (is_upper(now) && is_upper(token)) || (is_lower(now) && is_lower(token));
    if (own[i] && same_side && s->steps[i + 1].kind == IR_STEP_COLUMN &&
        s->steps[i + 2].kind == IR_STEP_VALUE)
      nodes[s->steps[i + 1].id] = 0;
  }
}

/* A comparison and its column have just been written. */
static void forbid_compared(const features *f, const ir_seq *s, const bool *own, uint8_t *nodes) {
  int now = token_at(s, s->n - 2), column = s->steps[s->n - 1].id;
  nodes[column] = 0;
  for (int i = 0; i + 2 < s->n; i++) {
    int token = token_at(s, i);
    if (!own[i] || !is_comparison(token) || s->steps[i + 2].kind != IR_STEP_VALUE) continue;
    int value = s->steps[i + 2].id;
    if ((token == now && is_column(s, i + 1, column)) || (f->nodes[value].flags & LINK_VAL_NUMBER))
      nodes[value] = 0;
  }
}

/* Whether the second of two queries joined by a set operation is, so far, the first. */
static bool repeats_first(const ir_seq *s) {
  int second = 1;
  for (int depth = 0; second < s->n; second++) {
    int token = token_at(s, second);
    depth += token == IR_SELECT || token == IR_SELECT_DISTINCT;
    if (token == IR_END && --depth == 0) break;
  }
  int length = second - 1; /* without its END, as the other's is still to come */
  if (s->n - (second + 1) != length) return false;
  for (int i = 0; i < length; i++) {
    ir_step x = s->steps[1 + i], y = s->steps[second + 1 + i];
    if (x.kind != y.kind || x.id != y.id) return false;
  }
  return true;
}

/* The question's only word of negation, or -1. */
static int negation_at(const features *f) {
  int found = -1;
  for (int i = 0; i < f->n_words; i++) {
    if (!f->nodes[i].n_words || !text_is_negation(f->nodes[i].words[0])) continue;
    if (found >= 0) return -1;
    found = i;
  }
  return found;
}

/* Whether what is written next belongs to what is left out of the rest: the second query of EXCEPT,
 * or the one in NOT IN. -1: no query is left out of another, so far. */
static int is_left_out(const ir_seq *s) {
  int depth = 0, inside = -1;
  bool except = is_token(s, 0, IR_EXCEPT), any = except;
  for (int i = 0; i < s->n; i++) {
    int token = token_at(s, i);
    if (token == IR_NOT_IN) any = true, inside = inside < 0 ? depth : inside;
    depth += token == IR_SELECT || token == IR_SELECT_DISTINCT;
    if (token != IR_END) continue;
    depth--;
    if (inside == depth) inside = -1;
    if (except && depth == 0) return 1;
  }
  return any ? inside >= 0 && depth > inside : -1;
}

/* "from Ghent who never lost 3 games": what stands behind the negation belongs to what is left
 * out, what stands before it does not. */
static void forbid_across_negation(const features *f, const ir_seq *s, uint8_t *nodes) {
  int negation = negation_at(f), left_out = negation < 0 ? -1 : is_left_out(s);
  for (int k = 0; left_out >= 0 && k < f->n_values; k++) {
    int at = features_value(f, k);
    for (int w = 0; w < f->n_words; w++)
      if (f->rel[at * f->n + w] == REL_VALUE_WORD_INSIDE && (w < negation) == (left_out == 1))
        nodes[at] = 0;
  }
}

void sense_forbid(const features *f, const ir_seq *seq, ir_state state, int n_tokens,
                  uint8_t *allowed) {
  uint8_t *nodes = allowed + n_tokens;
  int last = token_at(seq, seq->n - 1);
  bool own[IR_MAX_STEPS];
  if (last == IR_SUM || last == IR_AVG) forbid_labels(f, nodes);
  if (is_upper(last) || is_lower(last)) {
    own_steps(seq, own);
    forbid_bounded(seq, own, nodes);
  }
  bool compared = seq->n >= 2 && seq->steps[seq->n - 1].kind == IR_STEP_COLUMN &&
                  is_comparison(token_at(seq, seq->n - 2));
  if (compared && (state == IR_S_VALUE || state == IR_S_HAVING_VALUE)) {
    own_steps(seq, own);
    forbid_compared(f, seq, own, nodes);
  }
  forbid_across_negation(f, seq, nodes);
  bool set =
      is_token(seq, 0, IR_UNION) || is_token(seq, 0, IR_INTERSECT) || is_token(seq, 0, IR_EXCEPT);
  if (set && allowed[IR_END] && repeats_first(seq)) allowed[IR_END] = 0;
}
