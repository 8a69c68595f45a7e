/* How each dialect resolves names. From the engines' manuals; SQLite's from its resolver. */
#include "check/context.h"

static const check_rules rules[SQL_N_DIALECTS] = {
    [SQL_SQLITE] = {.alias_in_where = true,
                    .alias_in_group = true,
                    .alias_in_having = true,
                    .alias_in_order_expr = true,
                    .on_sees_all = true,
                    .dq_string = true,
                    .rowid = true,
                    .cte_forward = true,
                    .cte_self = true,
                    .schema = "main"},
    [SQL_POSTGRES] = {.alias_in_group = true,
                      .whole_row = true,
                      .derived_columns = true,
                      .schema = "public"},
    [SQL_MYSQL] = {.alias_in_group = true,
                   .alias_in_having = true,
                   .alias_in_order_expr = true,
                   .derived_columns = true},
    [SQL_MARIADB] = {.alias_in_group = true,
                     .alias_in_having = true,
                     .alias_in_order_expr = true,
                     .derived_columns = true},
    [SQL_TSQL] = {.cte_self = true, .derived_columns = true, .schema = "dbo"},
    [SQL_ORACLE] = {.rowid = true, .cte_self = true},
    [SQL_DUCKDB] = {.alias_in_where = true,
                    .alias_in_group = true,
                    .alias_in_having = true,
                    .alias_in_order_expr = true,
                    .alias_in_select = true,
                    .rowid = true,
                    .whole_row = true,
                    .derived_columns = true,
                    .schema = "main"},
    [SQL_CLICKHOUSE] = {.alias_in_where = true,
                        .alias_in_group = true,
                        .alias_in_having = true,
                        .alias_in_order_expr = true,
                        .alias_in_select = true,
                        .schema = "default"},
    [SQL_TRINO] = {.derived_columns = true},
};

const check_rules *check_rules_of(sql_dialect_id d) {
  return &rules[d >= 0 && d < SQL_N_DIALECTS ? d : SQL_SQLITE];
}
