#!/bin/sh
# Right rows over the demo database, from any working directory, and what --json promises.
. "$(dirname "$0")/lib.sh"
need_weights
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
db=$work/shop.sqlite
cd "$work" || exit 1

# answer QUESTION ROWS: the rows, as JSON.
answer() {
  run "$EMEND" ask --db "$db" --json "$1"
  expect_status 0
  expect_json .status answered
  expect_json .rows "$2"
}
answer "How many customers are there?" '[[1600]]'
answer "How many products are discontinued?" '[[33]]'
answer "What is the name of the employee with the highest salary?" '[["Ilaria Grimaldi"]]'

run "$EMEND" ask --db "$db" --json "How many customers are there?"
expect_json .question "How many customers are there?"
expect_json .source shop
expect_json .dialect sqlite
expect_json .row_count 1
expect_json .truncated false
expect_json .learned_from null
expect_json .candidate null
expect_json .provenance.finalized_id null
expect_json .provenance.time_zone UTC
expect_json .provenance.tables '["customers"]'
expect_json '.attempts[0].n' 1
expect_json_match .sql '^select count\(\*\) from customers$'
expect_json_match .id '^[a-z]+_[0-9a-z]+$'
expect_json_match .answer '1,?600'
expect_json_match .confidence '^(0\.[0-9]+|1(\.0)?)$'
expect_json_match .provenance.model '^embedded@'
expect_json_match .provenance.schema_version '^[0-9a-f]+$'
expect_json_match .trace '"stage":"(retrieve|generate|check|execute)"'
for key in columns types warnings timing.total_ms timing.llm_ms timing.db_ms; do
  json .$key >/dev/null || explain "no $key in the JSON"
done

run "$EMEND" ask --db "$db" --json --max-rows 3 "What are the names of all customers?"
expect_status 0
expect_json .truncated true
expect_json .row_count 3
run "$EMEND" ask --db "fellside=$db" --json "How many customers are there?"
expect_json .source fellside
run "$EMEND" ask --db "sqlite:shop.sqlite" "How many customers are there?"
expect_status 0
expect_out '1,?600'

run "$EMEND" check --db "$db" --json "SELECT c.name, count(*) FROM customers c JOIN orders o
  ON o.customer_id = c.id GROUP BY c.id"
expect_status 0
expect_json .ok true
expect_json .tables '["customers","orders"]'
expect_json .functions '["count"]'
run "$EMEND" check --db "$db" --json "SELECT nmae FROM customers"
expect_status 1
expect_json .ok false
expect_json '.diagnostics[0].code' unknown_column
expect_json '.diagnostics[0].severity' error
expect_json '.diagnostics[0].weight' 1.0
expect_json '.diagnostics[0].span' '[7,11]'
expect_json '.diagnostics[0].suggestions[0].text' name

run "$EMEND" retrieve --db "$db" --json "How many shipments were lost?"
expect_status 0
expect_json '.tables[0].table' shipments
expect_json_match .values '"lost"'
for key in sources columns; do json .$key >/dev/null || explain "no $key in the JSON"; done

# "today" can be fixed, and colour never reaches a pipe.
run env EMEND_NOW=2025-06-15T12:00:00Z "$EMEND" ask --db "$db" "How many orders are pending?"
if grep -q "$(printf '\033')" "$work/out"; then explain "colour in a pipe"; fi
finish
