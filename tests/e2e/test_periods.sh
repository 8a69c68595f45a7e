#!/bin/sh
# Periods counted from today: text dates, dates with times, and years, asked on a day that is fixed.
. "$(dirname "$0")/lib.sh"
need_weights
db=$work/shop.sqlite
"$PROGRAMS/run_sql" "$db" "
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, signed_up TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY,
  customer_id INTEGER REFERENCES customers (customer_id), ordered_at TEXT, total REAL);
CREATE TABLE employees (employee_id INTEGER PRIMARY KEY, name TEXT, hire_year INTEGER);
INSERT INTO customers VALUES (1, 'Ana', '2024-02-11'), (2, 'Ben', '2024-12-31'),
  (3, 'Cleo', '2025-01-01'), (4, 'Dag', '2025-05-31'), (5, 'Eva', '2025-06-14');
INSERT INTO orders VALUES (1, 1, '2024-05-30 10:00:00', 10), (2, 2, '2025-04-30 23:59:59', 20),
  (3, 3, '2025-05-01 00:00:00', 30), (4, 3, '2025-05-31 23:59:59', 40),
  (5, 4, '2025-06-01 00:00:00', 50), (6, 4, '2025-06-14 00:00:00', 60),
  (7, 5, '2025-06-14 23:59:59', 70), (8, 1, '2025-06-15 07:15:00', 80);
INSERT INTO employees VALUES (1, 'Finn', 2019), (2, 'Gia', 2024), (3, 'Hugo', 2024),
  (4, 'Ivy', 2025);" || exit 1
export EMEND_NOW=2025-06-15T12:00:00Z

# answer QUESTION ROWS: the rows, as JSON.
answer() {
  run "$EMEND" ask --no-confirm --db "$db" --json "$1"
  expect_status 0
  expect_json .rows "$2"
}
answer "How many orders were there last month?" '[[2]]'
answer "How many orders were there this year?" '[[7]]'
answer "How many orders were there last year?" '[[1]]'
answer "How many orders were there yesterday?" '[[2]]'
answer "How many orders were there in the past 7 days?" '[[3]]'
answer "How many orders were there since last Monday?" '[[3]]'
answer "What is the total of all orders before this month?" '[[100.0]]'
answer "Show the names of customers who signed up last month" '[["Dag"]]'
answer "Show the names of customers who signed up last year" '[["Ana"],["Ben"]]'
answer "Show the names of customers who signed up yesterday" '[["Eva"]]'
answer "Show the names of employees hired last year" '[["Gia"],["Hugo"]]'
answer "Show the names of employees hired this year" '[["Ivy"]]'

# What no day changes.
answer "How many orders were there in May 2025?" '[[2]]'
answer "How many orders were there since June 2025?" '[[4]]'
answer "How many orders were there in the first half of 2025?" '[[7]]'
answer "How many orders were there in Q1 2025?" '[[0]]'
answer "What is the total of all orders between April 2025 and May 2025?" '[[90.0]]'
answer "Show the names of customers who signed up in February 2024" '[["Ana"]]'

# A period picks, and what figures are wanted for divides.
answer "Orders per month this year" '[["2025-04",1],["2025-05",2],["2025-06",4]]'
answer "How many orders were there each day last month?" '[[1,"2025-05-01"],[1,"2025-05-31"]]'
answer "Number of orders by quarter in 2025" '[["2025-Q2",7]]'
answer "Orders per customer this year" '[["Ana",1],["Ben",1],["Cleo",2],["Dag",2],["Eva",1]]'

# Whose last order it was, and not just any.
answer "Customers whose last order was more than 30 days ago" '[["Ben"]]'

# What the words were taken to mean is told, and what a column of years cannot tell is warned of.
run "$EMEND" ask --db "$db" --json "How many orders were there last month?"
expect_json .question "How many orders were there last month?"
expect_json .warnings '[]'
expect_json_match .sql "ordered_at >= '2025-05-01' AND ordered_at < '2025-06-01'"
expect_json_match .trace '\\"last month\\" is from 2025-05-01 to 2025-05-31'
run "$EMEND" ask --db "$db" --json "Show the last 3 orders"
expect_json_match .trace 'read as \\"Show the latest 3 orders\\"'
run "$EMEND" ask --db "$db" --json "Show the names of employees hired last month"
expect_json_match .warnings 'period_missing'

# Another day, another month: also of what was confirmed, in its own words.
last_month="How many orders were there last month?"
run "$EMEND" finalize --db "$db" --user ana --question "$last_month" \
  --sql "SELECT count(*) FROM orders WHERE ordered_at >= '2025-05-01' AND ordered_at < '2025-06-01'"
expect_status 0
answer "$last_month" '[[2]]'
expect_json .status finalized
export EMEND_NOW=2025-07-01T00:00:00Z
answer "$last_month" '[[4]]'
expect_json .status finalized
answer "How many orders were there in the last 2 months?" '[[6]]'
finish
