#!/bin/sh
# The shell, read from a file: its own orders, and questions that are refused without weights.
. "$(dirname "$0")/lib.sh"
need_emend
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
cat >"$work/lines" <<LINES
.help
.db $work/shop.sqlite
.sources
.tables
.check SELECT nmae FROM customers
.explain
.sorces

Delete all customers
.quit
.help
LINES
run_with "$work/lines" "$EMEND" --state "$work/s.sqlite"
expect_status 0
expect_out 'add a database'
expect_out '^shop: /'
expect_out 'shop.customers \('
expect_out 'no column nmae'
expect_out 'steps are shown'
expect_err 'did you mean .sources'
expect_out 'asks to change data'
[ "$(grep -c 'add a database' "$work/out")" -eq 1 ] || explain ".quit should end the shell"
printf 'help\nquit\n.help\n' >"$work/lines" # without their dots
run_with "$work/lines" "$EMEND" --state "$work/s.sqlite"
expect_status 0
[ "$(grep -c 'add a database' "$work/out")" -eq 1 ] || explain "help and quit are orders too"
run "$EMEND" --nonsense
expect_clear_error 2 'see: emend --help'
run "$EMEND"
expect_clear_error 2 'emend --help' # no terminal, no shell
finish
