#!/bin/sh
# The examples of README.md and docs/emend.1: every command line shown as "$ emend …" runs, with
# the exit code and the output shown below it. The demo database stands in for shop.sqlite.
#
# In README an example is a ```console block; in the manual page it stands between .EX and .EE.
# An output line "..." stands for any lines. Milliseconds, ids and confidence are not compared.
. "$(dirname "$0")/lib.sh"
need_emend
mkdir -p "$work/bin" "$work/here/build" || exit 1
ln -s "$EMEND" "$work/bin/emend"
ln -s "$EMEND" "$work/here/build/emend"
"$MAKE_DEMO" "$work/here/shop.sqlite" && cp "$work/here/shop.sqlite" "$work/here/build/" || exit 1
PATH=$work/bin:$PATH
cd "$work/here" || exit 1

readme_examples() { awk '/^```console$/ { on = 1; next } /^```/ { on = 0 } on' "$1"; }
manual_examples() {
  awk '/^\.EX/ { on = 1; next } /^\.EE/ { on = 0 } on' "$1" | sed 's/\\-/-/g; s/\\e/\\/g; s/^\\&//'
}

# same SHOWN GOT: equal line by line, "..." standing for any run of lines.
same() {
  awk '
    function plain(s) {
      gsub(/[0-9]+(\.[0-9]+)? ms/, "N ms", s); gsub(/q_[0-9a-z]+/, "q_ID", s)
      gsub(/fb_[0-9a-z]+/, "fb_ID", s)
      gsub(/confidence [0-9]+%/, "confidence N%", s)
      sub(/[ \t]+$/, "", s)
      return s
    }
    NR == FNR { want[++n] = plain($0); next }
    { got[++m] = plain($0) }
    END {
      while (n && want[n] == "") n--
      j = 1
      for (i = 1; i <= n; i++) {
        if (want[i] == "...") {
          if (i == n) exit 0
          while (j <= m && got[j] != want[i + 1]) j++
        } else if (got[j++] != want[i]) {
          print "  shown: " want[i]; print "  got:   " got[j - 1]; exit 1
        }
      }
      if (j <= m && got[j] != "") { print "  not shown: " got[j]; exit 1 }
    }' "$1" "$2"
}

ran=0
# examples FILE: each "$ " line is run, and what follows is what it should write.
examples() {
  : >"$work/shown"
  command=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '$ '*)
        compare
        command=${line#"$ "}
        : >"$work/shown"
        ;;
      *) printf '%s\n' "$line" >>"$work/shown" ;;
    esac
  done <"$1"
  compare
}
compare() {
  case $command in
    '') return ;;
    emend\ * | build/emend\ *) ;;
    *) return ;; # ./demo.sh and the like are not run from here
  esac
  case $command in *emend\ ask*) have_weights || { ran=$((ran + 1)); return; } ;; esac
  ran=$((ran + 1))
  sh -c "$command" >"$work/got" 2>&1 </dev/null
  code=$?
  [ $code -le 1 ] || fail "exit code $code: $command"
  [ -s "$work/shown" ] || return
  difference=$(same "$work/shown" "$work/got") || fail "differs: $command
$difference"
}

readme_examples "$SOURCE_DIR/README.md" >"$work/readme"
examples "$work/readme"
[ $ran -ge 1 ] || fail "README.md shows no example"
shown=$ran
manual_examples "$SOURCE_DIR/docs/emend.1" >"$work/manual"
examples "$work/manual"
[ $ran -gt "$shown" ] || fail "the manual page shows no example"
echo "$ran examples ran"

# every variable that a command's help names is in the manual
for command in $("$EMEND" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
  for variable in $("$EMEND" "$command" --help | grep -oE '[A-Z]+_[A-Z_]+' | sort -u); do
    grep -q "$variable" "$SOURCE_DIR/docs/emend.1" || fail "the manual lacks $variable ($command)"
  done
done
finish
