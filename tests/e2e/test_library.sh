#!/bin/sh
# libemend.so: exports emend_* and nothing else, and serves a program that knows only emend.h.
. "$(dirname "$0")/lib.sh"

if command -v nm >/dev/null 2>&1; then
  nm -D --defined-only "$LIBRARY" 2>/dev/null | awk '$2 ~ /[TDBRVW]/ { print $3 }' |
    grep -Ev '^(emend_|_init$|_fini$|__)' >"$work/strangers"
  [ ! -s "$work/strangers" ] || fail "exports besides emend_*: $(head -n 5 "$work/strangers")"
fi

need_weights
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
run "$PROGRAMS/public_api" "$work/shop.sqlite" "How many customers are there?"
expect_status 0
expect_out '^answered after [1-9]'
expect_out '^1600$'
run "$PROGRAMS/public_api" "$work/none.sqlite" "How many customers are there?"
expect_clear_error 3 'none.sqlite'
finish
