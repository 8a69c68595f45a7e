#!/bin/sh
# Databases, questions and weights that are not what they should be: a clear reason, the
# contract's exit code, never a crash.
. "$(dirname "$0")/lib.sh"
need_emend
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
db=$work/shop.sqlite
how_many="How many customers are there?"

run "$EMEND" ask --db "$work/nowhere.sqlite" "$how_many"
expect_clear_error 3 'nowhere.sqlite'
[ ! -e "$work/nowhere.sqlite" ] || fail "a database was created"
mkdir "$work/folder"
run "$EMEND" ask --db "$work/folder" "$how_many"
expect_clear_error 3 'director|folder'
: >"$work/empty.sqlite"
run "$EMEND" ask --db "$work/empty.sqlite" "$how_many"
expect_status 1 3
cat "$work/out" >>"$work/err"
expect_err 'empty|no table'
[ ! -s "$work/empty.sqlite" ] || fail "the empty file was written to"
echo "name,city" >"$work/text.csv"
run "$EMEND" ask --db "$work/text.csv" "$how_many"
expect_clear_error 3 'not a (sqlite )?database'
"$PROGRAMS/run_sql" "$work/none.sqlite" "CREATE TABLE t (x); DROP TABLE t"
run "$EMEND" ask --db "$work/none.sqlite" "$how_many"
expect_status 1 3
cat "$work/out" >>"$work/err"
expect_err 'no table'

# The header is a database's; the pages are not.
head -c 4096 "$db" >"$work/corrupt.sqlite"
head -c 200000 /dev/zero | tr '\0' 'x' >>"$work/corrupt.sqlite"
run "$EMEND" ask --db "$work/corrupt.sqlite" "$how_many"
expect_clear_error 3 'malformed|corrupt|damaged'
head -c 20000 "$db" >"$work/cut.sqlite"
run "$EMEND" ask --db "$work/cut.sqlite" "$how_many"
expect_clear_error 3 'malformed|corrupt|damaged'

# hold FILE SQL: another process runs it there and keeps what it locks until let_go.
mkfifo "$work/hold"
hold() {
  : >"$work/ready"
  "$PROGRAMS/run_sql" "$1" "$2" hold <"$work/hold" >"$work/ready" &
  holder=$!
  exec 9>"$work/hold"
  while ! grep -q ready "$work/ready" && kill -0 $holder; do sleep 0.1; done
}
let_go() {
  exec 9>&-
  wait $holder
}

# Locked by a writer that does not let go.
cp "$db" "$work/locked.sqlite"
hold "$work/locked.sqlite" "BEGIN EXCLUSIVE"
run "$EMEND" ask --db "$work/locked.sqlite" --timeout 10 "$how_many"
expect_clear_error 3 'lock|busy'
let_go

# A state that another process writes to: the answer comes first and stands, its record is given
# up. What a person decides is on disk, or has failed.
if have_weights; then
  state=$work/state.sqlite
  run "$EMEND" ask --db "$db" --state "$state" "$how_many"
  expect_status 0
  run "$EMEND" finalize --db "$db" --state "$state" \
    --question "What are the names of the 3 employees with the highest salary?" \
    --sql "SELECT name FROM employees ORDER BY salary DESC LIMIT 3"
  expect_status 0
  hold "$state" "BEGIN IMMEDIATE"
  "$EMEND" ask --db "$db" --state "$state" --json "$how_many" >"$work/out" 2>&1
  status=$?
  ran="ask --json with the state locked"
  expect_status 0
  expect_out 'not recorded.*locked'
  head -n 1 "$work/out" | grep -q '"rows":\[\[1600\]\]' || explain "the answer comes first"
  run "$EMEND" ask --db "$db" --state "$state" --json \
    "What are the names of the 3 employees with the highest handicap?"
  expect_status 1
  expect_json .status confirm
  expect_err 'not recorded.*locked'
  run "$EMEND" finalize --db "$db" --state "$state" --question "$how_many" \
    --sql "SELECT count(*) FROM customers"
  expect_clear_error 3 'locked'
  run "$EMEND" feedback add --db "$db" --state "$state" --question "$how_many" \
    --sql "SELECT count(*) FROM customers"
  expect_clear_error 3 'locked'
  let_go
  run "$EMEND" finalize --db "$db" --state "$state" --question "$how_many" \
    --sql "SELECT count(*) FROM customers"
  expect_status 0
fi

run "$EMEND" ask --db "$db" ""
expect_clear_error 2 'question'
run "$EMEND" ask --db "$db" "   "
expect_clear_error 2 'question'
head -c 1048576 /dev/zero | tr '\0' 'a' >"$work/long"
run_with "$work/long" "$EMEND" ask --db "$db" -
expect_clear_error 2 'long'
run "$EMEND" ask --db "$db" "$(head -c 100000 "$work/long")"
expect_clear_error 2 'long'
run "$EMEND" ask --db "$db" "$(printf 'How many \377\376 are there?')"
expect_clear_error 2 'utf-8'

for wreck in text empty cut; do
  model=$SOURCE_DIR/models/emend.emt
  case $wreck in
    text) echo "not weights" >"$work/$wreck.emt" ;;
    empty) : >"$work/$wreck.emt" ;;
    cut) head -c 100000 "$model" 2>/dev/null >"$work/$wreck.emt" ;;
  esac
  run env "EMEND_MODEL=$work/$wreck.emt" "$EMEND" ask --db "$db" "$how_many"
  expect_clear_error 3 "$wreck.emt"
done
run env "EMEND_MODEL=$work/absent.emt" "$EMEND" ask --db "$db" "$how_many"
expect_clear_error 3 'absent.emt'

# A state that cannot be written, and one that a newer version wrote.
run "$EMEND" ask --db "$db" --state "$work/folder" "$how_many"
expect_status 3
"$PROGRAMS/run_sql" "$work/newer.sqlite" "PRAGMA user_version = 99999; CREATE TABLE t (x)"
run "$EMEND" ask --db "$db" --state "$work/newer.sqlite" "$how_many"
expect_status 3
expect_err 'newer|not .*emend'
finish
