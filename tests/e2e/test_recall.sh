#!/bin/sh
# A confirmed question is answered at once, in these or other words, and says who confirmed it; what
# is only near is asked back; nothing else is served.
. "$(dirname "$0")/lib.sh"
need_emend
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
cp "$work/shop.sqlite" "$work/other.sqlite"
db=$work/shop.sqlite
state=$work/state.sqlite
export EMEND_NOW=2025-06-15T12:00:00Z
finalize() { run "$EMEND" finalize --db "$db" --state "$state" --user ana --json "$@"; }
ask() { run "$EMEND" ask --db "$db" --state "$state" --json "$@"; }

finalize --question "How many customers are there?" --sql "SELECT count(*) FROM customers"
expect_status 0
expect_json_match .id '^fz_[0-9a-z]{26}$'
id=$(json .id | tr -d '"')

for words in "How many customers are there?" "please, how many CUSTOMERS are there" \
  "Count the number of customers."; do
  ask "$words"
  expect_status 0
  expect_json .status finalized
  expect_json .rows '[[1600]]'
  expect_json .provenance.finalized_id "$id"
  expect_json .provenance.rebound '[]'
  expect_json .provenance.confirmed_by ana
  expect_json_match .provenance.confirmed_at '^2025-06-15T'
  expect_json .provenance.model null
  expect_json .provenance.tables '["customers"]'
  expect_json .attempts '[]'
  expect_json_match .answer 'confirmed by ana on 2025-06-15'
done

# Another value in the place of one: rebound, and not called confirmed.
finalize --question "What are the names of the 3 employees with the highest salary?" \
  --sql "SELECT name FROM employees ORDER BY salary DESC LIMIT 3"
ask "What are the names of the 5 employees with the highest salary?"
expect_status 0
expect_json .status finalized
expect_json .row_count 5
expect_json .provenance.rebound '[{"slot":"limit","from":"3","to":"5"}]'
expect_json_match .answer 'in place of'
if json .answer | grep -q "confirmed by"; then explain "a rebound answer calls itself confirmed"; fi
ask --no-confirm "What are the names of the 3 employees with the lowest salary?"
if [ "$(json .status)" = finalized ]; then explain "the opposite was served"; fi

# Nearly the same: asked back, then taught.
ask "What are the names of the 3 employees with the highest handicap?"
expect_status 1
expect_json .status confirm
expect_json .rows null
expect_json_match .candidate.finalized_id '^fz_'
expect_json_match .candidate.sql 'LIMIT 3'
expect_json_match .candidate.question '3 employees'
expect_json_match .candidate.differs 'handicap'
asked=$(json .id | tr -d '"')
run "$EMEND" confirm "$asked" yes --state "$state" --user bo --json
expect_status 0
expect_json .status finalized
expect_json .row_count 3
ask "What are the names of the 3 employees with the highest handicap?"
expect_json .status finalized
ask "What are the names of the 3 employees with the biggest monthly salary?"
if [ "$(json .status)" = confirm ]; then
  asked=$(json .id | tr -d '"')
  run "$EMEND" confirm "$asked" no --state "$state" --json
  expect_status 0
  expect_json .confirmed false
  ask --no-confirm "What are the names of the 3 employees with the biggest monthly salary?"
  expect_json .provenance.finalized_id null
fi
run "$EMEND" confirm q_0nothing yes --state "$state"
expect_clear_error 3 'asked'

# Another source is another question.
run "$EMEND" ask --db "$work/other.sqlite" --state "$state" --json "How many customers are there?"
expect_json .provenance.finalized_id null

# SQL that does not fit, or writes, is not confirmed.
finalize --question "q" --sql "SELECT nmae FROM customers"
expect_clear_error 1 'nmae'
finalize --question "q" --sql "DELETE FROM customers"
expect_clear_error 1 'cannot'

# Out as text, and in again.
run "$EMEND" finalized list --state "$state" --json
expect_status 0
expect_json '[0].id' "$id"
expect_json '[0].by' ana
expect_json '[0].status' active
run "$EMEND" finalized export --state "$state"
expect_status 0
expect_out '^question: How many customers'
cp "$work/out" "$work/export.txt"
run "$EMEND" finalized import "$work/export.txt" --state "$work/second.sqlite"
expect_status 0
expect_out '2 imported|3 imported'
run "$EMEND" finalized export --state "$work/second.sqlite"
cmp -s "$work/out" "$work/export.txt" || explain "an export differs after import"
run "$EMEND" ask --db "$db" --state "$work/second.sqlite" --json "how many customers are there"
expect_json .status finalized
# A yes to an answer that came with a warning waits for somebody else's; SQL itself does not.
doubtful="How many customers are in the Nobody segment?"
ask_alone() { run "$EMEND" ask --db "$db" --state "$work/waits.sqlite" --json "$doubtful"; }
finalize_alone() { run "$EMEND" finalize --db "$db" --state "$work/waits.sqlite" --json "$@"; }
say_yes() {
  ask_alone
  expect_json .status answered
  expect_json_match warnings code
  finalize_alone --answer "$(json id)" --user "$1"
  expect_json .status "$2"
}
say_yes ann review
waiting=$(json id)
say_yes ann review
expect_json .id "$waiting"
run "$EMEND" finalized show "$waiting" --state "$work/waits.sqlite" --json
expect_json '[0].status' review
expect_json_match '[0].review' 'somebody else'
run "$EMEND" examples list --state "$work/waits.sqlite" --json
grep -qx "\[\]" "$work/out" || explain "what waits is an example already"
say_yes bea finalized
confirmed=$(json id)
run "$EMEND" finalized show "$waiting" --state "$work/waits.sqlite"
expect_clear_error 3 "no confirmed question"
ask_alone
expect_json .provenance.finalized_id "$confirmed"
run "$EMEND" finalized remove "$confirmed" --state "$work/waits.sqlite"
say_yes ann review
finalize_alone --question "$doubtful" --sql "SELECT 0 FROM customers LIMIT 1" --user ann
expect_json .status finalized
ask_alone
expect_json .provenance.confirmed_by ann

printf 'sql SELECT 1\n' >"$work/bad.txt"
run "$EMEND" finalized import "$work/bad.txt" --state "$work/second.sqlite"
expect_clear_error 3 'line 1'

# A table that changed: up for review, not run.
"$PROGRAMS/run_sql" "$db" "ALTER TABLE customers ADD COLUMN extra TEXT" || exit 1
ask --no-confirm "How many customers are there?"
expect_json .provenance.finalized_id null
run "$EMEND" finalized show "$id" --state "$state" --json
expect_json '[0].status' review
expect_json_match '[0].review' 'customers'
run "$EMEND" finalized remove "$id" --state "$state"
expect_status 0
run "$EMEND" finalized show "$id" --state "$state"
expect_clear_error 3 "no confirmed question"
finish
