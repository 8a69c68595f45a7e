/* What a SQLite database holds: tables, views, columns, keys, indexes, row counts.
 * Leaves out SQLite's own tables, shadow tables, and views that no longer work. */
#include <string.h>

#include "source/sqlite_driver.h"

enum { SMALL_FILE = 256 << 20, FEW_ROWS = 100000 };

typedef struct describer {
  sqlite_source *d;
  arena *a;
  emend_error *err;
  bool small; /* counting every table is cheap */
  bool has_stats;
} describer;

/* A prepared query with up to one text parameter; NULL and *rc set when that fails. */
static sqlite3_stmt *query(describer *q, const char *sql, str param, int *rc) {
  sqlite3_stmt *st = NULL;
  *rc = sqlite3_prepare_v2(q->d->db, sql, -1, &st, NULL);
  if (*rc == SQLITE_OK && param.ptr)
    *rc = sqlite3_bind_text(st, 1, param.ptr, (int)param.len, SQLITE_STATIC);
  if (*rc == SQLITE_OK) return st;
  sqlite3_finalize(st);
  return NULL;
}

/* A copy in the arena; NULL columns give the empty text. */
static str text_of(describer *q, sqlite3_stmt *st, int column) {
  const char *text = (const char *)sqlite3_column_text(st, column);
  if (!text) return STR("");
  return arena_str(q->a, (str){text, (size_t)sqlite3_column_bytes(st, column)});
}

/* The end of a loop over rows: SQLITE_DONE becomes OK. */
static int finish(sqlite3_stmt *st, int rc) {
  sqlite3_finalize(st);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_columns(describer *q, source_table *t) {
  int rc;
  sqlite3_stmt *st = query(q,
                           "SELECT name, type, \"notnull\", dflt_value, pk, hidden"
                           " FROM pragma_table_xinfo(?1) ORDER BY cid",
                           t->name, &rc);
  while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
    source_column c = {.name = text_of(q, st, 0),
                       .type = text_of(q, st, 1),
                       .comment = STR(""),
                       .default_value = text_of(q, st, 3),
                       .not_null = sqlite3_column_int(st, 2) != 0,
                       .pk = sqlite3_column_int(st, 4),
                       .hidden = sqlite3_column_int(st, 5) == 1};
    if (!c.name.ptr || !vec_push(q->a, &t->columns, c)) rc = SQLITE_NOMEM;
    if (rc == SQLITE_NOMEM) break;
  }
  return st ? finish(st, rc) : rc;
}

/* SQLite lists keys newest first; ours come in the order of their declaration. */
static int read_fkeys(describer *q, source_table *t) {
  int rc, last = -1;
  sqlite3_stmt *st = query(q,
                           "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1)"
                           " ORDER BY id DESC, seq",
                           t->name, &rc);
  while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
    bool room = true;
    if (sqlite3_column_int(st, 0) != last) {
      source_fkey k = {.to_schema = STR(""), .to_table = text_of(q, st, 1)};
      room = k.to_table.ptr && vec_push(q->a, &t->fkeys, k);
    }
    last = sqlite3_column_int(st, 0);
    if (room) {
      source_fkey *k = &t->fkeys.items[t->fkeys.len - 1];
      str from = text_of(q, st, 2), to = text_of(q, st, 3);
      room = from.ptr && to.ptr && vec_push(q->a, &k->from_columns, from) &&
             (to.len == 0 || vec_push(q->a, &k->to_columns, to));
    }
    if (!room) {
      rc = SQLITE_NOMEM;
      break;
    }
  }
  return st ? finish(st, rc) : rc;
}

/* Indexes over expressions are left out; a partial one is not unique for the whole table. */
static int read_indexes(describer *q, source_table *t) {
  int rc;
  sqlite3_stmt *st =
      query(q,
            "SELECT l.seq, l.name, l.\"unique\" AND NOT l.partial, i.name, i.cid"
            " FROM pragma_index_list(?1) l, pragma_index_info(l.name) i"
            " WHERE NOT EXISTS (SELECT 1 FROM pragma_index_info(l.name) WHERE cid < 0)"
            " ORDER BY l.seq DESC, i.seqno",
            t->name, &rc);
  int last = -1;
  while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
    bool room = true;
    if (sqlite3_column_int(st, 0) != last) {
      source_index x = {.name = text_of(q, st, 1), .unique = sqlite3_column_int(st, 2) != 0};
      room = x.name.ptr && vec_push(q->a, &t->indexes, x);
    }
    last = sqlite3_column_int(st, 0);
    str column = text_of(q, st, 3);
    if (!room || !column.ptr ||
        !vec_push(q->a, &t->indexes.items[t->indexes.len - 1].columns, column)) {
      rc = SQLITE_NOMEM;
      break;
    }
  }
  return st ? finish(st, rc) : rc;
}

/* ---- row counts ---- */

/* The one integer of "SELECT … FROM <table>", -1 when it cannot be had. */
static int64_t count_with(describer *q, const char *select, str table) {
  int64_t n = -1;
  char *sql = sqlite3_mprintf("%s FROM main.\"%.*w\"", select, (int)table.len, table.ptr);
  if (!sql) return -1;
  int rc;
  sqlite3_stmt *st = query(q, sql, (str){0}, &rc);
  if (st && sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER)
    n = sqlite3_column_int64(st, 0);
  sqlite3_finalize(st);
  sqlite3_free(sql);
  return n;
}

/* What ANALYZE noted: the first number of any of the table's rows there. */
static int64_t count_by_stats(describer *q, str table) {
  int64_t n = -1;
  int rc;
  sqlite3_stmt *st =
      query(q, "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?1", table, &rc);
  if (st && sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER)
    n = sqlite3_column_int64(st, 0);
  sqlite3_finalize(st);
  return n;
}

/* Exact where counting is cheap, otherwise an estimate; -1 for views, which may take any time. */
static int64_t count_rows(describer *q, const source_table *t) {
  if (t->is_view) return -1;
  if (q->small) return count_with(q, "SELECT count(*)", t->name);
  int64_t top = count_with(q, "SELECT max(rowid)", t->name);
  if (top >= 0 && top < FEW_ROWS) return count_with(q, "SELECT count(*)", t->name);
  int64_t noted = q->has_stats ? count_by_stats(q, t->name) : -1;
  return noted >= 0 ? noted : top;
}

static int64_t one_integer(describer *q, const char *sql) {
  int rc;
  int64_t n = 0;
  sqlite3_stmt *st = query(q, sql, (str){0}, &rc);
  if (st && sqlite3_step(st) == SQLITE_ROW) n = sqlite3_column_int64(st, 0);
  sqlite3_finalize(st);
  return n;
}

/* ---- the schema ---- */

static emend_rc read_table(describer *q, source_table *t, bool *works) {
  int rc = read_columns(q, t);
  *works = rc != SQLITE_ERROR && t->columns.len > 0;
  if (rc == SQLITE_ERROR && !sqlite_canceled(q->d))
    return EMEND_OK; /* a view over nothing, a module that is not there */
  if (rc == SQLITE_OK && !t->is_view) rc = read_fkeys(q, t);
  if (rc == SQLITE_OK && !t->is_view) rc = read_indexes(q, t);
  if (rc != SQLITE_OK) return sqlite_fail(q->d, rc, q->err);
  t->row_count = count_rows(q, t);
  if (sqlite_canceled(q->d)) return err_set(q->err, EMEND_ECANCELED, "open", "canceled");
  return EMEND_OK;
}

static emend_rc read_names(describer *q, source_schema *all) {
  int rc;
  sqlite3_stmt *st =
      query(q,
            "SELECT name, type = 'view' FROM sqlite_schema"
            " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND name NOT IN (SELECT name FROM pragma_table_list"
            "                  WHERE schema = 'main' AND type = 'shadow')"
            " ORDER BY rowid",
            (str){0}, &rc);
  while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
    source_table t = {.schema = STR(""),
                      .name = text_of(q, st, 0),
                      .comment = STR(""),
                      .is_view = sqlite3_column_int(st, 1) != 0,
                      .row_count = -1};
    if (t.name.ptr && vec_push(q->a, &all->tables, t)) continue;
    rc = SQLITE_NOMEM;
    break;
  }
  if (st) rc = finish(st, rc);
  return rc == SQLITE_OK ? EMEND_OK : sqlite_fail(q->d, rc, q->err);
}

static emend_rc describe_open(describer *q, source_schema *out) {
  q->small =
      one_integer(q, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") <
      SMALL_FILE;
  q->has_stats =
      one_integer(q, "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'") > 0;
  emend_rc rc = read_names(q, out);
  size_t kept = 0;
  for (size_t i = 0; i < out->tables.len && !rc; i++) {
    bool works = false;
    rc = read_table(q, &out->tables.items[i], &works);
    if (works) out->tables.items[kept++] = out->tables.items[i];
  }
  out->tables.len = kept;
  if (!rc && arena_failed(q->a)) rc = err_nomem(q->err, "open");
  return rc;
}

emend_rc sqlite_describe(source *s, arena *a, source_schema *out, emend_error *err) {
  describer q = {.d = s->handle, .a = a, .err = err};
  sqlite_begin(q.d, NULL);
  emend_rc rc = EMEND_OK;
  for (int i = 0; i < SQLITE_TORN_RETRIES; i++) {
    *out = (source_schema){0};
    rc = sqlite_refresh(q.d, err);
    if (rc) break;
    atomic_store(&q.d->running, q.d->db);
    rc = describe_open(&q, out);
    if (!sqlite_is_torn(q.d)) break;
    rc = err_set(err, EMEND_EBUSY, "open", "%s changed while it was read: try again", q.d->path);
  }
  sqlite_end(q.d);
  return rc;
}

emend_rc sqlite_stamp(source *s, arena *a, str *out, emend_error *err) {
  describer q = {.d = s->handle, .a = a, .err = err};
  sqlite_begin(q.d, NULL);
  emend_rc rc = sqlite_refresh(q.d, err);
  if (!rc) {
    const file_stamp *file = &q.d->seen.files[0];
    if (!sqlite_knows_version(q.d)) q.d->version = one_integer(&q, "PRAGMA schema_version");
    char *text = arena_printf(a, "%llu:%llu:%lld", (unsigned long long)file->device,
                              (unsigned long long)file->inode, (long long)q.d->version);
    *out = str_from(text);
    if (!text) rc = err_nomem(err, "open");
  }
  sqlite_end(q.d);
  return rc;
}
