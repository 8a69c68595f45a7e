#!/bin/sh
# Learning on the command line: data sets, made-up pairs, a training that is killed and goes on, a
# version that is not better and so never answers, rounds, rolling back.
. "$(dirname "$0")/lib.sh"
need_weights
"$MAKE_DEMO" "$work/shop.sqlite" || exit 1
db=$work/shop.sqlite
state=$work/state.sqlite
learn() {
  sub=$1
  shift
  [ "$sub" != evaluate ] || set -- --synthetic 10 "$@"
  run "$EMEND" learn "$sub" --state "$state" --db "$db" --threads 1 "$@"
}

run "$EMEND" learn
expect_clear_error 2 'status'
run "$EMEND" learn trian
expect_clear_error 2 'did you mean train'
run "$EMEND" learn status extra
expect_clear_error 2 'extra'
run "$EMEND" learn status --state "$state" --json
expect_status 0
expect_json .threshold 10
learn train
expect_clear_error 3 'emend learn dataset'
learn evaluate
expect_clear_error 3 'emend learn train'
learn rollback
expect_clear_error 3 'as shipped'
learn promote md_nothing
expect_clear_error 3 'md_nothing'

run "$EMEND" examples add --state "$state" --db "$db" --user ann --json \
  --question "How many zanzibar customers are there?" --sql "SELECT count(*) FROM customers"
expect_status 0

# ---- made-up pairs and data sets ----
learn synth --synthetic 10 --out "$work/pairs.jsonl" --json
expect_status 0
[ "$(grep -c '"sql"' "$work/pairs.jsonl")" -ge 7 ] || explain "few made-up pairs"
learn synth --synthetic 4 --out "$work/x" --format nonsense
expect_clear_error 2 'alpaca'
learn dataset --synthetic 10 --json
expect_status 0
expect_json_match .dataset.id '^ds_'
dataset=$("$PROGRAMS/json_get" .dataset.id <"$work/out")
learn dataset "$dataset" --out "$work/set.jsonl"
expect_status 0
cmp -s "$work/set.jsonl" "$state.learn/datasets/$dataset/train.jsonl" ||
  explain "what is written out is not what is kept"

# ---- a round that is killed in its training goes on with the same data set ----
"$EMEND" learn run --state "$state" --db "$db" --threads 1 --synthetic 10 --steps 4 \
  >/dev/null 2>&1 &
victim=$!
tries=0
until grep -q '"stage":"train"' "$work/out" || [ $tries -ge 200 ]; do
  run "$EMEND" learn status --state "$state" --db "$db" --json
  tries=$((tries + 1))
done
kill -9 $victim 2>/dev/null
wait $victim 2>/dev/null
expect_json '.rounds[0].stage' train
learn run --synthetic 10 --steps 4 --json
expect_status 0
expect_json .resumed true
version=$("$PROGRAMS/json_get" .model.id <"$work/out")

# ---- training by hand: the same data set gives the same version ----
learn train "$dataset" --steps 1 --json
expect_status 0
first=$("$PROGRAMS/json_get" .model.sha256 <"$work/out")
learn train "$dataset" --steps 1 --json
expect_json .model.sha256 "$first"
version=$("$PROGRAMS/json_get" .model.id <"$work/out")

# ---- what was not measured, or is not better, does not answer ----
learn promote "$version"
expect_status 1
expect_out 'emend learn evaluate'
learn evaluate "$version" --json
expect_json .model.id "$version"
if [ "$("$PROGRAMS/json_get" .model.figures.measured.promote <"$work/out")" = false ]; then
  learn promote "$version"
  expect_status 1
  expect_out 'not promoted'
  run "$EMEND" learn status --state "$state" --db "$db" --json
  expect_json .running null
fi

# ---- who is to be forgotten is in no data set and in no version ----
echo zanzibar >"$state.learn/models/$dataset.checkpoint.pairs.1.tmp" # as a crash leaves it
grep -rq zanzibar "$state.learn" || explain "the example is in no data set"
run "$EMEND" privacy forget --user ann --state "$state" --json
expect_status 0
expect_json_match .datasets '^[1-9]'
expect_json_match .models '^[1-9]'
grep -rqa zanzibar "$state" "$state.learn" && explain "a forgotten question is still on disk"
[ -e "$state.learn/models/$version.adapter" ] && explain "a version outlived what it was made of"
run "$EMEND" learn status --state "$state" --db "$db" --json
expect_json .running null
grep -q '"models":\[\]' "$work/out" || explain "a forgotten version is still listed"

# ---- no round before it is due ----
learn run --if-due
expect_status 0
expect_out 'not time'
run "$EMEND" learn status --state "$state" --db "$db" --json
expect_json '.rounds[0].stage' done
finish
