/* A shop with a state beside it, for tests of learning. */
#ifndef SUPPORT_LEARNING_H
#define SUPPORT_LEARNING_H

#include "learn/pairs.h"
#include "store/learning.h"
#include "support/database.h"

static const char LEARNING_SHOP[] =
    "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
    "CREATE TABLE \"order line\" (line_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES"
    "  customer(customer_id), ordered_on DATE, amount REAL, state TEXT, note TEXT);"
    "INSERT INTO customer VALUES (1,'O''Hara','Oslo'),(2,'Berg','Rome'),(3,'Cole','Rome'),"
    "  (4,'Dahl','Rome'),(5,'Eco','Oslo');"
    "INSERT INTO \"order line\" VALUES (1,1,'2024-01-01',5.5,'open','a'),"
    "  (2,1,'2024-02-01',7,'open','b'),(3,2,'2025-01-01',9,'done','c'),"
    "  (4,2,'2025-01-02',9,'done','d'),(5,3,'2025-01-03',1,'done','e');";

typedef struct learning_shop {
  database d;
  source *db;
  catalog *cat;
  store *state;
  learn_about about;
} learning_shop;

static inline bool learning_open(learning_shop *x) {
  emend_error err;
  *x = (learning_shop){0};
  if (!database_create(&x->d, LEARNING_SHOP) || source_open(x->d.path, &x->db, &err) ||
      catalog_load(x->db, STR("shop"), NULL, &x->cat, &err))
    return false;
  x->about = (learn_about){.name = "shop", .cat = x->cat, .db = x->db};
  return store_open(folder_path(x->d.a, x->d.dir, "state.sqlite"), &x->state, &err) == EMEND_OK;
}

static inline void learning_close(learning_shop *x) {
  char command[4200];
  store_close(x->state);
  if (x->db) source_close(x->db);
  catalog_unref(x->cat);
  snprintf(command, sizeof command, "rm -rf '%s'", x->d.dir);
  if (x->d.dir && system(command)) fprintf(stderr, "%s is left\n", x->d.dir);
  arena_destroy(x->d.a);
}

static inline learn_pair learning_pair(learn_origin origin, const char *id, const char *question,
                                       const char *sql) {
  return (learn_pair){.origin = origin,
                      .parent = str_from(id),
                      .question = str_from(question),
                      .sql = str_from(sql),
                      .by = STR("ann"),
                      .at = str_from(id)};
}

#endif
