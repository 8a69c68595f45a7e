# Sourced by every end-to-end test. CMake sets EMEND (the program, may be missing), PROGRAMS (the
# folder of the tests' own programs), MAKE_DEMO and SOURCE_DIR.
set -u
LC_ALL=C
export LC_ALL
for name in $(env | sed -n "s/^\(EMEND_[A-Z_]*\)=.*/\1/p"); do unset "$name"; done
unset DATABASE_URL OPENAI_API_KEY OLLAMA_HOST NO_COLOR
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
failures=0

# Skipped only while there is no program to test.
need_emend() {
  [ -x "$EMEND" ] && return 0
  echo "SKIP: $EMEND is not built: NOTHING of $(basename "$0") was tested"
  exit 77
}

# have_weights: whether questions can be answered; says loudly what is left out when they cannot.
have_weights() {
  [ -s "$SOURCE_DIR/models/emend.emt" ] && return 0
  echo "SKIP: there is no models/emend.emt: no question of $(basename "$0") was asked"
  return 1
}

need_weights() {
  need_emend
  have_weights || exit 77
}

fail() {
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# run COMMAND…: leaves $status, and what it wrote in $work/out and $work/err.
run() {
  ran=$*
  "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
}

# run_with FILE COMMAND…: as run, with FILE as standard input.
run_with() {
  input=$1
  shift
  ran=$*
  "$@" >"$work/out" 2>"$work/err" <"$input"
  status=$?
}

# serve PORT_FILE RIGHT WRONG…: the tests' model server ($server), once it listens. One that does
# not start ends the test.
serve() {
  "$PROGRAMS/model_server" "$@" &
  server=$!
  until [ -s "$1" ]; do
    if ! kill -0 "$server" 2>/dev/null; then
      echo "FAIL: $PROGRAMS/model_server does not start; is it built?"
      exit 1
    fi
    sleep 0.1
  done
}

# make_labelled: $work/data.json, a question about the demo database with its query, which is in
# $work/db as the commands that learn from such data want it.
make_labelled() {
  mkdir -p "$work/db/demo"
  "$MAKE_DEMO" "$work/db/demo/demo.sqlite" >/dev/null || fail "the demo database cannot be made"
  cat >"$work/data.json" <<'END'
[{"db_id": "demo", "question": "How many customers are there?",
  "query": "SELECT count(*) FROM customers"},
 {"db_id": "absent", "question": "How many?", "query": "SELECT 1"}]
END
}

explain() {
  fail "$*"
  echo "  command: $(echo "$ran" | cut -c 1-300)"
  echo "  exit code: $status"
  sed 's/^/  out: /' "$work/out" | cut -c 1-400 | head -n 12
  sed 's/^/  err: /' "$work/err" | cut -c 1-400 | head -n 12
}

# expect_status CODE…: one of these.
expect_status() {
  for wanted in "$@"; do [ "$status" -eq "$wanted" ] && return; done
  explain "expected exit code $*"
}

# expect_out PATTERN, expect_err PATTERN: an extended regular expression, any case.
expect_out() { grep -Eiq -- "$1" "$work/out" || explain "standard output lacks /$1/"; }
expect_err() { grep -Eiq -- "$1" "$work/err" || explain "standard error lacks /$1/"; }
expect_quiet_out() { [ ! -s "$work/out" ] || explain "standard output should be empty"; }

# expect_clear_error CODE PATTERN: this exit code, the reason on standard error, nothing on
# standard output.
expect_clear_error() {
  expect_status "$1"
  expect_err "$2"
  expect_quiet_out
}

# json PATH: what is there in the one line of JSON on standard output.
json() { "$PROGRAMS/json_get" "$@" <"$work/out"; }

# expect_json PATH VALUE
expect_json() {
  got=$(json "$1" 2>&1)
  [ "$got" = "$2" ] || explain "JSON at $1 is $got, expected $2"
}

# expect_json_match PATH PATTERN
expect_json_match() {
  json "$1" 2>&1 | grep -Eiq -- "$2" || explain "JSON at $1 is $(json "$1" 2>&1), not /$2/"
}

# seal FOLDER: a text that changes when a file in it appears, goes, or changes by a byte.
seal() { (cd "$1" && ls -Al | sed 1d | awk '{ print $1, $5, $NF }' && cksum * .[!.]* 2>/dev/null); }

finish() {
  [ $failures -eq 0 ] && { echo "all as expected"; exit 0; }
  echo "$failures expectations failed"
  exit 1
}
