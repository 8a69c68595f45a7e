#!/bin/sh
# The demo database is the same every time it is made, and complete or not there.
. "$(dirname "$0")/lib.sh"

"$MAKE_DEMO" "$work/a.sqlite" && "$MAKE_DEMO" "$work/b.sqlite" || fail "make_demo failed"
cmp "$work/a.sqlite" "$work/b.sqlite" || fail "two runs differ"
[ "$(wc -c <"$work/a.sqlite")" -gt 2000000 ] || fail "too small to be the demo database"

# sql FILE QUERY-THAT-SUCCEEDS-ONLY-IF-TRUE: run_sql fails on the division by a missing row.
holds() {
  "$PROGRAMS/run_sql" "$work/a.sqlite" \
    "CREATE TEMP TABLE must (ok CHECK (ok)); INSERT INTO must SELECT $1" || fail "$1"
}
holds "(SELECT count(*) FROM sqlite_master WHERE type = 'table') >= 12"
holds "(SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) > 20000"
holds "(SELECT count(DISTINCT strftime('%Y', ordered_at)) FROM orders) = 3"
holds "NOT EXISTS (SELECT * FROM pragma_foreign_key_check)"
holds "NOT EXISTS (SELECT * FROM orders WHERE id NOT IN (SELECT order_id FROM order_items))"
holds "NOT EXISTS (SELECT * FROM orders WHERE promo_code NOT IN (SELECT code FROM promotions))"
holds "(SELECT count(*) FROM customers WHERE email IS NULL) > 0"
holds "NOT EXISTS (SELECT * FROM shipments WHERE delivered_at < shipped_at)"
holds "NOT EXISTS (SELECT o.id FROM orders o JOIN order_items i ON i.order_id = o.id
       WHERE o.promo_code IS NULL GROUP BY o.id
       HAVING abs(sum(i.quantity * i.unit_price - coalesce(i.discount, 0)) - o.amount) > 0.011)"

if "$MAKE_DEMO" "$work/none/x.sqlite" 2>"$work/err"; then fail "wrote into a missing folder"; fi
[ -s "$work/err" ] || fail "no reason given"
"$MAKE_DEMO" 2>/dev/null
[ $? -eq 2 ] || fail "no argument should be a usage error"
finish
