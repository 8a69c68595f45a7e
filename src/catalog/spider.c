/* Schemas without a database: Spider's tables.json (columns as [table, name] pairs) and
 * schema_dev.json of nl2sql-bugs (tables as objects). Both become what a source describes. */
#include <jansson.h>
#include <string.h>

#include "catalog/build.h"

typedef struct reader {
  arena *a;
  json_t *root;
  source_schema schema;
  bool out_of_memory, malformed;
} reader;

/* The text of a JSON string; anything else is malformed. */
static str text_in(reader *r, const json_t *value) {
  if (!json_is_string(value)) return r->malformed = true, STR("");
  str s = arena_str(r->a, (str){json_string_value(value), json_string_length(value)});
  if (!s.ptr) r->out_of_memory = true;
  return s;
}

/* ---- tables.json ---- */

/* The table of column `i`, or NULL for "*" and for what is out of range; *place is where in it. */
static source_table *column_table(reader *r, const json_t *columns, size_t i, size_t *place) {
  json_int_t table = json_integer_value(json_array_get(json_array_get(columns, i), 0));
  if (i >= json_array_size(columns) || table < 0 || (size_t)table >= r->schema.tables.len)
    return NULL;
  *place = 0;
  for (size_t k = 0; k < i; k++)
    *place += json_integer_value(json_array_get(json_array_get(columns, k), 0)) == table;
  return &r->schema.tables.items[table];
}

/* The name for people, as a comment where it says more than the name itself. */
static str human_name(reader *r, const json_t *human, str name) {
  if (!json_is_string(human)) return STR("");
  str s = text_in(r, human);
  for (size_t i = 0; i < s.len && s.len == name.len; i++) {
    bool same = ascii_lower(s.ptr[i]) == ascii_lower(name.ptr[i]) ||
                (s.ptr[i] == ' ' && name.ptr[i] == '_');
    if (!same) return s;
  }
  return s.len == name.len ? STR("") : s;
}

static void read_spider_columns(reader *r, const json_t *db) {
  const json_t *columns = json_object_get(db, "column_names_original");
  const json_t *human = json_object_get(db, "column_names");
  const json_t *types = json_object_get(db, "column_types");
  for (size_t i = 0; i < json_array_size(columns) && !r->out_of_memory; i++) {
    size_t place;
    source_table *t = column_table(r, columns, i, &place);
    if (!t) continue;
    str name = text_in(r, json_array_get(json_array_get(columns, i), 1));
    str type = text_in(r, json_array_get(types, i));
    if (str_eq(type, STR("time"))) type = STR("timestamp"); /* of dates and of times */
    source_column c = {.name = name,
                       .type = type,
                       .comment = human_name(r, json_array_get(json_array_get(human, i), 1), name)};
    if (!vec_push(r->a, &t->columns, c)) r->out_of_memory = true;
  }
}

/* One column's index, or (BIRD) a list of them. */
static void read_spider_key(reader *r, const json_t *columns, const json_t *key) {
  if (json_is_array(key)) {
    for (size_t i = 0; i < json_array_size(key); i++)
      if (json_is_integer(json_array_get(key, i)))
        read_spider_key(r, columns, json_array_get(key, i));
    return;
  }
  size_t place;
  int parts = 0;
  source_table *t = column_table(r, columns, (size_t)json_integer_value(key), &place);
  if (!t || place >= t->columns.len) return;
  for (size_t i = 0; i < t->columns.len; i++) parts += t->columns.items[i].pk > 0;
  t->columns.items[place].pk = parts + 1;
}

static void read_spider_fkey(reader *r, const json_t *columns, const json_t *pair) {
  size_t from, to;
  source_table *t =
      column_table(r, columns, (size_t)json_integer_value(json_array_get(pair, 0)), &from);
  const source_table *u =
      column_table(r, columns, (size_t)json_integer_value(json_array_get(pair, 1)), &to);
  if (!t || !u || from >= t->columns.len || to >= u->columns.len) return;
  source_fkey k = {.to_schema = STR(""), .to_table = u->name};
  if (!vec_push(r->a, &k.from_columns, t->columns.items[from].name) ||
      !vec_push(r->a, &k.to_columns, u->columns.items[to].name) || !vec_push(r->a, &t->fkeys, k))
    r->out_of_memory = true;
}

static void read_spider(reader *r, const json_t *db) {
  const json_t *tables = json_object_get(db, "table_names_original");
  const json_t *human = json_object_get(db, "table_names");
  const json_t *columns = json_object_get(db, "column_names_original");
  const json_t *keys = json_object_get(db, "primary_keys");
  const json_t *fkeys = json_object_get(db, "foreign_keys");
  if (!json_is_array(tables) || !json_is_array(columns)) r->malformed = true;
  for (size_t i = 0; i < json_array_size(tables) && !r->out_of_memory; i++) {
    source_table t = {.schema = STR(""), .row_count = -1};
    t.name = text_in(r, json_array_get(tables, i));
    t.comment = human_name(r, json_array_get(human, i), t.name);
    if (!vec_push(r->a, &r->schema.tables, t)) r->out_of_memory = true;
  }
  read_spider_columns(r, db);
  for (size_t i = 0; i < json_array_size(keys); i++)
    read_spider_key(r, columns, json_array_get(keys, i));
  for (size_t i = 0; i < json_array_size(fkeys); i++)
    read_spider_fkey(r, columns, json_array_get(fkeys, i));
}

/* ---- schema_dev.json ---- */

/* The "-- comment" behind the line of `ddl` that defines `column`, or the empty text. */
static str ddl_comment(reader *r, str ddl, str column) {
  for (size_t at = 0; at < ddl.len;) {
    size_t end = str_find(ddl, STR("\n"), at);
    if (end == SIZE_MAX) end = ddl.len;
    str line = str_trim(str_slice(ddl, at, end));
    at = end + 1;
    if (line.len && strchr("\"`[", line.ptr[0])) line = str_slice(line, 1, line.len);
    size_t dashes = str_find(line, STR("-- "), 0);
    bool named = str_starts_nocase(line, column) && line.len > column.len &&
                 strchr(" \"`]\t", line.ptr[column.len]);
    if (!named || dashes == SIZE_MAX) continue;
    line = str_trim(str_slice(line, dashes + 3, line.len));
    if (str_ends(line, STR(","))) line.len--;
    line = arena_str(r->a, line);
    if (!line.ptr) r->out_of_memory = true;
    return line;
  }
  return STR("");
}

static void read_bug_column(reader *r, const json_t *column, const json_t *ddl, source_table *t) {
  source_column c = {.name = text_in(r, json_object_get(column, "name")),
                     .type = text_in(r, json_object_get(column, "type")),
                     .not_null = json_is_true(json_object_get(column, "notnull")),
                     .comment = STR("")};
  if (json_is_string(ddl))
    c.comment = ddl_comment(r, (str){json_string_value(ddl), json_string_length(ddl)}, c.name);
  if (!vec_push(r->a, &t->columns, c)) r->out_of_memory = true;
}

static void read_bug_keys(reader *r, const json_t *table, source_table *t) {
  const json_t *keys = json_object_get(table, "primary_keys");
  const json_t *fkeys = json_object_get(table, "foreign_keys");
  for (size_t i = 0; i < json_array_size(keys); i++) {
    str name = text_in(r, json_array_get(keys, i));
    for (size_t k = 0; k < t->columns.len; k++)
      if (str_eq_nocase(t->columns.items[k].name, name)) t->columns.items[k].pk = (int)i + 1;
  }
  for (size_t i = 0; i < json_array_size(fkeys); i++) {
    const json_t *from = json_array_get(fkeys, i);
    const json_t *to_column = json_object_get(from, "to_column");
    source_fkey k = {.to_schema = STR(""),
                     .to_table = text_in(r, json_object_get(from, "to_table"))};
    bool room = vec_push(r->a, &k.from_columns, text_in(r, json_object_get(from, "from")));
    if (json_is_string(to_column))
      room = room && vec_push(r->a, &k.to_columns, text_in(r, to_column));
    if (!room || !vec_push(r->a, &t->fkeys, k)) r->out_of_memory = true;
  }
}

static void read_bugs(reader *r, const json_t *db) {
  json_t *tables = json_object_get(db, "tables"), *table;
  const char *name;
  if (!json_is_object(tables)) r->malformed = true;
  json_object_foreach(tables, name, table) {
    const json_t *columns = json_object_get(table, "columns");
    const json_t *ddl = json_object_get(table, "enhanced_ddl");
    source_table t = {.schema = STR(""), .comment = STR(""), .row_count = -1};
    t.name = text_in(r, json_object_get(table, "name"));
    for (size_t i = 0; i < json_array_size(columns) && !r->out_of_memory; i++)
      read_bug_column(r, json_array_get(columns, i), ddl, &t);
    read_bug_keys(r, table, &t);
    if (!vec_push(r->a, &r->schema.tables, t)) r->out_of_memory = true;
    if (r->out_of_memory) return;
  }
}

/* ---- the file ---- */

/* The database `db_id` of either form, or NULL. */
static const json_t *find_database(const json_t *root, str db_id) {
  if (json_is_object(root)) return json_object_getn(root, db_id.ptr, db_id.len);
  for (size_t i = 0; i < json_array_size(root); i++) {
    const json_t *db = json_array_get(root, i);
    const char *id = json_string_value(json_object_get(db, "db_id"));
    if (id && str_eq(str_from(id), db_id)) return db;
  }
  return NULL;
}

/* "no database x in FILE; there are a, b …", naming the first few. */
static emend_rc not_found(const reader *r, const char *path, str db_id, emend_error *err) {
  enum { NAMED = 8 };
  buf names;
  buf_init(&names, 1 << 10);
  size_t n = 0, i;
  const char *id;
  json_t *db;
  json_object_foreach(r->root, id, db) {
    if (n++ < NAMED) buf_printf(&names, "%s%s", n > 1 ? ", " : "", id);
  }
  json_array_foreach(r->root, i, db) {
    id = json_string_value(json_object_get(db, "db_id"));
    if (id && n++ < NAMED) buf_printf(&names, "%s%s", n > 1 ? ", " : "", id);
  }
  emend_rc rc =
      err_set(err, EMEND_ENOTFOUND, "open", "no database \"%.*s\" in %s; there are: %s%s",
              STR_ARG(db_id), path, names.ptr ? names.ptr : "none", n > NAMED ? " …" : "");
  buf_free(&names);
  return rc;
}

static emend_rc read_database(reader *r, const char *path, str db_id, emend_error *err) {
  const json_t *db = find_database(r->root, db_id);
  if (!db) return not_found(r, path, db_id, err);
  if (json_object_get(db, "tables"))
    read_bugs(r, db);
  else
    read_spider(r, db);
  if (r->out_of_memory) return err_nomem(err, "open");
  if (!r->malformed) return EMEND_OK;
  return err_set(err, EMEND_EFORMAT, "open",
                 "%s is neither Spider's tables.json nor a schema_dev.json", path);
}

static emend_rc build(reader *r, str db_id, catalog **out, emend_error *err) {
  catalog *c = catalog_create();
  if (!c) return err_nomem(err, "open");
  c->dialect = SQL_SQLITE;
  c->source_name = arena_str(c->mem, db_id);
  emend_rc rc = EMEND_OK;
  if (!c->source_name.ptr || !catalog_fill(c, &r->schema, NULL) || !catalog_seal(c))
    rc = err_nomem(err, "open");
  if (!rc) rc = catalog_infer_keys(c, NULL, 0, err);
  if (rc)
    catalog_unref(c);
  else
    *out = c;
  return rc;
}

emend_rc catalog_from_json(const char *path, str db_id, catalog **out, emend_error *err) {
  json_error_t fault;
  reader r = {.a = arena_create((size_t)256 << 20)};
  *out = NULL;
  if (!r.a) return err_nomem(err, "open");
  r.root = json_load_file(path, 0, &fault);
  emend_rc rc;
  if (r.root)
    rc = read_database(&r, path, db_id, err);
  else if (json_error_code(&fault) == json_error_cannot_open_file)
    rc = err_set(err, EMEND_EIO, "open", "%s", fault.text);
  else
    rc = err_set(err, EMEND_EFORMAT, "open", "%s, line %d: %s", path, fault.line, fault.text);
  if (!rc) rc = build(&r, db_id, out, err);
  json_decref(r.root);
  arena_destroy(r.a);
  return rc;
}
