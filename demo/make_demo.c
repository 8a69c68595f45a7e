/* make_demo FILE: writes the demo database, a small outdoor shop from 2023 to 2025.
 * The same seed gives the same rows everywhere; nothing is read from anywhere. */
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "demo_schema.h"

enum {
  N_STORES = 6,
  N_EMPLOYEES = 34,
  N_PRODUCTS = 180,
  N_CUSTOMERS = 1600,
  N_ORDERS = 9400,
  N_REVIEWS = 3200,
  DAY = 86400,
};
/* 2023-01-01 and 2026-01-01 in seconds since 1970: the three years that the rows fill. */
static const int64_t FIRST = 1672531200, LAST = 1767225600;

typedef struct product {
  double price;
  int64_t introduced;
  bool discontinued;
} product;

typedef struct customer {
  int place;
  int64_t created;
} customer;

typedef struct demo {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  rng dice;
  product products[N_PRODUCTS + 1]; /* by id */
  customer customers[N_CUSTOMERS + 1];
  bool failed; /* the first fault was printed; nothing more is written */
} demo;

/* ---- writing rows ---- */

static void check(demo *d, int rc) {
  if (d->failed || rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW) return;
  fprintf(stderr, "make_demo: %s\n", sqlite3_errmsg(d->db));
  d->failed = true;
}

static void run(demo *d, const char *sql) {
  if (!d->failed) check(d, sqlite3_exec(d->db, sql, NULL, NULL, NULL));
}

static void prepare(demo *d, const char *sql) {
  sqlite3_finalize(d->stmt);
  d->stmt = NULL;
  if (!d->failed) check(d, sqlite3_prepare_v2(d->db, sql, -1, &d->stmt, NULL));
}

/* "2023-04-05 06:07:08", or its first ten characters. */
static void format_time(int64_t seconds, bool day_only, char out[32]) {
  clock_iso(seconds, out);
  out[10] = day_only ? '\0' : ' ';
  if (!day_only) out[19] = '\0';
}

/* Writes one row. A letter of `kinds` a column: i int64_t; k a key, d a day, s a second (int64_t,
 * 0 is NULL); r double, R the same with 0 as NULL; t text (NULL is NULL). */
static void put(demo *d, const char *kinds, ...) {
  if (d->failed) return;
  va_list ap;
  va_start(ap, kinds);
  for (int i = 1; kinds[i - 1]; i++) {
    char kind = kinds[i - 1], when[32];
    if (kind == 'r' || kind == 'R') {
      double x = va_arg(ap, double);
      if (kind == 'r' || x > 0)
        sqlite3_bind_double(d->stmt, i, x);
      else
        sqlite3_bind_null(d->stmt, i);
    } else if (kind == 't') {
      sqlite3_bind_text(d->stmt, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
    } else {
      int64_t n = va_arg(ap, int64_t);
      if (n == 0 && kind != 'i') {
        sqlite3_bind_null(d->stmt, i);
      } else if (kind == 'd' || kind == 's') {
        format_time(n, kind == 'd', when);
        sqlite3_bind_text(d->stmt, i, when, -1, SQLITE_TRANSIENT);
      } else {
        sqlite3_bind_int64(d->stmt, i, n);
      }
    }
  }
  va_end(ap);
  check(d, sqlite3_step(d->stmt));
  check(d, sqlite3_reset(d->stmt));
}

/* ---- dice ---- */

static int64_t between(demo *d, int64_t low, int64_t high) {
  return low + (int64_t)rng_below(&d->dice, (uint32_t)(high - low + 1));
}

static bool chance(demo *d, double p) { return rng_unit(&d->dice) < p; }

/* In [0, n), small numbers far more often: some customers and products are favourites. */
static int64_t favourite(demo *d, int64_t n) {
  double u = rng_unit(&d->dice);
  return (int64_t)(u * u * (double)n);
}

static const char *pick(demo *d, const char *const *list, size_t n) {
  return list[rng_below(&d->dice, (uint32_t)n)];
}

static double cents(double x) { return round(x * 100.0) / 100.0; }

static void person_name(demo *d, char out[64]) {
  const char *last = pick(d, demo_last_names, demo_n_last_names);
  snprintf(out, 64, "%s %s", pick(d, demo_first_names, demo_n_first_names), last);
}

/* ---- the tables, in the order of their keys ---- */

/* Stores stand in every second of the places. */
static const demo_place *store_place(int64_t store) { return &demo_places[(store - 1) * 2]; }

static void make_stores(demo *d) {
  prepare(d, "INSERT INTO stores VALUES (?,?,?,?,?)");
  for (int64_t id = 1; id <= N_STORES; id++) {
    const demo_place *p = store_place(id);
    char name[64];
    snprintf(name, sizeof name, "Fellside %s", p->city);
    put(d, "itttd", id, name, p->city, p->country, FIRST - between(d, 200, 3000) * DAY);
  }
}

static void make_employees(demo *d) {
  static const char *const jobs[][2] = {
      {"Sales Associate", "Retail"},    {"Senior Associate", "Retail"}, {"Bike Mechanic", "Retail"},
      {"Warehouse Clerk", "Logistics"}, {"Support Agent", "Support"},   {"Buyer", "Purchasing"},
  };
  prepare(d, "INSERT INTO employees VALUES (?,?,?,?,?,?,?,?,?)");
  for (int64_t id = 1; id <= N_EMPLOYEES; id++) {
    char name[64];
    person_name(d, name);
    const char *const *job = jobs[rng_below(&d->dice, COUNT(jobs))];
    const char *title = job[0], *department = job[1];
    int64_t store = 1 + id % N_STORES, manager = 1 + store;
    int64_t hired = FIRST + between(d, -1500, 800) * DAY, left = 0;
    int64_t salary = between(d, 31, 56) * 1000;
    if (id == 1) { /* the head of the house */
      title = "Managing Director", department = "Management";
      store = manager = 0, hired = FIRST - 3000 * DAY, salary = 142000;
    } else if (id <= 1 + N_STORES) { /* one manager a store, ids 2 to 7 */
      title = "Store Manager", department = "Retail";
      store = id - 1, manager = 1, hired = FIRST - between(d, 300, 2500) * DAY;
      salary = between(d, 58, 74) * 1000;
    } else {
      if (chance(d, 0.2)) left = hired + between(d, 90, 290) * DAY;
      if (strcmp(department, "Retail") != 0) store = 0;
    }
    put(d, "itttkkddi", id, name, title, department, store, manager, hired, left, salary);
  }
}

static void make_suppliers(demo *d) {
  static const char *const countries[] = {"Portugal", "Vietnam", "Germany", "Canada", "Italy"};
  prepare(d, "INSERT INTO suppliers VALUES (?,?,?,?)");
  for (size_t i = 0; i < demo_n_suppliers; i++) {
    const char *country = pick(d, countries, COUNT(countries));
    double rating = (double)between(d, 28, 50) / 10;
    put(d, "ittr", (int64_t)i + 1, demo_suppliers[i], country, rating);
  }
  run(d, "UPDATE suppliers SET rating = NULL WHERE id % 5 = 4"); /* not rated yet */
}

static void make_categories(demo *d) {
  prepare(d, "INSERT INTO categories VALUES (?,?,?)");
  for (size_t i = 0; i < demo_n_kinds; i++) {
    int64_t parent = 0;
    for (size_t j = 0; demo_kinds[i].parent && j < i; j++)
      if (strcmp(demo_kinds[j].category, demo_kinds[i].parent) == 0) parent = (int64_t)j + 1;
    put(d, "itk", (int64_t)i + 1, demo_kinds[i].category, parent);
  }
}

/* A name is a model and a noun, and no two products share both. */
static void make_products(demo *d) {
  size_t first = 0;
  while (!demo_kinds[first].parent) first++; /* main categories hold no products */
  size_t n_kinds = demo_n_kinds - first;
  prepare(d, "INSERT INTO products VALUES (?,?,?,?,?,?,?,?,?)");
  for (int64_t id = 1; id <= N_PRODUCTS; id++) {
    size_t turn = (size_t)(id - 1) / n_kinds, kind = first + (size_t)(id - 1) % n_kinds;
    const demo_kind *k = &demo_kinds[kind];
    const char *model = demo_models[(turn * 7 + kind * 3) % demo_n_models];
    char name[64];
    snprintf(name, sizeof name, "%s %s", model, k->nouns[turn % COUNT(k->nouns)]);
    product *p = &d->products[id];
    p->price = floor(k->price * (0.6 + 0.9 * rng_unit(&d->dice))) + 0.95;
    p->introduced =
        chance(d, 0.6) ? FIRST - between(d, 30, 900) * DAY : FIRST + between(d, 0, 900) * DAY;
    p->discontinued = chance(d, 0.14);
    double cost = cents(p->price * (0.45 + 0.2 * rng_unit(&d->dice)));
    double weight = cents(k->weight_kg * (0.7 + 0.7 * rng_unit(&d->dice)));
    int64_t supplier = 1 + between(d, 0, (int64_t)demo_n_suppliers - 1);
    put(d, "itiirrrtd", id, name, (int64_t)kind + 1, supplier, p->price, cost, weight,
        p->discontinued ? "discontinued" : "active", p->introduced);
  }
  run(d, "UPDATE products SET weight_kg = NULL WHERE id % 17 = 3"); /* never weighed */
}

static void make_tags(demo *d) {
  prepare(d, "INSERT INTO tags VALUES (?,?)");
  for (size_t i = 0; i < demo_n_tags; i++) put(d, "it", (int64_t)i + 1, demo_tags[i]);
  prepare(d, "INSERT OR IGNORE INTO product_tags VALUES (?,?)");
  for (int64_t id = 1; id <= N_PRODUCTS; id++)
    for (int64_t n = between(d, 0, 4); n > 0; n--)
      put(d, "ii", id, 1 + between(d, 0, (int64_t)demo_n_tags - 1));
}

/* Two a year: SPRING23, WINTER23, SPRING24, … */
static void make_promotions(demo *d) {
  prepare(d, "INSERT INTO promotions VALUES (?,?,?,?,?)");
  for (int i = 0; i < 6; i++) {
    char code[24], text[64];
    const char *season = i % 2 ? "WINTER" : "SPRING";
    snprintf(code, sizeof code, "%s%d", season, 23 + i / 2);
    snprintf(text, sizeof text, "%s sale %d", i % 2 ? "Winter" : "Spring", 2023 + i / 2);
    int64_t starts = FIRST + (int64_t)(365 * (i / 2) + (i % 2 ? 320 : 75)) * DAY;
    put(d, "ttidd", code, text, (int64_t)(i % 2 ? 20 : 15), starts, starts + 21 * DAY);
  }
}

static void make_customers(demo *d) {
  static const char *const segments[] = {"Private", "Private", "Private", "Club", "Business"};
  prepare(d, "INSERT INTO customers VALUES (?,?,?,?,?,?,?,?,?,?)");
  int64_t step = (LAST - FIRST - 30 * DAY) / N_CUSTOMERS;
  for (int64_t id = 1; id <= N_CUSTOMERS; id++) {
    char name[64], email[64], phone[32];
    person_name(d, name);
    snprintf(email, sizeof email, "customer%d@mail.example", (int)id);
    snprintf(phone, sizeof phone, "555-%04d", (int)between(d, 0, 9999));
    customer *c = &d->customers[id];
    c->place = (int)favourite(d, (int64_t)demo_n_places);
    c->created = id <= N_CUSTOMERS / 4 ? FIRST - between(d, 1, 700 * (int64_t)DAY)
                                       : FIRST + (id - 1) * step + between(d, 0, DAY);
    const demo_place *p = &demo_places[c->place];
    int64_t referrer = id > 50 && chance(d, 0.12) ? between(d, 1, id - 1) : 0;
    int64_t newsletter = chance(d, 0.4);
    const char *segment = pick(d, segments, COUNT(segments));
    const char *phoned = chance(d, 0.55) ? phone : NULL, *mailed = chance(d, 0.93) ? email : NULL;
    put(d, "ittttttiks", id, name, mailed, phoned, p->city, p->country, segment, newsletter,
        referrer, c->created);
  }
}

/* ---- orders, and what hangs on them ---- */

typedef struct order {
  int64_t id, customer, when, store, employee;
  const demo_place *place; /* its currency */
  const char *status;
  char promotion[16]; /* "" for none */
  double amount;
} order;

/* Business grows over the years, and swells in June and December. */
static int64_t order_time(demo *d) {
  for (;;) {
    int64_t t = FIRST + (int64_t)(rng_unit(&d->dice) * (double)(LAST - FIRST));
    double years = (double)(t - FIRST) / (365.25 * DAY), turn = years - floor(years);
    double season = 0.75 + 0.25 * cos(4 * 3.14159265358979 * (turn - 0.45));
    int64_t in_day = t % DAY;
    if (chance(d, (0.4 + 0.2 * years) * season)) return t - in_day + in_day / 2 + 8 * 3600;
  }
}

static int by_time(const void *x, const void *y) {
  int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
  return (a > b) - (a < b);
}

static const char *order_status(demo *d, int64_t when) {
  if (when > LAST - 5 * DAY) return chance(d, 0.5) ? "pending" : "paid";
  if (when > LAST - 12 * DAY) return "shipped";
  double u = rng_unit(&d->dice);
  return u < 0.87 ? "delivered" : u < 0.94 ? "cancelled" : "returned";
}

/* The code of the promotion that runs on that day; *percent is what it takes off, 0 for none. */
static int promotion_on(int64_t when, char code[16]) {
  int day = (int)((when - FIRST) / DAY), year = day / 365 < 3 ? day / 365 : 2;
  int in_year = day - 365 * year;
  bool spring = in_year >= 75 && in_year <= 96, winter = in_year >= 320 && in_year <= 341;
  if (!spring && !winter) return 0;
  snprintf(code, 16, "%s%d", winter ? "WINTER" : "SPRING", 23 + year);
  return winter ? 20 : 15;
}

static void plan_orders(demo *d, order *orders) {
  static int64_t times[N_ORDERS];
  for (size_t i = 0; i < N_ORDERS; i++) times[i] = order_time(d);
  qsort(times, N_ORDERS, sizeof times[0], by_time);
  for (size_t i = 0; i < N_ORDERS; i++) {
    order *o = &orders[i];
    *o = (order){.id = 1001 + (int64_t)i, .when = times[i]};
    do o->customer = 1 + favourite(d, N_CUSTOMERS);
    while (d->customers[o->customer].created > o->when);
    o->place = &demo_places[d->customers[o->customer].place];
    o->status = order_status(d, o->when);
    if (chance(d, 0.4)) { /* bought in a store, mostly with somebody's help */
      o->store = between(d, 1, N_STORES);
      o->place = store_place(o->store);
      if (chance(d, 0.85)) o->employee = between(d, 2, N_EMPLOYEES);
    }
  }
}

/* Its lines; the amount is their sum, less the promotion. No product stands on two lines. */
static void make_items(demo *d, order *o) {
  int64_t used[5], n = 1 + favourite(d, COUNT(used)), line = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t id = 1 + favourite(d, N_PRODUCTS);
    bool again = d->products[id].introduced > o->when;
    for (int64_t j = 0; j < line; j++) again = again || used[j] == id;
    if (again) { /* another one, so that an order always has a line */
      n += line == 0;
      continue;
    }
    used[line++] = id;
    int64_t quantity = 1 + favourite(d, 4);
    double price = cents(d->products[id].price / o->place->dollars);
    double discount = chance(d, 0.1) ? cents(0.1 * price * (double)quantity) : 0;
    o->amount += (double)quantity * price - discount;
    put(d, "iiiirR", o->id, line, id, quantity, price, discount);
  }
  int percent = chance(d, 0.6) ? promotion_on(o->when, o->promotion) : 0;
  o->amount = cents(o->amount * (100 - percent) / 100);
}

static void make_orders(demo *d, order *orders) {
  prepare(d, "INSERT INTO order_items VALUES (?,?,?,?,?,?)");
  for (size_t i = 0; i < N_ORDERS; i++) make_items(d, &orders[i]);
  prepare(d, "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  for (size_t i = 0; i < N_ORDERS; i++) {
    const order *o = &orders[i];
    /* created_at is when the row was written: for a store, in the night after */
    int64_t created = o->store ? o->when - o->when % DAY + 26 * 3600 + between(d, 0, 1800)
                               : o->when + between(d, 0, 40);
    put(d, "iikkttsstrr", o->id, o->customer, o->store, o->employee,
        o->promotion[0] ? o->promotion : NULL, o->status, o->when, created, o->place->currency,
        o->amount, cents(o->amount * o->place->dollars));
  }
}

static void make_payments(demo *d, const order *orders) {
  static const char *const methods[] = {"card", "card", "card", "transfer", "wallet", "cash"};
  prepare(d, "INSERT INTO payments VALUES (?,?,?,?,?,?)");
  int64_t id = 1;
  for (size_t i = 0; i < N_ORDERS; i++) {
    const order *o = &orders[i];
    const char *method = o->store ? pick(d, methods, 6) : pick(d, methods, 5);
    bool unpaid = !strcmp(o->status, "pending") || !strcmp(o->status, "cancelled");
    if (chance(d, 0.03)) put(d, "iittrs", id++, o->id, method, "failed", o->amount, (int64_t)0);
    if (unpaid) {
      put(d, "iittrs", id++, o->id, method, "open", o->amount, (int64_t)0);
      continue;
    }
    bool back = strcmp(o->status, "returned") == 0;
    int64_t paid = o->store ? o->when : o->when + between(d, 30, 3 * DAY);
    put(d, "iittrs", id++, o->id, method, back ? "refunded" : "settled", o->amount, paid);
  }
}

static void make_shipments(demo *d, const order *orders) {
  static const char *const carriers[] = {"Parcelhawk", "Northlane", "QuickRoad", "Postbarge"};
  prepare(d, "INSERT INTO shipments VALUES (?,?,?,?,?,?,?)");
  int64_t id = 1;
  for (size_t i = 0; i < N_ORDERS; i++) {
    const order *o = &orders[i];
    bool sent =
        strcmp(o->status, "pending") && strcmp(o->status, "paid") && strcmp(o->status, "cancelled");
    if (!sent || (o->store && chance(d, 0.8))) continue; /* carried home from the store */
    int parcels = chance(d, 0.08) ? 2 : 1;
    for (int n = 0; n < parcels; n++) {
      int64_t shipped = o->when + between(d, DAY / 4, 3 * DAY);
      int64_t delivered = shipped + between(d, DAY, 6 * DAY);
      const char *status = "delivered";
      if (!strcmp(o->status, "shipped")) status = "in transit", delivered = 0;
      if (!strcmp(o->status, "returned")) status = "returned";
      if (delivered && chance(d, 0.006)) status = "lost", delivered = 0;
      double cost = cents(4 + 14 * rng_unit(&d->dice));
      put(d, "iittrss", id++, o->id, pick(d, carriers, COUNT(carriers)), status, cost, shipped,
          delivered);
    }
  }
}

static void make_reviews(demo *d) {
  static const char *const titles[] = {
      "Does what it says",   "Better than expected", "Runs small",       "Would buy again",
      "Broke after a month", "Good value",           "Too heavy for me", "My favourite",
  };
  prepare(d, "INSERT INTO reviews VALUES (?,?,?,?,?,?)");
  for (int64_t id = 1; id <= N_REVIEWS; id++) {
    int64_t who = 1 + favourite(d, N_CUSTOMERS), what = 1 + favourite(d, N_PRODUCTS);
    int64_t from = d->customers[who].created, sold = d->products[what].introduced;
    if (sold > from) from = sold;
    if (from < FIRST) from = FIRST;
    int64_t rating = 5 - favourite(d, 5);
    int64_t when = from + (int64_t)(rng_unit(&d->dice) * (double)(LAST - from));
    const char *title = chance(d, 0.7) ? pick(d, titles, COUNT(titles)) : NULL;
    put(d, "iiiits", id, what, who, rating, title, when);
  }
}

static void make_inventory(demo *d) {
  prepare(d, "INSERT INTO inventory VALUES (?,?,?,?)");
  for (int64_t store = 1; store <= N_STORES; store++)
    for (int64_t id = 1; id <= N_PRODUCTS; id++)
      if (chance(d, 0.8)) {
        int64_t quantity = d->products[id].discontinued ? 0 : favourite(d, 60);
        int64_t counted = chance(d, 0.9) ? LAST - between(d, 1, 120) * DAY : 0;
        put(d, "iiid", store, id, quantity, counted);
      }
}

/* ---- the file ---- */

/* Says so when a declared key points nowhere: that would be a fault of this program. */
static void check_keys(demo *d) {
  prepare(d, "PRAGMA foreign_key_check");
  if (!d->failed && sqlite3_step(d->stmt) == SQLITE_ROW) {
    fprintf(stderr, "make_demo: a key in %s points nowhere\n",
            (const char *)sqlite3_column_text(d->stmt, 0));
    d->failed = true;
  }
}

static void make_rows(demo *d) {
  static order orders[N_ORDERS];
  make_stores(d);
  make_employees(d);
  make_suppliers(d);
  make_categories(d);
  make_products(d);
  make_tags(d);
  make_promotions(d);
  make_customers(d);
  plan_orders(d, orders);
  make_orders(d, orders);
  make_payments(d, orders);
  make_shipments(d, orders);
  make_reviews(d);
  make_inventory(d);
}

static bool make_file(const char *path) {
  static demo d;
  rng_seed(&d.dice, 20230101);
  if (sqlite3_open(path, &d.db) != SQLITE_OK) check(&d, SQLITE_CANTOPEN);
  run(&d, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
  run(&d, demo_tables);
  make_rows(&d);
  run(&d, demo_views);
  check_keys(&d);
  sqlite3_finalize(d.stmt);
  run(&d, "COMMIT");
  sqlite3_close(d.db);
  return !d.failed;
}

int main(int argc, char **argv) {
  char scratch[4096];
  if (argc != 2 || strlen(argv[1]) + 5 > sizeof scratch) {
    fprintf(stderr, "usage: make_demo FILE   writes the demo database to FILE\n");
    return 2;
  }
  /* Complete or not there at all: written beside, then moved into place. */
  snprintf(scratch, sizeof scratch, "%s.new", argv[1]);
  remove(scratch);
  if (!make_file(scratch)) {
    remove(scratch);
    return 3;
  }
  if (rename(scratch, argv[1]) != 0) {
    perror(argv[1]);
    return 3;
  }
  return 0;
}
