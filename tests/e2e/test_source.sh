#!/bin/sh
# Sources remembered by name, what people say about them, and options from emend.conf.
. "$(dirname "$0")/lib.sh"
need_emend
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
db=$work/shop.sqlite
cd "$work" || exit 1

run "$EMEND" source list
expect_status 0
expect_out 'no source'
run "$EMEND" source add shop=shop.sqlite
expect_status 0
run "$EMEND" source list --json
expect_json '[0].name' shop
expect_json_match '[0].url' '^/.*/shop.sqlite$'
cd / || exit 1
run "$EMEND" source show shop --json
expect_status 0
expect_json_match .tables '"customers"'
run "$EMEND" check "SELECT name FROM customers"
expect_status 0
run "$EMEND" source refresh shop
expect_out 'as it was'

run "$EMEND" source annotate shop.customers.email --comment "where invoices go" --private
expect_status 0
run "$EMEND" source show shop --json
grep -q '[a-z]@[a-z]' "$work/out" && explain "a private column's values are shown"
expect_out 'where invoices go'
run "$EMEND" source annotate shop.customers.nothing --comment x
expect_clear_error 3 'nothing'
run "$EMEND" source annotate ship.customers.email --comment x
expect_clear_error 3 'no source "ship".*shop'
run "$EMEND" source refresh ship
expect_clear_error 3 'no source "ship".*shop'
run "$EMEND" examples add --source ship --question "How many?" \
  --sql "SELECT count(*) FROM customers"
expect_clear_error 3 'no source "ship".*shop'
run "$EMEND" source annotate shop --comment x
expect_clear_error 2 'table'
run "$EMEND" source annotate shop.customers
expect_clear_error 2 'comment'

run "$EMEND" source frobnicate
expect_clear_error 2 'frobnicate'
run "$EMEND" source lits
expect_clear_error 2 'did you mean list'
run "$EMEND" source remove shop
expect_status 0
run "$EMEND" source remove shop
expect_clear_error 3 'shop'
run "$EMEND" source add
expect_clear_error 2 'NAME=URL'

# emend.conf: sources, ${VAR}, and flag over environment over file.
mkdir -p "$XDG_CONFIG_HOME/emend" || exit 1
cat >"$XDG_CONFIG_HOME/emend/emend.conf" <<CONF
# what every command takes
state = \${STATE_DIR}/state.sqlite
; and one of them
[ask]
max-rows = nonsense
[sources]
fellside = $db
CONF
run env STATE_DIR="$work" "$EMEND" check "SELECT name FROM customers"
expect_status 0
run "$EMEND" check "SELECT name FROM customers"
expect_clear_error 2 'STATE_DIR'
run env STATE_DIR="$work" "$EMEND" ask "How many customers are there?"
expect_clear_error 2 'max-rows'
run env STATE_DIR="$work" EMEND_MAX_ROWS=zero "$EMEND" ask "How many customers are there?"
expect_clear_error 2 'zero'
run env STATE_DIR="$work" EMEND_MAX_ROWS=zero "$EMEND" ask --max-rows 0 "How many are there?"
expect_clear_error 2 '"0"'
run "$EMEND" check --config "$work/none.conf" --db "$db" "SELECT 1"
expect_clear_error 3 'none.conf'
echo "no equals sign" >"$work/bad.conf"
run "$EMEND" check --config "$work/bad.conf" --db "$db" "SELECT 1"
expect_clear_error 2 'bad.conf:1'
finish
