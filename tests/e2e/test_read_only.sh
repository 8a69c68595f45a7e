#!/bin/sh
# What would write, lock or reach outside is refused, and nothing beside the database changes:
# not a byte of it, not a side file.
. "$(dirname "$0")/lib.sh"
need_emend
mkdir "$work/db"
"$MAKE_DEMO" "$work/db/shop.sqlite" || exit 1
db=$work/db/shop.sqlite
before=$(seal "$work/db")

# refused CODE-PATTERN SQL
refused() {
  run "$EMEND" check --db "$db" --json "$2"
  expect_status 1
  expect_json .ok false
  expect_json_match .diagnostics "$1"
}
refused 'read.?only|write' "INSERT INTO tags VALUES (99, 'x')"
refused 'read.?only|write' "UPDATE orders SET status = 'paid'"
refused 'read.?only|write' "DROP TABLE orders"
refused 'read.?only|write' "REPLACE INTO tags VALUES (1, 'x')"
refused 'statement' "SELECT 1; SELECT 2"
refused 'statement|write|read.?only' "SELECT 1; DROP TABLE orders"
refused 'read.?only|write|statement' "ATTACH DATABASE '$work/db/other.sqlite' AS other"
refused 'read.?only|write|statement' "PRAGMA journal_mode = WAL"
refused 'read.?only|write|statement' "VACUUM INTO '$work/db/copy.sqlite'"
refused 'function' "SELECT name FROM customers WHERE load_extension('/tmp/x') = 1"
refused 'function' "SELECT name FROM customers ORDER BY writefile('/tmp/x', name)"
refused 'function' "SELECT * FROM customers c JOIN (SELECT readfile('/etc/passwd') AS x) USING (x)"
refused 'read.?only|write|syntax' "WITH gone AS (DELETE FROM tags RETURNING id) SELECT * FROM gone"

run "$EMEND" ask --db "$db" --json "Delete all cancelled orders"
expect_status 1
expect_json .status refused
expect_json .rows null
# Reading, too, leaves everything as it was.
runs_query() {
  run "$EMEND" judge --db "$1" --json --question "$2" --sql "$3"
  expect_status 0 1
  expect_json_match .band '^(deliver|warn|correct)$'
  have_weights || return
  run "$EMEND" ask --db "$1" --json "$2"
  expect_status 0
  expect_json '.rows[0][0]' "$4"
}
runs_query "$db" "How many customers are there?" "SELECT count(*) FROM customers" 1600
[ "$(seal "$work/db")" = "$before" ] || fail "the database or its folder changed"

# A writer at work in WAL mode is read without disturbing it.
mkdir "$work/wal"
cp "$db" "$work/wal/shop.sqlite"
mkfifo "$work/hold"
"$PROGRAMS/run_sql" "$work/wal/shop.sqlite" "PRAGMA journal_mode = WAL;
  INSERT INTO tags VALUES (99, 'brand new'); BEGIN IMMEDIATE" hold \
  <"$work/hold" >"$work/ready" &
writer=$!
exec 9>"$work/hold"
for i in 1 2 3 4 5 6 7 8 9 10; do grep -q ready "$work/ready" && break; sleep 0.2; done
files=$(ls -A "$work/wal")
sums=$(cd "$work/wal" && cksum shop.sqlite shop.sqlite-wal)
runs_query "$work/wal/shop.sqlite" "How many tags are there?" "SELECT count(*) FROM tags" 13
[ "$(ls -A "$work/wal")" = "$files" ] || fail "files beside a WAL database changed"
[ "$(cd "$work/wal" && cksum shop.sqlite shop.sqlite-wal)" = "$sums" ] ||
  fail "a WAL database changed"
exec 9>&-
wait $writer

# A WAL database at rest in a folder that nobody may write to.
mkdir "$work/frozen"
"$PROGRAMS/run_sql" "$work/frozen/pets.sqlite" "PRAGMA journal_mode = WAL;
  CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO pets VALUES (1, 'Rex')"
chmod 555 "$work/frozen"
before=$(seal "$work/frozen")
runs_query "$work/frozen/pets.sqlite" "How many pets are there?" "SELECT count(*) FROM pets" 1
[ "$(seal "$work/frozen")" = "$before" ] || fail "a read-only folder changed"

# What emend remembers is the user's alone.
[ "$(ls -l "$XDG_DATA_HOME/emend/state.sqlite" | cut -c 1-10)" = "-rw-------" ] ||
  fail "the state is $(ls -l "$XDG_DATA_HOME/emend/state.sqlite")"
finish
