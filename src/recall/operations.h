/* What two questions do with rows: count, compare, order, negate. Private to this folder. */
#ifndef RECALL_OPERATIONS_H
#define RECALL_OPERATIONS_H

#include "recall/align.h"

/** How often each operation is asked for, values' words left out. */
typedef struct operations {
  uint8_t n[OP_N];
  uint8_t counts_rows;     /* how often a count is asked for, not only ordered or compared by */
  uint8_t counts_distinct; /* how often different ones are counted */
  bool orders, down;       /* rows in an order; from high to low */
} operations;

/** `taken` (may be NULL) marks words that are part of values. */
void operations_read(const recall_wording *w, const bool *taken, operations *out);

/** The faults (align_fault) between the confirmed question's operations `w` and the asked one's
 *  `q`, in the light of what the query does. */
unsigned operations_compare(const recall_facts *f, const operations *w, const operations *q);

/** Whether both ask for the same operations, each as often. */
bool operations_equal(const operations *x, const operations *y);

/** The comparison that the value at `word` stands in: OP_MORE, …; OP_NONE. */
recall_op operations_near(const recall_wording *w, size_t word);

#endif
