#!/bin/sh
# What the program says when it is called rightly and wrongly, and its exit codes.
. "$(dirname "$0")/lib.sh"
need_emend
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
db=$work/shop.sqlite

run "$EMEND" --version
expect_status 0
expect_out '^emend [0-9]+\.[0-9]+\.[0-9]+'
run "$EMEND" --help
expect_status 0
for command in ask check retrieve eval source; do expect_out "(^|[^a-z])$command"; done
for command in ask check retrieve eval source; do
  run "$EMEND" $command --help
  expect_status 0
  expect_out "emend $command"
done

run "$EMEND" frobnicate
expect_clear_error 2 'frobnicate'
run "$EMEND" ask --db "$db" --no-such-option "How many customers are there?"
expect_clear_error 2 'no-such-option'
run "$EMEND" ask --db "$db"
expect_clear_error 2 'question'
run "$EMEND" ask "How many customers are there?"
expect_clear_error 2 '--db|database'
run "$EMEND" ask --db
expect_clear_error 2 '--db'
run "$EMEND" ask --db "$db" --max-rows many "How many customers are there?"
expect_clear_error 2 'max-rows'
run "$EMEND" ask --db "$db" --timeout -3 "How many customers are there?"
expect_clear_error 2 'timeout'
run "$EMEND" check --db "$db"
expect_clear_error 2 'sql'
run "$EMEND" check --db "$db" --dialect klingon "SELECT 1"
expect_clear_error 2 'klingon'
run "$EMEND" ask --db "gopher://x/y" "How many customers are there?"
expect_clear_error 2 'gopher'

run env EMEND_NOW=garbage "$EMEND" ask --db "$db" "How many customers are there?"
expect_clear_error 2 'EMEND_NOW.*garbage.*2025-06-15'
run env EMEND_NOW=garbage "$EMEND" ask --help
expect_status 0

run "$EMEND" check --db "$db" "SELECT name FROM customers"
expect_status 0
run "$EMEND" check --db "$db" "SELECT nmae FROM customers"
expect_status 1
expect_out 'nmae'
expect_out 'name'
expect_out '^mended: SELECT name FROM customers'
run "$EMEND" check --db "$db" "SELECT nmae, wages FROM customers"
expect_out '^mended in part: SELECT name, wages'
run "$EMEND" check --db "$db" "SELECT name FROM customers WHERE email = NULL"
expect_out 'did you mean IS NULL'
echo "SELECT count(*) FROM orders" >"$work/query.sql"
run_with "$work/query.sql" "$EMEND" check --db "$db" -
expect_status 0
printf 'SELECT count(*) FROM orders\nSELECT x FROM orders\n' >"$work/many.sql"
run "$EMEND" check --db "$db" --each "$work/many.sql"
expect_status 1
[ "$(wc -l <"$work/out")" -eq 2 ] || explain "--each should give one verdict a line"
finish
