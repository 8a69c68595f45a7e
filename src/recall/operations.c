/* What two questions do with rows. See operations.h. */
#include "recall/operations.h"

#include <string.h>

/* ---- reading ---- */

static uint8_t op_at(const recall_wording *w, const bool *taken, size_t i) {
  bool counts = i < w->n && w->words[i].kind == WORD_OP && !(taken && taken[i]);
  return counts ? w->words[i].op : OP_NONE;
}

/* "from highest to lowest", "high to low": an order, not two ends of one. */
static bool is_from_to(const recall_wording *w, size_t i, size_t *other) {
  static const str TO = {"to", 2};
  uint64_t to = str_hash64(TO);
  for (size_t k = i + 1; k < w->n && k <= i + 4; k++) {
    if (w->words[k].lower != to) continue;
    for (size_t m = k + 1; m < w->n && m <= k + 2; m++)
      if (w->words[m].kind == WORD_OP && (w->words[m].op == OP_HIGH || w->words[m].op == OP_LOW) &&
          w->words[m].op != w->words[i].op) {
        *other = m;
        return true;
      }
  }
  return false;
}

/* Is the count at `i` only what rows are ordered or compared by: "the most number of", "more than
 * 3", "in descending order of the number of"? */
static bool is_measure(const recall_wording *w, const bool *taken, size_t i) {
  for (size_t back = 1; back <= 4 && back <= i; back++) {
    switch (op_at(w, taken, i - back)) {
      case OP_HIGH:
      case OP_LOW:
      case OP_ORDER:
      case OP_ASCENDING:
      case OP_DESCENDING:
      case OP_MORE:
      case OP_LESS:
        return true;
      default:
        break;
    }
    if (w->words[i - back].kind == WORD_CONTENT) return false;
  }
  return false;
}

void operations_read(const recall_wording *w, const bool *taken, operations *out) {
  bool skip[WORDING_MAX_WORDS] = {false};
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < w->n; i++) {
    uint8_t op = op_at(w, taken, i);
    size_t other = 0;
    if (op == OP_NONE || skip[i]) continue;
    if ((op == OP_HIGH || op == OP_LOW) && is_from_to(w, i, &other)) {
      skip[other] = true;
      out->orders = true;
      out->down = out->down || op == OP_HIGH;
      continue;
    }
    if (out->n[op] < 255) out->n[op]++;
    if (op == OP_COUNT && !is_measure(w, taken, i)) out->counts_rows = true;
  }
  out->orders = out->orders || out->n[OP_ORDER] || out->n[OP_ASCENDING] || out->n[OP_DESCENDING] ||
                out->n[OP_ALPHABETICAL];
  out->down = out->down || out->n[OP_DESCENDING];
}

recall_op operations_near(const recall_wording *w, size_t word) {
  for (size_t ahead = 1; ahead <= 2 && word + ahead < w->n; ahead++) {
    uint8_t op = op_at(w, NULL, word + ahead);
    if (op == OP_FROM || op == OP_UPTO) return (recall_op)op;
  }
  for (size_t back = 1; back <= 4 && back <= word; back++) {
    uint8_t op = op_at(w, NULL, word - back);
    if (op == OP_FROM || op == OP_UPTO || op == OP_MORE || op == OP_LESS) return (recall_op)op;
    if (w->words[word - back].kind == WORD_NUMBER) break;
  }
  return OP_NONE;
}

/* ---- comparing ---- */

static bool has(const operations *o, recall_op op) { return o->n[op] > 0; }
static bool differ(const operations *x, const operations *y, recall_op op) {
  return has(x, op) != has(y, op);
}

static unsigned compare_logic(const recall_facts *f, const operations *w, const operations *q) {
  unsigned faults = 0;
  bool not_w = has(w, OP_NOT) || has(w, OP_NOR), not_q = has(q, OP_NOT) || has(q, OP_NOR);
  if (not_w != not_q || w->n[OP_NOT] + w->n[OP_NOR] != q->n[OP_NOT] + q->n[OP_NOR])
    faults |= FAULT_NOT;
  if (differ(w, q, OP_ONLY)) faults |= FAULT_NOT;
  bool or_w = has(w, OP_OR) || has(w, OP_EITHER), or_q = has(q, OP_OR) || has(q, OP_EITHER);
  if (or_w != or_q && !(or_q && f->either && !f->all)) faults |= FAULT_OR;
  if (differ(w, q, OP_BOTH) && (f->either || or_w || or_q)) faults |= FAULT_OR;
  return faults;
}

static unsigned compare_values(const operations *w, const operations *q) {
  static const recall_op COMPARISONS[] = {OP_FROM, OP_UPTO, OP_MORE, OP_LESS, OP_BETWEEN};
  unsigned faults = 0;
  for (size_t i = 0; i < sizeof COMPARISONS / sizeof *COMPARISONS; i++)
    if (differ(w, q, COMPARISONS[i])) faults |= FAULT_COMPARE;
  if (differ(w, q, OP_BEGINS) || differ(w, q, OP_ENDS)) faults |= FAULT_TEXT;
  if (differ(w, q, OP_HIGH) || differ(w, q, OP_LOW)) faults |= FAULT_END;
  return faults;
}

static unsigned compare_aggregates(const recall_facts *f, const operations *w,
                                   const operations *q) {
  unsigned faults = 0;
  if (differ(w, q, OP_AVG) || differ(w, q, OP_MEDIAN) || differ(w, q, OP_SHARE))
    faults |= FAULT_AGGREGATE;
  bool sums = f->sum || !(f->count || has(w, OP_COUNT));
  if (differ(w, q, OP_SUM) && sums) faults |= FAULT_AGGREGATE;
  if (w->counts_rows != q->counts_rows) faults |= FAULT_AGGREGATE;
  return faults;
}

static unsigned compare_groups(const recall_facts *f, const operations *w, const operations *q) {
  bool aggregates = f->count || f->sum || f->avg || f->max || f->min;
  unsigned faults = 0;
  if (differ(w, q, OP_EACH) && aggregates && (!f->group || has(w, OP_EACH))) faults |= FAULT_GROUP;
  bool distinct = f->distinct || f->count_distinct;
  if (differ(w, q, OP_DISTINCT) && !(has(q, OP_DISTINCT) ? distinct || f->group : !distinct))
    faults |= FAULT_DISTINCT;
  return faults;
}

static unsigned compare_order(const recall_facts *f, const operations *w, const operations *q) {
  if (w->orders != q->orders) return f->limit && !q->orders ? 0 : FAULT_ORDER;
  return w->down != q->down ? FAULT_ORDER : 0;
}

unsigned operations_compare(const recall_facts *f, const operations *w, const operations *q) {
  return compare_logic(f, w, q) | compare_values(w, q) | compare_aggregates(f, w, q) |
         compare_groups(f, w, q) | compare_order(f, w, q);
}
