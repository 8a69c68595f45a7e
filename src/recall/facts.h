/* What a confirmed query does, read from its tree: the values written in it, the
 * names that it uses and for what, and its operations. Needs no schema.
 * Private to this folder. */
#ifndef RECALL_FACTS_H
#define RECALL_FACTS_H

#include "sql/sql.h"

typedef enum literal_kind { LITERAL_NUMBER, LITERAL_TEXT, LITERAL_LIMIT } literal_kind;

/** A value written in the SQL. */
typedef struct recall_literal {
  uint32_t from, to; /* bytes of the SQL, quotes included */
  uint8_t kind;
  uint8_t cmp;                /* sql_op of the comparison; SQL_OP_NONE elsewhere */
  bool counted;               /* compared with count(…) */
  bool any_before, any_after; /* LIKE '%…', LIKE '…%' */
  double number;              /* also of text that is a number */
  bool numeric;
  str text;   /* decoded, without its % */
  str column; /* what it is compared with; empty when that is no column */
} recall_literal;

enum {
  ROLE_TABLE = 1 << 0,
  ROLE_PROJECT = 1 << 1,   /* in the select list, plain */
  ROLE_AGGREGATE = 1 << 2, /* in the select list, inside an aggregate */
  ROLE_WHERE = 1 << 3,
  ROLE_GROUP = 1 << 4,
  ROLE_ORDER = 1 << 5
};

/** A table or column that the query names; key columns of joins are left out. */
typedef struct recall_element {
  str name;
  uint16_t roles;
  uint16_t first, n; /* its words in recall_facts.stems */
} recall_element;

typedef struct recall_facts {
  recall_literal *literals;
  recall_element *elements;
  uint64_t *stems;
  uint16_t n_literals, n_elements, n_stems;
  uint16_t n_items; /* of the select list */
  bool star;        /* SELECT * */
  bool distinct, count_distinct, group, having;
  bool count, sum, avg, max, min; /* anywhere */
  bool count_item;                /* count(…) in the select list */
  bool order, desc, limit;
  bool either; /* OR, IN (…), UNION */
  bool all;    /* INTERSECT, several conditions */
  bool not_;   /* NOT, <>, EXCEPT, NOT IN */
  bool like, between;
  uint64_t fingerprint; /* equal for queries that differ in their values alone */
} recall_facts;

/** Reads `sql` (one SELECT). False when it cannot be parsed or memory is exhausted.
 *  Owns: in `a`; texts point into `sql` or `a`. */
bool facts_read(str sql, sql_dialect_id dialect, arena *a, recall_facts *out);

#endif
