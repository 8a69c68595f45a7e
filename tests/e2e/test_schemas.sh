#!/bin/sh
# Schemas of every make, and questions that no query can answer: a right answer or a refusal, never
# a confident wrong one.
. "$(dirname "$0")/lib.sh"
need_weights

# people FILE TABLE COLUMN…: four people (key, name, city, salary, day) under these names.
people() {
  file=$work/$1.sqlite
  "$PROGRAMS/run_sql" "$file" "CREATE TABLE $2 ($3 INTEGER PRIMARY KEY, $4 TEXT, $5 TEXT,
    $6 INTEGER, $7 DATE);
    INSERT INTO $2 VALUES (1, 'Ana Silva', 'Lisbon', 52000, '2019-03-01'),
      (2, 'Bo Lind', 'Oslo', 61000, '2020-05-11'), (3, 'Cy Twomey', 'Lisbon', 47000, '2021-07-21'),
      (4, 'Di Rossi', 'Rome', 58000, '2018-01-09');" || exit 1
}
people one employees id name city salary hired
people capitals EMPLOYEES ID NAME CITY SALARY HIREDATE
people snake company_employees employee_id employee_name home_city yearly_salary hire_date
people camel companyEmployees employeeId employeeName homeCity yearlySalary hireDate
people short emp emp_id emp_nm cty sal hire_dt
people spaces '"Company Employees"' '"Employee Id"' '"Full Name"' '"Home City"' '"Yearly Salary"' \
  '"Hire Date"'
people kanji '"従業員"' '"番号"' '"名前"' '"都市"' '"給料"' '"入社日"'
people many employees id name city salary hired
i=0
tables=
while [ $i -lt 500 ]; do
  i=$((i + 1))
  tables="$tables CREATE TABLE stock_$i (id INTEGER PRIMARY KEY, code TEXT, amount REAL);"
done
"$PROGRAMS/run_sql" "$work/many.sqlite" "$tables" || exit 1

# Tables that have the same columns: the one that the question names counts.
people alike employees id name city salary hired
i=0
tables=
while [ $i -lt 60 ]; do
  i=$((i + 1))
  tables="$tables CREATE TABLE branch_$i (id INTEGER PRIMARY KEY, name TEXT, city TEXT, salary REAL,
    hired DATE, before INTEGER REFERENCES branch_$((i - 1))(id));"
done
"$PROGRAMS/run_sql" "$work/alike.sqlite" \
  "CREATE TABLE branch_0 (id INTEGER PRIMARY KEY); $tables" ||
  exit 1

ask() { run "$EMEND" ask --db "$work/$1.sqlite" --json "$2"; }

for schema in one capitals snake camel short spaces many alike; do
  ask $schema "How many employees are there?"
  expect_status 0
  expect_json .rows '[[4]]'
done
for schema in one capitals snake camel short spaces kanji many alike; do
  ask $schema "What is the average salary of employees in Lisbon?"
  expect_status 0
  expect_json .rows '[[49500.0]]'
  ask $schema "What is the weather?"
  expect_json .status refused
done

# The network knows English: it does not guess at what it cannot read.
ask one "¿Cuántos empleados hay en Lisbon?"
expect_json .status refused
ask kanji "従業員は何人いますか？"
expect_json .status refused
ask one "Сколько сотрудников живет в городе Oslo?"
expect_json .status refused
# English without its small words is English all the same.
ask one "average salary Lisbon employees"
expect_json .status answered

finish
