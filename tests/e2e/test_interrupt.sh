#!/bin/sh
# Ctrl-C ends a query that would not end by itself. The contract is 100 ms; the machine that runs
# this may be busy, so that a whole second is what fails, and the figure is printed.
. "$(dirname "$0")/lib.sh"
need_emend
"$PROGRAMS/run_sql" "$work/plain.sqlite" "CREATE TABLE numbers (n INTEGER PRIMARY KEY)"
"$PROGRAMS/run_sql" "$work/endless.sqlite" "CREATE TABLE numbers (n INTEGER PRIMARY KEY);
  INSERT INTO numbers VALUES (1);
  CREATE VIEW visits AS WITH RECURSIVE visit (id) AS
    (SELECT n FROM numbers UNION ALL SELECT id + 1 FROM visit) SELECT id FROM visit;"

# stops COMMAND…: interrupted after a second and a half, it ends soon, and not as a success.
stops() {
  run "$PROGRAMS/interrupt" 1500 "$@"
  expect_status 0
  read -r code ms <"$work/out"
  echo "ended with exit code $code, $ms ms after Ctrl-C"
  if [ "$code" = early ]; then
    explain "the query ended by itself, so Ctrl-C was not tested"
  elif [ "$ms" -ge 1000 ]; then
    explain "Ctrl-C took $ms ms"
  elif [ "$code" -lt 1 ]; then
    explain "an interrupted command is not a success"
  fi
}
endless="WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
stops "$EMEND" judge --db "$work/plain.sqlite" --question "How many?" --sql "$endless"

if have_weights; then
  stops "$EMEND" ask --db "$work/endless.sqlite" --timeout 60 "How many visits are there?"

  # --timeout ends it too, and counts as a failed answer or environment, not as a success.
  start=$(date +%s)
  run "$EMEND" ask --db "$work/endless.sqlite" --timeout 2 "How many visits are there?"
  took=$(($(date +%s) - start))
  expect_status 1 3
  [ $took -le 10 ] || explain "--timeout 2 took $took s"
fi
finish
