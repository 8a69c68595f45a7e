#!/bin/sh
# Predictions are scored without weights; judge reads files; what is wrong with either is said.
. "$(dirname "$0")/lib.sh"
need_emend
mkdir -p "$work/db/shop" || exit 1
"$MAKE_DEMO" "$work/db/shop/shop.sqlite" || exit 1
cat >"$work/q.json" <<'JSON'
[{"db_id":"shop", "question":"How many customers are there?",
  "query":"SELECT count(*) FROM customers"},
 {"db_id":"shop", "question":"What are the names of the tags?",
  "query":"SELECT name FROM tags"}]
JSON
printf 'SELECT COUNT(id) FROM customers\nSELECT name FROM tags LIMIT 1\n' >"$work/p.sql"

run "$EMEND" eval --data "$work/q.json" --db-dir "$work/db" --predictions "$work/p.sql" --json \
  --out "$work/out.sql" --log "$work/log.jsonl"
expect_status 0
expect_json .n 2
expect_json .ex 0.5
expect_json .wrong_delivered 0.5
expect_json .by_db.shop 0.5
for key in ex_first valid delivered attempts_mean p50_ms p95_ms by_hardness; do
  json .$key >/dev/null || explain "no $key in the JSON"
done
cmp "$work/p.sql" "$work/out.sql" || fail "--out differs from the predictions"
[ "$(wc -l <"$work/log.jsonl")" -eq 2 ] || fail "--log should have a line a question"
run "$EMEND" eval --data "$work/q.json" --db-dir "$work/db" --predictions "$work/p.sql"
expect_out 'right \(ex\) +0.5'

# Several models, beside each other: two that write SQL, two that put rows in words.
serve "$work/port" "SELECT count(*) FROM customers" "SELECT 1" "There are 1600 customers."
head -n 2 "$work/q.json" >"$work/one.json" && echo ']' >>"$work/one.json"
sed -i 's/"},$/"}/' "$work/one.json"
several="--backend openai --server http://127.0.0.1:$(cat "$work/port")/v1 --weights $work/none"
run "$EMEND" eval --data "$work/one.json" --db-dir "$work/db" $several --json \
  --model right --model wrong --answer-model right --answer-model invents
expect_status 0
expect_json '.sql[0].model' right
expect_json '.sql[0].ex' 1
expect_json '.sql[1].model' wrong
expect_json '.sql[1].ex' 0
expect_json '.words[0].held' 1.0
expect_json '.words[2].model' invents
expect_json '.words[2].turned_down' 1.0
run "$EMEND" eval --data "$work/one.json" --db-dir "$work/db" $several --model right --model wrong
expect_out '^right +1 +1\.0000'
expect_out '^words by'
run "$EMEND" eval --data "$work/one.json" --db-dir "$work/db" $several --model right --model wrong \
  --log "$work/log"
expect_clear_error 2 'one at a time'
kill "$server"
wait "$server"

echo "SELECT 1" >"$work/short.sql"
run "$EMEND" eval --data "$work/q.json" --db-dir "$work/db" --predictions "$work/short.sql"
expect_clear_error 3 '1 line for'
run "$EMEND" eval --data "$work/none.json" --db-dir "$work/db" --predictions "$work/p.sql"
expect_clear_error 3 'none.json'
run "$EMEND" eval --data "$work/q.json" --db-dir "$work/none" --predictions "$work/p.sql"
expect_clear_error 3 'shop.sqlite'
run "$EMEND" eval --db-dir "$work/db"
expect_clear_error 2 'data'
run "$EMEND" eval --data "$work/q.json" --db-dir "$work/db" --repair
expect_clear_error 2 'predictions'

run "$EMEND" judge --db "$work/db/shop/shop.sqlite" --json \
  --question "What are the 3 most expensive products?" --sql "SELECT name FROM products"
expect_status 0
expect_json_match .band '^(warn|correct)$'
expect_json '.signals[0].code' top_k_mismatch
run "$EMEND" judge --db "$work/db/shop/shop.sqlite" --data "$work/q.json" --json
[ "$(wc -l <"$work/out")" -eq 2 ] || explain "one judgement a line"
run "$EMEND" judge --db "$work/db/shop/shop.sqlite" --question "How many?"
expect_clear_error 2 'sql'
finish
