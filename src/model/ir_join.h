/* FROM, restored: which tables a query joins, on which columns, given those that it mentions.
 * One rule serves both directions: ir_write applies it, ir_read asks what it would do and states
 * only where the query differs. Internal to model/. */
#ifndef MODEL_IR_JOIN_H
#define MODEL_IR_JOIN_H

#include "catalog/catalog.h"

/** A table or column of a FROM: twice its catalog id, plus 1 for the second instance. */
typedef int ir_ref;
static inline ir_ref ir_ref_make(int id, bool second) { return id * 2 + (second ? 1 : 0); }
static inline int ir_ref_id(ir_ref r) { return r / 2; }
static inline bool ir_ref_second(ir_ref r) { return r % 2 != 0; }
/** The table instance that a column instance belongs to. */
ir_ref ir_ref_table(const catalog *cat, ir_ref column);

typedef struct ir_edge {
  ir_ref from, to; /* columns that are equal */
  bool inferred;   /* nobody declared it */
} ir_edge;
typedef VEC(ir_edge) ir_edges;
typedef VEC(ir_ref) ir_refs;

typedef struct ir_join {
  ir_refs tables; /* in the order to write them: each joins one before it where it can */
  ir_edges edges;
  int n_cross; /* tables that no edge connects to those before them */
} ir_join;

/** Appends unless it is there; false when out of memory. */
bool ir_refs_add(arena *a, ir_refs *set, ir_ref r);
bool ir_refs_has(const ir_refs *set, ir_ref r);

/**
 * Connect `mentioned` tables. `forced` edges hold, and bring their tables; what they leave
 * unconnected is joined by the cheapest foreign keys, which may pass through a few further tables;
 * a second instance takes a key that the first has left; then columns that are named like a key of
 * both tables; and at last nothing (n_cross).
 *
 * Owns:    *out lives in `a`.
 * Returns: false when out of memory.
 */
bool ir_join_make(const catalog *cat, const ir_refs *mentioned, const ir_edges *forced, arena *a,
                  ir_join *out);

/** The key that starts at `column` (the first declared one of a single column, else the first of
 *  several), from that instance to the first instance of the table it refers to. NULL: none. */
const cat_fkey *ir_join_key(const catalog *cat, ir_ref column);

/** True when the edges make the same columns equal, directly or through others. */
bool ir_edges_same(const ir_edges *x, const ir_edges *y);
/** True when `edges` make the columns of `e` equal. */
bool ir_edges_imply(const ir_edges *edges, ir_edge e);

#endif
