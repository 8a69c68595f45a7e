/* Tables and words of the demo shop. See demo_schema.h. No rows are made here. */
#include "demo_schema.h"

const char demo_tables[] =
    "CREATE TABLE stores ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL,"
    "  opened_on DATE NOT NULL);"
    "CREATE TABLE employees ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, department TEXT NOT NULL,"
    "  store_id INTEGER REFERENCES stores(id), manager_id INTEGER REFERENCES employees(id),"
    "  hired_on DATE NOT NULL, left_on DATE, salary INTEGER NOT NULL);"
    "CREATE TABLE suppliers ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, country TEXT NOT NULL, rating REAL);"
    "CREATE TABLE categories ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    "  parent_id INTEGER REFERENCES categories(id));"
    "CREATE TABLE products ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    "  category_id INTEGER NOT NULL REFERENCES categories(id),"
    "  supplier_id INTEGER NOT NULL REFERENCES suppliers(id),"
    "  price REAL NOT NULL, cost REAL NOT NULL, weight_kg REAL,"
    "  status TEXT NOT NULL CHECK (status IN ('active', 'discontinued')),"
    "  introduced_on DATE NOT NULL);"
    "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE product_tags ("
    "  product_id INTEGER NOT NULL REFERENCES products(id),"
    "  tag_id INTEGER NOT NULL REFERENCES tags(id),"
    "  PRIMARY KEY (product_id, tag_id)) WITHOUT ROWID;"
    "CREATE TABLE promotions ("
    "  code TEXT PRIMARY KEY, description TEXT NOT NULL, percent_off INTEGER NOT NULL,"
    "  starts_on DATE NOT NULL, ends_on DATE NOT NULL);"
    "CREATE TABLE customers ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, phone TEXT, city TEXT NOT NULL,"
    "  country TEXT NOT NULL, segment TEXT NOT NULL, newsletter BOOLEAN NOT NULL,"
    "  referred_by INTEGER REFERENCES customers(id), created_at DATETIME NOT NULL);"
    /* promo_code means promotions.code, but nobody declared it */
    "CREATE TABLE orders ("
    "  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),"
    "  store_id INTEGER REFERENCES stores(id), employee_id INTEGER REFERENCES employees(id),"
    "  promo_code TEXT, status TEXT NOT NULL, ordered_at DATETIME NOT NULL,"
    "  created_at DATETIME NOT NULL, currency TEXT NOT NULL, amount REAL NOT NULL,"
    "  amount_in_dollars REAL NOT NULL);"
    "CREATE TABLE order_items ("
    "  order_id INTEGER NOT NULL REFERENCES orders(id), line INTEGER NOT NULL,"
    "  product_id INTEGER NOT NULL REFERENCES products(id), quantity INTEGER NOT NULL,"
    "  unit_price REAL NOT NULL, discount REAL,"
    "  PRIMARY KEY (order_id, line)) WITHOUT ROWID;"
    "CREATE TABLE payments ("
    "  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id),"
    "  method TEXT NOT NULL, status TEXT NOT NULL, amount REAL NOT NULL, paid_at DATETIME);"
    "CREATE TABLE shipments ("
    "  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id),"
    "  carrier TEXT NOT NULL, status TEXT NOT NULL, cost REAL NOT NULL,"
    "  shipped_at DATETIME NOT NULL, delivered_at DATETIME);"
    "CREATE TABLE reviews ("
    "  id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products(id),"
    "  customer_id INTEGER NOT NULL REFERENCES customers(id), rating INTEGER NOT NULL,"
    "  title TEXT, created_at DATETIME NOT NULL);"
    "CREATE TABLE inventory ("
    "  store_id INTEGER NOT NULL REFERENCES stores(id),"
    "  product_id INTEGER NOT NULL REFERENCES products(id),"
    "  quantity INTEGER NOT NULL, counted_on DATE,"
    "  PRIMARY KEY (store_id, product_id)) WITHOUT ROWID;"
    "CREATE INDEX orders_by_customer ON orders(customer_id);"
    "CREATE INDEX orders_by_day ON orders(ordered_at);"
    "CREATE INDEX items_by_product ON order_items(product_id);"
    "CREATE INDEX shipments_by_order ON shipments(order_id);"
    "CREATE INDEX payments_by_order ON payments(order_id);"
    "CREATE INDEX reviews_by_product ON reviews(product_id);";

const char demo_views[] =
    "CREATE VIEW monthly_sales AS"
    "  SELECT strftime('%Y-%m', ordered_at) AS month, count(*) AS orders,"
    "         round(sum(amount_in_dollars), 2) AS revenue_in_dollars"
    "  FROM orders WHERE status <> 'cancelled' GROUP BY month;"
    "CREATE VIEW product_ratings AS"
    "  SELECT p.id AS product_id, p.name, count(r.id) AS reviews, avg(r.rating) AS average_rating"
    "  FROM products p LEFT JOIN reviews r ON r.product_id = p.id GROUP BY p.id;";

const demo_place demo_places[] = {
    {"Portland", "United States", "USD", 1.0},  {"Denver", "United States", "USD", 1.0},
    {"Burlington", "United States", "USD", 1.0}, {"Vancouver", "Canada", "CAD", 0.74},
    {"Halifax", "Canada", "CAD", 0.74},          {"Edinburgh", "United Kingdom", "GBP", 1.27},
    {"Sheffield", "United Kingdom", "GBP", 1.27}, {"Freiburg", "Germany", "EUR", 1.09},
    {"Leipzig", "Germany", "EUR", 1.09},         {"Grenoble", "France", "EUR", 1.09},
    {"Annecy", "France", "EUR", 1.09},           {"Bolzano", "Italy", "EUR", 1.09},
};
const size_t demo_n_places = COUNT(demo_places);

const demo_kind demo_kinds[] = {
    {"Camping", NULL, {NULL}, 0, 0},
    {"Clothing", NULL, {NULL}, 0, 0},
    {"Footwear", NULL, {NULL}, 0, 0},
    {"Climbing", NULL, {NULL}, 0, 0},
    {"Cycling", NULL, {NULL}, 0, 0},
    {"Tents", "Camping", {"Tent", "Tarp", "Bivy", "Shelter"}, 289, 2.4},
    {"Sleeping Bags", "Camping", {"Sleeping Bag", "Quilt", "Bag Liner", "Pad"}, 164, 1.1},
    {"Cookware", "Camping", {"Stove", "Pot Set", "Kettle", "Mug"}, 46, 0.5},
    {"Jackets", "Clothing", {"Rain Jacket", "Down Jacket", "Windshell", "Parka"}, 198, 0.6},
    {"Base Layers", "Clothing", {"Merino Shirt", "Leggings", "Zip Top", "Socks"}, 58, 0.2},
    {"Hats", "Clothing", {"Beanie", "Sun Hat", "Cap", "Headband"}, 27, 0.1},
    {"Hiking Boots", "Footwear", {"Boot", "Mid Boot", "Winter Boot", "Approach Shoe"}, 176, 1.2},
    {"Trail Shoes", "Footwear", {"Trail Shoe", "Race Shoe", "Sandal", "Gaiter"}, 124, 0.7},
    {"Ropes", "Climbing", {"Single Rope", "Half Rope", "Cord", "Rope Bag"}, 172, 3.1},
    {"Harnesses", "Climbing", {"Harness", "Chalk Bag", "Chest Harness", "Sling Set"}, 74, 0.4},
    {"Bike Bags", "Cycling", {"Pannier", "Frame Bag", "Saddle Bag", "Bar Bag"}, 88, 0.8},
    {"Lights", "Cycling", {"Headlight", "Tail Light", "Headlamp", "Lantern"}, 52, 0.2},
};
const size_t demo_n_kinds = COUNT(demo_kinds);

const char *const demo_first_names[] = {
    "Ada",   "Bruno", "Celia", "Dario",  "Elif",  "Fergus", "Greta", "Hugo",  "Ines",  "Jonas",
    "Kira",  "Lionel", "Mirela", "Nadim", "Oona",  "Pascal", "Quinn", "Rosa",  "Stellan", "Tamsin",
    "Ulla",  "Viktor", "Wanda", "Xenia",  "Yusuf", "Zora",  "Anouk", "Benedikt", "Carys", "Dmitri",
    "Esme",  "Florian", "Gwen",  "Henrik", "Ilaria", "Joost", "Katya", "Laszlo", "Maeve", "Niall",
};
const size_t demo_n_first_names = COUNT(demo_first_names);

const char *const demo_last_names[] = {
    "Abernathy", "Brandvold", "Castellane", "Dunmore", "Eskelund", "Fairweather", "Garrigan",
    "Holmberg", "Ibarrola", "Jessop", "Kowalczyk", "Lindqvist", "Marchetti", "Novotny", "Okafor",
    "Pemberly", "Quillfeather", "Rasmussen", "Santangelo", "Thornquist", "Uzelac", "Vandermeer",
    "Whitlock", "Yamagishi", "Zielinski", "Ashgrove", "Bellweather", "Corrigan", "Delacroix",
    "Engstrom", "Farrow", "Grimaldi", "Hartigan", "Juhasz", "Keswick", "Lomax", "Moriarty",
    "Nightingale", "O'Dowd", "Prescott",
};
const size_t demo_n_last_names = COUNT(demo_last_names);

const char *const demo_models[] = {
    "Alder", "Basalt", "Cirrus", "Drift", "Ember", "Fjord", "Granite", "Heron",
    "Isthmus", "Juniper", "Kestrel", "Larch", "Meridian", "Nimbus", "Osprey", "Pika",
    "Quartz", "Ridgeline", "Summit", "Tarn", "Umbra", "Vesper", "Willow", "Zephyr",
};
const size_t demo_n_models = COUNT(demo_models);

const char *const demo_tags[] = {
    "waterproof", "ultralight", "recycled", "vegan", "winter", "bestseller",
    "family", "women", "men", "kids", "clearance", "repairable",
};
const size_t demo_n_tags = COUNT(demo_tags);

const char *const demo_suppliers[] = {
    "Northfell Works", "Cairnstone Textiles", "Bluewater Foundry", "Alpenrose Mills",
    "Tidewrack Supply", "Harrowgate Leather", "Fennimore & Daughters", "Saltmarsh Cordage",
    "Copperbeech Gear", "Lowland Optics", "Ravensgill Down", "Thistledown Knitwear",
};
const size_t demo_n_suppliers = COUNT(demo_suppliers);
