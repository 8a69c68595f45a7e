#!/bin/sh
# An installed emend finds its weights in its data folder, wherever the prefix was moved to, and
# a program builds against what was installed.
. "$(dirname "$0")/lib.sh"
need_weights
prefix=$work/moved
cmake --install "$BUILD_DIR" --prefix "$work/prefix" >"$work/out" 2>&1 || {
  cat "$work/out"
  fail "cmake --install"
}
mv "$work/prefix" "$prefix"
for file in bin/emend include/emend/emend.h share/man/man1/emend.1; do
  [ -e "$prefix/$file" ] || fail "no $file in the prefix"
done
ls "$prefix"/share/emend/models/* >/dev/null 2>&1 || fail "no weights in the prefix"
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
cd / || exit 1
run "$prefix/bin/emend" ask --db "$work/shop.sqlite" --json "How many customers are there?"
expect_status 0
expect_json '.rows[0][0]' 1600

# A program of somebody else's, built as pkg-config says, finds both.
if command -v pkg-config >/dev/null 2>&1 && command -v cc >/dev/null 2>&1; then
  pc=$(dirname "$(find "$prefix" -name emend.pc)")
  lib=$(dirname "$pc")
  # shellcheck disable=SC2046 # flags are words
  cc "$SOURCE_DIR/tests/programs/public_api.c" -o "$work/own" \
    $(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs emend) || fail "what pkg-config says"
  own() {
    run env LD_LIBRARY_PATH="$lib" "$work/own" "$work/shop.sqlite" "How many customers are there?"
  }
  own
  expect_status 0
  expect_out '^1600$'
else
  echo "SKIP: no pkg-config or no cc"
  own() { :; }
fi

# Those, and no others: with them broken nothing else is taken.
echo "broken" >"$prefix/share/emend/models/emend.emt"
run "$prefix/bin/emend" ask --db "$work/shop.sqlite" "How many customers are there?"
expect_clear_error 3 'share/emend/models/emend.emt'
own
[ ! -x "$work/own" ] || expect_clear_error 3 'share/emend/models/emend.emt'
finish
