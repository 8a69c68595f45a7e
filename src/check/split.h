/* How a query over several sources is taken apart. Private to check/. */
#ifndef CHECK_SPLIT_H
#define CHECK_SPLIT_H

#include "check/attribute.h"
#include "check/context.h"

/** A table of the query, and the sources that have it. */
typedef struct split_table {
  sql_from *from;
  uint64_t sources; /* a bit for each */
  bool qualified;   /* by its source's name */
} split_table;
typedef VEC(split_table) split_tables;

/** Fills out->parts, one query for each group of tables that one source can join, and out->rest,
 *  the conditions on which the groups meet. */
emend_rc split_query(sql_query *q, const split_tables *tables, const catalog *const *cats, size_t n,
                     check_attribution *out, arena *a, emend_error *err);

#endif
