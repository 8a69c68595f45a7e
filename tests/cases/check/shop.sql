-- The schema and the few rows that the cases of this folder are about.
CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE products (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, category_id INTEGER REFERENCES categories (id),
  price REAL, shelf_number TEXT);
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, city TEXT, country TEXT,
  joined_on DATE, referred_by INTEGER REFERENCES customers (id));
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
  ordered_at TIMESTAMP, status TEXT, total REAL);
CREATE TABLE order_items (
  order_id INTEGER REFERENCES orders (id), product_id INTEGER REFERENCES products (id),
  quantity INTEGER, unit_price REAL, PRIMARY KEY (order_id, product_id));
CREATE TABLE tickets (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), opened_on DATE,
  cost REAL, "update" TEXT);
CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 100;
INSERT INTO categories VALUES (1, 'Tea'), (2, 'Coffee'), (3, 'Mugs'), (4, 'Café'), (5, 'Cafe');
INSERT INTO products VALUES (1, 'Earl Grey', 1, 4.5, '12'), (2, 'Assam', 1, 5, '9'),
  (3, 'Espresso', 2, 8, '101'), (4, 'Red mug', 3, 12, '7');
INSERT INTO customers VALUES (1, 'Ann', 'ann@example.org', 'Oslo', 'Norway', '2023-01-05', NULL),
  (2, 'Bob', NULL, 'Paris', 'France', '2023-02-10', 1),
  (3, 'Cleo', 'cleo@example.org', 'Lyon', 'France', '2023-03-15', 1),
  (4, 'Dan', 'dan@example.org', 'Paris', 'France', '2023-04-20', NULL);
INSERT INTO orders VALUES (1, 1, '2023-05-01 10:00:00', 'shipped', 10),
  (2, 1, '2023-05-02 11:30:00', 'open', 20), (3, 2, '2023-05-03 09:15:00', 'shipped', 150),
  (4, 3, '2023-05-03 16:45:00', 'returned', 8), (5, 3, '2023-05-04 10:00:00', 'paid', 9),
  (6, 3, '2023-05-04 11:00:00', ' Paid', 9);
INSERT INTO order_items VALUES (1, 1, 1, 4.5), (1, 2, 1, 5), (2, 3, 2, 8), (3, 4, 10, 12),
  (4, 3, 1, 8);
INSERT INTO tickets VALUES (1, 1, '2023-06-01', 5, 'a'), (2, 1, '2023-06-02', 5, 'b'),
  (3, 3, '2023-06-03', 2, 'c');
