#!/bin/sh
# demo.sh: builds emend, makes a demo database and asks it questions in front of you.
#
# What is missing is installed through apt, dnf or brew. The embedded network writes the SQL:
# no key, no server, no download. Everything that it makes lies in build/.
# Exit: 0 done, 1 a step did not do what it should, 3 something could not be installed.
set -u
cd "$(dirname "$0")" || exit 3
. tools/prepare.sh

case "${1:-}" in
  "") ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0"; [ "$1" = -h ] || [ "$1" = --help ]; exit ;;
esac

need_packages
build_only build emend_cli emend_make_demo || exit 1

db=build/shop.sqlite
state=build/demo-state.sqlite
rm -f $state $state-* # what an earlier run taught would be known before it is told
if [ ! -f $db ] || [ build/make_demo -nt $db ]; then
  build/make_demo $db || exit 1
fi

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
  bold='' dim='' plain=''
fi
caption() { printf '\n%s%s%s\n' "$dim" "$*" "$plain"; }
shown() { printf '%s$ emend %s%s\n' "$bold" "$*" "$plain"; }

# ended STATUS WANTED…: goes on when emend ended in one of the wanted ways.
ended() {
  status=$1
  shift
  for wanted in "$@"; do
    [ "$status" -eq "$wanted" ] && return 0
  done
  say ""
  say "demo.sh: emend ended with exit code $status where $* was expected; its message is above."
  say "Please report it, with that message."
  exit 1
}

asked=0 answered=0
# ask QUESTION: an honest "I could not" (exit code 1) is shown like any other answer.
ask() {
  shown "ask --db $db \"$1\""
  build/emend ask --db $db --state $state --max-rows 10 "$1"
  status=$?
  ended $status 0 1
  asked=$((asked + 1))
  [ $status -ne 0 ] || answered=$((answered + 1))
}

printf '%sFellside, an invented outdoor shop: 15 tables, three years, %s%s\n' "$bold" $db "$plain"

caption "A count."
ask "How many customers are there?"
caption "Words that stand in the data: 'lost' is a status of shipments, not of orders."
ask "How many shipments are lost?"
caption "The largest few."
ask "What are the names and prices of the 5 most expensive products?"
caption "A group."
ask "How many customers are there in each country?"
caption "A join."
ask "What are the names of the products supplied by Ravensgill Down?"
caption "Two tables, one of them only to count."
ask "Which supplier has the most products?"
caption "A join over a table that only links two others."
ask "How many products have the tag waterproof?"
caption "A harder one: see the confidence, and what emend warns of."
ask "What are the names of the customers from Germany who ordered in 2025?"

caption "A wrong answer: nobody told emend who a keen buyer is ..."
ask "Who are our keenest buyers?"
keen="SELECT name FROM customers WHERE segment = 'Club'"
caption "... so it is corrected; a reviewer verifies that ..."
shown "feedback add --db $db --question \"Who are our keenest buyers?\" --sql \"$keen\" --user ann"
sent=$(build/emend feedback add --db $db --state $state --question "Who are our keenest buyers?" \
  --sql "$keen" --user ann)
ended $? 0
printf '%s\n' "$sent"
id=${sent%% *}
shown "feedback verify $id --by bob"
build/emend feedback verify "$id" --state $state --by bob
ended $? 0
caption "... and the next question, in other words, is answered with it."
ask "Show the names of our keenest buyers"

caption "emend only reads. A request to change data is refused before any SQL is written ..."
shown "ask --db $db \"Delete all cancelled orders\""
build/emend ask --db $db --state $state "Delete all cancelled orders"
ended $? 1
caption "... and so is SQL that would, wherever it comes from."
shown "check --db $db \"DELETE FROM orders\""
build/emend check --db $db "DELETE FROM orders"
ended $? 1
caption "Wrong names are all found at once, each with what was probably meant."
wrong="SELECT nmae, contry FROM custmers WHERE segmnt = 'Club'"
shown "check --db $db \"$wrong\""
build/emend check --db $db "$wrong"
ended $? 1

printf '\n%s of %s questions answered.\n' $answered $asked
[ $answered -gt 0 ] || { say "demo.sh: not one question was answered."; exit 1; }
cat <<END

Next, try:
  build/emend --db $db                           the interactive shell
  build/emend ask --db $db --explain "QUESTION"  how an answer came about
  build/emend ask --db YOURS.sqlite "QUESTION"                 a database of yours, only read
END
