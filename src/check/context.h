/* What the parts of check/ share while one query is looked at: the catalog, the dialect's rules,
 * the scopes that binding builds, and where diagnostics go. Not for other folders. */
#ifndef CHECK_CONTEXT_H
#define CHECK_CONTEXT_H

#include "check/check.h"

/** How a dialect resolves names; one row of the table in rules.c. */
typedef struct check_rules {
  bool alias_in_where, alias_in_group, alias_in_having, alias_in_order_expr, alias_in_select;
  bool on_sees_all;      /* ON may name tables that are joined further right */
  bool dq_string;        /* "word" that names nothing is text */
  bool rowid;            /* every table has rowid, oid, _rowid_ */
  bool cte_forward;      /* a WITH query may name a later one */
  bool cte_self;         /* … and itself, without RECURSIVE */
  bool whole_row;        /* a table's name alone is its row */
  bool order_sees_outer; /* GROUP BY and ORDER BY may name columns of outer queries */
  bool derived_columns;  /* (SELECT …) AS t (a, b) */
  const char *schema;    /* the schema that names need not mention, or NULL */
} check_rules;

const check_rules *check_rules_of(sql_dialect_id d);

/** One column of what a query gives. */
typedef struct check_output {
  str name;
  sql_item *item; /* NULL: it came out of a star, and `bound` says which column it is */
  sql_expr *expr; /* of the item, or of a VALUES row */
  sql_binding bound;
} check_output;
typedef VEC(check_output) check_outputs;

/** USING or NATURAL merges columns of an item with those of the items [left, right). */
typedef struct scope_merge {
  const sql_from *join;
  size_t left, right;
  struct scope_merge *next;
} scope_merge;

/** One table, derived table, CTE or call of a FROM. */
typedef struct scope_item {
  sql_from *from;
  str name;                     /* what its columns are qualified with; empty: nothing */
  const cat_table *table;       /* of the catalog, or NULL */
  const check_outputs *outputs; /* of a derived table or CTE, or NULL */
  bool open;                    /* its columns are not known: any name may be one */
  bool unknown;                 /* open, because there is no such table */
  scope_merge *merges;
  sql_exprs wanted; /* what was asked of an unknown table */
} scope_item;

/** The names that one SELECT sees; kept in sql_query.scope for the checks that follow. */
typedef struct check_scope {
  struct check_scope *outer;
  struct check_scope *beside; /* the FROM that a derived table stands in, and does not see */
  sql_query *query;
  VEC(scope_item) items;
  size_t lo, hi;     /* items visible to the clause being bound */
  bool aliases;      /* select aliases visible to it */
  bool conditions;   /* the clause being bound is ON, WHERE or GROUP BY */
  bool in_condition; /* it stands in such a clause of the query around it */
  bool under_exists; /* what it selects does not matter */
  bool closed;       /* … and the scopes further out are not */
  bool bound;        /* all its clauses are bound */
  bool outputs_done, outputs_open;
  bool aggregate; /* has GROUP BY or an aggregate of its own (set by calls.c) */
  check_outputs outputs;
} check_scope;

/** The scope to ask next. */
static inline check_scope *scope_outward(const check_scope *s) {
  return s->closed ? NULL : s->outer;
}

/** The WITH queries in sight. */
typedef struct cte_entry {
  sql_cte *cte;
  enum { CTE_NEW, CTE_BINDING, CTE_DONE } state;
  bool open, used;
  check_outputs outputs;
} cte_entry;
typedef struct cte_frame {
  struct cte_frame *outer;
  check_scope *scope; /* around the query that has the WITH */
  sql_query *query;
  cte_entry *entries;
  size_t n, visible;
} cte_frame;

typedef struct check_ctx {
  const catalog *cat; /* NULL: any table may be there */
  sql_dialect_id dialect;
  const check_rules *rules;
  arena *a;
  diag_list *diags;         /* NULL: keep quiet */
  check_scope *scope;       /* of what is being bound */
  bool trial;               /* binding to see whether it can be done: leave what cannot alone */
  const sql_expr *equality; /* x = y of two columns, one of which is being bound */
  bool idle;                /* what is being bound is never run: a WITH query that nothing names */
  cte_frame *ctes;
  check_scope *beside; /* for the next scope made: see check_scope */
  int depth;
  bool failed;   /* memory ran out, or nesting went too deep */
  uint64_t work; /* comparisons made so far, see check_spend */
  str sql;       /* the text, for suggestions that repeat part of it */
  const check_options *options;
  bool unsafe;          /* something in it may not run */
  VEC(sql_span) unused; /* WITH queries that nothing names */
  bool broken;          /* has errors: what it means is not worth asking */
} check_ctx;

/* ---- diagnostics (diag.c) ---- */

typedef enum check_code {
#define CODE(id, code, severity, weight, mend, group, message, hint) CHECK_##id,
#include "check/codes.def"
#undef CODE
  CHECK_N_CODES
} check_code;

typedef struct check_code_info {
  const char *code;
  diag_severity severity;
  double weight, mend;
  const char *group, *message, *hint;
} check_code_info;

const check_code_info *check_code_of(check_code c);
/** The row of a diagnostic that diag_add made. */
const check_code_info *check_code_named(const char *code);

/** Counts `n` more comparisons; false, and the check has failed, when they are too many: what takes
 *  long by design is refused (EMEND_ELIMIT), not sat out. */
bool check_spend(check_ctx *c, size_t n);

/** Will another diagnostic be kept? Ask before working one out. */
bool diag_wanted(const check_ctx *c);

#define NO_STR ((str){NULL, 0})
/** Appends; {0} {1} {2} of the code's message become a0, a1, a2. NULL when quiet or out of memory.
 */
diag *diag_add(check_ctx *c, check_code code, sql_span span, str a0, str a1, str a2);
void diag_suggest(check_ctx *c, diag *d, str text, sql_span span, str why, double score);
/** Stable, by where they start. */
void diag_sort(diag_list *l);

/* ---- scopes and binding (bind.c, resolve.c) ---- */

/** The column of `item` called `name`: a catalog id or an output's ordinal; -1 without. */
int scope_find(const check_ctx *c, const scope_item *item, str name);
/** True when USING or NATURAL makes `name` of `item` one with a column further left. */
bool scope_is_merged(const check_ctx *c, const check_scope *s, const scope_item *item, str name);
/** Name of column `i` of the item's columns; {NULL,0} past the last or when they are not known. */
str scope_column_name(const check_ctx *c, const scope_item *item, size_t i, sql_binding *bound);
/** What `q` gives, stars spelt out; *open when part of it is not known. NULL when out of memory. */
const check_outputs *scope_outputs(check_ctx *c, sql_query *q, bool *open);
/** Binds the column reference `e`, which stands in the clause of c->scope now bound. */
void scope_resolve(check_ctx *c, sql_expr *e);
/** The item that `name` qualifies by, from c->scope outwards; NULL without. */
scope_item *scope_item_named(check_ctx *c, const sql_name *schema, const sql_name *name,
                             int *depth);

/** Does `item` answer to the qualifier, with its schema where one is written? */
bool scope_answers(const check_ctx *c, const scope_item *item, const sql_name *schema,
                   const sql_name *name);
/** The select item of `s` with that alias, or NULL. */
sql_item *scope_alias(const check_scope *s, str name);
/** EMEND_OK, or why the check could not be carried through. */
emend_rc check_failure(const check_ctx *c, emend_error *err);
/** check_bind over a context that the caller has filled in; diagnostics come unsorted. */
emend_rc check_bind_with(check_ctx *c, sql_query *q, emend_error *err);

/** Do two bound expressions mean the same, whatever aliases they were written with? */
bool check_same_expr(const sql_expr *x, const sql_expr *y);
bool check_same_column(const sql_expr *e, const sql_binding *b);

/* ---- checks of a bound query, one SELECT, VALUES or compound at a time ---- */

void safety_check(check_ctx *c, const sql_parsed *p); /* the text as a whole */
/** Looks through text that the parser did not understand: calls off the list, writes, `;`. */
void safety_scan(check_ctx *c, sql_span span);
void calls_check(check_ctx *c, sql_query *q);    /* functions, aggregates, windows */
void shape_check(check_ctx *c, sql_query *q);    /* how many columns where */
void dialects_check(check_ctx *c, sql_query *q); /* of the whole tree: case, names */
void shape_check_expr(check_ctx *c, const sql_expr *e);

/* ---- naming faults (names.c) ---- */

void names_unknown_column(check_ctx *c, sql_expr *e);
void names_ambiguous(check_ctx *c, sql_expr *e, const scope_item *x, const scope_item *y);
void names_unknown_tables(check_ctx *c, check_scope *s);
void names_dq_string(check_ctx *c, sql_expr *e);
/** Two tables of one FROM under one name. */
void names_repeated(check_ctx *c, const check_scope *s);
void names_unused_cte(check_ctx *c, const sql_cte *cte);
/** Two WITH queries of one name. */
void names_repeated_ctes(check_ctx *c, const sql_query *q);
/** ON of an outer join that names what is joined further right than item `hi`. */
void names_on_right(check_ctx *c, const check_scope *s, sql_expr *on, size_t hi);
void names_circular(check_ctx *c, const sql_cte *cte);
/** DuckDB reads FROM 'x.csv', and FROM "x.csv" where no table is so called, as a file. */
void names_file(check_ctx *c, const sql_from *f);
/** `t.*` whose t is nothing here. */
void names_star(check_ctx *c, sql_expr *e);
/** USING names that one side of the join has not. */
void names_using(check_ctx *c, check_scope *s, const sql_from *join, size_t lo, size_t mid,
                 size_t hi);
/** The ORDER BY term `e`, the `i`th from 0, that no arm of a compound gives. */
void names_compound_order(check_ctx *c, sql_expr *e, size_t i);

#endif
