#!/bin/sh
# emend-prepare: questions with their SQL become a training set; what must never be trained on is
# left out, and the same seed makes the same set.
. "$(dirname "$0")/lib.sh"
prepare=$BUILD_DIR/emend-prepare
spider=$work/spider
make_labelled
mkdir -p "$spider/database"
mv "$work/db/demo" "$spider/database/demo"
cp -r "$spider/database/demo" "$spider/database/chinook_1"
mv "$spider/database/chinook_1/demo.sqlite" "$spider/database/chinook_1/chinook_1.sqlite"
cat >"$spider/train_spider.json" <<'END'
[{"db_id": "demo", "question": "How many customers are there?",
  "query": "SELECT count(*) FROM customers"},
 {"db_id": "demo", "question": "List the names of all customers.",
  "query": "SELECT name FROM customers"},
 {"db_id": "chinook_1", "question": "How many customers are there?",
  "query": "SELECT count(*) FROM customers"}]
END
echo '[]' >"$spider/train_others.json"
echo '[]' >"$spider/dev_public.json"

# made OPTIONS…: how many questions were read and how many examples they became.
made() {
  run "$prepare" --spider "$spider" "$@" --out "$work/set.emt"
  [ $status -eq 0 ] || explain "preparing fails"
  counts=$(sed -n 's/^\([0-9]*\) questions, \([0-9]*\) examples.*/\1 \2/p' "$work/out")
}

made --variants 1
[ "$counts" = "2 2" ] || fail "chinook_1 is trained on, or a question was lost: $counts"
made --variants 5 --synonyms "$SOURCE_DIR/models/synonyms.bin" --seed 3
[ "$counts" = "2 10" ] || fail "five variants each: $counts"
cp "$work/set.emt" "$work/first.emt"
made --variants 5 --synonyms "$SOURCE_DIR/models/synonyms.bin" --seed 3
cmp -s "$work/set.emt" "$work/first.emt" || fail "the same seed made another set"
made --variants 5 --synonyms "$SOURCE_DIR/models/synonyms.bin" --seed 4
cmp -s "$work/set.emt" "$work/first.emt" && fail "another seed made the same set"

# "clients" links with customers by meaning alone; --unlinked 1 shows no such link.
sed 's/How many customers/How many clients/; s/"chinook_1"/"absent"/' "$spider/train_spider.json" \
  >"$work/reworded.json"
sed 's/"question"/"SpiderSynQuestion"/' "$work/reworded.json" >"$work/syn.json"
made --syn "$work/syn.json" --variants 1 --synonyms "$SOURCE_DIR/models/synonyms.bin"
[ "$counts" = "2 2" ] || fail "Spider-Syn's form is not read: $counts"
cp "$work/set.emt" "$work/linked.emt"
made --syn "$work/syn.json" --variants 1 --synonyms "$SOURCE_DIR/models/synonyms.bin" --unlinked 1
cmp -s "$work/set.emt" "$work/linked.emt" && fail "--unlinked 1 shows the same links"
cp "$work/set.emt" "$work/unlinked.emt"
made --syn "$work/syn.json" --variants 1 --unlinked 0
cmp -s "$work/set.emt" "$work/unlinked.emt" || fail "--unlinked 1 shows links that need WordNet"

run "$BUILD_DIR/emend-train" train --data "$work/first.emt" --out "$work/tiny.emt" --steps 2 \
  --width 16 --heads 2 --enc 1 --dec 1 --ff 16 --min-count 1
[ $status -eq 0 ] || explain "what was prepared cannot be trained on"

run "$prepare" --spider "$spider" --unlinked 2 --out "$work/x.emt"
[ $status -eq 2 ] || explain "a share above 1: exit $status, not 2"
run "$prepare" --spider "$spider" --synonyms "$work/data.json" --out "$work/x.emt"
[ $status -eq 3 ] || explain "a table that is none: exit $status, not 3"
run "$prepare" --spider "$work/nothing" --out "$work/x.emt"
[ $status -eq 3 ] || explain "a folder that is not there: exit $status, not 3"
[ -e "$work/x.emt" ] && fail "a failed run leaves a file"
finish
