#!/bin/sh
# emend-fit: the judge's tables, bands and margin from rows with known answers; faults put in.
. "$(dirname "$0")/lib.sh"
fit=$BUILD_DIR/emend-fit

# Drafts of two systems: what other rows speak against is wrong but once in forty, and the network's
# own answer is right then. Right queries of a training database, and one that lacks a number.
awk 'BEGIN {
  for (g = 0; g < 4; g++) for (i = 0; i < 80; i++) {
    bad = i % 2; slip = i == 1
    for (s = 0; s < 2; s++)
      printf "{\"group\":\"db%d\",\"item\":%d,\"kind\":\"draft\",\"system\":%d,\"right\":%s," \
             "\"failed\":false,\"x\":{%s\"joins\":%d}}\n",
             g, i, s, bad && !slip ? "false" : "true", bad ? "\"other_rows\":1," : "", i % 3
    printf "{\"group\":\"db%d\",\"item\":%d,\"kind\":\"own\",\"system\":0,\"right\":%s," \
           "\"failed\":false,\"x\":{\"rival_share\":%.1f,\"joins\":%d}}\n",
           g, i, slip ? "false" : "true", slip ? 0.9 : 0.1, i % 3
  }
  for (i = 0; i < 400; i++) for (k = 0; k < 3; k += 2)
    printf "{\"group\":\"t%d\",\"item\":%d,\"kind\":\"fault\",\"system\":%d,\"right\":%s," \
           "\"failed\":false,\"x\":{%s\"joins\":%d}}\n",
           i % 2, i, k, k ? "false" : "true", k ? "\"number_missing\":1," : "", i % 3
}' >"$work/rows"
run "$fit" tables "$work/rows" --systems left,right --margin "$work/margin.def" --out "$work/a.def"
[ $status -eq 0 ] || explain "fitting fails"
grep -q '^| left | 51.2 | 2.4 | 0.00 | 100.0 | 100.0 | 100.0 (+48.8) |$' "$work/err" ||
  explain "what the loop makes of drafts"
grep -q '^| dropped_filter | 400 | 100.0 | 100.0 | 100.0 | 100.0 |$' "$work/err" ||
  explain "a fault that suffices alone is not in the highest band"
grep -q '^| none | 400 | 0.0 | 0.0 | 0.0 | 0.0 |$' "$work/err" || explain "false alarms"
[ "$(grep -c '^JUDGE_BAND([A-Z]*, \(WARN\|CORRECT\), [01]\.[0-9]*)$' "$work/a.def")" -eq 6 ] ||
  fail "not two bands for each setting: $(grep BAND "$work/a.def")"
grep -q '^JUDGE_EVIDENCE(DRAFT, number_missing, ' "$work/a.def" || fail "no evidence alone"
for part in doubted_from most_suspicion least_gain; do
  grep -q "^ASK_MARGIN($part, [0-9.]*)\$" "$work/margin.def" || fail "the margin has no $part"
done

# What is only read is told, and changes no table.
grep '"kind":"fault"' "$work/rows" | sed 's/"group":"t/"group":"db/' >"$work/read"
run "$fit" tables "$work/rows" --read "$work/read" --out "$work/b.def"
[ $status -eq 0 ] || explain "fitting beside what is read fails"
cmp -s "$work/a.def" "$work/b.def" || fail "what was only to be read was fitted on"
[ "$(grep -c '^| dropped_filter ' "$work/err")" -eq 2 ] || explain "what was read is not told"

# From databases that the network knows too well, only what the words say is taken.
sed 's/number_missing":1/superlative_missing":1,"unfiltered":1/; s/"group":"t/"group":"k/' \
  "$work/rows" | grep '"kind":"fault"' >"$work/known"
run "$fit" tables "$work/rows" --words "$work/known" --out "$work/d.def"
[ $status -eq 0 ] || explain "fitting beside what is known too well fails"
grep -q '^JUDGE_EVIDENCE(DRAFT, superlative_missing, ' "$work/d.def" || fail "words are not taken"
grep -q '^JUDGE_EVIDENCE(DRAFT, unfiltered, ' "$work/d.def" && fail "readings are taken"
grep -q '^| dropped_filter | 400 ' "$work/err" || explain "what is known too well is counted"
run "$fit" tables "$work/rows" --reworded "$work/known" --out "$work/e.def"
grep -q '^JUDGE_EVIDENCE(DRAFT, unfiltered, ' "$work/e.def" || fail "of other wordings no readings"
grep -q '^| dropped_filter | 400 ' "$work/err" || explain "other wordings are counted"

run "$fit" tables "$work/nothing"
[ $status -eq 3 ] || explain "rows that are not there: exit $status, not 3"
run "$fit" tables "$work/rows" --margin "$work/no/margin.def" --out "$work/c.def"
[ $status -eq 3 ] || explain "a margin that cannot be written: exit $status, not 3"
run "$fit" faults --data "$work/rows"
[ $status -eq 2 ] || explain "without --model: exit $status, not 2"

have_weights || finish
make_labelled
run "$fit" faults --model "$SOURCE_DIR/models/emend.emt" --data "$work/data.json" \
  --db-dir "$work/db" --out "$work/seen"
[ $status -eq 0 ] || explain "putting faults in fails"
grep -q '"kind":"fault","right":true,"system":0' "$work/seen" || fail "the untouched is not there"
grep -q '"kind":"fault","right":false,"system":1' "$work/seen" || fail "no fan-out"
grep -q '"kind":"fold_own"' "$work/seen" || fail "the network's own answer is not there"
finish
