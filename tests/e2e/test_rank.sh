#!/bin/sh
# emend-rank: what is seen of candidates with known answers, and weights that choose the right ones.
. "$(dirname "$0")/lib.sh"
rank=$BUILD_DIR/emend-rank

# Of two candidates the likelier is wrong whenever its result is empty.
i=0
while [ $i -lt 40 ]; do
  for group in a b; do
    cat <<END
{"group":"$group","candidates":[\
{"right":false,"x":{"share":-0.4,"left_aside":0,"empty_result":1}},\
{"right":true,"x":{"share":-1.1,"left_aside":1}}]}
{"group":"$group","candidates":[\
{"right":true,"x":{"share":-0.4,"left_aside":1}},\
{"right":false,"x":{"share":-1.1,"left_aside":0}}]}
END
  done
  i=$((i + 1))
done >"$work/rows"
run "$rank" fit "$work/rows" --out "$work/rank.def"
[ $status -eq 0 ] || explain "fitting fails"
grep -q 'the likeliest right 0.5000, chosen without the database 1.0000' \
  "$work/err" || explain "the choice is not learnt"
grep -q '^RANK(empty_result, [0-9.]*)$' "$work/rank.def" || fail "no weight for an empty result"
[ "$(grep -c '^RANK_CORE(' "$work/rank.def")" -eq 4 ] ||
  fail "rank.def lacks what choose.c computes: $(cat "$work/rank.def")"

run "$rank" fit "$work/nothing"
[ $status -eq 3 ] || explain "rows that are not there: exit $status, not 3"
run "$rank" extract --data "$work/rows"
[ $status -eq 2 ] || explain "without --model: exit $status, not 2"

have_weights || finish
make_labelled
run "$rank" extract --model "$SOURCE_DIR/models/emend.emt" --data "$work/data.json" \
  --db-dir "$work/db" --out "$work/seen"
[ $status -eq 0 ] || explain "extracting fails"
[ "$(wc -l <"$work/seen")" -eq 1 ] || fail "not one line for the one database that is there"
grep -q '"candidates":\[{"right":true,"x":{"share":' "$work/seen" ||
  fail "the first candidate is not right: $(cut -c 1-300 "$work/seen")"
finish
