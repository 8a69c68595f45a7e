#!/bin/sh
# llama.cpp itself samples under our decoding grammar from a tiny random model: 200 queries, and
# every one parses and names only tables and columns that are there. The engine comes from npm, with
# the one build for this platform, into build/llama; it is fetched only where CI is true, and used
# wherever it is.
. "$(dirname "$0")/lib.sh"
version=3.22.1
modules=$BUILD_DIR/llama

skip() {
  echo "SKIP: $*: NO query was sampled by llama.cpp under the grammar"
  exit 77
}

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || skip "there is no node and npm"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "node is older than 20"
[ "$(uname -sm)" = "Linux x86_64" ] || skip "the engine is fetched for Linux on x86-64 only"

# No script of any package runs, and no other platform's build is fetched.
if [ ! -d "$modules/node_modules/@node-llama-cpp/linux-x64" ]; then
  [ "${CI:-}" = true ] || skip "node-llama-cpp is not in $modules (CI=true fetches it)"
  mkdir -p "$modules" && echo '{"private":true}' >"$modules/package.json" || exit 1
  fetch() {
    npm install --prefix "$modules" --ignore-scripts --omit=optional --no-audit --no-fund "$@" \
      >"$work/npm" 2>&1
  }
  fetch "node-llama-cpp@$version" && fetch --no-save "@node-llama-cpp/linux-x64@$version" ||
    skip "npm could not fetch node-llama-cpp: $(tail -n 1 "$work/npm")"
fi

"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
"$PROGRAMS/grammar" "$work/shop.sqlite" >"$work/shop.gbnf" || exit 1
node "$SOURCE_DIR/tests/llama/tiny_gguf.mjs" "$work/tiny.gguf" 3 || exit 1
run timeout 280 node "$SOURCE_DIR/tests/llama/decode.mjs" "$modules" "$work/tiny.gguf" \
  "$work/shop.gbnf" 200
expect_status 0
mv "$work/out" "$work/lines"
[ "$(grep -c '^SELECT ' "$work/lines")" -ge 200 ] || fail "fewer than 200 queries were sampled"
run "$PROGRAMS/grammar" "$work/shop.sqlite" "$work/lines"
expect_status 0
tail -n 1 "$work/out"
finish
