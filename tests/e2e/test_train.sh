#!/bin/sh
# emend-train: a run that is interrupted and continued ships the same weights as one that is not.
. "$(dirname "$0")/lib.sh"
train=$BUILD_DIR/emend-train
data=$SOURCE_DIR/tests/cases/network/golden.emt
small="--width 16 --heads 2 --enc 1 --dec 1 --ff 16 --min-count 1 --batch-nodes 40"

run "$train" train --data "$data" --out "$work/whole.emt" --steps 200 $small --log-every 50
[ $status -eq 0 ] || fail "training exits $status: $(cat "$work/err")"
[ "$(grep -c '"step":' "$work/out")" -eq 4 ] || fail "200 steps, a line each 50: $(cat "$work/out")"
grep -q '"step":200,"loss":' "$work/out" || fail "no line for the last step"

# Interrupted as soon as a first checkpoint is there; slowed by evaluating after every step.
"$train" train --data "$data" --out "$work/part.emt" --steps 200 $small --checkpoint "$work/run" \
  --save-every 1 --eval "$data" --eval-every 1 >/dev/null 2>"$work/err" &
pid=$!
while [ ! -f "$work/run" ] && kill -0 $pid 2>/dev/null; do :; done
kill -INT $pid 2>/dev/null
wait $pid
grep -q 'interrupted at step' "$work/err" || fail "the run was not interrupted: $(cat "$work/err")"
run "$train" train --resume "$work/run" --out "$work/part.emt"
[ $status -eq 0 ] || fail "continuing exits $status: $(cat "$work/err")"
cmp -s "$work/whole.emt" "$work/part.emt" || fail "the continued run shipped other weights"

run "$train" export --checkpoint "$work/run" --out "$work/again.emt"
cmp -s "$work/whole.emt" "$work/again.emt" || fail "export ships other weights than training"

run "$train" evaluate --weights "$work/whole.emt" --data "$data"
grep -q '"examples":3,"loss":[0-9.]*,"exact":[01]' "$work/out" ||
  fail "evaluate: $(cat "$work/out")"

run "$train" train --data "$data"
[ $status -eq 2 ] || fail "without --out: exit $status, not 2"
run "$train" train --data "$work/nothing" --out "$work/x"
[ $status -eq 3 ] || fail "missing data: exit $status, not 3"
run "$train" train --data "$data",weight=x --out "$work/x"
[ $status -eq 2 ] || fail "a weight that is no number: exit $status, not 2"
finish
